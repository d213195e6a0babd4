//! The annual report: counted over all cases, without names, and with no small number in it.

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, days, with};

const PATH: &str = "/api/v1/reports/annual";

fn count(report: &Value, table: &str, word: &str) -> Value {
    let all = report[table].as_array().unwrap();
    all.iter().find(|one| one["word"] == word).unwrap()["count"].clone()
}

both_databases!(small_numbers_are_masked_and_follow_from_no_other);
fn small_numbers_are_masked_and_follow_from_no_other(app: &App) {
    let case = app.case();
    for _ in 0..9 {
        app.leave(&case);
    }
    let discreet = json!({"level": "discreet", "necessity": "n", "proportionality": "p", "intrusion": "i"});
    let request = with(app.request(), discreet);
    app.lead.post(&case.path("authorizations"), request).is(201);
    let report = app.auditor.get(&format!("{PATH}?year=2026")).is(200);
    assert_eq!((&report["year"], &report["masked_below"]), (&json!(2026), &json!(5)));
    assert_eq!(report["requests"], 10);
    // Nine overt ones stand beside one discreet, which ten less nine would give.
    assert_eq!(count(&report, "levels", "overt"), "withheld");
    assert_eq!(count(&report, "levels", "discreet"), "fewer than 5");
    assert_eq!(count(&report, "levels", "covert"), "fewer than 5");
    assert_eq!(count(&report, "kinds", "online_crime"), "withheld");
    assert_eq!(count(&report, "decisions", "undecided"), "fewer than 5");
    assert_eq!(count(&report, "outcomes", "not_reported"), "withheld");
    assert_eq!(count(&report, "platforms", "instagram"), 10);
    let told = report.to_string();
    for name in ["Lena", "Sue", &app.lead.id, &case.id] {
        assert!(!told.contains(name), "{told}");
    }
    // Another year has none of them.
    app.advance(days(60));
    let later = app.auditor.get(PATH).is(200);
    assert_eq!(
        (&later["year"], &later["requests"]),
        (&json!(2027), &json!("fewer than 5"))
    );
    assert_eq!(later["platforms"], json!([]));
    assert_eq!(app.auditor.get(&format!("{PATH}?year=2026")).is(200)["requests"], 10);
}

both_databases!(exceptions_are_counted_by_class);
fn exceptions_are_counted_by_class(app: &App) {
    let case = app.case();
    for _ in 0..14 {
        app.lead.log(&case, app.post()).is(201);
    }
    app.leave(&case);
    app.lead
        .log(&case, app.post_with(json!({"platform": "tiktok"})))
        .is(201);
    let report = app.auditor.get(PATH).is(200);
    assert_eq!(count(&report, "exceptions", "beyond"), "fewer than 5");
    assert_eq!(count(&report, "exceptions", "without"), "withheld");
    assert_eq!(count(&report, "exceptions", "undecided"), 15);
}

both_databases!(only_an_auditor_makes_it);
fn only_an_auditor_makes_it(app: &App) {
    for client in [&app.lead, &app.supervisor, &app.exporter, &app.administrator] {
        client.get(PATH).problem(403, "forbidden");
        client.get(&format!("{PATH}/csv")).problem(403, "forbidden");
    }
    app.nobody.get(PATH).problem(401, "not-signed-in");
    for year in ["1999", "2027", "soon"] {
        app.auditor
            .get(&format!("{PATH}?year={year}"))
            .refuses(422, "year", "range");
    }
    app.auditor
        .get(&format!("{PATH}?month=1"))
        .refuses(422, "month", "unknown");
    let answer = app.auditor.get(&format!("{PATH}/csv?year=2026"));
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    let table = String::from_utf8(answer.body).unwrap();
    assert!(
        table.starts_with("table,of,count\r\nrequests,,fewer than 5\r\n"),
        "{table}"
    );
    let auditor = Browser::signed_in(app, "auditor");
    let page = auditor.get("/reports/annual?year=2026").is(200);
    page.says("Annual report 2026");
    page.says("fewer than 5");
    assert_eq!(Browser::signed_in(app, "supervisor").get("/reports/annual").status, 403);
}
