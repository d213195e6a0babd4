//! The pages over HTTP: who gets one, what a form changes, and what another site cannot do. How they look and work in a
//! browser is in `tests/browser/`.

use reqwest::blocking::multipart;
use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::{Browser, Page, sent};
use crate::kit::{App, PASSWORD, hours, with};
use crate::walk::{Things, filled, things};

/// Every route of a page, and what it answers to an investigator who has part in no case; a form is sent empty.
pub const PAGES: &[(&str, &str, u16)] = &[
    ("GET", "/sign-in", 200),
    ("POST", "/sign-in", 422),
    ("GET", "/", 200),
    ("GET", "/session", 204),
    ("GET", "/password", 200),
    ("POST", "/password", 422),
    ("GET", "/verify", 200),
    ("POST", "/verify", 422),
    ("GET", "/settings/mine", 200),
    ("POST", "/settings/mine", 422),
    ("GET", "/find", 200),
    ("GET", "/find/hits", 200),
    ("GET", "/approvals", 403),
    ("POST", "/approvals", 403),
    ("GET", "/ledger", 403),
    ("GET", "/ledger/log", 403),
    ("GET", "/audits", 403),
    ("POST", "/audits", 403),
    ("GET", "/audits/{id}", 403),
    ("POST", "/audits/{id}/cancellation", 403),
    ("GET", "/users", 403),
    ("POST", "/users", 403),
    ("GET", "/users/{id}", 403),
    ("POST", "/users/{id}", 403),
    ("POST", "/users/{id}/trainings", 403),
    ("POST", "/users/{id}/trainings/{training_id}/end", 403),
    ("POST", "/users/{id}/sessions/end", 403),
    ("POST", "/users/{id}/tokens/{token_id}/end", 403),
    ("GET", "/units", 403),
    ("POST", "/units", 403),
    ("POST", "/units/{id}", 403),
    ("GET", "/settings", 403),
    ("GET", "/installation", 403),
    ("GET", "/account", 200),
    ("POST", "/account/tokens", 422),
    ("POST", "/account/tokens/{id}/end", 404),
    ("POST", "/account/sessions/{id}/end", 404),
    ("GET", "/cases", 200),
    ("POST", "/cases", 422),
    ("POST", "/cases/draft", 303),
    ("GET", "/cases/new", 200),
    ("GET", "/cases/{id}", 404),
    ("POST", "/cases/{id}", 404),
    ("GET", "/cases/{id}/people", 404),
    ("GET", "/cases/{id}/timeline", 404),
    ("POST", "/cases/{id}/subjects", 404),
    ("POST", "/cases/{id}/subjects/{subject_id}", 404),
    ("POST", "/cases/{id}/accounts", 404),
    ("POST", "/cases/{id}/accounts/{account_id}", 404),
    ("GET", "/cases/{id}/access", 404),
    ("GET", "/access-requests", 200),
    ("POST", "/access-requests", 422),
    ("POST", "/access-requests/{id}/decision", 404),
    ("POST", "/access-requests/{id}/confirmation", 403),
    ("POST", "/access-requests/{id}/withdrawal", 404),
    ("GET", "/cases/{id}/team", 404),
    ("POST", "/cases/{id}/lead", 404),
    ("POST", "/cases/{id}/members", 404),
    ("POST", "/cases/{id}/members/end", 404),
    ("POST", "/cases/{id}/grants", 404),
    ("POST", "/grants/{id}/end", 404),
    ("GET", "/cases/{id}/evidence", 404),
    ("POST", "/cases/{id}/evidence/selected", 404),
    ("GET", "/cases/{id}/evidence/review", 404),
    ("POST", "/cases/{id}/evidence/review", 404),
    ("POST", "/cases/{id}/captures", 404),
    ("POST", "/cases/{id}/captures/preview", 404),
    ("POST", "/cases/{id}/captures/draft", 404),
    ("POST", "/uploads", 403),
    ("HEAD", "/uploads/{id}", 404),
    ("PATCH", "/uploads/{id}", 404),
    ("DELETE", "/uploads/{id}", 404),
    ("POST", "/uploads/{id}/end", 404),
    ("GET", "/captures/{id}", 404),
    ("POST", "/captures/{id}/notes", 404),
    ("POST", "/captures/{id}/marks", 404),
    ("POST", "/captures/{id}/examinations", 404),
    ("GET", "/captures/{id}/redactions", 404),
    ("POST", "/captures/{id}/redactions", 404),
    ("GET", "/captures/{id}/redactions/preview", 404),
    ("POST", "/captures/{id}/corrections", 404),
    ("POST", "/captures/{id}/reviews", 404),
    ("POST", "/captures/{id}/decision", 404),
    ("GET", "/files/{capture_id}/{sha256}", 404),
    ("GET", "/pictures/{capture_id}/{sha256}", 404),
    ("POST", "/viewing", 303),
    ("GET", "/cases/{id}/authorizations", 404),
    ("POST", "/cases/{id}/authorizations", 404),
    ("POST", "/cases/{id}/authorizations/draft", 404),
    ("GET", "/cases/{id}/authorizations/new", 404),
    ("GET", "/authorizations/{id}", 404),
    ("POST", "/authorizations/{id}", 404),
    ("GET", "/authorizations/{id}/edit", 404),
    ("POST", "/authorizations/{id}/decision", 404),
    ("POST", "/authorizations/{id}/revocation", 404),
    ("POST", "/authorizations/{id}/withdrawal", 404),
    ("POST", "/authorizations/{id}/closing", 404),
    ("POST", "/authorizations/{id}/additions", 404),
    ("POST", "/authorizations/{id}/additions/{addition_id}/decision", 404),
    ("GET", "/cases/{id}/authorizations/emergency", 404),
    ("POST", "/cases/{id}/authorizations/emergency", 404),
    ("POST", "/authorizations/{id}/oral-approval", 404),
    ("POST", "/authorizations/{id}/reviews", 404),
    ("POST", "/cases/{id}/recusals", 404),
    ("GET", "/roster", 200),
    ("POST", "/roster", 403),
    ("POST", "/roster/{id}/end", 403),
    ("GET", "/authorization-policies", 200),
    ("POST", "/authorization-policies", 403),
    ("GET", "/authorization-policies/new", 403),
    ("GET", "/authorization-policies/{id}", 404),
    ("POST", "/authorization-policies/{id}/decision", 403),
    ("POST", "/authorization-policies/{id}/withdrawal", 403),
    ("GET", "/aliases", 200),
    ("POST", "/aliases", 422),
    ("GET", "/aliases/new", 200),
    ("GET", "/aliases/{id}", 404),
    ("POST", "/aliases/{id}/decision", 404),
    ("POST", "/aliases/{id}/reviews", 404),
    ("POST", "/aliases/{id}/retirement", 404),
    ("POST", "/cases/{id}/alias-disclosures", 404),
    ("GET", "/exceptions", 403),
    ("GET", "/captures/{id}/exceptions", 404),
    ("POST", "/captures/{id}/exceptions", 404),
    ("GET", "/authorizations/{id}/exceptions", 404),
    ("POST", "/authorizations/{id}/exceptions", 404),
    ("GET", "/register", 403),
    ("GET", "/register/{id}", 404),
    ("POST", "/register/{id}/errors", 404),
    ("POST", "/register/{id}/errors/{error_id}/answer", 404),
    ("GET", "/reports/annual", 403),
    ("GET", "/misuse", 200),
    ("POST", "/misuse", 422),
    ("GET", "/misuse/{id}", 404),
    ("POST", "/misuse/{id}/examination", 403),
    ("POST", "/misuse/{id}/closing", 403),
    ("GET", "/conduct", 200),
    ("POST", "/conduct", 422),
    ("GET", "/reviews", 403),
    ("POST", "/reviews", 403),
    ("GET", "/access-rights", 403),
    ("GET", "/cases/{id}/impeachment-flags", 404),
    ("POST", "/cases/{id}/impeachment-flags", 404),
    ("POST", "/cases/{id}/impeachment-flags/{flag_id}/clearing", 404),
    ("GET", "/cases/{id}/packets", 404),
    ("POST", "/cases/{id}/packets", 404),
    ("GET", "/cases/{id}/packets/new", 404),
    ("POST", "/cases/{id}/packets/new", 404),
    ("POST", "/cases/{id}/exhibit-lists", 404),
    ("GET", "/cases/{id}/exhibit-lists/{list_id}", 404),
    ("POST", "/cases/{id}/exhibit-lists/{list_id}", 404),
    ("GET", "/cases/{id}/exhibit-lists/{list_id}/schedule", 404),
    ("POST", "/cases/{id}/exhibit-lists/{list_id}/schedule", 404),
    ("GET", "/cases/{id}/evidence-requests", 404),
    ("POST", "/cases/{id}/evidence-requests", 404),
    ("POST", "/cases/{id}/evidence-requests/{request_id}/answer", 404),
    ("POST", "/cases/{id}/evidence-requests/{request_id}/withdrawal", 404),
    ("GET", "/packets/{id}", 404),
    ("POST", "/packets/{id}/cancellation", 404),
    ("GET", "/packets/{id}/file", 404),
    ("POST", "/packets/{id}/release", 404),
    ("POST", "/packets/{id}/disclosures", 404),
    ("GET", "/packets/{id}/notices", 404),
    ("POST", "/packets/{id}/notices", 404),
    ("GET", "/packets/{id}/notices/{notice_id}", 404),
    ("POST", "/packets/{id}/notices/{notice_id}", 404),
    ("POST", "/packets/{id}/disclosures/{disclosure_id}/links", 404),
    (
        "POST",
        "/packets/{id}/disclosures/{disclosure_id}/acknowledgements",
        404,
    ),
    ("GET", "/packets/{id}/disclosures/{disclosure_id}/letter", 404),
    ("POST", "/packets/{id}/links/{link_id}/revocation", 404),
    ("GET", "/cases/{id}/custody", 404),
    ("GET", "/cases/{id}/accesses", 404),
    // Other sessions than this one: there is none in this test.
    ("POST", "/account/sessions/end", 409),
    // Last, because it ends the session.
    ("POST", "/sign-out", 303),
];

const FOUND: &[(&str, &str)] = &[
    ("kind", "post"),
    ("method", "manual_screenshot"),
    ("level", "overt"),
    ("device", "agency"),
    ("tool.name", "Chromium"),
    ("tool.version", "156"),
];

fn path_of(path: &str, things: &Things) -> String {
    filled(path, things)
}

both_databases!(nobody_is_led_to_sign_in);
fn nobody_is_led_to_sign_in(app: &App) {
    let (things, nobody) = (things(app), Browser::nobody(app));
    for (method, path, _) in PAGES.iter().filter(|(_, path, _)| *path != "/sign-in") {
        let path = path_of(path, &things);
        let page = Page::of(nobody.request(method, &path).send().unwrap());
        match *method {
            "GET" | "HEAD" => {
                assert_eq!(page.status, 303, "{path}");
                assert!(
                    page.location.starts_with("/sign-in?next=%2F"),
                    "{path}: {}",
                    page.location
                );
            }
            _ => {
                page.is(401).says("Sign in first");
            }
        }
    }
}

both_databases!(a_stranger_finds_no_page_of_a_case);
fn a_stranger_finds_no_page_of_a_case(app: &App) {
    let (things, stranger) = (things(app), Browser::signed_in(app, "stranger"));
    let mut wrong = Vec::new();
    app.leaves_nothing(&things.case.stream, || {
        for (method, path, status) in PAGES {
            let filled = path_of(path, &things);
            let page = match *method {
                "POST" => stranger.post(&filled, &[]),
                _ => Page::of(stranger.request(method, &filled).send().unwrap()),
            };
            if page.status != *status {
                wrong.push(format!("{method} {path}: {}, not {status}", page.status));
            }
            page.does_not_say("Threats to a council member");
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

both_databases!(each_role_sees_its_own_places);
fn each_role_sees_its_own_places(app: &App) {
    for (username, places) in [
        ("lead", &["/cases"][..]),
        ("supervisor", &["/approvals", "/cases"]),
        ("exporter", &["/cases"]),
        ("auditor", &["/ledger"]),
        ("administrator", &["/users"]),
    ] {
        let (browser, all) = (
            Browser::signed_in(app, username),
            ["/approvals", "/cases", "/ledger", "/users"],
        );
        let home = browser.get("/").is(200);
        for place in all {
            let shown = home.text.contains(&format!("href=\"{place}\""));
            assert_eq!(shown, places.contains(&place), "{username}: {place}");
            let status = browser.get(place).status;
            assert_eq!(
                status == 200,
                places.contains(&place),
                "{username}: {place} answers {status}"
            );
        }
    }
}

both_databases!(what_another_site_sends_changes_nothing);
fn what_another_site_sends_changes_nothing(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let (path, token) = (format!("/cases/{}/members", case.id), lead.form_token());
    let send = |site: &str, token: &str| {
        let request = lead.client.request("POST", &path).header("Cookie", &lead.cookie);
        let form = [("form_token", token), ("member", "deputy")];
        sent(request.header("Sec-Fetch-Site", site), &form)
    };
    app.leaves_nothing(&case.stream, || {
        for site in ["cross-site", "same-site", "none"] {
            send(site, &token).is(403);
        }
        let other = Browser::signed_in(app, "member").form_token();
        for wrong in ["", "0", &other] {
            send("same-origin", wrong).is(403);
        }
        // A body that is no form of a page: another site may send one without a type.
        let request = lead.request("POST", &path).body("member=deputy");
        Page::of(request.send().unwrap()).is(415);
        let json = lead.request("POST", &path).json(&json!({"member": "deputy"}));
        Page::of(json.send().unwrap()).is(415);
    });
    send("same-origin", &token).is(303);
}

both_databases!(a_cookie_is_no_bearer_token_and_a_bearer_token_no_cookie);
fn a_cookie_is_no_bearer_token_and_a_bearer_token_no_cookie(app: &App) {
    let lead = Browser::signed_in(app, "lead");
    let value = lead.cookie.split_once('=').unwrap().1;
    app.bearing(value).get("/api/v1/me").problem(401, "not-signed-in");
    for (path, status) in [("/api/v1/me", 401), ("/%61pi/v1/me", 404), ("/%2561pi/v1/me", 404)] {
        let api = app.nobody.request("GET", path).header("Cookie", &lead.cookie);
        assert_eq!(api.send().unwrap().status().as_u16(), status, "{path}");
    }
    // A name that only decodes to ours, and two of the same: another host of the agency could have planted them.
    let encoded = lead.cookie.replace("__Host", "%5F%5FHost");
    for cookie in [encoded, format!("{0}; {0}", lead.cookie)] {
        let client = &app.nobody;
        assert_eq!(Browser { client, cookie }.get("/cases").status, 303);
    }
    let borrowed = Browser {
        client: &app.nobody,
        cookie: format!("__Host-casetrail={}", app.lead.token.as_deref().unwrap()),
    };
    assert_eq!(borrowed.get("/cases").status, 303);
}

both_databases!(a_browser_in_use_stays_signed_in_and_an_idle_one_does_not);
fn a_browser_in_use_stays_signed_in_and_an_idle_one_does_not(app: &App) {
    let mut lead = Browser::signed_in(app, "lead");
    // Longer than a session lasts that nobody refreshes.
    for _ in 0..12 {
        app.advance(hours(1) / 6);
        let page = lead.get("/cases").is(200);
        lead.cookie = page.cookie.split(';').next().unwrap().to_owned();
    }
    app.advance(hours(1) / 6);
    assert_eq!(lead.get("/cases").status, 200);
    app.advance(hours(1) / 3);
    assert_eq!(lead.get("/cases").status, 303);
}

both_databases!(signing_out_ends_the_session);
fn signing_out_ends_the_session(app: &App) {
    let lead = Browser::signed_in(app, "lead");
    let page = app.leaves("agency", "session.closed", &app.lead, || {
        lead.post("/sign-out", &[]).is(303)
    });
    assert!(page.cookie.contains("Max-Age=0"), "{}", page.cookie);
    assert_eq!(lead.get("/cases").status, 303);
}

both_databases!(a_wrong_password_is_told_and_the_name_stays);
fn a_wrong_password_is_told_and_the_name_stays(app: &App) {
    let nobody = Browser::nobody(app);
    let form = [("username", "lead"), ("password", "not it at all")];
    let page = sent(nobody.request("POST", "/sign-in"), &form).is(401);
    page.says("value=\"lead\"");
    page.says("The user name or the password is wrong");
    page.does_not_say("not it at all");
    // Another site's address is not gone to.
    let form = [("username", "lead"), ("password", PASSWORD)];
    for elsewhere in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/%09/evil.example",
        "/\t/evil.example",
        "/%0d%0aSet-Cookie:x",
    ] {
        let path = format!("/sign-in?next={elsewhere}");
        let page = sent(nobody.request("POST", &path), &form).is(303);
        assert_eq!(page.location, "/", "{elsewhere}");
    }
    let page = sent(
        nobody.request("POST", "/sign-in?next=%2Fcases%3Fkind%3Donline_crime"),
        &form,
    );
    assert_eq!(page.location, "/cases?kind=online_crime");
}

both_databases!(a_form_that_is_refused_keeps_what_was_typed);
fn a_form_that_is_refused_keeps_what_was_typed(app: &App) {
    let lead = Browser::signed_in(app, "lead");
    let page = lead
        .post(
            "/cases",
            &[("kind", "wanted_person"), ("offense", "\"><script>alert(1)</script>")],
        )
        .is(422);
    page.says("Nothing was recorded yet");
    page.says("<a href=\"#f-title\">Title</a> must be given");
    page.says("<option value=\"wanted_person\" selected>");
    // What is wrong is said in the words of the page.
    let unchosen = lead.post("/cases", &[("title", "A case")]).is(422);
    unchosen.says("Kind</a> must be chosen");
    unchosen.does_not_say("one of missing_person");
    page.says("value=\"&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;\"");
    page.does_not_say("<script>alert");
    for part in [
        "script-src 'self'",
        "require-trusted-types-for 'script'",
        "frame-ancestors 'none'",
        "default-src 'none'",
    ] {
        assert!(page.policy.contains(part), "{part} is not in {}", page.policy);
    }
}

both_databases!(a_change_names_the_version_that_its_form_showed);
fn a_change_names_the_version_that_its_form_showed(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let path = format!("/cases/{}", case.id);
    let version = lead.get(&path).is(200).hidden("version");
    let fields = [("version", version.as_str()), ("offense", "stalking")];
    app.leaves(&case.stream, "case.changed", &app.lead, || {
        lead.post(&path, &fields).is(303)
    });
    app.leaves_nothing(&case.stream, || {
        let page = lead.post(&path, &fields).is(412);
        page.says("This was changed since you read it");
        page.says("Nothing was recorded yet");
    });
}

both_databases!(a_form_sent_twice_does_one_thing);
fn a_form_sent_twice_does_one_thing(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let key = lead
        .get(&format!("/cases/{}/authorizations/new", case.id))
        .is(200)
        .hidden("idempotency_key");
    let end = app.at(hours(24));
    let fields = [
        ("idempotency_key", key.as_str()),
        ("level", "overt"),
        ("platform_names", "@Instagram, web"),
        ("holder_usernames", "lead member"),
        ("purpose", "who threatens"),
        ("predicate", "policy 4"),
        ("devices[]", "agency"),
        ("ends_at", end.as_str()),
        ("attestations[]", "not_based_solely_on_protected_activity"),
    ];
    let path = format!("/cases/{}/authorizations", case.id);
    let first = app.leaves(&case.stream, "authorization.requested", &app.lead, || {
        lead.post(&path, &fields).is(303)
    });
    let again = app.leaves_nothing(&case.stream, || lead.post(&path, &fields).is(303));
    assert_eq!(first.location, again.location);
    let page = lead.get(first.leads_to()).is(200);
    page.says("Instagram, Web");
    page.does_not_say("Approve until");
    let supervisor = Browser::signed_in(app, "supervisor");
    supervisor.get(first.leads_to()).is(200).says("Approve until");
    supervisor
        .get("/approvals")
        .is(200)
        .says("A-1</span></a>: overt, <bdi>Instagram, Web</bdi>");
}

both_databases!(a_page_logs_a_link_and_a_screenshot);
fn a_page_logs_a_link_and_a_screenshot(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    app.leave_of(&case, app.request());
    let fields = |more: &[(&'static str, &'static str)]| [FOUND, more].concat();
    let (web, bytes) = (
        fields(&[("platform", "instagram"), ("url", "https://www.instagram.example/p/1/")]),
        b"\x89PNG\r\n\x1a\n picture",
    );
    let made = app.leaves(&case.stream, "capture.recorded", &app.lead, || {
        lead.log(&case.id, &web, None).is(303)
    });
    assert!(made.location.ends_with("?done=logged"), "{}", made.location);
    let made = app.leaves(&case.stream, "capture.recorded", &app.lead, || {
        lead.log(&case.id, &web, Some(("post <1>.png", bytes))).is(303)
    });
    let page = lead.get(&made.location).is(200);
    page.says("post &#60;1&#62;.png");
    page.says("Logged, and recorded in the ledger.");
    let id = made.capture().to_owned();
    let stored = app.lead.get(&format!("/api/v1/captures/{id}")).is(200);
    let sha256 = stored["files"][0]["sha256"].as_str().unwrap().to_owned();
    assert_eq!(
        (&stored["files"][0]["role"], &stored["files"][0]["name"]),
        (&json!("screenshot"), &json!("post <1>.png"))
    );
    let file = lead.request("GET", &format!("/files/{id}/{sha256}")).send().unwrap();
    assert_eq!(file.headers()["content-security-policy"], "sandbox; default-src 'none'");
    assert_eq!(file.bytes().unwrap().as_ref(), bytes);
    // A pasted link alone: the address tells platform, kind and account.
    let link = [&FOUND[1..], &[("url", "https://www.instagram.com/river_k/?igsh=x")]].concat();
    let made = lead.log(&case.id, &link, None).is(303);
    let page = lead.get(&made.location).is(200);
    page.says("https://www.instagram.com/river_k/</bdi>");
    let id = made.capture().to_owned();
    let stored = app.lead.get(&format!("/api/v1/captures/{id}")).is(200);
    assert_eq!(
        (
            &stored["kind"],
            &stored["platform"],
            &stored["account"]["handle"],
            &stored["url"]
        ),
        (
            &json!("profile"),
            &json!("instagram"),
            &json!("@river_k"),
            &json!("https://www.instagram.com/river_k/?igsh=x")
        )
    );
    // What nothing covers is held; its content is shown to the capturer no more.
    let tiktok = fields(&[("platform", "tiktok"), ("url", "https://www.tiktok.example/@k/1")]);
    let held = lead.log(&case.id, &tiktok, Some(("k.png", bytes))).is(303);
    assert!(held.location.contains("?done=held&"), "{}", held.location);
    lead.get(&held.location).is(200).does_not_say("tiktok.example/@k");
    // What is refused is shown again, and no byte of it stays.
    let before = app.stored();
    let refused = lead.log(
        &case.id,
        &fields(&[("platform", "Not a platform"), ("text", "typed by hand")]),
        Some(("x.png", b"other")),
    );
    let refused = refused.is(422);
    refused.says("typed by hand");
    refused.says("must be given, unless the kind is message or document");
    assert_eq!(app.stored(), before);
}

both_databases!(what_was_typed_is_told_in_the_case_s_zone);
fn what_was_typed_is_told_in_the_case_s_zone(app: &App) {
    let lead = Browser::signed_in(app, "lead");
    let fields = [
        ("kind", "missing_person"),
        ("title", "Missing: R. K."),
        ("time_zone", "America/New_York"),
    ];
    let made = lead.post("/cases", &fields).is(303);
    let path = made.leads_to();
    let version = lead.get(path).is(200).hidden("version");
    let fields = [
        ("version", version.as_str()),
        ("form_zone", "America/New_York"),
        ("particulars.name", "R. K."),
        ("particulars.last_seen_at", "2026-10-30T21:10"),
        ("particulars.endangered", "true"),
        ("particulars.ncic.number", "unknown"),
    ];
    lead.post(path, &fields).is(303);
    let page = lead.get(path).is(200);
    page.says("2026-10-30 21:10:00 EDT");
    page.says("Due before the first authorization.");
    let custody = lead.get(&format!("{path}/custody")).is(200);
    custody.says("Lena Lead, investigator");
    custody.says("<time datetime=\"2026-");
    let case: Value = app.lead.get(&format!("/api/v1{path}")).is(200);
    assert_eq!(case["particulars"]["last_seen_at"], "2026-10-31T01:10:00.000000Z");
    assert_eq!(case["particulars"]["endangered"], true);
}

both_databases!(hostile_forms_are_refused_before_they_cost_anything);
fn hostile_forms_are_refused_before_they_cost_anything(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let far: Vec<(String, &str)> = (0..900).map(|n| (format!("l{n}[199].b"), "1")).collect();
    let many: Vec<(String, &str)> = (0..1001).map(|n| (format!("f{n}"), "1")).collect();
    for (fields, told) in [(far, "is no name of a field"), (many, "has more than 1000 fields")] {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        sent(Browser::nobody(app).request("POST", "/sign-in"), &fields)
            .is(422)
            .says(told);
        lead.log(&case.id, &fields, None).is(422).says(told);
    }
    // A field that comes after the files would be lost in silence.
    let form = multipart::Form::new().text("form_token", lead.form_token());
    let form = FOUND.iter().fold(form, |form, (name, value)| form.text(*name, *value));
    let form = form.text("platform", "web").text("url", "https://a.example/");
    let file = || multipart::Part::bytes(b"bytes".to_vec()).file_name("a.png");
    let form = form.part("file", file()).text("note", "late").part("other", file());
    let path = format!("/cases/{}/captures", case.id);
    Page::of(lead.request("POST", &path).multipart(form).send().unwrap())
        .is(422)
        .says("comes after the files");
    assert_eq!(app.stored(), (0, 0));
}

both_databases!(a_page_that_looks_again_by_itself_does_not_keep_the_session);
fn a_page_that_looks_again_by_itself_does_not_keep_the_session(app: &App) {
    let lead = Browser::signed_in(app, "lead");
    app.advance(hours(1) / 6);
    assert_eq!(lead.get("/password?watch").is(200).cookie, "");
    assert_eq!(lead.get("/session?watch").is(204).cookie, "");
    assert!(lead.get("/session").is(204).cookie.starts_with("__Host-casetrail="));
}

both_databases!(a_supervisor_judges_an_emergency_on_its_page);
fn a_supervisor_judges_an_emergency_on_its_page(app: &App) {
    let (case, lead, supervisor) = (
        app.case(),
        Browser::signed_in(app, "lead"),
        Browser::signed_in(app, "supervisor"),
    );
    let fields = [
        FOUND,
        &[
            ("platform", "web"),
            ("url", "https://a.example/"),
            ("basis.kind", "emergency"),
            ("basis.reason", "danger to life"),
        ],
    ]
    .concat();
    let made = lead.log(&case.id, &fields, None).is(303);
    let path = made.leads_to();
    supervisor.get("/approvals").is(200).says(path);
    supervisor.get(path).is(200).says("Confirm the emergency");
    lead.get(path).is(200).does_not_say("Confirm the emergency");
    let decision = [("outcome", "confirm"), ("reason", "it was")];
    app.leaves(&case.stream, "capture.confirmed", &app.supervisor, || {
        supervisor.post(&format!("{path}/decision"), &decision).is(303)
    });
    supervisor.get("/approvals").is(200).does_not_say("Emergency, item");
}

both_databases!(a_refused_grant_keeps_all_that_was_chosen);
fn a_refused_grant_keeps_all_that_was_chosen(app: &App) {
    let (case, supervisor) = (app.case(), Browser::signed_in(app, "supervisor"));
    let fields = [
        ("grantee", "nobody-here"),
        ("rights[]", "export"),
        ("until", "2027-06-30T12:00"),
        ("form_zone", "UTC"),
        ("reason", "charging decision"),
    ];
    let events = app.events(&case.stream).len();
    let page = supervisor.post(&format!("/cases/{}/grants", case.id), &fields).is(422);
    page.says("names nobody here");
    for kept in [
        "id=\"f-grantee\" name=\"grantee\" value=\"nobody-here\"",
        "value=\"export\" checked",
        "value=\"2027-06-30T12:00\"",
        "value=\"charging decision\"",
    ] {
        page.says(kept);
    }
    page.does_not_say("value=\"read\" checked");
    // A mistyped name is no refusal of access, and no event.
    assert_eq!(app.events(&case.stream).len(), events);
}

both_databases!(an_auditor_finds_what_somebody_did_by_name);
fn an_auditor_finds_what_somebody_did_by_name(app: &App) {
    app.case();
    app.state.gate.journal().hurry();
    let auditor = Browser::signed_in(app, "auditor");
    std::thread::sleep(std::time::Duration::from_secs(1));
    let page = auditor.get("/ledger?actor=lead&action=Case+opened").is(200);
    page.says("<bdi>Lena Lead</bdi></a><p>Investigator</p>");
    page.says("<td data-label=\"What\">Case opened</td>");
    page.does_not_say("<td data-label=\"What\">Authorization");
    auditor
        .get("/ledger?actor=nobody-here&action=")
        .is(200)
        .says("No event matches");
}

both_databases!(a_closed_case_is_opened_again_on_its_page);
fn a_closed_case_is_opened_again_on_its_page(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let path = format!("/cases/{}", case.id);
    for (status, more) in [
        ("closed", [("disposition", "unfounded")]),
        ("open", [("reason", "new lead")]),
    ] {
        let page = lead.get(&path).is(200);
        page.says("Change status");
        let version = page.hidden("version");
        let fields = [&[("version", version.as_str()), ("status", status)], &more[..]].concat();
        lead.post(&path, &fields).is(303);
        assert_eq!(app.lead.get(&format!("/api/v1{path}")).is(200)["status"], status);
    }
}

both_databases!(a_correction_of_the_account_keeps_its_other_half);
fn a_correction_of_the_account_keeps_its_other_half(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    app.leave(&case);
    let account = json!({"handle": "@k", "platform_id": "17"});
    let made = app.lead.log(&case, app.post_with(json!({"account": account}))).is(201);
    let path = format!("/captures/{}", made["id"].as_str().unwrap());
    let page = lead.get(&path).is(200);
    page.says("name=\"account.handle\" value=\"@k\"");
    page.says("name=\"account.platform_id\" value=\"17\"");
}

both_databases!(leave_that_begins_later_is_not_told_as_leave_now);
fn leave_that_begins_later_is_not_told_as_leave_now(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let path = format!("/cases/{}/evidence", case.id);
    app.leave_of(&case, with(app.request(), json!({"starts_at": app.at(hours(2))})));
    lead.get(&path)
        .is(200)
        .says("No authorization in force covers you here");
    app.advance(hours(3));
    Browser::signed_in(app, "lead")
        .get(&path)
        .is(200)
        .says("You may look at: A-1");
}

both_databases!(what_breaks_off_leaves_nothing_and_what_comes_twice_is_one);
fn what_breaks_off_leaves_nothing_and_what_comes_twice_is_one(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let path = format!("/cases/{}/captures", case.id);
    let part =
        |name: &str, value: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let fields = [
        FOUND,
        &[
            ("platform", "web"),
            ("url", "https://a.example/"),
            ("idempotency_key", "k-1"),
        ],
    ]
    .concat();
    let mut body = part("form_token", &lead.form_token());
    body.extend(fields.iter().map(|(name, value)| part(name, value)));
    body += "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\nhalf of it";
    let send = |body: String| {
        let request = lead
            .request("POST", &path)
            .header("Content-Type", "multipart/form-data; boundary=b");
        Page::of(request.body(body).send().unwrap())
    };
    app.leaves_nothing(&case.stream, || send(body.clone()).is(422).says("ended before its end"));
    assert_eq!(app.stored(), (0, 0));
    let whole = format!("{body}\r\n--b--\r\n");
    let first = app.leaves(&case.stream, "capture.recorded", &app.lead, || {
        send(whole.clone()).is(303)
    });
    let again = app.leaves_nothing(&case.stream, || send(whole.clone()).is(303));
    assert_eq!(first.location, again.location);
    // The same key for other bytes is a mistake, and told so.
    app.leaves_nothing(&case.stream, || {
        let other = send(whole.replace("half of it", "all of it")).is(422);
        other.says("was used for other content");
    });
}

both_databases!(names_of_fields_count_against_the_form_s_size);
fn names_of_fields_count_against_the_form_s_size(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let names: Vec<String> = (0..200).map(|n| format!("{n:0>15000}")).collect();
    let fields: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    lead.log(&case.id, &fields, None).is(413);
}
