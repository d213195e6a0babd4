//! An insider holds the log's key and issues packets that lie, each consistent with itself as far as a key can make it:
//! manifests, issue, tree and checkpoint are made anew around the lie. What follows from events and records cannot be.

use std::collections::BTreeSet;

use casetrail::proof::Digest;
use casetrail::proof::checkpoint::{Checkpoint, Signer};
use casetrail::proof::packet::*;
use casetrail::verify::papers;
use casetrail::verify::{OTHERS, Verdict, VerifyOutcome};
use serde_json::json;

use crate::kit::*;

/// A lie, and the rule that finds it.
struct Lie(&'static str, &'static str, fn(&mut Model));

pub const RULES: &[&str] = &[
    "bag.how_to",
    "events.withheld",
    "exhibits.order",
    "exhibits.words",
    "inventory.item",
    "inventory.order",
    "inventory.schedule",
    "packet.missing",
    "packet.order",
    "packet.product",
    "packet.request",
    "packet.version",
    "papers",
    "statuses.reason",
    "statuses.request",
    "statuses.status",
];

/// Hides all events about a capture and leaves it out of the inventory.
fn hide(model: &mut Model, item: u32) {
    let id = uuid(100 + item);
    for logged in model.log.iter_mut().filter(|l| l.event.object.id == id) {
        logged.hidden = true;
    }
    model.inventory.retain(|row| row.id != id);
}

/// Adds an event after those about its object, with the log's key, as one that was really logged.
pub fn add(model: &mut Model, action: &'static str, id: &str, record: serde_json::Value) {
    let after = model.log.iter().rposition(|l| l.event.object.id == id).unwrap();
    model.relog(|log| {
        let mut more = log[after].clone();
        more.event.action = action.into();
        more.event.attest = Default::default();
        more.record = record;
        log.insert(after + 1, more);
    });
}

/// Makes exhibits list what events there now are about them.
pub fn list(model: &mut Model) {
    for exhibit in &mut model.exhibits {
        let about = model.log.iter().filter(|l| l.event.object.id == exhibit.capture);
        exhibit.events = about
            .map(|l| EventRow {
                leaf: l.leaf,
                seq: l.event.seq,
                action: l.event.action.clone(),
            })
            .collect();
    }
}

/// Says a status of the second capture, and withholds its records under it.
fn say(model: &mut Model, status: &'static str, why: Option<&str>) {
    let id = model.inventory[1].id.clone();
    model.inventory[1].status = status.into();
    model.inventory[1].why = why.map(Into::into);
    for logged in model.log.iter_mut().filter(|l| l.event.object.id == id) {
        logged.withheld = Some(status);
    }
}

/// Puts the two exhibits into the other order, with their numbers and files.
fn reverse(model: &mut Model) {
    model.exhibits.reverse();
    let mut blobs = Files::new();
    for (exhibit, number) in model.exhibits.iter_mut().zip(1..) {
        exhibit.exhibit = number;
        for (n, file) in exhibit.files.iter_mut().enumerate() {
            let path = exhibit_path(number, n + 1, &file.role, "jpg");
            let old = file.path.replace(path.clone()).unwrap();
            blobs.insert(path, model.blobs[&old].clone());
        }
    }
    model.blobs = blobs;
}

/// Asks for all captures, where the sample names two.
fn ask_for_all(model: &mut Model) {
    model.ask(|record| drop(record.as_object_mut().unwrap().remove("captures")));
}

/// The sample asked for with an exhibit list, whose event stands before the request.
pub fn with_list(model: &mut Model) {
    let list = uuid(20);
    let asked = model.seq("packet.requested", PACKET_ID);
    model.relog(|log| {
        let mut saved = log[asked].clone();
        saved.event.action = "exhibit_list.saved".into();
        saved.event.object.type_ = "exhibit_list".into();
        saved.event.object.id = list.clone();
        saved.record = json!({"id": list, "name": "For the hearing", "note": "of our own"});
        saved.withheld = Some("withheld");
        log.insert(asked, saved);
    });
    model.ask(|record| {
        record["exhibit_list"] = json!({"id": uuid(20), "version": 1});
        record["exhibits"] =
            json!([{"number": "P-1-A", "title": "The post"}, {"number": "P-2", "description": "Hers"}]);
        record["schedule"] = json!([{"capture": uuid(102), "description": "A post of another day"}]);
        record["excluded"] = json!([{"capture": uuid(102), "why": "of no weight"}]);
    });
    model.head.exhibit_list = Some(ListVersion {
        id: uuid(20),
        version: 1,
    });
    model.exhibits[0].number = Some("P-1-A".into());
    model.exhibits[0].title = Some("The post".into());
    model.exhibits[1].number = Some("P-2".into());
    model.exhibits[1].description = Some("Hers".into());
    model.inventory[1].description = Some("A post of another day".into());
    model.inventory[1].excluded = Some("of no weight".into());
}

const LIES: &[Lie] = &[
    Lie("an exhibit under another number", "exhibits.words", |m| {
        with_list(m);
        m.exhibits[1].number = Some("P-3".into());
    }),
    Lie("an exhibit without its number", "exhibits.words", |m| {
        with_list(m);
        m.exhibits[0].number = None;
    }),
    Lie("an exhibit with a title of its own", "exhibits.words", |m| {
        with_list(m);
        m.exhibits[1].title = Some("A confession".into());
    }),
    Lie("a number where no list was named", "exhibits.words", |m| {
        m.exhibits[0].number = Some("P-1".into());
    }),
    Lie("an exhibit described otherwise", "exhibits.words", |m| {
        with_list(m);
        m.exhibits[1].description = Some("His".into());
    }),
    Lie("unused material described otherwise", "inventory.schedule", |m| {
        with_list(m);
        m.inventory[1].description = Some("A post".into());
    }),
    Lie("unused material without its description", "inventory.schedule", |m| {
        with_list(m);
        m.inventory[1].description = None;
    }),
    Lie("another reason for leaving out", "inventory.schedule", |m| {
        with_list(m);
        m.inventory[1].excluded = Some("privileged".into());
    }),
    Lie("a description where no list was named", "inventory.schedule", |m| {
        m.inventory[1].description = Some("nothing of weight".into());
    }),
    Lie("another exhibit list", "packet.request", |m| {
        with_list(m);
        m.head.exhibit_list.as_mut().unwrap().version = 2;
    }),
    Lie("an exhibit list is shown", "records.status", |m| {
        with_list(m);
        let seq = m.seq("exhibit_list.saved", &uuid(20));
        m.log[seq].withheld = None;
    }),
    Lie("an exhibit list is withheld as something else", "records.status", |m| {
        with_list(m);
        let seq = m.seq("exhibit_list.saved", &uuid(20));
        m.log[seq].withheld = Some("purged");
    }),
    Lie("a held capture is hidden, counted nowhere", "events.withheld", |m| {
        say(m, "held", Some(papers::HELD));
        hide(m, 2)
    }),
    Lie("a note about an exhibit is hidden", "events.withheld", |m| {
        let seq = m.seq("capture.noted", &uuid(101));
        m.log[seq].hidden = true;
        m.exhibits[0].events.remove(1);
    }),
    Lie("the denial of a request is hidden", "events.withheld", |m| {
        let seq = m.seq("authorization.approved", &uuid(12));
        m.log[seq].hidden = true;
        m.authorizations[0].events.truncate(1);
        m.authorizations[0].leaf = m.authorizations[0].events[0];
        m.authorizations[0].record = m.log[seq - 1].record.clone();
    }),
    Lie("a note about an exhibit has no record", "records.status", |m| {
        let seq = m.seq("capture.noted", &uuid(101));
        m.log[seq].withheld = Some("purged");
    }),
    Lie("a correction of an exhibit has no record", "records.status", |m| {
        let seq = m.seq("capture.corrected", &uuid(101));
        m.log[seq].withheld = Some("withheld");
        m.exhibits[0].current = None;
    }),
    Lie(
        "an authorization's first version has no record",
        "records.status",
        |m| m.log[3].withheld = Some("purged"),
    ),
    Lie(
        "a record is withheld under a class of its own choice",
        "records.status",
        |m| m.log[8].withheld = Some("purged"),
    ),
    Lie("an authorization is dropped", "packet.missing", |m| {
        m.authorizations.clear()
    }),
    Lie("a subject is dropped", "packet.missing", |m| m.subjects.clear()),
    Lie("an account is dropped", "packet.missing", |m| m.accounts.clear()),
    Lie(
        "an authorization as it was before its decision",
        "packet.version",
        |m| {
            m.authorizations[0].leaf = m.authorizations[0].events[0];
            m.authorizations[0].record = m.log[3].record.clone();
        },
    ),
    Lie("the case as it was before it changed", "packet.version", |m| {
        let changed = json!({"id": CASE, "number": "26-004417", "title": "Closed, unfounded"});
        add(m, "case.changed", CASE, changed);
        list(m);
    }),
    Lie("a subject as it was before", "packet.version", |m| {
        add(
            m,
            "subject.changed",
            &uuid(10),
            json!({"id": uuid(10), "name": "Somebody else"}),
        );
        list(m);
    }),
    Lie("an exhibit as it was before its correction", "exhibits.current", |m| {
        m.exhibits[0].current = None
    }),
    Lie(
        "an exhibit under the correction before its last",
        "exhibits.current",
        |m| {
            add(
                m,
                "capture.corrected",
                &uuid(101),
                json!({"id": uuid(101), "text": "I never saw her"}),
            );
            list(m);
            let first = m.seq("capture.corrected", &uuid(101));
            m.exhibits[0].current.as_mut().unwrap().leaf = m.log[first].leaf;
        },
    ),
    Lie("a logged capture is held", "statuses.status", |m| {
        add(m, "capture.accepted", &uuid(102), json!({}));
        say(m, "held", Some(papers::HELD));
        list(m);
    }),
    Lie(
        "a capture that could leave, and that nobody decided about, is held",
        "statuses.status",
        |m| say(m, "held", Some(papers::HELD)),
    ),
    Lie(
        "where all were asked for, a capture that could leave is held",
        "statuses.status",
        |m| {
            ask_for_all(m);
            say(m, "held", Some(papers::HELD))
        },
    ),
    Lie("a held capture was not asked for", "statuses.status", |m| {
        m.ask(|record| record["may_leave"] = json!("1 3"))
    }),
    Lie("a capture that could not leave is an exhibit", "statuses.status", |m| {
        m.ask(|record| record["may_leave"] = json!("1-2"))
    }),
    Lie("a quarantined capture was not asked for", "statuses.status", |m| {
        add(m, "capture.quarantined", &uuid(102), json!({}));
        say(m, "not_selected", Some(papers::NOT_ASKED));
        list(m);
    }),
    Lie(
        "a capture that nobody quarantined is quarantined",
        "statuses.status",
        |m| say(m, "quarantined", Some(papers::QUARANTINED)),
    ),
    Lie("a capture is disposed of by no event", "statuses.status", |m| {
        say(m, "disposed", None)
    }),
    Lie("a capture is withheld by no event", "statuses.status", |m| {
        say(m, "withheld", Some("privileged"))
    }),
    Lie("a quarantined capture is an exhibit", "statuses.status", |m| {
        add(m, "capture.quarantined", &uuid(101), json!({}));
        list(m);
    }),
    Lie("a held capture is an exhibit", "statuses.status", |m| {
        let seq = m.seq("capture.recorded", &uuid(103));
        let late = m.seq("capture.corrected", &uuid(103));
        m.relog(|log| log[seq].record["state"] = json!("held"));
        m.exhibits[1].record = m.log[seq].record.clone();
        assert!(late > seq);
    }),
    Lie("not selected, where all were asked for", "statuses.status", |m| {
        ask_for_all(m);
        say(m, "not_selected", Some(papers::LATE));
    }),
    Lie(
        "an exhibit that was asked for was not selected",
        "exhibits.order",
        |m| {
            let id = uuid(103);
            m.exhibits.pop();
            m.inventory[2].status = "not_selected".into();
            m.inventory[2].why = Some(papers::NOT_ASKED.into());
            for logged in m.log.iter_mut().filter(|l| l.event.object.id == id) {
                logged.withheld = Some("not_selected");
            }
        },
    ),
    Lie("exhibits in another order", "exhibits.order", |m| {
        m.ask(|record| record["captures"] = json!([uuid(103), uuid(101)]))
    }),
    Lie(
        "where all were asked for, exhibits not in the order of their items",
        "exhibits.order",
        |m| {
            ask_for_all(m);
            m.ask(|record| record["may_leave"] = json!("1 3"));
            say(m, "held", Some(papers::HELD));
            reverse(m)
        },
    ),
    Lie("named after another case", "packet.name", |m| {
        m.head.name = "26-004418-20261122T140731Z".into()
    }),
    Lie("named after another time", "packet.name", |m| {
        m.head.name = "26-004417-20261122T140732Z".into()
    }),
    Lie("a capture accepted since is held", "statuses.status", |m| {
        m.ask(|record| record["may_leave"] = json!("1 3"));
        add(m, "capture.accepted", &uuid(102), json!({}));
        say(m, "held", Some(papers::HELD));
        list(m);
    }),
    Lie("another exhibit than the one asked for", "exhibits.order", |m| {
        m.ask(|record| record["captures"] = json!([uuid(101), uuid(102)]))
    }),
    Lie("a reason of its own", "statuses.reason", |m| {
        m.inventory[1].why = Some("the subject asked for it".into())
    }),
    Lie("the reason of another status", "statuses.reason", |m| {
        m.inventory[1].why = Some(papers::HELD.into())
    }),
    Lie("a reason for what is included", "statuses.reason", |m| {
        m.inventory[0].why = Some(papers::HELD.into())
    }),
    Lie("item numbers exchanged", "inventory.item", |m| {
        (m.inventory[0].item, m.inventory[1].item) = (2, 1)
    }),
    Lie("an inventory in another order", "inventory.order", |m| {
        m.inventory.swap(0, 1)
    }),
    Lie("another purpose", "packet.request", |m| {
        m.head.purpose = "internal".into()
    }),
    Lie("another recipient", "packet.request", |m| {
        m.head.recipient = Some("Harbor County Superior Court".into())
    }),
    Lie("asked for by somebody else", "packet.request", |m| {
        m.head.requested_by.name = "A. Other".into()
    }),
    Lie("asked for at another time", "packet.request", |m| {
        m.head.requested_at = "2026-11-22T14:07:31.120001Z".into()
    }),
    Lie("a request of another packet", "statuses.request", |m| {
        let seq = m.seq("packet.requested", PACKET_ID);
        m.relog(|log| log[seq].event.object.id = uuid(77));
    }),
    Lie("two requests", "statuses.request", |m| {
        let record = m.log.last().unwrap().record.clone();
        add(m, "packet.requested", PACKET_ID, record);
    }),
    Lie("a product that says more", "packet.product", |m| {
        m.head.product = "casetrail 0.1.0 (certified by the court)".into()
    }),
    Lie("papers of no version, where the request binds one", "papers", |m| {
        m.head.papers = None
    }),
    Lie("a page of no version, where the request binds papers", "papers", |m| {
        m.head.pages = None
    }),
    Lie("papers that no request binds", "papers", |m| {
        m.ask(|record| drop(record.as_object_mut().unwrap().remove("organization")))
    }),
    Lie("a subject before the one it follows", "packet.order", |m| {
        let (record, seq) = (
            json!({"id": uuid(8), "name": "An earlier id"}),
            m.seq("subject.added", &uuid(10)),
        );
        m.relog(|log| {
            let mut more = log[seq].clone();
            (more.event.object.id, more.record) = (uuid(8), record.clone());
            log.insert(seq, more);
        });
        list(m);
        let leaf = m.log[seq].leaf;
        m.subjects.push(Shown { leaf, record });
    }),
    Lie("another organization", "bag.info", |m| {
        m.bag = |f| swap(f, BAG_INFO, UNIT, "The Court's own Experts")
    }),
    Lie("another case number on the bag", "bag.info", |m| {
        m.bag = |f| swap(f, BAG_INFO, "Case 26-004417", "Case 26-004418")
    }),
    Lie("a label more", "bag.info", |m| {
        m.bag = |f| f.get_mut(BAG_INFO).unwrap().extend(b"Certified-By: the court\n")
    }),
    Lie("a day before the request", "bag.info", |m| {
        m.bag = |f| swap(f, BAG_INFO, "2026-11-22\n", "2026-11-21\n")
    }),
    Lie("a how-to that asks for no key", "bag.how_to", |m| {
        m.bag = |f| swap(f, HOW_TO, "--key \"THE KEY\"", "")
    }),
    Lie("a picture that opens as a page", "exhibits.path", |m| {
        let path = m.exhibits[0].files[0]
            .path
            .replace("data/exhibits/001/01-original.html".into())
            .unwrap();
        let bytes = m.blobs.remove(&path).unwrap();
        m.blobs.insert("data/exhibits/001/01-original.html".into(), bytes);
    }),
    Lie("a file that is there, and marked withheld", "exhibits.files", |m| {
        m.exhibits[0].files[0].withheld = Some(json!({"reason": "contraband"}))
    }),
    Lie("a file that was withheld, and is there", "exhibits.files", |m| {
        let withheld = json!({"reason": "contraband"});
        m.relog(|log| log[5].record["files"][1]["withheld"] = withheld);
        m.exhibits[0].record = m.log[5].record.clone();
    }),
    Lie("a file withheld that never was", "exhibits.files", |m| {
        let path = m.exhibits[0].files[1].path.take().unwrap();
        m.exhibits[0].files[1].withheld = Some(json!({"reason": "lost"}));
        m.blobs.remove(&path);
    }),
];

fn swap(files: &mut Files, path: &str, from: &str, to: &str) {
    let text = String::from_utf8(files[path].clone()).unwrap();
    assert!(text.contains(from), "{path}");
    files.insert(path.into(), text.replace(from, to).into_bytes());
}

#[test]
fn no_lie_passes_with_the_agencys_own_key() {
    let mut missed = Vec::new();
    for Lie(name, rule, bend) in LIES {
        let mut model = Model::sample();
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

#[test]
fn one_lie_is_one_finding() {
    // The rest say the same thing twice because two documents do.
    for Lie(name, rule, bend) in LIES
        .iter()
        .filter(|lie| lie.1.starts_with("statuses.") || lie.1.starts_with("packet."))
    {
        let mut model = Model::sample();
        bend(&mut model);
        let report = verify_zip(&model.files(), &key());
        let found: BTreeSet<&str> = report
            .findings
            .iter()
            .filter(|f| f.verdict == Verdict::Failed)
            .map(|f| f.rule)
            .collect();
        assert!(
            found.len() <= 2 && found.contains(rule),
            "{name}: {:#?}",
            failures(&report)
        );
    }
}

/// A change that the server could have made.
type HonestChange = (&'static str, fn(&mut Model));

#[test]
fn honest_changes_of_the_log_pass() {
    let honest: &[HonestChange] = &[
        ("as it is", |_| {}),
        ("a note more", |m| {
            add(m, "capture.noted", &uuid(101), json!({"note": "again"}));
            list(m)
        }),
        ("a held one, accepted and reviewed", |m| {
            add(m, "capture.accepted", &uuid(102), json!({}));
            m.log
                .iter_mut()
                .filter(|l| l.event.object.id == uuid(102))
                .for_each(|l| l.withheld = Some("not_selected"));
            list(m)
        }),
        ("one that nobody has decided", |m| {
            m.ask(|record| record["may_leave"] = json!("1 3"));
            say(m, "held", Some(papers::HELD))
        }),
        ("one of which the request does not say whether it could leave", |m| {
            m.ask(|record| drop(record.as_object_mut().unwrap().remove("may_leave")));
            say(m, "held", Some(papers::HELD))
        }),
        ("one that was quarantined", |m| {
            add(m, "capture.quarantined", &uuid(102), json!({}));
            say(m, "quarantined", Some(papers::QUARANTINED));
            list(m)
        }),
        ("one that came after the request", |m| {
            ask_for_all(m);
            m.ask(|record| record["may_leave"] = json!(""));
            let request = m.seq("packet.requested", PACKET_ID);
            m.relog(|log| {
                let request = log.remove(request);
                log.insert(5, request);
            });
            say(m, "not_selected", Some(papers::LATE));
        }),
        ("the other order, as it was asked for", |m| {
            m.ask(|record| record["captures"] = json!([uuid(103), uuid(101)]));
            reverse(m)
        }),
    ];
    for (name, change) in honest {
        let mut model = Model::sample();
        change(&mut model);
        let report = verify_zip(&model.files(), &key());
        assert_eq!((failures(&report), report.exit_code), (vec![], 0), "{name}");
    }
}

#[test]
fn what_came_after_the_cut_is_named() {
    let mut model = Model::sample();
    let last = model.log.last().unwrap();
    model.between = vec![next(
        Some((&last.event, last.leaf)),
        "capture.recorded",
        "capture",
        &uuid(500),
        &json!({}),
        salt(3),
        json!({}),
    )];
    let report = verify_zip(&model.files(), &key());
    assert_eq!(failures(&report), Vec::<String>::new());
    let named = report.findings.iter().find(|f| f.rule == "events.after_cut").unwrap();
    assert!(
        named.verdict == Verdict::NotChecked && named.message.contains("1 capture.recorded"),
        "{named:?}"
    );
}

#[test]
fn signatures_of_others_change_the_first_line() {
    let mut files = Model::sample().files();
    let stranger = Signer::from_seed("court.example/clerk", &[5; 32]).unwrap();
    let made_up = stranger.sign(&Checkpoint {
        origin: ORIGIN.into(),
        size: 300,
        root: Digest([0; 32]),
    });
    let line = made_up.lines().last().unwrap();
    for path in [CHECKPOINT, ISSUED_PROOF] {
        files.get_mut(path).unwrap().extend(format!("{line}\n").bytes());
    }
    retag(&mut files);
    let report = verify_zip(&files, &key());
    assert_eq!((failures(&report), report.exit_code), (vec![], 0));
    assert!(report.finds(OTHERS, Verdict::NotChecked));
    let text = casetrail::bag::cli::text(&report);
    let first = text.lines().next().unwrap();
    assert!(first.contains("SIGNATURES THAT NOBODY NAMED"), "{first}");
    assert!(text.contains("court.example/clerk"), "{text}");
}

/// Packets that were issued under the first papers keep the endings that these gave.
#[test]
fn the_first_papers_pass_with_their_endings() {
    let first = |papers: Option<u32>| {
        let mut model = Model::sample();
        model.ask(|record| drop(record.as_object_mut().unwrap().remove("papers")));
        model.head.papers = papers;
        verify_zip(&model.files(), &key())
    };
    assert_eq!((failures(&first(Some(1))), first(Some(1)).exit_code), (vec![], 0));
    assert_eq!(first(Some(2)).exit_code, 1, "the request binds the first");
}

#[test]
fn an_earlier_layout_passes_and_says_what_it_did_not_bind() {
    let mut model = Model::sample();
    model.ask(|record| drop(record.as_object_mut().unwrap().remove("organization")));
    (model.head.papers, model.head.pages) = (None, None);
    model.bag = |f| {
        f.insert(HOW_TO.into(), b"Words of an earlier version.\n".to_vec());
    };
    let report = verify_zip(&model.files(), &key());
    assert_eq!((failures(&report), report.exit_code), (vec![], 0));
    let text = casetrail::bag::cli::text(&report);
    assert!(
        text.lines()
            .next()
            .unwrap()
            .contains("OF ANOTHER LAYOUT, ITS PAGE NOT CHECKED"),
        "{text}"
    );
    assert!(
        text.lines()
            .nth(3)
            .unwrap()
            .starts_with("not checked: data/packet.json"),
        "{text}"
    );
}

#[test]
fn a_packet_of_an_exhibit_list_passes() {
    let mut model = Model::sample();
    with_list(&mut model);
    let report = verify_zip(&model.files(), &key());
    assert_eq!((failures(&report), report.exit_code), (vec![], 0));
}
