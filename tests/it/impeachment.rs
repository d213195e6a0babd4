//! Impeachment flags: raised by whoever reads the case, cleared by a prosecutor alone.

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, Case, Client};
use crate::packets::{ask, download, ready, unpack, verifies};

fn raise(by: &Client, case: &Case, body: Value) -> crate::kit::Answer {
    by.post(&case.path("impeachment-flags"), body)
}

fn clearing(case: &Case, flag: &Value) -> String {
    case.path(&format!("impeachment-flags/{}/clearing", flag["id"].as_str().unwrap()))
}

both_databases!(a_flag_is_raised_and_cleared_by_a_prosecutor);
fn a_flag_is_raised_and_cleared_by_a_prosecutor(app: &App) {
    let case = app.case();
    app.leave(&case);
    let made = app.lead.log(&case, app.post()).is(201);
    let flag = app.leaves(&case.stream, "impeachment_flag.raised", &app.member, || {
        raise(
            &app.member,
            &case,
            json!({"item": 1, "reason": "a false report in 2024"}),
        )
        .is(200)
    });
    assert_eq!((&flag["state"], &flag["capture_id"]), (&json!("raised"), &made["id"]));
    let of_person = raise(
        &app.supervisor,
        &case,
        json!({"person": "Officer Marsh", "reason": "reprimanded"}),
    )
    .is(200);
    let reason = json!({"reason": "disclosed to the defence"});
    app.leaves_nothing(&case.stream, || {
        for client in [&app.lead, &app.member, &app.supervisor] {
            client
                .post(&clearing(&case, &flag), reason.clone())
                .problem(403, "forbidden");
        }
        app.exporter
            .post(&clearing(&case, &flag), json!({}))
            .refuses(422, "reason", "required");
    });
    let cleared = app.leaves(&case.stream, "impeachment_flag.cleared", &app.exporter, || {
        app.exporter.post(&clearing(&case, &flag), reason.clone()).is(200)
    });
    assert_eq!((&cleared["state"], &cleared["version"]), (&json!("cleared"), &json!(2)));
    app.leaves_nothing(&case.stream, || {
        app.exporter
            .post(&clearing(&case, &flag), reason.clone())
            .problem(409, "conflict")
    });
    // A prosecutor who may read alone clears one as well.
    app.grant(&case, &app.prosecutor, &["read"]);
    app.prosecutor.post(&clearing(&case, &of_person), reason).is(200);
    let listed = app.lead.get(&case.path("impeachment-flags?limit=1")).is(200);
    assert_eq!(listed["items"][0]["id"], of_person["id"]);
    let next = case.path(&format!(
        "impeachment-flags?limit=1&cursor={}",
        listed["next"].as_str().unwrap()
    ));
    assert_eq!(app.lead.get(&next).is(200)["items"][0]["id"], flag["id"]);
}

both_databases!(what_a_flag_lacks_is_named_by_field);
fn what_a_flag_lacks_is_named_by_field(app: &App) {
    let case = app.case();
    app.leaves_nothing(&case.stream, || {
        for (body, field, rule) in [
            (json!({"reason": "x"}), "item", "either"),
            (json!({"item": 1}), "reason", "required"),
            (json!({"item": 7, "reason": "x"}), "item", "exists"),
            (json!({"person": " ", "reason": "x"}), "person", "not_blank"),
        ] {
            raise(&app.lead, &case, body).refuses(422, field, rule);
        }
    });
}

both_databases!(nobody_outside_of_the_case_sees_a_flag);
fn nobody_outside_of_the_case_sees_a_flag(app: &App) {
    let case = app.case();
    let flag = raise(
        &app.lead,
        &case,
        json!({"person": "Officer Marsh", "reason": "reprimanded"}),
    )
    .is(200);
    app.leaves_nothing(&case.stream, || {
        for client in [
            &app.stranger,
            &app.far,
            &app.administrator,
            &app.auditor,
            &app.prosecutor,
        ] {
            client.get(&case.path("impeachment-flags")).problem(404, "not-found");
            raise(client, &case, json!({"person": "x", "reason": "x"})).problem(404, "not-found");
            client
                .post(&clearing(&case, &flag), json!({"reason": "x"}))
                .problem(404, "not-found");
        }
    });
}

both_databases!(a_flag_is_shown_on_its_item_before_an_export_and_in_the_packet);
fn a_flag_is_shown_on_its_item_before_an_export_and_in_the_packet(app: &App) {
    let case = app.case();
    app.leave(&case);
    let made = app.lead.log(&case, app.post()).is(201);
    let lead = Browser::signed_in(app, "lead");
    let address = format!("/cases/{}/impeachment-flags", case.id);
    lead.get(&format!("{address}?item=1")).is(200).says("value=\"1\"");
    let refused = lead
        .post(&address, &[("item", "1"), ("person", "Officer Marsh"), ("reason", "")])
        .is(422);
    refused.says("value=\"Officer Marsh\"");
    let done = lead
        .post(
            &address,
            &[("item", "1"), ("person", "Officer Marsh"), ("reason", "a false report")],
        )
        .is(303);
    lead.get(&done.location).is(200).says("Item 1, Officer Marsh");
    let item = format!("/captures/{}", made["id"].as_str().unwrap());
    lead.get(&item).is(200).says("a false report");
    let exporter = Browser::signed_in(app, "exporter");
    let new = format!("/cases/{}/packets/new", case.id);
    exporter.get(&new).is(200).says("1 impeachment flag is not cleared");
    // One of nothing but a person, and a correction that goes beyond the leave, stand among the exceptions as well.
    raise(
        &app.member,
        &case,
        json!({"person": "Officer Lund", "reason": "owes the accused money"}),
    )
    .is(200);
    let moved = json!({"platform": "tiktok", "reason": "it was the other site"});
    let corrections = format!("/api/v1/captures/{}/corrections", made["id"].as_str().unwrap());
    app.lead.post(&corrections, moved).is(201);
    let exported = || {
        let asked = ask(&app.exporter, &case, json!({"purpose": "discovery"}));
        let (_folder, file) = download(&app.exporter, &ready(&app.exporter, &asked));
        verifies(app, &file);
        let top = unpack(&file)?;
        Some(std::fs::read_to_string(top.join("data/index.html")).unwrap())
    };
    if let Some(page) = exported() {
        let exceptions = page.split("id=\"exceptions\"").nth(1).unwrap();
        let exceptions = exceptions.split("</section>").next().unwrap();
        for words in [
            "item 1, Officer Marsh",
            "a false report",
            "Officer Lund",
            "owes the accused money",
            "Not cleared by a prosecutor",
            "it was the other site",
            "it goes beyond the leave or the decision on which it rests",
        ] {
            assert!(exceptions.contains(words), "{words}: {exceptions}");
        }
    }
    let flags = app.exporter.get(&case.path("impeachment-flags")).is(200);
    for flag in flags["items"].as_array().unwrap() {
        let clear = format!("{address}/{}/clearing", flag["id"].as_str().unwrap());
        let reason = [("reason", "disclosed with the first packet")];
        exporter.post(&clear, &reason).is(303);
    }
    if let Some(page) = exported() {
        assert!(page.contains("disclosed with the first packet"), "{page}");
    }
    exporter
        .get(&new)
        .is(200)
        .does_not_say("impeachment flag is not cleared");
}
