//! Picking exhibits, the packet's page, and files that somebody has verified.

use std::fs;
use std::thread;
use std::time::Duration;

use reqwest::blocking::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::both_databases;
use crate::jobs::{built, leave_as};
use crate::kit::browser::{Browser, Page};
use crate::kit::{Answer, App, Case, Client};
use crate::packets::{ask, download, ended, filled, ready, unpack, verifies};

fn id(made: &Value) -> &str {
    made["id"].as_str().unwrap()
}

fn papers(app: &App, packet: &Value) -> Option<(Value, String)> {
    let (_keep, file) = download(&app.exporter, packet);
    verifies(app, &file);
    let bag = unpack(&file)?;
    let paper = serde_json::from_slice(&fs::read(bag.join("data/packet.json")).unwrap()).unwrap();
    Some((paper, fs::read_to_string(bag.join("data/index.html")).unwrap()))
}

fn captures_of(paper: &Value) -> Vec<&str> {
    let exhibits = paper["exhibits"].as_array().unwrap();
    exhibits.iter().map(|e| e["capture"].as_str().unwrap()).collect()
}

both_databases!(what_is_picked_shows_that_it_was_returned_or_not_covered);
fn what_is_picked_shows_that_it_was_returned_or_not_covered(app: &App) {
    let (case, made) = filled(app);
    let browser = Browser::signed_in(app, "exporter");
    let path = format!("/cases/{}/packets/new", case.id);
    let page = browser.get(&path).is(200);
    page.does_not_say("Returned</span>");
    page.does_not_say("Not covered</span>");
    let returned = json!({"outcome": "returned", "note": "Which day is this?"});
    app.member
        .post(&format!("/api/v1/captures/{}/reviews", id(&made[0])), returned)
        .is(201);
    let held = app
        .lead
        .log(&case, app.post_with(json!({"platform": "tiktok"})))
        .is(201);
    app.supervisor
        .post(
            &format!("/api/v1/captures/{}/decision", id(&held)),
            json!({"outcome": "accept", "reason": "of use"}),
        )
        .is(200);
    let page = browser.get(&path).is(200);
    page.says("Returned</span>");
    page.says("Not covered</span>");
}

both_databases!(the_order_asked_for_is_that_of_the_exhibits);
fn the_order_asked_for_is_that_of_the_exhibits(app: &App) {
    let (case, made) = filled(app);
    // Named twice is named once, where it was named first.
    let wanted = json!([made[1]["id"], made[0]["id"], made[1]["id"]]);
    let asked = ask(
        &app.exporter,
        &case,
        json!({"purpose": "court_exhibits", "captures": wanted}),
    );
    assert_eq!(
        app.last_record(&case.stream)["captures"],
        json!([made[1]["id"], made[0]["id"]])
    );
    let Some((paper, page)) = papers(app, &ready(&app.exporter, &asked)) else {
        return;
    };
    assert_eq!(captures_of(&paper), [id(&made[1]), id(&made[0])]);
    let (first, second) = (page.find("text 1").unwrap(), page.find("text 0").unwrap());
    assert!(first < second, "exhibit 001 comes first on the page");
    // Without names it is the order of the items.
    let all = ready(
        &app.exporter,
        &ask(&app.exporter, &case, json!({"purpose": "internal"})),
    );
    let (paper, _) = papers(app, &all).unwrap();
    assert_eq!(captures_of(&paper), [id(&made[0]), id(&made[1])]);
}

both_databases!(the_timeline_has_a_time_as_it_was_corrected);
fn the_timeline_has_a_time_as_it_was_corrected(app: &App) {
    let (case, made) = filled(app);
    let correction = json!({"posted_at": "2026-11-20T03:33:44Z", "posted_at_basis": "shown", "reason": "misread"});
    let path = format!("/api/v1/captures/{}/corrections", id(&made[0]));
    app.lead.post(&path, correction).is(201);
    let packet = ready(
        &app.exporter,
        &ask(&app.exporter, &case, json!({"purpose": "internal"})),
    );
    let Some((_, page)) = papers(app, &packet) else { return };
    let timeline = page.split("id=\"timeline\"").nth(1).unwrap();
    let timeline = timeline.split("</section>").next().unwrap();
    assert!(timeline.contains("2026-11-20 03:33:44 UTC"), "{timeline}");
    assert_eq!(timeline.matches("corrected since it was recorded").count(), 1);
}

/// What a form of the page gives, and the values of its hidden fields.
fn choose(browser: &Browser<'_>, case: &Case, fields: &[(&str, &str)]) -> Page {
    browser.post(&format!("/cases/{}/packets/new", case.id), fields)
}

/// The value of the field with the items in order.
fn items(page: &Page) -> String {
    let field = page.text.split("name=\"items\" value=\"").nth(1).unwrap();
    field.split('"').next().unwrap().to_owned()
}

both_databases!(exhibits_are_picked_and_ordered_without_a_script);
fn exhibits_are_picked_and_ordered_without_a_script(app: &App) {
    let (case, _) = filled(app);
    let browser = Browser::signed_in(app, "exporter");
    let path = format!("/cases/{}/packets/new", case.id);
    let page = browser.get(&path).is(200);
    page.says("No exhibit is chosen");
    page.says("Choose all 2");
    page.says("It stays out; the inventory lists it with its hash.");
    page.does_not_say("secret of the");
    // What is held or quarantined has no box.
    assert_eq!(page.text.matches("name=\"pick[]\"").count(), 2);
    assert_eq!(page.hidden("shown"), "1 2");
    app.leaves_nothing(&case.stream, || {
        let page = choose(&browser, &case, &[("shown", "1 2"), ("pick[]", "2")]).is(200);
        assert_eq!(items(&page), "2");
        page.says("Item 2 is not reviewed");
        let page = choose(
            &browser,
            &case,
            &[
                ("items", "2"),
                ("was", "2"),
                ("shown", "1 2"),
                ("pick[]", "1"),
                ("pick[]", "2"),
            ],
        );
        assert_eq!(items(&page), "2 1");
        let page = choose(
            &browser,
            &case,
            &[
                ("items", "2 1"),
                ("do", "up 1"),
                ("recipient", "Court 3"),
                ("purpose", "discovery"),
            ],
        );
        assert_eq!(items(&page), "1 2");
        page.says("value=\"Court 3\"");
        page.says("<option value=\"discovery\" selected>");
        page.does_not_say("Nobody is named as recipient");
        page.says("Nothing stops it");
        let page = choose(&browser, &case, &[("items", "1 2"), ("do", "none")]);
        assert_eq!(items(&page), "");
        let page = choose(&browser, &case, &[("do", "all"), ("kind", "post")]);
        assert_eq!(items(&page), "1 2");
        let page = choose(&browser, &case, &[("do", "all"), ("kind", "video")]);
        assert_eq!(items(&page), "");
        page.says("Nothing in this case fits the filter.");
        // A platform that only held captures have is not told.
        page.does_not_say("value=\"tiktok\"");
        choose(&browser, &case, &[("platform", "tiktok")]).says("Nothing in this case fits the filter.");
        // What is no item is told, and what was picked stands beside it.
        let page = choose(
            &browser,
            &case,
            &[("items", "1 seven"), ("was", "1"), ("shown", "1 2"), ("pick[]", "1")],
        )
        .is(422);
        page.says("holds \u{201c}seven\u{201d}, which is no item number");
        assert_eq!(items(&page), "1 seven");
        page.says("Build it, 1 exhibit");
        choose(&browser, &case, &[("items", "1 77")])
            .is(422)
            .says("names item 77, which is none of this case");
    });
}

both_databases!(a_page_asks_for_a_packet_in_the_order_picked);
fn a_page_asks_for_a_packet_in_the_order_picked(app: &App) {
    let (case, made) = filled(app);
    let browser = Browser::signed_in(app, "exporter");
    let path = format!("/cases/{}/packets", case.id);
    app.leaves_nothing(&case.stream, || {
        let refused = |fields: &[(&str, &str)], says: &str| {
            let fields = [&[("purpose", "discovery"), ("recipient", "Court 3")], fields].concat();
            let page = browser.post(&path, &fields).is(422);
            page.says(says);
            page.says("value=\"Court 3\"");
        };
        refused(&[], "names no item: tick at least one");
        refused(&[("items", "2 3")], "names item 3, which is held");
        refused(
            &[
                ("items", "1"),
                ("was", "1"),
                ("shown", "1 4"),
                ("pick[]", "1"),
                ("pick[]", "4"),
            ],
            "names item 4, which is quarantined",
        );
        refused(&[("items", "9")], "names item 9, which is none of this case");
        refused(&[("items", "x")], "which is no item number");
        refused(&[("items", "1"), ("extra", "1")], "is not a field of this request");
        refused(&[("items", &"1-20000 ".repeat(9_000))], "names more than 20000 items");
        // The right is asked for before anything is made of the items.
        let lead = Browser::signed_in(app, "lead");
        lead.post(&path, &[("purpose", "discovery"), ("items", "x")]).is(403);
        lead.post(&path, &[("items", "x")])
            .is(422)
            .says("which is no item number");
    });
    let sent = [
        ("purpose", "discovery"),
        ("recipient", "Court 3"),
        ("items", "2"),
        ("was", "2"),
        ("shown", "1 2 3"),
        ("pick[]", "2"),
        ("pick[]", "1"),
        ("after", "0"),
        ("kind", "post"),
    ];
    let page = browser.post(&path, &sent).is(303);
    let packet = page.leads_to().trim_start_matches("/packets/").to_owned();
    let shown = ready(&app.exporter, &json!({"id": packet}));
    assert_eq!(
        (&shown["recipient"], &shown["selected"]),
        (&json!("Court 3"), &json!(2))
    );
    let page = browser.get(page.leads_to()).is(200);
    for says in [
        "The packet is ready",
        "Never anchored",
        "2 exhibits",
        "Not downloaded yet",
        "casetrail-verify",
        "No disclosure recorded",
        "Build another",
    ] {
        page.says(says);
    }
    // What stands in the inventory, by status.
    page.says("<dt>1</dt><dd>held</dd>");
    page.says("<dt>2</dt><dd>included</dd>");
    let vkey = app.lead.get("/api/v1/ledger/key").is(200)["vkey"]
        .as_str()
        .unwrap()
        .to_owned();
    page.says(&vkey);
    // The packet's exhibits are picked again for another.
    assert_eq!(page.hidden("items"), "2 1");
    if let Some((paper, _)) = papers(app, &shown) {
        assert_eq!(captures_of(&paper), [id(&made[1]), id(&made[0])]);
    }
    browser.get(&format!("/packets/{packet}")).says("Downloaded 1 time");
}

both_databases!(what_is_due_stops_the_packet_on_the_page);
fn what_is_due_stops_the_packet_on_the_page(app: &App) {
    let made = app
        .lead
        .post("/api/v1/cases", json!({"title": "A case", "kind": "online_crime"}))
        .is(201);
    let case = Case::named(id(&made));
    app.grant(&case, &app.exporter, &["export"]);
    let browser = Browser::signed_in(app, "exporter");
    let page = browser.get(&format!("/cases/{}/packets/new", case.id)).is(200);
    page.says("is due before a packet");
    page.says("Something stops it");
    page.says("Nothing is logged in this case yet.");
}

both_databases!(who_may_not_export_is_not_offered_it);
fn who_may_not_export_is_not_offered_it(app: &App) {
    let (case, _) = filled(app);
    let new = format!("/cases/{}/packets/new", case.id);
    for (username, status) in [
        ("member", 403),
        ("supervisor", 403),
        ("stranger", 404),
        ("prosecutor", 404),
        ("auditor", 404),
        ("administrator", 404),
    ] {
        let browser = Browser::signed_in(app, username);
        app.leaves_nothing(&case.stream, || {
            assert_eq!(browser.get(&new).status, status, "{username}");
            assert_eq!(browser.post(&new, &[("do", "all")]).status, status, "{username}");
        });
    }
}

both_databases!(many_captures_are_picked_page_by_page);
fn many_captures_are_picked_page_by_page(app: &App) {
    let case = app.case();
    app.leave(&case);
    for n in 0..130 {
        app.lead
            .log(&case, app.post_with(json!({"text": format!("number {n}")})))
            .is(201);
    }
    let browser = Browser::signed_in(app, "exporter");
    let page = browser.get(&format!("/cases/{}/packets/new", case.id)).is(200);
    assert_eq!(page.text.matches("name=\"pick[]\"").count(), 60);
    page.says("value=\"after 60\"");
    // What is picked on one page stays when another is shown.
    let page = choose(
        &browser,
        &case,
        &[("shown", "1-60"), ("pick[]", "7"), ("do", "after 60")],
    );
    assert_eq!((items(&page).as_str(), page.hidden("after").as_str()), ("7", "60"));
    page.says("number 60");
    let page = choose(&browser, &case, &[("items", "7"), ("after", "60"), ("do", "all")]);
    assert_eq!(items(&page), "7 1-6 8-130");
    page.says("1 to 100 of 130");
    let page = choose(&browser, &case, &[("items", "7 1-6 8-130"), ("do", "before 100")]);
    page.says("101 to 130 of 130");
    page.says("Take exhibit 130 out");
    let asked = [("purpose", "internal"), ("items", "7 1-6 8-130")];
    let made = browser.post(&format!("/cases/{}/packets", case.id), &asked).is(303);
    let packet = ready(
        &app.exporter,
        &json!({"id": made.leads_to().trim_start_matches("/packets/")}),
    );
    assert_eq!(packet["selected"], 130);
}

both_databases!(a_build_is_called_off);
fn a_build_is_called_off(app: &App) {
    let (case, packet) = built(app);
    let path = format!("/api/v1/packets/{}/cancellation", id(&packet));
    let call = |client: &Client| client.send(client.request("POST", &path));
    app.leaves_nothing(&case.stream, || {
        call(&app.exporter).problem(409, "conflict");
        call(&app.lead).problem(403, "forbidden");
        call(&app.stranger).problem(404, "not-found");
    });
    app.goes_behind();
    leave_as(
        app,
        &packet,
        "state = 'running', lease = 'alive', leased_until = 9000000000000000",
    );
    let browser = Browser::signed_in(app, "exporter");
    let page = browser.get(&format!("/packets/{}", id(&packet))).is(200);
    page.says("The packet is being built");
    page.says("Cancel the build");
    app.leaves(&case.stream, "packet.cancelled", &app.exporter, || {
        let done = browser
            .post(&format!("/packets/{}/cancellation", id(&packet)), &[])
            .is(303);
        assert_eq!(done.location, format!("/packets/{}?done=packet-cancelled", id(&packet)));
    });
    app.leaves_nothing(&case.stream, || call(&app.exporter).problem(409, "conflict"));
    // Whoever takes it up ends it.
    leave_as(app, &packet, "lease = 'dead', leased_until = 1");
    assert_eq!(ended(&app.exporter, &packet)["state"], "failed");
    let page = browser.get(&format!("/packets/{}", id(&packet))).is(200);
    page.says("The packet was not built");
    page.says("it was cancelled");
    page.says("Choose again");
}

/// Sends a file to be verified, with a key where one is given.
fn verified(client: &Client, bytes: &[u8], key: Option<&str>) -> Answer {
    let form = key.map_or_else(Form::new, |key| Form::new().text("key", key.to_owned()));
    let form = form.part(
        "file",
        Part::bytes(bytes.to_vec()).file_name("a name that nobody keeps.zip"),
    );
    client.send(client.request("POST", "/api/v1/verifications").multipart(form))
}

fn packet_bytes(app: &App, case: &Case) -> Vec<u8> {
    let packet = ready(&app.exporter, &ask(&app.exporter, case, json!({"purpose": "internal"})));
    let (_keep, file) = download(&app.exporter, &packet);
    fs::read(file).unwrap()
}

/// A key of another log of the same name.
fn other_key(vkey: &str) -> String {
    let name = vkey.split('+').next().unwrap();
    let seed = casetrail::proof::checkpoint::Signer::from_seed(name, &[7; 32]).unwrap();
    seed.vkey().to_string()
}

both_databases!(a_packet_is_verified_under_this_logs_key_or_the_one_given);
fn a_packet_is_verified_under_this_logs_key_or_the_one_given(app: &App) {
    let (case, _) = filled(app);
    let bytes = packet_bytes(app, &case);
    let vkey = app.lead.get("/api/v1/ledger/key").is(200)["vkey"]
        .as_str()
        .unwrap()
        .to_owned();
    // Everybody who is signed in may, whatever their part in the case.
    for client in [&app.exporter, &app.stranger, &app.auditor, &app.administrator] {
        let told = verified(client, &bytes, None).is(200);
        assert_eq!(
            (&told["report"]["outcome"], &told["key"]["source"]),
            (&json!("passed"), &json!("agency"))
        );
        assert_eq!(told["key"]["vkey"], json!(vkey));
    }
    let told = verified(&app.stranger, &bytes, Some(&format!(" {vkey}\n"))).is(200);
    assert_eq!(
        (&told["report"]["exit_code"], &told["key"]["source"]),
        (&json!(0), &json!("given"))
    );
    let told = verified(&app.stranger, &bytes, Some(&other_key(&vkey))).is(200);
    assert_eq!(told["report"]["outcome"], "failed");
    verified(&app.stranger, &bytes, Some("nonsense")).refuses(422, "key", "form");
    verified(&app.nobody, &bytes, None).problem(401, "not-signed-in");
}

both_databases!(a_file_is_found_only_where_its_case_may_be_read);
fn a_file_is_found_only_where_its_case_may_be_read(app: &App) {
    let (case, made) = filled(app);
    let bytes = b"\x89PNG\r\n\x1a\n a screenshot";
    for client in [&app.lead, &app.member, &app.supervisor, &app.exporter] {
        let told = verified(client, bytes, None).is(200);
        assert_eq!(
            (&told["report"], &told["key"], &told["more"]),
            (&Value::Null, &Value::Null, &json!(false))
        );
        let found: Vec<&Value> = told["captures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| &c["capture_id"])
            .collect();
        assert_eq!(found, [&made[0]["id"], &made[1]["id"]]);
        assert_eq!(told["captures"][0]["case_id"], json!(case.id));
    }
    for client in [
        &app.stranger,
        &app.far,
        &app.prosecutor,
        &app.auditor,
        &app.administrator,
    ] {
        let told = verified(client, bytes, None).is(200);
        assert_eq!(told["captures"], json!([]));
    }
    // With the grant the answer goes.
    app.advance(crate::kit::days(401));
    assert_eq!(verified(&app.exporter, bytes, None).is(200)["captures"], json!([]));
}

both_databases!(a_verification_leaves_its_digest_and_outcome_and_nothing_else);
fn a_verification_leaves_its_digest_and_outcome_and_nothing_else(app: &App) {
    let (files, packets) = app.stored();
    let bytes = b"words that are nowhere else".repeat(100_000);
    let sha256 = casetrail::proof::Digest::of(&bytes).to_string();
    app.leaves("agency", "file.verified", &app.stranger, || {
        verified(&app.stranger, &bytes, None).is(200)
    });
    let event = app
        .events("agency")
        .into_iter()
        .find(|e| e["action"] == "file.verified")
        .unwrap();
    assert_eq!(
        (&event["object"]["type"], &event["object"]["id"]),
        (&json!("file"), &json!(sha256))
    );
    let record = app.last_record("agency");
    assert_eq!(
        (&record["size"], &record["outcome"]),
        (&json!(bytes.len()), &json!("no_packet"))
    );
    assert!(!record.to_string().contains("a name that nobody keeps"), "{record}");
    assert_eq!(app.stored(), (files, packets));
    let left: Vec<_> = fs::read_dir(app.folder().join("files/incoming"))
        .into_iter()
        .flatten()
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

both_databases!(a_bent_packet_gets_a_verdict);
fn a_bent_packet_gets_a_verdict(app: &App) {
    let (case, _) = filled(app);
    let whole = packet_bytes(app, &case);
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        bytes
    };
    let middle = whole.len() / 2;
    let bent = [
        ("a bit turned", with(&|b| b[middle] ^= 1)),
        ("cut off", with(&|b| b.truncate(middle))),
        ("cut to its first header", with(&|b| b.truncate(30))),
        ("something behind it", with(&|b| b.extend(b"more"))),
        (
            "a comment",
            with(&|b| {
                let n = b.len();
                b[n - 2] = 4;
                b.extend(b"more")
            }),
        ),
        (
            "its directory gone",
            with(&|b| {
                let n = b.len();
                b[n - 200..n - 30].fill(0)
            }),
        ),
        ("a size of 2^32", with(&|b| b[18..26].fill(0xff))),
        ("a name of 65,535 bytes", with(&|b| b[26..28].fill(0xff))),
        ("nothing but a header", b"PK\x03\x04".repeat(10)),
        ("twice", [whole.clone(), whole.clone()].concat()),
        (
            "a header and noise",
            [
                b"PK\x03\x04".to_vec(),
                (0..100_000_u32).map(|n| (n.wrapping_mul(n) >> 7) as u8).collect(),
            ]
            .concat(),
        ),
    ];
    let browser = Browser::signed_in(app, "stranger");
    for (how, bytes) in &bent {
        let told = verified(&app.stranger, bytes, None).is(200);
        let outcome = told["report"]["outcome"].as_str().unwrap();
        assert!(["failed", "unreadable"].contains(&outcome), "{how}: {outcome}");
        let page = given(&browser, bytes).is(200);
        assert!(
            page.text.contains("Failed: this is not a packet")
                || page.text.contains("This is no packet that can be read"),
            "{how}: {}",
            page.text
        );
    }
    // What is no ZIP is a file like any other.
    for bytes in [
        &b""[..],
        b"PK",
        b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"<script>alert(1)</script>",
    ] {
        assert_eq!(verified(&app.stranger, bytes, None).is(200)["report"], Value::Null);
        given(&browser, bytes).is(200).says("This is no packet, but a file");
    }
}

/// Sends a file by the page's form.
fn given(browser: &Browser<'_>, bytes: &[u8]) -> Page {
    let form = Form::new()
        .text("form_token", browser.form_token())
        .text("idempotency_key", "k")
        .text("key", "")
        .part("file", Part::bytes(bytes.to_vec()).file_name("<b>\u{202e}name.zip"));
    Page::of(browser.request("POST", "/verify").multipart(form).send().unwrap())
}

/// The end of a ZIP that claims so many entries, after a directory of one.
fn claiming(entries: u64) -> Vec<u8> {
    let mut bytes = b"PK\x03\x04, and a directory of no entries".to_vec();
    let size = bytes.len() as u64;
    bytes.extend(0x0606_4b50u32.to_le_bytes());
    bytes.extend(44u64.to_le_bytes());
    bytes.extend([0x2d, 3, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    [entries, entries, size, 0]
        .iter()
        .for_each(|n| bytes.extend(n.to_le_bytes()));
    bytes.extend(0x0706_4b50u32.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(size.to_le_bytes());
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff");
    bytes.extend((size as u32).to_le_bytes());
    bytes.extend([0; 6]);
    bytes
}

both_databases!(a_file_of_very_many_entries_is_not_verified_here);
fn a_file_of_very_many_entries_is_not_verified_here(app: &App) {
    verified(&app.stranger, &claiming(200_001), None).refuses(422, "file", "too_many");
    given(&Browser::signed_in(app, "stranger"), &claiming(1 << 40))
        .is(422)
        .says("verify it on your own machine");
    let told = verified(&app.stranger, &claiming(200_000), None).is(200);
    assert_eq!(told["report"]["outcome"], "failed");
}

both_databases!(two_files_are_verified_at_the_same_moment);
fn two_files_are_verified_at_the_same_moment(app: &App) {
    let places = &app.state.verifications;
    let taken = (places.enter().unwrap(), places.enter().unwrap());
    assert!(places.enter().is_none());
    thread::scope(|scope| {
        let third = scope.spawn(|| verified(&app.stranger, b"a file", None).is(200));
        thread::sleep(Duration::from_millis(300));
        assert!(!third.is_finished());
        drop(taken);
        third.join().unwrap();
    });
}

both_databases!(the_page_says_the_verdict_in_words);
fn the_page_says_the_verdict_in_words(app: &App) {
    let (case, _) = filled(app);
    let bytes = packet_bytes(app, &case);
    let browser = Browser::signed_in(app, "exporter");
    let page = given(&browser, &bytes).is(200);
    for says in [
        "Passed. Intact, and signed by the agency. Never anchored.",
        "The checkpoint is signed by the key that you trust.",
        "is signed by the log you trust",
        "agency\u{2019}s own key, from its ledger",
        "made from them again, they are the same byte for byte",
        "No capture that you may see",
        "no outside witness has cosigned",
    ] {
        page.says(says);
    }
    page.does_not_say("<b>\u{202e}");
    page.says("&#60;b&#62;\u{27e8}U+202E\u{27e9}name.zip");
    let page = given(&browser, b"\x89PNG\r\n\x1a\n a screenshot").is(200);
    page.says("The same bytes are on record here");
    page.says(&format!("/cases/{}", case.id));
    let page = given(&Browser::signed_in(app, "stranger"), b"\x89PNG\r\n\x1a\n a screenshot");
    page.does_not_say(&format!("/cases/{}", case.id));
    page.does_not_say("The same bytes are on record here");
    // Another site's page cannot send one.
    let form = Form::new().part("file", Part::bytes(b"x".to_vec()).file_name("x"));
    Page::of(browser.request("POST", "/verify").multipart(form).send().unwrap()).is(403);
    // A form without a file says so.
    let form = Form::new().text("form_token", browser.form_token()).text("key", "abc");
    let page = Page::of(browser.request("POST", "/verify").multipart(form).send().unwrap()).is(422);
    page.says("is no key of a log");
    page.says("value=\"abc\"");
    let form = Form::new().text("form_token", browser.form_token());
    Page::of(browser.request("POST", "/verify").multipart(form).send().unwrap())
        .is(422)
        .says("choose a packet or another file");
}

both_databases!(a_file_to_verify_has_a_limit with ("max_file", "1000"));
fn a_file_to_verify_has_a_limit(app: &App) {
    verified(&app.stranger, &[b'x'; 1000], None).is(200);
    verified(&app.stranger, &[b'x'; 1001], None).problem(413, "too-large");
    let browser = Browser::signed_in(app, "stranger");
    given(&browser, &[b'x'; 1001]).is(413).says("at most 1000 bytes");
}
