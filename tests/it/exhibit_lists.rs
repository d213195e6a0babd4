//! Exhibit lists: saved in versions, numbered by a court's scheme, and asked for as packets whose papers say the same.

use std::fs;

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, Case, with};
use crate::packets::{ask, download, ended, filled, ready, unpack, verifies};

/// A list of these captures, for the court.
fn list_of(captures: &[&Value]) -> Value {
    let rows: Vec<Value> = captures
        .iter()
        .map(|one| json!({"capture": one["id"], "title": "Post"}))
        .collect();
    json!({
        "purpose": "court_exhibits", "name": "For the hearing",
        "scheme": {"prefix": "P-", "first": 1, "last": 50, "side": "prosecution", "parts": true},
        "exhibits": rows,
    })
}

fn save(app: &App, case: &Case, list: Value) -> Value {
    app.exporter.post(&case.path("exhibit-lists"), list).is(201)
}

fn path(case: &Case, list: &Value) -> String {
    case.path(&format!("exhibit-lists/{}", list["id"].as_str().unwrap()))
}

fn numbers(list: &Value) -> Vec<String> {
    let rows = list["exhibits"].as_array().unwrap().iter();
    rows.map(|row| {
        let part = row["part"].as_str().map(|part| format!("-{part}"));
        format!("{}{}", row["number"].as_str().unwrap(), part.unwrap_or_default())
    })
    .collect()
}

fn wanted(list: &Value) -> Value {
    json!({"purpose": list["purpose"], "exhibit_list": {"id": list["id"], "version": list["version"]}})
}

both_databases!(a_list_is_saved_in_versions_that_stay_readable);
fn a_list_is_saved_in_versions_that_stay_readable(app: &App) {
    let (case, made) = filled(app);
    let first = app.leaves(&case.stream, "exhibit_list.saved", &app.exporter, || {
        save(app, &case, list_of(&[&made[0]]))
    });
    assert_eq!(
        (first["version"].clone(), numbers(&first)),
        (json!(1), vec!["P-1".into()])
    );
    let change = json!({"exhibits": [{"capture": made[1]["id"], "number": "P-7", "part": "A"}, {"capture": made[0]["id"]}],
        "schedule": [{"capture": made[2]["id"], "description": "A post that is held"}],
        "excluded": [{"capture": made[3]["id"], "why": "not ours"}], "reason": "the court's order"});
    let second = app.exporter.patch(&path(&case, &first), 1, change.clone()).is(200);
    assert_eq!(numbers(&second), ["P-7-A", "P-1"]);
    app.exporter
        .patch(&path(&case, &first), 1, change)
        .problem(412, "stale-version");
    assert_eq!(app.exporter.get(&path(&case, &first)).is(200), second);
    assert_eq!(
        app.exporter.get(&format!("{}?version=1", path(&case, &first))).is(200),
        first
    );
    app.exporter
        .get(&format!("{}?version=9", path(&case, &first)))
        .problem(404, "not-found");
    app.exporter
        .get(&format!("{}?version=x", path(&case, &first)))
        .refuses(422, "version", "whole_number");
    let listed = app.exporter.get(&case.path("exhibit-lists?limit=1")).is(200);
    let shown = &listed["items"][0];
    assert_eq!(
        (&shown["exhibits"], &shown["scheduled"], &shown["excluded"]),
        (&json!(2), &json!(1), &json!(1))
    );
}

both_databases!(what_a_list_may_not_hold_is_refused_by_field_and_rule);
fn what_a_list_may_not_hold_is_refused_by_field_and_rule(app: &App) {
    let (case, made) = filled(app);
    let (a, b) = (&made[0]["id"], &made[1]["id"]);
    let lists = case.path("exhibit-lists");
    let refuse = |change: Value, field: &str, rule: &str| {
        let list = with(list_of(&[]), change);
        app.exporter.post(&lists, list).refuses(422, field, rule)
    };
    app.leaves_nothing(&case.stream, || {
        refuse(
            json!({"exhibits": [{"capture": a}, {"capture": a}]}),
            "exhibits[1].capture",
            "unique",
        );
        refuse(
            json!({"exhibits": [{"capture": case.id}]}),
            "exhibits[0].capture",
            "unknown",
        );
        refuse(
            json!({"exhibits": [{"capture": a, "number": "D-1"}]}),
            "exhibits[0].number",
            "scheme",
        );
        refuse(
            json!({"exhibits": [{"capture": a, "number": "P-51"}]}),
            "exhibits[0].number",
            "scheme",
        );
        refuse(
            json!({"exhibits": [{"capture": a, "part": "a"}]}),
            "exhibits[0].part",
            "form",
        );
        let rows = json!({"exhibits": [{"capture": a, "number": "P-3"}, {"capture": b, "number": "3"}]});
        let told = refuse(rows, "exhibits[1].number", "unique");
        assert!(told.to_string().contains("the next free number is P-1"), "{told}");
        refuse(
            json!({"exhibits": [{"capture": a}], "excluded": [{"capture": a, "why": "x"}]}),
            "excluded[0].capture",
            "unique",
        );
        refuse(
            json!({"exhibits": [{"capture": a, "title": "x".repeat(256)}]}),
            "exhibits[0].title",
            "too_long",
        );
        refuse(json!({"scheme": {"prefix": "P1-"}}), "scheme.prefix", "form");
        refuse(json!({"scheme": {"first": 0}}), "scheme.first", "range");
        refuse(json!({"scheme": {"first": 5, "last": 4}}), "scheme.last", "range");
        let parts = json!({"scheme": {"prefix": "P-"}, "exhibits": [{"capture": a, "part": "A"}]});
        refuse(parts, "exhibits[0].part", "parts");
        let full = json!({"scheme": {"first": 1, "last": 1}, "exhibits": [{"capture": a}, {"capture": b}]});
        refuse(full, "exhibits[1].number", "range");
        let long: Vec<Value> = (0..60)
            .map(|n| json!({"capture": made[n % 2]["id"], "description": "x".repeat(20_000)}))
            .collect();
        app.exporter
            .post(&lists, with(list_of(&[]), json!({"schedule": long})))
            .is(422);
    });
    // Two sides never share a range.
    save(app, &case, list_of(&[&made[0]]));
    let defense = |first: u64, prefix: &str| json!({"purpose": "court_exhibits", "name": "Theirs", "scheme": {"prefix": prefix, "first": first, "side": "defense"}});
    app.exporter
        .post(&lists, defense(50, "P-"))
        .refuses(422, "scheme", "sides");
    app.exporter.post(&lists, defense(51, "P-")).is(201);
    app.exporter.post(&lists, defense(1, "D-")).is(201);
}

both_databases!(only_whoever_may_ask_for_such_a_packet_keeps_its_lists);
fn only_whoever_may_ask_for_such_a_packet_keeps_its_lists(app: &App) {
    let (case, made) = filled(app);
    let (lists, list) = (case.path("exhibit-lists"), save(app, &case, list_of(&[&made[0]])));
    let one = path(&case, &list);
    for client in [
        &app.stranger,
        &app.far,
        &app.prosecutor,
        &app.auditor,
        &app.administrator,
    ] {
        client.get(&lists).problem(404, "not-found");
        client.post(&lists, list_of(&[])).problem(404, "not-found");
        client.get(&one).problem(404, "not-found");
        client.get(&format!("{one}/missing")).problem(404, "not-found");
        client.patch(&one, 1, json!({"name": "x"})).problem(404, "not-found");
    }
    for client in [&app.member, &app.supervisor] {
        client.get(&lists).problem(403, "forbidden");
        client.post(&lists, list_of(&[])).problem(403, "forbidden");
        client.get(&one).problem(403, "forbidden");
        client.get(&format!("{one}/missing")).problem(403, "forbidden");
        client.patch(&one, 1, json!({"name": "x"})).problem(403, "forbidden");
    }
    // The lead keeps lists for referrals, and sees no other.
    assert_eq!(app.lead.get(&lists).is(200)["items"], json!([]));
    app.lead.post(&lists, list_of(&[])).problem(403, "forbidden");
    app.lead.get(&one).problem(403, "forbidden");
    let referral = app
        .lead
        .post(&lists, json!({"purpose": "referral", "name": "For the DA"}))
        .is(201);
    assert_eq!(app.lead.get(&lists).is(200)["items"][0]["id"], referral["id"]);
    app.exporter.get(&path(&case, &referral)).problem(403, "forbidden");
    assert_eq!(app.exporter.get(&lists).is(200)["items"].as_array().unwrap().len(), 1);
    // The ledger shows each of them the records of their own lists.
    let record = |client: &crate::kit::Client, id: &Value| {
        let events = client.get(&case.path("events?limit=100")).is(200);
        let found = events["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|e| e["event"]["object"]["id"] == *id)
            .cloned();
        found.unwrap()
    };
    assert_eq!(record(&app.exporter, &list["id"])["record"]["name"], "For the hearing");
    assert_eq!(record(&app.lead, &list["id"])["withheld"], "withheld");
    assert_eq!(record(&app.lead, &list["id"])["record"], Value::Null);
    assert_eq!(record(&app.member, &referral["id"])["record"], Value::Null);
}

both_databases!(a_packet_says_what_its_list_says_and_shows_no_list);
fn a_packet_says_what_its_list_says_and_shows_no_list(app: &App) {
    let (case, made) = filled(app);
    let list = with(
        list_of(&[]),
        json!({
            "exhibits": [
                {"capture": made[1]["id"], "number": "P-12", "part": "A", "title": "Second post", "description": "Threat, in words", "note": "secret note of ours"},
                {"capture": made[0]["id"]},
            ],
            "schedule": [{"capture": made[2]["id"], "description": "Post on another platform"}],
            "excluded": [{"capture": made[3]["id"], "why": "not of this case"}],
        }),
    );
    let list = save(app, &case, list);
    let packet = ask(&app.exporter, &case, wanted(&list));
    assert_eq!(packet["exhibit_list"], json!({"id": list["id"], "version": 1}));
    assert!(
        packet["missing"]
            .as_array()
            .unwrap()
            .contains(&json!({"what": "untitled", "count": 1})),
        "{packet}"
    );
    let (_keep, file) = download(&app.exporter, &ready(&app.exporter, &packet));
    verifies(app, &file);
    let Some(folder) = unpack(&file) else { return };
    let read = |name: &str| fs::read_to_string(folder.join("data").join(name)).unwrap();
    let papers: Value = serde_json::from_str(&read("packet.json")).unwrap();
    assert_eq!(
        papers["packet"]["exhibit_list"],
        json!({"id": list["id"], "version": 1})
    );
    let told = |n: usize, field: &str| papers["exhibits"][n][field].clone();
    assert_eq!(
        (told(0, "number"), told(0, "title")),
        (json!("P-12-A"), json!("Second post"))
    );
    assert_eq!((told(1, "number"), told(1, "title")), (json!("P-1"), Value::Null));
    assert_eq!(told(0, "description"), "Threat, in words");
    let inventory: Value = serde_json::from_str(&read("inventory.json")).unwrap();
    assert_eq!(inventory["captures"][2]["description"], "Post on another platform");
    assert_eq!(inventory["captures"][3]["excluded"], "not of this case");
    let page = read("index.html");
    for words in [
        "P-12-A",
        "Second post",
        "Threat, in words",
        "Post on another platform",
        "not of this case",
    ] {
        assert!(page.contains(words), "{words}");
    }
    for file in ["index.html", "packet.json", "custody/records.jsonl"] {
        assert!(!read(file).contains("secret note of ours"), "{file}");
    }
}

both_databases!(a_number_once_issued_is_never_given_to_another_capture);
fn a_number_once_issued_is_never_given_to_another_capture(app: &App) {
    let (case, made) = filled(app);
    let list = save(app, &case, list_of(&[&made[0]]));
    ready(&app.exporter, &ask(&app.exporter, &case, wanted(&list)));
    // Another list gives the number to another capture: refused, with the next free one named.
    let other = with(
        list_of(&[]),
        json!({"exhibits": [{"capture": made[1]["id"], "number": "P-001"}]}),
    );
    let told = app
        .exporter
        .post(&case.path("exhibit-lists"), other)
        .refuses(422, "exhibits[0].number", "given");
    let told = told.to_string();
    assert!(
        told.contains("item 1") && told.contains("the next free number is P-2"),
        "{told}"
    );
    // Left out, the next free number is given, and the same capture keeps its own.
    let both = save(app, &case, list_of(&[&made[1], &made[0]]));
    assert_eq!(numbers(&both), ["P-2", "P-1"]);
    ready(&app.exporter, &ask(&app.exporter, &case, wanted(&both)));
}

both_databases!(the_request_judges_the_numbers_again);
/// Two lists that were saved when neither number was given; the first packet gives it.
fn the_request_judges_the_numbers_again(app: &App) {
    let (case, made) = filled(app);
    let first = save(app, &case, list_of(&[&made[0]]));
    let second = save(app, &case, list_of(&[&made[1]]));
    assert_eq!(
        (numbers(&first), numbers(&second)),
        (vec!["P-1".to_owned()], vec!["P-1".to_owned()])
    );
    // At the same time: exactly one of them is asked for.
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let asked = [&first, &second].map(|list| {
            let (client, body, path) = (app.exporter.clone(), wanted(list), case.path("packets"));
            scope.spawn(move || client.post(&path, body).status)
        });
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let mut sorted = answers.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [202, 422]);
    let lost = if answers[0] == 422 { &first } else { &second };
    let told = app.exporter.post(&case.path("packets"), wanted(lost));
    told.refuses(422, "exhibit_list.exhibits[0].number", "given");
    // A list that changed since it was seen, another purpose, both ways of naming: refused.
    let won = if answers[0] == 422 { &second } else { &first };
    app.exporter
        .patch(&path(&case, won), 1, json!({"name": "Renamed"}))
        .is(200);
    let refuse = |body: Value, field: &str, rule: &str| {
        app.exporter.post(&case.path("packets"), body).refuses(422, field, rule);
    };
    refuse(wanted(won), "exhibit_list.version", "current");
    let now = json!({"id": won["id"], "version": 2});
    refuse(json!({"purpose": "discovery", "exhibit_list": now}), "purpose", "same");
    refuse(
        json!({"purpose": "court_exhibits", "exhibit_list": now, "captures": [made[0]["id"]]}),
        "captures",
        "either",
    );
    refuse(
        json!({"purpose": "court_exhibits", "exhibit_list": {"id": case.id, "version": 1}}),
        "exhibit_list.id",
        "exists",
    );
    let held = save(app, &case, list_of(&[&made[2]]));
    refuse(wanted(&held), "exhibit_list.exhibits[0]", "held");
    let empty = save(app, &case, list_of(&[]));
    refuse(wanted(&empty), "exhibit_list.exhibits", "not_empty");
}

both_databases!(a_packet_that_was_never_issued_gives_no_number);
fn a_packet_that_was_never_issued_gives_no_number(app: &App) {
    let (case, made) = filled(app);
    let list = save(app, &case, list_of(&[&made[0]]));
    app.goes_behind();
    fs::write(
        app.file(&casetrail::proof::Digest::of(b"\x89PNG\r\n\x1a\n a screenshot")),
        b"\x89PNG\r\n\x1a\n A SCREENSHOT",
    )
    .unwrap();
    let failed = ended(&app.exporter, &ask(&app.exporter, &case, wanted(&list)));
    assert_eq!(failed["state"], "failed");
    let other = save(app, &case, list_of(&[&made[1]]));
    assert_eq!(numbers(&other), ["P-1"]);
}

both_databases!(what_is_missing_is_counted_and_linked);
fn what_is_missing_is_counted_and_linked(app: &App) {
    let (case, made) = filled(app);
    let list = save(
        app,
        &case,
        with(
            list_of(&[&made[0]]),
            json!({"exhibits": [{"capture": made[0]["id"]}, {"capture": made[2]["id"]}]}),
        ),
    );
    let missing = app.exporter.get(&format!("{}/missing", path(&case, &list))).is(200);
    let of = |what: &str| {
        let found = missing["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["what"] == what);
        found.cloned().unwrap_or_default()
    };
    assert_eq!(
        (of("cannot_leave")["count"].clone(), missing["stops"].clone()),
        (json!(1), json!(true))
    );
    assert_eq!(
        (of("unreviewed")["count"].clone(), of("untitled")["count"].clone()),
        (json!(1), json!(2))
    );
    assert_eq!(
        of("unreviewed")["answer"],
        format!("/captures/{}", made[0]["id"].as_str().unwrap())
    );
    assert_eq!(
        of("undescribed")["items"],
        json!([{"capture": made[1]["id"], "item": 2}, {"capture": made[3]["id"], "item": 4}])
    );
    // A juvenile whom the packet would name is told.
    assert_eq!(of("juvenile_named"), Value::Null);
    let juvenile = json!({"role": "witness", "name": "Ada Young", "juvenile": true});
    app.lead.post(&case.path("subjects"), juvenile).is(201);
    let named = app.exporter.get(&format!("{}/missing", path(&case, &list))).is(200);
    let named = named["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["what"] == "juvenile_named");
    assert_eq!(named.unwrap()["count"], 1);
    // A flag on what may impeach a witness is told until a prosecutor clears it.
    assert_eq!(of("open_flag"), Value::Null);
    app.lead
        .post(
            &case.path("impeachment-flags"),
            json!({"reason": "reprimanded for a false report", "item": 1}),
        )
        .is(200);
    let flagged = app.exporter.get(&format!("{}/missing", path(&case, &list))).is(200);
    let told = flagged["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["what"] == "open_flag");
    assert_eq!(told.unwrap()["items"], json!([{"capture": made[0]["id"], "item": 1}]));
    assert_eq!(told.unwrap()["stops"], json!(false));
    // A review that returns it is an open correction until somebody corrects it.
    let review = format!("/api/v1/captures/{}/reviews", made[0]["id"].as_str().unwrap());
    app.member
        .post(&review, json!({"outcome": "returned", "note": "the time is wrong"}))
        .is(201);
    let missing = app.exporter.get(&format!("{}/missing", path(&case, &list))).is(200);
    assert!(missing.to_string().contains("open_correction"), "{missing}");
    let correction = format!("/api/v1/captures/{}/corrections", made[0]["id"].as_str().unwrap());
    app.lead
        .post(
            &correction,
            json!({"reason": "the time", "text": "text 0, as it stood"}),
        )
        .is(201);
    let missing = app.exporter.get(&format!("{}/missing", path(&case, &list))).is(200);
    assert!(!missing.to_string().contains("open_correction"), "{missing}");
}

both_databases!(a_list_is_kept_on_its_pages);
fn a_list_is_kept_on_its_pages(app: &App) {
    let (case, made) = filled(app);
    let browser = Browser::signed_in(app, "exporter");
    let id = |n: usize| made[n]["id"].as_str().unwrap();
    // The page that picks makes the list, and shows what is wrong otherwise.
    let lists = format!("/cases/{}/exhibit-lists", case.id);
    let picked = [
        ("purpose", "court_exhibits"),
        ("recipient", "Superior Court"),
        ("items", "2 1"),
    ];
    browser
        .post(&lists, &[("purpose", "court_exhibits"), ("items", "")])
        .is(422)
        .says("names no item");
    let address = browser.post(&lists, &picked).is(303).location;
    let place = address.split('?').next().unwrap().to_owned();
    let page = browser.get(&address).is(200);
    page.says("Court exhibits, Superior Court");
    page.says("2 exhibits");
    // What is typed is saved, with the arrow that was pressed.
    let up = format!("up {}", id(0));
    let fields = [
        ("version", "1"),
        ("name", "For the hearing"),
        ("scheme.prefix", "P-"),
        ("scheme.first", "1"),
        ("scheme.parts", "on"),
        ("exhibits[0].capture", id(1)),
        ("exhibits[0].number", "12"),
        ("exhibits[0].part", "A"),
        ("exhibits[0].title", "The second <b>post"),
        ("exhibits[1].capture", id(0)),
        ("exhibits[1].number", ""),
        ("do", up.as_str()),
    ];
    browser.post(&place, &fields).is(303);
    let shown = browser.get(&place).is(200);
    shown.says("P-12");
    shown.says("The second &#60;b&#62;post");
    shown.says("Untitled: item 1");
    let now = app.exporter.get(&case.path("exhibit-lists")).is(200)["items"][0].clone();
    let list = app.exporter.get(&path(&case, &now)).is(200);
    assert_eq!(numbers(&list), ["P-1", "P-12-A"]);
    // Saved again from the first version: refused, and what was typed stays.
    browser.post(&place, &fields).is(412).says("The second &#60;b&#62;post");
    // What is no exhibit is described by itself.
    let schedule = format!("{place}/schedule");
    browser.get(&schedule).is(200).says("Item 3");
    let others = [
        ("version", "2"),
        ("unused[0].capture", id(2)),
        ("unused[0].description", "A post that is held"),
        ("unused[1].capture", id(3)),
        ("unused[1].why", "not of this case"),
    ];
    browser.post(&schedule, &others).is(303);
    let list = app.exporter.get(&path(&case, &now)).is(200);
    assert_eq!(
        list["schedule"],
        json!([{"capture": id(2), "description": "A post that is held"}])
    );
    assert_eq!(list["excluded"], json!([{"capture": id(3), "why": "not of this case"}]));
    browser
        .get(&format!("/cases/{}/packets", case.id))
        .is(200)
        .says("For the hearing");
    // It is asked for as it was saved.
    let list_id = list["id"].as_str().unwrap();
    let ask = |version: &str| {
        let form = [
            ("purpose", "court_exhibits"),
            ("exhibit_list.id", list_id),
            ("exhibit_list.version", version),
        ];
        browser.post(&format!("/cases/{}/packets", case.id), &form)
    };
    ask("2").is(422).says("which is 3");
    assert!(ask("3").is(303).location.starts_with("/packets/"));
}

both_databases!(what_certificates_need_and_records_lack_is_named);
fn what_certificates_need_and_records_lack_is_named(app: &App) {
    let case = app.case();
    app.leave(&case);
    let log = |fields: Value| app.lead.log(&case, app.post_with(fields)).is(201);
    let whole = log(json!({"access_means": "logged_out"}));
    let bare = json!({"text": "bare", "tool": {"name": "A camera", "version": "Unknown"}, "device": null,
        "basis": {"kind": "third_party", "reason": "Brought in."}});
    let bare = log(bare);
    let list = save(app, &case, list_of(&[&whole, &bare]));
    let missing = app.exporter.get(&format!("{}/missing", path(&case, &list))).is(200);
    let items = missing["items"].as_array().unwrap();
    for what in ["no_tool", "no_device", "no_access"] {
        let found = items.iter().find(|one| one["what"] == what).unwrap_or(&Value::Null);
        let named = json!([{"capture": bare["id"], "item": 2}]);
        assert_eq!(
            (&found["count"], &found["items"]),
            (&json!(1), &named),
            "{what}: {missing}"
        );
    }
}
