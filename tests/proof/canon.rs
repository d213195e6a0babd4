//! Canonical JSON, against the published vectors of RFC 8785 and our own list of refusals.

use casetrail::proof::canon::{CanonError, parse_strict, to_jcs, to_strict};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::kit::published;

fn vector(path: &str) -> Vec<u8> {
    published(&format!("jcs/{path}"))
}

#[test]
fn published_documents_come_out_byte_for_byte() {
    for name in ["arrays", "french", "structures", "unicode", "values", "weird"] {
        let value: Value = serde_json::from_slice(&vector(&format!("input/{name}.json"))).unwrap();
        let found = to_jcs(&value).unwrap();
        assert_eq!(found, vector(&format!("output/{name}.json")), "{name}");
        let hex = String::from_utf8(vector(&format!("outhex/{name}.txt"))).unwrap();
        let bytes: Vec<u8> = hex
            .split_whitespace()
            .map(|b| u8::from_str_radix(b, 16).unwrap())
            .collect();
        assert_eq!(found, bytes, "{name}");
    }
}

#[test]
fn published_doubles_come_out_as_ecmascript_writes_them() {
    let text = String::from_utf8(vector("es6-1000.txt")).unwrap();
    assert_eq!(text.lines().count(), 1000);
    for line in text.lines() {
        let (bits, expected) = line.split_once(',').unwrap();
        let double = f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
        assert_eq!(to_jcs(&json!(double)).unwrap(), expected.as_bytes(), "{line}");
    }
}

#[test]
fn only_the_canonical_spelling_is_read() {
    let good = [
        "{}",
        "[]",
        "null",
        "-1",
        "9007199254740991",
        "\"\\u001f\\n\\\"/\"",
        "{\"\":0,\"a\":[true,{}]}",
        "\"\u{7f}é\"",
    ];
    for text in good {
        assert_eq!(
            to_strict(&parse_strict(text.as_bytes()).unwrap()).unwrap(),
            text.as_bytes()
        );
    }
    let bad = [
        "",
        " {}",
        "{} ",
        "{}\n",
        "{\"a\": 1}",
        "{\"b\":1,\"a\":1}",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,}",
        "[1,]",
        "[,1]",
        "01",
        "-0",
        "1.0",
        "1e3",
        "9007199254740992",
        "-9007199254740992",
        "99999999999999999999",
        "+1",
        "-",
        "nul",
        "True",
        "\"\\/\"",
        "\"\\u0041\"",
        "\"\\u000a\"",
        "\"\\u001F\"",
        "\"\\ud800\"",
        "\"a",
        "\"\t\"",
        "{\"a\"}",
        "{a:1}",
        "[1 2]",
        "NaN",
        "\u{feff}1",
        "\"\\x\"",
    ];
    for text in bad {
        assert!(parse_strict(text.as_bytes()).is_err(), "{text:?} was read");
    }
    for bytes in [&b"\"\xff\""[..], b"\"\xed\xa0\x80\"", b"\"\xc0\x80\"", b"\x00"] {
        assert!(parse_strict(bytes).is_err(), "{bytes:?} was read");
    }
}

#[test]
fn names_are_ordered_by_utf16_not_by_code_point() {
    let value = json!({"\u{fb33}": 1, "\u{1f602}": 2});
    let bytes = to_strict(&value).unwrap();
    assert_eq!(bytes, "{\"\u{1f602}\":2,\"\u{fb33}\":1}".as_bytes());
    assert_eq!(parse_strict(&bytes).unwrap(), value);
    assert!(parse_strict("{\"\u{fb33}\":1,\"\u{1f602}\":2}".as_bytes()).is_err());
}

#[test]
fn depth_is_bounded_for_reader_and_writer_alike() {
    let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
    assert!(parse_strict(nested(64).as_bytes()).is_ok());
    assert_eq!(parse_strict(nested(65).as_bytes()), Err(CanonError::Depth));
    assert_eq!(parse_strict(nested(1_000_000).as_bytes()), Err(CanonError::Depth));
    let deep = (0..65).fold(json!(0), |inner, _| json!([inner]));
    assert_eq!(to_strict(&deep), Err(CanonError::Depth));
}

#[test]
fn the_hashed_dialect_has_no_doubles() {
    for value in [
        json!(1.0),
        json!(0.5),
        json!(u64::MAX),
        json!(1u64 << 53),
        json!(-(1i64 << 53)),
    ] {
        assert_eq!(to_strict(&value), Err(CanonError::Number));
    }
}

pub fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-(1i64 << 53) + 1..1i64 << 53).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in any_json()) {
        let bytes = to_strict(&value).unwrap();
        prop_assert_eq!(&to_jcs(&value).unwrap(), &bytes);
        prop_assert_eq!(parse_strict(&bytes).unwrap(), value);
    }

    #[test]
    fn what_is_read_is_its_own_canonical_form(value in any_json(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = to_strict(&value).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(value) = parse_strict(&bytes) {
            prop_assert_eq!(to_strict(&value).unwrap(), bytes);
        }
    }
}
