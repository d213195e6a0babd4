//! What gathers around a packet on its way: litter of operating systems, ZIPs that were packed again, keys and policies as
//! editors save them. It is named, and the rest is checked in full.

use std::fs;
use std::io::Write;

use casetrail::bag::cli;
use casetrail::verify::{Report, Verdict};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use tempfile::TempDir;

use crate::kit::*;

fn first_line(report: &Report) -> String {
    cli::text(report).lines().next().unwrap().to_owned()
}

#[test]
fn litter_is_named_beside_a_full_check() {
    for name in [
        ".DS_Store",
        "data/.DS_Store",
        "data/exhibits/Thumbs.db",
        "desktop.ini",
        "proof/._log.pem",
        "data/exhibits/001/._01-original.jpg",
    ] {
        let mut files = Model::sample().files();
        files.insert(name.into(), b"litter".to_vec());
        let report = verify_folder(&files, &key());
        let failed = failures(&report);
        assert_eq!((failed.len(), report.exit_code), (1, 1), "{failed:#?}");
        assert!(failed[0].starts_with(&format!("layout.litter {name}")), "{failed:?}");
        for part in ["events", "packet", "manifest", "tagmanifest", "bag", "log", "signer"] {
            assert!(report.finds(part, Verdict::Passed), "{name}: {part}");
        }
        let line = first_line(&report);
        assert!(
            line.starts_with("FAILED, FOR LITTER ALONE") && line.contains("signer is trusted"),
            "{line}"
        );
        let line = first_line(&verify_folder(&files, &Default::default()));
        assert!(
            line.starts_with("FAILED, FOR LITTER ALONE") && line.contains("signer was not checked"),
            "{line}"
        );
        files.get_mut("data/exhibits/001/01-original.jpg").unwrap()[0] ^= 1;
        let line = first_line(&verify_folder(&files, &key()));
        assert!(line.starts_with("FAILED: "), "{line}");
    }
}

/// An entry of a ZIP as other tools write it.
struct Packed<'p> {
    name: String,
    bytes: &'p [u8],
    deflated: bool,
    described: bool,
}

/// Packs as other tools do: deflated, with data descriptors and folders, in any order.
fn pack(entries: &[Packed]) -> Vec<u8> {
    let (mut out, mut central) = (Vec::new(), Vec::new());
    for entry in entries {
        let bytes = match entry.deflated {
            true => {
                let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(entry.bytes).unwrap();
                encoder.finish().unwrap()
            }
            false => entry.bytes.to_vec(),
        };
        let (crc, size) = (crc32fast::hash(entry.bytes), entry.bytes.len() as u32);
        let flags: u16 = if entry.described { 8 } else { 0 };
        let common = |described: bool| {
            let mut common = Vec::new();
            common.extend(20u16.to_le_bytes());
            common.extend(flags.to_le_bytes());
            common.extend((if entry.deflated { 8u16 } else { 0 }).to_le_bytes());
            common.extend(0x5a7b_1234u32.to_le_bytes());
            let known = if described {
                [0, 0, 0]
            } else {
                [crc, bytes.len() as u32, size]
            };
            known.iter().for_each(|n| common.extend(n.to_le_bytes()));
            common.extend((entry.name.len() as u16).to_le_bytes());
            common.extend([0; 2]);
            common
        };
        let offset = out.len() as u32;
        out.extend(0x0403_4b50u32.to_le_bytes());
        out.extend(common(entry.described));
        out.extend(entry.name.bytes());
        out.extend(&bytes);
        if entry.described {
            out.extend(0x0807_4b50u32.to_le_bytes());
            [crc, bytes.len() as u32, size]
                .iter()
                .for_each(|n| out.extend(n.to_le_bytes()));
        }
        central.extend(0x0201_4b50u32.to_le_bytes());
        central.extend(0x0314u16.to_le_bytes());
        central.extend(common(false));
        central.extend([0; 10]);
        central.extend(offset.to_le_bytes());
        central.extend(entry.name.bytes());
    }
    let (size, offset, count) = (central.len() as u32, out.len() as u32, entries.len() as u16);
    out.extend(central);
    out.extend(0x0605_4b50u32.to_le_bytes());
    out.extend([0; 4]);
    out.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    out.extend(size.to_le_bytes());
    out.extend(offset.to_le_bytes());
    out.extend([0; 2]);
    out
}

fn packed(files: &Files, top: &str, how: (bool, bool)) -> Vec<Packed<'static>> {
    let files: Vec<(String, Vec<u8>)> = files.clone().into_iter().collect();
    let mut entries = vec![Packed {
        name: if top.is_empty() { "data/".into() } else { top.into() },
        bytes: b"",
        deflated: false,
        described: false,
    }];
    entries.extend(files.into_iter().rev().map(|(path, bytes)| Packed {
        name: format!("{top}{path}"),
        bytes: bytes.leak(),
        deflated: how.0,
        described: how.1,
    }));
    entries
}

fn verified(bytes: &[u8]) -> Report {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("again.zip");
    fs::write(&path, bytes).unwrap();
    verify_path(&path, &key())
}

#[test]
fn a_zip_that_was_packed_again_says_so_and_is_checked_inside() {
    let files = Model::sample().files();
    for top in [&format!("{NAME}/"), ""] {
        for how in [(false, false), (true, false), (true, true)] {
            let report = verified(&pack(&packed(&files, top, how)));
            let failed = failures(&report);
            assert_eq!((failed.len(), report.exit_code), (1, 1), "{failed:#?}");
            assert!(failed[0].contains("packed again"), "{failed:?}");
            assert!(report.finds("signer", Verdict::Passed) && report.counts.exhibits == 2);
            let line = first_line(&report);
            assert!(line.starts_with("FAILED, FOR ITS ZIP ALONE"), "{line}");
        }
    }
    // With litter, as one system packs it.
    let mut littered = packed(&files, &format!("{NAME}/"), (true, true));
    littered.push(Packed {
        name: format!("__MACOSX/{NAME}/._data"),
        bytes: b"x",
        deflated: true,
        described: true,
    });
    let line = first_line(&verified(&pack(&littered)));
    assert!(line.starts_with("FAILED, FOR ITS ZIP AND LITTER ALONE"), "{line}");
    // What is wrong inside is found all the same.
    let mut bent = files.clone();
    bent.get_mut("data/exhibits/001/01-original.jpg").unwrap()[0] ^= 1;
    let report = verified(&pack(&packed(&bent, &format!("{NAME}/"), (true, false))));
    assert!(has(&report, "manifest.digest") && first_line(&report).starts_with("FAILED: "));
}

#[test]
fn a_zip_that_two_readers_could_see_differently_is_not_looked_into() {
    let files = Model::sample().files();
    let sound = || packed(&files, &format!("{NAME}/"), (true, false));
    let refused = |what: &str, bytes: &[u8]| {
        let report = verified(bytes);
        assert_eq!((report.exit_code, report.counts.files), (1, 0), "{what}");
        assert!(!failures(&report).is_empty(), "{what}");
    };
    let whole = pack(&sound());
    let mut twice = sound();
    twice.push(Packed {
        name: twice[1].name.clone(),
        bytes: b"another",
        deflated: false,
        described: false,
    });
    refused("a name twice", &pack(&twice));
    let name = whole.windows(9).position(|w| w == b"bagit.txt").unwrap();
    let mut bent = whole.clone();
    bent[name] = b'c';
    refused("another name in the local header", &bent);
    let last = whole.windows(9).rposition(|w| w == b"bagit.txt").unwrap();
    let central = last - 46 - NAME.len() - 1;
    let with = |at: usize, value: &[u8]| {
        let mut bent = whole.clone();
        bent[central + at..central + at + value.len()].copy_from_slice(value);
        bent
    };
    refused("encrypted", &with(8, &[1, 0]));
    refused("packed by another method", &with(10, &[12, 0]));
    refused("a link", &with(38, &(0o120_777u32 << 16).to_le_bytes()));
    refused("a place of another entry", &with(42, &0u32.to_le_bytes()));
    let end = whole.len() - 22;
    let start = u32::from_le_bytes(whole[end + 16..end + 20].try_into().unwrap());
    let mut gap = [&whole[..start as usize], b"hidden", &whole[start as usize..]].concat();
    gap[end + 22..end + 26].copy_from_slice(&(start + 6).to_le_bytes());
    refused("bytes between the entries and the directory", &gap);
    refused("bytes behind the end", &[&whole[..], b"more"].concat());
    refused(
        "bytes before the first entry",
        &[b"PK\x03\x04more", &whole[..]].concat(),
    );
    // Ten thousand times what it takes.
    let zeros = vec![0; 200 << 20];
    let mut bomb = sound();
    bomb.push(Packed {
        name: format!("{NAME}/data/zeros"),
        bytes: &zeros,
        deflated: true,
        described: false,
    });
    refused("a bomb", &pack(&bomb));
}

#[test]
fn every_entry_that_is_a_trap_is_named() {
    let files = Model::sample().files();
    let mut zip = pack(&packed(&files, &format!("{NAME}/"), (true, false)));
    let end = zip.len() - 22;
    let directory = u32::from_le_bytes(zip[end + 16..end + 20].try_into().unwrap()) as usize;
    let entry = |zip: &[u8], name: &str| {
        let full = format!("{NAME}/{name}");
        let found = zip[directory..].windows(full.len()).position(|w| w == full.as_bytes());
        directory + found.unwrap() - 46
    };
    for (name, at, value) in [
        ("bagit.txt", 8, &1u16.to_le_bytes()[..]),
        ("bag-info.txt", 10, &12u16.to_le_bytes()),
        ("manifest-sha256.txt", 38, &(0o120_777u32 << 16).to_le_bytes()),
    ] {
        let place = entry(&zip, name) + at;
        zip[place..place + value.len()].copy_from_slice(value);
    }
    let said = failures(&verified(&zip));
    for (name, words) in [
        ("bagit.txt", "encrypted"),
        ("bag-info.txt", "method"),
        ("manifest-sha256.txt", "link"),
    ] {
        assert!(
            said.iter().any(|f| f.contains(name) && f.contains(words)),
            "{name}: {said:#?}"
        );
    }
    // Many are told by number.
    let mut many = packed(&files, &format!("{NAME}/"), (true, false));
    many.extend((0..300).map(|n| Packed {
        name: format!("{NAME}/data/{n}"),
        bytes: b"x",
        deflated: false,
        described: false,
    }));
    let mut zip = pack(&many);
    let end = zip.len() - 22;
    let directory = u32::from_le_bytes(zip[end + 16..end + 20].try_into().unwrap()) as usize;
    let places: Vec<usize> = (directory..end)
        .filter(|at| zip[*at..].starts_with(b"PK\x01\x02"))
        .collect();
    places.iter().for_each(|at| zip[at + 8] |= 1);
    let said = failures(&verified(&zip));
    assert!(
        said.len() < 150 && said.iter().any(|f| f.contains("more entries")),
        "{}",
        said.len()
    );
}

#[test]
fn a_command_that_cannot_be_followed_is_reported_too() {
    let dir = TempDir::new().unwrap();
    let packet = zip(dir.path(), &Model::sample().files());
    let mistyped = key().key.unwrap().to_string().replacen("AYqI", "AYqJ", 1);
    let schema: serde_json::Value =
        serde_json::from_str(&fs::read_to_string("schema/verify-report.schema.json").unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let run = |args: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_casetrail-verify"));
        command.arg(&packet).args(args).output().unwrap()
    };
    for (args, words) in [
        (&["--key", &*mistyped][..], "letter by letter"),
        (&["--keys", "x"], "no flag --keys"),
        (&["--key"], "needs a value"),
        (&["another.zip"], "one packet at a time"),
        (&["--policy", "/nowhere"], "/nowhere"),
    ] {
        let done = run(args);
        let (told, complaint) = (
            String::from_utf8_lossy(&done.stdout).into_owned(),
            String::from_utf8_lossy(&done.stderr).into_owned(),
        );
        assert_eq!(done.status.code(), Some(2), "{args:?}");
        assert!(told.starts_with("UNREADABLE: nothing was checked"), "{told}");
        assert!(complaint.contains(words), "{complaint}");
        let done = run(&[&["--json"], args].concat());
        let report: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        assert!(schema.is_valid(&report), "{report}");
        assert_eq!(
            (&report["outcome"], done.status.code()),
            (&"unreadable".into(), Some(2))
        );
        assert_eq!(report["findings"][0]["rule"], "arguments");
        assert!(String::from_utf8_lossy(&done.stderr).contains(words));
    }
}

#[test]
fn keys_and_policies_are_read_as_editors_save_them() {
    let dir = TempDir::new().unwrap();
    let packet = zip(dir.path(), &Model::sample().files()).to_string_lossy().into_owned();
    let vkey = key().key.unwrap().to_string();
    let run = |args: &[&str]| cli::run(args.iter().map(Into::into));
    let wide = |text: &str, from: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(from).collect::<Vec<u8>>();
    let policy = format!("# ours\n\n log\t{vkey} \nquorum none\n");
    for (flag, text) in [("--key", vkey.as_str()), ("--policy", policy.as_str())] {
        let spaced = format!("\n  \n{text}\n\n");
        let forms: [Vec<u8>; 7] = [
            text.into(),
            spaced.clone().into(),
            format!("\u{feff}{text}").into(),
            spaced.replace('\n', "\r\n").into(),
            format!("\u{feff} \r\n{}\r\n \t\r\n", text.replace('\n', "\r\n")).into(),
            wide(&format!("\u{feff}{text}\r\n"), u16::to_le_bytes),
            wide(&format!("\u{feff}{text}\r\n"), u16::to_be_bytes),
        ];
        for (n, bytes) in forms.iter().enumerate() {
            let file = dir.path().join("given");
            fs::write(&file, bytes).unwrap();
            assert_eq!(run(&[&packet, flag, &file.to_string_lossy()]), 0, "{flag} {n}");
        }
    }
    assert_eq!(run(&[&packet, "--key", &format!("  {vkey}\n")]), 0);
}

#[test]
fn a_mistyped_key_is_told_from_another() {
    use casetrail::proof::checkpoint::VerifyingKey;
    let vkey = key().key.unwrap().to_string();
    let typed = |from: &str, to: &str| {
        VerifyingKey::parse(&vkey.replacen(from, to, 1))
            .unwrap_err()
            .to_string()
    };
    assert!(
        typed("AYqI", "AYqJ").starts_with("mistyped"),
        "{}",
        typed("AYqI", "AYqJ")
    );
    assert!(typed("invalid", "invalld").starts_with("mistyped"));
    assert!(typed("+7a", "+7b").starts_with("mistyped"));
    assert!(typed("+7a", "7a").starts_with("not a verification key"));
    // A key of another log, and another key of the same log.
    let files = Model::sample().files();
    let other = |name: &str| casetrail::verify::trust::Trust {
        key: Some(
            casetrail::proof::checkpoint::Signer::from_seed(name, &[9; 32])
                .unwrap()
                .vkey()
                .clone(),
        ),
        ..Default::default()
    };
    let said = failures(&verify_zip(&files, &other("agency.example/log")));
    assert!(
        said.len() == 1 && said[0].contains("the key given is of agency.example/log"),
        "{said:?}"
    );
    let said = failures(&verify_zip(&files, &other(ORIGIN)));
    assert!(
        said.len() == 1 && said[0].contains("is not signed by the key given"),
        "{said:?}"
    );
}
