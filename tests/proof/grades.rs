//! The graded verdict: each question fails alone for what concerns it, and says what was not looked at.

use casetrail::bag::cli;
use casetrail::proof::checkpoint::Signer;
use casetrail::proof::packet::*;
use casetrail::verify::trust::Trust;
use casetrail::verify::{Report, Verdict};

use crate::kit::*;

/// Names of the grades with this verdict.
fn graded(report: &Report, verdict: Verdict) -> Vec<&'static str> {
    let all = report.grades.all().into_iter();
    all.filter(|grade| grade.2 == verdict).map(|grade| grade.1).collect()
}

fn second_line(report: &Report) -> String {
    cli::text(report).lines().nth(1).unwrap().to_owned()
}

fn bent(bend: impl FnOnce(&mut Model)) -> Files {
    let mut model = Model::sample();
    bend(&mut model);
    model.files()
}

fn changed(change: impl FnOnce(&mut Files)) -> Files {
    let mut files = Model::sample().files();
    change(&mut files);
    retag(&mut files);
    files
}

#[test]
fn a_sound_packet_passes_in_all_that_there_is() {
    let files = Model::sample().files();
    let line = "bytes passed, records passed, log passed, time absent, witnesses absent, signer";
    let report = verify_zip(&files, &key());
    assert_eq!(second_line(&report), format!("{line} passed"));
    let report = verify_zip(&files, &Trust::default());
    assert_eq!(second_line(&report), format!("{line} not checked"));
}

#[test]
fn each_grade_fails_alone() {
    let photo = "data/exhibits/001/01-original.jpg";
    let other = Signer::from_seed(ORIGIN, &[9; 32]).unwrap();
    let cases: [(&str, &str, Files, Trust); 13] = [
        (
            "a photo changed",
            "bytes",
            changed(|f| f.get_mut(photo).unwrap()[0] ^= 1),
            key(),
        ),
        ("a photo gone", "bytes", changed(|f| drop(f.remove(photo))), key()),
        (
            "a page changed",
            "bytes",
            changed(|f| f.get_mut(INDEX).unwrap().push(b'\n')),
            key(),
        ),
        (
            "litter",
            "bytes",
            changed(|f| drop(f.insert("data/.DS_Store".into(), vec![]))),
            key(),
        ),
        (
            "another kind",
            "records",
            bent(|m| m.inventory[0].kind = "photo".into()),
            key(),
        ),
        (
            "a subject renamed",
            "records",
            bent(|m| m.subjects[0].record["name"] = "Other".into()),
            key(),
        ),
        (
            "a correction left out",
            "records",
            bent(|m| m.exhibits[0].current = None),
            key(),
        ),
        (
            "what came between is left out",
            "log",
            changed(|f| drop(f.insert(BETWEEN.into(), vec![]))),
            key(),
        ),
        (
            "a pem of another key",
            "log",
            changed(|f| drop(f.insert(LOG_PEM.into(), other.vkey().pem().into()))),
            key(),
        ),
        (
            "no proof",
            "log",
            changed(|f| drop(f.insert(ISSUED_PROOF.into(), vec![]))),
            key(),
        ),
        (
            "no token",
            "time",
            changed(|_| {}),
            Trust {
                require_time: true,
                ..key()
            },
        ),
        (
            "no witness",
            "witnesses",
            changed(|_| {}),
            Trust {
                require_witness: true,
                ..key()
            },
        ),
        ("another signer", "signer", changed(|_| {}), trust(&[9; 32])),
    ];
    for (what, grade, files, trust) in cases {
        let report = verify_folder(&files, &trust);
        assert_eq!(
            graded(&report, Verdict::Failed),
            [grade],
            "{what}: {:#?}",
            report.findings
        );
    }
}

#[test]
fn what_rests_on_a_failure_is_not_checked() {
    let files = changed(|f| f.get_mut("data/exhibits/001/01-original.jpg").unwrap()[0] ^= 1);
    let line = "bytes failed, records not checked, log passed, time absent, witnesses absent, signer passed";
    assert_eq!(second_line(&verify_zip(&files, &key())), line);
    let files = changed(|f| drop(f.insert(ISSUED_PROOF.into(), vec![])));
    let line = "bytes passed, records passed, log failed, time absent, witnesses not checked, signer not checked";
    assert_eq!(second_line(&verify_zip(&files, &key())), line);
}

#[test]
fn a_failure_beyond_the_thousand_that_are_listed_counts() {
    let mut files = Model::sample().files();
    for n in 0..1001 {
        files.insert(format!("x{n}"), vec![]);
    }
    let report = verify_folder(&files, &trust(&[9; 32]));
    assert!(report.more_failed > 0);
    assert_eq!(graded(&report, Verdict::Failed), ["bytes", "signer"]);
}

#[test]
fn of_what_cannot_be_read_nothing_was_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.zip");
    std::fs::write(&path, b"no packet").unwrap();
    let report = verify_path(&path, &key());
    assert_eq!(graded(&report, Verdict::NotChecked).len(), 6);
    let sound = std::fs::read(zip(dir.path(), &Model::sample().files())).unwrap();
    std::fs::write(&path, &sound[..sound.len() / 2]).unwrap();
    let report = verify_path(&path, &key());
    assert_eq!(graded(&report, Verdict::Failed), ["bytes"]);
    assert_eq!(graded(&report, Verdict::NotChecked).len(), 5);
}
