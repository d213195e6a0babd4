//! `verify.html` in a packet: there where its papers have it, told whether it is this program's own, and believed in nothing.
//! And what the page in a browser is answered.

use std::fs::File;
use std::sync::Arc;

use casetrail::bag::ask;
use casetrail::proof::packet::*;
use casetrail::verify::verifier::PAGE;
use casetrail::verify::{Report, Verdict};
use serde_json::{Value, json};

use crate::kit::*;

fn with_page(page: Option<&[u8]>) -> Report {
    let model = Model::sample();
    let mut data = model.data();
    data.remove(VERIFY_PAGE);
    data.extend(page.map(|page| (VERIFY_PAGE.to_owned(), page.to_vec())));
    verify_folder(&model.seal(data), &key())
}

#[test]
fn its_own_page_is_known_and_another_is_not_checked() {
    let report = with_page(PAGE);
    assert!(report.finds("verifier", Verdict::Passed) && report.exit_code == 0);
    let report = with_page(Some(b"<!doctype html>All is well."));
    assert!(report.finds("verifier", Verdict::NotChecked) && report.exit_code == 0);
    assert_eq!(report.grades.bytes, Verdict::Passed);
}

#[test]
fn it_is_there_exactly_where_the_papers_have_it() {
    assert_eq!(
        failures(&with_page(None)),
        ["layout.missing data/verify.html: is required and missing"]
    );
    let mut model = Model::sample();
    model.ask(|request| request["papers"] = json!(VERIFY_PAGE_SINCE - 1));
    model.head.papers = Some(VERIFY_PAGE_SINCE - 1);
    assert_eq!(failures(&verify_folder(&model.files(), &key())), Vec::<String>::new());
    let mut data = model.data();
    data.insert(VERIFY_PAGE.into(), b"<!doctype html>".to_vec());
    let failed = failures(&verify_folder(&model.seal(data), &key()));
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(
        failed[0].starts_with("layout.unexpected data/verify.html"),
        "{failed:?}"
    );
}

fn asked(zip: &std::path::Path, asked: &Value) -> Value {
    let file = Arc::new(File::open(zip).unwrap());
    serde_json::from_slice(&ask::answer(file, asked.to_string().as_bytes())).unwrap()
}

#[test]
fn a_browser_is_told_what_the_command_line_prints() {
    let dir = tempfile::tempdir().unwrap();
    let path = zip(dir.path(), &Model::sample().files());
    let vkey = key().key.unwrap().to_string();
    let ask = |key: &str, policy: &str, witness: bool| {
        asked(
            &path,
            &json!({"key": key, "policy": policy, "require_witness": witness}),
        )
    };
    let told = ask(&format!(" {vkey}\r\n"), "", false);
    let report = verify_path(&path, &key());
    assert_eq!(told["verified"]["text"], casetrail::bag::cli::text(&report));
    assert_eq!(told["verified"]["report"], serde_json::to_value(&report).unwrap());
    let outcome = |told: &Value| told["verified"]["report"]["outcome"].as_str().map(str::to_owned);
    assert_eq!(outcome(&ask("", "", false)).as_deref(), Some("signer_not_checked"));
    let policy = format!("log {vkey}\nquorum none\n");
    assert_eq!(outcome(&ask("", &policy, false)).as_deref(), Some("passed"));
    assert_eq!(outcome(&ask("", &policy, true)).as_deref(), Some("failed"));
}

#[test]
fn what_a_browser_asks_wrongly_is_refused_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let path = zip(dir.path(), &Model::sample().files());
    let vkey = key().key.unwrap().to_string();
    let mistyped = vkey.replacen("+7a", "+7b", 1);
    assert_ne!(mistyped, vkey);
    for (question, why) in [
        (
            json!({"key": mistyped, "policy": "", "require_witness": false}),
            "mistyped",
        ),
        (
            json!({"key": "", "policy": "log x\n", "require_witness": false}),
            "line 1 of the policy",
        ),
        (json!({"key": ""}), "missing field"),
    ] {
        let told = asked(&path, &question);
        assert!(told["refused"].as_str().unwrap().contains(why), "{told}");
    }
}
