//! Supplements: which packet they add to, and how each exhibit is new, follow from the events and the request.

use casetrail::proof::Digest;
use casetrail::proof::packet::{EarlierPacket, OTHER_PACKET};
use serde_json::json;

use crate::kit::*;

pub const RULES: &[&str] = &["exhibits.since", "packet.supplement"];

const EARLIER: u32 = 30;

/// The sample as a supplement: an earlier packet was issued before its first capture was corrected.
fn supplement() -> Model {
    let mut model = Model::sample();
    let corrected = model.seq("capture.corrected", &uuid(101));
    model.relog(|log| {
        let mut issued = log[corrected].clone();
        issued.event.action = "packet.issued".into();
        issued.event.object.type_ = "packet".into();
        issued.event.object.id = uuid(EARLIER);
        let attest = json!({"manifest_sha256": Digest([7; 32]), "through": corrected - 1});
        issued.event.attest = attest.as_object().unwrap().clone();
        issued.record = json!({"id": uuid(EARLIER), "name": "earlier"});
        log.insert(corrected, issued);
    });
    let issued = model.seq("packet.issued", &uuid(EARLIER));
    let earlier = EarlierPacket {
        id: uuid(EARLIER),
        name: "earlier".into(),
        leaf: model.log[issued].leaf,
        manifest_sha256: Digest([7; 32]),
        through: issued as u64 - 1,
    };
    model.ask(|record| {
        record["supplement_of"] = json!(earlier);
        record["since"] = json!(["changed", "added"]);
    });
    model.head.supplement_of = Some(earlier);
    model.exhibits[0].since = Some("changed".into());
    model.exhibits[1].since = Some("added".into());
    model
}

/// Says the same of the earlier packet in the request and in the packet.
fn say(model: &mut Model, change: fn(&mut EarlierPacket)) {
    let mut earlier = model.head.supplement_of.clone().unwrap();
    change(&mut earlier);
    model.ask(|record| record["supplement_of"] = json!(earlier));
    model.head.supplement_of = Some(earlier);
}

/// Withholds what is recorded of the earlier packet, as of one that this packet does not add to.
fn withhold(model: &mut Model) {
    let issued = model.seq("packet.issued", &uuid(EARLIER));
    model.log[issued].withheld = Some(OTHER_PACKET);
}

type Lie = (&'static str, &'static str, fn(&mut Model));

const LIES: &[Lie] = &[
    ("another earlier packet than was asked", "packet.request", |m| {
        m.head.supplement_of.as_mut().unwrap().name = "another".into();
    }),
    (
        "an earlier packet that the request does not name",
        "packet.request",
        |m| {
            m.ask(|record| drop(record.as_object_mut().unwrap().remove("supplement_of")));
            withhold(m);
        },
    ),
    ("an earlier packet with another manifest", "packet.supplement", |m| {
        say(m, |earlier| earlier.manifest_sha256 = Digest([8; 32]));
    }),
    ("an earlier packet with a later cut", "packet.supplement", |m| {
        say(m, |earlier| earlier.through += 1);
    }),
    ("an earlier packet that nothing issued", "packet.supplement", |m| {
        say(m, |earlier| earlier.leaf = Digest([9; 32]));
    }),
    ("the issue of another packet", "packet.supplement", |m| {
        say(m, |earlier| earlier.id = uuid(31));
        withhold(m);
    }),
    ("added instead of changed", "exhibits.since", |m| {
        m.exhibits[0].since = Some("added".into());
    }),
    ("an exhibit that does not say", "exhibits.since", |m| {
        m.exhibits[1].since = None;
    }),
    ("changed, and nothing changed it since", "exhibits.since", |m| {
        let last = m.log.len() as u64;
        m.relog(|log| {
            let issued = log.iter().position(|l| l.event.action == "packet.issued").unwrap();
            let mut issued = log.remove(issued);
            let through = last - 3;
            issued.event.attest.insert("through".into(), json!(through));
            log.insert(through as usize + 1, issued);
        });
        let issued = m.seq("packet.issued", &uuid(EARLIER));
        let leaf = m.log[issued].leaf;
        let mut earlier = m.head.supplement_of.clone().unwrap();
        (earlier.leaf, earlier.through) = (leaf, last - 3);
        m.ask(|record| record["supplement_of"] = json!(earlier));
        m.head.supplement_of = Some(earlier);
    }),
    ("new since nothing", "exhibits.since", |m| {
        m.ask(|record| drop(record.as_object_mut().unwrap().remove("supplement_of")));
        m.head.supplement_of = None;
        withhold(m);
    }),
];

#[test]
fn a_supplement_passes() {
    let report = verify_zip(&supplement().files(), &key());
    assert_eq!((failures(&report), report.exit_code), (vec![], 0));
}

#[test]
fn each_lie_about_what_is_new_fails_under_its_rule_alone() {
    for (name, rule, tell) in LIES {
        let mut model = supplement();
        tell(&mut model);
        let report = verify_zip(&model.files(), &key());
        let failed: Vec<_> = failures(&report);
        assert!(
            !failed.is_empty() && failed.iter().all(|found| found.starts_with(&format!("{rule} "))),
            "{name}: {failed:?}"
        );
    }
}
