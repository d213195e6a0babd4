//! Every answer of every test is held against `schema/openapi.json`: the operation exists, its statuses are described,
//! and the body is what the schema says.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::kit::Answer;

/// The API's description.
pub static API: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&std::fs::read_to_string("schema/openapi.json").unwrap()).unwrap());

/// Method and path of every operation.
pub fn operations() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (path, methods) in API["paths"].as_object().unwrap() {
        let methods = methods.as_object().unwrap().keys();
        all.extend(
            methods
                .filter(|m| *m != "parameters")
                .map(|m| (m.to_uppercase(), path.clone())),
        );
    }
    all
}

/// The described path that an address belongs to.
fn pattern(path: &str) -> Option<String> {
    let fits = |pattern: &str| {
        let (mut a, mut b) = (pattern.split('/'), path.split('/'));
        loop {
            match (a.next(), b.next()) {
                (None, None) => return true,
                // What is last in a path may hold slashes: tiles.
                (Some(p), Some(_)) if p.starts_with('{') && pattern.ends_with(p) && pattern.contains("/tile/") => {
                    return true;
                }
                (Some(p), Some(q)) if p == q || (p.starts_with('{') && !q.is_empty()) => {}
                _ => return false,
            }
        }
    };
    let paths: Vec<&String> = API["paths"].as_object().unwrap().keys().filter(|p| fits(p)).collect();
    // The one with the fewest gaps is meant: /sessions/current, not /sessions/{id}.
    paths.into_iter().min_by_key(|p| p.matches('{').count()).cloned()
}

fn resolve(mut node: &'static Value) -> &'static Value {
    while let Some(place) = node["$ref"].as_str() {
        node = API.pointer(place.trim_start_matches('#')).unwrap();
    }
    node
}

type Known = HashMap<(String, String, u16), Option<Arc<Validator>>>;

fn validator(method: &str, pattern: &str, status: u16) -> Option<Arc<Validator>> {
    static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
    let key = (method.to_owned(), pattern.to_owned(), status);
    let mut known = KNOWN.lock().unwrap_or_else(|e| e.into_inner());
    if let Some(found) = known.get(&key) {
        return found.clone();
    }
    let made = compile(method, pattern, status);
    known.insert(key, made.clone());
    made
}

fn compile(method: &str, pattern: &str, status: u16) -> Option<Arc<Validator>> {
    let responses = &API["paths"][pattern][method.to_lowercase()]["responses"];
    let response = responses.get(status.to_string());
    let response = resolve(
        response.unwrap_or_else(|| panic!("{method} {pattern} answers {status}, which openapi.json does not say")),
    );
    let content = ["application/json", "application/problem+json"]
        .iter()
        .find_map(|t| response["content"].get(*t))?;
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "components": API["components"], "allOf": [content["schema"]],
    });
    Some(Arc::new(
        jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap(),
    ))
}

/// Panics where an answer is not what the description says.
#[track_caller]
pub fn hold(method: &str, path: &str, answer: &Answer) {
    let Some(pattern) = pattern(path) else { return };
    if API["paths"][&pattern].get(method.to_lowercase()).is_none() {
        return;
    }
    let Some(validator) = validator(method, &pattern, answer.status) else {
        return;
    };
    if method == "HEAD" {
        return;
    }
    let body = answer.json();
    let faults: Vec<String> = validator
        .iter_errors(&body)
        .map(|e| format!("{}: {e}", e.instance_path))
        .collect();
    assert!(
        faults.is_empty(),
        "{method} {path} ({}) is not as openapi.json says:\n{}\n{body:#}",
        answer.status,
        faults.join("\n")
    );
}
