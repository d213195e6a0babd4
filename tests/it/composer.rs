//! What is told of a capture before it is logged: what the link says, what covers it, what is here already.

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, Case, Client, hours};

const LINK: &str = "https://www.instagram.com/p/C8xyz/?igsh=abc";

fn preview(who: &Client, case: &Case, fields: Value) -> Value {
    who.post(&case.path("captures/preview"), fields).is(200)
}

fn items(preview: &Value) -> Vec<i64> {
    let found = preview["duplicate_of"].as_array().unwrap();
    found.iter().map(|d| d["item"].as_i64().unwrap()).collect()
}

both_databases!(a_link_is_read_before_it_is_logged);
fn a_link_is_read_before_it_is_logged(app: &App) {
    let case = app.case();
    let authorization = app.leave(&case);
    app.advance(hours(1));
    let told = app.leaves_nothing(&case.stream, || {
        preview(
            &app.lead,
            &case,
            json!({"url": LINK, "level": "overt", "device": "agency"}),
        )
    });
    for (field, value) in [
        ("platform", json!("instagram")),
        ("kind", json!("post")),
        ("post_id", json!("C8xyz")),
        ("url", json!(LINK)),
        ("url_without_tracking", json!("https://www.instagram.com/p/C8xyz/")),
        ("tracking", json!(["igsh"])),
        ("state", json!("logged")),
        ("duplicate_of", json!([])),
    ] {
        assert_eq!(told[field], value, "{field}");
    }
    assert_eq!(told["authorization"]["id"], json!(authorization));
    assert_eq!(told["coverage"].as_array().unwrap().len(), 7);

    let elsewhere = json!({"url": "https://www.tiktok.com/@k/video/7", "level": "overt", "device": "agency"});
    let told = preview(&app.lead, &case, elsewhere);
    assert_eq!(
        (&told["state"], &told["authorization"]["number"]),
        (&json!("held"), &json!(1))
    );
    let missing = told["coverage"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|l| l["passed"] == false);
    assert_eq!(missing.map(|l| l["rule"].clone()).collect::<Vec<_>>(), ["platform"]);
}

both_databases!(what_a_preview_says_is_what_recording_says);
fn what_a_preview_says_is_what_recording_says(app: &App) {
    let case = app.case();
    app.leave(&case);
    app.advance(hours(1));
    for change in [
        json!({}),
        json!({"platform": "x"}),
        json!({"level": "covert"}),
        json!({"device": "personal"}),
    ] {
        let capture = app.post_with(change);
        let told = preview(&app.lead, &case, capture.clone());
        let made = app.lead.log(&case, capture).is(201);
        for field in ["state", "basis", "coverage", "flags", "kind", "platform"] {
            let made = match &made[field] {
                Value::Null => continue,
                made => made,
            };
            assert_eq!(&told[field], made, "{field}");
        }
    }
}

both_databases!(what_is_here_already_is_told_and_only_what_may_be_seen);
fn what_is_here_already_is_told_and_only_what_may_be_seen(app: &App) {
    let (case, other) = (app.case(), app.case());
    app.leave(&case);
    app.advance(hours(1));
    let shot = json!({"files": [{"part": "f", "role": "screenshot"}], "url": LINK});
    let made = app
        .lead
        .upload(&case, &app.post_with(shot.clone()), &[("f", b"one")])
        .is(201);
    assert_eq!(made["duplicate_of"], Value::Null, "nothing was here");
    let sha256 = made["files"][0]["sha256"].clone();
    // Held, because nothing covers it: its address is for the supervisor alone, its digest for everybody in the case.
    let held =
        json!({"files": [{"part": "f", "role": "screenshot"}], "url": "https://x.com/jo/status/1", "platform": "x"});
    let held = app.lead.upload(&case, &app.post_with(held), &[("f", b"two")]).is(201);
    assert_eq!(held["state"], "held");

    let same = json!({"url": "https://www.instagram.com/p/C8xyz?utm_source=mail"});
    let told = preview(&app.member, &case, same.clone());
    assert_eq!(items(&told), [1]);
    assert_eq!(
        (&told["duplicate_of"][0]["address"], &told["duplicate_of"][0]["sha256"]),
        (&json!(true), &json!([]))
    );
    let bytes = json!({"files": [{"sha256": sha256}, {"sha256": held["files"][0]["sha256"]}]});
    let told = preview(&app.member, &case, bytes.clone());
    assert_eq!(items(&told), [1, 2]);
    assert_eq!(told["duplicate_of"][0]["sha256"], json!([sha256]));
    let held_address = preview(&app.member, &case, json!({"url": "https://x.com/jo/status/1"}));
    assert_eq!(items(&held_address), [0; 0], "the address of what is held");
    for elsewhere in [same, bytes] {
        assert_eq!(items(&preview(&app.lead, &other, elsewhere)), [0; 0], "another case");
    }
    // The answer to the recording names it too.
    let again = app.lead.upload(&case, &app.post_with(shot), &[("f", b"one")]).is(201);
    assert_eq!(items(&again), [1]);
    assert_eq!(
        app.lead
            .get(&format!("/api/v1/captures/{}", again["id"].as_str().unwrap()))
            .is(200)["duplicate_of"],
        Value::Null
    );
}

both_databases!(only_who_may_log_asks_before);
fn only_who_may_log_asks_before(app: &App) {
    let case = app.case();
    let ask = |who: &Client| who.post(&case.path("captures/preview"), json!({"url": LINK}));
    ask(&app.stranger).problem(404, "not-found");
    ask(&app.exporter).problem(403, "forbidden");
    app.lead
        .post(
            &case.path("captures/preview"),
            json!({"files": [{"sha256": "no"}], "odd": 1}),
        )
        .refuses(422, "files[0].sha256", "form");
}

const TYPED: &[(&str, &str)] = &[
    ("url", LINK),
    ("level", "overt"),
    ("device", "agency"),
    ("method", "manual_screenshot"),
    ("tool.name", "Chromium"),
    ("tool.version", "156"),
    ("text", "words that were typed"),
];

both_databases!(the_second_button_checks_first_and_keeps_what_was_typed);
fn the_second_button_checks_first_and_keeps_what_was_typed(app: &App) {
    let case = app.case();
    let (path, lead) = (
        format!("/cases/{}/captures/preview", case.id),
        Browser::signed_in(app, "lead"),
    );
    let page = app.leaves_nothing(&case.stream, || lead.post(&path, TYPED).is(200));
    page.says("Post on Instagram");
    page.says("words that were typed");
    page.says("Not covered: no authorization of this case was ever approved.");
    page.says("authorizations/new?level=overt&#38;platform=instagram");
    page.says("<!doctype html>");
    app.leave(&case);
    lead.post(&path, TYPED).is(200).says("Covered by A-1 until");
    // A script asks for that part alone.
    let token = lead.form_token();
    let form = [("form_token", token.as_str()), ("url", LINK)];
    let part = crate::kit::browser::sent(lead.request("POST", &path).header("X-Partial", "1"), &form).is(200);
    part.does_not_say("<!doctype html>");
    part.says("Covered by A-1 until");
    // What is wrong comes back with what was typed.
    let wrong: Vec<(&str, &str)> = TYPED.iter().copied().chain([("captured_at", "soon")]).collect();
    let page = lead.post(&path, &wrong).is(422);
    page.says("must be a time with its zone");
    page.says("words that were typed");
    Browser::signed_in(app, "stranger").post(&path, TYPED).is(404);
}

both_databases!(a_request_takes_its_first_values_from_the_address);
fn a_request_takes_its_first_values_from_the_address(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let address = format!(
        "/cases/{}/authorizations/new?level=discreet&platform=tiktok&account=%40k.1",
        case.id
    );
    let page = lead.get(&address).is(200);
    page.says("value=\"tiktok\" checked");
    page.says("@k.1 on tiktok");
    page.says("value=\"discreet\" checked");
}

/// What a page sends of every capture, where nothing is chosen.
const AS_OPENED: &[(&str, &str)] = &[
    ("kind", ""),
    ("platform", ""),
    ("method", ""),
    ("tool.name", ""),
    ("tool.version", ""),
    ("level", "overt"),
    ("device", "agency"),
];

fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = AS_OPENED
        .iter()
        .filter(|(name, _)| !more.iter().any(|(n, _)| n == name));
    kept.chain(more).copied().collect()
}

/// Logs it on the page, and reads what was recorded.
fn logged(app: &App, case: &Case, more: &[(&str, &str)], file: Option<(&str, &[u8])>) -> Value {
    let made = Browser::signed_in(app, "lead").log(&case.id, &with(more), file).is(303);
    app.lead.get(&format!("/api/v1/captures/{}", made.capture())).is(200)
}

both_databases!(what_a_page_leaves_open_is_told_by_what_is_logged);
fn what_a_page_leaves_open_is_told_by_what_is_logged(app: &App) {
    let case = app.case();
    app.leave(&case);
    app.advance(hours(1));
    let lead = Browser::signed_in(app, "lead");
    let page = lead.get(&format!("/cases/{}/evidence", case.id)).is(200);
    page.says("How it was taken: by what is logged, overt, agency device</summary>");
    let instagram = [("platform", "Instagram")];
    let (link, lookup) = (
        [("url", LINK)],
        [("url", LINK), ("kind", "lookup"), ("text", "river k")],
    );
    for (more, file, kind, method) in [
        (&link[..], None, "post", "import"),
        (&lookup[..], None, "lookup", "import"),
        (&link[..], Some("shot.png"), "post", "manual_screenshot"),
        (&instagram[..], Some("pasted-1.png"), "photo", "manual_screenshot"),
        (&instagram[..], Some("IMG_1.HEIC"), "photo", "import"),
        (&instagram[..], Some("cam.mp4"), "video", "import"),
        (&instagram[..], Some("letter.pdf"), "document", "import"),
        (&instagram[..], Some("page.mhtml"), "page", "import"),
    ] {
        let bytes = format!("bytes of {file:?}");
        let made = logged(app, &case, more, file.map(|name| (name, bytes.as_bytes())));
        let told = (&made["kind"], &made["method"], &made["platform"]);
        assert_eq!(told, (&json!(kind), &json!(method), &json!("instagram")), "{file:?}");
        let browser = made["tool"]["name"] == "browser";
        assert_eq!(browser, method == "manual_screenshot", "{}", made["tool"]);
    }
    // What somebody handed over: the browser took nothing of it, and no platform need be named.
    let handed = [
        ("basis.kind", "third_party"),
        ("basis.reason", "Brought in."),
        ("kind", "document"),
    ];
    let made = logged(app, &case, &handed, Some(("letter.png", b"letter")));
    assert_eq!(
        (&made["method"], &made["files"][0]["role"]),
        (&json!("third_party"), &json!("original"))
    );
    assert_ne!(made["tool"]["name"], "browser");
    // What is chosen holds, and the API leaves nothing open.
    let made = logged(
        app,
        &case,
        &[
            ("url", LINK),
            ("method", "crawler"),
            ("tool.name", "Bot"),
            ("tool.version", "1"),
        ],
        None,
    );
    assert_eq!(
        (&made["method"], &made["tool"]["name"]),
        (&json!("crawler"), &json!("Bot"))
    );
    lead.log(&case.id, &with(&[("url", LINK), ("method", "crawler")]), None)
        .is(422)
        .says("must name what took it");
    app.lead
        .log(&case, app.post_with(json!({"method": null})))
        .refuses(422, "method", "required");
}

both_databases!(a_time_that_nobody_gave_is_that_of_the_receipt_and_said_to_be);
fn a_time_that_nobody_gave_is_that_of_the_receipt_and_said_to_be(app: &App) {
    let case = app.case();
    app.leave(&case);
    app.advance(hours(1));
    let lead = Browser::signed_in(app, "lead");
    let link = [("url", "https://www.instagram.com/p/C8xyz/")];
    let made = logged(app, &case, &link, None);
    assert_eq!(made["captured_at"], made["received_at"]);
    assert_eq!(made["captured_at_basis"], "stated");
    let says = |made: &Value, words: &str| {
        lead.get(&format!("/captures/{}", made["id"].as_str().unwrap()))
            .is(200)
            .says(words);
    };
    says(&made, "when it was received: no other time was given");
    let given = app.lead.log(&case, app.post()).is(201);
    says(&given, "as its capturer says");
    // Several files that a script logged each by itself are told of on the list.
    let list = lead
        .get(&format!("/cases/{}/evidence?logged=2&held=1", case.id))
        .is(200);
    list.says("2 items are logged, and recorded in the ledger. 1 item is held: kept and hashed");
}

both_databases!(a_file_alone_is_asked_where_it_is_from);
fn a_file_alone_is_asked_where_it_is_from(app: &App) {
    let case = app.case();
    app.leave(&case);
    app.advance(hours(1));
    let lead = Browser::signed_in(app, "lead");
    let file = Some(("cam.mp4", b"frames".as_slice()));
    let before = app.stored();
    let asked = app.leaves_nothing(&case.stream, || {
        lead.log(&case.id, &with(&[("text", "pier 2")]), file).is(422)
    });
    asked.says("<a href=\"#f-platform\">Where is this from?</a> must be chosen: a file alone does not say it");
    asked.says("Not from a platform (document, message)");
    asked.says("pier 2");
    assert_eq!(app.stored(), before);
    let made = logged(app, &case, &[("platform", "none")], file);
    assert_eq!((&made["platform"], &made["kind"]), (&Value::Null, &json!("video")));
    let made = logged(
        app,
        &case,
        &[("platform", "none"), ("kind", "photo")],
        Some(("c.jpg", b"c")),
    );
    assert_eq!(made["kind"], "photo");
    let post = with(&[("platform", "instagram"), ("kind", "post")]);
    lead.log(&case.id, &post, Some(("d.png", b"d")))
        .is(422)
        .says("unless the kind is message or document");
    let other = [("platform", "none"), ("platform_other", " Mastodon ")];
    let made = logged(app, &case, &other, Some(("b.mp4", b"b")));
    let seen = app
        .supervisor
        .get(&format!("/api/v1/captures/{}", made["id"].as_str().unwrap()));
    assert_eq!(seen.is(200)["platform"], "mastodon");
    let preview = lead.post(&format!("/cases/{}/captures/preview", case.id), &with(&other));
    preview.is(200).says("Document on Mastodon");
}

both_databases!(a_search_that_found_nothing_never_reads_like_a_find);
fn a_search_that_found_nothing_never_reads_like_a_find(app: &App) {
    let case = app.case();
    app.leave(&case);
    app.advance(hours(1));
    let lead = Browser::signed_in(app, "lead");
    let path = format!("/cases/{}", case.id);
    let typed = [
        ("kind", "lookup"),
        ("found_nothing", "yes"),
        ("url", "the big search engine"),
        ("text", "river k, harbor"),
    ];
    // A mistake is told in the same small form, with what was typed.
    let page = lead.log(&case.id, &with(&typed), None).is(422);
    let (other, small) = page.text.split_once("id=\"found-nothing\" open").unwrap();
    assert!(
        small.contains("value=\"river k, harbor\"")
            && small.contains("<a href=\"#n-platform\">Platform</a> must be chosen: the link does not say it")
    );
    assert!(!other.contains("river k, harbor") && !other.contains("id=\"errors\""));
    let empty = [("kind", "lookup"), ("found_nothing", "yes"), ("url", LINK)];
    lead.log(&case.id, &with(&empty), None)
        .is(422)
        .says("must say what you searched for");
    let typed = [&typed[..], &[("platform", "Instagram")]].concat();
    let made = lead.log(&case.id, &with(&typed), None).is(303);
    let title = "Searched for “river k, harbor”: nothing found";
    let item = lead.get(&made.location).is(200);
    item.says(&format!("<h2>Item 1: <bdi>{title}</bdi></h2>"));
    item.says("<h3 id=\"h-text\">Searched for</h3>");
    item.does_not_say("Text as found");
    for page in ["/evidence", "/evidence?view=table", "/evidence/review", "/timeline"] {
        lead.get(&format!("{path}{page}")).is(200).says(title);
    }
    let found = app
        .lead
        .get(&format!("/api/v1/find?case={}&q=item%201", case.id))
        .is(200);
    assert_eq!(found["items"][0]["about"], title);
    Browser::signed_in(app, "supervisor")
        .get("/approvals?sort=reviews")
        .is(200)
        .says(&format!("Item 1: {title}"));
}

both_databases!(an_emergency_is_told_as_one_before_it_is_logged);
fn an_emergency_is_told_as_one_before_it_is_logged(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let told = |kind: &str| {
        let form = [
            ("url", "https://www.tiktok.com/@a/video/1"),
            ("basis.kind", kind),
            ("basis.reason", "a child on a ledge"),
        ];
        lead.post(&format!("/cases/{}/captures/preview", case.id), &form)
            .is(200)
    };
    let emergency = told("emergency");
    emergency.says("A supervisor confirms or repudiates it.");
    emergency.does_not_say("No authorization is needed");
    told("consent").says("No authorization is needed: Consent.");
}
