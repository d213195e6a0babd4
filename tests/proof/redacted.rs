//! Redacted exhibits: the packet holds the redacted copy, nothing of what it hides, and what binds the one to the other.

use casetrail::proof::Digest;
use casetrail::proof::packet::*;
use casetrail::verify::redacted::file_rows;
use casetrail::verify::{Verdict, VerifyOutcome};
use serde_json::{Value, json};

use crate::kit::*;

pub const RULES: &[&str] = &[
    "events.derivative",
    "exhibits.leak",
    "exhibits.recipe",
    "exhibits.redacted",
    "exhibits.redactions",
    "exhibits.told",
    "records.derivative",
    "statuses.derivative",
];

const COPY: &[u8] = b"\x89PNG\r\n\x1a\n a copy with boxes";

/// The id of the redaction that is named, and of one that is not.
fn made(n: u32) -> String {
    uuid(40 + n)
}

fn record(model: &Model, n: u32) -> Value {
    let row = &model.inventory[0];
    let parent = &model.log[model.seq("capture.recorded", &row.id)].record["files"][0]["sha256"];
    json!({"id": made(n), "case_id": CASE, "kind": "redaction",
        "capture": {"id": row.id, "item": row.item, "kind": row.kind, "captured_at": row.captured_at, "version": 2},
        "file": {"parent": parent, "sha256": Digest::of(COPY), "size": COPY.len(), "media_type": "image/png"},
        "recipe": {"picture": {"width": 400, "height": 300}, "boxes": [{"x": 1, "y": 2, "width": 30, "height": 40}]},
        "tool": {"name": "casetrail", "version": "0.1.0"}, "reason": "a bystander",
        "made_by": {"id": uuid(9), "name": "P. Ros"}, "made_at": "2026-11-22T14:05:00.000000Z",
        "told": {"kind": row.kind, "captured_at": row.captured_at}})
}

/// Logs a redaction before the request.
fn log(model: &mut Model, n: u32, withheld: Option<&'static str>) {
    let (record, asked) = (record(model, n), model.seq("packet.requested", PACKET_ID));
    model.relog(|log| {
        let mut event = log[asked].clone();
        event.event.action = "derivative.made".into();
        event.event.object.type_ = "derivative".into();
        event.event.object.id = made(n);
        let file = &record["file"];
        let attest = json!({"capture": record["capture"]["id"],
            "file": {"parent": file["parent"], "sha256": file["sha256"], "size": file["size"]}});
        event.event.attest = serde_json::from_value(attest).unwrap();
        event.record = record;
        event.withheld = withheld;
        log.insert(asked, event);
    });
}

/// Shows the first exhibit redacted, as what is logged now says.
fn settle(model: &mut Model) {
    let at = model.seq("derivative.made", &made(1));
    let shown = Shown {
        leaf: model.log[at].leaf,
        record: model.log[at].record.clone(),
    };
    let exhibit = &mut model.exhibits[0];
    let own: Vec<FileRow> = exhibit
        .files
        .iter()
        .filter(|row| row.role != "derivative")
        .cloned()
        .collect();
    for path in own.iter().filter_map(|row| row.path.as_ref()) {
        model.blobs.remove(path);
    }
    let redactions = vec![shown];
    exhibit.files = file_rows((1, model.head.papers), &own, &redactions);
    for path in exhibit.files.iter().filter_map(|row| row.path.clone()) {
        model.blobs.insert(path, COPY.to_vec());
    }
    exhibit.redactions = Some(redactions);
    (exhibit.record, exhibit.current) = (Value::Null, None);
    let capture = exhibit.capture.clone();
    for logged in model.log.iter_mut().filter(|logged| logged.event.object.id == capture) {
        logged.withheld = Some("redacted");
    }
    model.inventory[0].status = "redacted".into();
}

/// The sample with its first exhibit redacted, and another redaction of it that nobody asked for.
pub fn sample() -> Model {
    let mut model = Model::sample();
    log(&mut model, 1, None);
    log(&mut model, 2, Some("not_selected"));
    let row = json!([{"capture": model.inventory[0].id, "derivatives": [made(1)]}]);
    model.ask(|record| record["redactions"] = row);
    settle(&mut model);
    model
}

/// Changes the record of the redaction, and shows it as it is then.
fn rerecord(model: &mut Model, change: fn(&mut Value)) {
    let at = model.seq("derivative.made", &made(1));
    model.relog(|log| change(&mut log[at].record));
    settle(model);
}

/// A lie, and the rule that finds it.
struct RedactedLie(&'static str, &'static str, fn(&mut Model));

const LIES: &[RedactedLie] = &[
    RedactedLie("other bytes than were made", "exhibits.file", |m| {
        m.blobs
            .insert("data/exhibits/001/01-derivative.png".into(), b"another".to_vec());
    }),
    RedactedLie("no bytes at all", "exhibits.file", |m| {
        m.blobs.remove("data/exhibits/001/01-derivative.png");
    }),
    RedactedLie("the original beside the copy", "exhibits.unnamed", |m| {
        m.blobs.insert(
            "data/exhibits/001/01-original.jpg".into(),
            b"bytes of capture 1, file 0".to_vec(),
        );
    }),
    RedactedLie("the original called a copy", "exhibits.leak", |m| {
        let original = b"bytes of capture 1, file 0";
        let (digest, size) = (Digest::of(original), original.len());
        let at = m.seq("derivative.made", &made(1));
        m.relog(|log| {
            let file = json!({"parent": digest, "sha256": digest, "size": size});
            log[at].event.attest["file"] = file.clone();
            log[at].record["file"] = file;
            log[at].record["file"]["media_type"] = json!("image/png");
        });
        settle(m);
        m.blobs
            .insert("data/exhibits/001/01-derivative.png".into(), original.to_vec());
    }),
    RedactedLie("a record of what is redacted", "records.status", |m| {
        let id = m.inventory[0].id.clone();
        m.log
            .iter_mut()
            .filter(|l| l.event.object.id == id)
            .for_each(|l| l.withheld = None);
    }),
    RedactedLie(
        "the record of what is redacted as the exhibit's",
        "exhibits.redacted",
        |m| {
            let at = m.seq("capture.recorded", &m.inventory[0].id);
            m.exhibits[0].record = m.log[at].record.clone();
        },
    ),
    RedactedLie("the name of a file that is withheld", "exhibits.redacted", |m| {
        m.exhibits[0].files[1].name = Some("River K.jpg".into());
    }),
    RedactedLie("a file that is withheld for another reason", "exhibits.redacted", |m| {
        m.exhibits[0].files[0].withheld = Some(json!({"reason": "contraband"}));
    }),
    RedactedLie("no word of a file that is withheld", "exhibits.files", |m| {
        m.exhibits[0].files.remove(1);
    }),
    RedactedLie("a redaction that nobody asked for", "exhibits.redactions", |m| {
        m.ask(|record| record["redactions"][0]["derivatives"] = json!([made(2)]));
    }),
    RedactedLie(
        "the record of a redaction that nobody asked for",
        "statuses.derivative",
        |m| {
            let at = m.seq("derivative.made", &made(2));
            m.log[at].withheld = None;
        },
    ),
    RedactedLie(
        "no record of the redaction that was asked for",
        "statuses.derivative",
        |m| {
            let at = m.seq("derivative.made", &made(1));
            m.log[at].withheld = Some("not_selected");
        },
    ),
    RedactedLie("a redaction withheld under another class", "records.status", |m| {
        let at = m.seq("derivative.made", &made(2));
        m.log[at].withheld = Some("held");
    }),
    RedactedLie("redacted where nobody asked for it", "statuses.status", |m| {
        m.ask(|record| drop(record.as_object_mut().unwrap().remove("redactions")));
    }),
    RedactedLie("shown whole where a redaction was asked for", "statuses.status", |m| {
        let whole = Model::sample();
        let row = json!([{"capture": whole.inventory[0].id, "derivatives": [made(1)]}]);
        *m = whole;
        log(m, 1, None);
        m.ask(|record| record["redactions"] = row);
    }),
    RedactedLie("a redaction of another capture", "exhibits.redactions", |m| {
        let at = m.seq("derivative.made", &made(1));
        m.relog(|log| {
            log[at].event.attest["capture"] = json!(uuid(103));
            log[at].record["capture"]["id"] = json!(uuid(103));
        });
        settle(m);
    }),
    RedactedLie("a parent that is no file of the capture", "exhibits.redacted", |m| {
        let at = m.seq("derivative.made", &made(1));
        m.relog(|log| {
            log[at].event.attest["file"]["parent"] = json!(Digest([7; 32]));
            log[at].record["file"]["parent"] = json!(Digest([7; 32]));
        });
        settle(m);
    }),
    RedactedLie("another parent than the event attests", "records.derivative", |m| {
        rerecord(m, |record| record["file"]["parent"] = json!(Digest([7; 32])));
    }),
    RedactedLie("another item than the inventory's", "exhibits.redacted", |m| {
        rerecord(m, |record| record["capture"]["item"] = json!(9));
    }),
    RedactedLie("another kind than the inventory's", "exhibits.redacted", |m| {
        rerecord(m, |record| record["told"]["kind"] = json!("video"));
    }),
    RedactedLie("a box beyond the picture", "exhibits.recipe", |m| {
        rerecord(m, |record| record["recipe"]["boxes"][0]["x"] = json!(371));
    }),
    RedactedLie("a box of no pixel", "exhibits.recipe", |m| {
        rerecord(m, |record| record["recipe"]["boxes"][0]["height"] = json!(0));
    }),
    RedactedLie("no box at all", "exhibits.recipe", |m| {
        rerecord(m, |record| record["recipe"]["boxes"] = json!([]));
    }),
    RedactedLie("a box on a page of a picture", "exhibits.recipe", |m| {
        rerecord(m, |record| record["recipe"]["boxes"][0]["page"] = json!(1));
    }),
    RedactedLie("a picture that is called sanitized", "exhibits.recipe", |m| {
        rerecord(m, |record| record["kind"] = json!("sanitized"));
    }),
    RedactedLie("a derivative of another kind", "exhibits.recipe", |m| {
        rerecord(m, |record| record["kind"] = json!("summary"));
    }),
    RedactedLie("times of a picture", "exhibits.recipe", |m| {
        rerecord(m, |record| {
            record["recipe"] = json!({"duration_ms": 9, "times": [{"from_ms": 0, "to_ms": 5, "what": "both"}]});
        });
    }),
    RedactedLie("no recipe", "exhibits.recipe", |m| {
        rerecord(m, |record| record["recipe"] = json!({}));
    }),
    RedactedLie("an event that attests no capture", "events.derivative", |m| {
        let at = m.seq("derivative.made", &made(1));
        m.relog(|log| drop(log[at].event.attest.remove("capture")));
        settle(m);
    }),
    RedactedLie("a derivative recorded twice", "events.derivative", |m| {
        log(m, 1, None);
        settle(m);
    }),
];

#[test]
fn a_recipe_is_one_that_its_copy_can_have() {
    use casetrail::verify::redacted::recipe_fits;
    let size = json!({"width": 40, "height": 30});
    let one = |page: u64, x: u64| json!({"page": page, "x": x, "y": 0, "width": 10, "height": 30});
    let pages = |boxes: Value| json!({"dpi": 150, "pages": [size, size], "boxes": boxes});
    let times = |ends: &[(u64, u64)]| {
        let range = |(from, to): &(u64, u64)| json!({"from_ms": from, "to_ms": to, "what": "sound"});
        json!({"duration_ms": 100, "times": ends.iter().map(range).collect::<Vec<_>>()})
    };
    let (pdf, film) = ("application/pdf", "video/mp4");
    let both = json!({"sanitized": {}, "times": []});
    for (fits, kind, media_type, recipe) in [
        (true, "redaction", pdf, pages(json!([one(1, 0), one(2, 30)]))),
        (false, "redaction", pdf, pages(json!([one(3, 0)]))),
        (false, "redaction", pdf, pages(json!([one(0, 0)]))),
        (false, "redaction", pdf, pages(json!([one(1, 31)]))),
        (
            false,
            "redaction",
            pdf,
            pages(json!([{"x": 0, "y": 0, "width": 1, "height": 1}])),
        ),
        (false, "redaction", "image/png", pages(json!([one(1, 0)]))),
        (false, "sanitized", pdf, pages(json!([one(1, 0)]))),
        (true, "redaction", film, times(&[(0, 5), (5, 100)])),
        (true, "redaction", "audio/mpeg", times(&[(0, 5)])),
        (false, "redaction", film, times(&[(0, 5), (4, 9)])),
        (false, "redaction", film, times(&[(5, 5)])),
        (false, "redaction", film, times(&[(0, 101)])),
        (false, "redaction", film, times(&[])),
        (false, "redaction", pdf, times(&[(0, 5)])),
        (
            true,
            "sanitized",
            "application/warc",
            json!({"sanitized": {"names": 1}}),
        ),
        (
            false,
            "redaction",
            "application/warc",
            json!({"sanitized": {"names": 1}}),
        ),
        (false, "sanitized", film, both),
    ] {
        let record = json!({"kind": kind, "recipe": recipe, "file": {"media_type": media_type}});
        assert_eq!(recipe_fits(&record), fits, "{record}");
    }
    assert!(recipe_fits(&json!({"kind": "redaction", "recipe": {"blots": 1}})));
    assert!(!recipe_fits(
        &json!({"kind": "redaction", "recipe": {"boxes": [one(1, 0)]}})
    ));
}

#[test]
fn a_redacted_exhibit_passes_and_tells_what_it_withholds() {
    let model = sample();
    let files = model.files();
    let report = verify_zip(&files, &key());
    assert_eq!((failures(&report), report.exit_code), (vec![], 0));
    assert!(report.finds("exhibits.told", Verdict::NotChecked));
    assert!(report.finds("exhibits.withheld", Verdict::Absent));
    assert!(report.findings.iter().any(|f| f.message.contains("record redacted")));
    // Nothing that was recorded of it leaves: not its text, its files' names, its note.
    let told = |what: &str| {
        files
            .iter()
            .filter(|(_, bytes)| String::from_utf8_lossy(bytes).contains(what))
            .count()
    };
    assert_eq!(told("bytes of capture 1"), 0);
    let lines: Vec<String> = String::from_utf8_lossy(&files[RECORDS])
        .lines()
        .map(str::to_owned)
        .collect();
    assert!(
        lines
            .iter()
            .filter(|line| line.contains(&uuid(101)))
            .all(|line| line.contains("redaction"))
    );
    let page = String::from_utf8_lossy(&files[INDEX]).into_owned();
    assert!(page.contains("REDACTED") && page.contains("a bystander"), "{page}");
}

#[test]
fn no_lie_about_a_redaction_passes() {
    let mut missed = Vec::new();
    for RedactedLie(name, rule, bend) in LIES {
        let mut model = sample();
        bend(&mut model);
        let files = model.files();
        for report in [verify_zip(&files, &key()), verify_folder(&files, &key())] {
            if !has(&report, rule) || report.outcome != VerifyOutcome::Failed {
                missed.push((name, rule, failures(&report)));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}
