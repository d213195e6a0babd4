//! The evidence of a case as a list: what its filters find, what is new to whom, the review, and what is said of several
//! items at once.

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::{Browser, Page};
use crate::kit::{App, Case, Client, hours, with};

/// Five captures, of which the fourth is held: items 1 to 5, an hour apart.
fn five(app: &App, case: &Case) -> Vec<String> {
    app.leave(case);
    app.advance(hours(1));
    let account = |handle: &str| json!({"handle": handle});
    let all = [
        json!({"text": "first", "account": account("@Harborlight_77"), "posted_at": app.at(-hours(9))}),
        json!({"kind": "photo", "platform": "web", "text": "second", "account": account("@other"), "posted_at": app.at(-hours(7))}),
        json!({"text": "third", "account": account("harborlight_77"), "posted_at": app.at(-hours(8))}),
        json!({"platform": "tiktok", "text": "fourth, kept back", "account": account("@hidden"), "posted_at": app.at(-hours(6))}),
        json!({"kind": "video", "text": "fifth", "account": account("@other"), "posted_at": null}),
    ];
    let mut ids = Vec::new();
    for (n, fields) in (0..).zip(all) {
        let at = json!({"captured_at": app.at(-hours(1) / 60 * (30 - 5 * n))});
        let who = if n == 4 { &app.member } else { &app.lead };
        let made = who.log(case, app.post_with(with(fields, at))).is(201);
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    ids
}

/// The items of a list, in its order.
fn items(client: &Client, case: &Case, query: &str) -> Vec<i64> {
    let found: Value = client.get(&case.path(&format!("captures?{query}"))).is(200);
    let all = found["items"].as_array().unwrap();
    all.iter().map(|one| one["item"].as_i64().unwrap()).collect()
}

/// The items that a page of evidence shows, in its order.
fn shown(page: &Page) -> Vec<i64> {
    let found = page.text.split(" id=\"i").skip(1);
    let all = found.filter_map(|rest| rest.split('"').next()?.parse().ok());
    all.collect()
}

both_databases!(a_filter_finds_what_it_says_and_nothing_of_what_is_closed);
fn a_filter_finds_what_it_says_and_nothing_of_what_is_closed(app: &App) {
    let case = app.case();
    five(app, &case);
    let (lead, member) = (&app.lead.id, &app.member.id);
    let half = app.at(-hours(1) / 60 * 18);
    for (query, found) in [
        (String::new(), vec![1, 2, 3, 4, 5]),
        ("kind=photo".into(), vec![2]),
        ("kind=post".into(), vec![1, 3, 4]),
        ("platform=instagram".into(), vec![1, 3, 5]),
        ("platform=tiktok".into(), vec![]),
        ("account=%40HARBORLIGHT_77".into(), vec![1, 3]),
        ("account=hidden".into(), vec![]),
        ("state=held".into(), vec![4]),
        ("state=logged&kind=video".into(), vec![5]),
        ("covered=false".into(), vec![4]),
        ("covered=true".into(), vec![1, 2, 3, 5]),
        ("basis=exception".into(), vec![4]),
        (format!("captured_by={member}"), vec![5]),
        (format!("from={half}"), vec![4, 5]),
        (format!("to={half}&kind=post"), vec![1, 3]),
        ("sort=-captured".into(), vec![5, 4, 3, 2, 1]),
        ("sort=-posted".into(), vec![2, 3, 1, 5, 4]),
        ("sort=posted".into(), vec![4, 5, 1, 3, 2]),
        ("sort=-item&kind=post".into(), vec![4, 3, 1]),
    ] {
        assert_eq!(items(&app.supervisor, &case, &query), found, "{query}");
    }
    // Who captured what is closed is known to that person alone.
    assert_eq!(items(&app.member, &case, &format!("captured_by={lead}")), [1, 2, 3]);
    assert_eq!(items(&app.lead, &case, &format!("captured_by={lead}")), [1, 2, 3, 4]);
    // Once it is taken in, it is found by all that it says.
    let held: Value = app.supervisor.get(&case.path("captures?state=held")).is(200);
    let id = held["items"][0]["id"].as_str().unwrap();
    let accept = json!({"outcome": "accept", "reason": "of use"});
    app.supervisor
        .post(&format!("/api/v1/captures/{id}/decision"), accept)
        .is(200);
    assert_eq!(items(&app.member, &case, "platform=tiktok"), [4]);
    assert_eq!(items(&app.member, &case, "account=Hidden&sort=-posted"), [4]);
    assert_eq!(items(&app.member, &case, "covered=false"), [4]);
}

both_databases!(a_list_in_any_order_goes_on_where_it_ended);
fn a_list_in_any_order_goes_on_where_it_ended(app: &App) {
    let case = app.case();
    app.leave(&case);
    app.advance(hours(1));
    // All were captured at one moment, and half of them posted at another.
    let (captured, posted) = (app.at(-1), app.at(-hours(2)));
    for n in 0..7 {
        let posted = if n % 2 == 0 { json!(posted) } else { Value::Null };
        let one = app.post_with(json!({"captured_at": captured, "posted_at": posted}));
        app.lead.log(&case, one).is(201);
    }
    for sort in ["item", "-item", "captured", "-captured", "posted", "-posted"] {
        let whole = items(&app.lead, &case, &format!("sort={sort}"));
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = case.path(&format!("captures?sort={sort}&limit=2{cursor}"));
            let page: Value = app.lead.get(&path).is(200);
            all.extend(
                page["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|i| i["item"].as_i64().unwrap()),
            );
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(all, whole, "{sort}");
        assert_eq!(all.len(), 7, "{sort}");
    }
}

both_databases!(a_filter_that_is_none_is_refused);
fn a_filter_that_is_none_is_refused(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    for query in [
        "kind=novel",
        "state=secret",
        "covered=perhaps",
        "new=soon",
        "sort=size",
        "from=yesterday",
        "captured_by=lead",
        "text=ferry",
        "sort=captured&cursor=MTI",
        "cursor=MS4y",
    ] {
        app.lead
            .get(&case.path(&format!("captures?{query}")))
            .problem(422, "invalid");
        if query != "cursor=MS4y" {
            lead.get(&format!("/cases/{}/evidence?{query}", case.id)).is(422);
        }
    }
}

both_databases!(gallery_table_and_links_keep_the_filter);
fn gallery_table_and_links_keep_the_filter(app: &App) {
    let case = app.case();
    let ids = five(app, &case);
    let lead = Browser::signed_in(app, "lead");
    let path = format!("/cases/{}/evidence", case.id);
    let page = lead.get(&format!("{path}?kind=post&sort=item")).is(200);
    assert_eq!(shown(&page), [1, 3, 4]);
    page.says(&format!("/captures/{}?kind=post&#38;sort=item", ids[0]));
    page.says("<bdi>Post</bdi><svg");
    page.says("Held: item 4");
    page.does_not_say("fourth");
    let table = lead.get(&format!("{path}?kind=post&sort=item&view=table")).is(200);
    assert_eq!(shown(&table), [1, 3, 4]);
    table.says("aria-sort=\"ascending\"><a class=\"sort\" href=\"/cases/");
    table.says("data-label=\"Fingerprint\"");
    table.does_not_say("fourth");
    // From the item to its neighbours in the filter, and back to the list at this item.
    let item = lead.get(&format!("/captures/{}?kind=post&sort=item", ids[0])).is(200);
    item.says(&format!("/captures/{}?kind=post&#38;sort=item\" rel=\"next\"", ids[2]));
    item.says(&format!("{path}?kind=post&#38;sort=item&#38;around=1#i1"));
    let list = lead.get(&format!("{path}?kind=post&sort=item&around=3")).is(200);
    assert_eq!(shown(&list), [1, 3, 4]);
    // A day is one of the case's zone.
    let today = &app.at(0)[..10];
    assert_eq!(
        shown(&lead.get(&format!("{path}?from={today}&to={today}")).is(200)).len(),
        5
    );
    assert_eq!(shown(&lead.get(&format!("{path}?to=2026-01-01")).is(200)), [0; 0]);
}

both_databases!(an_item_is_new_until_it_was_opened_and_again_when_it_changed);
fn an_item_is_new_until_it_was_opened_and_again_when_it_changed(app: &App) {
    let case = app.case();
    let ids = five(app, &case);
    let member = Browser::signed_in(app, "member");
    let path = format!("/cases/{}/evidence", case.id);
    let new = || shown(&member.get(&format!("{path}?new=true&sort=item")).is(200));
    // Neither one's own, nor what one may not read.
    assert_eq!(new(), [1, 2, 3]);
    let page = member.get(&path).is(200);
    assert_eq!(page.text.matches("shot__new\">NEW").count(), 3);
    let read = app.count(&case.accesses, "capture.viewed");
    member.get(&format!("/captures/{}", ids[0])).is(200);
    assert_eq!(app.count(&case.accesses, "capture.viewed"), read + 1);
    assert_eq!(new(), [2, 3]);
    assert_eq!(items(&app.member, &case, "new=false"), [1, 4, 5]);
    // To others it is as it was.
    assert_eq!(items(&app.exporter, &case, "new=true"), [1, 2, 3, 5]);
    app.lead
        .post(
            &format!("/api/v1/captures/{}/corrections", ids[0]),
            json!({"text": "first, as it stands", "reason": "a letter was wrong"}),
        )
        .is(201);
    assert_eq!(new(), [1, 2, 3]);
    // Not to who corrected it.
    assert_eq!(items(&app.lead, &case, "new=true"), [5]);
    member.get(&format!("/captures/{}", ids[0])).is(200).says("chip--new");
    assert_eq!(new(), [2, 3]);
    // What is taken in is new to those who could not read it.
    let accept = json!({"outcome": "accept", "reason": "of use"});
    app.supervisor
        .post(&format!("/api/v1/captures/{}/decision", ids[3]), accept)
        .is(200);
    assert_eq!(new(), [2, 3, 4]);
}

both_databases!(a_held_item_that_was_looked_at_without_content_is_new_when_it_opens);
fn a_held_item_that_was_looked_at_without_content_is_new_when_it_opens(app: &App) {
    let case = app.case();
    let ids = five(app, &case);
    let member = Browser::signed_in(app, "member");
    member
        .get(&format!("/captures/{}", ids[3]))
        .is(200)
        .does_not_say("fourth");
    let accept = json!({"outcome": "accept", "reason": "of use"});
    app.supervisor
        .post(&format!("/api/v1/captures/{}/decision", ids[3]), accept)
        .is(200);
    assert_eq!(items(&app.member, &case, "new=true"), [1, 2, 3, 4]);
}

both_databases!(a_prosecutor_sees_what_is_shared_and_new);
fn a_prosecutor_sees_what_is_shared_and_new(app: &App) {
    let (quiet, case) = (app.case(), app.case());
    let ids = five(app, &case);
    let exporter = Browser::signed_in(app, "exporter");
    let home = exporter.get("/").is(200);
    home.says("4 NEW");
    home.says("Nothing new");
    home.says("Read, export until");
    let at = |id: &str| home.text.find(&format!("h-{id}")).unwrap();
    assert!(at(&case.id) < at(&quiet.id), "what is new stands first");
    // The review begins with what is new, and goes through it although what was opened is new no more.
    let first = exporter
        .get(&format!("/cases/{}/evidence/review?new=true&sort=captured", case.id))
        .is(200);
    first.says("Review: item 1");
    first.says("1 of 4");
    first.does_not_say("rel=\"prev\"");
    let next = link(&first, "next");
    let second = exporter.get(&next).is(200);
    second.says("Review: item 2");
    second.says("2 of 4");
    let back = exporter.get(&link(&second, "prev")).is(200);
    back.says("Review: item 1");
    exporter.get("/").is(200).says("2 NEW");
    // No right to note or review, no form.
    second.does_not_say("name=\"do\"");
    exporter
        .post(
            &format!("/cases/{}/evidence/selected", case.id),
            &[("captures[]", &ids[0]), ("do", "note"), ("text", "x")],
        )
        .is(409)
        .says("Item 1");
    assert_eq!(app.count(&case.stream, "capture.annotated"), 0);
    Browser::signed_in(app, "prosecutor")
        .get("/")
        .is(200)
        .says("Nothing is shared with you");
}

/// Where a link of a page leads, by its relation.
fn link(page: &Page, rel: &str) -> String {
    let before = page.text.split(&format!("\" rel=\"{rel}\"")).next().unwrap();
    let address = before.rsplit("href=\"").next().unwrap();
    address.replace("&#38;", "&")
}

both_databases!(a_review_goes_on_inside_the_filter_and_says_where_it_ends);
fn a_review_goes_on_inside_the_filter_and_says_where_it_ends(app: &App) {
    let case = app.case();
    five(app, &case);
    let member = Browser::signed_in(app, "member");
    let path = format!("/cases/{}/evidence/review?kind=post&state=logged&sort=item", case.id);
    let first = member.get(&path).is(200);
    first.says("Review: item 1");
    first.does_not_say("You captured it");
    let own = Browser::signed_in(app, "lead").get(&path).is(200);
    own.says("You captured it, so others review it");
    let events = app.events(&case.stream).len();
    let second = member.get(&link(&first, "next")).is(200);
    second.says("Review: item 3");
    second.says("The list ends here.");
    second.does_not_say("rel=\"next\"");
    assert_eq!(app.events(&case.stream).len(), events, "looking on saves nothing");
    // A review leads to the next, although the item leaves the filter by it; what is refused keeps what was typed.
    let at = |item: i64| format!("{path}&at={item}");
    let refused = member.post(&at(1), &[("do", "returned"), ("text", "")]).is(422);
    refused.says("must be given");
    refused.says("Review: item 1");
    let made = app.leaves(&case.stream, "capture.reviewed", &app.member, || {
        member
            .post(&at(1), &[("do", "accurate"), ("text", "as on the picture")])
            .is(303)
    });
    assert!(made.location.contains("at=3&done=reviewed"), "{}", made.location);
    let made = app.leaves(&case.stream, "capture.annotated", &app.member, || {
        member.post(&at(3), &[("do", "note"), ("text", "a note")]).is(303)
    });
    assert!(made.location.contains("at=3&done=noted"), "{}", made.location);
    member.get(&made.location).is(200).says("a note");
    // The last one stays.
    let made = member.post(&at(3), &[("do", "returned"), ("text", "blurred")]).is(303);
    assert!(made.location.contains("at=3&done=reviewed"), "{}", made.location);
    member
        .get(&format!("/cases/{}/evidence/review?kind=document", case.id))
        .is(200)
        .says("Nothing in this list");
    member.get(&format!("/cases/{}/evidence/review?at=99", case.id)).is(404);
}

both_databases!(what_is_said_of_several_items_is_judged_of_each);
fn what_is_said_of_several_items_is_judged_of_each(app: &App) {
    let case = app.case();
    let ids = five(app, &case);
    let member = Browser::signed_in(app, "member");
    let path = format!("/cases/{}/evidence/selected?kind=post", case.id);
    let fields = |what: &'static str, text: &'static str, picked: &[usize]| -> Vec<(&'static str, String)> {
        let picked = picked.iter().map(|n| ("captures[]", ids[*n].clone()));
        let said = [
            ("do", what.to_owned()),
            ("text", text.to_owned()),
            ("idempotency_key", format!("k-{what}")),
        ];
        picked.chain(said).collect()
    };
    let send = |fields: &[(&'static str, String)]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        member.post(&path, &fields)
    };
    // A note on three.
    let three = fields("note", "compare the jackets", &[0, 1, 2]);
    let made = send(&three).is(303);
    assert!(
        made.location.contains("kind=post&around=1&said=note&items=3#i1"),
        "{}",
        made.location
    );
    assert_eq!(app.count(&case.stream, "capture.annotated"), 3);
    member.get(&made.location).is(200).says("The note is added to 3 items.");
    // Sent twice, it is said once.
    send(&three).is(303);
    assert_eq!(app.count(&case.stream, "capture.annotated"), 3);
    // A review on three: the own one and the held one are told, the rest is done.
    let mixed = send(&fields("accurate", "", &[0, 3, 4])).is(409);
    mixed.says("1 item reviewed as accurate.");
    mixed.says("<strong>Item 5</strong>: you captured it yourself");
    mixed.says("<strong>Item 4</strong>: This capture is held");
    assert_eq!(app.count(&case.stream, "capture.reviewed"), 1);
    // Nothing selected, or nothing said: told, and what was typed stays.
    send(&fields("note", "typed by hand", &[])).is(422).says("tick it");
    send(&fields("note", "typed by hand", &[]))
        .is(422)
        .says("typed by hand");
    let kept = send(&fields("returned", "", &[0])).is(422);
    kept.says(&format!("value=\"{}\" checked", ids[0]));
    // Items of another case are not reached from here.
    let other = app.case();
    app.leave(&other);
    let elsewhere = app.lead.log(&other, app.post()).is(201);
    let stranger = vec![
        ("captures[]", elsewhere["id"].as_str().unwrap().to_owned()),
        ("do", "note".to_owned()),
        ("text", "x".to_owned()),
    ];
    app.leaves_nothing(&other.stream, || send(&stranger).is(409).says("A selected item"));
}

both_databases!(an_item_shows_its_versions_and_its_custody);
fn an_item_shows_its_versions_and_its_custody(app: &App) {
    let case = app.case();
    let ids = five(app, &case);
    let path = format!("/captures/{}", ids[0]);
    let correct =
        json!({"text": "first, as it <stands>", "account": {"handle": "@h2"}, "reason": "a letter was wrong"});
    app.lead.post(&format!("/api/v1{path}/corrections"), correct).is(201);
    app.member
        .post(
            &format!("/api/v1{path}/reviews"),
            json!({"outcome": "returned", "note": "which day?"}),
        )
        .is(201);
    let page = Browser::signed_in(app, "member").get(&path).is(200);
    for part in [
        "<dt>Version 2</dt>",
        "a letter was wrong",
        "<del><span class=\"vh\">Was: </span><bdi>first</bdi></del>",
        "<ins><span class=\"vh\">Now: </span><bdi>first, as it &#60;stands&#62;</bdi></ins>",
        "<dt>Account handle</dt><dd><del><span class=\"vh\">Was: </span><bdi>@Harborlight_77</bdi>",
        "Custody, live",
        "</span>Recorded<p>",
        "Corrected: version 2",
        "</span>Reviewed<p>",
        "Returned</span>",
        "which day?",
    ] {
        page.says(part);
    }
    assert_eq!(page.text.matches("class=\"hashline\"").count(), 3);
    // Of what is closed no version is shown.
    app.lead
        .post(
            &format!("/api/v1/captures/{}/corrections", ids[3]),
            json!({"text": "fourth, kept back too", "reason": "x"}),
        )
        .is(201);
    let held = Browser::signed_in(app, "member")
        .get(&format!("/captures/{}", ids[3]))
        .is(200);
    held.does_not_say("fourth");
    held.does_not_say("<del>");
    held.says("Recorded, and held: nothing covered it");
}

both_databases!(a_held_item_leads_to_a_request_with_what_was_sent);
fn a_held_item_leads_to_a_request_with_what_was_sent(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let fields = [
        ("url", "https://www.tiktok.com/@pier2nights/video/7"),
        ("level", "discreet"),
        ("device", "agency"),
    ];
    let made = lead.log(&case.id, &fields, None).is(303);
    let page = lead.get(&made.location).is(200);
    page.says("<h2>Item 1: held</h2>");
    page.says("Logged as held: kept and hashed, and not readable");
    page.does_not_say("notice--ok");
    let new = format!("/cases/{}/authorizations/new", case.id);
    page.says(&format!(
        "{new}?level=discreet&#38;platform=tiktok&#38;account=%40pier2nights\""
    ));
    // Later, and to others, nothing of it is told.
    let later = lead.get(made.leads_to()).is(200);
    later.says(&format!("href=\"{new}\""));
    later.does_not_say("Logged as held");
    Browser::signed_in(app, "exporter")
        .get(made.leads_to())
        .is(200)
        .does_not_say(&new);
    lead.get(&format!("/cases/{}/evidence?view=table", case.id))
        .is(200)
        .says("data-label=\"Basis\">Nothing (held)<");
}

both_databases!(a_returned_item_says_why_until_it_is_corrected);
fn a_returned_item_says_why_until_it_is_corrected(app: &App) {
    let case = app.case();
    app.leave(&case);
    app.advance(hours(1));
    let made = app.lead.log(&case, app.post()).is(201);
    let id = made["id"].as_str().unwrap();
    let (path, lead) = (format!("/captures/{id}"), Browser::signed_in(app, "lead"));
    let rests = format!(
        "<dt>Rests on</dt><dd><a href=\"/authorizations/{}\">Authorization A-1</a>",
        made["basis"]["id"].as_str().unwrap()
    );
    lead.get(&path).is(200).says(&rests);
    let returned = json!({"outcome": "returned", "note": "Which day is this?"});
    app.member.post(&format!("/api/v1{path}/reviews"), returned).is(201);
    let page = lead.get(&path).is(200);
    let (_, notice) = page.text.split_once("id=\"returned\"").unwrap();
    let notice = notice.split("</div></div>").next().unwrap();
    assert!(
        notice.contains("Which day is this?") && notice.contains("href=\"#correct\""),
        "{notice}"
    );
    page.says("Returned</span>");
    // What a correction may change is offered, and nothing else.
    for field in [
        "platform",
        "account.handle",
        "account.platform_id",
        "text",
        "url",
        "final_url",
        "platform_time_text",
        "posted_at",
        "posted_at_basis",
        "captured_at",
        "captured_at_basis",
        "method",
        "tool.name",
        "tool.version",
        "level",
        "device",
        "visibility",
        "access_means",
        "reason",
    ] {
        let (_, form) = page.text.split_once("/corrections\"").unwrap();
        assert!(
            form.split("</form>")
                .next()
                .unwrap()
                .contains(&format!(" name=\"{field}\"")),
            "{field}"
        );
    }
    app.advance(hours(1));
    let lead = Browser::signed_in(app, "lead");
    let fields = [
        ("form_zone", "America/New_York"),
        ("platform", " TikTok"),
        ("text", "as it stands"),
        ("posted_at", "2026-11-08 15:00"),
        ("reason", "Read again."),
    ];
    lead.post(&format!("{path}/corrections"), &fields).is(303);
    let page = lead.get(&path).is(200);
    page.says("Returned, and corrected since; to review again");
    page.does_not_say("Returned</span>");
    let now = app.lead.get(&format!("/api/v1{path}")).is(200);
    for (field, value) in [
        ("platform", "tiktok"),
        ("text", "as it stands"),
        ("posted_at", "2026-11-08T20:00:00.000000Z"),
    ] {
        assert_eq!(now[field], value, "{field}");
    }
    // A note that is refused is not taken for a correction.
    let long = "x".repeat(100_001);
    let page = lead.post(&format!("{path}/notes"), &[("text", &long)]).is(422);
    assert_eq!(page.text.matches(&long).count(), 1);
}

both_databases!(a_link_of_the_first_screen_goes_along);
fn a_link_of_the_first_screen_goes_along(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let home = lead.get("/").is(200);
    home.says("type=\"submit\">Go on</button>");
    home.says("formaction=\"/cases\">Another case</button>");
    let link = "url=https%3A%2F%2Fa.example%2Fp%3Fq%3D1";
    let cases = lead.get(&format!("/cases?{link}")).is(200);
    let address = format!("/cases/{}/evidence?{link}", case.id);
    cases.says(&format!("href=\"{address}\""));
    cases.says("Choose the case to log this link into");
    lead.get("/cases?url=")
        .is(200)
        .says(&format!("href=\"/cases/{}\"", case.id));
    let page = lead.get(&address).is(200);
    page.says("value=\"https://a.example/p?q=1\"");
    page.does_not_say("is no address of a page");
    let page = lead
        .get(&format!("/cases/{}/evidence?url=who+is+this", case.id))
        .is(200);
    page.says("The link is no address of a page: it begins with https:// or http://");
    lead.get(&format!("/cases/{}/evidence?view=table", case.id))
        .is(200)
        .says(&format!("href=\"/cases/{}/evidence#f-url\"", case.id));
}

both_databases!(a_page_takes_names_and_answers_as_people_give_them);
fn a_page_takes_names_and_answers_as_people_give_them(app: &App) {
    let new = json!({"title": "M", "kind": "missing_person", "time_zone": "America/New_York"});
    let (case, lead) = (app.case_of(new), Browser::signed_in(app, "lead"));
    let path = format!("/cases/{}", case.id);
    let page = lead.get(&format!("{path}/people?add=account")).is(200);
    page.says("<option value=\"TikTok\">");
    lead.post(
        &format!("{path}/accounts"),
        &[("platform", " TikTok "), ("handle", "@k")],
    )
    .is(303);
    let accounts = app.lead.get(&case.path("accounts")).is(200);
    assert_eq!(accounts["items"][0]["platform"], "tiktok");
    app.lead
        .post(&case.path("accounts"), json!({"platform": "TikTok", "handle": "@k"}))
        .refuses(422, "platform", "form");
    // A time as pages print it; and the box beside it, which counts where both come.
    let change = |times: &[&str]| {
        let version = lead.get(&path).is(200).hidden("version");
        let times = times.iter().map(|time| ("particulars.last_seen_at", *time));
        let fixed = [("version", version.as_str()), ("form_zone", "America/New_York")];
        let fields: Vec<(&str, &str)> = fixed.into_iter().chain(times).collect();
        lead.post(&path, &fields).is(303);
        app.lead.get(&case.path("")).is(200)["particulars"]["last_seen_at"].clone()
    };
    assert_eq!(change(&["2026-11-08 15:00:00 EST"]), "2026-11-08T20:00:00.000000Z");
    assert_eq!(change(&["unknown", "2026-11-08T15:00"]), "unknown");
    let page = lead.get(&path).is(200);
    page.says("<input type=\"checkbox\" value=\"unknown\" name=\"particulars.last_seen_at\" checked>");
    page.says("type=\"datetime-local\"");
}
