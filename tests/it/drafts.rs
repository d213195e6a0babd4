//! What is typed into a form is not lost: drafts on the server, and forms that were sent after their session had ended.

use casetrail::http::drafts;
use reqwest::blocking::multipart;
use serde_json::json;

use crate::both_databases;
use crate::kit::browser::{Browser, Page, sent};
use crate::kit::{App, PASSWORD, days, hours};

const TYPED: &[(&str, &str)] = &[
    ("purpose", "find the last seen location"),
    ("devices[]", "agency"),
    ("platform_names", "x"),
];

both_databases!(a_draft_is_kept_offered_taken_up_and_gone);
fn a_draft_is_kept_offered_taken_up_and_gone(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let path = format!("/cases/{}/authorizations", case.id);
    let (keep, form) = (format!("{path}/draft"), format!("{path}/new"));
    lead.get(&form).is(200).does_not_say("You began this");
    app.leaves_nothing(&case.stream, || lead.post(&keep, TYPED).is(303));
    let offered = lead.get(&form).is(200);
    offered.says("You began this");
    offered.does_not_say("find the last seen location");
    let taken = lead.get(&format!("{form}?draft=1")).is(200);
    taken.says("find the last seen location");
    taken.says("value=\"x\"");
    taken.does_not_say("You began this");
    // Nobody else has it, and nobody keeps one for a form that they may not send.
    Browser::signed_in(app, "member")
        .get(&form)
        .is(200)
        .does_not_say("You began this");
    Browser::signed_in(app, "stranger").post(&keep, TYPED).is(404);
    Browser::signed_in(app, "exporter").post(&keep, TYPED).is(403);
    lead.post(&keep, &[("discard", "1")]).is(303);
    lead.get(&form).is(200).does_not_say("You began this");
    // A form that is sent takes its draft along; one that is refused does not.
    lead.post("/cases/draft", &[("title", "Threats by mail")]).is(303);
    lead.post("/cases", &[("title", "Threats by mail")]).is(422);
    lead.get("/cases/new").is(200).says("You began this");
    let new = [
        ("title", "Threats by mail"),
        ("kind", "online_crime"),
        ("time_zone", "UTC"),
    ];
    lead.post("/cases", &new).is(303);
    lead.get("/cases/new").is(200).does_not_say("You began this");
}

fn kept(app: &App) -> i64 {
    use casetrail::db::tables::drafts::dsl;
    use diesel::prelude::*;
    let count = |conn: &mut _| Ok(dsl::drafts.count().get_result(conn)?);
    app.db().read_blocking(count).unwrap()
}

both_databases!(a_draft_is_one_however_its_address_is_spelled);
fn a_draft_is_one_however_its_address_is_spelled(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let plain = case.id.replace('-', "");
    for id in [
        case.id.clone(),
        case.id.to_uppercase(),
        plain.clone(),
        format!("%{:x}{}", plain.as_bytes()[0], &plain[1..]),
    ] {
        lead.post(&format!("/cases/{id}/authorizations/draft"), TYPED).is(303);
        assert_eq!(kept(app), 1, "{id}");
    }
    lead.get(&format!("/cases/{}/authorizations/new", case.id))
        .is(200)
        .says("You began this");
    lead.post(
        &format!("/cases/{}/authorizations/draft", case.id.to_uppercase()),
        &[("discard", "1")],
    )
    .is(303);
    assert_eq!(kept(app), 0);
}

both_databases!(a_person_has_fifty_drafts_and_loses_none_for_another);
fn a_person_has_fifty_drafts_and_loses_none_for_another(app: &App) {
    let lead = Browser::signed_in(app, "lead");
    let cases: Vec<_> = (0..26).map(|_| app.case().id).collect();
    let forms = cases.iter().flat_map(|id| {
        [
            format!("/cases/{id}/authorizations/draft"),
            format!("/cases/{id}/captures/draft"),
        ]
    });
    let forms: Vec<String> = forms.collect();
    for form in &forms[..50] {
        lead.post(form, TYPED).is(303);
    }
    lead.post(&forms[50], TYPED).is(409).says("You have 50 drafts");
    // Those that are there are kept on with, and one that is discarded makes room.
    lead.post(&forms[0], TYPED).is(303);
    lead.post(&forms[1], &[("discard", "1")]).is(303);
    lead.post(&forms[50], TYPED).is(303);
    assert_eq!(kept(app), 50);
}

both_databases!(a_draft_is_gone_after_thirty_days_and_holds_no_secrets);
fn a_draft_is_gone_after_thirty_days_and_holds_no_secrets(app: &App) {
    let lead = Browser::signed_in(app, "lead");
    let script = |fields: &[(&str, &str)]| {
        let token = lead.form_token();
        let all: Vec<_> = [("form_token", token.as_str())]
            .into_iter()
            .chain(fields.iter().copied())
            .collect();
        sent(lead.request("POST", "/cases/draft").header("X-Partial", "1"), &all)
    };
    script(&[("title", "A case"), ("password", "a secret word"), ("offense", "")]).is(204);
    let page = lead.get("/cases/new?draft=1").is(200);
    page.says("A case");
    page.does_not_say("a secret word");
    script(&[("title", &"x".repeat(500 << 10))]).is(413);
    let forget = |now| {
        app.db()
            .write_blocking(move |conn| drafts::forget_old(conn, now))
            .unwrap()
    };
    let now = app.state.gate.now();
    assert_eq!((forget(now + days(29)), forget(now + days(31))), (0, 1));
}

fn note(app: &App) -> (String, String) {
    let case = app.case();
    app.leave(&case);
    let made = app.lead.log(&case, app.post()).is(201);
    (case.id, format!("/captures/{}/notes", made["id"].as_str().unwrap()))
}

/// What a browser sends of a form in a page of this person.
fn typed<'a>(lead: &Browser<'_>, token: &'a str, person: &'a str) -> Vec<(&'a str, &'a str)> {
    assert!(!lead.cookie.is_empty());
    vec![
        ("form_token", token),
        ("form_person", person),
        ("text", "the jacket <b>matches</b>"),
        ("password", "word"),
    ]
}

fn sign_in_with(app: &App, username: &str, carried: &str) -> Page {
    let form = [("username", username), ("password", PASSWORD), ("carried", carried)];
    sent(Browser::nobody(app).request("POST", "/sign-in"), &form)
}

both_databases!(a_form_sent_after_the_session_ended_comes_back_after_signing_in);
fn a_form_sent_after_the_session_ended_comes_back_after_signing_in(app: &App) {
    let (_, path) = note(app);
    let lead = Browser::signed_in(app, "lead");
    let (token, person) = (lead.form_token(), app.lead.id.clone());
    app.advance(hours(2));
    // The form says whose it is, and only the cookie of a session of theirs proves it.
    let member = Browser {
        cookie: lead.cookie.replace('.', "x."),
        ..Browser::nobody(app)
    };
    for (other, whose) in [
        (&Browser::nobody(app), &person),
        (&member, &person),
        (&lead, &app.member.id),
    ] {
        let refused = sent(other.request("POST", &path), &typed(&lead, &token, whose)).is(401);
        refused.does_not_say("What you typed is not lost");
        refused.does_not_say("name=\"carried\"");
    }
    let refused = sent(lead.request("POST", &path), &typed(&lead, &token, &person)).is(401);
    refused.says("What you typed is not lost");
    refused.does_not_say("jacket");
    let carried = refused.hidden("carried");
    // A wrong password loses nothing either.
    let wrong = [("username", "lead"), ("password", "no"), ("carried", carried.as_str())];
    let again = sent(Browser::nobody(app).request("POST", "/sign-in"), &wrong).is(401);
    assert_eq!(again.hidden("carried"), carried);
    let back = sign_in_with(app, "lead", &carried).is(200);
    back.says("nothing is lost");
    back.says("the jacket &#60;b&#62;matches&#60;/b&#62;");
    back.does_not_say("value=\"word\"");
    back.says(&format!("action=\"{path}\""));
    assert_ne!(back.hidden("form_token"), token);
    let anew = Browser {
        client: lead.client,
        cookie: back.cookie.split(';').next().unwrap().to_owned(),
    };
    let fields = [
        ("form_token", back.hidden("form_token")),
        ("form_person", back.hidden("form_person")),
        ("text", "the jacket <b>matches</b>".to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    sent(anew.request("POST", &path), &fields).is(303);
    // For nobody else, not changed, and not for ever.
    let other = sign_in_with(app, "member", &carried).is(303);
    other.does_not_say("jacket");
    sign_in_with(app, "lead", &format!("{}A", &carried[1..])).is(303);
    app.advance(hours(13));
    sign_in_with(app, "lead", &carried).is(303);
}

both_databases!(a_capture_sent_after_the_session_ended_comes_back_too);
fn a_capture_sent_after_the_session_ended_comes_back_too(app: &App) {
    let (case, _) = note(app);
    // The token in the cookie has ended; and a session that somebody ended while its cookie is good.
    for ended in [true, false] {
        let lead = Browser::signed_in(app, "lead");
        let token = lead.form_token();
        match ended {
            true => app.advance(hours(2)),
            false => drop(lead.post("/sign-out", &[]).is(303)),
        }
        let form = multipart::Form::new()
            .text("form_token", token)
            .text("form_person", app.lead.id.clone())
            .text("url", "https://www.instagram.com/p/C8/")
            .part("file", multipart::Part::bytes(vec![7; 300_000]).file_name("shot.png"));
        let request = lead.request("POST", &format!("/cases/{case}/captures"));
        let refused = Page::of(request.multipart(form).send().unwrap()).is(401);
        refused.says("What you typed is not lost");
        let back = sign_in_with(app, "lead", &refused.hidden("carried")).is(200);
        back.says("https://www.instagram.com/p/C8/");
        back.says("enctype=\"multipart/form-data\"");
    }
    // Somebody who was never signed in sees the same page as ever.
    let nobody = sent(Browser::nobody(app).request("POST", "/cases"), &[("title", "x")]).is(401);
    nobody.does_not_say("carried");
}

both_databases!(a_page_learns_who_is_signed_in_again);
fn a_page_learns_who_is_signed_in_again(app: &App) {
    let lead = Browser::signed_in(app, "lead");
    let told = lead.request("GET", "/session?watch").send().unwrap();
    let header = |name: &str| told.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(
        (header("x-form-token"), header("x-person")),
        (lead.form_token(), app.lead.id.clone())
    );
}

both_databases!(a_search_that_found_nothing_is_one_small_form);
fn a_search_that_found_nothing_is_one_small_form(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let page = lead.get(&format!("/cases/{}/evidence", case.id)).is(200);
    page.says("Found nothing");
    let form = [
        ("kind", "lookup"),
        ("url", "https://www.instagram.com/explore/search/?q=river"),
        ("text", "river k, harbor"),
        ("method", "manual_screenshot"),
        ("level", "overt"),
        ("device", "agency"),
        ("tool.name", "Chromium"),
        ("tool.version", "156"),
    ];
    let made = lead.log(&case.id, &form, None).is(303);
    let path = format!("/api/v1/captures/{}", made.capture());
    let made = app.supervisor.get(&path).is(200);
    assert_eq!(
        (&made["kind"], &made["platform"], &made["text"], &made["files"]),
        (
            &json!("lookup"),
            &json!("instagram"),
            &json!("river k, harbor"),
            &json!([])
        )
    );
    lead.log(
        &case.id,
        &[
            ("tool.name", "x"),
            ("tool.version", "1"),
            ("method", "import"),
            ("level", "overt"),
            ("device", "agency"),
        ],
        None,
    )
    .is(422)
    .says("there is nothing to log yet");
}

both_databases!(a_guessed_time_is_marked_as_one);
fn a_guessed_time_is_marked_as_one(app: &App) {
    let case = app.case();
    app.leave(&case);
    let guessed = app.post_with(json!({"captured_at": app.at(hours(-30)), "captured_at_basis": "file_date"}));
    let made = app.lead.log(&case, guessed).is(201);
    assert_eq!(made["captured_at_basis"], "file_date");
    assert!(
        made["flags"].as_array().unwrap().contains(&json!("guessed_time")),
        "{made}"
    );
    let stated = app.lead.log(&case, app.post()).is(201);
    assert_eq!(stated["captured_at_basis"], "stated");
    assert!(!stated["flags"].as_array().unwrap().contains(&json!("guessed_time")));
    let supervisor = Browser::signed_in(app, "supervisor");
    let id = made["id"].as_str().unwrap();
    supervisor
        .get(&format!("/captures/{id}"))
        .is(200)
        .says("guessed, by the file date");
    supervisor
        .get(&format!("/cases/{}/evidence", case.id))
        .is(200)
        .says("guessed, by the file date");
    let corrected = json!({"captured_at": app.at(hours(-29)), "reason": "the camera log says so"});
    let corrected = app
        .lead
        .post(&format!("/api/v1/captures/{id}/corrections"), corrected)
        .is(201);
    assert_eq!(corrected["captured_at_basis"], "stated");
    app.lead
        .log(&case, app.post_with(json!({"captured_at_basis": "dreamt"})))
        .refuses(422, "captured_at_basis", "one_of");
}
