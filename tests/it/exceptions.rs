//! Exceptions: what nothing covered, what waits too long, what was approved against a check; and who signs one off.

use serde_json::{Value, json};

use crate::authorization_policies::adopt;
use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, Case, Client, days, with};

const PATH: &str = "/api/v1/exceptions";

fn listed(client: &Client, query: &str) -> Vec<Value> {
    let page = client.get(&format!("{PATH}{query}")).is(200);
    page["items"].as_array().unwrap().clone()
}

/// The classes of what is listed about an object.
fn classes(client: &Client, query: &str, object: &str) -> Vec<String> {
    let all = listed(client, query);
    let of_it = all.iter().filter(|one| one["object_id"] == object);
    of_it.map(|one| one["class"].as_str().unwrap().to_owned()).collect()
}

fn logged(by: &Client, case: &Case, capture: Value) -> String {
    by.log(case, capture).is(201)["id"].as_str().unwrap().to_owned()
}

fn decide(app: &App, capture: &str, outcome: &str) {
    let decision = json!({"outcome": outcome, "reason": "looked at"});
    app.deputy
        .post(&format!("/api/v1/captures/{capture}/decision"), decision)
        .is(200);
}

fn sign(by: &Client, object: &str, class: &str) -> crate::kit::Answer {
    let body = json!({"class": class, "note": "looked at with the unit"});
    by.post(&format!("/api/v1/{object}/exceptions"), body)
}

both_databases!(each_class_is_found);
fn each_class_is_found(app: &App) {
    let case = app.case();
    let without = logged(&app.lead, &case, app.post());
    app.leave(&case);
    let beyond = logged(&app.lead, &case, app.post_with(json!({"platform": "tiktok"})));
    let covered = logged(&app.lead, &case, app.post());
    let emergency = json!({"basis": {"kind": "emergency", "reason": "danger to life"}});
    let emergency = logged(&app.lead, &case, app.post_with(emergency));
    app.advance(days(91));
    let after = logged(&app.lead, &case, app.post());
    let of = |object: &str| classes(&app.supervisor, "", object);
    assert_eq!(of(&without), ["without", "undecided"]);
    assert_eq!(of(&beyond), ["beyond", "undecided"]);
    assert_eq!(of(&emergency), ["emergency_unconfirmed"]);
    assert_eq!(of(&after), ["after"]);
    assert!(of(&covered).is_empty());
    // How long something waits is asked for in days.
    assert_eq!(classes(&app.supervisor, "?days=0", &after), ["after", "undecided"]);
    assert_eq!(classes(&app.supervisor, "?days=92", &without), ["without"]);
    // What was decided waits no more, and stays what nothing covered.
    decide(app, &without, "ratify");
    assert_eq!(of(&without), ["without"]);
    assert_eq!(classes(&app.supervisor, "?class=after", &after), ["after"]);
    assert!(classes(&app.supervisor, "?class=after", &beyond).is_empty());
    // Each once over all pages, the newest first.
    let all: Vec<(Value, Value)> = listed(&app.auditor, "")
        .iter()
        .map(|one| (one["object_id"].clone(), one["class"].clone()))
        .collect();
    let (mut paged, mut next) = (Vec::new(), json!(""));
    while let Some(cursor) = next.as_str() {
        let page = app.auditor.get(&format!("{PATH}?limit=2&cursor={cursor}")).is(200);
        paged.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| (one["object_id"].clone(), one["class"].clone())),
        );
        next = page["next"].clone();
    }
    assert_eq!(paged, all);
    assert_eq!(all.len(), 5);
}

both_databases!(what_could_not_be_compared_or_was_corrected_beyond_its_leave_is_an_exception);
fn what_could_not_be_compared_or_was_corrected_beyond_its_leave_is_an_exception(app: &App) {
    let case = app.case();
    let accounts = json!([{"platform": "instagram", "handle": "@harborlight_77"}]);
    app.leave_of(
        &case,
        with(
            app.request(),
            json!({"accounts": accounts, "searches": ["harborlight"]}),
        ),
    );
    let named = logged(&app.lead, &case, app.post());
    let nameless = logged(&app.lead, &case, app.post_with(json!({"account": null})));
    let of = |object: &str| classes(&app.supervisor, "", object);
    assert!(of(&named).is_empty());
    assert_eq!(of(&nameless), ["unjudged"]);
    // A search is told as not compared, and is no exception for it.
    let lookup = json!({"kind": "lookup", "text": "harborlight", "account": {"handle": "@harborlight_77"}});
    let lookup = app.lead.log(&case, app.post_with(lookup)).is(201);
    let searched = lookup["coverage"]
        .as_array()
        .unwrap()
        .iter()
        .find(|line| line["rule"] == "search");
    assert_eq!(searched.unwrap()["passed"], Value::Null);
    assert!(of(lookup["id"].as_str().unwrap()).is_empty());
    // What a correction keeps within the leave is none; what it moves beyond is, and what covered it stays.
    let correct = |object: &str, fields: Value| {
        let change = with(json!({"reason": "read again"}), fields);
        app.lead
            .post(&format!("/api/v1/captures/{object}/corrections"), change)
            .is(201)
    };
    let kept = correct(&named, json!({"text": "Saw her by the pier"}));
    assert_eq!(kept["flags"], json!([]));
    assert!(of(&named).is_empty());
    let moved = correct(&named, json!({"account": {"handle": "@somebody_else"}}));
    assert_eq!(moved["flags"], json!(["corrected_beyond"]));
    assert_eq!(
        (&moved["state"], moved["coverage"] == kept["coverage"]),
        (&json!("logged"), true)
    );
    assert_eq!(of(&named), ["corrected_beyond"]);
    // Of what was held and accepted it is told as well; while it is held, a supervisor sees it anyhow.
    let leave = lookup["basis"]["id"].clone();
    let claimed = json!({"device": "personal", "basis": {"kind": "authorization", "id": leave}});
    let held = logged(&app.lead, &case, app.post_with(claimed));
    correct(&held, json!({"account": {"handle": "@harborlight_78"}}));
    assert_eq!(of(&held), ["beyond"]);
    correct(&held, json!({"account": {"handle": "@harborlight_77"}}));
    decide(app, &held, "accept");
    correct(&held, json!({"account": {"handle": "@somebody_else"}}));
    assert_eq!(of(&held), ["beyond", "corrected_beyond"]);
    // So it is of what rests on no authorization, but on a supervisor's word.
    for (claim, outcome) in [("exception", "ratify"), ("emergency", "confirm")] {
        let decided = json!({"basis": {"kind": claim, "reason": "seen in passing"}});
        let decided = logged(&app.lead, &case, app.post_with(decided));
        let beyond = || of(&decided).contains(&"corrected_beyond".to_owned());
        correct(&decided, json!({"account": {"handle": "@another"}}));
        assert!(!beyond(), "{claim}: a supervisor sees what was corrected");
        decide(app, &decided, outcome);
        correct(&decided, json!({"text": "read again"}));
        assert!(!beyond(), "{claim}: text");
        correct(&decided, json!({"captured_at": app.at(-days(1))}));
        assert!(beyond(), "{claim}: time");
    }
    // No later correction takes it away.
    correct(&named, json!({"account": {"handle": "@harborlight_77"}}));
    assert_eq!(of(&named), ["corrected_beyond"]);
    let object = format!("captures/{named}");
    sign(&app.deputy, &object, "corrected_beyond").is(200);
    let open = || classes(&app.supervisor, "?state=open", &named);
    assert!(open().is_empty());
    // What was signed off is the version that was looked at: a later correction is looked at again.
    sign(&app.deputy, &object, "corrected_beyond").problem(409, "conflict");
    correct(&named, json!({"account": {"handle": "@somebody_else"}}));
    assert_eq!(open(), ["corrected_beyond"]);
    // Nor is it signed off by who looked at another version.
    let looked = |version: u64| json!({"class": "corrected_beyond", "note": "looked at", "object_version": version});
    let path = format!("/api/v1/{object}/exceptions");
    let listed = app.deputy.get(&path).is(200);
    let version = listed["items"][0]["object_version"].as_u64().unwrap();
    app.deputy.post(&path, looked(version - 1)).problem(409, "conflict");
    app.deputy.post(&path, looked(version)).is(200);
    assert!(open().is_empty());
    assert_eq!(
        classes(&app.supervisor, "?state=signed_off", &named),
        ["corrected_beyond"]
    );
}

both_databases!(an_address_of_another_platform_is_told);
fn an_address_of_another_platform_is_told(app: &App) {
    let case = app.case();
    let flags = |fields: Value| app.lead.log(&case, app.post_with(fields)).is(201)["flags"].clone();
    assert_eq!(
        flags(json!({"url": "https://www.tiktok.com/@a/video/1"})),
        json!(["platform_differs"])
    );
    assert_eq!(
        flags(json!({"final_url": "https://m.facebook.com/a/posts/1"})),
        json!(["platform_differs"])
    );
    // One field of a correction may no longer go with another one that stays.
    let url = json!({"url": "https://www.instagram.com/p/2/"});
    let made = app.lead.log(&case, app.post_with(url)).is(201);
    assert_eq!(made["flags"], json!([]));
    app.deputy
        .post(
            &format!("/api/v1/captures/{}/decision", made["id"].as_str().unwrap()),
            json!({"outcome": "accept", "reason": "looked at"}),
        )
        .is(200);
    let corrections = format!("/api/v1/captures/{}/corrections", made["id"].as_str().unwrap());
    let moved = json!({"platform": "tiktok", "reason": "typing error"});
    let moved = app.lead.post(&corrections, moved).is(201);
    // It is another platform than the one about which a supervisor decided, too.
    assert_eq!(moved["flags"], json!(["platform_differs", "corrected_beyond"]));
    for same in [
        "https://www.instagram.com/p/1/",
        "https://imginn.example/p/1",
        "instagram",
    ] {
        let told = flags(json!({"url": same}));
        assert!(
            !told.as_array().unwrap().contains(&json!("platform_differs")),
            "{same}: {told}"
        );
    }
}

both_databases!(covert_captures_and_approvals_against_a_check_are_exceptions);
fn covert_captures_and_approvals_against_a_check_are_exceptions(app: &App) {
    let case = app.case();
    let covert = logged(&app.lead, &case, app.post_with(json!({"level": "covert"})));
    assert_eq!(classes(&app.supervisor, "", &covert), ["without"]);
    decide(app, &covert, "accept");
    assert_eq!(classes(&app.supervisor, "", &covert), ["without", "covert_unreviewed"]);
    app.member
        .post(
            &format!("/api/v1/captures/{covert}/reviews"),
            json!({"outcome": "accurate"}),
        )
        .is(201);
    assert_eq!(classes(&app.supervisor, "", &covert), ["without"]);
    adopt(app, |terms| terms["overt"]["longest_days"] = json!(30));
    let against = app.leave(&case);
    let fits = app.leave_of(&case, with(app.request(), json!({"ends_at": app.at(days(20))})));
    let found = listed(&app.supervisor, "?class=against_check");
    let ids: Vec<&Value> = found.iter().map(|one| &one["object_id"]).collect();
    assert_eq!(ids, [&json!(against)]);
    assert_eq!(found[0]["person"]["id"], app.supervisor.id);
    assert_ne!(against, fits);
    // The one who approved it does not sign it off; a supervisor without a part in it does.
    let path = format!("authorizations/{against}");
    app.leaves_none("exception.", || {
        sign(&app.supervisor, &path, "against_check").problem(409, "conflict")
    });
    app.leaves("agency", "exception.signed_off", &app.deputy, || {
        sign(&app.deputy, &path, "against_check").is(200)
    });
}

both_databases!(an_exception_is_signed_off_once_by_somebody_without_a_part_in_it);
fn an_exception_is_signed_off_once_by_somebody_without_a_part_in_it(app: &App) {
    let case = app.case();
    let capture = logged(&app.lead, &case, app.post());
    decide(app, &capture, "ratify");
    let path = format!("captures/{capture}");
    app.leaves_none("exception.", || {
        // The deputy decided about it.
        sign(&app.deputy, &path, "without").problem(409, "conflict");
        sign(&app.auditor, &path, "beyond").refuses(422, "class", "exists");
        sign(&app.auditor, &path, "odd").refuses(422, "class", "one_of");
        app.auditor
            .post(
                &format!("/api/v1/{path}/exceptions"),
                json!({"class": "without", "note": " "}),
            )
            .refuses(422, "note", "required");
    });
    let signed = app.leaves("agency", "exception.signed_off", &app.supervisor, || {
        sign(&app.supervisor, &path, "without").is(200)
    });
    assert_eq!(
        (&signed["role"], &signed["case_id"]),
        (&json!("supervisor"), &json!(case.id))
    );
    app.leaves_none("exception.", || {
        sign(&app.auditor, &path, "without").problem(409, "conflict")
    });
    assert!(classes(&app.supervisor, "?state=open", &capture).is_empty());
    assert_eq!(classes(&app.supervisor, "?state=signed_off", &capture), ["without"]);
    // A supervisor's note is shown to those who read the case, and to no auditor.
    let note = |client: &Client| {
        let all = listed(client, "");
        all.iter().find(|one| one["object_id"] == capture).unwrap()["signed_off"]["note"].clone()
    };
    assert_eq!(note(&app.deputy), "looked at with the unit");
    assert_eq!(note(&app.auditor), Value::Null);
    let of_it = app.member.get(&format!("/api/v1/{path}/exceptions")).is(200);
    assert_eq!(of_it["items"][0]["signed_off"]["by"]["id"], app.supervisor.id);
    assert_eq!(
        app.auditor.get(&format!("/api/v1/{path}/exceptions")).is(200)["items"][0]["signed_off"]["note"],
        Value::Null
    );
}

both_databases!(who_lists_and_who_signs);
fn who_lists_and_who_signs(app: &App) {
    let case = app.case_of(json!({
        "title": "Kept close", "kind": "online_crime", "handling": "confidential", "supervisor_id": app.deputy.id,
        "particulars": crate::kit::online(),
    }));
    let capture = logged(&app.lead, &case, app.post());
    let path = format!("captures/{capture}");
    for client in [&app.lead, &app.member, &app.exporter, &app.administrator] {
        client.get(PATH).problem(403, "forbidden");
        client.get(&format!("{PATH}/csv")).problem(403, "forbidden");
    }
    // A supervisor who may not read the case finds nothing; the auditor finds identifiers.
    assert!(classes(&app.supervisor, "", &capture).is_empty());
    assert_eq!(classes(&app.deputy, "", &capture), ["without"]);
    assert_eq!(classes(&app.auditor, "", &capture), ["without"]);
    let told = serde_json::to_string(&listed(&app.auditor, "")).unwrap();
    assert!(!told.contains("Kept close") && !told.contains("ferry"), "{told}");
    // Who captured what is held is not told to those who read the case.
    assert_eq!(listed(&app.deputy, "")[0]["person"], Value::Null);
    assert_eq!(listed(&app.auditor, "")[0]["person"]["id"], app.lead.id);
    app.leaves_none("exception.", || {
        for client in [&app.lead, &app.member] {
            sign(client, &path, "without").problem(403, "forbidden");
        }
        for client in [
            &app.stranger,
            &app.supervisor,
            &app.far,
            &app.administrator,
            &app.exporter,
        ] {
            sign(client, &path, "without").problem(404, "not-found");
            client
                .get(&format!("/api/v1/{path}/exceptions"))
                .problem(404, "not-found");
        }
    });
    sign(&app.auditor, &path, "without").is(200);
    app.auditor.get(&format!("{PATH}?days=x")).refuses(422, "days", "range");
    app.auditor
        .get(&format!("{PATH}?class=odd"))
        .refuses(422, "class", "one_of");
    app.nobody.get(PATH).problem(401, "not-signed-in");
}

both_databases!(the_table_and_the_pages_show_the_same);
fn the_table_and_the_pages_show_the_same(app: &App) {
    let case = app.case();
    let capture = logged(&app.lead, &case, app.post());
    let answer = app.auditor.get(&format!("{PATH}/csv?class=without"));
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    let table = String::from_utf8(answer.body).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("class,object,object_id,"), "{table}");
    assert!(
        lines[1].starts_with(&format!("without,capture,{capture},1,held,{}", case.id)),
        "{table}"
    );
    let deputy = Browser::signed_in(app, "deputy");
    let page = deputy.get("/exceptions").is(200);
    page.says("Item 1");
    page.says("No authorization covered it");
    let address = format!("/captures/{capture}/exceptions");
    let refused = deputy.post(&address, &[("class", "without"), ("note", "")]).is(422);
    refused.says("Nothing was recorded yet");
    let done = deputy
        .post(&address, &[("class", "without"), ("note", "looked at")])
        .is(303);
    deputy.get(&done.location).is(200).says("It is signed off.");
    deputy.get("/exceptions?state=open&class=").is(200).says("No exception");
    Browser::signed_in(app, "auditor")
        .get(&address)
        .is(200)
        .says("Signed off by");
}
