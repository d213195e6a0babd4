//! Records of other packets: a packet shows what is recorded of itself and of those that it supplements, and of no other.

use casetrail::proof::packet::OTHER_PACKET;
use serde_json::{Value, json};

use crate::kit::*;

pub const RULES: &[&str] = &["statuses.packet"];

/// A packet of another matter.
const OTHER: u32 = 60;
const LINK: u32 = 61;

/// Logs something before the request.
fn log(model: &mut Model, (action, kind, id): (&str, &str, String), record: Value) {
    let asked = model.seq("packet.requested", PACKET_ID);
    model.relog(|log| {
        let mut event = log[asked].clone();
        event.event.action = action.into();
        event.event.object.type_ = kind.into();
        event.event.object.id = id;
        event.event.attest.clear();
        event.record = record;
        event.withheld = Some(OTHER_PACKET);
        log.insert(asked, event);
    });
}

/// The sample with another packet before it, which went to somebody by a link.
fn with_other() -> Model {
    let mut model = Model::sample();
    let packet = uuid(OTHER);
    let asked = json!({"id": packet, "recipient": "Clerk of another court"});
    log(&mut model, ("packet.requested", "packet", packet.clone()), asked);
    let told = json!({"packet_id": packet, "to": "Clerk of another court"});
    log(&mut model, ("packet.disclosed", "packet", packet), told.clone());
    log(&mut model, ("disclosure.linked", "disclosure_link", uuid(LINK)), told);
    model
}

fn show(model: &mut Model, (action, id): (&str, String), class: Option<&'static str>) {
    let place = model.seq(action, &id);
    model.log[place].withheld = class;
}

fn failed(model: &Model) -> Vec<String> {
    let report = verify_zip(&model.files(), &key());
    let rule = |found: String| found.split(' ').next().unwrap_or_default().to_owned();
    failures(&report).into_iter().map(rule).collect()
}

#[test]
fn what_tells_of_another_packet_is_withheld_and_counted() {
    let model = with_other();
    let files = model.files();
    assert_eq!(failures(&verify_zip(&files, &key())), Vec::<String>::new());
    let page = String::from_utf8(page_of(&files)).unwrap();
    assert!(page.contains("3 of other packets of this case"), "{page}");
    assert!(page.contains("another packet of the case") && page.contains("a link to a packet"));
    assert!(
        !files
            .values()
            .any(|bytes| String::from_utf8_lossy(bytes).contains("another court"))
    );
}

#[test]
fn a_record_of_another_packet_may_not_be_shown() {
    for shown in [
        ("packet.requested", OTHER),
        ("packet.disclosed", OTHER),
        ("disclosure.linked", LINK),
    ] {
        let mut model = with_other();
        show(&mut model, (shown.0, uuid(shown.1)), None);
        assert_eq!(failed(&model), ["statuses.packet"], "{shown:?}");
    }
}

#[test]
fn nor_withheld_under_another_class() {
    let mut model = with_other();
    show(&mut model, ("packet.disclosed", uuid(OTHER)), Some("withheld"));
    assert_eq!(failed(&model), ["records.status"]);
}

#[test]
fn what_tells_of_the_packet_itself_is_shown() {
    let mut model = with_other();
    let own = json!({"packet_id": PACKET_ID, "by": "somebody"});
    log(&mut model, ("packet.cancelled", "packet", PACKET_ID.into()), own);
    assert_eq!(failed(&model), ["statuses.packet"]);
    show(&mut model, ("packet.cancelled", PACKET_ID.into()), None);
    assert_eq!(failed(&model), Vec::<String>::new());
}

#[test]
fn packets_of_earlier_papers_show_all() {
    let mut model = with_other();
    model.ask(|record| record["papers"] = json!(2));
    assert!(failed(&model).contains(&"statuses.packet".to_owned()));
    for shown in [
        ("packet.requested", OTHER),
        ("packet.disclosed", OTHER),
        ("disclosure.linked", LINK),
    ] {
        show(&mut model, (shown.0, uuid(shown.1)), None);
    }
    assert!(!failed(&model).contains(&"statuses.packet".to_owned()));
}
