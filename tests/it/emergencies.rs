//! Emergencies, approvals by word of mouth, reviews, and what a revocation leaves behind.

use casetrail::authorizations::Expiry;
use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{Answer, App, Case, Client, days, hours, with};

fn emergency(app: &App) -> Value {
    json!({
        "level": "overt", "holders": [app.lead.id], "platforms": ["instagram"], "purpose": "find where the car went",
        "predicate": "a child was seen getting into a car ten minutes ago", "devices": ["agency"],
        "attestations": ["not_based_solely_on_protected_activity"],
    })
}

/// An emergency of the lead's; its path.
pub fn started(app: &App, case: &Case) -> String {
    let made = app
        .lead
        .post(&case.path("authorizations/emergency"), emergency(app))
        .is(201);
    format!("/api/v1/authorizations/{}", made["id"].as_str().unwrap())
}

fn decide(client: &Client, path: &str, decision: &str) -> Answer {
    let body = json!({"decision": decision, "reason": "as stated"});
    client.post(&format!("{path}/decision"), body)
}

fn post(app: &App) -> Value {
    app.post_with(json!({"url": format!("https://instagram.example/p/{}", app.at(0))}))
}

both_databases!(one_person_has_one_running_emergency_in_a_case);
fn one_person_has_one_running_emergency_in_a_case(app: &App) {
    let case = app.case();
    let path = case.path("authorizations/emergency");
    let first = started(app, &case);
    app.leaves_nothing(&case.stream, || {
        let told = app.lead.post(&path, emergency(app)).problem(409, "conflict");
        assert!(told.to_string().contains("A-1 runs in this case"), "{told}");
        // Nor does somebody hold a second one that a colleague starts: it would outlast the first one's repudiation.
        let theirs = with(emergency(app), json!({"holders": [app.member.id, app.lead.id]}));
        app.member.post(&path, theirs).problem(409, "conflict");
    });
    // Another one's is their own, and over it is over.
    let own = with(emergency(app), json!({"holders": [app.member.id]}));
    app.member.post(&path, own).is(201);
    decide(&app.supervisor, &first, "confirm").is(200);
    started(app, &case);
}

both_databases!(a_repudiated_emergency_is_not_started_again_on_the_same_day);
fn a_repudiated_emergency_is_not_started_again_on_the_same_day(app: &App) {
    let case = app.case();
    let path = case.path("authorizations/emergency");
    let first = started(app, &case);
    decide(&app.supervisor, &first, "repudiate").is(200);
    app.leaves_nothing(&case.stream, || {
        let told = app.lead.post(&path, emergency(app)).problem(409, "conflict");
        assert!(told.to_string().contains("repudiated the emergency A-1"), "{told}");
        // Nor does a colleague start one that they hold.
        let theirs = with(emergency(app), json!({"holders": [app.member.id, app.lead.id]}));
        app.member.post(&path, theirs).problem(409, "conflict");
    });
    // Nobody else is kept from it, and no other case is; and what a supervisor decides can be asked for at once.
    let own = with(emergency(app), json!({"holders": [app.member.id]}));
    app.member.post(&path, own).is(201);
    started(app, &app.case());
    app.lead.post(&case.path("authorizations"), app.request()).is(201);
    app.advance(days(2));
    started(app, &case);
}

both_databases!(who_held_a_repudiated_emergency_starts_no_other);
fn who_held_a_repudiated_emergency_starts_no_other(app: &App) {
    let case = app.case();
    let path = case.path("authorizations/emergency");
    let both = with(emergency(app), json!({"holders": [app.lead.id, app.member.id]}));
    let first = app.lead.post(&path, both).is(201);
    let first = format!("/api/v1/authorizations/{}", first["id"].as_str().unwrap());
    decide(&app.supervisor, &first, "repudiate").is(200);
    let own = with(emergency(app), json!({"holders": [app.member.id]}));
    app.leaves_nothing(&case.stream, || {
        app.member.post(&path, own.clone()).problem(409, "conflict");
    });
    app.advance(days(2));
    app.member.post(&path, own).is(201);
}

both_databases!(who_left_before_an_emergency_confirms_it);
fn who_left_before_an_emergency_confirms_it(app: &App) {
    let case = app.case();
    let member = case.path(&format!("members/{}", app.supervisor.id));
    app.lead.put(&member, json!({})).is(200);
    let while_working = started(app, &case);
    app.lead.delete(&member).is(204);
    app.advance(hours(1));
    decide(&app.supervisor, &while_working, "confirm").problem(403, "forbidden");
    decide(&app.deputy, &while_working, "repudiate").is(200);
    app.advance(days(2));
    let afterwards = started(app, &case);
    decide(&app.supervisor, &afterwards, "confirm").is(200);
}

both_databases!(an_emergency_counts_at_once_and_pages_who_is_on_call);
fn an_emergency_counts_at_once_and_pages_who_is_on_call(app: &App) {
    crate::roster::on_call(app, &app.supervisor, &app.deputy, "squad");
    let case = app.case();
    let path = case.path("authorizations/emergency");
    app.leaves_nothing(&case.stream, || {
        app.supervisor.post(&path, emergency(app)).problem(403, "forbidden");
        app.stranger.post(&path, emergency(app)).problem(404, "not-found");
        for (field, rule) in [
            ("predicate", "required"),
            ("attestations", "required"),
            ("platforms", "required"),
        ] {
            let less = with(emergency(app), json!({field: null}));
            app.lead.post(&path, less).refuses(422, field, rule);
        }
        let longer = with(emergency(app), json!({"ends_at": app.at(days(1))}));
        app.lead.post(&path, longer).refuses(422, "ends_at", "emergency");
    });
    let made = app.leaves(&case.stream, "authorization.started", &app.lead, || {
        app.lead.post(&path, emergency(app)).is(201)
    });
    assert_eq!((&made["state"], &made["decision"]), (&json!("emergency"), &Value::Null));
    assert_eq!(made["emergency"]["paged"][0]["id"], json!(app.deputy.id));
    assert_eq!(made["effective_from"], made["starts_at"]);
    // What is captured under it is logged, as an emergency that a supervisor judges.
    let item = app.lead.log(&case, post(app)).is(201);
    assert_eq!(
        (&item["state"], &item["basis"]["kind"]),
        (&json!("logged"), &json!("emergency"))
    );
    assert_eq!(item["basis"]["id"], made["id"]);
    let other = app.member.log(&case, post(app)).is(201);
    assert_eq!(other["state"], json!("held"), "it covers its holder alone");
    // The one on call is told at once, and nobody else is paged.
    let home = Browser::signed_in(app, "deputy").get("/").is(200);
    home.says("Emergency A-1 pages you");
    Browser::signed_in(app, "supervisor")
        .get("/")
        .is(200)
        .does_not_say("pages you");
    Browser::signed_in(app, "far").get("/").is(200).does_not_say("A-1");
    let id = made["id"].as_str().unwrap();
    let one = format!("/api/v1/authorizations/{id}");
    decide(&app.lead, &one, "confirm").problem(403, "forbidden");
    decide(&app.deputy, &one, "approve").refuses(422, "decision", "emergency");
    app.deputy
        .post(&format!("{one}/decision"), json!({"decision": "repudiate"}))
        .refuses(422, "reason", "required");
    let confirmed = app.leaves(&case.stream, "authorization.confirmed", &app.deputy, || {
        decide(&app.deputy, &one, "confirm").is(200)
    });
    assert_eq!(
        (
            &confirmed["state"],
            &confirmed["ends_at"],
            &confirmed["decision"]["outcome"]
        ),
        (&json!("approved"), &made["ends_at"], &json!("confirm"))
    );
    let item = app.lead.log(&case, post(app)).is(201);
    assert_eq!(
        (&item["state"], &item["basis"]["kind"]),
        (&json!("logged"), &json!("authorization"))
    );
    decide(&app.deputy, &one, "confirm").problem(409, "conflict");
    Browser::signed_in(app, "deputy")
        .get("/")
        .is(200)
        .does_not_say("pages you");
    app.advance(hours(4));
    assert_eq!(app.lead.get(&one).is(200)["state"], json!("expired"));
}

both_databases!(an_emergency_that_nobody_confirms_lapses);
fn an_emergency_that_nobody_confirms_lapses(app: &App) {
    let case = app.case();
    let path = started(app, &case);
    assert_eq!(app.lead.get(&path).is(200)["emergency"]["paged"], json!([]));
    let item = app.lead.log(&case, post(app)).is(201);
    app.advance(hours(4));
    // Nothing waits for the job.
    assert_eq!(app.lead.get(&path).is(200)["state"], json!("lapsed"));
    decide(&app.supervisor, &path, "confirm").problem(409, "conflict");
    let late = with(post(app), json!({"captured_at": app.at(-hours(2))}));
    assert_eq!(app.lead.log(&case, late).is(201)["state"], json!("held"));
    let before = app.count(&case.stream, "authorization.lapsed");
    let expiry = Expiry(app.state.gate.clone());
    assert_eq!(expiry.record_due().unwrap(), 1);
    assert_eq!(app.count(&case.stream, "authorization.lapsed"), before + 1);
    assert_eq!(app.events(&case.stream).last().unwrap()["actor"]["id"], json!("expiry"));
    assert_eq!(expiry.record_due().unwrap(), 0);
    // What was captured under it stays as it was judged, waits, and says what became of it.
    let id = item["id"].as_str().unwrap();
    assert_eq!(
        app.supervisor.get(&format!("/api/v1/captures/{id}")).is(200)["state"],
        json!("logged")
    );
    let browser = Browser::signed_in(app, "supervisor");
    let pane = browser.get(&format!("/approvals?at=capture:{id}")).is(200);
    pane.says("Made under A-1, which was lapsed unconfirmed at");
    let page = browser
        .get(&format!("/authorizations/{}", &path[path.len() - 36..]))
        .is(200);
    page.says("Waits for a decision");
    page.says("Before it was lapsed unconfirmed");
    let decided = json!({"outcome": "repudiate", "reason": "nobody was in danger"});
    app.supervisor
        .post(&format!("/api/v1/captures/{id}/decision"), decided)
        .is(200);
}

both_databases!(a_repudiated_emergency_covers_nothing_more);
fn a_repudiated_emergency_covers_nothing_more(app: &App) {
    let case = app.case();
    let path = started(app, &case);
    let item = app.lead.log(&case, post(app)).is(201);
    app.leaves(&case.stream, "authorization.repudiated", &app.supervisor, || {
        decide(&app.supervisor, &path, "repudiate").is(200)
    });
    let captures = app.lead.log(&case, post(app)).is(201);
    assert_eq!(captures["state"], json!("held"));
    let before = with(post(app), json!({"captured_at": item["received_at"]}));
    assert_eq!(app.lead.log(&case, before).is(201)["state"], json!("held"));
    let shown = app
        .supervisor
        .get(&format!("/api/v1/captures/{}", item["id"].as_str().unwrap()))
        .is(200);
    assert_eq!(shown["state"], json!("logged"), "it is judged on its receipt");
    let revoked = json!({"reason": "x"});
    app.supervisor
        .post(&format!("{path}/revocation"), revoked)
        .problem(409, "conflict");
}

both_databases!(an_oral_approval_counts_from_its_writing);
fn an_oral_approval_counts_from_its_writing(app: &App) {
    let case = app.case();
    let made = app.lead.post(&case.path("authorizations"), app.request()).is(201);
    let path = format!("/api/v1/authorizations/{}", made["id"].as_str().unwrap());
    let oral = format!("{path}/oral-approval");
    let said = json!({"by": app.supervisor.id, "given_at": app.at(-hours(1)), "how": "telephone", "said": "Go ahead."});
    app.leaves_nothing(&case.stream, || {
        app.member.post(&oral, said.clone()).problem(403, "forbidden");
        app.supervisor.post(&oral, said.clone()).problem(403, "forbidden");
        app.stranger.post(&oral, said.clone()).problem(404, "not-found");
        for (wrong, field, rule) in [
            (json!({"by": app.far.id}), "by", "decides"),
            (json!({"by": app.member.id}), "by", "decides"),
            (json!({"given_at": app.at(hours(1))}), "given_at", "past"),
            (json!({"given_at": app.at(-days(8))}), "given_at", "range"),
            (json!({"how": "smoke"}), "how", "one_of"),
            (json!({"said": null}), "said", "required"),
        ] {
            app.lead
                .post(&oral, with(said.clone(), wrong))
                .refuses(422, field, rule);
        }
    });
    let told = app.leaves(&case.stream, "authorization.orally_approved", &app.lead, || {
        app.lead.post(&oral, said.clone()).is(200)
    });
    assert_eq!(
        (&told["state"], &told["oral"]["by"]["id"]),
        (&json!("requested"), &json!(app.supervisor.id))
    );
    // It covers nothing: what is captured before the writing is held, and ratified one by one.
    let item = app.lead.log(&case, post(app)).is(201);
    assert_eq!(item["state"], json!("held"));
    let page = Browser::signed_in(app, "supervisor")
        .get(&format!("/authorizations/{}", &path[path.len() - 36..]))
        .is(200);
    page.says("not confirmed in writing");
    let approved = decide(&app.supervisor, &path, "approve").is(200);
    assert_eq!(
        (&approved["decision"]["confirms_oral"], &approved["effective_from"]),
        (&json!(true), &approved["decision"]["at"])
    );
    let ratify = json!({"outcome": "ratify", "reason": "approved by word of mouth at the time"});
    let id = item["id"].as_str().unwrap();
    app.leaves(&case.stream, "capture.ratified", &app.supervisor, || {
        app.supervisor
            .post(&format!("/api/v1/captures/{id}/decision"), ratify)
            .is(200)
    });
    app.lead.post(&oral, said).problem(409, "conflict");
}

both_databases!(a_running_authorization_is_reviewed);
fn a_running_authorization_is_reviewed(app: &App) {
    let case = app.case();
    let discreet = json!({"level": "discreet", "necessity": "n", "proportionality": "p", "intrusion": "i"});
    let id = app.leave_of(&case, with(app.request(), discreet));
    let (path, reviews) = (
        format!("/api/v1/authorizations/{id}"),
        format!("/api/v1/authorizations/{id}/reviews"),
    );
    let due = app.lead.get(&path).is(200)["review_at"].clone();
    assert!(due.is_string(), "the policy asks for a review");
    let says = |who: &str| {
        Browser::signed_in(app, who)
            .get("/")
            .is(200)
            .text
            .contains("The review of A-1 is overdue")
    };
    assert!(!says("lead") && !says("supervisor"));
    app.advance(days(31));
    // The tokens of the people last; their browsers sign in anew.
    assert!(says("lead") && says("supervisor") && !says("far"));
    // A renewal tells its decider.
    let renewal = json!({"renews": id, "starts_at": app.at(0), "ends_at": app.at(days(60))});
    let asked = app
        .lead
        .post(&case.path("authorizations"), with(app.request(), renewal))
        .is(201);
    let checks = app
        .supervisor
        .get(&format!(
            "/api/v1/authorizations/{}/checks",
            asked["id"].as_str().unwrap()
        ))
        .is(200);
    let renewed = |one: &&Value| one["check"] == "renewed";
    let check = checks["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(renewed)
        .unwrap()
        .clone();
    assert_eq!(check["verdict"], json!("needs_you"));
    app.leaves_nothing(&case.stream, || {
        app.supervisor
            .post(&reviews, json!({}))
            .refuses(422, "reason", "required");
        app.lead
            .post(&reviews, json!({"reason": "x"}))
            .problem(403, "forbidden");
        app.far.post(&reviews, json!({"reason": "x"})).problem(404, "not-found");
    });
    let made = app.leaves(&case.stream, "authorization.reviewed", &app.supervisor, || {
        app.supervisor
            .post(&reviews, json!({"reason": "he is still at large"}))
            .is(200)
    });
    assert_eq!(made["reviews"][0]["due_at"], due);
    assert!(made["review_at"].as_str().unwrap() > due.as_str().unwrap());
    assert!(!says("lead") && !says("supervisor"));
    let page = Browser::signed_in(app, "lead")
        .get(&format!("/authorizations/{id}"))
        .is(200);
    page.says("he is still at large");
}

both_databases!(a_revocation_is_told_beside_what_waits);
fn a_revocation_is_told_beside_what_waits(app: &App) {
    let case = app.case();
    let id = app.leave(&case);
    let logged = app.lead.log(&case, post(app)).is(201);
    app.supervisor
        .post(
            &format!("/api/v1/authorizations/{id}/revocation"),
            json!({"reason": "over"}),
        )
        .is(200);
    let named = with(post(app), json!({"basis": {"kind": "authorization", "id": id}}));
    let held = app.lead.log(&case, named).is(201);
    assert_eq!(held["state"], json!("held"));
    let browser = Browser::signed_in(app, "deputy");
    let page = browser.get(&format!("/authorizations/{id}")).is(200);
    for text in [
        "Before it was revoked",
        "After it was revoked",
        "Not reviewed",
        "Waits for a decision",
    ] {
        page.says(text);
    }
    for (capture, place) in [(&logged, "before"), (&held, "after")] {
        let pane = browser
            .get(&format!("/approvals?at=capture:{}", capture["id"].as_str().unwrap()))
            .is(200);
        pane.says("Made under A-1, which was revoked at");
        pane.says(&format!("it was captured {place} that"));
    }
}

both_databases!(a_lapsed_training_is_told_to_both);
fn a_lapsed_training_is_told_to_both(app: &App) {
    crate::authorization_policies::adopt(app, |terms| terms["overt"]["training"] = json!("required"));
    for person in [&app.lead, &app.member] {
        let training = json!({"name": "Open sources", "completed_on": "2026-03-01", "expires_on": "2026-11-25"});
        app.administrator
            .post(&format!("/api/v1/users/{}/trainings", person.id), training)
            .is(201);
    }
    let case = app.case();
    app.leave(&case);
    let told = |who: &str| {
        Browser::signed_in(app, who)
            .get("/")
            .is(200)
            .text
            .contains("suspended for want of a training")
    };
    assert!(!told("lead") && !told("supervisor"));
    app.advance(days(10));
    assert!(told("lead") && told("member") && told("supervisor"));
    assert!(!told("far") && !told("stranger"));
}

both_databases!(an_emergency_is_started_from_its_page);
fn an_emergency_is_started_from_its_page(app: &App) {
    let case = app.case();
    let lead = Browser::signed_in(app, "lead");
    let path = format!("/cases/{}/authorizations/emergency", case.id);
    lead.get(&path).is(200).says("Nobody is on call");
    let fields = [
        ("holders[]", app.lead.id.as_str()),
        ("devices[]", "agency"),
        ("level", "overt"),
        ("platforms[]", "instagram"),
        ("purpose", "find the car"),
        ("predicate", "a child was taken"),
        ("attestations[]", "not_based_solely_on_protected_activity"),
    ];
    let refused = lead.post(&path, &fields[..6]).is(422);
    refused.says("a child was taken");
    let made = app.leaves(&case.stream, "authorization.started", &app.lead, || {
        lead.post(&path, &fields).is(303)
    });
    let page = lead.get(made.leads_to()).is(200);
    page.says("Nobody was on call, so that it paged nobody.");
    let supervisor = Browser::signed_in(app, "supervisor");
    let id = made.leads_to().trim_start_matches("/authorizations/").to_owned();
    supervisor.get("/approvals").is(200).says("Emergency A-1 Instagram");
    let decision = format!("/authorizations/{id}/decision");
    supervisor
        .post(&decision, &[("version", "1"), ("decision", "confirm"), ("reason", "")])
        .is(303);
    lead.get(made.leads_to()).is(200).says("Confirmed");
    // An oral approval and a review from the pages of theirs.
    let asked = app.lead.post(&case.path("authorizations"), app.request()).is(201);
    let asked = format!("/authorizations/{}", asked["id"].as_str().unwrap());
    let at = app.at(-hours(1));
    let oral = [
        ("approver", "supervisor"),
        ("given_at", at.as_str()),
        ("how", "radio"),
        ("said", "yes"),
    ];
    lead.post(&format!("{asked}/oral-approval"), &oral[..3]).is(422);
    lead.post(&format!("{asked}/oral-approval"), &oral).is(303);
    lead.get(&asked).is(200).says("Oral approval recorded");
    decide(&app.supervisor, &format!("/api/v1{asked}"), "approve").is(200);
    supervisor.post(&format!("{asked}/reviews"), &[]).is(422);
    supervisor
        .post(&format!("{asked}/reviews"), &[("reason", "still needed")])
        .is(303);
}
