#!/usr/bin/env python3
"""Chooses, cuts and packs the fonts of the papers: tests/fonts.py SOURCE OUT

SOURCE: any folder under which the files below lie: unpacked Debian packages of bookworm
(fonts-noto-core, fonts-noto-cjk, fonts-texgyre), and npm packages
(@expo-google-fonts/public-sans 0.4.2, ibm-plex-mono 0.4.1, noto-color-emoji 0.4.6).
OUT/fonts/*      the files, as Typst loads them
OUT/fonts.pack   for src/paper/fonts: zstd of, for each file, its length (four bytes, big-endian) and its bytes

Needs fonttools, and zstandard for the pack. Some two minutes, nearly all for CJK.
src/paper/fonts.rs has the pack's SHA-256.
"""
import struct, sys
from pathlib import Path
from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

BASE = ["PublicSans_400Regular.ttf", "PublicSans_400Regular_Italic.ttf", "PublicSans_600SemiBold.ttf", "PublicSans_700Bold.ttf",
        "IBMPlexMono_400Regular.ttf", "IBMPlexMono_600SemiBold.ttf",
        "texgyreschola-regular.otf", "texgyreschola-bold.otf", "texgyreschola-italic.otf"]
WORLD = ["NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "NotoSans-Italic.ttf", "NotoSerifTibetan-Regular.ttf"] + [
    f"NotoSans{s}-Regular.ttf" for s in
    ("Arabic Hebrew Devanagari Thai Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam Sinhala Lao Khmer Myanmar Ethiopic "
     "Armenian Georgian Cherokee CanadianAboriginal Syriac Thaana NKo Mongolian Javanese Balinese Tifinagh Adlam Yi Vai Symbols Symbols2 Math").split()]
CJK, EMOJI = "NotoSansCJK-Regular.ttc", "NotoColorEmoji_400Regular.ttf"


def legacy():
    """What people type in China, Taiwan, Hong Kong, Japan and Korea: the union of the old character sets."""
    two = [bytes((a, b)) for a in range(0x81, 0xFF) for b in range(0x40, 0xFF)]
    out = set(range(0x20, 0x7F)) | set(range(0x3000, 0x3100)) | set(range(0xAC00, 0xD7A4)) | set(range(0x1100, 0x1200))
    for codec in ("gbk", "big5hkscs", "euc_jis_2004", "cp949"):
        for b in two:
            try:
                out |= {ord(c) for c in b.decode(codec)}
            except UnicodeDecodeError:
                pass
    return out


def main(src, out):
    out = Path(out)
    (out / "fonts").mkdir(parents=True, exist_ok=True)
    have = {f.name: f for f in Path(src).rglob("*") if f.suffix in (".ttf", ".otf", ".ttc")}
    lost = [n for n in BASE + WORLD + [CJK, EMOJI] if n not in have]
    if lost:
        sys.exit("not found: " + ", ".join(lost))
    files = []
    for n in BASE + WORLD:
        (out / "fonts" / n).write_bytes(have[n].read_bytes())
        files.append(n)
    t = TTFont(have[EMOJI], recalcTimestamp=False)                 # colours as COLR v1; the second copy of them, as SVG, is 20 of 25 MB
    if "SVG " in t:
        del t["SVG "]
    t.save(out / "fonts" / "NotoColorEmoji.ttf")
    files.append("NotoColorEmoji.ttf")
    names = [f["name"].getDebugName(4) for f in TTCollection(have[CJK], lazy=True).fonts]
    t = TTFont(have[CJK], fontNumber=names.index("Noto Sans CJK SC"), recalcTimestamp=False)
    o = subset.Options(layout_features=["locl", "ccmp", "ljmo", "vjmo", "tjmo"], hinting=False, name_IDs=["*"], notdef_outline=True)
    s = subset.Subsetter(o)                 # locl stays: the same code point differs in Japan, Korea and China
    s.populate(unicodes=legacy() & set(t.getBestCmap()))
    s.subset(t)
    t.save(out / "fonts" / "NotoSansCJKsc-subset.otf")
    files.append("NotoSansCJKsc-subset.otf")
    raw = b"".join(struct.pack(">I", len(b)) + b for b in ((out / "fonts" / n).read_bytes() for n in files))
    print(len(files), "files,", len(raw), "bytes")
    try:
        import zstandard
        (out / "fonts.pack").write_bytes(zstandard.ZstdCompressor(level=19).compress(raw))
        print("fonts.pack", (out / "fonts.pack").stat().st_size, "bytes")
    except ImportError:
        print("zstandard is not installed: no fonts.pack")


if __name__ == "__main__":
    main(*sys.argv[1:3])
