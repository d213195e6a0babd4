//! ZIPs and folders made to mislead: refused with 1 or 2, never a panic, never a hang.

use std::fs;

use casetrail::bag::writer::{WriteError, ZipWriter};
use casetrail::verify::Report;
use tempfile::TempDir;

use crate::kit::*;

pub const RULES: [&str; 12] = [
    "zip.end",
    "zip.order",
    "zip.size",
    "zip.gap",
    "zip.collision",
    "zip.central",
    "zip.name",
    "zip.local",
    "zip.crc",
    "folder.empty",
    "folder.special",
    "layout.path",
];

fn sound() -> Vec<u8> {
    let dir = TempDir::new().unwrap();
    fs::read(zip(dir.path(), &Model::sample().files())).unwrap()
}

fn verify(bytes: &[u8]) -> Report {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("p.zip");
    fs::write(&path, bytes).unwrap();
    verify_path(&path, &key())
}

fn expect(rule: &str, what: &str, bytes: &[u8]) {
    let report = verify(bytes);
    assert!(has(&report, rule), "{what}: {:#?}", failures(&report));
    assert_eq!(report.exit_code, 1, "{what}");
}

/// Offsets of the central directory and its headers.
fn directory(bytes: &[u8]) -> Vec<usize> {
    let end = bytes.len() - 22;
    let mut at = u32::from_le_bytes(bytes[end + 16..end + 20].try_into().unwrap()) as usize;
    let mut found = vec![];
    while at < end {
        found.push(at);
        let short = |i: usize| u16::from_le_bytes(bytes[at + i..at + i + 2].try_into().unwrap()) as usize;
        at += 46 + short(28) + short(30) + short(32);
    }
    found
}

/// A ZIP of these names with whatever the writer would refuse.
fn raw(names: &[&str]) -> Vec<u8> {
    let (mut out, mut central) = (Vec::new(), Vec::new());
    for name in names {
        let offset = out.len() as u32;
        let common = |v: &mut Vec<u8>| {
            v.extend(20u16.to_le_bytes());
            v.extend([0; 4]);
            v.extend(0x0021_0000u32.to_le_bytes());
            v.extend([0; 12]);
            v.extend((name.len() as u16).to_le_bytes());
            v.extend([0; 2]);
        };
        out.extend(0x0403_4b50u32.to_le_bytes());
        common(&mut out);
        out.extend(name.bytes());
        central.extend(0x0201_4b50u32.to_le_bytes());
        central.extend(0x032du16.to_le_bytes());
        common(&mut central);
        central.extend([0; 6]);
        central.extend((0o100_644u32 << 16).to_le_bytes());
        central.extend(offset.to_le_bytes());
        central.extend(name.bytes());
    }
    let (size, offset, count) = (central.len() as u32, out.len() as u32, names.len() as u16);
    out.extend(central);
    out.extend(0x0605_4b50u32.to_le_bytes());
    out.extend([0; 4]);
    out.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    out.extend(size.to_le_bytes());
    out.extend(offset.to_le_bytes());
    out.extend([0; 2]);
    out
}

#[test]
fn names_that_a_system_reads_differently() {
    expect("layout.missing", "a raw ZIP is read", &raw(&["t/data/a"]));
    for name in [
        "t/../a",
        "/t/a",
        "t//a",
        "t/a/",
        "t/./a",
        "t\\a",
        "t/a\\b",
        "t/a\0b",
        "t/é",
        "t/NUL",
        "t/com1.txt",
        "t/a.",
        "t/.a",
        "t/a b",
        "t/C:a",
        "a",
        "t/~",
        "t/a:b",
        "t/a*",
    ] {
        expect("zip.name", name, &raw(&[name]));
    }
    expect("zip.name", "two top folders", &raw(&["t/data/a", "u/data/b"]));
    expect("zip.order", "a name twice", &raw(&["t/data/a", "t/data/a"]));
    expect("zip.order", "out of order", &raw(&["t/data/b", "t/data/a"]));
    expect("zip.order", "data after tags", &raw(&["t/bagit.txt", "t/data/a"]));
    expect("zip.collision", "case", &raw(&["t/data/A", "t/data/a"]));
    expect("zip.collision", "a file as folder", &raw(&["t/data/a", "t/data/a/b"]));
    expect("zip.name", "a long name", &raw(&[&format!("t/{}", "a".repeat(101))]));
    expect(
        "zip.name",
        "a very long name",
        &raw(&[&format!("t/{}", "a/".repeat(20_000) + "a")]),
    );
}

#[test]
fn every_field_of_every_header_is_fixed() {
    let bytes = sound();
    let central = directory(&bytes);
    for at in [central[0], central[central.len() / 2], *central.last().unwrap()] {
        for field in 0..46 {
            let mut bent = bytes.clone();
            bent[at + field] ^= 1;
            let report = verify(&bent);
            assert_eq!(report.exit_code, 1, "central header, byte {field}");
        }
    }
    for field in 4..30 {
        let mut bent = bytes.clone();
        bent[field] ^= 1;
        expect("zip.local", &format!("local header, byte {field}"), &bent);
    }
    for field in 0..22 {
        let mut bent = bytes.clone();
        let at = bent.len() - 22 + field;
        bent[at] ^= 1;
        assert_eq!(verify(&bent).exit_code, 1, "end record, byte {field}");
    }
}

#[test]
fn lying_sizes_sums_and_places() {
    let bytes = sound();
    let central = directory(&bytes);
    let patch = |at: usize, value: &[u8]| {
        let mut bent = bytes.clone();
        bent[at..at + value.len()].copy_from_slice(value);
        bent
    };
    expect("zip.crc", "a CRC in the directory", &patch(central[0] + 16, &[0; 4]));
    let huge = [0xfe_u8, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff];
    expect("zip.size", "a size of 4 GB", &patch(central[0] + 20, &huge));
    expect(
        "zip.central",
        "an entry that overlaps the one before",
        &patch(central[1] + 42, &[0; 4]),
    );
    expect("zip.central", "a compressed entry", &patch(central[0] + 10, &[8, 0]));
    expect("zip.central", "an encrypted entry", &patch(central[0] + 8, &[1, 0]));
    expect(
        "zip.end",
        "2^16-1 entries and no zip64",
        &patch(bytes.len() - 14, &[0xff; 4]),
    );
    expect(
        "zip.gap",
        "one entry more than there is",
        &patch(bytes.len() - 14, &[99, 0, 99, 0]),
    );
}

#[test]
fn nothing_before_between_or_behind() {
    let bytes = sound();
    for tail in [&b"\0"[..], b"hello", &bytes] {
        expect("zip.end", "appended", &[&bytes, tail].concat());
    }
    assert_eq!(verify(&[&b"#!/bin/sh\n"[..], &bytes].concat()).exit_code, 2);
    expect(
        "zip.end",
        "prepended with a ZIP's look",
        &[&b"PK\x03\x04"[..], &bytes].concat(),
    );
    let mut comment = bytes.clone();
    let at = comment.len() - 2;
    comment[at] = 5;
    comment.extend(b"hello");
    expect("zip.end", "a comment", &comment);
    let start = directory(&bytes)[0];
    let mut gap = [&bytes[..start], b"hidden", &bytes[start..]].concat();
    let at = gap.len() - 6;
    gap[at..at + 4].copy_from_slice(&((start + 6) as u32).to_le_bytes());
    expect("zip.gap", "a gap before the directory", &gap);
}

#[test]
fn zip64_only_where_needed_and_never_believed() {
    let bytes = sound();
    let (start, end) = (directory(&bytes)[0] as u64, bytes.len() - 22);
    let zip64 = |count: u64, size: u64, offset: u64, short: [u8; 12]| {
        let mut out = bytes[..end].to_vec();
        out.extend(0x0606_4b50u32.to_le_bytes());
        out.extend(44u64.to_le_bytes());
        out.extend([0x2d, 3, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        [count, count, size, offset]
            .iter()
            .for_each(|v| out.extend(v.to_le_bytes()));
        out.extend(0x0706_4b50u32.to_le_bytes());
        out.extend([0; 4]);
        out.extend((end as u64).to_le_bytes());
        out.extend(1u32.to_le_bytes());
        out.extend([0x50, 0x4b, 5, 6, 0, 0, 0, 0]);
        out.extend(short);
        out.extend([0; 2]);
        out
    };
    let size = end as u64 - start;
    let count = directory(&bytes).len() as u64;
    expect("zip.end", "needless zip64", &zip64(count, size, start, [0xff; 12]));
    expect("zip.end", "2^32 entries", &zip64(1 << 32, size, start, [0xff; 12]));
    expect(
        "zip.end",
        "2^64-1 entries",
        &zip64(u64::MAX, u64::MAX, u64::MAX, [0xff; 12]),
    );
    let mut honest = [0xff; 12];
    honest[4..8].copy_from_slice(&(size as u32).to_le_bytes());
    honest[8..].copy_from_slice(&(start as u32).to_le_bytes());
    // Canonical in form, so that only counting tells.
    expect(
        "zip.gap",
        "2^32 entries, canonical",
        &zip64(1 << 32, size, start, honest),
    );
}

#[test]
fn every_truncation_is_noticed() {
    let bytes = sound();
    for length in (0..bytes.len()).step_by(97).chain(bytes.len() - 120..bytes.len()) {
        let code = verify(&bytes[..length]).exit_code;
        assert!(code == 1 || code == 2, "cut to {length}: {code}");
    }
}

#[test]
fn folders_hold_files_and_nothing_else() {
    let files = Model::sample().files();
    let bend = |rule: &str, bend: &dyn Fn(&std::path::Path)| {
        let dir = TempDir::new().unwrap();
        let top = folder(dir.path(), &files);
        bend(&top);
        let report = verify_path(&top, &key());
        assert!(has(&report, rule), "{rule}: {:#?}", failures(&report));
        assert_eq!(report.exit_code, 1);
    };
    bend("folder.empty", &|top| {
        fs::create_dir(top.join("data/exhibits/009")).unwrap()
    });
    bend("layout.path", &|top| fs::write(top.join("data/a b"), "").unwrap());
    bend("layout.path", &|top| fs::write(top.join("data/.hidden"), "").unwrap());
    #[cfg(unix)]
    bend("folder.special", &|top| {
        fs::remove_file(top.join("data/index.html")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", top.join("data/index.html")).unwrap();
    });
}

#[test]
fn the_writer_refuses_what_the_reader_would() {
    let mut writer = ZipWriter::new(Vec::new(), "t").unwrap();
    writer.add_bytes("data/b", b"x").unwrap();
    assert!(matches!(writer.add_bytes("data/a", b""), Err(WriteError::Order(_))));
    assert!(matches!(writer.add_bytes("data/b", b""), Err(WriteError::Order(_))));
    assert!(matches!(writer.add_bytes("../x", b""), Err(WriteError::Path(_))));
    for found in [&b"12"[..], b"1234"] {
        let mut writer = ZipWriter::new(Vec::new(), "t").unwrap();
        let crc = crc32fast::hash(found);
        assert!(matches!(
            writer.add("data/c", 3, crc, found),
            Err(WriteError::Size { .. })
        ));
    }
    let added = writer.add("data/d", 3, crc32fast::hash(b"124"), &b"123"[..]);
    assert!(matches!(added, Err(WriteError::Checksum(_))));
    assert!(ZipWriter::new(Vec::new(), "a/b").is_err());
}
