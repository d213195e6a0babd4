//! One cause is one finding, and nothing passes that rests on it.

use casetrail::proof::packet::*;
use casetrail::verify::{Report, Verdict};
use tempfile::TempDir;

use crate::kit::*;

fn passed(report: &Report) -> Vec<&str> {
    let passed = report.findings.iter().filter(|f| f.verdict == Verdict::Passed);
    passed.map(|f| f.rule).collect()
}

/// Parts that cannot pass without a file.
fn rest_on(path: &str) -> &'static [&'static str] {
    match path {
        ISSUED => &[
            "issued",
            "events",
            "inventory",
            "records",
            "statuses",
            "packet",
            "bag",
            "log",
        ],
        EVENTS => &["events", "inventory", "records", "statuses", "packet", "bag"],
        BETWEEN => &["events", "statuses"],
        INVENTORY => &["inventory", "records", "statuses", "packet"],
        RECORDS => &["records", "statuses", "packet"],
        PACKET => &["packet", "bag"],
        MANIFEST => &["manifest", "log"],
        TAGMANIFEST => &["tagmanifest"],
        BAGIT | BAG_INFO | HOW_TO => &["bag"],
        ISSUED_PROOF => &["log", "signer"],
        CHECKPOINT => &["log", "signer"],
        LOG_VKEY | LOG_PEM => &["log"],
        INDEX => &["manifest", "bag"],
        // The manifest's own part says that an exhibit is missing.
        _ => &["packet", "bag"],
    }
}

#[test]
fn a_missing_file_is_one_finding_and_what_rests_on_it_is_not_checked() {
    let whole = Model::sample().files();
    let exhibits = whole.keys().filter(|path| path.starts_with(EXHIBITS));
    for path in REQUIRED.into_iter().chain(exhibits.map(String::as_str)) {
        let mut files = whole.clone();
        files.remove(path);
        for report in [verify_zip(&files, &key()), verify_folder(&files, &key())] {
            let failed = failures(&report);
            assert_eq!((failed.len(), report.exit_code), (1, 1), "{path}: {failed:#?}");
            assert!(failed[0].contains(path) && failed[0].contains("missing"), "{failed:?}");
            for part in rest_on(path) {
                assert!(!passed(&report).contains(part), "{path}: {part} passed");
                let said = report
                    .findings
                    .iter()
                    .any(|f| f.rule == *part && f.verdict == Verdict::NotChecked);
                assert!(said, "{path}: {part} is not said to be unchecked");
                // It names the file that is missing, and no file that is there.
                let names =
                    |f: &&casetrail::verify::Finding| f.message.contains("rests on") && !f.message.contains(path);
                let other: Vec<_> = report.findings.iter().filter(names).collect();
                assert!(other.is_empty(), "{path}: {other:#?}");
            }
        }
    }
}

#[test]
fn a_changed_file_is_one_finding_wherever_it_changed() {
    let whole = Model::sample().files();
    for path in whole.keys() {
        for at in [0, whole[path].len() / 2, whole[path].len().saturating_sub(2)] {
            let mut files = whole.clone();
            files.get_mut(path).unwrap()[at] ^= 1;
            let report = verify_folder(&files, &key());
            let failed = failures(&report);
            // Nothing attests the tag manifest: with another name in it one file is missing and one unlisted.
            let most = if *path == TAGMANIFEST { 2 } else { 1 };
            assert!((1..=most).contains(&failed.len()), "{path} at {at}: {failed:#?}");
            let named = failed[0].contains(path.as_str()) || *path == TAGMANIFEST;
            assert!(named, "{path} at {at}: {failed:?}");
        }
    }
}

/// The same with a tag manifest that fits again, as far as nothing else attests the file.
#[test]
fn a_changed_proof_is_one_finding_though_the_tag_manifest_fits() {
    let whole = Model::sample().files();
    for path in [
        ISSUED,
        ISSUED_PROOF,
        CHECKPOINT,
        BETWEEN,
        BAGIT,
        BAG_INFO,
        HOW_TO,
        MANIFEST,
        LOG_PEM,
    ] {
        let length = whole[path].len();
        for at in (0..length).step_by((length / 20).max(1)) {
            let mut files = whole.clone();
            files.get_mut(path).unwrap()[at] ^= 1;
            retag(&mut files);
            let failed = failures(&verify_folder(&files, &key()));
            // Of another stream: so are the events, and so it is not in the tree.
            let most = if path == ISSUED { 2 } else { 1 };
            assert!((1..=most).contains(&failed.len()), "{path} at {at}: {failed:#?}");
        }
    }
}

#[test]
fn a_file_too_many_is_one_finding() {
    for path in [
        "notes.txt",
        "data/x.html",
        "data/exhibits/001/03-extra.bin",
        "proof/anchors/a/b",
        "fetch.txt",
    ] {
        let mut files = Model::sample().files();
        files.insert(path.into(), vec![]);
        let failed = failures(&verify_zip(&files, &key()));
        assert!(failed.len() == 1 && failed[0].contains(path), "{path}: {failed:#?}");
    }
}

#[test]
fn every_part_of_a_sound_packet_passes() {
    let report = verify_zip(&Model::sample().files(), &key());
    let all = [
        "layout",
        "issued",
        "events",
        "inventory",
        "records",
        "statuses",
        "packet",
        "manifest",
        "index",
        "tagmanifest",
        "bag",
        "log",
        "signer",
    ];
    assert_eq!(passed(&report), all);
}

/// Folders that are no packet, and a packet of a version to come: each has its own sentence, and is not read.
#[test]
fn what_cannot_be_read_says_why() {
    let dir = TempDir::new().unwrap();
    let says = |path: &std::path::Path, words: &str| {
        let report = verify_path(path, &key());
        let failed = failures(&report);
        assert_eq!((report.exit_code, failed.len()), (2, 1), "{failed:?}");
        assert!(failed[0].contains(words), "{failed:?}");
    };
    says(dir.path(), "holds no packet");
    let top = folder(dir.path(), &Model::sample().files());
    says(dir.path(), &format!("above a packet: verify {}", top.display()));
    let real = std::fs::canonicalize(&top).unwrap();
    let inside = format!("inside a packet: verify {}", real.display());
    says(&top.join("data"), &inside);
    says(&top.join("data/exhibits/001"), &inside);
    let mut files = Model::sample().files();
    let newer = String::from_utf8(files[PACKET].clone())
        .unwrap()
        .replacen("{\"v\":1,", "{\"v\":2,", 1);
    files.insert(PACKET.into(), newer.into_bytes());
    let dir = TempDir::new().unwrap();
    says(&folder(dir.path(), &files), "version 2, newer than this verifier");
    says(&zip(dir.path(), &files), "version 2, newer than this verifier");
}
