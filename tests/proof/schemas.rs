//! What the code writes is what the published schemas describe.

use casetrail::proof::packet::*;
use serde_json::Value;

use crate::kit::*;

fn schema(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(format!("schema/{name}.schema.json")).unwrap()).unwrap()
}

/// The part of JSON Schema 2020-12 that our schemas use, patterns and conditions aside.
fn fits(schema: &Value, value: &Value) -> bool {
    let list = |key: &str| schema[key].as_array();
    let of_type = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64() || value.is_i64(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => true,
    };
    let allowed = list("enum").is_none_or(|allowed| allowed.contains(value))
        && schema.get("const").is_none_or(|only| only == value);
    let any = list("anyOf").is_none_or(|all| all.iter().any(|one| fits(one, value)));
    let one = list("oneOf").is_none_or(|all| all.iter().filter(|one| fits(one, value)).count() == 1);
    let items = value.as_array().is_none_or(|items| {
        schema
            .get("items")
            .is_none_or(|each| items.iter().all(|item| fits(each, item)))
    });
    of_type && allowed && any && one && items && value.as_object().is_none_or(|_| members(schema, value))
}

fn members(schema: &Value, value: &Value) -> bool {
    let required = schema["required"]
        .as_array()
        .is_none_or(|names| names.iter().all(|name| value.get(name.as_str().unwrap()).is_some()));
    required
        && value
            .as_object()
            .unwrap()
            .iter()
            .all(|(name, value)| match schema["properties"].get(name) {
                Some(schema) => fits(schema, value),
                None => schema["additionalProperties"] != false,
            })
}

#[test]
fn a_packets_documents_fit_their_schemas() {
    let files = Model::sample().files();
    let read = |path: &str| serde_json::from_slice::<Value>(&files[path]).unwrap();
    assert!(fits(&schema("packet"), &read(PACKET)));
    assert!(fits(&schema("inventory"), &read(INVENTORY)));
    assert!(fits(&schema("event"), &read(ISSUED)));
    for (path, name) in [(EVENTS, "event"), (BETWEEN, "event"), (RECORDS, "record")] {
        for line in files[path].split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
            assert!(fits(&schema(name), &serde_json::from_slice(line).unwrap()), "{name}");
        }
    }
}

#[test]
fn reports_fit_their_schema() {
    let files = Model::sample().files();
    let mut bent = files.clone();
    bent.remove(HOW_TO);
    for report in [verify_zip(&files, &key()), verify_zip(&bent, &Default::default())] {
        assert!(fits(&schema("verify-report"), &serde_json::to_value(&report).unwrap()));
    }
    let none = verify_path("/nowhere".as_ref(), &key());
    assert!(fits(&schema("verify-report"), &serde_json::to_value(&none).unwrap()));
}

#[test]
fn a_schema_refuses_what_is_missing_or_more() {
    let mut event: Value = serde_json::from_slice(&Model::sample().files()[ISSUED]).unwrap();
    event["extra"] = 1.into();
    assert!(!fits(&schema("event"), &event));
    event.as_object_mut().unwrap().remove("extra");
    event.as_object_mut().unwrap().remove("seq");
    assert!(!fits(&schema("event"), &event));
}
