//! Writes packets as files, verifies them, and reads what was found.

use std::fs;
use std::path::{Path, PathBuf};

use casetrail::bag;
use casetrail::bag::writer::ZipWriter;
use casetrail::proof::Digest;
use casetrail::proof::checkpoint::Signer;
use casetrail::proof::packet::rank;
use casetrail::verify::trust::Trust;
use casetrail::verify::{Report, Verdict};
use tempfile::TempDir;

use super::{Files, LOG_SEED, NAME, ORIGIN, keep};

pub fn key() -> Trust {
    trust(&LOG_SEED)
}

pub fn trust(seed: &[u8; 32]) -> Trust {
    let key = Signer::from_seed(ORIGIN, seed).unwrap().vkey().clone();
    Trust {
        key: Some(key),
        ..Default::default()
    }
}

/// Writes the packet as a ZIP.
pub fn zip(dir: &Path, files: &Files) -> PathBuf {
    let path = dir.join("packet.zip");
    let mut writer = ZipWriter::new(fs::File::create(&path).unwrap(), NAME).unwrap();
    let mut paths: Vec<&String> = files.keys().collect();
    paths.sort_by_key(|p| (rank(p), p.as_str()));
    for (i, path) in paths.into_iter().enumerate() {
        let bytes = &files[path];
        let digest = if i % 2 == 0 {
            writer.add_bytes(path, bytes).unwrap()
        } else {
            writer
                .add(path, bytes.len() as u64, crc32fast::hash(bytes), &bytes[..])
                .unwrap()
        };
        assert_eq!(digest, Digest::of(bytes));
    }
    writer.finish().unwrap();
    path
}

/// Writes the packet as a folder.
pub fn folder(dir: &Path, files: &Files) -> PathBuf {
    let top = dir.join("renamed");
    for (path, bytes) in files {
        let path = top.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    top
}

/// Verifies the packet at `path`. Something failed exactly where a grade says so, and other verifiers get to see it.
pub fn verify_path(path: &Path, trust: &Trust) -> Report {
    let report = bag::verify_path(path, trust);
    let failed = report.grades.all().iter().any(|grade| grade.2 == Verdict::Failed);
    assert_eq!(failed, report.exit_code == 1, "{:?}", report.grades);
    keep::keep(path, trust, &report);
    report
}

pub fn verify_zip(files: &Files, trust: &Trust) -> Report {
    let dir = TempDir::new().unwrap();
    verify_path(&zip(dir.path(), files), trust)
}

pub fn verify_folder(files: &Files, trust: &Trust) -> Report {
    let dir = TempDir::new().unwrap();
    verify_path(&folder(dir.path(), files), trust)
}

pub fn failures(report: &Report) -> Vec<String> {
    let failed = report.findings.iter().filter(|f| f.verdict == Verdict::Failed);
    failed
        .map(|f| format!("{} {}: {}", f.rule, f.file, f.message))
        .collect()
}

pub fn has(report: &Report, rule: &str) -> bool {
    report
        .findings
        .iter()
        .any(|f| f.verdict == Verdict::Failed && f.rule == rule)
}
