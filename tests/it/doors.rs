//! What the doors let through and what they write down: small things that a hostile reader of the code found open.

use reqwest::blocking::multipart;
use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::App;
use crate::kit::browser::{Browser, Page, sent};
use crate::pages::PAGES;
use crate::walk::{filled, things};

fn id(made: &Value) -> &str {
    made["id"].as_str().unwrap()
}

both_databases!(of_a_stranger_little_is_read);
fn of_a_stranger_little_is_read(app: &App) {
    let long = "x".repeat(70_000);
    for path in ["/api/v1/sessions", "/api/v1/sessions/refresh"] {
        let answer = app.nobody.post(path, json!({"password": long, "refresh_token": long}));
        answer.problem(413, "too-large");
    }
    let signs_in = |browser: &Browser<'_>| {
        let form = [("username", "lead"), ("password", "wrong"), ("carried", long.as_str())];
        sent(browser.request("POST", "/sign-in"), &form)
    };
    signs_in(&Browser::nobody(app)).is(413);
    // A sign-in may bring a form back to a browser that was signed in here, and takes a place for it.
    let former = Browser::signed_in(app, "member");
    app.advance(crate::kit::hours(13));
    signs_in(&former).is(401);
    let taken: Vec<_> = std::iter::from_fn(|| app.state.forms.enter()).collect();
    signs_in(&former).is(503);
    drop(taken);
    signs_in(&former).is(401);
}

both_databases!(each_look_at_other_things_has_an_entry_of_its_own);
fn each_look_at_other_things_has_an_entry_of_its_own(app: &App) {
    let case = app.case();
    app.leave(&case);
    for _ in 0..2 {
        app.lead.log(&case, app.post()).is(201);
    }
    let exporter = Browser::signed_in(app, "exporter");
    let listed = || app.count(&case.accesses, "captures.listed");
    let looks = |look: &dyn Fn()| {
        let before = listed();
        look();
        listed() - before
    };
    let evidence = format!("/cases/{}/evidence", case.id);
    let timeline = format!("/cases/{}/timeline", case.id);
    for path in [
        evidence.clone(),
        format!("{evidence}?around=1"),
        format!("{evidence}?around=2"),
        // No record holds such a number.
        format!("{evidence}?around=9223372036854775807"),
        timeline.clone(),
        format!("{timeline}?time=unknown"),
    ] {
        let look = || drop(exporter.get(&path).is(200));
        assert_eq!((looks(&look), looks(&look)), (1, 0), "{path}");
    }
    let choose = format!("/cases/{}/packets/new", case.id);
    let far = "1 ".repeat(1_500);
    let (one, other) = (format!("{far}1"), format!("{far}2"));
    for field in [
        ("kind", "post"),
        ("kind", "photo"),
        ("platform", "web"),
        ("state", "logged"),
        ("after", "9223372036854775807"),
        ("items", one.as_str()),
        ("items", other.as_str()),
    ] {
        let look = || drop(exporter.post(&choose, &[field, ("do", "look")]).is(200));
        assert_eq!((looks(&look), looks(&look)), (1, 0), "{field:?}");
    }
}

both_databases!(a_decision_is_about_the_version_that_was_seen);
fn a_decision_is_about_the_version_that_was_seen(app: &App) {
    let case = app.case();
    let held = app
        .lead
        .log(&case, app.post_with(json!({"platform": "tiktok"})))
        .is(201);
    app.leave(&case);
    let logged = app.lead.log(&case, app.post()).is(201);
    let supervisor = Browser::signed_in(app, "supervisor");
    let correct = |made: &Value| {
        let body = json!({"url": "https://www.tiktok.com/@other/1", "reason": "the address was another"});
        app.lead
            .post(&format!("/api/v1/captures/{}/corrections", id(made)), body)
            .is(201);
    };
    for (made, part, typed, api) in [
        (
            &held,
            "decision",
            ("reason", "it was on record"),
            json!({"outcome": "accept", "reason": "seen"}),
        ),
        (
            &logged,
            "reviews",
            ("note", "as it is there"),
            json!({"outcome": "accurate"}),
        ),
    ] {
        let page = format!("/captures/{}", id(made));
        let (path, call) = (format!("{page}/{part}"), format!("/api/v1{page}/{part}"));
        let version = supervisor.get(&page).is(200).hidden("version");
        assert_eq!(version, "1");
        correct(made);
        let outcome = ("outcome", api["outcome"].as_str().unwrap());
        app.leaves_nothing(&case.stream, || {
            let again = supervisor.post(&path, &[typed, outcome, ("version", "1")]).is(412);
            again.says("This was changed since you read it.");
            again.says(typed.1);
            assert_eq!(again.hidden("version"), "2");
            let seen = |tag: &str| app.supervisor.request("POST", &call).header("If-Match", tag).json(&api);
            app.supervisor.send(seen("\"1\"")).problem(412, "stale-version");
            app.supervisor.send(seen("nonsense")).problem(412, "stale-version");
        });
        supervisor.post(&path, &[typed, outcome, ("version", "2")]).is(303);
    }
}

both_databases!(no_page_changes_anything_without_the_token_of_its_form);
fn no_page_changes_anything_without_the_token_of_its_form(app: &App) {
    const TOKEN: &str = "This form belongs to another session.";
    let things = things(app);
    let asked = app
        .lead
        .post(&things.case.path("authorizations"), app.request())
        .is(201);
    let audit = app.auditor.post("/api/v1/audits", json!({})).is(202);
    let people = ["lead", "supervisor", "exporter", "auditor", "administrator"];
    let browsers: Vec<Browser<'_>> = people.iter().map(|name| Browser::signed_in(app, name)).collect();
    let changed = |stream: &str| {
        let all = app.events(stream).into_iter();
        all.filter(|e| e["action"] != "access.refused").count()
    };
    let before = (
        changed(&things.case.stream),
        changed("agency"),
        changed(&things.case.accesses),
    );
    let routes = PAGES
        .iter()
        .filter(|(method, path, _)| !matches!(*method, "GET" | "HEAD") && *path != "/sign-in");
    let mut wrong = Vec::new();
    for (method, route, _) in routes {
        let path = match *route {
            "/approvals" => format!("/approvals?at=authorization%3A{}", id(&asked)),
            "/audits/{id}/cancellation" => route.replace("{id}", id(&audit)),
            // One that waits: of one that was decided nothing is left to do.
            route if route.starts_with("/authorizations/{id}") && !route.ends_with("/revocation") => {
                let path = route.replace("{id}", id(&asked));
                path.replace("{addition_id}", id(&asked))
            }
            route => filled(route, &things),
        };
        let mut told = false;
        for browser in &browsers {
            let request = browser.request(method, &path).header("Sec-Fetch-Site", "same-origin");
            let request = request.header("Tus-Resumable", "1.0.0");
            let page = match *route {
                "/verify" | "/cases/{id}/captures" => {
                    let form = multipart::Form::new().text("url", "https://x.example/1");
                    Page::of(request.multipart(form).send().unwrap())
                }
                _ => sent(request, &[("title", "x"), ("do", "none")]),
            };
            if !matches!(page.status, 403 | 404) {
                wrong.push(format!("{method} {route}: {}", page.status));
            }
            told |= page.status == 403 && page.text.contains(TOKEN);
        }
        if !told {
            wrong.push(format!("{method} {route}: nobody is refused for the token"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let after = (
        changed(&things.case.stream),
        changed("agency"),
        changed(&things.case.accesses),
    );
    assert_eq!((before.0, before.1), (after.0, after.1));
    for browser in &browsers {
        browser.get("/session").is(204);
    }
}

both_databases!(what_somebody_works_on_is_closed_to_them_in_the_queue);
fn what_somebody_works_on_is_closed_to_them_in_the_queue(app: &App) {
    let case = app.case();
    let fields = json!({"platform": "tiktok", "url": "https://www.tiktok.com/@closed/1", "text": "closed words"});
    let held = app.lead.log(&case, app.post_with(fields.clone())).is(201);
    let look = |username: &str, made: &Value| {
        Browser::signed_in(app, username).get(&format!("/approvals?at=capture%3A{}", id(made)))
    };
    let closed = |username: &str, made: &Value| {
        let page = look(username, made).is(200);
        for words in ["@closed/1", "closed words", "value=\"accept\""] {
            page.does_not_say(words);
        }
    };
    look("double", &held).is(200).says("@closed/1");
    let member = case.path(&format!("members/{}", app.double.id));
    app.lead.put(&member, json!({})).is(200);
    closed("double", &held);
    let own = app.double.log(&case, app.post_with(fields.clone())).is(201);
    closed("double", &own);
    // Who works on the case no more decides nothing that came in before, and what comes in afterwards.
    app.lead.delete(&member).is(204);
    closed("double", &held);
    closed("double", &own);
    app.advance(crate::kit::hours(1));
    let later = app.lead.log(&case, app.post_with(fields)).is(201);
    look("double", &later).is(200).says("@closed/1");
    look("supervisor", &own).is(200).says("@closed/1");
}

both_databases!(the_word_about_the_last_decision_is_no_look_at_it);
fn the_word_about_the_last_decision_is_no_look_at_it(app: &App) {
    let case = app.case();
    let made = app
        .lead
        .log(&case, app.post_with(json!({"platform": "tiktok"})))
        .is(201);
    let decided = json!({"outcome": "ratify", "reason": "seen"});
    let path = format!("/api/v1/captures/{}/decision", id(&made));
    app.deputy.post(&path, decided).is(200);
    let supervisor = Browser::signed_in(app, "supervisor");
    // Nothing else is open beside the word.
    let review = json!({"outcome": "accurate"});
    let path = format!("/api/v1/captures/{}/reviews", id(&made));
    app.deputy.post(&path, review).is(201);
    app.advance(2 * 60_000_000);
    app.leaves_nothing(&case.accesses, || {
        let page = supervisor
            .get(&format!("/approvals?last=capture%3A{}", id(&made)))
            .is(200);
        page.says("Item 1: reviewed (accurate)");
    });
}
