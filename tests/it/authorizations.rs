//! Authorizations: asked for by those who work on a case, decided by a supervisor who does not.

use casetrail::authorizations::Expiry;
use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, Case, Client, days, hours, with};

fn request(app: &App, case: &Case) -> (String, Value) {
    let made = app.lead.post(&case.path("authorizations"), app.request()).is(201);
    (format!("/api/v1/authorizations/{}", made["id"].as_str().unwrap()), made)
}

fn decide(client: &Client, path: &str, decision: &str) -> crate::kit::Answer {
    client.post(
        &format!("{path}/decision"),
        json!({"decision": decision, "reason": "as stated"}),
    )
}

both_databases!(leave_is_asked_for_and_approved);
fn leave_is_asked_for_and_approved(app: &App) {
    let case = app.case();
    let path = case.path("authorizations");
    app.leaves_nothing(&case.stream, || {
        app.stranger.post(&path, app.request()).problem(404, "not-found");
        app.supervisor.post(&path, app.request()).problem(403, "forbidden");
    });
    let wanted = app.request();
    let made = app.leaves(&case.stream, "authorization.requested", &app.lead, || {
        app.lead.post_keyed(&path, "a", &wanted).is(201)
    });
    assert_eq!(
        (&made["state"], &made["effective_from"], &made["version"]),
        (&json!("requested"), &Value::Null, &json!(1))
    );
    assert_eq!(
        app.leaves_nothing(&case.stream, || app.lead.post_keyed(&path, "a", &wanted).is(201)),
        made
    );
    let one = format!("/api/v1/authorizations/{}", made["id"].as_str().unwrap());
    let approved = app.leaves(&case.stream, "authorization.approved", &app.supervisor, || {
        decide(&app.supervisor, &one, "approve").is(200)
    });
    assert_eq!(
        (&approved["state"], &approved["decision"]["by"]),
        (&json!("approved"), &json!(app.supervisor.id))
    );
    app.leaves_nothing(&case.stream, || {
        decide(&app.supervisor, &one, "approve").problem(409, "conflict")
    });
    app.leaves_nothing(&case.stream, || {
        decide(&app.deputy, &one, "deny").problem(409, "conflict")
    });
    assert_eq!(app.exporter.get(&one).is(200)["state"], "approved");
    app.stranger.get(&one).problem(404, "not-found");
    app.auditor.get(&one).problem(404, "not-found");
}

both_databases!(the_unit_stays_while_leave_is_asked_for_or_runs);
fn the_unit_stays_while_leave_is_asked_for_or_runs(app: &App) {
    let case = app.case();
    let (one, _) = request(app, &case);
    let moved = |by: &Client, version: i64| by.patch(&case.path(""), version, json!({"unit_id": app.units["north"]}));
    let version = |app: &App| app.lead.get(&case.path("")).is(200)["version"].as_i64().unwrap();
    let now = version(app);
    moved(&app.lead, now).refuses(422, "unit_id", "leave");
    decide(&app.supervisor, &one, "approve").is(200);
    moved(&app.supervisor, now).refuses(422, "unit_id", "leave");
    let over = json!({"reason": "over"});
    app.supervisor.post(&format!("{one}/revocation"), over).is(200);
    // The lead does not choose who speaks next; who decides in the case may pass it on.
    moved(&app.lead, now).refuses(422, "unit_id", "decides");
    moved(&app.supervisor, now).is(200);
}

both_databases!(the_lead_moves_an_empty_case_alone);
fn the_lead_moves_an_empty_case_alone(app: &App) {
    let moved = |by: &Client, case: &Case| by.patch(&case.path(""), 1, json!({"unit_id": app.units["north"]}));
    moved(&app.lead, &app.case()).is(200);
    // What waits is decided by those of the unit to which it came.
    let case = app.case();
    let item = app.lead.log(&case, app.post()).is(201);
    assert_eq!(item["state"], "held");
    moved(&app.lead, &case).refuses(422, "unit_id", "decides");
    moved(&app.member, &case).problem(403, "forbidden");
}

both_databases!(an_authorization_of_another_case_shows_nothing_of_itself);
fn an_authorization_of_another_case_shows_nothing_of_itself(app: &App) {
    let (case, other) = (app.case(), app.case());
    app.leave(&case);
    // Whoever has a part in it has none in what claims it.
    let member = json!({"holders": [app.double.id]});
    app.lead
        .put(&other.path(&format!("members/{}", app.double.id)), json!({}))
        .is(200);
    let foreign = app.leave_of(&other, with(app.request(), member));
    let unknown = "01930000-0000-7000-8000-000000000000".to_owned();
    let told = |named: &String| {
        let claim = json!({"basis": {"kind": "authorization", "id": named}});
        let item = app.lead.log(&case, app.post_with(claim)).is(201);
        let path = format!("captures/{}", item["id"].as_str().unwrap());
        let page = Browser::signed_in(app, "supervisor").get(&format!("/{path}")).is(200);
        assert!(!page.text.contains(&format!("/authorizations/{named}")), "{named}");
        let accept = json!({"outcome": "accept", "reason": "of use"});
        app.double.post(&format!("/api/v1/{path}/decision"), accept).is(200);
        let text = json!({"text": "read again", "reason": "a word was missing"});
        let corrected = app.lead.post(&format!("/api/v1/{path}/corrections"), text).is(201);
        (
            item["state"].clone(),
            item["coverage"].clone(),
            corrected["flags"].clone(),
        )
    };
    assert_eq!(told(&foreign), told(&unknown));
}

both_databases!(of_decisions_at_once_one_counts);
fn of_decisions_at_once_one_counts(app: &App) {
    let case = app.case();
    for _ in 0..4 {
        let (one, _) = request(app, &case);
        let answers: Vec<u16> = std::thread::scope(|scope| {
            let words = [
                (&app.supervisor, "approve"),
                (&app.deputy, "deny"),
                (&app.supervisor, "return"),
                (&app.deputy, "approve"),
            ];
            let all = words.map(|(client, word)| scope.spawn(|| decide(client, &one, word).status));
            all.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(
            answers.iter().filter(|status| **status == 200).count(),
            1,
            "{answers:?}"
        );
        assert_eq!(
            answers.iter().filter(|status| **status == 409).count(),
            3,
            "{answers:?}"
        );
        assert_eq!(app.lead.get(&one).is(200)["version"], json!(2));
    }
    // An approval and a withdrawal, then several revocations: one of each.
    let (one, _) = request(app, &case);
    let [approved, withdrawn] = std::thread::scope(|scope| {
        let all = [
            scope.spawn(|| decide(&app.supervisor, &one, "approve").status),
            scope.spawn(|| app.lead.post(&format!("{one}/withdrawal"), json!({})).status),
        ];
        all.map(|thread| thread.join().unwrap())
    });
    assert!(
        matches!((approved, withdrawn), (200, 409) | (409, 200)),
        "{approved} {withdrawn}"
    );
    let path = format!("/api/v1/authorizations/{}/revocation", app.leave(&case));
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let revoke = |client: &Client| client.post(&path, json!({"reason": "over"})).status;
        let all = [&app.supervisor, &app.deputy, &app.supervisor].map(|client| scope.spawn(move || revoke(client)));
        all.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(
        answers.iter().filter(|status| **status == 200).count(),
        1,
        "{answers:?}"
    );
    assert_eq!(app.count(&case.stream, "authorization.revoked"), 1);
    app.audit();
}

both_databases!(it_counts_from_the_later_of_start_and_approval);
fn it_counts_from_the_later_of_start_and_approval(app: &App) {
    let case = app.case();
    let past = app.leave_of(&case, with(app.request(), json!({"starts_at": app.at(-days(30))})));
    let shown = app.lead.get(&format!("/api/v1/authorizations/{past}")).is(200);
    assert_eq!(shown["effective_from"], shown["decision"]["at"]);
    let start = app.at(days(3));
    let later = app.leave_of(&case, with(app.request(), json!({"starts_at": start})));
    let shown = app.lead.get(&format!("/api/v1/authorizations/{later}")).is(200);
    assert_eq!(shown["effective_from"], json!(start));
}

both_databases!(nobody_decides_where_they_have_a_part);
fn nobody_decides_where_they_have_a_part(app: &App) {
    let case = app.case();
    // Nobody is covered who cannot log.
    let request = |holder: &str| with(app.request(), json!({"holders": [app.lead.id, holder]}));
    app.leaves_nothing(&case.stream, || {
        let asked = app.lead.post(&case.path("authorizations"), request(&app.supervisor.id));
        asked.refuses(422, "holders[1]", "works");
    });
    // Holder, though no member any more.
    let member = case.path(&format!("members/{}", app.supervisor.id));
    app.lead.put(&member, json!({})).is(200);
    let made = app
        .lead
        .post(&case.path("authorizations"), request(&app.supervisor.id))
        .is(201);
    app.lead.delete(&member).is(204);
    let path = format!("/api/v1/authorizations/{}", made["id"].as_str().unwrap());
    decide(&app.supervisor, &path, "approve").problem(403, "forbidden");
    decide(&app.lead, &path, "approve").problem(403, "forbidden");
    decide(&app.member, &path, "approve").problem(403, "forbidden");
    decide(&app.exporter, &path, "approve").problem(403, "forbidden");
    decide(&app.stranger, &path, "approve").problem(404, "not-found");
    decide(&app.far, &path, "approve").problem(404, "not-found");
    decide(&app.auditor, &path, "approve").problem(404, "not-found");
    decide(&app.administrator, &path, "approve").problem(404, "not-found");
    // Both roles, and the request is their own.
    let own = app
        .double
        .post(
            "/api/v1/cases",
            json!({"title": "x", "kind": "online_crime", "particulars": crate::kit::online()}),
        )
        .is(201);
    let own = Case::named(own["id"].as_str().unwrap());
    let asked = app
        .double
        .post(
            &own.path("authorizations"),
            with(app.request(), json!({"holders": [app.double.id]})),
        )
        .is(201);
    let asked = format!("/api/v1/authorizations/{}", asked["id"].as_str().unwrap());
    decide(&app.double, &asked, "approve").problem(403, "forbidden");
    // Who cannot log any more is covered by no approval.
    decide(&app.deputy, &path, "approve").problem(409, "conflict");
    app.lead.put(&member, json!({})).is(200);
    app.leaves(&case.stream, "authorization.approved", &app.deputy, || {
        decide(&app.deputy, &path, "approve").is(200)
    });
    let times = [(-1, "future"), (days(500), "range")];
    for (at, rule) in times {
        let asked = with(app.request(), json!({"review_at": app.at(at)}));
        app.lead
            .post(&case.path("authorizations"), asked)
            .refuses(422, "review_at", rule);
    }
}

both_databases!(a_returned_request_is_mended);
fn a_returned_request_is_mended(app: &App) {
    let case = app.case();
    let (path, _) = request(app, &case);
    let body = json!({"platforms": ["web"], "purpose": "narrower"});
    app.lead.patch(&path, 1, body.clone()).problem(409, "conflict");
    app.supervisor
        .post(&format!("{path}/decision"), json!({"decision": "return"}))
        .refuses(422, "reason", "required");
    let returned = app.leaves(&case.stream, "authorization.returned", &app.supervisor, || {
        decide(&app.supervisor, &path, "return").is(200)
    });
    assert_eq!(
        (&returned["state"], &returned["version"]),
        (&json!("returned"), &json!(2))
    );
    app.member.patch(&path, 2, body.clone()).problem(403, "forbidden");
    app.stranger.patch(&path, 2, body.clone()).problem(404, "not-found");
    app.lead.patch(&path, 1, body.clone()).problem(412, "stale-version");
    app.lead
        .send(app.lead.request("PATCH", &path).json(&body))
        .problem(428, "version-required");
    app.lead
        .patch(&path, 2, json!({"requester": app.member.id}))
        .refuses(422, "requester", "unknown");
    let mended = app.leaves(&case.stream, "authorization.amended", &app.lead, || {
        app.lead.patch(&path, 2, body).is(200)
    });
    assert_eq!(
        (&mended["state"], &mended["platforms"]),
        (&json!("requested"), &json!(["web"]))
    );
    decide(&app.supervisor, &path, "approve").is(200);
}

both_databases!(requests_are_denied_and_withdrawn);
fn requests_are_denied_and_withdrawn(app: &App) {
    let case = app.case();
    let (denied, _) = request(app, &case);
    app.leaves(&case.stream, "authorization.denied", &app.supervisor, || {
        decide(&app.supervisor, &denied, "deny").is(200)
    });
    app.lead
        .post(&format!("{denied}/withdrawal"), json!({}))
        .problem(409, "conflict");
    let (path, _) = request(app, &case);
    let withdrawal = format!("{path}/withdrawal");
    app.stranger.post(&withdrawal, json!({})).problem(404, "not-found");
    app.member.post(&withdrawal, json!({})).problem(403, "forbidden");
    let gone = app.leaves(&case.stream, "authorization.withdrawn", &app.lead, || {
        app.lead.post(&withdrawal, json!({})).is(200)
    });
    assert_eq!(gone["state"], "withdrawn");
    app.leaves_nothing(&case.stream, || {
        app.lead.post(&withdrawal, json!({})).problem(409, "conflict")
    });
    decide(&app.supervisor, &path, "approve").problem(409, "conflict");
}

both_databases!(revoking_ends_cover_at_once);
fn revoking_ends_cover_at_once(app: &App) {
    let case = app.case();
    let id = app.leave(&case);
    let path = format!("/api/v1/authorizations/{id}");
    let before = app.post();
    assert_eq!(app.lead.log(&case, app.post()).is(201)["state"], "logged");
    let reason = json!({"reason": "no longer needed"});
    app.stranger
        .post(&format!("{path}/revocation"), reason.clone())
        .problem(404, "not-found");
    app.lead
        .post(&format!("{path}/revocation"), reason.clone())
        .problem(403, "forbidden");
    app.supervisor
        .post(&format!("{path}/revocation"), json!({}))
        .refuses(422, "reason", "required");
    let revoked = app.leaves(&case.stream, "authorization.revoked", &app.supervisor, || {
        app.supervisor
            .post(&format!("{path}/revocation"), reason.clone())
            .is(200)
    });
    assert_eq!(
        (&revoked["state"], &revoked["revoked"]["by"]),
        (&json!("revoked"), &json!(app.supervisor.id))
    );
    app.leaves_nothing(&case.stream, || {
        app.supervisor
            .post(&format!("{path}/revocation"), reason)
            .problem(409, "conflict")
    });
    let held = app.lead.log(&case, app.post()).is(201);
    assert_eq!(held["state"], "held");
    let state = held["coverage"]
        .as_array()
        .unwrap()
        .iter()
        .find(|l| l["rule"] == "state")
        .unwrap();
    assert_eq!(state["passed"], false);
    // Captured while it stood, brought in afterwards.
    let late = app.lead.log(&case, before).is(201);
    assert_eq!(
        (&late["state"], &late["flags"]),
        (&json!("logged"), &json!(["late_entry"]))
    );
}

both_databases!(it_expires_by_the_clock_and_the_job_records_it);
fn it_expires_by_the_clock_and_the_job_records_it(app: &App) {
    let case = app.case();
    let id = app.leave(&case);
    let path = format!("/api/v1/authorizations/{id}");
    app.advance(days(91));
    assert_eq!(app.lead.get(&path).is(200)["state"], "expired");
    assert_eq!(app.lead.log(&case, app.post()).is(201)["state"], "held");
    app.supervisor
        .post(&format!("{path}/revocation"), json!({"reason": "x"}))
        .problem(409, "conflict");
    let listed = |state: &str| {
        app.lead.get(&format!("/api/v1/authorizations?state={state}")).is(200)["items"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!((listed("approved"), listed("expired")), (0, 1));
    assert_eq!(app.count(&case.stream, "authorization.expired"), 0);
    let run = || Expiry(app.state.gate.clone()).record_due().unwrap();
    run();
    let last = app.events(&case.stream).pop().unwrap();
    assert_eq!(
        (&last["action"], &last["actor"]),
        (&json!("authorization.expired"), &json!({"kind": "job", "id": "expiry"}))
    );
    app.leaves_nothing(&case.stream, run);
    assert_eq!((listed("approved"), listed("expired")), (0, 1));
    assert_eq!(app.lead.get(&path).is(200)["state"], "expired");
}

both_databases!(broken_requests_are_refused_field_by_field);
fn broken_requests_are_refused_field_by_field(app: &App) {
    let case = app.case();
    let path = case.path("authorizations");
    let post = |fields: Value| app.lead.post(&path, with(app.request(), fields));
    post(json!({"ends_at": app.at(-days(1)), "starts_at": app.at(0)})).refuses(422, "ends_at", "after_start");
    post(json!({"ends_at": app.at(-hours(1)), "starts_at": app.at(-days(1))})).refuses(422, "ends_at", "future");
    post(json!({"attestations": []})).refuses(422, "attestations", "required");
    post(json!({"level": "discreet", "attestations": ["not_based_solely_on_protected_activity"]})).refuses(
        422,
        "attestations",
        "required",
    );
    post(json!({"holders": []})).refuses(422, "holders", "required");
    post(json!({"holders": ["x"]})).refuses(422, "holders[0]", "uuid");
    post(json!({"holders": [app.units["squad"]]})).is(422);
    post(json!({"platforms": ["Face Book"]})).refuses(422, "platforms[0]", "form");
    post(json!({"accounts": [{"platform": "tiktok", "handle": "x"}]})).refuses(422, "accounts[0].platform", "covered");
    post(json!({"level": "deep"})).refuses(422, "level", "one_of");
    assert_eq!(app.count(&case.stream, "authorization.requested"), 0);
}

both_databases!(lists_show_the_cases_one_may_read);
fn lists_show_the_cases_one_may_read(app: &App) {
    let (a, b) = (app.case(), app.case());
    app.leave(&a);
    request(app, &b);
    let seen = |client: &Client, query: &str| {
        client.get(&format!("/api/v1/authorizations{query}")).is(200)["items"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(
        (
            seen(&app.lead, ""),
            seen(&app.supervisor, "?state=requested"),
            seen(&app.exporter, "?state=approved")
        ),
        (2, 1, 1)
    );
    assert_eq!((seen(&app.stranger, ""), seen(&app.far, "")), (0, 0));
    for client in [&app.auditor, &app.administrator] {
        client.get("/api/v1/authorizations").problem(403, "forbidden");
    }
    assert_eq!(
        app.lead.get(&a.path("authorizations")).is(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    app.stranger.get(&a.path("authorizations")).problem(404, "not-found");
}

fn report(client: &Client, path: &str) -> crate::kit::Answer {
    let told = json!({"outcome": "achieved", "report": "He wrote them.", "confidential_material": "A lawyer's letter; left unread."});
    client.post(&format!("{path}/closing"), told)
}

both_databases!(those_who_asked_end_it_with_a_closing_report);
fn those_who_asked_end_it_with_a_closing_report(app: &App) {
    let case = app.case();
    let path = format!("/api/v1/authorizations/{}", app.leave(&case));
    let log = || app.lead.log(&case, app.post_with(json!({}))).is(201);
    assert_eq!(log()["state"], "logged");
    app.leaves_nothing(&case.stream, || {
        for client in [&app.supervisor, &app.member, &app.exporter] {
            report(client, &path).problem(403, "forbidden");
        }
        report(&app.stranger, &path).problem(404, "not-found");
        let silent = app.lead.post(&format!("{path}/closing"), json!({"outcome": "well"}));
        silent.refuses(422, "outcome", "one_of");
    });
    let closed = app.leaves(&case.stream, "authorization.closed", &app.lead, || {
        report(&app.lead, &path).is(200)
    });
    assert_eq!(
        (&closed["state"], &closed["closing"]["captures"]),
        (&json!("ended"), &json!(1))
    );
    assert_eq!(
        (&closed["closing"]["by"], &closed["closing"]["outcome"]),
        (&json!(app.lead.id), &json!("achieved"))
    );
    app.advance(1);
    let late = log();
    assert_eq!(
        (&late["state"], &late["basis"]["kind"]),
        (&json!("held"), &json!("exception"))
    );
    app.leaves_nothing(&case.stream, || {
        report(&app.lead, &path).problem(409, "conflict");
        decide(&app.supervisor, &path, "approve").problem(409, "conflict");
        app.supervisor
            .post(&format!("{path}/revocation"), json!({"reason": "x"}))
            .problem(409, "conflict");
    });
    assert_eq!(
        app.lead.get("/api/v1/authorizations?state=ended").is(200)["items"][0]["id"],
        closed["id"]
    );
}

both_databases!(what_ended_by_itself_or_was_revoked_keeps_its_state_when_it_is_reported_on);
fn what_ended_by_itself_or_was_revoked_keeps_its_state_when_it_is_reported_on(app: &App) {
    let case = app.case();
    let revoked = format!("/api/v1/authorizations/{}", app.leave(&case));
    let expired = format!("/api/v1/authorizations/{}", app.leave(&case));
    let waiting = request(app, &case).0;
    report(&app.lead, &waiting).problem(409, "conflict");
    app.supervisor
        .post(&format!("{revoked}/revocation"), json!({"reason": "found"}))
        .is(200);
    assert_eq!(report(&app.lead, &revoked).is(200)["state"], "revoked");
    app.advance(days(91));
    assert_eq!(report(&app.lead, &expired).is(200)["state"], "expired");
    report(&app.lead, &expired).problem(409, "conflict");
}

both_databases!(a_renewal_names_what_it_continues);
fn a_renewal_names_what_it_continues(app: &App) {
    let (case, other) = (app.case(), app.case());
    let leave = app.leave(&case);
    let elsewhere = app.leave(&other);
    let never = request(app, &case).1["id"].clone();
    let ask = |renews: Value| {
        app.lead.post(
            &case.path("authorizations"),
            with(app.request(), json!({"renews": renews})),
        )
    };
    app.leaves_nothing(&case.stream, || {
        for wrong in [json!(elsewhere), never, json!(app.lead.id)] {
            ask(wrong).refuses(422, "renews", "exists");
        }
    });
    let renewal = ask(json!(leave)).is(201);
    assert_eq!(renewal["renews"], leave);
    let checks = app
        .supervisor
        .get(&format!(
            "/api/v1/authorizations/{}/checks",
            renewal["id"].as_str().unwrap()
        ))
        .is(200);
    let overlap = checks["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["check"] == "overlap")
        .unwrap();
    assert_eq!(
        overlap["verdict"], "passed",
        "it continues the one beside which it runs"
    );
}

both_databases!(conditions_bind_the_holders);
fn conditions_bind_the_holders(app: &App) {
    let case = app.case();
    let (path, _) = request(app, &case);
    let send = |body: Value| app.supervisor.post(&format!("{path}/decision"), body);
    send(json!({"decision": "deny", "reason": "x", "conditions": "y"})).refuses(422, "conditions", "approval");
    let made = send(json!({"decision": "approve", "conditions": "Public pages only."})).is(200);
    assert_eq!(made["decision"]["conditions"], "Public pages only.");
}
