//! Grants of chosen captures: what they open, that nothing else of the case exists for whoever has one, and how they are given.

use serde_json::{Value, json};

use crate::both_databases;
use crate::contract::operations;
use crate::find::caught_up;
use crate::kit::browser::{Browser, Page};
use crate::kit::{App, Case, Client, days, hours};
use crate::pages::PAGES;
use crate::walk::{OF_NO_CASE, OPEN, Things, call, expected, filled, things};

/// A case with four captures of one author each, all of them with a file.
struct Casework {
    case: Case,
    number: String,
    captures: Vec<Value>,
}

fn casework(app: &App) -> Casework {
    let case = app.case();
    app.leave(&case);
    let captures = (1..=4).map(|n| {
        let capture = app.post_with(json!({
            "url": format!("https://instagram.example/p/{n}"), "account": {"handle": format!("@author_{n}")},
            "text": format!("words of number {n}"), "files": [{"part": "f", "role": "original"}],
        }));
        let bytes = format!("bytes of {n}");
        app.lead.upload(&case, &capture, &[("f", bytes.as_bytes())]).is(201)
    });
    let captures = captures.collect();
    let found = app.lead.get(&case.path("")).is(200);
    Casework {
        number: text(&found["number"]),
        case,
        captures,
    }
}

impl Casework {
    fn id(&self, item: usize) -> &str {
        self.captures[item - 1]["id"].as_str().unwrap()
    }

    fn sha256(&self, item: usize) -> &str {
        self.captures[item - 1]["files"][0]["sha256"].as_str().unwrap()
    }

    fn path(&self, item: usize, below: &str) -> String {
        format!("/api/v1/captures/{}{below}", self.id(item))
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn grant(app: &App, to: &Client, captures: &[&str]) -> Value {
    json!({"user_id": to.id, "until": app.at(days(10)), "rights": ["read"], "captures": captures, "reason": "knows a face"})
}

/// Gives somebody chosen captures; the grant's id.
pub fn give(app: &App, case: &Case, to: &Client, captures: &[&str]) -> String {
    text(
        &app.supervisor
            .post(&case.path("grants"), grant(app, to, captures))
            .is(201)["id"],
    )
}

fn items(who: &Client, case: &Case, query: &str) -> Vec<i64> {
    let found = who.get(&case.path(&format!("captures{query}"))).is(200);
    let all = found["items"].as_array().unwrap().iter();
    all.map(|one| one["item"].as_i64().unwrap()).collect()
}

both_databases!(a_grant_of_chosen_captures_opens_these);
fn a_grant_of_chosen_captures_opens_these(app: &App) {
    let work = casework(app);
    let (case, who) = (&work.case, &app.prosecutor);
    who.get(&case.path("")).problem(404, "not-found");
    let made = app.leaves(&case.stream, "grant.given", &app.supervisor, || {
        // By id and by number, in whatever order.
        let new = grant(app, who, &[work.id(3), "2"]);
        app.supervisor.post(&case.path("grants"), new).is(201)
    });
    let chosen = json!([{"id": work.id(2), "item": 2}, {"id": work.id(3), "item": 3}]);
    assert_eq!((&made["captures"], &made["rights"]), (&chosen, &json!(["read"])));
    assert_eq!(app.last_record(&case.stream)["captures"], chosen);
    let head = who.get(&case.path(""));
    assert_eq!(head.header("etag"), "");
    let head = head.is(200);
    let names: Vec<&String> = head.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        ["id", "number", "title", "kind", "status", "sees", "captures", "until"]
    );
    assert_eq!((&head["captures"], &head["number"]), (&json!(2), &json!(work.number)));
    assert_eq!(who.get("/api/v1/cases").is(200)["items"], json!([head]));
    assert_eq!(items(who, case, ""), [2, 3]);
    assert_eq!(items(who, case, "?sort=-item&limit=1"), [3]);
    let first = who.get(&case.path("captures?limit=1")).is(200);
    let next = format!("?limit=1&cursor={}", first["next"].as_str().unwrap());
    assert_eq!(items(who, case, &next), [3]);
    assert_eq!(
        who.get(&case.path(&format!("captures{next}"))).is(200)["next"],
        Value::Null
    );
    assert_eq!(items(who, case, "?account=author_3"), [3]);
    assert_eq!(items(who, case, "?account=author_4"), [0; 0]);
    for item in [2, 3] {
        for below in ["", "/custody", "/derivatives"] {
            who.get(&work.path(item, below)).is(200);
        }
        let file = format!("/api/v1/files/{}/{}", work.id(item), work.sha256(item));
        assert_eq!(who.get(&file).status, 200);
        assert_eq!(app.count(&case.accesses, "file.viewed"), item - 1, "looks are recorded");
    }
    for item in [1, 4] {
        for below in ["", "/custody", "/derivatives", "/receipt"] {
            who.get(&work.path(item, below)).problem(404, "not-found");
        }
        let file = format!("/api/v1/files/{}/{}", work.id(item), work.sha256(item));
        who.get(&file).problem(404, "not-found");
        // Nor by way of a capture that is theirs.
        let file = format!("/api/v1/files/{}/{}", work.id(2), work.sha256(item));
        who.get(&file).problem(404, "not-found");
    }
    for below in [
        "/notes",
        "/marks",
        "/verifications",
        "/corrections",
        "/reviews",
        "/redactions",
    ] {
        let sent = json!({"text": "x"});
        who.post(&work.path(2, below), sent).problem(404, "not-found");
    }
    app.advance(days(10));
    who.get(&case.path("")).problem(404, "not-found");
    who.get(&work.path(2, "")).problem(404, "not-found");
    assert_eq!(who.get("/api/v1/cases").is(200)["items"], json!([]));
}

both_databases!(grants_of_chosen_captures_are_given_as_they_should);
fn grants_of_chosen_captures_are_given_as_they_should(app: &App) {
    let (work, other) = (casework(app), casework(app));
    let (case, who) = (&work.case, &app.prosecutor);
    let path = case.path("grants");
    let many: Vec<String> = (1..=501).map(|n| n.to_string()).collect();
    app.leaves_nothing(&case.stream, || {
        for (fields, field, rule) in [
            (json!({"captures": []}), "captures", "not_empty"),
            (json!({"captures": "2"}), "captures", "list"),
            (json!({"captures": [2]}), "captures[0]", "text"),
            (json!({"captures": many}), "captures", "too_many"),
            (json!({"captures": ["2", "9"]}), "captures", "exists"),
            (json!({"captures": ["2", "no such"]}), "captures", "exists"),
            (json!({"captures": [other.id(1)]}), "captures", "exists"),
            (json!({"captures": ["2", work.id(2)]}), "captures", "unique"),
            (json!({"captures": ["2"], "rights": ["export"]}), "rights", "whole_case"),
            (json!({"captures": ["2"], "rights": ["decide"]}), "rights", "whole_case"),
        ] {
            let sent = crate::kit::with(grant(app, who, &[]), fields);
            app.supervisor.post(&path, sent).refuses(422, field, rule);
        }
        let way_out = crate::kit::with(grant(app, who, &["2"]), json!({"rights": ["read", "export"]}));
        let refused = app.supervisor.post(&path, way_out).problem(422, "invalid");
        assert!(refused.to_string().contains("export without captures"), "{refused}");
        for client in [&app.lead, &app.member, &app.exporter] {
            let refused = client.post(&path, grant(app, who, &["2"]));
            refused.problem(403, "forbidden");
        }
        for client in [&app.stranger, &app.prosecutor, &app.far, &app.auditor] {
            client.post(&path, grant(app, who, &["2"])).problem(404, "not-found");
        }
    });
}

/// What the routes answer to somebody with a grant of captures: as to a stranger, but for these.
fn walked(who: &Client, things: &Things, open: &[(&str, &str)]) {
    let mut all = operations();
    all.retain(|(_, path)| path != "/api/v1/sessions/current");
    let mut wrong = Vec::new();
    for (method, path) in all {
        let found = call(who, &method, &filled(&path, things)).status;
        let wanted = expected(OPEN, &method, &path).or(expected(OF_NO_CASE, &method, &path));
        let opens = open.contains(&(method.as_str(), path.as_str()));
        let fine = match opens {
            true => {
                [200, 404].contains(&found) && (found == 200 || path.ends_with("receipt") || path.contains("picture"))
            }
            false => found == wanted.unwrap_or(404),
        };
        if !fine {
            wrong.push(format!("{method} {path}: {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const OF_THE_CASE: [(&str, &str); 2] = [("GET", "/api/v1/cases/{id}"), ("GET", "/api/v1/cases/{id}/captures")];

both_databases!(all_else_is_to_them_what_it_is_to_a_stranger);
fn all_else_is_to_them_what_it_is_to_a_stranger(app: &App) {
    let things = things(app);
    let other = text(&app.lead.log(&things.case, app.post()).is(201)["id"]);
    give(app, &things.case, &app.stranger, &[&other]);
    app.leaves_nothing(&things.case.stream, || walked(&app.stranger, &things, &OF_THE_CASE));
    // The same for the one that was chosen: read, and no more.
    give(app, &things.case, &app.stranger, &[&things.capture]);
    let of_it = [
        "/api/v1/captures/{id}",
        "/api/v1/captures/{id}/custody",
        "/api/v1/captures/{id}/receipt",
        "/api/v1/captures/{id}/derivatives",
        "/api/v1/files/{capture_id}/{sha256}",
        "/api/v1/pictures/{capture_id}/{sha256}",
    ];
    let mut open = OF_THE_CASE.to_vec();
    open.extend(of_it.iter().flat_map(|path| [("GET", *path), ("HEAD", *path)]));
    app.leaves_nothing(&things.case.stream, || walked(&app.stranger, &things, &open));
}

both_databases!(no_page_shows_them_more);
fn no_page_shows_them_more(app: &App) {
    let things = things(app);
    let other = text(&app.lead.log(&things.case, app.post()).is(201)["id"]);
    give(app, &things.case, &app.stranger, &[&other]);
    let stranger = Browser::signed_in(app, "stranger");
    let open = ["/cases/{id}", "/cases/{id}/evidence"];
    let mut wrong = Vec::new();
    app.leaves_nothing(&things.case.stream, || {
        for (method, path, status) in PAGES {
            let to = filled(path, &things);
            let page = match *method {
                "POST" => stranger.post(&to, &[]),
                _ => Page::of(stranger.request(method, &to).send().unwrap()),
            };
            let wanted = match *method == "GET" && open.contains(path) {
                true => 200,
                false => *status,
            };
            if page.status != wanted {
                wrong.push(format!("{method} {path}: {}, not {wanted}", page.status));
            }
            // Who made the chosen capture is told with it.
            let hidden = ["V-1", &things.capture, "Lena Lead"];
            let hidden = &hidden[..if path.ends_with("evidence") { 2 } else { 3 }];
            for hidden in hidden {
                if page.status == 200 && path.starts_with("/cases/{id}") && page.text.contains(*hidden) {
                    wrong.push(format!("{path} says {hidden}"));
                }
            }
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

both_databases!(pages_show_the_chosen_captures);
fn pages_show_the_chosen_captures(app: &App) {
    let work = casework(app);
    let case = &work.case;
    let supervisor = Browser::signed_in(app, "supervisor");
    let form = |extent: &'static str, captures: &'static str| {
        supervisor.post(
            &format!("/cases/{}/grants", case.id),
            &[
                ("grantee", "prosecutor"),
                ("rights[]", "read"),
                ("extent", extent),
                ("captures", captures),
                ("until", "2027-02-01T12:00"),
                ("form_zone", "UTC"),
                ("reason", "knows a face"),
            ],
        )
    };
    // An empty field never opens the case, and a full one is never left out.
    form("captures", "").is(422).says("must name the captures");
    form("case", "2, 3").is(422).says("while the whole case is chosen");
    form("captures", "2, 9")
        .is(422)
        .says("names no capture of this case with 9");
    form("captures", "2, 3").is(303);
    let team = supervisor.get(&format!("/cases/{}/team", case.id)).is(200);
    team.says("read, 2 chosen captures");
    team.says("Items 2, 3");
    supervisor
        .get(&format!("/cases/{}", case.id))
        .is(200)
        .says("read, 2 chosen captures");
    supervisor
        .get(&format!("/cases/{}/custody", case.id))
        .is(200)
        .says("2 chosen captures");
    let access = supervisor.get(&format!("/cases/{}/access", case.id)).is(200);
    access.says("was let in by a grant for 2 chosen captures");
    access.says("grantee-of-chosen-captures-lists-them");
    let reader = Browser::signed_in(app, "prosecutor");
    reader.get("/").is(200).says("2 chosen captures");
    reader.get("/cases").is(200).says("2 chosen captures");
    let head = reader.get(&format!("/cases/{}", case.id)).is(200);
    head.says("2 chosen captures");
    head.says("Threats to a council member");
    let evidence = reader.get(&format!("/cases/{}/evidence", case.id)).is(200);
    for item in 1..=4 {
        let (id, chosen) = (work.id(item), [2, 3].contains(&item));
        assert_eq!(evidence.text.contains(id), chosen, "item {item}");
        let page = reader.get(&format!("/captures/{id}"));
        assert_eq!(page.status, if chosen { 200 } else { 404 }, "item {item}");
    }
    evidence.says("2 of 2");
    let item = reader.get(&format!("/captures/{}", work.id(2))).is(200);
    item.says("2 of 2");
    item.says("words of number 2");
    for hidden in [
        work.id(1),
        work.id(4),
        "/impeachment-flags",
        "/evidence/review",
        "/authorizations/",
    ] {
        item.does_not_say(hidden);
        evidence.does_not_say(hidden);
        head.does_not_say(hidden);
    }
    reader
        .get(&format!("/pictures/{}/{}", work.id(1), work.sha256(1)))
        .is(404);
}

both_databases!(grants_add_up_and_the_whole_case_wins);
fn grants_add_up_and_the_whole_case_wins(app: &App) {
    let work = casework(app);
    let (case, who) = (&work.case, &app.prosecutor);
    give(app, case, who, &["1", "2"]);
    let second = give(app, case, who, &["2", "4"]);
    assert_eq!(items(who, case, ""), [1, 2, 4]);
    assert_eq!(who.get(&case.path("")).is(200)["captures"], 3);
    who.get(&work.path(3, "")).problem(404, "not-found");
    let whole = app.grant(case, who, &["read"]);
    assert_eq!(items(who, case, ""), [1, 2, 3, 4]);
    assert!(who.get(&case.path("")).is(200)["lead_id"].is_string());
    assert!(who.get("/api/v1/cases").is(200)["items"][0]["lead_id"].is_string());
    who.get(&case.path("subjects")).is(200);
    let end = |id: &str| app.supervisor.delete(&format!("/api/v1/grants/{id}")).is(204);
    end(&whole);
    assert_eq!(items(who, case, ""), [1, 2, 4]);
    who.get(&case.path("subjects")).problem(404, "not-found");
    let before = app.at(0);
    app.advance(hours(1));
    end(&second);
    assert_eq!(items(who, case, ""), [1, 2]);
    who.get(&work.path(4, "")).problem(404, "not-found");
    who.get(&work.path(2, "")).is(200);
    // What was so, and by which rule, is told for now and then.
    let told = |query: &str| app.lead.get(&case.path(&format!("access{query}"))).is(200);
    let found = told("");
    let people = found["people"].as_array().unwrap();
    let of = people.iter().find(|one| one["user"]["id"] == json!(who.id)).unwrap();
    assert_eq!(of["sees"], "chosen_captures");
    assert_eq!(of["rules"], json!(["grantee-of-chosen-captures-lists-them"]));
    let grounds = of["grounds"].as_array().unwrap();
    assert_eq!((grounds.len(), &grounds[0]["captures"]), (1, &json!(2)));
    let then = told(&format!("?user=prosecutor&at={before}"));
    assert_eq!(then["grounds"].as_array().unwrap().len(), 2);
    for (act, allowed, chosen) in [
        ("CaseHeadRead", true, Value::Null),
        ("CaseCaptureList", true, Value::Null),
        ("CaptureRead", false, json!(true)),
        ("FileRead", false, json!(true)),
        ("CaseRead", false, Value::Null),
        ("SubjectRead", false, Value::Null),
    ] {
        let acts = then["acts"].as_array().unwrap();
        let one = acts.iter().find(|one| one["act"] == act).unwrap();
        assert_eq!(
            (&one["allowed"], &one["chosen_captures"]),
            (&json!(allowed), &chosen),
            "{act}"
        );
    }
    app.audit();
}

both_databases!(find_leads_to_the_chosen_captures_alone);
fn find_leads_to_the_chosen_captures_alone(app: &App) {
    let work = casework(app);
    let (case, who) = (&work.case, &app.prosecutor);
    let account = json!({"platform": "instagram", "handle": "author_2"});
    let account = text(&app.lead.post(&case.path("accounts"), account).is(201)["id"]);
    give(app, case, who, &["2", "3"]);
    caught_up(app);
    let found = |q: &str, inside: bool| -> Vec<String> {
        let q: String = url::form_urlencoded::byte_serialize(q.as_bytes()).collect();
        let inside = if inside {
            format!("&case={}", case.id)
        } else {
            String::new()
        };
        let answer = who.get(&format!("/api/v1/find?q={q}{inside}")).is(200);
        let all = answer["items"].as_array().unwrap().iter();
        all.map(|hit| text(&hit["id"])).collect()
    };
    let none: [&str; 0] = [];
    assert_eq!(found(&work.number, false), [case.id.as_str()]);
    assert_eq!(found(&case.id, false), [case.id.as_str()]);
    for item in 1..=4 {
        let wanted = match item {
            2 | 3 => vec![work.id(item)],
            _ => Vec::new(),
        };
        assert_eq!(found(&format!("{} item {item}", work.number), false), wanted);
        assert_eq!(found(&format!("item {item}"), true), wanted);
        assert_eq!(found(work.id(item), false), wanted);
        assert_eq!(found(&format!("@author_{item}"), false), wanted);
        assert_eq!(found(&format!("https://instagram.example/p/{item}"), false), wanted);
        assert_eq!(found(work.sha256(item), false), wanted);
    }
    assert_eq!(found(&account, false), none);
    assert_eq!(found(&format!("{} a-1", work.number), false), none);
    // The same by a file that somebody has: which captures have it.
    let verified = |bytes: &'static [u8]| {
        let part = reqwest::blocking::multipart::Part::bytes(bytes).file_name("f");
        let form = reqwest::blocking::multipart::Form::new().part("file", part);
        who.send(who.request("POST", "/api/v1/verifications").multipart(form))
    };
    let (theirs, others) = (verified(b"bytes of 2"), verified(b"bytes of 1"));
    assert_eq!(theirs.status, others.status);
    assert!(!others.json().to_string().contains(work.id(1)));
    // Who may see a part may ask for the case.
    let asked = json!({"number": work.number, "reason": "the rest of it"});
    who.post("/api/v1/access-requests", asked).is(201);
}
