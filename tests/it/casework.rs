//! Work on a case beside its evidence, as pages: people and accounts, answers, status, what is due, the timeline, the custody,
//! the first screen; and the list of colleagues.

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, days, hours, missing, with};

fn people(case: &str) -> String {
    format!("/cases/{case}/people")
}

both_databases!(people_and_accounts_are_added_and_changed_in_their_place);
fn people_and_accounts_are_added_and_changed_in_their_place(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let path = people(&case.id);
    lead.get(&path).is(200).says("Nobody yet");
    let fields = [
        ("name", "Ana <b>"),
        ("role", "victim"),
        ("juvenile", "true"),
        ("date_of_birth", "unknown"),
    ];
    let made = app.leaves(&case.stream, "subject.added", &app.lead, || {
        lead.post(&format!("/cases/{}/subjects", case.id), &fields).is(303)
    });
    assert!(
        made.location.contains("/people?done=person-added#"),
        "{}",
        made.location
    );
    let subject = made.location.split('#').nth(1).unwrap().to_owned();
    let page = lead.get(&path).is(200);
    page.says("Ana &#60;b&#62;");
    page.says("Juvenile");
    // An account that is tied says on what basis; what was typed stays.
    let accounts = format!("/cases/{}/accounts", case.id);
    let account = [
        ("platform", "instagram"),
        ("handle", "@h"),
        ("subject_id", subject.as_str()),
    ];
    app.leaves_nothing(&case.stream, || {
        let page = lead.post(&accounts, &account).is(422);
        page.says("<a href=\"#new-attribution\">On what basis: must say on what basis");
        page.says("id=\"new-handle\" name=\"handle\" value=\"@h\"");
        page.says(&format!("<option value=\"{subject}\" selected>"));
    });
    let account = [&account[..], &[("attribution", "own statement")]].concat();
    let made = app.leaves(&case.stream, "account.added", &app.lead, || {
        lead.post(&accounts, &account).is(303)
    });
    let id = made.location.split('#').nth(1).unwrap().to_owned();
    lead.get(&path).is(200).says("own statement");
    // Its form is shown where the address asks for it, and to nobody who may not write.
    let edit = format!("{path}?edit={id}");
    lead.get(&edit).is(200).says("Save version 2");
    Browser::signed_in(app, "exporter")
        .get(&edit)
        .is(200)
        .does_not_say("Save version");
    app.leaves_nothing(&case.stream, || {
        Browser::signed_in(app, "exporter").post(&accounts, &account).is(403);
    });
    // Held to be nobody's any more: with a reason.
    let change = format!("{accounts}/{id}");
    let untied = [
        ("version", "1"),
        ("subject_id", "nobody"),
        ("attribution", "own statement"),
    ];
    app.leaves_nothing(&case.stream, || {
        lead.post(&change, &untied)
            .is(422)
            .says("must say why the account is no longer held to be theirs");
    });
    let untied = [&untied[..], &[("reason", "she withdrew it")]].concat();
    app.leaves(&case.stream, "account.changed", &app.lead, || {
        lead.post(&change, &untied).is(303)
    });
    let stored = app.lead.get(&case.path("accounts")).is(200)["items"][0].clone();
    assert_eq!(
        (&stored["subject_id"], &stored["attribution"], &stored["handle"]),
        (&Value::Null, &Value::Null, &json!("@h"))
    );
}

both_databases!(the_api_unties_with_null);
fn the_api_unties_with_null(app: &App) {
    let case = app.case();
    let subject = app
        .lead
        .post(&case.path("subjects"), json!({"role": "suspect"}))
        .is(201);
    let tied = json!({"platform": "web", "handle": "x", "subject_id": subject["id"], "attribution": "guess"});
    let made = app.lead.post(&case.path("accounts"), tied).is(201);
    let one = case.path(&format!("accounts/{}", made["id"].as_str().unwrap()));
    app.lead
        .patch(&one, 1, json!({"subject_id": null}))
        .refuses(422, "reason", "required");
    let free = app
        .lead
        .patch(&one, 1, json!({"subject_id": null, "reason": "another man's"}))
        .is(200);
    assert_eq!((&free["subject_id"], &free["version"]), (&Value::Null, &json!(2)));
}

both_databases!(accounts_say_how_many_captures_name_them);
fn accounts_say_how_many_captures_name_them(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    app.leave(&case);
    for handle in ["@Harborlight_77", "@other"] {
        let new = json!({"platform": "instagram", "handle": handle});
        app.lead.post(&case.path("accounts"), new).is(201);
    }
    app.lead.log(&case, app.post()).is(201);
    app.lead.log(&case, app.post_with(json!({"text": "another"}))).is(201);
    // What is held names nobody.
    app.lead.log(&case, app.post_with(json!({"level": "covert"}))).is(201);
    let page = lead.get(&people(&case.id)).is(200);
    let count = |handle: &str| {
        let row = page.text.split("<tr id=").find(|row| row.contains(handle)).unwrap();
        let cell = row.split("data-label=\"Items\">").nth(1).unwrap();
        cell.split('<').next().unwrap().to_owned()
    };
    assert_eq!((count("@Harborlight_77"), count("@other")), ("2".into(), "0".into()));
}

both_databases!(two_tabs_that_change_an_account_lose_nothing);
fn two_tabs_that_change_an_account_lose_nothing(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let new = json!({"platform": "instagram", "handle": "@old", "platform_id": "1"});
    let made = app.lead.post(&case.path("accounts"), new).is(201);
    let path = format!("/cases/{}/accounts/{}", case.id, made["id"].as_str().unwrap());
    let tab = |handle: &'static str, id: &'static str| {
        vec![
            ("version", "1"),
            ("platform", "instagram"),
            ("handle", handle),
            ("platform_id", id),
        ]
    };
    lead.post(&path, &tab("@theirs", "2")).is(303);
    app.leaves_nothing(&case.stream, || {
        let page = lead.post(&path, &tab("@mine", "1")).is(412);
        // What was typed, beside what holds now; what was left alone is as it is now.
        page.says("id=\"edit-handle\" name=\"handle\" value=\"@mine\"");
        page.says("Now: <bdi>@theirs</bdi>");
        page.says("id=\"edit-platform_id\" name=\"platform_id\" value=\"2\"");
        page.says("name=\"version\" value=\"2\"");
    });
}

both_databases!(answers_already_given_are_changed_on_the_page);
fn answers_already_given_are_changed_on_the_page(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let path = format!("/cases/{}", case.id);
    let tab = |offense: &'static str, reference: &'static str| {
        vec![
            ("version", "1"),
            ("particulars.offense", offense),
            ("particulars.victim_reference", reference),
            ("particulars.platforms", "instagram, telegram"),
        ]
    };
    let page = lead.get(&path).is(200);
    page.says("name=\"particulars.platforms\" value=\"instagram, web\"");
    app.leaves(&case.stream, "case.changed", &app.lead, || {
        lead.post(&path, &tab("stalking", "V-2")).is(303)
    });
    let stored = app.lead.get(&case.path("")).is(200);
    assert_eq!(stored["particulars"]["platforms"], json!(["instagram", "telegram"]));
    // The other tab was opened before: it had changed the offense, and left the reference as it was.
    app.leaves_nothing(&case.stream, || {
        let page = lead.post(&path, &tab("extortion", "V-1")).is(412);
        page.says("name=\"particulars.offense\" value=\"extortion\"");
        page.says("Now: <bdi>stalking</bdi>");
        page.says("name=\"particulars.victim_reference\" value=\"V-2\"");
        page.does_not_say("value=\"V-1\"");
    });
    // A word that is none is told beside its field.
    let wrong = [("version", "2"), ("time_zone", "Moon/Sea")];
    let page = lead.post(&path, &wrong).is(422);
    page.says("<a href=\"#due-time_zone\">Time zone of its times: must be a zone");
    page.says("name=\"time_zone\" value=\"Moon/Sea\"");
}

both_databases!(a_time_of_the_case_survives_its_own_form);
fn a_time_of_the_case_survives_its_own_form(app: &App) {
    let lead = Browser::signed_in(app, "lead");
    // An hour that comes twice, and one with seconds and less.
    for at in [
        "2026-11-01T05:30:00Z",
        "2026-11-01T06:30:00Z",
        "2026-11-20T21:00:07.250Z",
        "2026-07-01T12:00:00Z",
    ] {
        let particulars = with(missing(), json!({"last_seen_at": at}));
        let new = json!({"title": "M", "kind": "missing_person", "time_zone": "America/New_York", "particulars": particulars});
        let case = app.case_of(new);
        let path = format!("/cases/{}", case.id);
        let page = lead.get(&path).is(200);
        let (version, shown) = (page.hidden("version"), page.hidden("particulars.last_seen_at"));
        assert!(!shown.is_empty(), "{}", page.text);
        let before = app.lead.get(&case.path("")).is(200);
        let fields = [
            ("version", version.as_str()),
            ("form_zone", "America/New_York"),
            ("particulars.last_seen_at", shown.as_str()),
        ];
        lead.post(&path, &fields).is(303);
        let after = app.lead.get(&case.path("")).is(200);
        assert_eq!(after["particulars"], before["particulars"], "{at} was shown as {shown}");
    }
}

both_databases!(a_case_is_closed_suspended_and_opened_again);
fn a_case_is_closed_suspended_and_opened_again(app: &App) {
    let lead = Browser::signed_in(app, "lead");
    let particulars = with(missing(), json!({"ncic": null}));
    let case = app.case_of(json!({"title": "M", "kind": "missing_person", "particulars": particulars}));
    let path = format!("/cases/{}", case.id);
    let page = lead.get(&path).is(200);
    page.says("2 answers due before the case is closed");
    page.says("Before it can be closed, answer: NCIC number, NCIC entered at.");
    page.does_not_say("value=\"closed\"");
    let step = |action: &str, fields: &[(&str, &str)], done: &str| {
        let version = lead.get(&path).is(200).hidden("version");
        let fields = [&[("version", version.as_str())], fields].concat();
        let made = app.leaves(&case.stream, action, &app.lead, || lead.post(&path, &fields).is(303));
        assert!(made.location.ends_with(&format!("done={done}")), "{}", made.location);
    };
    let unknown = [
        ("particulars.ncic.number", "unknown"),
        ("particulars.ncic.entered_at", "unknown"),
    ];
    step("case.changed", &unknown, "case-changed");
    step(
        "case.suspended",
        &[("status", "suspended"), ("reason", "no lead")],
        "suspended",
    );
    app.leaves_nothing(&case.stream, || {
        let version = lead.get(&path).is(200).hidden("version");
        let fields = [("version", version.as_str()), ("status", "closed"), ("reason", "typed")];
        let page = lead.post(&path, &fields).is(422);
        page.says("<a href=\"#closed-disposition\">How it ended: must be given to close a case");
        page.says("name=\"reason\" value=\"typed\"");
    });
    step(
        "case.closed",
        &[("status", "closed"), ("disposition", "located_safe")],
        "closed",
    );
    step(
        "case.reopened",
        &[("status", "open"), ("reason", "seen again")],
        "reopened",
    );
}

both_databases!(what_is_due_stands_in_the_overview_and_on_the_first_screen);
fn what_is_due_stands_in_the_overview_and_on_the_first_screen(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    app.leave_of(&case, with(app.request(), json!({"ends_at": app.at(days(3))})));
    let logged = app.lead.log(&case, app.post()).is(201);
    let held = app
        .lead
        .log(&case, app.post_with(json!({"platform": "tiktok"})))
        .is(201);
    assert_eq!(held["state"], "held");
    let review = format!("/api/v1/captures/{}/reviews", logged["id"].as_str().unwrap());
    app.member
        .post(&review, json!({"outcome": "returned", "note": "zone is missing"}))
        .is(201);
    let asked = app.lead.post(&case.path("authorizations"), app.request()).is(201);
    let decision = format!("/api/v1/authorizations/{}/decision", asked["id"].as_str().unwrap());
    app.supervisor
        .post(&decision, json!({"decision": "return", "reason": "say which accounts"}))
        .is(200);
    let told = [
        "Item 1 was returned",
        "Item 2 is held",
        "A-1 ends in 2 days",
        "A-2 came back",
    ];
    let (overview, home) = (lead.get(&format!("/cases/{}", case.id)).is(200), lead.get("/").is(200));
    for text in told {
        overview.says(text);
        home.says(text);
    }
    overview.says("1 capture not reviewed");
    // Nobody reviews what they captured, and what others asked for needs them, not the member.
    home.does_not_say("to review");
    let home = Browser::signed_in(app, "member").get("/").is(200);
    home.says("1 capture for you to review");
    for text in told {
        home.does_not_say(text);
    }
    let home = Browser::signed_in(app, "stranger").get("/").is(200);
    home.does_not_say("Threats");
    home.says("No cases yet");
    // A correction answers the review.
    let correction = format!("/api/v1/captures/{}/corrections", logged["id"].as_str().unwrap());
    app.lead
        .post(
            &correction,
            json!({"platform_time_text": "9:47 PM EST", "reason": "zone added"}),
        )
        .is(201);
    lead.get("/").is(200).does_not_say("Item 1 was returned");
}

both_databases!(the_first_screen_leads_a_link_into_the_last_case);
fn the_first_screen_leads_a_link_into_the_last_case(app: &App) {
    let (first, second) = (app.case(), app.case());
    app.advance(hours(1));
    app.leave(&first);
    let lead = Browser::signed_in(app, "lead");
    let page = lead.get("/").is(200);
    page.says(&format!("action=\"/cases/{}/evidence\"", first.id));
    let at = |id: &str| page.text.find(&format!("<a href=\"/cases/{id}\">")).unwrap();
    assert!(at(&first.id) < at(&second.id), "the newest change first");
    let path = format!("/cases/{}/evidence?url=https%3A%2F%2Fa.example%2F%3Fq%3D1", first.id);
    lead.get(&path).is(200).says("https://a.example/?q=1");
}

both_databases!(the_custody_is_told_in_words_newest_first);
fn the_custody_is_told_in_words_newest_first(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    app.leave(&case);
    app.lead
        .post(&case.path("accounts"), json!({"platform": "web", "handle": "@h"}))
        .is(201);
    let made = app.lead.log(&case, app.post()).is(201);
    let item = made["id"].as_str().unwrap();
    app.member
        .post(
            &format!("/api/v1/captures/{item}/reviews"),
            json!({"outcome": "accurate"}),
        )
        .is(201);
    let path = format!("/cases/{}/custody", case.id);
    let page = lead.get(&path).is(200);
    let place = |text: &str| {
        page.text
            .find(text)
            .unwrap_or_else(|| panic!("{text} is not in {}", page.text))
    };
    let newest_first = [
        format!("<a href=\"/captures/{item}\"><bdi>Item 1</bdi></a> reviewed, accurate"),
        format!("<a href=\"/captures/{item}\"><bdi>Item 1</bdi></a> recorded"),
        "<bdi>@h</bdi></a> added".to_owned(),
        "<bdi>A-1</bdi></a> approved".to_owned(),
        "<bdi>Erin Exporter</bdi> was given access".to_owned(),
        "<bdi>Mo Member</bdi> became a member".to_owned(),
        "<bdi>Case</bdi> opened".to_owned(),
    ];
    let places: Vec<usize> = newest_first.iter().map(|text| place(text)).collect();
    assert!(places.is_sorted(), "{places:?}");
    page.says("hashed just now");
    page.says("Never: no outside witness");
    page.does_not_say("Access log</a>");
    let page = lead.get(&format!("{path}?item=1")).is(200);
    page.says("reviewed, accurate");
    page.does_not_say("became a member");
    let page = lead.get(&format!("{path}?actor=member")).is(200);
    page.says("reviewed, accurate");
    page.does_not_say("</a> recorded");
    let page = lead.get(&format!("{path}?what=people")).is(200);
    page.says("became a member");
    page.does_not_say("reviewed, accurate");
    lead.get(&format!("{path}?item=99")).is(200).says("Nothing matches");
    lead.get(&format!("{path}?item=x")).is(422);
    // Pages, from the newest on.
    let page = lead.get(&format!("{path}?limit=3")).is(200);
    let next = page
        .text
        .split("<a class=\"btn btn--sm\" href=\"")
        .find(|part| part.contains("Older events"));
    let next = next.unwrap().split('"').next().unwrap().replace("&#38;", "&");
    let later = lead.get(&next).is(200);
    later.does_not_say("reviewed, accurate");
    later.does_not_say("<bdi>@h</bdi>");
    later.says("<bdi>A-1</bdi></a> approved");
}

both_databases!(what_is_closed_is_not_told_in_the_custody);
fn what_is_closed_is_not_told_in_the_custody(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    app.lead
        .log(
            &case,
            app.post_with(json!({"platform": "tiktok", "text": "the secret text"})),
        )
        .is(201);
    for path in ["custody", "timeline"] {
        let page = lead.get(&format!("/cases/{}/{path}", case.id)).is(200);
        page.does_not_say("the secret text");
        page.does_not_say("iktok");
    }
}

both_databases!(an_auditor_gets_identifiers_alone);
fn an_auditor_gets_identifiers_alone(app: &App) {
    let confidential = json!({
        "title": "Threats to a witness", "kind": "online_crime", "handling": "confidential", "supervisor_id": app.supervisor.id,
        "particulars": crate::kit::online(), "number": "26-777001",
    });
    let case = app.case_of(confidential);
    let subject = app
        .lead
        .post(&case.path("subjects"), json!({"role": "victim", "name": "Ana Rivers"}))
        .is(201);
    let auditor = Browser::signed_in(app, "auditor");
    for part in ["custody", "accesses"] {
        let page = auditor.get(&format!("/cases/{}/{part}", case.id)).is(200);
        page.says(&case.id);
        for hidden in [
            "Threats to a witness",
            "Ana Rivers",
            "26-777001",
            "Item number",
            "/people#",
        ] {
            page.does_not_say(hidden);
        }
    }
    let page = auditor.get(&format!("/cases/{}/custody", case.id)).is(200);
    page.says("subject.added");
    page.says(subject["id"].as_str().unwrap());
    for other in ["", "/people", "/timeline", "/evidence"] {
        auditor.get(&format!("/cases/{}{other}", case.id)).is(404);
    }
    // A number of an item filters nothing for who may not know it.
    let page = auditor.get(&format!("/cases/{}/custody?item=1", case.id)).is(200);
    page.says("case.opened");
    let administrator = Browser::signed_in(app, "administrator");
    administrator.get(&format!("/cases/{}/custody", case.id)).is(404);
    administrator.get(&format!("/cases/{}/accesses", case.id)).is(404);
}

both_databases!(the_supervisor_sees_who_looked_and_those_at_work_do_not);
fn the_supervisor_sees_who_looked_and_those_at_work_do_not(app: &App) {
    let case = app.case();
    let path = format!("/cases/{}/accesses", case.id);
    Browser::signed_in(app, "exporter")
        .get(&format!("/cases/{}", case.id))
        .is(200);
    app.stranger.get(&case.path("")).problem(404, "not-found");
    let supervisor = Browser::signed_in(app, "supervisor");
    let page = supervisor.get(&path).is(200);
    page.says("Erin Exporter, prosecutor");
    page.says("<bdi>Case</bdi> viewed");
    page.says("<bdi>Case</bdi> refused");
    let page = supervisor.get(&format!("{path}?what=refusals")).is(200);
    page.says("<bdi>Case</bdi> refused");
    page.does_not_say("<bdi>Case</bdi> viewed");
    let lead = Browser::signed_in(app, "lead");
    lead.get(&path).is(403);
    lead.get(&format!("/cases/{}", case.id)).is(200).does_not_say(&path);
    supervisor.get(&format!("/cases/{}", case.id)).is(200).says(&path);
}

both_databases!(the_timeline_keeps_unknown_times_apart);
fn the_timeline_keeps_unknown_times_apart(app: &App) {
    let case = app.case_of(json!({
        "title": "T", "kind": "online_crime", "time_zone": "America/New_York", "particulars": crate::kit::online(),
    }));
    app.leave(&case);
    let shown = json!({"posted_at": "2026-11-09T02:47:00Z", "posted_at_basis": "shown", "text": "by the ferry"});
    app.lead.log(&case, app.post_with(shown)).is(201);
    let guessed = json!({"posted_at": "2026-10-31T01:10:00Z", "posted_at_basis": "inferred", "text": "by the bus"});
    app.lead.log(&case, app.post_with(guessed)).is(201);
    app.lead
        .log(
            &case,
            app.post_with(json!({"text": "a profile", "platform_time_text": "9 Nov"})),
        )
        .is(201);
    let closed = json!({"platform": "tiktok", "posted_at": "2026-09-09T02:47:00Z", "text": "the secret"});
    app.lead.log(&case, app.post_with(closed)).is(201);
    let lead = Browser::signed_in(app, "lead");
    let path = format!("/cases/{}/timeline", case.id);
    let page = lead.get(&path).is(200);
    page.says("2026-11-08 21:47:00 EST");
    page.says("2026-11-09 02:47:00 UTC");
    page.says("2026-10-30 21:10:00 EDT");
    page.says("Worked out");
    page.does_not_say("Guessed");
    page.says("<svg class=\"lanes\"");
    page.says("Case opened");
    page.says("A-1 approved");
    // What is not known is told as that, and what is closed is not told at all.
    let (before, apart) = page.text.split_once("Time not known</h2>").unwrap();
    assert!(apart.contains("a profile") && !before.contains("a profile"));
    assert!(apart.contains("<bdi>9 Nov</bdi>"));
    page.says("1 held or quarantined");
    for hidden in ["00:00:00", "the secret", "2026-09"] {
        page.does_not_say(hidden);
    }
    let page = lead.get(&format!("{path}?month=2026-10")).is(200);
    page.says("by the bus");
    page.does_not_say("by the ferry");
    lead.get(&format!("{path}?month=soon")).is(422);
    let page = lead.get(&format!("{path}?time=unknown")).is(200);
    page.says("a profile");
    page.does_not_say("by the ferry");
}

both_databases!(a_long_timeline_comes_in_pages);
fn a_long_timeline_comes_in_pages(app: &App) {
    let case = app.case();
    app.leave(&case);
    for n in 0..65 {
        // Five each day, so that pages break within a time.
        let day = 1 + n / 5;
        let fields = json!({"posted_at": format!("2026-10-{day:02}T12:00:00Z"), "posted_at_basis": "shown", "text": format!("post {n} .")});
        app.lead.log(&case, app.post_with(fields)).is(201);
    }
    let lead = Browser::signed_in(app, "lead");
    let page = lead.get(&format!("/cases/{}/timeline", case.id)).is(200);
    let next = page
        .text
        .split("href=\"")
        .find(|part| part.contains("\">Earlier items"))
        .unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    let later = lead.get(&next).is(200);
    for n in 0..65 {
        let text = format!("<bdi>post {n} .</bdi>");
        let (first, second) = (page.text.contains(&text), later.text.contains(&text));
        assert!(first ^ second, "{n}: {first} {second}");
    }
    later.does_not_say("\">Earlier items");
}

both_databases!(colleagues_are_listed_to_those_who_work_with_cases);
fn colleagues_are_listed_to_those_who_work_with_cases(app: &App) {
    let found = app.lead.get("/api/v1/colleagues?limit=100").is(200);
    let names: Vec<&str> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|u| u["username"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"member") && names.contains(&"supervisor"), "{names:?}");
    assert!(names.is_sorted());
    assert_eq!(found["items"][0].as_object().unwrap().len(), 5);
    let member = format!("/api/v1/users/{}", app.member.id);
    let version = app.administrator.get(&member).is(200)["version"].as_i64().unwrap();
    app.administrator
        .patch(&member, version, json!({"disabled": true}))
        .is(200);
    let found = app.exporter.get("/api/v1/colleagues?limit=100").is(200);
    assert!(
        found["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|u| u["username"] != "member")
    );
    for other in [&app.auditor, &app.administrator] {
        other.get("/api/v1/colleagues").problem(403, "forbidden");
    }
    Browser::signed_in(app, "lead")
        .get("/cases/new")
        .is(200)
        .says("<option value=\"supervisor\"");
}

both_databases!(a_handling_stands_at_the_top_and_the_foot);
fn a_handling_stands_at_the_top_and_the_foot(app: &App) {
    let lead = Browser::signed_in(app, "lead");
    let kept = json!({
        "title": "K", "kind": "online_crime", "handling": "restricted", "supervisor_id": app.supervisor.id,
        "particulars": crate::kit::online(),
    });
    let (kept, open) = (app.case_of(kept), app.case());
    for part in ["", "/people", "/timeline", "/custody", "/evidence"] {
        let page = lead.get(&format!("/cases/{}{part}", kept.id)).is(200);
        assert_eq!(page.text.matches("strip--handling").count(), 2, "{part}");
        lead.get(&format!("/cases/{}{part}", open.id))
            .is(200)
            .does_not_say("strip--handling");
    }
}

both_databases!(cases_are_found_by_their_number);
fn cases_are_found_by_their_number(app: &App) {
    let lead = Browser::signed_in(app, "lead");
    let numbered = |number: &str| {
        let new = json!({"title": format!("Case {number}"), "kind": "online_crime", "number": number, "particulars": crate::kit::online()});
        app.case_of(new)
    };
    numbered("26-1");
    numbered("26-2");
    let page = lead.get("/cases?number=26-2").is(200);
    page.says("<bdi>Case 26-2</bdi>");
    page.does_not_say("<bdi>Case 26-1</bdi>");
    Browser::signed_in(app, "stranger")
        .get("/cases?number=26-2")
        .is(200)
        .does_not_say("<bdi>Case 26-2</bdi>");
    let page = lead.get("/cases?kind=online_crime&status=open").is(200);
    page.says("<bdi>Case 26-1</bdi>");
    // A chip that is set is taken away by one more press, and leaves the other.
    page.says("href=\"/cases?status=open\" aria-current=\"true\"");
    page.says("href=\"/cases?kind=online_crime&#38;status=closed\"");
}
