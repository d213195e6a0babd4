#!/usr/bin/env python3
"""Whether pages were drawn, and each shows something: drawn.py FOLDER PAGES, where pdftoppm -gray wrote a PGM for each page."""
import pathlib
import sys


def shades(picture):
    """The grey values of a binary PGM."""
    kind, size, most, pixels = picture.split(b"\n", 3)
    width, height = map(int, size.split())
    if kind != b"P5" or most != b"255" or len(pixels) != width * height:
        raise ValueError("is no whole PGM")
    return set(pixels)


def main():
    folder, pages = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    drawn = sorted(folder.glob("*.pgm"))
    blank = [page.name for page in drawn if len(shades(page.read_bytes())) < 3]
    if len(drawn) != pages or blank:
        sys.exit(f"{len(drawn)} of {pages} pages were drawn; without anything on them: {', '.join(blank) or 'none'}")


main()
