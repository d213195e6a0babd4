//! Witness policies by the C2SP tlog-policy specification, and cosignatures at times that can be.

use casetrail::proof::b64;
use casetrail::proof::checkpoint::{Checkpoint, Note, Signer};
use casetrail::proof::packet::{CHECKPOINT, ISSUED_PROOF};
use casetrail::verify::trust::{Trust, WitnessPolicy};
use casetrail::verify::{OTHERS, Report, Verdict};

use crate::kit::*;

fn witness(n: u8) -> Signer {
    Signer::witness_from_seed(&format!("witness.example/w{n}"), &[n; 32]).unwrap()
}

fn vkey(n: u8) -> String {
    witness(n).vkey().to_string()
}

/// A key of a kind that this version does not check.
fn other_kind(name: &str, kind: u8, byte: u8) -> String {
    format!(
        "{name}+0a1b2c3d+{}",
        b64::encode(&[&[kind][..], &[byte; 1312]].concat())
    )
}

fn read(text: &str) -> Result<WitnessPolicy, String> {
    WitnessPolicy::parse(text)
}

#[test]
fn the_example_of_the_specification_is_read() {
    let witnesses: String = (1..=6)
        .map(|n| format!("witness {}{n} {}\n", if n < 4 { 'X' } else { 'Y' }, vkey(n)))
        .collect();
    let groups = "group X-witnesses 2 X1 X2 X3\n\ngroup Y-witnesses any Y4 Y5 Y6\n\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n";
    let text = format!("log {}\n\n{witnesses}{groups}", key().key.unwrap());
    let policy = read(&text).unwrap();
    for (signed, met) in [
        (&[0, 1, 3][..], true),
        (&[0, 2, 5], true),
        (&[0, 1], false),
        (&[0, 3, 4], false),
        (&[], false),
    ] {
        assert_eq!(policy.satisfied(signed), met, "{signed:?}");
    }
    // Thirty-two of each, at the least.
    let many: String = (1..=32)
        .map(|n| format!("witness w{n} {}\ngroup g{n} 1 w{n}\n", vkey(n)))
        .collect();
    let logs: String = (1..=32)
        .map(|n| format!("log {}\n", Signer::from_seed("l", &[n; 32]).unwrap().vkey()))
        .collect();
    assert!(read(&format!("{logs}{many}quorum g32\n")).is_ok());
}

#[test]
fn what_a_policy_may_not_say_is_refused_with_its_line() {
    let (a, b) = (vkey(1), vkey(2));
    let log = key().key.unwrap().to_string();
    let renamed = Signer::witness_from_seed("another.name/w", &[1; 32])
        .unwrap()
        .vkey()
        .to_string();
    let log_renamed = Signer::from_seed("another.log", &LOG_SEED).unwrap().vkey().to_string();
    let two = format!("witness a {a}\nwitness b {b}\n");
    let cases = [
        (
            "one key under two names",
            format!("witness a {a}\nwitness b {renamed}\nquorum a\n"),
            "line 2",
        ),
        (
            "one log's key under two names",
            format!("log {log}\nlog {log_renamed}\nquorum none\n"),
            "line 2",
        ),
        (
            "a line twice",
            format!("witness a {a}\nwitness a {a}\nquorum a\n"),
            "line 2",
        ),
        (
            "a name twice",
            format!("witness a {a}\nwitness a {b}\nquorum a\n"),
            "line 2",
        ),
        (
            "a witness in two groups",
            format!("{two}group g any a b\ngroup h all a\nquorum h\n"),
            "line 4",
        ),
        (
            "a witness twice in a group",
            format!("{two}group g any a a\nquorum g\n"),
            "line 3",
        ),
        (
            "a group in two groups",
            format!("{two}group g any a\ngroup h any g\ngroup i any g b\nquorum i\n"),
            "line 5",
        ),
        ("an unknown line", format!("{two}limit 3\nquorum a\n"), "line 3"),
        ("a word too many", format!("{two}quorum a b\n"), "line 3"),
        ("a second quorum", format!("{two}quorum a\nquorum b\n"), "line 4"),
        ("no quorum", two.clone(), "no quorum"),
        ("a quorum before its witness", format!("quorum a\n{two}"), "line 1"),
        (
            "none as a member",
            format!("{two}group g any none\nquorum g\n"),
            "line 3",
        ),
        ("none as a name", format!("witness none {a}\nquorum none\n"), "line 1"),
        (
            "a group without members",
            format!("{two}group g any\nquorum g\n"),
            "line 3",
        ),
        (
            "a threshold of nought",
            format!("{two}group g 0 a b\nquorum g\n"),
            "line 3",
        ),
        (
            "a threshold beyond its members",
            format!("{two}group g 3 a b\nquorum g\n"),
            "line 3",
        ),
        (
            "a threshold with a sign",
            format!("{two}group g +1 a b\nquorum g\n"),
            "line 3",
        ),
        (
            "a threshold with a nought before",
            format!("{two}group g 01 a b\nquorum g\n"),
            "line 3",
        ),
        (
            "a threshold in other digits",
            format!("{two}group g \u{661} a b\nquorum g\n"),
            "line 3",
        ),
        (
            "a threshold that overflows",
            format!("{two}group g 18446744073709551617 a b\nquorum g\n"),
            "line 3",
        ),
        ("a wide blank between words", format!("{two}quorum\u{a0}a\n"), "line 3"),
        (
            "another blank between words",
            format!("{two}quorum\u{3000}a\n"),
            "line 3",
        ),
        ("a form feed", format!("{two}quorum \u{c}a\n"), "line 3"),
        ("a carriage return inside", format!("{two}quorum\ra\n"), "line 3"),
        (
            "a mistyped key",
            format!("witness a {}\nquorum a\n", a.replacen('+', "x+", 1)),
            "line 1",
        ),
        (
            "a log's key for a witness",
            format!("witness a {log}\nquorum a\n"),
            "line 1",
        ),
        ("a witness's key for a log", format!("log {a}\nquorum none\n"), "line 1"),
        ("no key", "witness a secret\nquorum a\n".to_owned(), "line 1"),
    ];
    for (name, text, says) in cases {
        let said = read(&text).expect_err(name);
        assert!(said.contains(says), "{name}: {said}");
    }
}

#[test]
fn nicknames_are_octets() {
    let (a, b) = (vkey(1), vkey(2));
    // A letter and the sign that folds to it, and bytes that are no text.
    let mut text = format!("witness K {a}\nwitness \u{212a} {b}\n").into_bytes();
    assert!(read(&format!("witness K {a}\nquorum \u{212a}\n")).is_err());
    text.extend(b"group \xff\xfe all K \xe2\x84\xaa\nquorum \xff\xfe\n# \xff\n");
    let policy = WitnessPolicy::parse(&text).unwrap();
    assert!(policy.satisfied(&[0, 1]) && !policy.satisfied(&[1]));
    // A blank that only Unicode knows is part of a name.
    let odd = format!("witness a\u{a0}b {a}\nquorum a\u{a0}b\n");
    assert!(read(&odd).unwrap().satisfied(&[0]));
}

/// Cosigns the sample's checkpoint.
fn cosigned(policy: &str, lines: impl Fn(&Checkpoint) -> String) -> Report {
    let mut files = Model::sample().files();
    let note = Note::parse(&files[CHECKPOINT]).unwrap();
    let lines = lines(&Checkpoint::parse(&note.text).unwrap());
    for path in [CHECKPOINT, ISSUED_PROOF] {
        files.get_mut(path).unwrap().extend(lines.bytes());
    }
    retag(&mut files);
    let trust = Trust {
        policy: Some(read(policy).unwrap()),
        ..key()
    };
    verify_zip(&files, &trust)
}

const NOW: u64 = 1_795_356_452;

#[test]
fn a_witness_of_another_kind_is_absent_and_named() {
    let (log, other) = (key().key.unwrap(), other_kind("quantum.example/w", 6, 7));
    let policy = format!(
        "log {log}\nwitness a {}\nwitness q {other}\ngroup g any a q\nquorum g\n",
        vkey(1)
    );
    let report = cosigned(&policy, |checkpoint| witness(1).cosign(checkpoint, NOW));
    assert_eq!((failures(&report), report.exit_code), (vec![], 0));
    let named = |report: &Report| {
        let mut named = report
            .findings
            .iter()
            .filter(|f| f.rule == "witness" && f.verdict == Verdict::NotChecked);
        named.any(|f| f.message.contains("quantum.example/w"))
    };
    assert!(named(&report));
    // Its own line counts for nothing, and is no stranger's.
    let line = format!(
        "\u{2014} quantum.example/w {}\n",
        b64::encode(&[&[0x0a, 0x1b, 0x2c, 0x3d][..], &[1; 80]].concat())
    );
    let report = cosigned(&policy, |_| line.clone());
    assert!(has(&report, "witness") && named(&report) && !report.finds(OTHERS, Verdict::NotChecked));
    // One key has one line, of whatever kind.
    let twice = format!(
        "witness q {other}\nwitness r {}\nquorum q\n",
        other_kind("renamed", 6, 7)
    );
    assert!(read(&twice).is_err());
    // A log of another kind has not signed, and a policy that lists one asks for it.
    let other_log = format!("log {}\nquorum none\n", other_kind("a.log", 2, 1));
    let report = cosigned(&other_log, |_| String::new());
    assert!(has(&report, "signer"), "{:#?}", failures(&report));
}

#[test]
fn a_key_counts_once_and_at_a_time_that_can_be() {
    let log = key().key.unwrap();
    let policy = format!(
        "log {log}\nwitness a {}\nwitness b {}\ngroup g all a b\nquorum g\n",
        vkey(1),
        vkey(2)
    );
    let both = |checkpoint: &Checkpoint| witness(1).cosign(checkpoint, NOW) + &witness(2).cosign(checkpoint, NOW);
    assert_eq!(failures(&cosigned(&policy, both)), Vec::<String>::new());
    // The first witness's key under another name is a stranger.
    let again = Signer::witness_from_seed("another.name/w", &[1; 32]).unwrap();
    let report = cosigned(&policy, |c| witness(1).cosign(c, NOW) + &again.cosign(c, NOW));
    assert!(
        has(&report, "witness") && report.finds(OTHERS, Verdict::NotChecked),
        "{:#?}",
        failures(&report)
    );
    let report = cosigned(&policy, |c| both(c) + &witness(1).cosign(c, NOW + 1));
    assert!(has(&report, "witness"), "one witness signed twice");
    for time in [0, 1, 946_684_799, 253_402_300_800, u64::MAX / 2, u64::MAX] {
        let report = cosigned(&policy, |c| witness(1).cosign(c, NOW) + &witness(2).cosign(c, time));
        assert!(has(&report, "witness") && report.anchored.is_empty(), "{time}");
    }
}
