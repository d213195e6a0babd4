//! Events, records, chains, times.

use casetrail::proof::chain::{Chain, ChainError};
use casetrail::proof::event::{Event, EventRef, leaf};
use casetrail::proof::record::{self, RecordLine, WithheldEvent};
use casetrail::proof::time::{format_at, parse_at};
use casetrail::proof::{Digest, canon};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::kit::*;

fn sample() -> Event {
    Model::sample().log[5].event.clone()
}

#[test]
fn an_event_is_written_in_its_canonical_form_and_read_back() {
    for logged in Model::sample().log {
        let bytes = logged.event.canonical().unwrap();
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(canon::to_strict(&value).unwrap(), bytes);
        assert_eq!(Event::parse(&bytes).unwrap(), logged.event);
        assert_eq!(leaf(&bytes), Digest::of(&[&[0], &bytes[..]].concat()));
    }
}

#[test]
fn each_field_is_held_to_its_rule() {
    let bytes = sample().canonical().unwrap();
    let good: Value = serde_json::from_slice(&bytes).unwrap();
    let with = |path: &str, value: Value| {
        let mut event = good.clone();
        *event.pointer_mut(path).unwrap() = value;
        EventRef::parse(&canon::to_strict(&event).unwrap()).is_ok()
    };
    assert!(with("/at", json!("2026-02-28T23:59:59.999999Z")));
    let bad = [
        ("/v", json!(2)),
        ("/stream", json!("case:1")),
        ("/stream", json!("Agency")),
        ("/stream", json!(format!("case:{}", CASE.to_uppercase()))),
        ("/seq", json!(-1)),
        ("/seq", json!(0)),
        ("/prev", json!(null)),
        ("/prev", json!("00")),
        ("/at", json!("2026-02-30T00:00:00.000000Z")),
        ("/at", json!("2026-11-22T14:07:31.120Z")),
        ("/at", json!("2026-11-22T14:07:31.120000+00:00")),
        ("/actor/kind", json!("robot")),
        ("/actor/kind", json!("anonymous")),
        ("/actor/kind", json!("job")),
        ("/actor/id", json!("bob")),
        ("/actor/role", json!("")),
        ("/action", json!("captured")),
        ("/action", json!("a.b.c")),
        ("/action", json!("Capture.recorded")),
        ("/object/version", json!(0)),
        ("/object/id", json!("")),
        ("/object/type", json!("a b")),
        ("/record", json!("AB")),
        ("/attest", json!({})),
        ("/attest", json!([1])),
        ("/attest", json!("x")),
        ("/attest", json!(null)),
    ];
    for (path, value) in bad {
        assert!(!with(path, value.clone()), "{path} = {value} was read");
    }
    for name in [
        "v", "stream", "seq", "prev", "at", "actor", "action", "object", "record",
    ] {
        let mut event = good.clone();
        event.as_object_mut().unwrap().remove(name);
        assert!(
            EventRef::parse(&canon::to_strict(&event).unwrap()).is_err(),
            "read without {name}"
        );
    }
    let mut event = good.clone();
    event["extra"] = json!(1);
    assert!(EventRef::parse(&canon::to_strict(&event).unwrap()).is_err());
}

#[test]
fn actors_have_exactly_the_fields_of_their_kind() {
    let with = |kind: &str, id: Option<&str>, role: Option<&str>| {
        let mut event = sample();
        event.actor.kind = kind.into();
        (event.actor.id, event.actor.role) = (id.map(Into::into), role.map(Into::into));
        event.canonical().is_ok()
    };
    assert!(
        with("job", Some("sequencer"), None) && with("operator", Some("Jo Ö"), None) && with("anonymous", None, None)
    );
    assert!(!with("person", Some(&uuid(9)), None) && !with("person", None, Some("investigator")));
    assert!(!with("anonymous", Some("x"), None) && !with("job", None, None) && !with("job", Some("a\nb"), None));
}

#[test]
fn an_event_over_60_kb_is_refused() {
    let mut event = sample();
    event.attest.insert("x".into(), json!("y".repeat(61_440)));
    assert!(event.canonical().is_err());
}

#[test]
fn a_chain_names_what_breaks_it() {
    let log: Vec<Event> = Model::sample().log.into_iter().map(|l| l.event).collect();
    let walk = |events: &[Event]| {
        let mut chain = Chain::new(&format!("case:{CASE}"));
        events
            .iter()
            .map(|event| event.canonical().unwrap())
            .try_for_each(|b| chain.push(&EventRef::parse(&b).unwrap(), leaf(&b)))
    };
    assert_eq!(walk(&log), Ok(()));
    assert_eq!(walk(&log[1..]), Err(ChainError::Seq { expected: 0, found: 1 }));
    let bend = |at: usize, bend: &dyn Fn(&mut Event)| {
        let mut log = log.clone();
        bend(&mut log[at]);
        walk(&log)
    };
    assert_eq!(bend(3, &|e| e.record = Digest([9; 32])), Err(ChainError::Prev));
    assert_eq!(bend(3, &|e| e.stream = "agency".into()), Err(ChainError::Stream));
    assert_eq!(bend(3, &|e| e.at -= 10_000_000), Err(ChainError::Backwards));
    assert_eq!(bend(3, &|e| e.seq = 7), Err(ChainError::Seq { expected: 3, found: 7 }));
}

#[test]
fn a_records_hash_is_that_of_record_and_salt_in_canonical_form() {
    let (record, salt) = (json!({"b": [1], "a": "é"}), [0xab; 32]);
    let text = format!(
        "{{\"record\":{{\"a\":\"é\",\"b\":[1]}},\"salt\":\"{}\"}}",
        "ab".repeat(32)
    );
    assert_eq!(record::hash(&record, &salt).unwrap(), Digest::of(text.as_bytes()));
    let line = RecordLine::Shown {
        leaf: Digest([1; 32]),
        record: b"{\"a\":1}",
        salt,
    };
    assert_eq!(RecordLine::parse(&line.format()).unwrap(), line);
    let line = WithheldEvent {
        leaf: Digest([1; 32]),
        seq: 4,
        class: "held".into(),
    };
    assert_eq!(WithheldEvent::parse(&line.format()).unwrap(), line);
    assert!(RecordLine::parse(b"{\"leaf\":\"00\"}").is_err());
}

#[test]
fn times_have_one_spelling() {
    assert_eq!(parse_at("1970-01-01T00:00:00.000000Z"), Some(0));
    assert_eq!(parse_at("2026-11-22T14:07:31.120000Z"), Some(1_795_356_451_120_000));
    assert_eq!(parse_at("2000-02-29T00:00:00.000001Z"), Some(951_782_400_000_001));
    for bad in [
        "2025-02-29T00:00:00.000000Z",
        "2026-13-01T00:00:00.000000Z",
        "2026-00-01T00:00:00.000000Z",
        "2026-01-01T24:00:00.000000Z",
        "2026-01-01T00:00:60.000000Z",
        "2026-01-01t00:00:00.000000Z",
        "2026-01-01T00:00:00.00000Z",
        "+026-01-01T00:00:00.000000Z",
    ] {
        assert_eq!(parse_at(bad), None, "{bad}");
    }
}

proptest! {
    #[test]
    fn every_time_survives(at in -62_167_219_200_000_000i64..253_402_300_800_000_000) {
        prop_assert_eq!(parse_at(&format_at(at)), Some(at));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = (Event::parse(&bytes), RecordLine::parse(&bytes), WithheldEvent::parse(&bytes));
    }

    #[test]
    fn an_event_read_is_an_event_written(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = sample().canonical().unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(event) = Event::parse(&bytes) {
            prop_assert_eq!(event.canonical().unwrap(), bytes);
        }
    }
}
