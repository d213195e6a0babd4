//! Find: what each kind of text leads to, what the access log then says, and what a person who may not see something is
//! told of it: nothing.

use casetrail::find;
use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, Case, Client};

/// Makes the keys of everything that was recorded so far.
pub fn caught_up(app: &App) {
    let wait = std::time::Duration::from_secs(10);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let gate = &app.state.gate;
    runtime.block_on(async {
        assert!(casetrail::ledger::settle(gate.db(), gate.journal(), wait).await);
        find::catch_up(gate).await.unwrap();
    });
}

fn query(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn found(who: &Client, text: &str, case: Option<&Case>) -> Vec<Value> {
    let inside = case.map(|case| format!("&case={}", case.id)).unwrap_or_default();
    let answer = who.get(&format!("/api/v1/find?q={}{inside}", query(text))).is(200);
    assert_eq!(answer["next"], Value::Null);
    answer["items"].as_array().unwrap().clone()
}

/// Kind, id and what led to it, of all that was found.
fn told(who: &Client, text: &str, case: Option<&Case>) -> Vec<(String, String, String)> {
    let text_of = |hit: &Value, name: &str| hit[name].as_str().unwrap().to_owned();
    let all = found(who, text, case);
    all.iter()
        .map(|hit| (text_of(hit, "kind"), text_of(hit, "id"), text_of(hit, "by")))
        .collect()
}

fn hit(kind: &str, id: &str, by: &str) -> (String, String, String) {
    (kind.into(), id.into(), by.into())
}

/// A case of a number, with an authorization, a capture that it covers, and an account.
struct Town {
    case: Case,
    authorization: String,
    capture: String,
    sha256: String,
    account: String,
}

fn town(app: &App) -> Town {
    let case = app.case_of(json!({
        "title": "Threats to a council member", "kind": "online_crime", "number": "26-004417",
        "particulars": crate::kit::online(),
    }));
    let authorization = app.leave(&case);
    let capture = app.post_with(json!({
        "url": "https://www.instagram.com/p/C81xYz/?igsh=abc", "account": {"handle": "@River_K", "platform_id": "55501"},
        "files": [{"part": "f", "role": "original"}],
    }));
    let made = app.lead.upload(&case, &capture, &[("f", b"some bytes")]).is(201);
    assert_eq!(made["state"], "logged", "{made}");
    let account = json!({"platform": "instagram", "handle": "river_k", "url": "https://instagram.com/river_k/"});
    let account = app.lead.post(&case.path("accounts"), account).is(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let town = Town {
        authorization,
        capture: text(&made["id"]),
        sha256: text(&made["files"][0]["sha256"]),
        account: text(&account["id"]),
        case,
    };
    caught_up(app);
    town
}

both_databases!(each_kind_of_text_leads_to_what_has_it);
fn each_kind_of_text_leads_to_what_has_it(app: &App) {
    let town = town(app);
    let (case, capture, account) = (&town.case.id, &town.capture, &town.account);
    let short = &town.sha256[..8];
    let both = |by| vec![hit("capture", capture, by), hit("account", account, by)];
    for (text, wanted) in [
        ("26-004417", vec![hit("case", case, "number")]),
        (" ２６-００４４１７ ", vec![hit("case", case, "number")]),
        (case, vec![hit("case", case, "id")]),
        (capture, vec![hit("capture", capture, "id")]),
        ("26-004417 item 1", vec![hit("capture", capture, "item")]),
        ("26-004417 #1", vec![hit("capture", capture, "item")]),
        ("26-004417 item 2", vec![]),
        ("item 1", vec![]),
        (
            "26-004417 a-1",
            vec![hit("authorization", &town.authorization, "authorization")],
        ),
        ("RIVER_K", both("handle")),
        ("@river_k", both("handle")),
        ("river", vec![]),
        ("55501", vec![hit("capture", capture, "platform_id")]),
        ("C81xYz", vec![hit("capture", capture, "platform_id")]),
        (
            "http://instagram.com/p/C81xYz",
            vec![hit("capture", capture, "address")],
        ),
        ("instagram.com/river_k", vec![hit("account", account, "address")]),
        (&town.sha256, vec![hit("capture", capture, "sha256")]),
        (short, vec![hit("capture", capture, "sha256")]),
        (&short[..7], vec![]),
        ("Threats to a council member", vec![]),
    ] {
        assert_eq!(told(&app.lead, text, None), wanted, "{text}");
    }
    // In the case that is open, a number is enough.
    for (text, wanted) in [
        ("1", hit("capture", capture, "item")),
        ("A-1", hit("authorization", &town.authorization, "authorization")),
    ] {
        assert_eq!(told(&app.lead, text, Some(&town.case)), [wanted], "{text}");
    }
    assert!(told(&app.lead, "1", Some(&app.case())).is_empty());
}

both_databases!(what_changed_is_found_as_it_is_now);
fn what_changed_is_found_as_it_is_now(app: &App) {
    let town = town(app);
    let path = format!("/api/v1/captures/{}/corrections", town.capture);
    let correction = json!({"account": {"handle": "@river_kay"}, "reason": "misread"});
    app.lead.post(&path, correction).is(201);
    app.lead
        .patch(
            &format!("/api/v1/cases/{}", town.case.id),
            1,
            json!({"number": "26-004418"}),
        )
        .is(200);
    caught_up(app);
    assert_eq!(
        told(&app.lead, "river_k", None),
        [hit("account", &town.account, "handle")]
    );
    assert_eq!(
        told(&app.lead, "river_kay", None),
        [hit("capture", &town.capture, "handle")]
    );
    assert_eq!(told(&app.lead, "26-004418 item 1", None).len(), 1);
    assert!(told(&app.lead, "26-004417", None).is_empty());
}

both_databases!(nobody_finds_what_they_may_not_see);
fn nobody_finds_what_they_may_not_see(app: &App) {
    let town = town(app);
    let texts = [
        "26-004417",
        "26-004417 item 1",
        "26-004417 A-1",
        "river_k",
        "55501",
        "instagram.com/p/C81xYz",
    ];
    let ids = [
        &town.case.id,
        &town.capture,
        &town.account,
        &town.authorization,
        &town.sha256,
    ];
    let all = || texts.into_iter().chain(ids.into_iter().map(String::as_str));
    app.leaves_nothing(&town.case.stream, || {
        for who in [&app.stranger, &app.far, &app.prosecutor] {
            for text in all() {
                assert!(told(who, text, Some(&town.case)).is_empty(), "{text}");
            }
        }
    });
    for text in all() {
        assert!(!told(&app.exporter, text, None).is_empty(), "{text}");
        assert!(!told(&app.supervisor, text, None).is_empty(), "{text}");
    }
    for who in [&app.auditor, &app.administrator] {
        who.get("/api/v1/find?q=26-004417").is(403);
    }
    // A confidential case is not found by a supervisor of its unit, only by whom its lead named.
    let quiet = json!({
        "title": "Quiet", "kind": "online_crime", "number": "26-1", "handling": "confidential",
        "supervisor_id": app.deputy.id, "particulars": crate::kit::online(),
    });
    app.case_of(quiet);
    caught_up(app);
    for (who, hits) in [
        (&app.supervisor, 0),
        (&app.deputy, 1),
        (&app.lead, 1),
        (&app.exporter, 0),
    ] {
        assert_eq!(told(who, "26-1", None).len(), hits);
    }
}

both_databases!(what_is_held_is_found_by_its_outline_alone);
fn what_is_held_is_found_by_its_outline_alone(app: &App) {
    let case = app.case();
    let capture = app.post_with(json!({
        "url": "https://example.com/secret", "account": {"handle": "@quiet_one"}, "text": "words of the post",
        "basis": {"kind": "exception", "reason": "none covers it"}, "files": [{"part": "f", "role": "original"}],
    }));
    let made = app.lead.upload(&case, &capture, &[("f", b"held bytes")]).is(201);
    assert_eq!(made["state"], "held");
    caught_up(app);
    let (id, sha256) = (
        made["id"].as_str().unwrap(),
        made["files"][0]["sha256"].as_str().unwrap(),
    );
    for who in [&app.lead, &app.member, &app.exporter] {
        for text in ["quiet_one", "https://example.com/secret", "example.com/secret"] {
            assert!(told(who, text, None).is_empty(), "{text}");
        }
        for (text, by) in [(id, "id"), (sha256, "sha256")] {
            let hits = found(who, text, None);
            assert_eq!((hits.len(), &hits[0]["by"]), (1, &json!(by)));
            assert_eq!((&hits[0]["state"], &hits[0]["about"]), (&json!("held"), &Value::Null));
        }
        assert_eq!(told(who, "1", Some(&case)), [hit("capture", id, "item")]);
    }
    // Who may decide it may open it.
    let hits = found(&app.supervisor, "quiet_one", None);
    assert_eq!((hits.len(), &hits[0]["about"]), (1, &json!("words of the post")));
}

both_databases!(a_search_stands_in_the_log_of_each_case_it_led_to);
fn a_search_stands_in_the_log_of_each_case_it_led_to(app: &App) {
    let town = town(app);
    let access = format!("access:{}", town.case.id);
    app.leaves(&access, "case.searched", &app.lead, || told(&app.lead, "river_k", None));
    assert_eq!(app.last_record(&access)["query"], "river_k");
    // Again within a minute, it is one look.
    app.leaves_nothing(&access, || told(&app.lead, "river_k", None));
    // What led nowhere is told to no case.
    app.leaves_nothing(&access, || {
        app.leaves("agency", "cases.searched", &app.stranger, || {
            told(&app.stranger, "river_k", None)
        })
    });
    assert_eq!(app.last_record("agency")["query"], "river_k");
}

both_databases!(an_answer_has_at_most_twenty_of_a_kind);
fn an_answer_has_at_most_twenty_of_a_kind(app: &App) {
    let case = app.case();
    for _ in 0..21 {
        let account = json!({"platform": "web", "handle": "many"});
        app.lead.post(&case.path("accounts"), account).is(201);
    }
    caught_up(app);
    let answer = app.lead.get("/api/v1/find?q=many").is(200);
    assert_eq!(
        (answer["items"].as_array().unwrap().len(), &answer["more"]),
        (20, &json!(true))
    );
    let (mut ids, mut next) = (Vec::new(), String::new());
    for count in [8, 8, 4] {
        let page = app.lead.get(&format!("/api/v1/find?q=many&limit=8{next}")).is(200);
        let items = page["items"].as_array().unwrap();
        assert_eq!((items.len(), &page["more"]), (count, &json!(true)));
        ids.extend(items.iter().map(|hit| hit["id"].clone()));
        next = page["next"]
            .as_str()
            .map_or_else(String::new, |next| format!("&cursor={next}"));
    }
    let whole = answer["items"].as_array().unwrap().iter().map(|hit| hit["id"].clone());
    assert_eq!((ids, next.as_str()), (whole.collect(), ""));
}

both_databases!(what_cannot_be_looked_up_says_why);
fn what_cannot_be_looked_up_says_why(app: &App) {
    for path in [
        "/api/v1/find",
        "/api/v1/find?q=",
        "/api/v1/find?q=x&case=7",
        "/api/v1/find?q=x&odd=1",
    ] {
        app.lead.get(path).is(422);
    }
    app.lead.get(&format!("/api/v1/find?q={}", "x".repeat(2001))).is(422);
}

both_databases!(the_page_leads_to_the_one_thing_it_found);
fn the_page_leads_to_the_one_thing_it_found(app: &App) {
    let (town, lead) = (town(app), Browser::signed_in(app, "lead"));
    let page = lead.get("/find?q=26-004417").is(303);
    assert_eq!(page.location, format!("/cases/{}", town.case.id));
    let page = lead.get(&format!("/find?q=1&case={}", town.case.id)).is(303);
    assert_eq!(page.location, format!("/captures/{}", town.capture));
    let page = lead.get("/find?q=river_k").is(200);
    page.says("2 found");
    page.says(&format!("href=\"/captures/{}\"", town.capture));
    let page = lead.get("/find?q=%3Cb%3Enothing").is(200);
    page.says("Nothing found");
    page.does_not_say("<b>nothing");
    lead.get("/find").is(200).says("href=\"/cases/new\"");
    // The others find the pages that they have.
    for (who, word, address) in [("auditor", "ledger", "/ledger"), ("administrator", "people", "/users")] {
        let page = Browser::signed_in(app, who).get(&format!("/find?q={word}")).is(200);
        page.says(&format!("href=\"{address}\""));
        page.does_not_say("Nothing found");
        page.does_not_say("case number");
    }
    let hits: Value = serde_json::from_str(&lead.get("/find/hits?q=26-004417").is(200).text).unwrap();
    assert_eq!(hits["found"][0]["address"], format!("/cases/{}", town.case.id));
    let pages: Value = serde_json::from_str(&lead.get("/find/hits?q=").is(200).text).unwrap();
    assert_eq!(pages["found"], json!([]));
    assert!(pages["places"].as_array().unwrap().len() > 3, "{pages}");
}

both_databases!(words_in_what_files_say_lead_to_those_who_may_open_them);
fn words_in_what_files_say_lead_to_those_who_may_open_them(app: &App) {
    let case = app.case();
    app.leave(&case);
    let page = "<html><title>Skate park: caf\u{e9} meeting</title><p>Bring the ladder to stop 14.</p></html>";
    let upload = |platform: &str| {
        let files = json!([{"part": "f", "role": "archive", "name": "seen.jpg"}]);
        let capture = app.post_with(json!({"platform": platform, "files": files}));
        app.lead.upload(&case, &capture, &[("f", page.as_bytes())]).is(201)
    };
    let (open, held) = (upload("instagram"), upload("tiktok"));
    assert_eq!((&open["state"], &held["state"]), (&json!("logged"), &json!("held")));
    let jobs = crate::kit::Jobs::run(app, casetrail::captures::run_examinations);
    for made in [&open, &held] {
        crate::examinations::examined(&app.supervisor, made);
    }
    drop(jobs);
    caught_up(app);
    let id = |made: &Value| made["id"].as_str().unwrap().to_owned();
    let of = |who: &Client, text: &str| told(who, text, None);
    let one = hit("capture", &id(&open), "words");
    for text in [
        "ladder",
        "LADDER stop",
        "Caf\u{c9}",
        "type:text/html ladder",
        "flag:type_differs",
    ] {
        assert_eq!(of(&app.lead, text), std::slice::from_ref(&one), "{text}");
    }
    // Who may decide about what is held finds it as well, the newest first among the open ones.
    let both = of(&app.supervisor, "ladder");
    assert_eq!(both, [one, hit("capture", &id(&held), "words")]);
    for text in ["ladder elsewhere", "ladde", "flag:encrypted", "has:place"] {
        assert_eq!(of(&app.lead, text), [], "{text}");
    }
    assert_eq!(of(&app.stranger, "ladder"), []);
    app.audit();
}
