//! Audits that an auditor has the server carry out, over the API and on the pages; and the search of the agency's events.

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use diesel::{RunQueryDsl, sql_query};
use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{Answer, App, Client, hours};

const AGENCY: &str = "agency";
const AUDITS: &str = "/api/v1/audits";

fn path(audit: &Value) -> String {
    format!("{AUDITS}/{}", audit["id"].as_str().unwrap())
}

/// Waits until an audit has ended.
fn ended(app: &App, audit: &Value) -> Value {
    for _ in 0..200 {
        let shown = app.auditor.get(&path(audit)).is(200);
        if !["queued", "running"].contains(&shown["state"].as_str().unwrap()) {
            return shown;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the audit does not end: {}", app.auditor.get(&path(audit)).is(200))
}

fn start(app: &App) -> Value {
    let before = app.count(AGENCY, "audit.requested");
    let asked = app.auditor.post(AUDITS, json!({})).is(202);
    assert_eq!(app.count(AGENCY, "audit.requested"), before + 1);
    asked
}

/// Faults of a report, but for those that every copy of the tests' template has: its key is another one.
fn faults(audit: &Value) -> Vec<(String, String)> {
    let all = audit["report"]["faults"].as_array().unwrap().iter();
    let told = all.map(|f| {
        (
            f["rule"].as_str().unwrap().to_owned(),
            f["place"].as_str().unwrap().to_owned(),
        )
    });
    told.filter(|(rule, _)| !["checkpoint", "last-checkpoint"].contains(&rule.as_str()))
        .collect()
}

/// A case with a capture whose file is stored; the capture's id and the file's digest.
fn captured(app: &App) -> (String, String) {
    let case = app.case();
    app.leave(&case);
    let capture = app.post_with(json!({"files": [{"part": "f", "role": "original"}]}));
    let made = app.lead.upload(&case, &capture, &[("f", b"what was found")]).is(201);
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    (text(&made["id"]), text(&made["files"][0]["sha256"]))
}

both_databases!(an_audit_reads_everything_and_is_kept_with_its_report);
fn an_audit_reads_everything_and_is_kept_with_its_report(app: &App) {
    let (_, _) = captured(app);
    let asked = start(app);
    assert_eq!((&asked["state"], &asked["report"]), (&json!("queued"), &Value::Null));
    let done = ended(app, &asked);
    assert_eq!(faults(&done), [], "{done}");
    assert_eq!(done["report"]["counts"]["files"], 1);
    let event = app
        .events(AGENCY)
        .into_iter()
        .rev()
        .find(|e| e["action"] == "audit.completed");
    let event = event.unwrap();
    assert_eq!(event["actor"], json!({"kind": "job", "id": "audit"}));
    assert_eq!(event["attest"]["report"], done["report_sha256"]);
    assert_eq!(event["attest"]["faults"], done["faults"]);
    let listed = app.auditor.get(AUDITS).is(200);
    assert_eq!(
        (&listed["items"][0]["id"], &listed["items"][0]["report"]),
        (&asked["id"], &Value::Null)
    );
    let again = start(app);
    ended(app, &again);
    let page = app.auditor.get(&format!("{AUDITS}?limit=1")).is(200);
    assert_eq!(page["items"][0]["id"], again["id"]);
    let next = page["next"].as_str().unwrap();
    let page = app.auditor.get(&format!("{AUDITS}?limit=1&cursor={next}")).is(200);
    assert_eq!((&page["items"][0]["id"], &page["next"]), (&asked["id"], &Value::Null));
    assert!(app.count(AGENCY, "audit.viewed") > 0);
}

both_databases!(an_audit_names_a_changed_file_and_a_changed_row);
fn an_audit_names_a_changed_file_and_a_changed_row(app: &App) {
    let (_, sha256) = captured(app);
    app.goes_behind();
    std::fs::write(app.file(&sha256.parse().unwrap()), b"something else").unwrap();
    let change = |conn: &mut casetrail::db::AnyConn| {
        sql_query("UPDATE users SET name = 'Somebody Else' WHERE username = 'member'").execute(conn)?;
        Ok(())
    };
    app.db().write_blocking(change).unwrap();
    let done = ended(app, &start(app));
    assert_eq!(done["state"], "faulty");
    let found = faults(&done);
    assert!(
        found.contains(&("file-bytes".into(), format!("file {sha256}"))),
        "{found:?}"
    );
    assert!(
        found.contains(&("row-columns".into(), format!("user {}", app.member.id))),
        "{found:?}"
    );
    let auditor = Browser::signed_in(app, "auditor");
    let page = auditor
        .get(&format!("/audits/{}", done["id"].as_str().unwrap()))
        .is(200);
    page.says(&format!("file {sha256}"));
    page.says("put the file back from a backup");
    page.does_not_say("what was found");
}

/// Makes an audit's job look as a server leaves it.
fn leave_as(app: &App, audit: &Value, job: &str) {
    let set = format!(
        "UPDATE jobs SET {job} WHERE object = '{}'",
        audit["id"].as_str().unwrap()
    );
    let change = move |conn: &mut casetrail::db::AnyConn| {
        sql_query(set.as_str()).execute(conn)?;
        Ok(())
    };
    app.db().write_blocking(change).unwrap();
}

/// An audit that reads a file which is so large that reading it takes hours.
struct Stuck {
    audit: Value,
    file: PathBuf,
    large: File,
}

fn stuck(app: &App) -> Stuck {
    app.goes_behind();
    let (_, sha256) = captured(app);
    let file = app.file(&sha256.parse().unwrap());
    std::fs::remove_file(&file).unwrap();
    let large = File::create_new(&file).unwrap();
    large.set_len(1 << 43).unwrap();
    let audit = start(app);
    // Waits until the audit has opened it too: this process serves.
    for _ in 0..200 {
        let open = std::fs::read_dir("/proc/self/fd").unwrap();
        let ours = |entry: std::io::Result<std::fs::DirEntry>| {
            std::fs::read_link(entry.unwrap().path()).is_ok_and(|to| to == file)
        };
        if open.filter_map(|entry| ours(entry).then_some(())).count() > 1 {
            return Stuck { audit, file, large };
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the audit opens no file")
}

impl Stuck {
    /// Lets the audit go on; what it reads next is what was stored.
    fn go_on(&mut self) {
        std::fs::remove_file(&self.file).unwrap();
        std::fs::write(&self.file, b"what was found").unwrap();
        self.large.set_len(0).unwrap();
    }
}

both_databases!(one_audit_is_under_way_and_can_be_called_off);
fn one_audit_is_under_way_and_can_be_called_off(app: &App) {
    let mut stuck = stuck(app);
    app.leaves_nothing(AGENCY, || app.auditor.post(AUDITS, json!({})).problem(409, "conflict"));
    let auditor = Browser::signed_in(app, "auditor");
    let address = format!("/audits/{}", stuck.audit["id"].as_str().unwrap());
    let page = auditor.get(&address).is(200);
    page.says("The audit is under way");
    page.says("Call it off");
    auditor.get("/audits").is(200).does_not_say("Run an audit</button>");
    let cancel = format!("{}/cancellation", path(&stuck.audit));
    app.leaves(AGENCY, "audit.cancelled", &app.auditor, || {
        auditor.post(&format!("{address}/cancellation"), &[]).is(303)
    });
    assert_eq!(app.auditor.get(&path(&stuck.audit)).is(200)["state"], "cancelled");
    app.auditor.post(&cancel, json!({})).problem(409, "conflict");
    stuck.go_on();
    let next = taken_again(app);
    assert_eq!(faults(&ended(app, &next)), []);
    // Its end is recorded once, and it keeps no report.
    assert_eq!(app.count(AGENCY, "audit.failed"), 0);
    assert_eq!(app.count(AGENCY, "audit.completed"), 1);
    assert_eq!(app.auditor.get(&path(&stuck.audit)).is(200)["state"], "cancelled");
}

/// Starts an audit as soon as the one before has let go.
fn taken_again(app: &App) -> Value {
    for _ in 0..200 {
        let answer: Answer = app.auditor.post(AUDITS, json!({}));
        if answer.status == 202 {
            return answer.json();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the audit before does not let go")
}

both_databases!(an_audit_whose_server_died_is_taken_up_again_or_given_up_with_a_reason);
fn an_audit_whose_server_died_is_taken_up_again_or_given_up_with_a_reason(app: &App) {
    let mut first = stuck(app);
    leave_as(app, &first.audit, "lease = 'dead', leased_until = 1");
    first.go_on();
    assert_eq!(faults(&ended(app, &first.audit)), []);
    assert_eq!(app.count(AGENCY, "audit.completed"), 1);
    let mut second = stuck(app);
    leave_as(app, &second.audit, "lease = 'dead', leased_until = 1, attempts = 3");
    second.go_on();
    let given_up = ended(app, &second.audit);
    assert_eq!(given_up["state"], "failed");
    assert!(given_up["error"].as_str().unwrap().contains("died"), "{given_up}");
    assert_eq!(app.count(AGENCY, "audit.failed"), 1);
    let auditor = Browser::signed_in(app, "auditor");
    let page = auditor
        .get(&format!("/audits/{}", second.audit["id"].as_str().unwrap()))
        .is(200);
    page.says("could not be carried out");
}

both_databases!(only_an_auditor_has_to_do_with_audits);
fn only_an_auditor_has_to_do_with_audits(app: &App) {
    let asked = start(app);
    let done = ended(app, &asked);
    for client in [&app.lead, &app.supervisor, &app.exporter, &app.administrator] {
        let refused = |answer: Answer| answer.problem(403, "forbidden");
        refused(client.get(AUDITS));
        refused(client.get(&path(&done)));
        refused(client.post(AUDITS, json!({})));
        refused(client.post(&format!("{}/cancellation", path(&done)), json!({})));
    }
    let nothing = format!("{AUDITS}/01930000-0000-7000-8000-000000000000");
    app.auditor.get(&nothing).problem(404, "not-found");
    app.auditor
        .post(AUDITS, json!({"extra": 1}))
        .refuses(422, "extra", "unknown");
    for username in ["lead", "supervisor", "exporter", "administrator"] {
        let browser = Browser::signed_in(app, username);
        for page in ["/audits", "/ledger", "/ledger/log"] {
            assert_eq!(browser.get(page).status, 403, "{username}: {page}");
        }
        assert_eq!(browser.post("/audits", &[]).status, 403);
    }
}

both_databases!(an_audit_is_run_from_its_page);
fn an_audit_is_run_from_its_page(app: &App) {
    let auditor = Browser::signed_in(app, "auditor");
    auditor.get("/audits").is(200).says("No audit yet");
    let made = auditor.post("/audits", &[]).is(303);
    assert_eq!(app.count(AGENCY, "audit.requested"), 1);
    let id = made.location.trim_start_matches("/audits/").to_owned();
    ended(app, &json!({"id": id}));
    auditor.get(&made.location).is(200).says("What was read");
    auditor.get("/audits").is(200).says(&id);
    auditor.get("/").is(200).says("The last audit");
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn found(client: &Client, query: &str) -> Vec<Value> {
    let page = client.get(&format!("/api/v1/ledger/events?{query}")).is(200);
    page["items"].as_array().unwrap().clone()
}

both_databases!(events_are_found_newest_first_by_who_what_about_and_when);
fn events_are_found_newest_first_by_who_what_about_and_when(app: &App) {
    let (capture, sha256) = captured(app);
    app.advance(hours(2));
    app.lead.get(&format!("/api/v1/captures/{capture}")).is(200);
    app.lead
        .send(app.lead.request("GET", &format!("/api/v1/files/{capture}/{sha256}")));
    app.stranger
        .get(&format!("/api/v1/captures/{capture}"))
        .problem(404, "not-found");
    let actions = |query: &str| {
        let all = found(&app.auditor, query);
        let times: Vec<&str> = all.iter().map(|e| e["event"]["at"].as_str().unwrap()).collect();
        assert!(times.is_sorted_by(|a, b| a >= b), "{query}: {times:?}");
        assert!(all.iter().all(|e| e["record"].is_null()));
        all.iter()
            .map(|e| e["event"]["action"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    // Of the item: by whom it was recorded, viewed, and who was refused it.
    let about = actions(&format!("object={capture}"));
    for action in ["capture.recorded", "capture.viewed", "file.viewed", "access.refused"] {
        assert!(about.contains(&action.to_owned()), "{action}: {about:?}");
    }
    // Of a person: what they saw.
    let seen = actions(&format!("actor={}&kind=seen", app.lead.id));
    assert!(seen.contains(&"file.viewed".to_owned()) && !seen.contains(&"capture.recorded".to_owned()));
    let refused = actions(&format!("actor={}&kind=access", app.stranger.id));
    assert_eq!(refused, ["access.refused"]);
    assert!(actions("kind=agency").iter().all(|a| !a.starts_with("capture.")));
    assert!(actions("kind=case").contains(&"capture.recorded".to_owned()));
    let early = actions(&format!("object={capture}&to={}", app.at(-hours(1))));
    assert_eq!(early, ["capture.recorded"]);
    let late = actions(&format!("object={capture}&from={}", app.at(-hours(1))));
    assert!(!late.contains(&"capture.recorded".to_owned()) && late.len() == about.len() - 1);
    app.auditor
        .get("/api/v1/ledger/events?kind=all")
        .refuses(422, "kind", "one_of");
    // The search itself is recorded, with what was asked.
    let search = app.last_record(AGENCY);
    assert!(
        search.get("actor").is_some() && search.get("kind").is_some(),
        "{search}"
    );
}

both_databases!(pages_of_events_hold_each_once);
fn pages_of_events_hold_each_once(app: &App) {
    captured(app);
    let all: Vec<Value> = found(&app.auditor, "limit=100&kind=case");
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/ledger/events?limit=2&kind=case{cursor}");
        let page = app.auditor.get(&path).is(200);
        seen.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let leaves = |events: &[Value]| events.iter().map(|e| e["leaf"].clone()).collect::<Vec<_>>();
    assert_eq!(leaves(&seen), leaves(&all));
    app.auditor
        .get("/api/v1/ledger/events?cursor=eA")
        .refuses(422, "cursor", "from_next");
}

both_databases!(the_page_of_events_shows_filters_and_no_content);
fn the_page_of_events_shows_filters_and_no_content(app: &App) {
    let (capture, _) = captured(app);
    let auditor = Browser::signed_in(app, "auditor");
    let page = auditor
        .get(&format!(
            "/ledger?actor=lead&object={capture}&from=2026-01-01&to=2026-12-31"
        ))
        .is(200);
    page.says("Capture recorded");
    page.says("Who: Lena Lead");
    page.says("Only what <bdi>Lena Lead</bdi> saw");
    page.says("href=\"/ledger?object=");
    for text in ["Saw this girl", "Threats to a council member", "instagram"] {
        page.does_not_say(text);
    }
    let page = auditor.get("/ledger?from=yesterday&actor=lead").is(422);
    page.says("must be a day such as 2026-11-22");
    page.says("value=\"lead\"");
    auditor
        .get("/ledger?from=2026-12-31&to=2026-01-01")
        .is(422)
        .says("must not lie before From");
    auditor.get("/ledger/log").is(200).says("Never anchored");
}

both_databases!(an_auditor_searches_by_the_numbers_that_people_use);
fn an_auditor_searches_by_the_numbers_that_people_use(app: &App) {
    let (capture, _) = captured(app);
    let known = app.lead.get(&format!("/api/v1/captures/{capture}")).is(200);
    let case = text(&known["case_id"]).to_owned();
    let number = text(&app.lead.get(&format!("/api/v1/cases/{case}")).is(200)["number"]).to_owned();
    let auditor = Browser::signed_in(app, "auditor");
    let search = |field: &str, named: &str| {
        let query: String = url::form_urlencoded::byte_serialize(named.as_bytes()).collect();
        auditor.get(&format!("/ledger?{field}={query}")).is(200)
    };
    search("object", &format!("{number} item {}", known["item"])).says("Capture recorded");
    search("object", &number).says("Case opened");
    search("object", "lead").says("User created");
    let of_case = search("case", &number);
    of_case.says(&number);
    of_case.says("Capture recorded");
    search("object", &format!("{number} item 999")).says("Nothing found");
    // The box finds no case for an auditor, and says where they are searched.
    let found = auditor.get(&format!("/find?q={number}")).is(200);
    found.says(&format!("href=\"/ledger?object={number}\""));
    found.says("No page has this name");
}

both_databases!(refusals_of_sign_ins_are_among_the_refusals);
fn refusals_of_sign_ins_are_among_the_refusals(app: &App) {
    let wrong = json!({"username": "lead", "password": "not the password"});
    app.nobody.post("/api/v1/sessions", wrong).is(401);
    let refused = found(&app.auditor, "kind=refused");
    let actions: Vec<&str> = refused.iter().map(|e| text(&e["event"]["action"])).collect();
    assert_eq!(actions, ["session.refused"]);
    let auditor = Browser::signed_in(app, "auditor");
    auditor.get("/ledger?kind=refused").is(200).says("Session refused");
    auditor.get("/").is(200).says("<strong class=\"num\">1</strong>");
}
