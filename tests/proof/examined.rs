//! Examinations: an exhibit shows the latest one that its events name, word for word, and none that they do not.

use casetrail::proof::Digest;
use casetrail::proof::packet::Shown;
use serde_json::{Value, json};

use crate::insider::{add, list};
use crate::kit::*;

pub const RULES: &[&str] = &["exhibits.examination"];

fn record(program: &str) -> Value {
    json!({"id": uuid(40), "capture_id": uuid(101), "at": "2026-11-22T15:00:00.000000Z", "tool": {"name": program, "version": "1"},
        "files": [{"sha256": Digest([1; 32]), "width": 640, "height": 480,
            "facts": [{"source": "exif", "name": "Make", "value": "<b>NIKON</b>"}], "flags": [{"flag": "type_differs", "why": "named .png"}]}]})
}

/// Adds an examination to the first exhibit's events, and shows it.
fn examine(model: &mut Model, program: &str) {
    add(model, "capture.examined", &uuid(101), record(program));
    list(model);
    let made = |l: &&Logged| l.event.action == "capture.examined";
    let last = model.log.iter().rfind(made).unwrap();
    let shown = Shown {
        leaf: last.leaf,
        record: last.record.clone(),
    };
    model.exhibits[0].examination = Some(shown);
}

fn sample() -> Model {
    let mut model = Model::sample();
    examine(&mut model, "casetrail");
    model
}

#[test]
fn an_exhibit_shows_what_was_found_in_its_files() {
    let files = sample().files();
    assert_eq!(failures(&verify_zip(&files, &key())), [""; 0]);
    let page = String::from_utf8(page_of(&files)).unwrap();
    for told in [
        "640 × 480 pixels",
        "EXIF: Make",
        "&#60;b&#62;NIKON",
        "named .png",
        "casetrail 1",
    ] {
        assert!(page.contains(told), "{told}");
    }
}

type Lie = (&'static str, &'static str, fn(&mut Model));

const LIES: &[Lie] = &[
    ("an examination left out", "exhibits.examination", |m| {
        m.exhibits[0].examination = None
    }),
    ("an examination that nobody made", "exhibits.examination", |m| {
        m.exhibits[1].examination = m.exhibits[0].examination.clone()
    }),
    ("the examination before the last", "exhibits.examination", |m| {
        let first = m.exhibits[0].examination.clone();
        examine(m, "another");
        m.exhibits[0].examination = first;
    }),
    ("an examination that says something else", "packet.record", |m| {
        m.exhibits[0].examination.as_mut().unwrap().record["files"][0]["width"] = json!(1);
    }),
];

#[test]
fn each_lie_fails_by_its_rule_alone() {
    for (lie, rule, bend) in LIES {
        let mut model = sample();
        bend(&mut model);
        let found = failures(&verify_zip(&model.files(), &key()));
        assert!(
            !found.is_empty() && found.iter().all(|one| one.starts_with(&format!("{rule} "))),
            "{lie}: {found:?}"
        );
    }
}
