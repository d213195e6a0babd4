//! What stands around every page: settings of the browser, refusals that keep the way back, and one session a browser.

use crate::both_databases;
use crate::kit::browser::{Browser, Page, sent};
use crate::kit::{App, PASSWORD};

both_databases!(settings_stay_in_the_browser);
fn settings_stay_in_the_browser(app: &App) {
    let lead = Browser::signed_in(app, "lead");
    let before = app.events("agency").len();
    lead.get("/settings/mine").is(200).does_not_say("data-theme");
    let page = lead.post("/settings/mine", &[("theme", "dark"), ("keys", "off")]);
    assert_eq!((page.status, page.leads_to()), (303, "/settings/mine"));
    assert_eq!(app.events("agency").len(), before);
    let kept = Browser {
        client: lead.client,
        cookie: format!("{}; theme=dark; single-keys=off", lead.cookie),
    };
    let page = kept.get("/cases").is(200);
    page.says("<html lang=\"en\" data-theme=\"dark\">");
    page.says(" data-single-keys=\"off\"");
    // Whatever else a cookie says is not shown.
    let odd = Browser {
        client: lead.client,
        cookie: format!("{}; theme=\"><b>; single-keys=x", lead.cookie),
    };
    odd.get("/cases").is(200).says("<html lang=\"en\">");
    let page = lead
        .post("/settings/mine", &[("theme", "pink"), ("keys", "off")])
        .is(422);
    page.says("<a href=\"#f-theme\">Light or dark</a>");
}

both_databases!(a_refusal_keeps_the_way_back);
fn a_refusal_keeps_the_way_back(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    for (path, status) in [("/cases/nowhere", 404), ("/nowhere", 404), ("/users", 403)] {
        let page = lead.get(path).is(status);
        page.says("href=\"/cases\"");
        page.says("Sign out");
        page.says(&format!("name=\"form_token\" value=\"{}\"", lead.form_token()));
    }
    let stranger = Browser::signed_in(app, "stranger");
    let (hidden, missing) = (
        stranger.get(&format!("/cases/{}", case.id)),
        stranger.get("/cases/019ab1c4-7000-7008-8f21-3c5a7e90f778"),
    );
    assert_eq!(without_keys(&hidden), without_keys(&missing));
    Browser::nobody(app)
        .get("/static/nowhere")
        .is(404)
        .does_not_say("Sign out");
}

/// A page without what is new in each answer.
fn without_keys(page: &Page) -> (u16, String) {
    let key = page.hidden("idempotency_key");
    let token = page.hidden("form_token");
    let text = page.text.replace(&token, "");
    (page.status, if key.is_empty() { text } else { text.replace(&key, "") })
}

both_databases!(signing_in_again_ends_the_session_before);
fn signing_in_again_ends_the_session_before(app: &App) {
    let lead = Browser::signed_in(app, "lead");
    let form = [("username", "member"), ("password", PASSWORD)];
    let page = sent(lead.request("POST", "/sign-in"), &form).is(303);
    let agency = app.events("agency");
    let last: Vec<&str> = agency
        .iter()
        .rev()
        .take(2)
        .map(|e| e["action"].as_str().unwrap())
        .collect();
    assert_eq!(last, ["session.closed", "session.opened"]);
    assert_eq!(lead.get("/cases").status, 303, "the old session is over");
    let member = Browser {
        client: lead.client,
        cookie: page.cookie.split(';').next().unwrap().to_owned(),
    };
    member.get("/cases").is(200).says("name=\"q\"");
    // A wrong password ends nothing.
    let wrong = [("username", "member"), ("password", "not it at all")];
    sent(member.request("POST", "/sign-in"), &wrong).is(401);
    assert_eq!(member.get("/cases").status, 200);
}
