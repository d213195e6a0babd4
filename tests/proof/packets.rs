//! Whole packets: which of the four outcomes, in both forms.

use casetrail::proof::packet::*;
use casetrail::verify::trust::WitnessPolicy;
use casetrail::verify::{Verdict, VerifyOutcome};

use crate::kit::*;

#[test]
fn a_sound_packet_passes_with_the_key_as_zip_and_as_folder() {
    let files = Model::sample().files();
    for report in [verify_zip(&files, &key()), verify_folder(&files, &key())] {
        assert_eq!(failures(&report), Vec::<String>::new());
        assert_eq!((report.outcome, report.exit_code), (VerifyOutcome::Passed, 0));
        let c = &report.counts;
        assert_eq!(
            (c.files, c.events, c.records, c.records_withheld),
            (files.len() as u64, 16, 12, 3)
        );
        assert_eq!((c.captures, c.exhibits, c.proofs, c.signatures), (3, 2, 1, 1));
        assert_eq!(c.bytes, files.values().map(|b| b.len() as u64).sum::<u64>());
    }
}

#[test]
fn without_a_key_it_is_intact_and_the_signer_not_checked() {
    let report = verify_zip(&Model::sample().files(), &Default::default());
    assert_eq!((report.outcome, report.exit_code), (VerifyOutcome::SignerNotChecked, 3));
    assert!(
        report
            .findings
            .iter()
            .any(|f| f.rule == "signer" && f.verdict == Verdict::NotChecked)
    );
}

#[test]
fn rebuilt_with_a_fresh_key_it_fails_against_the_published_key() {
    let mut model = Model::sample();
    model.seed = [7; 32];
    let files = model.files();
    assert_eq!(verify_zip(&files, &Default::default()).exit_code, 3);
    let report = verify_zip(&files, &key());
    assert_eq!((report.exit_code, has(&report, "signer")), (1, true));
    assert_eq!(verify_zip(&files, &trust(&[7; 32])).exit_code, 0);
}

#[test]
fn what_is_required_and_cannot_be_shown_fails() {
    let files = Model::sample().files();
    let mut trust = key();
    trust.require_time = true;
    assert!(has(&verify_zip(&files, &trust), "time"));
    let mut trust = key();
    trust.require_witness = true;
    assert!(has(&verify_zip(&files, &trust), "witness"));
}

#[test]
fn a_policy_asks_for_its_witnesses() {
    use casetrail::proof::checkpoint::{Checkpoint, Note, Signer};
    let witness = Signer::witness_from_seed("witness.example/w1", &[2; 32]).unwrap();
    let log = key().key.unwrap();
    let text = format!("log {log}\nwitness w1 {}\ngroup g any w1\nquorum g\n", witness.vkey());
    let mut trust = casetrail::verify::trust::Trust {
        policy: Some(WitnessPolicy::parse(&text).unwrap()),
        ..Default::default()
    };
    trust.require_witness = true;
    let mut files = Model::sample().files();
    assert!(has(&verify_zip(&files, &trust), "witness"));

    let note = Note::parse(&files[CHECKPOINT]).unwrap();
    let line = witness.cosign(&Checkpoint::parse(&note.text).unwrap(), 1_795_356_452);
    for path in [CHECKPOINT, ISSUED_PROOF] {
        files.get_mut(path).unwrap().extend(line.bytes());
    }
    retag(&mut files);
    let report = verify_zip(&files, &trust);
    assert_eq!(failures(&report), Vec::<String>::new());
    assert_eq!(report.exit_code, 0);
    assert_eq!(report.anchored[0].by, "witness.example/w1");
}

#[test]
fn what_is_no_packet_is_unreadable() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x");
    for bytes in [&b""[..], b"hello", &[0; 5000]] {
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(verify_path(&path, &key()).exit_code, 2);
    }
    assert_eq!(verify_path(&dir.path().join("none"), &key()).exit_code, 2);
}

#[test]
fn the_first_line_says_the_outcome() {
    let files = Model::sample().files();
    let text = casetrail::bag::cli::text(&verify_zip(&files, &key()));
    assert!(text.starts_with("PASSED"), "{text}");
    let text = casetrail::bag::cli::text(&verify_zip(&files, &Default::default()));
    assert!(text.starts_with("INTACT, SIGNER NOT CHECKED"), "{text}");
}

#[test]
fn a_case_without_captures_makes_an_empty_packet_that_passes() {
    let mut model = Model::sample();
    (model.inventory, model.exhibits, model.blobs) = Default::default();
    model.relog(|log| {
        log.retain(|l| l.event.object.type_ != "capture");
        drop(log[5].record.as_object_mut().unwrap().remove("captures"));
    });
    let report = verify_zip(&model.files(), &key());
    assert_eq!(failures(&report), Vec::<String>::new());
}

#[test]
fn a_thousand_exhibits_are_no_different() {
    let files = Model::many(1001, 0).files();
    assert!(files.contains_key("data/exhibits/1001/01-original.jpg"));
    let report = verify_zip(&files, &key());
    assert_eq!(failures(&report), Vec::<String>::new());
    assert_eq!((report.exit_code, report.counts.exhibits), (0, 1001));
}

#[test]
fn the_command_line_gives_the_exit_codes_of_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let files = Model::sample().files();
    let packet = zip(dir.path(), &files).to_string_lossy().into_owned();
    let vkey = key().key.unwrap().to_string();
    let file = dir.path().join("log.vkey");
    std::fs::write(&file, format!("{vkey}\n")).unwrap();
    let run = |args: &[&str]| casetrail::bag::cli::run(args.iter().map(Into::into));
    assert_eq!(run(&[&packet, "--key", &vkey]), 0);
    assert_eq!(run(&["--key", &file.to_string_lossy(), &packet, "--json"]), 0);
    assert_eq!(run(&[&packet, "--key", &trust(&[9; 32]).key.unwrap().to_string()]), 1);
    assert_eq!(run(&[&packet, "--key", &vkey, "--require-time"]), 1);
    assert_eq!(run(&["/nowhere", "--key", &vkey]), 2);
    for wrong in [
        &[][..],
        &["--key"],
        &[&packet, "--quick"],
        &[&packet, &packet],
        &[&packet, "--key", "nonsense"],
    ] {
        assert_eq!(run(wrong), 2, "{wrong:?}");
    }
    assert_eq!(run(&[&packet]), 3);
}

#[test]
fn failures_are_listed_however_much_else_there_is_to_say() {
    let mut files = Model::sample().files();
    (0..3000).for_each(|n| drop(files.insert(format!("data/x{n:04}"), vec![])));
    let report = verify_zip(&files, &key());
    assert_eq!((failures(&report).len(), report.failed() > 3000), (1000, true));
}

#[test]
fn extra_data_of_a_proof_is_read_and_named() {
    use casetrail::proof::checkpoint::TlogProof;
    for extra in [vec![], b"agent-v1".to_vec(), vec![7; 300_000]] {
        let mut files = Model::sample().files();
        let mut proof = TlogProof::parse(&files[ISSUED_PROOF]).unwrap();
        proof.extra = Some(extra);
        files.insert(ISSUED_PROOF.into(), proof.format().into());
        retag(&mut files);
        let report = verify_zip(&files, &key());
        assert_eq!((failures(&report), report.exit_code), (vec![], 0));
        assert!(report.finds("log.extra", Verdict::NotChecked));
    }
}
