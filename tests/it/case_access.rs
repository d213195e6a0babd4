//! Who may see a case and why; asking for access; breaking the glass.

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::{Browser, sent};
use crate::kit::{App, Case, Client, days, hours};

const AGENCY: &str = "agency";
const REQUESTS: &str = "/api/v1/access-requests";

/// The number of a case.
pub fn number(app: &App, case: &Case) -> String {
    let found = app.lead.get(&case.path("")).is(200);
    found["number"].as_str().unwrap().to_owned()
}

/// A request for access.
pub fn asked(by: &Client, number: &str) -> Value {
    by.post(
        REQUESTS,
        json!({"number": number, "reason": "the same account writes in mine"}),
    )
    .is(201)
}

fn place(request: &Value, rest: &str) -> String {
    format!("{REQUESTS}/{}/{rest}", request["id"].as_str().unwrap())
}

fn mine(by: &Client) -> Value {
    by.get(REQUESTS).is(200)["items"][0].clone()
}

fn waiting(by: &Client, list: &str) -> Vec<Value> {
    let found = by.get(&format!("{REQUESTS}?list={list}")).is(200);
    found["items"].as_array().unwrap().clone()
}

fn glass(app: &App, number: &str) -> Value {
    let body = json!({"number": number, "reason": "he names a place and tonight", "second": "supervisor"});
    app.stranger.post(REQUESTS, body).is(201)
}

/// A broken glass, for a day that has everything in it.
pub fn breaks_the_glass(app: &App, case: &Case) {
    let request = glass(app, &number(app, case));
    let yes = json!({"outcome": "granted"});
    app.supervisor.post(&place(&request, "confirmation"), yes).is(200);
}

both_databases!(nothing_tells_whether_a_case_has_the_number);
fn nothing_tells_whether_a_case_has_the_number(app: &App) {
    let case = app.case();
    let real = app.leaves(AGENCY, "access_request.made", &app.stranger, || {
        app.leaves_nothing(&case.stream, || asked(&app.stranger, &number(app, &case)))
    });
    let none = app.leaves(AGENCY, "access_request.made", &app.stranger, || {
        asked(&app.stranger, "26-999999")
    });
    let bare = |one: &Value| {
        crate::kit::with(
            one.clone(),
            json!({"id": null, "number": null, "asked_at": null, "ends_at": null}),
        )
    };
    assert_eq!(bare(&real), bare(&none));
    // It is denied: to the one who asked that looks like no answer, now and when the time for one is over.
    let no = json!({"outcome": "denied", "reason": "no need to know"});
    let denied = app.leaves(AGENCY, "access_request.denied", &app.supervisor, || {
        app.supervisor.post(&place(&real, "decision"), no.clone()).is(200)
    });
    assert_eq!(denied["state"], "denied");
    for (later, state) in [(0, "asked"), (days(6), "asked"), (days(1), "not_granted")] {
        app.advance(later);
        let listed = app.stranger.get(REQUESTS).is(200);
        for one in listed["items"].as_array().unwrap() {
            assert_eq!((&one["state"], &one["case_id"]), (&json!(state), &Value::Null), "{one}");
        }
    }
    app.supervisor
        .post(&place(&real, "decision"), no)
        .problem(409, "conflict");
    // Of the number that no case has, nobody but its asker sees anything.
    for client in [&app.supervisor, &app.deputy, &app.far] {
        let answer = client.post(
            &place(&none, "decision"),
            json!({"outcome": "granted", "until": app.at(days(1))}),
        );
        answer.problem(404, "not-found");
    }
    app.stranger.get(&case.path("")).problem(404, "not-found");
}

both_databases!(whoever_gives_grants_answers);
fn whoever_gives_grants_answers(app: &App) {
    let case = app.case();
    let request = asked(&app.prosecutor, &number(app, &case));
    let yes = json!({"outcome": "granted", "until": app.at(days(10)), "reason": "joint hearing"});
    assert_eq!(waiting(&app.supervisor, "to_decide")[0]["id"], request["id"]);
    assert_eq!(
        waiting(&app.supervisor, "to_decide")[0]["reason"],
        "the same account writes in mine"
    );
    for client in [&app.lead, &app.member, &app.exporter] {
        assert!(waiting(client, "to_decide").is_empty());
        client
            .post(&place(&request, "decision"), yes.clone())
            .problem(403, "forbidden");
    }
    for client in [
        &app.far,
        &app.stranger,
        &app.prosecutor,
        &app.auditor,
        &app.administrator,
    ] {
        client
            .post(&place(&request, "decision"), yes.clone())
            .problem(404, "not-found");
    }
    let bad = json!({"outcome": "granted"});
    let refused = app
        .supervisor
        .post(&place(&request, "decision"), bad)
        .problem(422, "invalid");
    assert_eq!(refused["errors"][0]["field"], "until");
    app.leaves(&case.stream, "grant.given", &app.supervisor, || {
        app.leaves(AGENCY, "access_request.granted", &app.supervisor, || {
            app.supervisor.post(&place(&request, "decision"), yes.clone()).is(200)
        })
    });
    let seen = mine(&app.prosecutor);
    assert_eq!((&seen["state"], &seen["case_id"]), (&json!("granted"), &json!(case.id)));
    app.prosecutor.get(&case.path("")).is(200);
    let grants = app.lead.get(&case.path("grants?limit=100")).is(200);
    let last = grants["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["access_request_id"], request["id"]);
    assert!(waiting(&app.supervisor, "to_decide").is_empty());
    app.supervisor
        .post(&place(&request, "decision"), yes)
        .problem(409, "conflict");
    // Who reads the case asks for nothing.
    let again = json!({"number": number(app, &case), "reason": "x"});
    app.prosecutor.post(REQUESTS, again).problem(409, "conflict");
    app.advance(days(10));
    app.prosecutor.get(&case.path("")).problem(404, "not-found");
}

both_databases!(nobody_answers_an_own_request);
fn nobody_answers_an_own_request(app: &App) {
    let body =
        json!({"title": "Kept", "kind": "online_crime", "handling": "confidential", "supervisor_id": app.deputy.id});
    let case = app.case_of(body);
    // The supervisor of the unit does not see a confidential case, and asks for it.
    let request = asked(&app.supervisor, &number(app, &case));
    let yes = json!({"outcome": "granted", "until": app.at(days(10))});
    app.supervisor
        .post(&place(&request, "decision"), yes.clone())
        .problem(404, "not-found");
    assert!(waiting(&app.supervisor, "to_decide").is_empty());
    // The lead gives them `decide` meanwhile: then they see the case, and still answer no own request.
    let grant =
        json!({"user_id": app.supervisor.id, "until": app.at(days(9)), "rights": ["decide"], "reason": "holiday"});
    app.lead.post(&case.path("grants"), grant).is(201);
    let refused = app
        .supervisor
        .post(&place(&request, "decision"), yes.clone())
        .problem(403, "forbidden");
    assert!(refused.to_string().contains("nobody-decides-own-request"), "{refused}");
    assert!(waiting(&app.supervisor, "to_decide").is_empty());
    app.deputy.post(&place(&request, "decision"), yes).is(200);
}

both_databases!(two_people_break_the_glass);
fn two_people_break_the_glass(app: &App) {
    let body =
        json!({"title": "Kept", "kind": "online_crime", "handling": "confidential", "supervisor_id": app.deputy.id});
    let case = app.case_of(body);
    let number = number(app, &case);
    let yes = json!({"outcome": "granted"});
    for (second, rule) in [("stranger", "other"), ("member", "role"), ("nobody-here", "exists")] {
        let body = json!({"number": number, "reason": "x", "second": second});
        let refused = app.stranger.post(REQUESTS, body).problem(422, "invalid");
        let error = &refused["errors"][0];
        assert_eq!(
            (error["field"].as_str(), error["rule"].as_str()),
            (Some("second"), Some(rule))
        );
    }
    let request = glass(app, &number);
    assert_eq!(request["kind"], "break_glass");
    app.stranger.get(&case.path("")).problem(404, "not-found");
    // The second person learns what was typed, and nothing of the case.
    let shown = &waiting(&app.supervisor, "to_confirm")[0];
    assert_eq!((&shown["number"], &shown["case_id"]), (&json!(number), &Value::Null));
    for client in [&app.deputy, &app.far] {
        assert!(waiting(client, "to_confirm").is_empty());
        client
            .post(&place(&request, "confirmation"), yes.clone())
            .problem(404, "not-found");
    }
    for client in [&app.stranger, &app.lead, &app.auditor] {
        client
            .post(&place(&request, "confirmation"), yes.clone())
            .problem(403, "forbidden");
    }
    // The usual way does not answer it.
    app.deputy
        .post(
            &place(&request, "decision"),
            json!({"outcome": "granted", "until": app.at(days(1))}),
        )
        .problem(404, "not-found");
    app.leaves(&case.stream, "grant.given", &app.supervisor, || {
        app.leaves(AGENCY, "access_request.glass_broken", &app.supervisor, || {
            let told = app
                .supervisor
                .post(&place(&request, "confirmation"), yes.clone())
                .is(200);
            assert_eq!((&told["state"], &told["case_id"]), (&json!("granted"), &Value::Null));
        });
    });
    assert_eq!(app.last_record(&case.stream)["break_glass"], true);
    app.stranger.get(&case.path("")).is(200);
    // The second person sees no more of the case than before.
    app.supervisor.get(&case.path("")).problem(404, "not-found");
    // The lead and the auditor are told, the auditor without the reason.
    let lead = Browser::signed_in(app, "lead").get("/").is(200);
    lead.says(&format!("broke the glass of {number}"));
    lead.says("he names a place and tonight");
    let auditor = Browser::signed_in(app, "auditor").get("/").is(200);
    auditor.says(&number);
    auditor.does_not_say("he names a place and tonight");
    Browser::signed_in(app, "member")
        .get("/")
        .is(200)
        .does_not_say("broke the glass");
    app.advance(hours(1));
    app.stranger.get(&case.path("")).problem(404, "not-found");
}

both_databases!(a_broken_glass_waits_an_hour_and_opens_nothing_where_there_is_no_case);
fn a_broken_glass_waits_an_hour_and_opens_nothing_where_there_is_no_case(app: &App) {
    let yes = json!({"outcome": "granted"});
    let none = glass(app, "26-999999");
    let told = app.supervisor.post(&place(&none, "confirmation"), yes.clone()).is(200);
    assert_eq!(
        (&told["state"], &told["case_id"]),
        (&json!("not_granted"), &Value::Null)
    );
    let case = app.case();
    let late = glass(app, &number(app, &case));
    app.advance(hours(1));
    app.leaves_nothing(&case.stream, || {
        app.supervisor
            .post(&place(&late, "confirmation"), yes.clone())
            .problem(409, "conflict")
    });
    let declined = glass(app, &number(app, &case));
    let no = json!({"outcome": "denied", "reason": "it can wait until the morning"});
    app.supervisor
        .post(&place(&declined, "confirmation"), json!({"outcome": "denied"}))
        .problem(422, "invalid");
    app.supervisor.post(&place(&declined, "confirmation"), no).is(200);
    assert_eq!(mine(&app.stranger)["state"], "not_granted");
    app.stranger.get(&case.path("")).problem(404, "not-found");
}

both_databases!(a_request_is_taken_back_by_its_asker_alone);
fn a_request_is_taken_back_by_its_asker_alone(app: &App) {
    let case = app.case();
    let request = asked(&app.prosecutor, &number(app, &case));
    for client in [&app.supervisor, &app.stranger, &app.far] {
        client
            .post(&place(&request, "withdrawal"), json!({}))
            .problem(404, "not-found");
    }
    let no = json!({"outcome": "denied", "reason": "no"});
    app.supervisor.post(&place(&request, "decision"), no).is(200);
    // A denied one is taken back as any other: that it could not be would tell.
    let back = app.prosecutor.post(&place(&request, "withdrawal"), json!({})).is(200);
    assert_eq!(back["state"], "withdrawn");
    app.prosecutor
        .post(&place(&request, "withdrawal"), json!({}))
        .problem(409, "conflict");
    // Ten wait at the most, denied ones among them.
    for n in 0..10 {
        asked(&app.prosecutor, &format!("26-{n}"));
    }
    let more = json!({"number": "26-11", "reason": "x"});
    app.prosecutor.post(REQUESTS, more).problem(409, "conflict");
    let export = json!({"number": "26-11", "reason": "x", "export": true});
    let refused = app.stranger.post(REQUESTS, export).problem(422, "invalid");
    assert_eq!(refused["errors"][0]["rule"], "role");
}

/// What the list says of a person, by sign-in name.
fn reader(readers: &Value, username: &str) -> Value {
    let people = readers["people"].as_array().unwrap();
    people
        .iter()
        .find(|one| one["username"] == username)
        .cloned()
        .unwrap_or(Value::Null)
}

both_databases!(the_list_of_readers_says_what_each_door_says);
fn the_list_of_readers_says_what_each_door_says(app: &App) {
    let kept = |handling: &str| {
        let mut body = json!({"title": "A case", "kind": "online_crime", "handling": handling});
        if handling != "standard" {
            body["supervisor_id"] = app.deputy.id.clone().into();
        }
        app.case_of(body)
    };
    let all = [
        ("lead", &app.lead),
        ("member", &app.member),
        ("stranger", &app.stranger),
        ("supervisor", &app.supervisor),
        ("deputy", &app.deputy),
        ("far", &app.far),
        ("exporter", &app.exporter),
        ("prosecutor", &app.prosecutor),
        ("auditor", &app.auditor),
        ("administrator", &app.administrator),
        ("double", &app.double),
    ];
    for case in [kept("standard"), kept("restricted"), kept("confidential")] {
        let readers = app.lead.get(&case.path("access")).is(200);
        for (username, client) in all {
            let listed = reader(&readers, username);
            let sees = client.get(&case.path("")).status == 200;
            assert_eq!(listed != Value::Null, sees, "{username} in {readers}");
            let one = app.lead.get(&case.path(&format!("access?user={username}"))).is(200);
            let may = |act: &str| {
                let acts = one["acts"].as_array().unwrap();
                acts.iter().find(|found| found["act"] == act).unwrap()["allowed"] == true
            };
            assert_eq!(may("CaseRead"), sees, "{username}");
            let captures = client.get(&case.path("captures")).status == 200;
            assert_eq!(may("CaptureRead"), captures, "{username}");
            let grants =
                json!({"user_id": app.prosecutor.id, "until": app.at(days(1)), "rights": ["read"], "reason": "x"});
            let given = client.post(&case.path("grants"), grants);
            assert_eq!(may("GrantGive"), given.status == 201, "{username}");
            // What was given is taken back, so that the doors stay as the list says.
            if given.status == 201 {
                let grant = given.json()["id"].as_str().unwrap().to_owned();
                client.delete(&format!("/api/v1/grants/{grant}")).is(204);
            }
        }
    }
}

both_databases!(a_past_day_is_answered_as_it_was);
fn a_past_day_is_answered_as_it_was(app: &App) {
    let before = app.at(-1);
    let case = app.case();
    app.advance(hours(1));
    let early = app.at(0);
    app.advance(hours(1));
    app.lead
        .delete(&case.path(&format!("members/{}", app.member.id)))
        .is(204);
    let grant = app.grant(&case, &app.prosecutor, &["read"]);
    app.advance(hours(1));
    let between = app.at(0);
    app.supervisor.delete(&format!("/api/v1/grants/{grant}")).is(204);
    app.advance(days(401));
    let at = |moment: &str| app.lead.get(&case.path(&format!("access?at={moment}"))).is(200);
    let sees = |moment: &str, who: &str| reader(&at(moment), who) != Value::Null;
    assert_eq!(at(&before)["people"], json!([]));
    assert!(sees(&early, "lead") && sees(&early, "member") && sees(&early, "exporter"));
    assert!(!sees(&early, "prosecutor"));
    assert!(!sees(&between, "member") && sees(&between, "prosecutor") && sees(&between, "exporter"));
    let now = app.lead.get(&case.path("access")).is(200);
    assert!(reader(&now, "prosecutor").is_null() && reader(&now, "exporter").is_null());
    let grounds = &reader(&at(&between), "prosecutor")["grounds"][0];
    assert_eq!(
        (&grounds["kind"], &grounds["rights"]),
        (&json!("grant"), &json!(["read"]))
    );
    // A person who moved to another unit or is disabled is told as they were.
    let shut = json!({"disabled": true});
    app.administrator
        .patch(&format!("/api/v1/users/{}", app.deputy.id), 1, shut)
        .is(200);
    assert!(sees(&between, "deputy"));
    assert!(reader(&app.lead.get(&case.path("access")).is(200), "deputy").is_null());

    for (query, field) in [
        (format!("at={}", app.at(days(1))), "at"),
        ("at=soon".to_owned(), "at"),
        ("user=nobody-here".to_owned(), "user"),
    ] {
        let refused = app
            .lead
            .get(&case.path(&format!("access?{query}")))
            .problem(422, "invalid");
        assert_eq!(refused["errors"][0]["field"], field, "{query}");
    }
    // The auditor is answered too, and whoever does not see the case is told that there is none.
    app.auditor.get(&case.path("access")).is(200);
    for client in [&app.stranger, &app.far, &app.prosecutor, &app.administrator] {
        client.get(&case.path("access")).problem(404, "not-found");
    }
}

both_databases!(the_pages_of_access_ask_answer_and_explain);
fn the_pages_of_access_ask_answer_and_explain(app: &App) {
    let case = app.case();
    let number = number(app, &case);
    let asker = Browser::signed_in(app, "prosecutor");
    let form = asker.get("/access-requests").is(200);
    form.says("You have asked for nothing");
    let token = form.hidden("form_token");
    let fields = [("form_token", &*token), ("number", &number), ("reason", " ")];
    let refused = sent(asker.request("POST", "/access-requests"), &fields).is(422);
    refused.says(&number);
    let fields = [
        ("form_token", &*token),
        ("number", &number),
        ("reason", "for <b>the hearing"),
    ];
    assert_eq!(
        sent(asker.request("POST", "/access-requests"), &fields)
            .is(303)
            .leads_to(),
        "/access-requests"
    );
    let decider = Browser::signed_in(app, "supervisor");
    decider.get("/").is(200).says("asks for access to");
    let page = decider.get("/access-requests").is(200);
    page.says("for &#60;b&#62;the hearing");
    let id = waiting(&app.supervisor, "to_decide")[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let token = page.hidden("form_token");
    let path = format!("/access-requests/{id}/decision");
    let fields = [
        ("form_token", &*token),
        ("outcome", "granted"),
        ("until", ""),
        ("reason", "kept text"),
    ];
    let refused = sent(decider.request("POST", &path), &fields).is(422);
    refused.says("kept text");
    let until = app.at(days(3));
    let fields = [
        ("form_token", &*token),
        ("outcome", "granted"),
        ("until", &until[..16]),
        ("form_zone", "UTC"),
    ];
    sent(decider.request("POST", &path), &fields).is(303);
    asker.get("/access-requests").is(200).says("open to you until");

    let lead = Browser::signed_in(app, "lead");
    let page = lead.get(&format!("/cases/{}/access", case.id)).is(200);
    page.says("unit-supervisor-reads-standard-case");
    page.says("was let in (read) until");
    let one = lead.get(&format!("/cases/{}/access?user=supervisor", case.id)).is(200);
    one.says("supervises its unit");
    one.says("unit-supervisor-decides-in-standard-case");
    let refused = lead
        .get(&format!("/cases/{}/access?at=2999-01-01T10:00", case.id))
        .is(422);
    refused.says("2999-01-01T10:00");
    refused.says("must not lie in the future");
}
