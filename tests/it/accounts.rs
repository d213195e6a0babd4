//! Accounts by their own ids, under other names, and added while an authorization runs.

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, Case, Client, days, hours, with};

/// An authorization that names one account; its id.
fn leave_for(app: &App, case: &Case, account: Value) -> String {
    app.leave_of(case, with(app.request(), json!({"accounts": [account]})))
}

/// Whether the rule of the account passed, and why.
fn account_rule(capture: &Value) -> (Value, String) {
    let mut rules = capture["coverage"].as_array().unwrap().iter();
    let rule = rules.find(|rule| rule["rule"] == "account").unwrap();
    (rule["passed"].clone(), rule["why"].as_str().unwrap().to_owned())
}

fn logged(app: &App, case: &Case, account: Value) -> (Value, String) {
    let made = app.lead.log(case, app.post_with(json!({"account": account}))).is(201);
    account_rule(&made)
}

both_databases!(another_way_to_write_a_handle_is_told);
fn another_way_to_write_a_handle_is_told(app: &App) {
    let case = app.case();
    leave_for(app, &case, json!({"platform": "instagram", "handle": "jane"}));
    assert_eq!(
        logged(app, &case, json!({"handle": "@Jane"})),
        (
            json!(true),
            "the account is covered, as “@Jane” here, “jane” in the authorization".to_owned()
        )
    );
    assert_eq!(
        logged(app, &case, json!({"handle": "jane"})),
        (json!(true), "the account is covered".to_owned())
    );
    // Held for another reason, it does not tell how its handle is written.
    let held = app
        .lead
        .log(
            &case,
            app.post_with(json!({"account": {"handle": "@JANE"}, "device": "personal"})),
        )
        .is(201);
    assert_eq!(account_rule(&held), (json!(true), "the account is covered".to_owned()));
}

both_databases!(the_id_is_the_account_and_a_handle_is_not);
fn the_id_is_the_account_and_a_handle_is_not(app: &App) {
    let case = app.case();
    leave_for(
        app,
        &case,
        json!({"platform": "instagram", "handle": "jane", "platform_id": "17"}),
    );
    assert_eq!(
        logged(app, &case, json!({"handle": "other", "platform_id": "17"})).0,
        json!(true)
    );
    assert_eq!(
        logged(app, &case, json!({"handle": "jane", "platform_id": "18"})).0,
        json!(false)
    );
}

both_databases!(an_account_named_by_its_address_opens_no_other);
fn an_account_named_by_its_address_opens_no_other(app: &App) {
    let case = app.case();
    let id = leave_for(app, &case, json!({"platform": "instagram", "handle": "jane"}));
    let stranger = json!({"handle": "total_stranger", "platform_id": "777"});
    assert_eq!(logged(app, &case, stranger.clone()).0, json!(false));
    let by_address = json!({"platform": "instagram", "url": "https://www.instagram.example/one_more/"});
    let made = ask(&app.lead, &id, by_address).is(200);
    let yes = json!({"decision": "approve", "reason": "the same person"});
    decide(&app.supervisor, &id, &made["additions"][0], yes).is(200);
    assert_eq!(logged(app, &case, stranger).0, json!(false));
    assert_eq!(logged(app, &case, json!({"handle": "jane"})).0, json!(true));
}

fn renamed(app: &App, path: &str, version: i64, change: Value) -> crate::kit::Answer {
    app.lead.patch(path, version, change)
}

both_databases!(a_renamed_account_stays_one_account);
fn a_renamed_account_stays_one_account(app: &App) {
    let case = app.case();
    let made = json!({"platform": "instagram", "handle": "@jane"});
    let made = app.lead.post(&case.path("accounts"), made).is(201);
    let path = case.path(&format!("accounts/{}", made["id"].as_str().unwrap()));
    leave_for(app, &case, json!({"platform": "instagram", "handle": "jane"}));
    app.advance(days(1));
    assert_eq!(logged(app, &case, json!({"handle": "jane_new"})).0, json!(false));
    app.leaves_nothing(&case.stream, || {
        renamed(app, &path, 1, json!({"renamed_at": app.at(-hours(1))})).refuses(422, "renamed_at", "changed");
        let same = json!({"handle": "Jane", "renamed_at": app.at(-hours(1))});
        renamed(app, &path, 1, same).refuses(422, "renamed_at", "changed");
        let later = json!({"handle": "jane_new", "renamed_at": app.at(hours(1))});
        renamed(app, &path, 1, later).refuses(422, "renamed_at", "past");
    });
    let until = app.at(-hours(1));
    let change = json!({"handle": "jane_new", "renamed_at": until, "reason": "told by the profile"});
    let now = app.leaves(&case.stream, "account.renamed", &app.lead, || {
        renamed(app, &path, 1, change).is(200)
    });
    assert_eq!(
        (&now["handle"], &now["former_handles"]),
        (
            &json!("jane_new"),
            &json!([{"handle": "@jane", "until": until, "recorded_at": now["changed_at"]}])
        )
    );
    // Nobody extends a leave by recording a rename: that which was asked for stays the account by its handle then.
    let found = json!({"account": {"handle": "jane_new"}});
    assert_eq!(
        account_rule(&app.lead.log(&case, app.post_with(found)).is(201)).0,
        json!(false)
    );
    assert_eq!(logged(app, &case, json!({"handle": "jane"})).0, json!(true));
    // A leave that is asked for afterwards knows it.
    leave_for(app, &case, json!({"platform": "instagram", "handle": "jane_new"}));
    app.advance(days(1));
    let change = json!({"handle": "jane_3", "renamed_at": app.at(-hours(1))});
    renamed(app, &path, 2, change).is(200);
    assert_eq!(logged(app, &case, json!({"handle": "jane_3"})).0, json!(false));
    app.audit();
}

both_databases!(a_rename_that_was_known_counts_by_its_time);
fn a_rename_that_was_known_counts_by_its_time(app: &App) {
    let case = app.case();
    let made = json!({"platform": "instagram", "handle": "@jane"});
    let made = app.lead.post(&case.path("accounts"), made).is(201);
    let path = case.path(&format!("accounts/{}", made["id"].as_str().unwrap()));
    app.advance(days(1));
    let until = app.at(-hours(1));
    renamed(app, &path, 1, json!({"handle": "jane_new", "renamed_at": until})).is(200);
    leave_for(app, &case, json!({"platform": "instagram", "handle": "jane_new"}));
    app.advance(hours(3));
    // From then on the new handle is the account that was asked for; the old one is it until then, and no longer.
    let seen = |handle: &str, at: i64| {
        let found = json!({"account": {"handle": handle}, "captured_at": app.at(at)});
        account_rule(&app.lead.log(&case, app.post_with(found)).is(201)).0
    };
    assert_eq!(seen("jane_new", 0), json!(true));
    assert_eq!(seen("jane", 0), json!(false));
    // Another account that took the handle has another id.
    renamed(app, &path, 2, json!({"platform_id": "17"})).is(200);
    let other = json!({"handle": "jane_new", "platform_id": "99"});
    assert_eq!(logged(app, &case, other).0, json!(false));
    let early = json!({"handle": "jane_3", "renamed_at": app.at(-hours(9))});
    renamed(app, &path, 3, early).refuses(422, "renamed_at", "order");
    let page = Browser::signed_in(app, "lead")
        .get(&format!("/cases/{}/people", case.id))
        .is(200);
    page.says("<bdi>@jane</bdi>");
    crate::find::caught_up(app);
    let found = app.lead.get("/api/v1/find?q=%40jane").is(200);
    assert!(!found["items"].as_array().unwrap().is_empty());
    app.audit();
}

fn ask(client: &Client, id: &str, account: Value) -> crate::kit::Answer {
    let wanted = with(account, json!({"reason": "named in item 1"}));
    client.post(&format!("/api/v1/authorizations/{id}/additions"), wanted)
}

fn decide(client: &Client, id: &str, addition: &Value, said: Value) -> crate::kit::Answer {
    let addition = addition["id"].as_str().unwrap();
    client.post(
        &format!("/api/v1/authorizations/{id}/additions/{addition}/decision"),
        said,
    )
}

both_databases!(an_account_that_turned_up_counts_from_its_approval_on);
fn an_account_that_turned_up_counts_from_its_approval_on(app: &App) {
    let case = app.case();
    let id = leave_for(app, &case, json!({"platform": "instagram", "handle": "jane"}));
    let second = json!({"platform": "instagram", "handle": "jane_2"});
    let made = app.leaves(&case.stream, "authorization.addition_requested", &app.lead, || {
        ask(&app.lead, &id, second.clone()).is(200)
    });
    let addition = made["additions"][0].clone();
    assert_eq!(addition["requester"], json!(app.lead.id));
    assert_eq!(logged(app, &case, json!({"handle": "jane_2"})).0, json!(false));
    let yes = json!({"decision": "approve", "reason": "the same person"});
    app.leaves_nothing(&case.stream, || {
        for client in [&app.lead, &app.member] {
            decide(client, &id, &addition, yes.clone()).problem(403, "forbidden");
        }
        for client in [&app.stranger, &app.far, &app.auditor, &app.administrator] {
            decide(client, &id, &addition, yes.clone()).problem(404, "not-found");
            ask(client, &id, second.clone()).problem(404, "not-found");
        }
        ask(&app.supervisor, &id, second.clone()).problem(403, "forbidden");
        decide(&app.supervisor, &id, &addition, json!({"decision": "deny"})).refuses(422, "reason", "required");
        ask(&app.lead, &id, json!({"platform": "tiktok", "handle": "x"})).refuses(422, "platform", "covered");
        ask(&app.lead, &id, json!({"platform": "instagram"})).refuses(422, "handle", "required");
    });
    app.advance(hours(1));
    let before = app.at(-1_000_000);
    let now = app.leaves(&case.stream, "authorization.addition_approved", &app.supervisor, || {
        decide(&app.supervisor, &id, &addition, yes.clone()).is(200)
    });
    assert_eq!(
        (&now["state"], &now["additions"][0]["decision"]["by"]),
        (&json!("approved"), &json!(app.supervisor.id))
    );
    assert_eq!(logged(app, &case, json!({"handle": "jane_2"})).0, json!(true));
    let early = app.post_with(json!({"account": {"handle": "jane_2"}, "captured_at": before}));
    let (passed, why) = account_rule(&app.lead.log(&case, early).is(201));
    assert!(passed == json!(false) && why.contains("after the capture"), "{why}");
    decide(&app.supervisor, &id, &addition, yes).problem(409, "conflict");
    // What is denied is not covered, and an authorization over all accounts takes none.
    let third = ask(&app.lead, &id, json!({"platform": "instagram", "handle": "jane_3"})).is(200);
    let no = json!({"decision": "deny", "reason": "another person"});
    app.leaves(&case.stream, "authorization.addition_denied", &app.supervisor, || {
        decide(&app.supervisor, &id, &third["additions"][1], no).is(200)
    });
    assert_eq!(logged(app, &case, json!({"handle": "jane_3"})).0, json!(false));
    let all = app.leave(&case);
    ask(&app.lead, &all, json!({"platform": "instagram", "handle": "x"})).problem(409, "conflict");
    app.audit();
}

both_databases!(an_account_is_added_by_the_pages);
fn an_account_is_added_by_the_pages(app: &App) {
    let case = app.case();
    let id = leave_for(app, &case, json!({"platform": "instagram", "handle": "jane"}));
    let (lead, supervisor) = (Browser::signed_in(app, "lead"), Browser::signed_in(app, "supervisor"));
    let path = format!("/authorizations/{id}");
    let refused = lead
        .post(
            &format!("{path}/additions"),
            &[("account_line", "@jane_2"), ("reason", "")],
        )
        .is(422);
    refused.says("@jane_2");
    lead.post(
        &format!("{path}/additions"),
        &[("account_line", "@jane_2 on instagram"), ("reason", "named in item 1")],
    )
    .is(303);
    lead.get(&path).is(200).does_not_say("value=\"deny\"");
    let list = format!("/cases/{}/authorizations", case.id);
    supervisor.get(&list).is(200).says("Another account asked for");
    // It waits in the queue of whoever decides, and of nobody else.
    let queue = supervisor.get("/approvals").is(200);
    queue.says("A-1, another account: @jane_2 on Instagram");
    queue.says("Decide about this account");
    queue.does_not_say("Nothing waits for you here");
    let of_far = Browser::signed_in(app, "far").get("/approvals").is(200);
    of_far.does_not_say("jane_2");
    let shown = supervisor.get(&path).is(200);
    shown.says("@jane_2 on Instagram");
    let addition = shown.hidden("addition");
    let decision = format!("{path}/additions/{addition}/decision");
    supervisor
        .post(
            &decision,
            &[("addition", &addition), ("decision", "deny"), ("reason", "")],
        )
        .is(422);
    supervisor
        .post(
            &decision,
            &[
                ("addition", &addition),
                ("decision", "approve"),
                ("reason", "the same person"),
            ],
        )
        .is(303);
    lead.get(&path).is(200).says("Added by");
    supervisor.get(&list).is(200).does_not_say("Another account asked for");
    supervisor.get("/approvals").is(200).does_not_say("another account");
    assert_eq!(logged(app, &case, json!({"handle": "jane_2"})).0, json!(true));
}
