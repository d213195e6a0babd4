//! What lies beside an exhibit's originals: standard duplicates, each bound to the event that made it, and the folders of
//! output profiles, which hold copies and lists that follow from `packet.json`.

use casetrail::proof::Digest;
use casetrail::proof::packet::*;
use casetrail::verify::duplicates::duplicate_file;
use casetrail::verify::profiles::{ProfileFolders, unfit};
use casetrail::verify::{Verdict, VerifyOutcome};
use serde_json::{Value, json};

use crate::kit::*;

pub const RULES: &[&str] = &[
    "exhibits.duplicate",
    "exhibits.duplicates",
    "profiles.file",
    "profiles.list",
    "profiles.unfit",
    "profiles.unnamed",
];

const COPY: &[u8] = b"\xff\xd8\xff a copy as JPEG";
const COPY_AT: &str = "data/exhibits/001/01-duplicate.jpg";
const JERS_COPY: &str = "data/profiles/jers/1-1_post-item-1.jpg";
const JERS_LIST: &str = "data/profiles/jers/Exhibits.txt";

fn made(n: u32) -> String {
    uuid(40 + n)
}

/// The record of a duplicate of the first file of a capture.
fn record(model: &Model, n: u32, of: usize) -> Value {
    let row = &model.inventory[of];
    let parent = &model.log[model.seq("capture.recorded", &row.id)].record["files"][0]["sha256"];
    json!({"id": made(n), "case_id": CASE, "kind": "duplicate",
        "capture": {"id": row.id, "item": row.item, "kind": row.kind, "captured_at": row.captured_at, "version": 1},
        "file": {"parent": parent, "sha256": Digest::of(COPY), "size": COPY.len(), "media_type": "image/jpeg"},
        "recipe": {"programs": [{"name": "heif-convert", "version": "libheif 1.15.1", "settings": "-q 95"}]},
        "tool": {"name": "casetrail", "version": "0.1.0"}, "reason": "a courtroom may not play the original",
        "made_by": {"id": uuid(9), "name": "P. Ros"}, "made_at": "2026-11-22T14:07:31.120000Z"})
}

/// Logs a duplicate behind the request, as the job that builds the packet does.
fn log(model: &mut Model, (n, of): (u32, usize), withheld: Option<&'static str>) {
    let (record, asked) = (record(model, n, of), model.seq("packet.requested", PACKET_ID));
    model.relog(|log| {
        let mut event = log[asked].clone();
        event.event.action = "derivative.made".into();
        event.event.object.type_ = "derivative".into();
        event.event.object.id = made(n);
        let file = &record["file"];
        let attest = json!({"capture": record["capture"]["id"], "kind": "duplicate",
            "file": {"parent": file["parent"], "sha256": file["sha256"], "size": file["size"]}});
        event.event.attest = serde_json::from_value(attest).unwrap();
        event.record = record;
        event.withheld = withheld;
        log.insert(asked + 1, event);
    });
}

/// The first file of the first exhibit is a HEIC.
fn photo(model: &mut Model) {
    let at = model.seq("capture.recorded", &uuid(101));
    model.relog(|log| log[at].record["files"][0]["media_type"] = json!("image/heic"));
    let exhibit = &mut model.exhibits[0];
    exhibit.record = model.log[at].record.clone();
    let file = &mut exhibit.files[0];
    file.media_type = Some("image/heic".into());
    let path = exhibit_path(1, 1, &file.role, "heic");
    let old = file.path.replace(path.clone()).unwrap();
    let bytes = model.blobs.remove(&old).unwrap();
    model.blobs.insert(path, bytes);
}

/// Shows the duplicate beside the photo, as what is logged now says.
fn settle(model: &mut Model) {
    let at = model.seq("derivative.made", &made(1));
    let shown = Shown {
        leaf: model.log[at].leaf,
        record: model.log[at].record.clone(),
    };
    model.blobs.insert(COPY_AT.into(), COPY.to_vec());
    model.exhibits[0].duplicates = Some(vec![DuplicateRow {
        of: 1,
        file: duplicate_file((1, 1), &shown.record["file"]),
        made: Some(shown),
        lacks: None,
    }]);
    model.exhibits[1].duplicates = Some(vec![]);
    fold(model);
}

/// Makes the folders of the profiles that the head names.
fn fold(model: &mut Model) {
    model.blobs.retain(|path, _| !path.starts_with(PROFILES));
    let named = model.head.profiles.clone().unwrap_or_default();
    let mut folders = ProfileFolders::new(&named);
    for exhibit in &mut model.exhibits {
        exhibit.unfit = unfit(&named, exhibit);
        folders.add(exhibit);
    }
    for (path, copy) in &folders.copies {
        let bytes = model.blobs.values().find(|bytes| Digest::of(bytes) == copy.sha256);
        let bytes = bytes.cloned().unwrap_or_default();
        model.blobs.insert(path.clone(), bytes);
    }
    for (path, bytes) in folders.lists() {
        model.blobs.insert(path.clone(), bytes.to_vec());
    }
}

/// The sample with a photo that has a duplicate, a duplicate that no exhibit shows, and both profiles.
pub fn sample() -> Model {
    let mut model = Model::sample();
    photo(&mut model);
    model.ask(|record| {
        record["duplicates"] = json!(true);
        record["profiles"] = json!([JERS, LOADFILE]);
    });
    model.head.duplicates = Some(true);
    model.head.profiles = Some(vec![JERS.into(), LOADFILE.into()]);
    log(&mut model, (1, 0), None);
    log(&mut model, (2, 1), Some("not_selected"));
    settle(&mut model);
    model
}

/// Changes the event of the duplicate and its record, and shows it as it is then.
fn rerecord(model: &mut Model, change: fn(&mut Value, &mut Value)) {
    let at = model.seq("derivative.made", &made(1));
    model.relog(|log| {
        let mut attest = json!(log[at].event.attest);
        change(&mut attest, &mut log[at].record);
        log[at].event.attest = serde_json::from_value(attest).unwrap();
    });
    settle(model);
}

fn row(model: &mut Model) -> &mut DuplicateRow {
    &mut model.exhibits[0].duplicates.as_mut().unwrap()[0]
}

/// A lie, the rule that finds it, and whether no other does.
struct BesideLie(&'static str, &'static str, bool, fn(&mut Model));

const LIES: &[BesideLie] = &[
    BesideLie("other bytes than were made", "exhibits.file", true, |m| {
        m.blobs.insert(COPY_AT.into(), COPY.iter().rev().copied().collect());
    }),
    BesideLie("no bytes at all", "exhibits.file", true, |m| {
        m.blobs.remove(COPY_AT);
    }),
    BesideLie("a duplicate of another file", "exhibits.duplicate", true, |m| {
        rerecord(m, |attest, record| {
            let other = json!(Digest::of(b"bytes of capture 1, file 1"));
            (attest["file"]["parent"], record["file"]["parent"]) = (other.clone(), other);
        });
    }),
    BesideLie("a duplicate of another capture", "exhibits.duplicate", true, |m| {
        rerecord(m, |attest, record| {
            (attest["capture"], record["capture"]["id"]) = (json!(uuid(103)), json!(uuid(103)));
        });
    }),
    BesideLie("another item than the inventory's", "exhibits.duplicate", true, |m| {
        rerecord(m, |_, record| record["capture"]["item"] = json!(9));
    }),
    BesideLie("another format than the file wants", "exhibits.duplicate", true, |m| {
        m.blobs.remove(COPY_AT);
        rerecord(m, |_, record| record["file"]["media_type"] = json!("audio/mpeg"));
        m.blobs.remove(COPY_AT);
        m.blobs.insert(COPY_AT.replace("jpg", "mp3"), COPY.to_vec());
    }),
    BesideLie("a redaction called a duplicate", "records.derivative", false, |m| {
        rerecord(m, |_, record| record["kind"] = json!("redaction"));
    }),
    BesideLie("an event that attests no duplicate", "exhibits.duplicate", false, |m| {
        rerecord(m, |attest, record| {
            drop(attest.as_object_mut().unwrap().remove("kind"));
            record["kind"] = json!("redaction");
        });
    }),
    BesideLie("another place than the file's", "exhibits.duplicate", true, |m| {
        let path = COPY_AT.replace("/01-", "/02-");
        m.blobs.remove(COPY_AT);
        m.blobs.insert(path.clone(), COPY.to_vec());
        row(m).file.as_mut().unwrap().path = Some(path);
        fold(m);
    }),
    BesideLie(
        "the duplicate of a file that is not there",
        "exhibits.duplicate",
        false,
        |m| {
            row(m).of = 3;
        },
    ),
    BesideLie("a duplicate and a reason", "exhibits.duplicate", true, |m| {
        row(m).lacks = Some("none".into());
    }),
    BesideLie("neither a duplicate nor a reason", "exhibits.duplicates", true, |m| {
        let at = m.seq("derivative.made", &made(1));
        m.log[at].withheld = Some("not_selected");
        m.blobs.remove(COPY_AT);
        m.exhibits[0].duplicates = Some(vec![]);
        fold(m);
    }),
    BesideLie("an empty reason", "exhibits.duplicate", true, |m| {
        let at = m.seq("derivative.made", &made(1));
        m.log[at].withheld = Some("not_selected");
        m.blobs.remove(COPY_AT);
        *row(m) = DuplicateRow {
            of: 1,
            file: None,
            made: None,
            lacks: Some(String::new()),
        };
        fold(m);
    }),
    BesideLie(
        "an exhibit without a word of duplicates",
        "exhibits.duplicates",
        true,
        |m| {
            m.exhibits[1].duplicates = None;
        },
    ),
    BesideLie("the same duplicate twice", "exhibits.duplicate", false, |m| {
        let mut again = row(m).clone();
        again.of = 2;
        m.exhibits[0].duplicates.as_mut().unwrap().push(again);
    }),
    BesideLie(
        "the record of a duplicate that no exhibit lists",
        "exhibits.duplicate",
        true,
        |m| {
            log(m, (3, 0), None);
            settle(m);
        },
    ),
    BesideLie(
        "the record of a duplicate of what is not selected",
        "statuses.derivative",
        false,
        |m| {
            let at = m.seq("derivative.made", &made(2));
            m.log[at].withheld = None;
        },
    ),
    BesideLie("duplicates that nobody asked for", "packet.request", false, |m| {
        m.ask(|record| drop(record.as_object_mut().unwrap().remove("duplicates")));
        settle(m);
    }),
    BesideLie("a duplicate as a redaction", "exhibits.redactions", false, |m| {
        let row = json!([{"capture": m.inventory[0].id, "derivatives": [made(1)]}]);
        m.ask(|record| record["redactions"] = row);
        m.inventory[0].status = "redacted".into();
        settle(m);
        let shown = row_made(m);
        let exhibit = &mut m.exhibits[0];
        exhibit.duplicates = None;
        exhibit.redactions = Some(vec![shown]);
        (exhibit.record, exhibit.current) = (Value::Null, None);
    }),
    BesideLie("other bytes in a profile", "profiles.file", true, |m| {
        m.blobs.insert(JERS_COPY.into(), b"another".to_vec());
    }),
    BesideLie("a copy that is left out of a profile", "profiles.file", true, |m| {
        assert!(m.blobs.remove(JERS_COPY).is_some(), "{:?}", m.blobs.keys());
    }),
    BesideLie("another list", "profiles.list", true, |m| {
        m.blobs.insert(
            JERS_LIST.into(),
            b"1(1)|something else|1-1_post-item-1.jpg\r\n".to_vec(),
        );
    }),
    BesideLie("no list", "profiles.list", true, |m| {
        m.blobs.remove("data/profiles/loadfile/loadfile.opt");
    }),
    BesideLie("a file that no profile has", "profiles.unnamed", true, |m| {
        m.blobs.insert("data/profiles/jers/2_more.jpg".into(), b"more".to_vec());
    }),
    BesideLie(
        "a folder of a profile that nobody asked for",
        "profiles.unnamed",
        true,
        |m| {
            m.ask(|record| record["profiles"] = json!([JERS]));
            m.head.profiles = Some(vec![JERS.into()]);
            settle(m);
            m.blobs
                .insert("data/profiles/loadfile/loadfile.opt".into(), b"".to_vec());
        },
    ),
    BesideLie("other profiles than were asked for", "packet.request", true, |m| {
        m.head.profiles = Some(vec![JERS.into()]);
        fold(m);
    }),
    BesideLie("no word of what a profile cannot take", "profiles.unfit", true, |m| {
        assert!(m.exhibits[1].unfit.take().is_some());
    }),
];

fn row_made(model: &mut Model) -> Shown {
    row(model).made.clone().unwrap()
}

#[test]
fn duplicates_and_profiles_pass_and_are_shown_by_the_page() {
    let model = sample();
    let files = model.files();
    let report = verify_zip(&files, &key());
    assert_eq!((failures(&report), report.exit_code), (vec![], 0));
    assert!(!report.finds("exhibits.told", Verdict::NotChecked));
    let page = String::from_utf8_lossy(&files[INDEX]).into_owned();
    assert!(page.contains("<img src=\"exhibits/001/01-duplicate.jpg\""), "{page}");
    assert!(page.contains("heif-convert libheif 1.15.1 (-q 95)"));
    assert!(page.contains("profiles/loadfile/"));
    let list = String::from_utf8_lossy(&files[JERS_LIST]).into_owned();
    let lines: Vec<&str> = list.split_terminator("\r\n").collect();
    assert_eq!(
        lines,
        [
            "1(1)|post, captured 2026-11-22, item 1|1-1_post-item-1.jpg",
            "1(2)|post, captured 2026-11-22, item 1|1-2_post-item-1.jpg"
        ]
    );
}

#[test]
fn no_lie_about_what_lies_beside_originals_passes() {
    let mut missed = Vec::new();
    for BesideLie(name, rule, alone, bend) in LIES {
        let mut model = sample();
        bend(&mut model);
        let files = model.files();
        for report in [verify_zip(&files, &key()), verify_folder(&files, &key())] {
            let found = has(&report, rule) && report.outcome == VerifyOutcome::Failed;
            if !found || (*alone && !report.fails_only(|other| other == *rule)) {
                missed.push((name, rule, failures(&report)));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}
