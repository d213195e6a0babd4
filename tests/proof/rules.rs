//! One bent packet per finding that the verifier can make. Those that bend what is signed are
//! sealed again with the agency's own key: even the agency cannot issue a packet that lies.

use std::collections::BTreeSet;

use casetrail::proof::Digest;
use casetrail::proof::checkpoint::Signer;
use casetrail::proof::packet::*;
use serde_json::json;

use crate::kit::*;

/// Bends one thing; what is verified, and the rule it breaks.
struct Case(&'static str, &'static str, fn() -> Files);

fn bent(bend: impl FnOnce(&mut Model)) -> Files {
    let mut model = Model::sample();
    bend(&mut model);
    model.files()
}

/// Data bent before it is sealed.
fn inside(bend: impl FnOnce(&mut Files)) -> Files {
    let model = Model::sample();
    let mut data = model.data();
    bend(&mut data);
    model.seal(data)
}

/// Manifest or tag files bent before the issue attests them.
fn bag(bend: fn(&mut Files)) -> Files {
    bent(|m| m.bag = bend)
}

/// Files bent after the seal, with a tag manifest that fits again.
fn outside(bend: impl FnOnce(&mut Files)) -> Files {
    let mut files = Model::sample().files();
    bend(&mut files);
    retag(&mut files);
    files
}

fn replace(files: &mut Files, path: &str, from: &str, to: &str) {
    let text = String::from_utf8(files[path].clone()).unwrap();
    assert!(text.contains(from), "{path} has no {from}");
    files.insert(path.into(), text.replacen(from, to, 1).into_bytes());
}

/// Lines of a file, changed as a list.
fn lines(files: &mut Files, path: &str, change: impl FnOnce(&mut Vec<String>)) {
    let text = String::from_utf8(files[path].clone()).unwrap();
    let mut list: Vec<String> = text.lines().map(Into::into).collect();
    change(&mut list);
    files.insert(
        path.into(),
        list.into_iter().map(|l| l + "\n").collect::<String>().into_bytes(),
    );
}

const PHOTO: &str = "data/exhibits/001/01-original.jpg";

const CASES: &[Case] = &[
    Case("a required file is gone", "layout.missing", || {
        outside(|f| drop(f.remove(HOW_TO)))
    }),
    Case("an index is gone", "layout.missing", || {
        inside(|f| drop(f.remove(INDEX)))
    }),
    Case("a file that no layout knows", "layout.unexpected", || {
        outside(|f| drop(f.insert("notes.txt".into(), vec![])))
    }),
    Case("a second file of custody", "layout.unexpected", || {
        inside(|f| drop(f.insert("data/custody/x".into(), vec![])))
    }),
    Case("fetch.txt", "layout.fetch", || {
        outside(|f| drop(f.insert("fetch.txt".into(), vec![])))
    }),
    Case("a tag file of 2 MB", "layout.size", || {
        outside(|f| drop(f.insert(BAG_INFO.into(), vec![b'a'; 2 << 20])))
    }),
    Case("a photo changed", "manifest.digest", || {
        outside(|f| f.get_mut(PHOTO).unwrap()[0] ^= 1)
    }),
    Case("a photo taken out", "manifest.missing", || {
        outside(|f| drop(f.remove(PHOTO)))
    }),
    Case("a page slipped in", "layout.unexpected", || {
        outside(|f| drop(f.insert("data/x.html".into(), vec![])))
    }),
    Case("a page that the agency slipped in", "layout.unexpected", || {
        inside(|f| drop(f.insert("data/x.html".into(), vec![])))
    }),
    Case("a file below anchors", "layout.unexpected", || {
        outside(|f| drop(f.insert("proof/anchors/token.tsr".into(), vec![])))
    }),
    Case("what an operating system leaves", "layout.litter", || {
        inside(|f| drop(f.insert("data/Thumbs.db".into(), vec![])))
    }),
    Case("a file that the manifest leaves out", "manifest.unlisted", || {
        bag(|f| lines(f, MANIFEST, |l| drop(l.remove(0))))
    }),
    Case("an upper-case manifest", "manifest.canonical", || {
        bag(|f| lines(f, MANIFEST, |l| l[0] = l[0].to_uppercase()))
    }),
    Case("an unsorted manifest", "manifest.canonical", || {
        bag(|f| lines(f, MANIFEST, |l| l.swap(0, 1)))
    }),
    Case("a tag file in the manifest", "manifest.scope", || {
        bag(|f| {
            lines(f, MANIFEST, |l| {
                l.push(format!("{}  proof/checkpoint", Digest::of(b"")))
            })
        })
    }),
    Case("a manifest without its last LF", "lines.end", || {
        bag(|f| f.get_mut(MANIFEST).unwrap().truncate(100))
    }),
    Case("a line of 2 MB", "lines.long", || {
        inside(|f| lines(f, RECORDS, |l| l.push("x".repeat(2 << 20))))
    }),
    Case("another bagit.txt", "bag.bagit", || {
        bag(|f| replace(f, BAGIT, "1.0", "0.97"))
    }),
    Case("a wrong Payload-Oxum", "bag.info", || {
        bag(|f| replace(f, BAG_INFO, "Payload-Oxum: ", "Payload-Oxum: 1"))
    }),
    Case("a how-to that tells to run something else", "issued.tags", || {
        outside(|f| replace(f, HOW_TO, "casetrail", "catstrail"))
    }),
    Case("tags that are not attested", "issued.tags", || {
        seal(|e| drop(e.attest["tags"].as_object_mut().unwrap().remove(HOW_TO)))
    }),
    Case("an issue that is another action", "issued.event", || {
        seal(|e| e.action = "packet.failed".into())
    }),
    Case("an issue with more attested", "issued.event", || {
        seal(|e| drop(e.attest.insert("more".into(), json!(1))))
    }),
    Case("a manifest rewritten with its file", "issued.manifest", || {
        outside(|f| {
            f.get_mut(PHOTO).unwrap()[0] ^= 1;
            let data = f
                .iter()
                .filter(|(p, _)| p.starts_with("data/"))
                .map(|(p, b)| (p.clone(), Digest::of(b)))
                .collect();
            f.insert(MANIFEST.into(), manifest(&data).into());
        })
    }),
    Case("an evidence hash that is another", "issued.evidence", || {
        seal(|e| drop(e.attest.insert("evidence_sha256".into(), json!(Digest::of(b"others")))))
    }),
    Case("an issue without its evidence hash", "issued.evidence", || {
        seal(|e| drop(e.attest.remove("evidence_sha256")))
    }),
    Case("a proof of another leaf", "log.inclusion", || {
        outside(|f| replace(f, ISSUED_PROOF, "index 270", "index 271"))
    }),
    Case("a proof of no checkpoint", "log.note", || {
        outside(|f| {
            for path in [CHECKPOINT, ISSUED_PROOF] {
                replace(f, path, "\n300\n", "\n0300\n");
            }
        })
    }),
    Case("no tlog-proof", "log.proof", || {
        outside(|f| replace(f, ISSUED_PROOF, "index", "place"))
    }),
    Case("another checkpoint beside the proof's", "log.checkpoint", || {
        outside(|f| f.get_mut(CHECKPOINT).unwrap().push(b'\n'))
    }),
    Case("a checkpoint with an altered root", "log.signature", || {
        outside(|f| {
            for path in [CHECKPOINT, ISSUED_PROOF] {
                replace(f, path, "\n300\n", "\n301\n");
            }
        })
    }),
    Case("another key shown", "log.signature", || {
        outside(|f| {
            let other = Signer::from_seed(ORIGIN, &[9; 32]).unwrap();
            f.insert(LOG_VKEY.into(), format!("{}\n", other.vkey()).into());
            f.insert(LOG_PEM.into(), other.vkey().pem().into());
        })
    }),
    Case("no vkey", "log.vkey", || {
        outside(|f| drop(f.insert(LOG_VKEY.into(), b"key\n".to_vec())))
    }),
    Case("a pem of another key", "log.pem", || {
        outside(|f| {
            drop(f.insert(
                LOG_PEM.into(),
                Signer::from_seed(ORIGIN, &[9; 32]).unwrap().vkey().pem().into(),
            ))
        })
    }),
    Case("another origin in packet.json", "log.origin", || {
        bent(|m| m.head.origin = "casetrail.invalid/other".into())
    }),
    Case("a signer nobody trusts", "signer", || bent(|m| m.seed = [9; 32])),
    Case("two events swapped", "events.chain", || {
        inside(|f| lines(f, EVENTS, |l| l.swap(2, 3)))
    }),
    Case("an event dropped", "events.chain", || {
        inside(|f| lines(f, EVENTS, |l| drop(l.remove(3))))
    }),
    Case("an event with a space", "events.line", || {
        inside(|f| replace(f, EVENTS, "{\"action\":", "{\"action\": "))
    }),
    Case("an event withheld under no class", "events.withheld", || {
        inside(|f| {
            lines(f, EVENTS, |l| {
                l[1] = format!("{{\"leaf\":\"{}\",\"seq\":1,\"withheld\":\"secret\"}}", Digest([0; 32]))
            })
        })
    }),
    Case("a capture recorded twice", "events.capture", || {
        bent(|m| {
            let again = m.log[5].event.clone();
            m.relog(|log| {
                log[6].event.action = "capture.recorded".into();
                log[6].event.attest = again.attest.clone();
            });
        })
    }),
    Case("the last event dropped", "events.cut", || {
        inside(|f| lines(f, EVENTS, |l| drop(l.pop())))
    }),
    Case("a cut attested elsewhere", "events.cut", || {
        seal(|e| drop(e.attest.insert("through".into(), json!(3))))
    }),
    Case("what came between is left out", "events.issued", || {
        outside(|f| drop(f.insert(BETWEEN.into(), vec![])))
    }),
    Case("what came between is another event", "events.between", || {
        outside(|f| replace(f, BETWEEN, "\"seq\":15", "\"seq\":16"))
    }),
    Case("a row of the inventory dropped", "inventory.hidden", || {
        bent(|m| drop(m.inventory.remove(1)))
    }),
    Case("fewer captures attested", "inventory.size", || {
        seal(|e| drop(e.attest.insert("size".into(), json!(2))))
    }),
    Case("a row twice", "inventory.twice", || {
        bent(|m| m.inventory.push(m.inventory[1].clone()))
    }),
    Case("a row of a capture that never was", "inventory.unknown", || {
        bent(|m| m.inventory[1].id = uuid(999))
    }),
    Case("a status of its own", "inventory.line", || {
        bent(|m| m.inventory[1].status = "lost".into())
    }),
    Case("an inventory cut short", "inventory.line", || {
        inside(|f| lines(f, INVENTORY, |l| drop(l.pop())))
    }),
    Case("a record changed", "records.hash", || {
        inside(|f| replace(f, RECORDS, "Missing, ferry", "Missing; ferry"))
    }),
    Case("a salt changed", "records.hash", || bent(|m| m.log[0].salt = [77; 32])),
    Case("two records swapped", "records.order", || {
        inside(|f| lines(f, RECORDS, |l| l.swap(0, 1)))
    }),
    Case("a record's line dropped", "records.missing", || {
        inside(|f| lines(f, RECORDS, |l| drop(l.pop())))
    }),
    Case("a record that is not canonical", "records.line", || {
        inside(|f| replace(f, RECORDS, "{\"leaf\":", "{ \"leaf\":"))
    }),
    Case("a record of a capture not selected shown", "records.status", || {
        bent(|m| m.log[8].withheld = None)
    }),
    Case("an exhibit's record withheld", "records.status", || {
        bent(|m| m.log[5].withheld = Some("withheld"))
    }),
    Case("a record withheld under another status", "records.status", || {
        bent(|m| m.log[8].withheld = Some("held"))
    }),
    Case("a record withheld under no class", "records.status", || {
        bent(|m| m.log[1].withheld = Some("secret"))
    }),
    Case("an inventory with another kind", "records.capture", || {
        bent(|m| m.inventory[0].kind = "photo".into())
    }),
    Case("an inventory with another time", "records.capture", || {
        bent(|m| m.inventory[0].captured_at = None)
    }),
    Case(
        "a record that lists other files than its event",
        "records.capture",
        || bent(|m| m.relog(|log| log[5].event.attest["files"][0]["size"] = json!(1))),
    ),
    Case("a record of another case", "records.capture", || {
        bent(|m| m.relog(|log| log[5].record["case_id"] = json!(uuid(5))))
    }),
    Case("a line of packet.json with a space", "packet.line", || {
        inside(|f| replace(f, PACKET, "\"demo\":false", "\"demo\": false"))
    }),
    Case("packet.json with one more field", "packet.line", || {
        inside(|f| replace(f, PACKET, "\"demo\":false", "\"demo\":false,\"extra\":1"))
    }),
    Case("packet.json cut short", "packet.line", || {
        inside(|f| lines(f, PACKET, |l| drop(l.pop())))
    }),
    Case("another top folder", "packet.name", || {
        bent(|m| m.head.name = "other".into())
    }),
    Case("a demonstration unmarked", "packet.demo", || {
        bent(|m| m.head.demo = true)
    }),
    Case("another packet", "packet.id", || bent(|m| m.head.id = uuid(4))),
    Case("another cut", "packet.cut", || bent(|m| m.head.cut.seq = 3)),
    Case("another case", "packet.case", || {
        bent(|m| m.case = m.subjects[0].clone())
    }),
    Case("a subject twice", "packet.order", || {
        bent(|m| m.subjects.push(m.subjects[0].clone()))
    }),
    Case("a subject under another event", "packet.leaf", || {
        bent(|m| m.subjects[0].leaf = m.log[0].leaf)
    }),
    Case("a subject renamed", "packet.record", || {
        bent(|m| m.subjects[0].record["name"] = json!("Other"))
    }),
    Case("an authorization's denial left out", "packet.events", || {
        bent(|m| m.authorizations[0].events.truncate(1))
    }),
    Case("exhibits numbered with a gap", "exhibits.number", || {
        bent(|m| m.exhibits[1].exhibit = 3)
    }),
    Case("an exhibit that is not included", "exhibits.status", || {
        bent(|m| m.inventory[0].status = "not_selected".into())
    }),
    Case("an included capture that is no exhibit", "exhibits.missing", || {
        bent(|m| drop(m.exhibits.pop()))
    }),
    Case("an exhibit under another item number", "exhibits.record", || {
        bent(|m| m.exhibits[0].item = 5)
    }),
    Case("an exhibit's event left out", "exhibits.events", || {
        bent(|m| drop(m.exhibits[0].events.pop()))
    }),
    Case("a correction left out", "exhibits.current", || {
        bent(|m| m.exhibits[0].current = None)
    }),
    Case("an exhibit's text changed", "packet.record", || {
        bent(|m| m.exhibits[0].record["text"] = json!("I did it"))
    }),
    Case("an exhibit's file left out", "exhibits.files", || {
        bent(|m| drop(m.exhibits[0].files.pop()))
    }),
    Case("a file renamed", "exhibits.files", || {
        bent(|m| m.exhibits[0].files[0].name = None)
    }),
    Case("bytes held back unmarked", "exhibits.files", || {
        bent(|m| m.exhibits[0].files[0].path = None)
    }),
    Case("a path of another shape", "exhibits.path", || {
        bent(|m| m.exhibits[0].files[0].path = Some("data/exhibits/001/1.jpg".into()))
    }),
    Case("an exhibit's bytes exchanged and resealed", "exhibits.file", || {
        inside(|f| f.get_mut(PHOTO).unwrap()[0] ^= 1)
    }),
    Case("an exhibit's file missing and resealed", "exhibits.file", || {
        inside(|f| drop(f.remove(PHOTO)))
    }),
    Case("a file that no exhibit names", "exhibits.unnamed", || {
        inside(|f| drop(f.insert("data/exhibits/009/01-original.jpg".into(), vec![])))
    }),
];

fn seal(bend: impl FnOnce(&mut casetrail::proof::event::Event)) -> Files {
    let model = Model::sample();
    model.seal_with(model.data(), bend)
}

#[test]
fn every_bent_packet_fails_under_its_rule() {
    let mut missed = Vec::new();
    for Case(name, rule, files) in CASES {
        let files = files();
        let report = verify_zip(&files, &key());
        if !has(&report, rule) || report.exit_code != 1 {
            missed.push((name, rule, failures(&report)));
        }
        if *rule != "packet.name" && !has(&verify_folder(&files, &key()), rule) {
            missed.push((name, rule, vec!["as a folder".into()]));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn what_was_only_resealed_breaks_nothing_but_its_rule() {
    for (name, files) in [
        ("kind", bent(|m| m.inventory[0].kind = "photo".into())),
        ("demo", bent(|m| m.head.demo = true)),
    ] {
        let report = verify_zip(&files, &key());
        assert_eq!(failures(&report).len(), 1, "{name}: {:#?}", failures(&report));
    }
}

#[test]
fn a_hash_only_file_is_absent_and_fails_nothing() {
    let mut model = Model::sample();
    let withheld = json!({"reason": "contraband", "referral": "R-1"});
    model.relog(|log| log[5].record["files"][1]["withheld"] = withheld.clone());
    model.exhibits[0].record = model.log[5].record.clone();
    let path = model.exhibits[0].files[1].path.take().unwrap();
    model.exhibits[0].files[1].withheld = Some(withheld);
    model.blobs.remove(&path);
    let report = verify_zip(&model.files(), &key());
    assert_eq!(failures(&report), Vec::<String>::new());
    assert!(report.findings.iter().any(|f| f.rule == "exhibits.withheld"));
}

#[test]
fn the_table_in_the_docs_and_these_tests_name_the_same_rules() {
    let docs = std::fs::read_to_string("docs/format/verify.md").unwrap();
    let documented: BTreeSet<&str> = docs
        .lines()
        .filter_map(|l| l.strip_prefix("| `")?.split('`').next())
        .collect();
    let mut tested: BTreeSet<&str> = CASES.iter().map(|case| case.1).collect();
    // Tested where ZIPs and folders are, and in packets.rs.
    tested.extend(crate::hostile::RULES);
    tested.extend(crate::insider::RULES);
    tested.extend(crate::pages::RULES);
    tested.extend([
        "witness",
        "time",
        "withheld",
        "exhibits.withheld",
        "container",
        "arguments",
    ]);
    tested.extend(crate::pdf::RULES);
    tested.extend(crate::supplement::RULES);
    tested.extend(crate::redacted::RULES);
    tested.extend(crate::examined::RULES);
    tested.extend(crate::beside::RULES);
    tested.extend(crate::others::RULES);
    tested.extend([
        "events.after_cut",
        "inventory.withheld",
        "log.extra",
        "log.signatures",
        "verifier",
        "packet.newer",
    ]);
    assert_eq!(documented, tested);
}
