//! Every operation of the API's description, walked as nobody and as a stranger; and no route that it doesn't describe.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::both_databases;
use crate::contract::operations;
use crate::kit::{Answer, App, Case, Client};

/// What needs nobody signed in, and what it answers to an empty object.
pub const OPEN: &[(&str, &str, u16)] = &[
    ("POST", "/api/v1/sessions", 422),
    ("POST", "/api/v1/sessions/refresh", 422),
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 200),
    // Loopback is where the tests are.
    ("GET", "/metrics", 200),
    ("GET", "/api/openapi.json", 200),
    ("GET", "/api/docs", 200),
    ("GET", "/api/docs/api.js", 200),
    ("GET", "/api/docs/api.css", 200),
];

/// What is not about a case, and what it answers to an investigator who has part in none. All else is 404 to them.
pub const OF_NO_CASE: &[(&str, &str, u16)] = &[
    ("GET", "/api/v1/me", 200),
    ("PUT", "/api/v1/me/password", 422),
    ("GET", "/api/v1/me/sessions", 200),
    ("DELETE", "/api/v1/me/sessions", 409),
    ("GET", "/api/v1/me/tokens", 200),
    ("POST", "/api/v1/me/tokens", 403),
    ("GET", "/api/v1/users/{id}/sessions", 403),
    ("DELETE", "/api/v1/users/{id}/sessions", 403),
    ("GET", "/api/v1/users/{id}/tokens", 403),
    ("DELETE", "/api/v1/users/{id}/tokens/{token_id}", 403),
    ("DELETE", "/api/v1/users/{id}/trainings/{training_id}", 403),
    ("PATCH", "/api/v1/units/{id}", 403),
    ("GET", "/api/v1/settings", 403),
    ("GET", "/api/v1/installation", 403),
    ("GET", "/api/v1/me/viewing", 200),
    ("PUT", "/api/v1/me/viewing", 422),
    ("GET", "/api/v1/users", 403),
    ("POST", "/api/v1/users", 403),
    ("GET", "/api/v1/colleagues", 200),
    ("GET", "/api/v1/users/{id}", 403),
    ("PATCH", "/api/v1/users/{id}", 403),
    ("GET", "/api/v1/users/{id}/trainings", 403),
    ("POST", "/api/v1/users/{id}/trainings", 403),
    ("GET", "/api/v1/units", 403),
    ("POST", "/api/v1/units", 403),
    ("GET", "/api/v1/cases", 200),
    ("POST", "/api/v1/cases", 422),
    ("GET", "/api/v1/authorizations", 200),
    ("GET", "/api/v1/authorization-policies", 200),
    ("POST", "/api/v1/authorization-policies", 403),
    ("GET", "/api/v1/authorization-policies/in-force", 200),
    ("POST", "/api/v1/authorization-policies/{id}/decision", 403),
    ("POST", "/api/v1/authorization-policies/{id}/withdrawal", 403),
    ("GET", "/api/v1/access-requests", 200),
    ("POST", "/api/v1/access-requests", 422),
    ("POST", "/api/v1/access-requests/{id}/confirmation", 403),
    ("GET", "/api/v1/aliases", 200),
    ("POST", "/api/v1/aliases", 422),
    ("GET", "/api/v1/roster", 200),
    ("POST", "/api/v1/roster", 403),
    ("POST", "/api/v1/roster/{id}/end", 403),
    ("GET", "/api/v1/exceptions", 403),
    ("GET", "/api/v1/exceptions/csv", 403),
    ("GET", "/api/v1/register", 403),
    ("GET", "/api/v1/register/csv", 403),
    ("GET", "/api/v1/reports/annual", 403),
    ("GET", "/api/v1/reports/annual/csv", 403),
    ("GET", "/api/v1/misuse-reports", 200),
    ("POST", "/api/v1/misuse-reports", 422),
    ("POST", "/api/v1/misuse-reports/{id}/examination", 403),
    ("POST", "/api/v1/misuse-reports/{id}/closing", 403),
    ("GET", "/api/v1/conduct", 200),
    ("POST", "/api/v1/conduct/acknowledgements", 422),
    ("GET", "/api/v1/reviews", 403),
    ("POST", "/api/v1/reviews", 403),
    ("GET", "/api/v1/access-rights", 403),
    ("GET", "/api/v1/find", 422),
    ("GET", "/api/v1/captures", 403),
    ("OPTIONS", "/api/v1/uploads", 204),
    ("POST", "/api/v1/uploads", 412),
    ("GET", "/api/v1/ledger/events", 403),
    ("POST", "/api/v1/verifications", 422),
    ("GET", "/api/v1/audits", 403),
    ("POST", "/api/v1/audits", 403),
    ("GET", "/api/v1/audits/{id}", 403),
    ("POST", "/api/v1/audits/{id}/cancellation", 403),
    ("GET", "/api/v1/ledger/key", 200),
    ("GET", "/api/v1/ledger/checkpoint", 200),
    ("GET", "/api/v1/ledger/inclusion", 422),
    ("GET", "/api/v1/ledger/consistency", 422),
    ("GET", "/api/v1/ledger/tile/{level}/{tile}", 404),
    // Last, because it ends the token.
    ("DELETE", "/api/v1/sessions/current", 204),
];

/// Routes of the source that are no part of the API and no page of somebody signed in.
const UNDESCRIBED: &[&str] = &[
    "GET /api/docs/api.js",
    "GET /api/docs/api.css",
    "GET /favicon.ico",
    "GET /verify.html",
    "GET /static/{name}",
    "GET /static/{version}/{name}",
    // Pages of links, for recipients without an account: tests/it/disclosures.rs.
    "GET /d/{token}",
    "POST /d/{token}",
    "POST /d/{token}/download",
    "POST /d/{token}/acknowledgement",
    "GET /d/{token}/file/{ticket}",
];

pub struct Things {
    pub case: Case,
    grant: String,
    subject: String,
    account: String,
    authorization: String,
    pub capture: String,
    sha256: String,
    list: String,
    request: String,
    access: String,
    packet: String,
    disclosure: String,
    link: String,
    notice: String,
    upload: String,
    alias: String,
    user: String,
    error: String,
    flag: String,
}

pub fn things(app: &App) -> Things {
    let case = app.case();
    let text = |v: serde_json::Value| v["id"].as_str().unwrap().to_owned();
    let grant = app.grant(&case, &app.prosecutor, &["read"]);
    let subject = text(app.lead.post(&case.path("subjects"), json!({"role": "victim"})).is(201));
    let account = text(
        app.lead
            .post(&case.path("accounts"), json!({"platform": "web", "handle": "x"}))
            .is(201),
    );
    let authorization = app.leave(&case);
    let capture = app.post_with(json!({"files": [{"part": "f", "role": "original"}]}));
    let made = app.lead.upload(&case, &capture, &[("f", b"bytes")]).is(201);
    let sha256 = made["files"][0]["sha256"].as_str().unwrap().to_owned();
    let packet = text(
        app.exporter
            .post(&case.path("packets"), json!({"purpose": "internal"}))
            .is(202),
    );
    // What is built meanwhile would leave its own events.
    crate::packets::ended(&app.exporter, &json!({"id": packet}));
    let disclosure = text(
        app.exporter
            .post(
                &format!("/api/v1/packets/{packet}/disclosures"),
                json!({"to": "Counsel", "need": "trial", "under": "rule 16"}),
            )
            .is(201),
    );
    let link = format!("/api/v1/packets/{packet}/disclosures/{disclosure}/links");
    let link = text(app.exporter.post(&link, json!({})).is(201));
    let notice = json!({"to": "Counsel", "means": "mail", "available": "the packet", "place": "our office"});
    let notice = app.exporter.post(&format!("/api/v1/packets/{packet}/notices"), notice);
    let list = json!({"purpose": "internal", "name": "A list"});
    let list = text(app.exporter.post(&case.path("exhibit-lists"), list).is(201));
    let request = json!({"what": "the thread", "due_on": "2031-01-31"});
    let request = text(app.exporter.post(&case.path("evidence-requests"), request).is(201));
    let access = text(crate::case_access::asked(
        &app.far,
        &crate::case_access::number(app, &case),
    ));
    let error = format!("/api/v1/authorizations/{authorization}/errors");
    let error = text(app.lead.post(&error, json!({"note": "a wrong day"})).is(200));
    let flag = json!({"person": "Officer Marsh", "reason": "reprimanded"});
    let flag = text(app.lead.post(&case.path("impeachment-flags"), flag).is(200));
    let upload = crate::uploads::begun(&app.lead, &case);
    let alias = crate::aliases::approved(app);
    Things {
        upload,
        alias,
        case,
        grant,
        subject,
        account,
        authorization,
        capture: text(made),
        sha256,
        packet,
        disclosure,
        link,
        notice: text(notice.is(201)),
        list,
        request,
        access,
        user: app.member.id.clone(),
        error,
        flag,
    }
}

/// The path with the ids of real things in its gaps.
pub fn filled(path: &str, things: &Things) -> String {
    let id = match path
        .trim_start_matches("/api/v1")
        .trim_start_matches('/')
        .split('/')
        .next()
        .unwrap()
    {
        "cases" => &things.case.id,
        "grants" => &things.grant,
        "authorizations" | "register" => &things.authorization,
        "captures" => &things.capture,
        "packets" => &things.packet,
        "uploads" => &things.upload,
        "access-requests" => &things.access,
        "aliases" => &things.alias,
        "users"
        | "audits"
        | "units"
        | "me"
        | "account"
        | "authorization-policies"
        | "roster"
        | "misuse-reports"
        | "misuse" => &things.user,
        _ => "",
    };
    path.replace("{id}", id)
        .replace("{user_id}", &things.user)
        .replace("{list_id}", &things.list)
        .replace("{request_id}", &things.request)
        .replace("{disclosure_id}", &things.disclosure)
        .replace("{link_id}", &things.link)
        .replace("{notice_id}", &things.notice)
        .replace("{subject_id}", &things.subject)
        .replace("{account_id}", &things.account)
        .replace("{addition_id}", &things.user)
        .replace("{training_id}", &things.user)
        .replace("{token_id}", &things.user)
        .replace("{error_id}", &things.error)
        .replace("{flag_id}", &things.flag)
        .replace("{capture_id}", &things.capture)
        .replace("{sha256}", &things.sha256)
        .replace("{level}", "0")
        .replace("{tile}", "000.p/255")
}

pub fn call(client: &Client, method: &str, path: &str) -> Answer {
    let request = client.request(method, path);
    match method {
        "POST" | "PUT" => client.send(request.json(&json!({}))),
        "PATCH" => client.send(request.header("If-Match", "\"1\"").json(&json!({}))),
        _ => client.send(request),
    }
}

pub fn expected(list: &[(&str, &str, u16)], method: &str, path: &str) -> Option<u16> {
    list.iter()
        .find(|(m, p, _)| *m == method && *p == path)
        .map(|(_, _, status)| *status)
}

both_databases!(nobody_gets_401);
fn nobody_gets_401(app: &App) {
    let things = things(app);
    for (method, path) in operations() {
        let answer = call(&app.nobody, &method, &filled(&path, &things));
        let wanted = expected(OPEN, &method, &path).unwrap_or(401);
        assert_eq!(answer.status, wanted, "{method} {path}");
        if wanted == 401 && method != "HEAD" {
            answer.problem(401, "not-signed-in");
        }
    }
}

both_databases!(a_stranger_gets_404);
fn a_stranger_gets_404(app: &App) {
    let things = things(app);
    let mut all = operations();
    all.sort_by_key(|(_, path)| path == "/api/v1/sessions/current");
    let mut wrong = Vec::new();
    app.leaves_nothing(&things.case.stream, || {
        for (method, path) in all {
            let wanted = expected(OPEN, &method, &path)
                .or(expected(OF_NO_CASE, &method, &path))
                .unwrap_or(404);
            let found = call(&app.stranger, &method, &filled(&path, &things)).status;
            if found != wanted {
                wrong.push(format!("{method} {path}: {found}, not {wanted}"));
            }
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

both_databases!(what_is_hidden_answers_as_what_is_not_there);
fn what_is_hidden_answers_as_what_is_not_there(app: &App) {
    let things = things(app);
    let id = || "01930000-0000-7000-8000-000000000000".to_owned();
    let nothing = Things {
        case: Case::named(&id()),
        grant: id(),
        subject: id(),
        account: id(),
        authorization: id(),
        capture: id(),
        sha256: things.sha256.clone(),
        list: id(),
        request: id(),
        access: id(),
        packet: id(),
        disclosure: id(),
        link: id(),
        notice: id(),
        upload: id(),
        alias: id(),
        user: things.user.clone(),
        error: id(),
        flag: id(),
    };
    for (method, path) in operations() {
        if !path.contains('{') || expected(OF_NO_CASE, &method, &path).is_some() {
            continue;
        }
        let hidden = call(&app.stranger, &method, &filled(&path, &things));
        let absent = call(&app.stranger, &method, &filled(&path, &nothing));
        assert_eq!(
            (hidden.status, hidden.json()),
            (absent.status, absent.json()),
            "{method} {path}"
        );
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(sources(&path)),
            false => all.push(path),
        }
    }
    all
}

/// Routes as the source registers them, without its blanks: `.service(at("path", "METHODS")` with a `.route(web::method()` for each of those.
fn registered() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for path in sources(Path::new("src"))
        .iter()
        .filter(|p| p.extension().is_some_and(|e| e == "rs"))
    {
        let text: String = std::fs::read_to_string(path).unwrap().split_whitespace().collect();
        assert!(!text.contains(".route(\""), "{}: a path without `at`", path.display());
        for piece in text.split(".service(at(").skip(1) {
            let mut quoted = piece.split('"').skip(1).step_by(2);
            let (route, allow) = (quoted.next().unwrap(), quoted.next().unwrap());
            let methods: Vec<String> = piece
                .split(".route(")
                .skip(1)
                .map(|r| r.strip_prefix("web::").unwrap())
                .map(|r| r.strip_prefix("method(Method::").unwrap_or(r))
                .map(|r| r.split(['(', ')']).next().unwrap().to_uppercase())
                .collect();
            assert_eq!(methods.join(","), allow, "{route}: what 405 names is not what it has");
            let route = route.replace("{path:.*}", "{level}/{tile}");
            all.extend(methods.iter().map(|method| format!("{method} {route}")));
        }
    }
    all
}

#[test]
fn routes_and_description_are_the_same() {
    // HEAD goes with GET everywhere.
    let with_get = |path: &String| operations().contains(&("GET".to_owned(), path.clone()));
    let described: BTreeSet<String> = operations()
        .into_iter()
        .filter(|(method, path)| method != "HEAD" || !with_get(path))
        .map(|(method, path)| format!("{method} {path}"))
        .collect();
    let mut registered = registered();
    assert!(registered.len() > 50);
    let pages = crate::pages::PAGES
        .iter()
        .map(|(method, path, ..)| format!("{method} {path}"));
    for route in UNDESCRIBED.iter().map(|route| (*route).to_owned()).chain(pages) {
        assert!(registered.remove(&route), "{route} is gone: take it from the list");
    }
    let missing: Vec<_> = registered.difference(&described).collect();
    let invented: Vec<_> = described.difference(&registered).collect();
    assert!(
        missing.is_empty() && invented.is_empty(),
        "not in openapi.json: {missing:#?}\nin no source: {invented:#?}"
    );
}
