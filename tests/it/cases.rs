//! Cases, members and grants.

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::{App, Case, days, hours, missing, online, with};

fn open(title: &str) -> Value {
    json!({"title": title, "kind": "online_crime"})
}

both_databases!(kind_and_title_open_a_case);
fn kind_and_title_open_a_case(app: &App) {
    for (kind, due) in [
        ("missing_person", 8),
        ("wanted_person", 4),
        ("online_crime", 3),
        ("crime_media", 3),
    ] {
        let answer = app.lead.post("/api/v1/cases", json!({"title": "A case", "kind": kind}));
        assert_eq!(answer.header("etag"), "\"1\"");
        let location = answer.header("location").to_owned();
        let made = answer.is(201);
        assert_eq!(location, format!("/api/v1/cases/{}", made["id"].as_str().unwrap()));
        assert_eq!(
            (&made["lead_id"], &made["status"], &made["handling"]),
            (&json!(app.lead.id), &json!("open"), &json!("standard"))
        );
        assert_eq!(made["due"].as_array().unwrap().len(), due, "{kind}");
        assert!(made["provisional"] == true && made["number"].as_str().unwrap().starts_with("P-"));
        let case = Case::named(made["id"].as_str().unwrap());
        let first = &app.events(&case.stream)[0];
        assert_eq!(
            (&first["action"], &first["actor"]["id"], &first["actor"]["role"]),
            (&json!("case.opened"), &json!(app.lead.id), &json!("investigator"))
        );
        assert_eq!(app.lead.get(&case.path("")).is(200), made);
        app.stranger.get(&case.path("")).problem(404, "not-found");
    }
}

both_databases!(who_may_not_open_a_case_is_told_so);
fn who_may_not_open_a_case_is_told_so(app: &App) {
    for client in [&app.exporter, &app.auditor, &app.administrator] {
        client.post("/api/v1/cases", open("x")).problem(403, "forbidden");
    }
    app.supervisor.post("/api/v1/cases", open("x")).is(201);
}

both_databases!(a_repeat_with_a_key_opens_one_case);
fn a_repeat_with_a_key_opens_one_case(app: &App) {
    let first = app.lead.post_keyed("/api/v1/cases", "k-1", &open("once")).is(201);
    let again = app.lead.post_keyed("/api/v1/cases", "\"k-1\"", &open("once")).is(201);
    assert_eq!(first, again);
    assert_eq!(
        app.lead.get("/api/v1/cases").is(200)["items"].as_array().unwrap().len(),
        1
    );
    app.lead
        .post_keyed("/api/v1/cases", "k-1", &open("other"))
        .problem(422, "idempotency-conflict");
    app.member.post_keyed("/api/v1/cases", "k-1", &open("own")).is(201);
    app.advance(days(1) + hours(1));
    let later = app.lead.post_keyed("/api/v1/cases", "k-1", &open("other")).is(201);
    assert_ne!(later["id"], first["id"]);
    app.lead
        .post_keyed("/api/v1/cases", "no spaces", &open("x"))
        .refuses(422, "Idempotency-Key", "form");
}

both_databases!(what_is_due_blocks_and_unknown_is_an_answer);
fn what_is_due_blocks_and_unknown_is_an_answer(app: &App) {
    let made = app
        .lead
        .post(
            "/api/v1/cases",
            json!({"title": "A case", "kind": "missing_person", "particulars": {"name": "Ana"}}),
        )
        .is(201);
    let case = Case::named(made["id"].as_str().unwrap());
    let refused = app
        .lead
        .post(&case.path("authorizations"), app.request())
        .problem(409, "due-first");
    let fields: Vec<&str> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["field"].as_str().unwrap())
        .collect();
    assert_eq!(
        fields,
        [
            "particulars.date_of_birth",
            "particulars.last_seen_at",
            "particulars.last_seen_where",
            "particulars.description",
            "particulars.endangered"
        ]
    );
    let unknown = json!({"particulars": {"date_of_birth": "unknown", "last_seen_at": "unknown", "last_seen_where": "unknown", "description": "unknown", "endangered": "unknown"}});
    let changed = app.lead.patch(&case.path(""), 1, unknown).is(200);
    let due: Vec<&str> = changed["due"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["field"].as_str().unwrap())
        .collect();
    assert_eq!(due, ["particulars.ncic.number", "particulars.ncic.entered_at"]);
    let own = with(app.request(), json!({"holders": [app.lead.id]}));
    app.lead.post(&case.path("authorizations"), own).is(201);
    app.lead
        .patch(
            &case.path(""),
            2,
            json!({"status": "closed", "disposition": "located_safe"}),
        )
        .problem(409, "due-first");
    app.lead
        .patch(
            &case.path(""),
            2,
            json!({"particulars": {"ncic": {"number": "unknown"}}}),
        )
        .is(200);
    let changed = app
        .lead
        .patch(
            &case.path(""),
            3,
            json!({"particulars": {"ncic": {"entered_at": "2026-11-20T22:00:00-05:00"}}}),
        )
        .is(200);
    assert_eq!(
        changed["particulars"]["ncic"],
        json!({"number": "unknown", "entered_at": "2026-11-21T03:00:00.000000Z"})
    );
    assert_eq!(changed["due"], json!([]));
    app.leaves(&case.stream, "case.closed", &app.lead, || {
        app.lead
            .patch(
                &case.path(""),
                4,
                json!({"status": "closed", "disposition": "located_safe"}),
            )
            .is(200)
    });
    app.lead.log(&case, app.post()).problem(409, "case-closed");
    let back = app.leaves(&case.stream, "case.reopened", &app.lead, || {
        app.lead.patch(&case.path(""), 5, json!({"status": "open"})).is(200)
    });
    assert!(back["disposition"].is_null());
    app.leaves(&case.stream, "case.suspended", &app.lead, || {
        app.lead
            .patch(&case.path(""), 6, json!({"status": "suspended"}))
            .is(200)
    });
}

both_databases!(a_change_needs_the_version_it_was_made_on);
fn a_change_needs_the_version_it_was_made_on(app: &App) {
    let case = app.case();
    let path = case.path("");
    let body = json!({"title": "Another title"});
    app.leaves_nothing(&case.stream, || {
        app.lead
            .send(app.lead.request("PATCH", &path).json(&body))
            .problem(428, "version-required");
        app.lead.patch(&path, 9, body.clone()).problem(412, "stale-version");
        app.lead
            .send(
                app.lead
                    .request("PATCH", &path)
                    .header("If-Match", "W/\"9\"")
                    .json(&body),
            )
            .problem(412, "stale-version");
        app.stranger.patch(&path, 1, body.clone()).problem(404, "not-found");
        app.member.patch(&path, 1, body.clone()).problem(403, "forbidden");
        app.exporter.patch(&path, 1, body.clone()).problem(403, "forbidden");
    });
    let changed = app.leaves(&case.stream, "case.changed", &app.lead, || {
        app.lead.patch(&path, 1, body.clone()).is(200)
    });
    assert_eq!(
        (&changed["title"], &changed["version"]),
        (&json!("Another title"), &json!(2))
    );
    app.leaves_nothing(&case.stream, || {
        app.lead.patch(&path, 1, body).problem(412, "stale-version")
    });
}

both_databases!(a_taken_number_says_nothing_else);
fn a_taken_number_says_nothing_else(app: &App) {
    let secret = json!({
        "title": "Quiet", "kind": "online_crime", "number": "26-004417", "handling": "confidential", "supervisor_id": app.deputy.id,
    });
    app.lead.post("/api/v1/cases", secret).is(201);
    let own = json!({"title": "Mine", "kind": "online_crime", "number": "26-004417"});
    let refused = app
        .stranger
        .post("/api/v1/cases", own.clone())
        .refuses(409, "number", "unique");
    assert!(!refused.to_string().contains("Quiet"), "{refused}");
    assert_eq!(refused["type"], "/problems/taken");
    let open = app
        .stranger
        .post("/api/v1/cases", json!({"title": "Mine", "kind": "online_crime"}))
        .is(201);
    let path = format!("/api/v1/cases/{}", open["id"].as_str().unwrap());
    app.stranger
        .patch(&path, 1, json!({"number": "26-004417"}))
        .refuses(409, "number", "unique");
    assert_eq!(
        app.stranger.get("/api/v1/cases?number=26-004417").is(200)["items"],
        json!([])
    );
    let numbered = app.stranger.patch(&path, 1, json!({"number": "26-004418"})).is(200);
    assert_eq!(
        (&numbered["number"], &numbered["provisional"]),
        (&json!("26-004418"), &json!(false))
    );
    app.stranger
        .post(
            "/api/v1/cases",
            json!({"title": "x", "kind": "online_crime", "number": "P-1"}),
        )
        .refuses(422, "number", "reserved");
}

both_databases!(a_confidential_case_needs_its_supervisor_and_is_invisible);
fn a_confidential_case_needs_its_supervisor_and_is_invisible(app: &App) {
    let mut new =
        json!({"title": "Quiet", "kind": "online_crime", "handling": "confidential", "particulars": online()});
    app.lead
        .post("/api/v1/cases", new.clone())
        .refuses(422, "supervisor_id", "required");
    new["supervisor_id"] = json!(app.stranger.id);
    app.lead
        .post("/api/v1/cases", new.clone())
        .refuses(422, "supervisor_id", "role");
    new["supervisor_id"] = json!(app.deputy.id);
    let made = app.lead.post("/api/v1/cases", new).is(201);
    let case = Case::named(made["id"].as_str().unwrap());
    for client in [
        &app.supervisor,
        &app.far,
        &app.stranger,
        &app.member,
        &app.exporter,
        &app.administrator,
        &app.auditor,
    ] {
        client.get(&case.path("")).problem(404, "not-found");
    }
    for client in [&app.supervisor, &app.far, &app.stranger, &app.member, &app.exporter] {
        assert_eq!(client.get("/api/v1/cases").is(200)["items"], json!([]));
    }
    for client in [&app.administrator, &app.auditor] {
        client.get("/api/v1/cases").problem(403, "forbidden");
    }
    app.deputy.get(&case.path("")).is(200);
    let events = app.auditor.get(&case.path("events")).is(200);
    assert!(
        events["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|e| e["record"].is_null())
    );
    let asked = with(app.request(), json!({"holders": [app.lead.id]}));
    let made = app.lead.post(&case.path("authorizations"), asked).is(201);
    let decision = format!("/api/v1/authorizations/{}/decision", made["id"].as_str().unwrap());
    app.supervisor
        .post(&decision, json!({"decision": "approve"}))
        .problem(404, "not-found");
    app.deputy.post(&decision, json!({"decision": "approve"})).is(200);
}

both_databases!(restricting_hides_a_case_from_its_unit);
fn restricting_hides_a_case_from_its_unit(app: &App) {
    let case = app.case();
    app.lead
        .patch(&case.path(""), 1, json!({"handling": "restricted"}))
        .problem(403, "forbidden");
    app.supervisor
        .patch(&case.path(""), 1, json!({"handling": "restricted"}))
        .refuses(422, "supervisor_id", "required");
    let body = json!({"handling": "restricted", "supervisor_id": app.deputy.id});
    app.supervisor.patch(&case.path(""), 1, body).is(200);
    app.supervisor.get(&case.path("")).problem(404, "not-found");
    app.lead.get(&case.path("")).is(200);
    app.deputy.get(&case.path("")).is(200);
    // The lead names another who decides.
    let grant =
        json!({"user_id": app.far.id, "until": app.at(days(30)), "rights": ["decide"], "reason": "decides here"});
    app.far.get(&case.path("")).problem(404, "not-found");
    app.leaves(&case.stream, "grant.given", &app.lead, || {
        app.lead.post(&case.path("grants"), grant).is(201)
    });
    app.far.get(&case.path("")).is(200);
}

both_databases!(members_come_and_go);
fn members_come_and_go(app: &App) {
    let case = app.case();
    let path = case.path(&format!("members/{}", app.stranger.id));
    app.stranger.put(&path, json!({})).problem(404, "not-found");
    app.member.put(&path, json!({})).problem(403, "forbidden");
    let first = app.leaves(&case.stream, "member.added", &app.lead, || {
        app.lead.put(&path, json!({})).is(200)
    });
    assert_eq!(
        app.leaves_nothing(&case.stream, || app.lead.put(&path, json!({})).is(200)),
        first
    );
    app.stranger.get(&case.path("")).is(200);
    app.leaves(&case.stream, "member.removed", &app.supervisor, || {
        app.supervisor.delete(&path).is(204)
    });
    app.leaves_nothing(&case.stream, || app.lead.delete(&path).is(204));
    app.stranger.get(&case.path("")).problem(404, "not-found");
    app.leaves(&case.stream, "member.added", &app.lead, || {
        app.lead.put(&path, json!({})).is(200)
    });
    app.stranger.get(&case.path("")).is(200);
    let lead = case.path(&format!("members/{}", app.lead.id));
    app.lead.put(&lead, json!({})).problem(409, "conflict");
    app.lead.delete(&lead).problem(409, "conflict");
    app.lead
        .put(&case.path(&format!("members/{}", app.prosecutor.id)), json!({}))
        .refuses(422, "user_id", "role");
    app.lead
        .put(&case.path(&format!("members/{}", app.units["squad"])), json!({}))
        .is(422);
}

both_databases!(a_supervisor_who_works_on_a_case_decides_nothing_in_it);
fn a_supervisor_who_works_on_a_case_decides_nothing_in_it(app: &App) {
    let case = app.case();
    app.lead
        .put(&case.path(&format!("members/{}", app.supervisor.id)), json!({}))
        .is(200);
    let made = app.lead.post(&case.path("authorizations"), app.request()).is(201);
    let decision = format!("/api/v1/authorizations/{}/decision", made["id"].as_str().unwrap());
    app.supervisor
        .post(&decision, json!({"decision": "approve"}))
        .problem(403, "forbidden");
    app.far
        .post(&decision, json!({"decision": "approve"}))
        .problem(404, "not-found");
    app.deputy.post(&decision, json!({"decision": "approve"})).is(200);
}

both_databases!(a_refusal_says_whom_to_ask_to_those_who_may_know);
fn a_refusal_says_whom_to_ask_to_those_who_may_know(app: &App) {
    let case = app.case();
    let path = case.path("grants");
    let grant = json!({"user_id": app.prosecutor.id, "until": app.at(hours(2)), "rights": ["read"], "reason": "trial"});
    let refused = app.lead.post(&path, grant.clone()).problem(403, "forbidden");
    let told = "Ask the lead, Lena Lead, or who decides in it: Dee Deputy, Dora Double, Sue Supervisor.";
    assert_eq!(refused["ask"], told);
    // Who may not know of the case is told nothing.
    let refused = app.stranger.post(&path, grant).problem(404, "not-found");
    assert_eq!(refused.get("ask"), None);
    // Where the lead named who decides, only they are named.
    let kept = app.case_of(json!({
        "title": "Threats", "kind": "online_crime", "handling": "restricted", "supervisor_id": app.deputy.id,
    }));
    let refused = app
        .member
        .patch(&kept.path(""), 1, json!({"title": "x"}))
        .problem(403, "forbidden");
    assert_eq!(
        refused["ask"],
        "Ask the lead, Lena Lead, or who decides in it: Dee Deputy."
    );
}

both_databases!(a_grant_ends_by_itself);
fn a_grant_ends_by_itself(app: &App) {
    let case = app.case();
    let grant = |rights: Value, until: i64| json!({"user_id": app.prosecutor.id, "until": app.at(until), "rights": rights, "reason": "trial"});
    let path = case.path("grants");
    app.stranger
        .post(&path, grant(json!(["read"]), hours(2)))
        .problem(404, "not-found");
    app.lead
        .post(&path, grant(json!(["read"]), hours(2)))
        .problem(403, "forbidden");
    app.supervisor
        .post(&path, grant(json!(["read"]), -hours(1)))
        .refuses(422, "until", "future");
    app.supervisor
        .post(&path, grant(json!(["write"]), hours(2)))
        .refuses(422, "rights", "one_of");
    let made = app.leaves(&case.stream, "grant.given", &app.supervisor, || {
        app.supervisor.post(&path, grant(json!(["export"]), hours(2))).is(201)
    });
    assert_eq!(made["rights"], json!(["read", "export"]));
    app.prosecutor.get(&case.path("")).is(200);
    assert_eq!(
        app.prosecutor.get("/api/v1/cases").is(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    app.advance(hours(2));
    app.prosecutor.get(&case.path("")).problem(404, "not-found");
    assert_eq!(app.prosecutor.get("/api/v1/cases").is(200)["items"], json!([]));
}

both_databases!(a_grant_is_ended_before_its_time);
fn a_grant_is_ended_before_its_time(app: &App) {
    let case = app.case();
    let id = app.grant(&case, &app.prosecutor, &["read"]);
    let path = format!("/api/v1/grants/{id}");
    app.prosecutor.get(&case.path("")).is(200);
    app.stranger.delete(&path).problem(404, "not-found");
    app.prosecutor.delete(&path).problem(403, "forbidden");
    app.leaves(&case.stream, "grant.ended", &app.deputy, || {
        let reason = app
            .deputy
            .request("DELETE", &path)
            .json(&json!({"reason": "trial over"}));
        app.deputy.send(reason).is(204)
    });
    assert_eq!(app.last_record(&case.stream)["end_reason"], "trial over");
    app.leaves_nothing(&case.stream, || app.supervisor.delete(&path).is(204));
    app.prosecutor.get(&case.path("")).problem(404, "not-found");
    let own = json!({"user_id": app.supervisor.id, "until": app.at(hours(2)), "rights": ["read"], "reason": "me"});
    app.supervisor.post(&case.path("grants"), own).problem(403, "forbidden");
    let listed = app.lead.get(&case.path("grants")).is(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
}

both_databases!(lists_go_by_key_with_links);
fn lists_go_by_key_with_links(app: &App) {
    let mut made: Vec<String> = Vec::new();
    for n in 0..7 {
        let kind = if n % 2 == 0 { "online_crime" } else { "crime_media" };
        let case = app
            .lead
            .post(
                "/api/v1/cases",
                json!({"title": format!("Case {n}"), "kind": kind, "number": format!("26-{n}")}),
            )
            .is(201);
        made.push(case["id"].as_str().unwrap().to_owned());
    }
    made.reverse();
    let mut seen = Vec::new();
    let mut path = "/api/v1/cases?limit=3".to_owned();
    while !path.is_empty() {
        let answer = app.lead.get(&path);
        let link = answer.header("link").to_owned();
        let page = answer.is(200);
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|c| c["id"].as_str().unwrap().to_owned()),
        );
        path = link.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        assert_eq!(path.is_empty(), page["next"].is_null());
        // A new case does not shift the pages that follow.
        app.lead.post("/api/v1/cases", open("between")).is(201);
    }
    assert_eq!(seen, made);
    let filtered = app.lead.get("/api/v1/cases?kind=crime_media&status=open").is(200);
    assert_eq!(filtered["items"].as_array().unwrap().len(), 3);
    assert_eq!(
        app.lead.get("/api/v1/cases?number=26-4").is(200)["items"][0]["title"],
        "Case 4"
    );
    app.lead.get("/api/v1/cases?kind=murder").refuses(422, "kind", "one_of");
    app.lead.get("/api/v1/cases?limit=0").refuses(422, "limit", "range");
    app.lead
        .get("/api/v1/cases?cursor=AA")
        .refuses(422, "cursor", "from_next");
}

both_databases!(reads_and_refusals_are_in_the_access_log);
fn reads_and_refusals_are_in_the_access_log(app: &App) {
    let case = app.case();
    app.lead.get(&case.path("")).is(200);
    app.lead.get(&case.path("")).is(200);
    assert_eq!(app.count(&case.accesses, "case.viewed"), 1);
    app.advance(2 * 60_000_000);
    app.lead.get(&case.path("")).is(200);
    assert_eq!(app.count(&case.accesses, "case.viewed"), 2);
    app.stranger.get(&case.path("")).problem(404, "not-found");
    let last = app.events(&case.accesses).pop().unwrap();
    assert_eq!(
        (&last["action"], &last["actor"]["id"]),
        (&json!("access.refused"), &json!(app.stranger.id))
    );
    assert!(
        app.events(&case.stream)
            .iter()
            .all(|e| e["action"] != "case.viewed" && e["action"] != "access.refused")
    );
    app.lead.get(&case.path("accesses")).problem(403, "forbidden");
    app.supervisor.get(&case.path("accesses")).is(200);
    app.auditor.get(&case.path("accesses")).is(200);
}

both_databases!(particulars_of_another_kind_are_refused);
fn particulars_of_another_kind_are_refused(app: &App) {
    let new = json!({"title": "x", "kind": "crime_media", "particulars": {"warrant_number": "1"}});
    app.lead
        .post("/api/v1/cases", new)
        .refuses(422, "particulars.warrant_number", "unknown");
    let made = app
        .lead
        .post(
            "/api/v1/cases",
            json!({"title": "x", "kind": "missing_person", "particulars": missing()}),
        )
        .is(201);
    assert_eq!(made["due"], json!([]));
    app.lead
        .post(
            "/api/v1/cases",
            json!({"title": "x", "kind": "online_crime", "time_zone": "Mars/Olympus"}),
        )
        .refuses(422, "time_zone", "iana");
}
