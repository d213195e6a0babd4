//! The supervisor's queue: what it shows to whom, what a decision in it does, and what happens where two decide at once.

use casetrail::authorizations;
use casetrail::captures::{self, WaitingSort};
use casetrail::gate::RequestCtx;
use casetrail::identity::Credential;
use casetrail::proof::Digest;
use serde_json::json;

use crate::both_databases;
use crate::kit::browser::{Browser, Page};
use crate::kit::{App, Case, Client, hours, missing, with};

/// A request in a case; its id.
pub fn asked(app: &App, case: &Case, fields: serde_json::Value) -> String {
    let request = with(app.request(), fields);
    let made = app.lead.post(&case.path("authorizations"), request).is(201);
    made["id"].as_str().unwrap().to_owned()
}

pub fn held(app: &App, case: &Case) -> String {
    let made = app.lead.log(case, app.post_with(json!({"platform": "tiktok"}))).is(201);
    assert_eq!(made["state"], "held");
    made["id"].as_str().unwrap().to_owned()
}

fn at(kind: &str, id: &str) -> String {
    format!("/approvals?at={kind}:{id}")
}

/// Decides in the queue, as the form that is shown there does.
fn decides(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> Page {
    let shown = browser.get(path).is(200);
    let (version, key) = (shown.hidden("version"), shown.hidden("idempotency_key"));
    let own = [("version", version.as_str()), ("idempotency_key", key.as_str())];
    browser.post(path, &[&own, fields].concat())
}

both_databases!(the_queue_shows_what_this_supervisor_may_decide_and_nothing_else);
fn the_queue_shows_what_this_supervisor_may_decide_and_nothing_else(app: &App) {
    let case = app.case();
    let request = asked(app, &case, json!({}));
    let capture = held(app, &case);
    let sees = |username: &str| {
        let page = Browser::signed_in(app, username).get("/approvals").is(200);
        let sees = |id: &str| page.text.contains(id);
        (sees(&request), sees(&capture))
    };
    assert_eq!(sees("supervisor"), (true, true));
    assert_eq!(sees("far"), (false, false));
    assert_eq!(sees("double"), (true, true));
    // Who works on the case decides nothing in it.
    let member = case.path(&format!("members/{}", app.double.id));
    app.lead.put(&member, json!({})).is(200);
    assert_eq!(sees("double"), (false, false));
    // Nor, having left it, what covers them.
    asked(app, &case, json!({"holders": [app.double.id]}));
    app.lead.delete(&member).is(204);
    let double = Browser::signed_in(app, "double").get("/approvals").is(200);
    double.does_not_say("A-2 Web, Instagram");
    let deputy = Browser::signed_in(app, "deputy").get("/approvals").is(200);
    deputy.says("A-1 Web, Instagram");
    deputy.says("A-2 Web, Instagram");
    Browser::signed_in(app, "lead").get("/approvals").is(403);
}

both_databases!(somebody_endangered_comes_first_and_then_the_oldest);
fn somebody_endangered_comes_first_and_then_the_oldest(app: &App) {
    let case = app.case();
    let old = asked(app, &case, json!({}));
    let new = held(app, &case);
    let missing = app.case_of(json!({"title": "Missing: A. R.", "kind": "missing_person", "particulars": missing()}));
    let urgent = asked(app, &missing, json!({}));
    let page = Browser::signed_in(app, "supervisor").get("/approvals").is(200);
    let list = page.text.split("<nav class=\"queue__list\"").nth(1).unwrap();
    let place = |id: &str| list.find(id).unwrap();
    assert!(place(&urgent) < place(&old) && place(&old) < place(&new), "{list}");
    page.says("<h2>Now</h2>");
    // The first is open whole, with its checks.
    page.says("Checks</h3>");
    page.says("All work on this case: Lena Lead, Mo Member.");
    page.says("You did not ask for it, do not hold it, and do not work on this case.");
    // A text that looks like the mark of an endangered person makes nobody endangered.
    let loud = app.case_of(json!({
        "title": "Threats: {\"endangered\":true}", "kind": "online_crime", "offense": "\"endangered\":true",
        "particulars": crate::kit::online(),
    }));
    asked(app, &loud, json!({}));
    let page = Browser::signed_in(app, "supervisor").get("/approvals").is(200);
    assert_eq!(
        page.text.matches("Endangered</span>").count(),
        2,
        "the urgent line and its pane"
    );
}

both_databases!(after_a_decision_the_next_one_opens);
fn after_a_decision_the_next_one_opens(app: &App) {
    let case = app.case();
    let (first, second) = (
        asked(app, &case, json!({})),
        asked(app, &case, json!({"platforms": ["web"]})),
    );
    let supervisor = Browser::signed_in(app, "supervisor");
    let page = supervisor.get("/approvals").is(200);
    let action = format!("/approvals?at=authorization%3A{first}&#38;next=authorization%3A{second}");
    page.says(&format!("action=\"{action}\""));
    let path = action.replace("&#38;", "&");
    let made = app.leaves(&case.stream, "authorization.approved", &app.supervisor, || {
        decides(&supervisor, &path, &[("decision", "approve"), ("reason", "needed")]).is(303)
    });
    assert_eq!(
        made.location,
        format!("/approvals?at=authorization%3A{second}&last=authorization%3A{first}")
    );
    let next = supervisor.get(&made.location).is(200);
    next.says("A-1 is approved. The next one is open.");
    next.says("<span class=\"ref\">A-2</span></a>: overt, <bdi>Web</bdi>");
    let made = decides(
        &supervisor,
        &at("authorization", &second),
        &[("decision", "deny"), ("reason", "no")],
    )
    .is(303);
    let last = supervisor.get(&made.location).is(200);
    last.says("A-2 is denied. That was the last one: nothing is waiting.");
}

both_databases!(a_chosen_reason_counts_where_none_was_written);
fn a_chosen_reason_counts_where_none_was_written(app: &App) {
    let (case, supervisor) = (app.case(), Browser::signed_in(app, "supervisor"));
    for (written, kept) in [("", "Too broad."), ("Mine.", "Mine.")] {
        let id = asked(app, &case, json!({}));
        let fields = [
            ("decision", "return"),
            ("reason_choice", "Too broad."),
            ("reason", written),
        ];
        decides(&supervisor, &at("authorization", &id), &fields).is(303);
        let read = app.lead.get(&format!("/api/v1/authorizations/{id}")).is(200);
        assert_eq!(
            (&read["state"], &read["decision"]["reason"]),
            (&json!("returned"), &json!(kept))
        );
    }
    // To return or deny takes a reason; what was chosen of the answer is nothing yet.
    let id = asked(app, &case, json!({}));
    app.leaves_nothing(&case.stream, || {
        let page = decides(&supervisor, &at("authorization", &id), &[("decision", "deny")]).is(422);
        page.says("<a href=\"#f-reason\">");
        page.says("must be given");
    });
}

both_databases!(whoever_decides_second_is_told_and_loses_nothing);
fn whoever_decides_second_is_told_and_loses_nothing(app: &App) {
    let (case, supervisor) = (app.case(), Browser::signed_in(app, "supervisor"));
    let id = asked(app, &case, json!({}));
    let path = at("authorization", &id);
    let version = supervisor.get(&path).is(200).hidden("version");
    let decision = json!({"decision": "deny", "reason": "no predicate"});
    app.deputy
        .post(&format!("/api/v1/authorizations/{id}/decision"), decision)
        .is(200);
    let fields = [
        ("version", version.as_str()),
        ("decision", "approve"),
        ("reason", "typed <b>"),
    ];
    app.leaves_nothing(&case.stream, || {
        let page = supervisor.post(&path, &fields).is(409);
        page.says("Somebody decided meanwhile");
        page.says("Denied by Dee Deputy");
        page.says("no predicate");
        page.says("typed &#60;b&#62;");
    });
    // A request that was returned and mended meanwhile is another one.
    let id = asked(app, &case, json!({}));
    let path = at("authorization", &id);
    let version = supervisor.get(&path).is(200).hidden("version");
    let decision = json!({"decision": "return", "reason": "name the platform"});
    app.deputy
        .post(&format!("/api/v1/authorizations/{id}/decision"), decision)
        .is(200);
    app.lead
        .patch(
            &format!("/api/v1/authorizations/{id}"),
            2,
            json!({"platforms": ["web", "tiktok"]}),
        )
        .is(200);
    let fields = [
        ("version", version.as_str()),
        ("decision", "approve"),
        ("reason", "typed"),
    ];
    app.leaves_nothing(&case.stream, || {
        let page = supervisor.post(&path, &fields).is(412);
        page.says("This was changed since you read it");
        page.says("Web, TikTok");
        page.says(">typed</textarea>");
    });
}

both_databases!(an_approval_obeys_the_checks_that_its_page_shows);
fn an_approval_obeys_the_checks_that_its_page_shows(app: &App) {
    let (case, supervisor) = (app.case(), Browser::signed_in(app, "supervisor"));
    let id = asked(app, &case, json!({"ends_at": app.at(hours(1) / 6)}));
    app.advance(hours(1) / 4);
    let supervisor_again = Browser::signed_in(app, "supervisor");
    drop(supervisor);
    let (supervisor, path) = (supervisor_again, at("authorization", &id));
    let page = supervisor.get(&path).is(200);
    page.says("Failed</span><p><b>Window</b>");
    let told = "The end that was asked for has passed";
    page.says(told);
    let checks = app
        .supervisor
        .get(&format!("/api/v1/authorizations/{id}/checks"))
        .is(200);
    let window = checks["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["check"] == "window")
        .unwrap()
        .clone();
    assert_eq!(window["verdict"], "failed");
    app.leaves_nothing(&case.stream, || {
        decides(&supervisor, &path, &[("decision", "approve")])
            .is(409)
            .says(told);
    });
    // It can still be returned.
    decides(&supervisor, &path, &[("decision", "return"), ("reason", "another end")]).is(303);
    // To the requester the same checks say that they do not decide.
    let checks = app.lead.get(&format!("/api/v1/authorizations/{id}/checks")).is(200);
    let decider = checks["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["check"] == "decider")
        .unwrap()
        .clone();
    assert_eq!(
        (&decider["verdict"], &decider["why"]),
        (
            &json!("failed"),
            &json!("You asked for it: nobody decides an own request.")
        )
    );
}

both_databases!(a_juvenile_needs_the_decider_and_a_holder_who_left_stops_the_approval);
fn a_juvenile_needs_the_decider_and_a_holder_who_left_stops_the_approval(app: &App) {
    let case = app.case();
    let subject = json!({"role": "victim", "name": "J. Young", "juvenile": true});
    app.lead.post(&case.path("subjects"), subject).is(201);
    let training = json!({"name": "28 CFR 23", "completed_on": "2026-01-01", "expires_on": "2026-06-01"});
    app.administrator
        .post(&format!("/api/v1/users/{}/trainings", app.lead.id), training)
        .is(201);
    let member = case.path(&format!("members/{}", app.stranger.id));
    app.lead.put(&member, json!({})).is(200);
    let id = asked(app, &case, json!({"holders": [app.lead.id, app.stranger.id]}));
    app.lead.delete(&member).is(204);
    let page = Browser::signed_in(app, "supervisor")
        .get(&at("authorization", &id))
        .is(200);
    for told in [
        "A juvenile is a subject</b> <span class=\"soft\"><bdi>J. Young. Does the purpose say why it is needed?",
        "Neither lead nor member of this case any more, so they cannot log in it: Stan Stranger. Return it",
        "that of Lena Lead ended on 2026-06-01; Stan Stranger has none on record.",
    ] {
        page.says(told);
    }
}

both_databases!(held_captures_emergencies_and_reviews_are_decided_in_the_queue);
fn held_captures_emergencies_and_reviews_are_decided_in_the_queue(app: &App) {
    let (case, supervisor) = (app.case(), Browser::signed_in(app, "supervisor"));
    let decide = |id: &str, action: &str, fields: &[(&str, &str)]| {
        app.leaves(&case.stream, action, &app.supervisor, || {
            decides(&supervisor, &at("capture", id), fields).is(303)
        })
    };
    let id = held(app, &case);
    let page = supervisor.get(&at("capture", &id)).is(200);
    for told in [
        "Item 1, held",
        "no authorization of this case was ever approved",
        "https://instagram.example/p/1",
        "It says nothing of leave",
        "It stays visible that this was afterwards",
    ] {
        page.says(told);
    }
    let made = decide(
        &id,
        "capture.ratified",
        &[("outcome", "ratify"), ("reason_choice", "as asked")],
    );
    supervisor.get(&made.location).is(200).says("Item 1: ratified.");
    // Once taken in, it is to be reviewed.
    let page = supervisor.get("/approvals").is(200);
    page.says("Item 1, post on TikTok, to review");
    decide(&id, "capture.reviewed", &[("outcome", "accurate")]);
    supervisor.get("/approvals").is(200).does_not_say(&id);
    let emergency = json!({"basis": {"kind": "emergency", "reason": "danger to life"}});
    let made = app.lead.log(&case, app.post_with(emergency)).is(201);
    let id = made["id"].as_str().unwrap();
    let page = supervisor.get("/approvals").is(200);
    page.says("Emergency, item 2");
    page.does_not_say("Item 2, to review");
    decide(
        id,
        "capture.repudiated",
        &[("outcome", "repudiate"), ("reason", "none shown")],
    );
    supervisor.get("/approvals").is(200).does_not_say("item 2");
    // A correction made meanwhile: the decider reads it first.
    let id = held(app, &case);
    let path = at("capture", &id);
    let version = supervisor.get(&path).is(200).hidden("version");
    let correction = json!({"url": "https://tiktok.example/2", "reason": "wrong address"});
    app.lead
        .post(&format!("/api/v1/captures/{id}/corrections"), correction)
        .is(201);
    let fields = [("version", version.as_str()), ("outcome", "accept"), ("reason", "fine")];
    let page = supervisor.post(&path, &fields).is(412);
    page.says("https://tiktok.example/2");
    page.says(">fine</textarea>");
}

both_databases!(all_that_waits_is_reached_page_by_page);
fn all_that_waits_is_reached_page_by_page(app: &App) {
    let case = app.case();
    let made: Vec<String> = (0..5).map(|_| held(app, &case)).collect();
    let supervisor = Browser::signed_in(app, "supervisor");
    let (mut path, mut seen) = ("/approvals?sort=held&limit=2".to_owned(), Vec::new());
    for _ in 0..3 {
        let page = supervisor.get(&path).is(200);
        let list = page.text.split("<nav class=\"queue__list\"").nth(1).unwrap();
        let list = list.split("</nav>").next().unwrap();
        seen.extend(made.iter().filter(|id| list.contains(id.as_str())).cloned());
        let next = list
            .split("class=\"queue__more\" href=\"")
            .nth(1)
            .map(|rest| rest.split('"').next().unwrap());
        match next {
            Some(next) => path = next.replace("&#38;", "&"),
            None => break,
        }
    }
    assert_eq!(seen, made);
    supervisor.get("/approvals?sort=nothing").is(422);
}

fn visit(who: &Client) -> RequestCtx {
    RequestCtx {
        credential: Credential::Token(Digest::of(who.token.as_ref().unwrap().as_bytes())),
        address: String::new(),
        idempotency_key: None,
    }
}

both_databases!(whoever_is_no_supervisor_has_no_queue);
fn whoever_is_no_supervisor_has_no_queue(app: &App) {
    let case = app.case();
    asked(app, &case, json!({}));
    held(app, &case);
    let runtime = actix_web::rt::System::new();
    for who in [&app.lead, &app.member, &app.stranger, &app.prosecutor] {
        let found = runtime.block_on(authorizations::to_decide(&app.state.gate, &visit(who), (None, 100)));
        assert!(found.unwrap().is_empty());
        let visit = visit(who);
        let found = captures::waiting(&app.state.gate, &visit, WaitingSort::Held, (None, 100));
        assert!(runtime.block_on(found).is_err());
    }
}

const ASK: &[(&str, &str)] = &[
    ("form_zone", "America/New_York"),
    ("level", "overt"),
    ("platforms[]", "tiktok"),
    ("platforms[]", "web"),
    ("purpose", "who filmed it"),
    ("predicate", "report 12, policy 4"),
    ("devices[]", "agency"),
    ("ends_at", "2026-12-20T14:00"),
    ("attestations[]", "not_based_solely_on_protected_activity"),
];

both_databases!(a_request_is_prefilled_by_its_address_and_by_the_newest_of_its_case);
fn a_request_is_prefilled_by_its_address_and_by_the_newest_of_its_case(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let path = format!("/cases/{}/authorizations/new", case.id);
    let page = lead
        .get(&format!("{path}?platform=tiktok&account=%40k&level=discreet"))
        .is(200);
    for told in [
        "value=\"tiktok\" checked",
        ">@k on tiktok</textarea>",
        "value=\"discreet\" checked",
        &format!("value=\"{}\" checked", app.lead.id),
        // Thirty days on, in the case's zone.
        "value=\"2026-12-22T12:00\"",
        "Sue Supervisor",
    ] {
        page.says(told);
    }
    page.does_not_say("Taken from A-");
    asked(app, &case, json!({}));
    let page = lead.get(&format!("{path}?platform=elsewhere&level=nothing")).is(200);
    page.says("Taken from A-1");
    page.says(">report 12, agency policy 4.12(b)</textarea>");
    page.says("name=\"platform_names\" value=\"elsewhere\"");
    page.says("value=\"overt\" checked");
    Browser::signed_in(app, "supervisor")
        .get(&path)
        .is(403)
        .says("Ask the lead, Lena Lead");
}

both_databases!(a_request_names_accounts_holders_and_platforms_as_people_do);
fn a_request_names_accounts_holders_and_platforms_as_people_do(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let path = format!("/cases/{}/authorizations", case.id);
    let more = [
        ("platform_names", "Reddit"),
        (
            "account_lines",
            "@k on TikTok\nhttps://www.tiktok.example/@m on tiktok\n",
        ),
        ("search_words", "ferry, green jacket"),
        ("holders[]", app.member.id.as_str()),
        ("holder_usernames", "lead"),
    ];
    let made = lead.post(&path, &[ASK, &more].concat()).is(303);
    let id = made.leads_to().trim_start_matches("/authorizations/");
    let read = app.lead.get(&format!("/api/v1/authorizations/{id}")).is(200);
    assert_eq!(read["platforms"], json!(["tiktok", "web", "reddit"]));
    assert_eq!(
        read["accounts"],
        json!([{"platform": "tiktok", "handle": "@k"}, {"platform": "tiktok", "url": "https://www.tiktok.example/@m"}])
    );
    assert_eq!(read["searches"], json!(["ferry", "green jacket"]));
    assert_eq!(read["holders"], json!([app.member.id, app.lead.id]));
    assert_eq!(read["ends_at"], "2026-12-20T19:00:00.000000Z");
    let page = lead.get(made.leads_to()).is(200);
    page.says("@k on TikTok, https://www.tiktok.example/@m on TikTok");
    page.says("<strong>Requested</strong> by <bdi>Lena Lead</bdi>");
    // What is wrong is told in the words of the form, and all that was typed stays.
    let wrong = [
        ("account_lines", "@k on snapchat\n@m"),
        ("holders[]", app.lead.id.as_str()),
        ("search_words", "typed <i>"),
    ];
    app.leaves_nothing(&case.stream, || {
        let page = lead.post(&path, &[ASK, &wrong].concat()).is(422);
        page.says("line 1: name its platform");
        page.says("@k on snapchat\n@m</textarea>");
        page.says("value=\"typed &#60;i&#62;\"");
        page.says("value=\"web\" checked");
        page.says("id=\"f-account_lines\"");
    });
}

both_databases!(a_returned_request_is_mended_in_its_page_and_two_tabs_lose_nothing);
fn a_returned_request_is_mended_in_its_page_and_two_tabs_lose_nothing(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let member = case.path(&format!("members/{}", app.stranger.id));
    app.lead.put(&member, json!({})).is(200);
    let id = asked(
        app,
        &case,
        json!({"accounts": [{"platform": "web", "handle": "@k"}], "holders": [app.lead.id, app.stranger.id]}),
    );
    let (path, edit) = (format!("/authorizations/{id}"), format!("/authorizations/{id}/edit"));
    let decision = json!({"decision": "return", "reason": "too broad"});
    app.supervisor
        .post(&format!("/api/v1{path}/decision"), decision)
        .is(200);
    let one = lead.get(&path).is(200);
    one.says("Mend and ask again");
    one.says("too broad");
    Browser::signed_in(app, "member").get(&edit).is(403);
    let page = lead.get(&edit).is(200);
    for kept in [
        "@k on web</textarea>",
        "value=\"instagram\" checked",
        "find who wrote the threats",
        "Stan Stranger",
    ] {
        page.says(kept);
    }
    let version = page.hidden("version");
    assert_eq!(version, "2");
    let holder = [("holders[]", app.lead.id.as_str()), ("version", version.as_str())];
    let fields = [ASK, &holder].concat();
    app.leaves(&case.stream, "authorization.amended", &app.lead, || {
        lead.post(&path, &fields).is(303)
    });
    // The other tab still shows the second version.
    app.leaves_nothing(&case.stream, || {
        let other = [("purpose", "typed in the other tab")];
        let fields: Vec<_> = fields
            .iter()
            .filter(|(name, _)| *name != "purpose")
            .copied()
            .chain(other)
            .collect();
        let page = lead.post(&path, &fields).is(412);
        page.says("As it stands now, version 3");
        page.says("who filmed it");
        page.says(">typed in the other tab</textarea>");
    });
    let one = lead.get(&path).is(200);
    one.says("<strong>Mended and asked for again</strong> by <bdi>Lena Lead</bdi>");
    one.says("<strong>Returned</strong> by <bdi>Sue Supervisor</bdi>");
    app.leaves(&case.stream, "authorization.withdrawn", &app.lead, || {
        lead.post(&format!("{path}/withdrawal"), &[]).is(303)
    });
    lead.get(&path).is(200).says("<strong>Withdrawn</strong>");
}

both_databases!(an_authorization_tells_what_rests_on_it_and_how_it_ended);
fn an_authorization_tells_what_rests_on_it_and_how_it_ended(app: &App) {
    let (case, supervisor) = (app.case(), Browser::signed_in(app, "supervisor"));
    let id = app.leave_of(&case, with(app.request(), json!({"ends_at": app.at(hours(60))})));
    app.lead.log(&case, app.post()).is(201);
    let path = format!("/authorizations/{id}");
    let page = supervisor.get(&path).is(200);
    page.says(">Item 1</a>");
    page.says("Ends in 2 days");
    page.says("From now on it covers nothing more");
    supervisor
        .post(&format!("{path}/revocation"), &[("reason", "")])
        .is(422);
    supervisor
        .post(&format!("{path}/revocation"), &[("reason", "trial over")])
        .is(303);
    let page = supervisor.get(&path).is(200);
    page.says("<strong>Revoked</strong> by <bdi>Sue Supervisor</bdi>");
    page.says("trial over");
    page.does_not_say("Ends in 2 days");
}

both_databases!(the_team_s_page_changes_who_works_on_a_case_and_who_was_let_in);
fn the_team_s_page_changes_who_works_on_a_case_and_who_was_let_in(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let path = format!("/cases/{}", case.id);
    let page = lead.get(&format!("{path}/team")).is(200);
    page.says("Hand over the lead");
    page.does_not_say("Let somebody in");
    let add = [("user_id", app.stranger.id.as_str()), ("member", "")];
    app.leaves(&case.stream, "member.added", &app.lead, || {
        lead.post(&format!("{path}/members"), &add).is(303)
    });
    let version = lead.get(&format!("{path}/team")).is(200).hidden("version");
    let hand = [
        ("version", version.as_str()),
        ("lead_id", app.stranger.id.as_str()),
        ("reason", "on leave"),
    ];
    lead.post(&format!("{path}/lead"), &hand).is(303);
    let next = Browser::signed_in(app, "stranger");
    let version = next.get(&format!("{path}/team")).is(200).hidden("version");
    let accept = [("version", version.as_str()), ("lead_id", app.stranger.id.as_str())];
    next.post(&format!("{path}/lead"), &accept).is(303);
    // The former lead works on, and changes nobody's part any more; the refusal says whom to ask.
    lead.post(&format!("{path}/lead"), &hand)
        .is(403)
        .says("Ask the lead, Stan Stranger");
    let supervisor = Browser::signed_in(app, "supervisor");
    // Two hand over at once: the second is told.
    supervisor
        .post(&format!("{path}/lead"), &hand)
        .is(412)
        .says("This was changed since you read it");
    let page = supervisor.get(&format!("{path}/team")).is(200);
    page.says("Erin Exporter");
    let grant = page.hidden("grant");
    app.leaves_nothing(&case.stream, || {
        let page = supervisor
            .post(&format!("/grants/{grant}/end"), &[("grant", &grant), ("reason", "")])
            .is(422);
        page.says("must say why the access ends");
    });
    app.leaves(&case.stream, "grant.ended", &app.supervisor, || {
        supervisor
            .post(
                &format!("/grants/{grant}/end"),
                &[("grant", &grant), ("reason", "trial over")],
            )
            .is(303)
    });
    supervisor
        .get(&format!("{path}/team"))
        .is(200)
        .says("Ended by Sue Supervisor");
    supervisor.get(&format!("{path}/team")).is(200).says("trial over");
}
