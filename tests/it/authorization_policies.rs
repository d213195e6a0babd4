//! The agency's authorization policy: proposed, countersigned by another, and obeyed from then on.

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, Case, Client, days, hours, with};

const PATH: &str = "/api/v1/authorization-policies";

fn in_force(client: &Client) -> Value {
    client.get(&format!("{PATH}/in-force")).is(200)
}

/// A version that differs from the policy in force in this.
fn changed(app: &App, change: impl FnOnce(&mut Value)) -> Value {
    let mut terms = in_force(&app.supervisor)["terms"].clone();
    change(&mut terms);
    json!({"terms": terms, "reason": "order 12 of the chief"})
}

fn propose(app: &App, by: &Client, change: impl FnOnce(&mut Value)) -> String {
    let made = by.post(PATH, changed(app, change)).is(201);
    format!("{PATH}/{}", made["id"].as_str().unwrap())
}

/// A version that counts: written by the supervisor, countersigned by the deputy.
pub fn adopt(app: &App, change: impl FnOnce(&mut Value)) -> Value {
    let path = propose(app, &app.supervisor, change);
    app.deputy
        .post(&format!("{path}/decision"), json!({"decision": "adopt"}))
        .is(200)
}

both_databases!(a_version_counts_once_another_supervisor_countersigned_it);
fn a_version_counts_once_another_supervisor_countersigned_it(app: &App) {
    let shipped = in_force(&app.lead);
    assert_eq!((&shipped["number"], &shipped["id"]), (&json!(0), &Value::Null));
    let path = app.leaves("agency", "authorization_policy.proposed", &app.supervisor, || {
        propose(app, &app.supervisor, |terms| terms["overt"]["longest_days"] = json!(30))
    });
    assert_eq!(in_force(&app.lead), shipped, "a proposal counts for nothing");
    let decide = |client: &Client, decision: &str| {
        client.post(
            &format!("{path}/decision"),
            json!({"decision": decision, "reason": "read and compared"}),
        )
    };
    app.leaves_nothing("agency", || {
        decide(&app.supervisor, "adopt").problem(409, "conflict");
        app.deputy
            .post(PATH, changed(app, |terms| terms["closing_days"] = json!(3)))
            .problem(409, "conflict");
    });
    app.leaves("agency", "authorization_policy.adopted", &app.deputy, || {
        decide(&app.deputy, "adopt").is(200)
    });
    let now = in_force(&app.lead);
    assert_eq!(
        (&now["number"], &now["terms"]["overt"]["longest_days"]),
        (&json!(1), &json!(30))
    );
    assert_ne!(now["sha256"], shipped["sha256"]);
    app.leaves_nothing("agency", || {
        decide(&app.deputy, "decline").problem(409, "conflict");
        app.supervisor
            .post(&format!("{path}/withdrawal"), json!({}))
            .problem(409, "conflict");
    });
    // One that is declined or taken back changes nothing.
    let declined = propose(app, &app.administrator, |terms| terms["overt"]["plan"] = json!(true));
    app.supervisor
        .post(&format!("{declined}/decision"), json!({"decision": "decline"}))
        .refuses(422, "reason", "required");
    app.supervisor
        .post(
            &format!("{declined}/decision"),
            json!({"decision": "decline", "reason": "no"}),
        )
        .is(200);
    let taken = propose(app, &app.deputy, |terms| terms["overt"]["plan"] = json!(true));
    app.supervisor
        .post(&format!("{taken}/withdrawal"), json!({}))
        .problem(409, "conflict");
    app.deputy.post(&format!("{taken}/withdrawal"), json!({})).is(200);
    assert_eq!(in_force(&app.lead), now);
    // The newest comes first, with a cursor.
    let listed = app.auditor.get(&format!("{PATH}?limit=2")).is(200);
    let numbers = |page: &Value| -> Vec<i64> {
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["number"].as_i64().unwrap())
            .collect()
    };
    assert_eq!(numbers(&listed), [3, 2]);
    let next = format!("{PATH}?limit=2&cursor={}", listed["next"].as_str().unwrap());
    assert_eq!(numbers(&app.auditor.get(&next).is(200)), [1]);
}

both_databases!(who_writes_and_who_countersigns);
fn who_writes_and_who_countersigns(app: &App) {
    let path = propose(app, &app.administrator, |terms| terms["overt"]["plan"] = json!(true));
    let another = changed(app, |terms| terms["closing_days"] = json!(3));
    for client in [&app.lead, &app.member, &app.exporter, &app.auditor] {
        client.post(PATH, another.clone()).problem(403, "forbidden");
        client
            .post(&format!("{path}/withdrawal"), json!({}))
            .problem(403, "forbidden");
        assert_eq!(client.get(&path).is(200)["number"], 1);
    }
    for client in [&app.lead, &app.member, &app.exporter, &app.auditor, &app.administrator] {
        client
            .post(&format!("{path}/decision"), json!({"decision": "adopt"}))
            .problem(403, "forbidden");
    }
    for path in [PATH.to_owned(), path, format!("{PATH}/in-force")] {
        app.nobody.get(&path).problem(401, "not-signed-in");
    }
}

both_databases!(what_a_policy_lacks_is_named_by_field);
fn what_a_policy_lacks_is_named_by_field(app: &App) {
    app.leaves_nothing("agency", || {
        let post = |change: fn(&mut Value)| app.supervisor.post(PATH, changed(app, change));
        post(|terms| terms["covert"]["approvals"] = json!(0)).refuses(422, "terms.covert.approvals", "range");
        post(|terms| terms["covert"]["devices"] = json!(["radio"])).refuses(422, "terms.covert.devices[0]", "one_of");
        post(|terms| terms["overt"]["approver_confirms"] = json!([])).refuses(
            422,
            "terms.overt.approver_confirms",
            "required",
        );
        post(|_| {}).refuses(422, "terms", "changed");
        app.supervisor
            .post(PATH, json!({"reason": "x"}))
            .refuses(422, "terms", "required");
    });
}

fn asked(app: &App, case: &Case, what: Value) -> String {
    let made = app
        .lead
        .post(&case.path("authorizations"), with(app.request(), what))
        .is(201);
    format!("/api/v1/authorizations/{}", made["id"].as_str().unwrap())
}

fn approve(client: &Client, path: &str, reason: &str) -> crate::kit::Answer {
    client.post(
        &format!("{path}/decision"),
        json!({"decision": "approve", "reason": reason}),
    )
}

fn verdicts(client: &Client, path: &str) -> Vec<(String, String)> {
    let checks = client.get(&format!("{path}/checks")).is(200);
    let of = |one: &Value, field: &str| one[field].as_str().unwrap().to_owned();
    checks["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (of(one, "check"), of(one, "verdict")))
        .collect()
}

both_databases!(an_approval_against_the_policy_says_why);
fn an_approval_against_the_policy_says_why(app: &App) {
    let case = app.case();
    adopt(app, |terms| {
        terms["overt"]["longest_days"] = json!(30);
        terms["overt"]["asks"] = json!(["necessity"]);
        terms["overt"]["devices"] = json!(["other"]);
        terms["overt"]["plan"] = json!(true);
    });
    let path = asked(app, &case, json!({}));
    let found = verdicts(&app.supervisor, &path);
    let against: Vec<&str> = found
        .iter()
        .filter(|(_, verdict)| verdict == "needs_reason")
        .map(|(check, _)| check.as_str())
        .collect();
    assert_eq!(against, ["length", "devices", "answers", "plan"]);
    app.leaves_nothing(&case.stream, || {
        approve(&app.supervisor, &path, " ").refuses(422, "reason", "required");
    });
    let made = approve(&app.supervisor, &path, "a child is missing").is(200);
    assert_eq!(made["state"], "approved");
    let decision = &made["decision"];
    assert_eq!(
        (&decision["policy"]["number"], &decision["reason"]),
        (&json!(1), &json!("a child is missing"))
    );
    let kept = decision["checks"].as_array().unwrap();
    assert_eq!(
        kept.iter().filter(|check| check["verdict"] == "needs_reason").count(),
        4
    );
    assert_eq!(
        decision["confirmed"][0]["word"],
        "not_based_solely_on_protected_activity"
    );
    // What answers the policy needs no reason.
    let fits = asked(
        app,
        &case,
        json!({"ends_at": app.at(days(20)), "devices": ["other"], "necessity": "the only lead", "plan": "OP 7"}),
    );
    let found = verdicts(&app.supervisor, &fits);
    assert!(
        found.contains(&("overlap".to_owned(), "needs_you".to_owned())),
        "{found:?}"
    );
    let against: Vec<_> = found.iter().filter(|(_, verdict)| verdict == "needs_reason").collect();
    assert!(against.is_empty(), "{against:?}");
}

both_databases!(a_policy_is_never_retroactive);
fn a_policy_is_never_retroactive(app: &App) {
    let case = app.case();
    let leave = format!("/api/v1/authorizations/{}", app.leave(&case));
    let waiting = asked(app, &case, json!({}));
    let before = app.lead.get(&leave).is(200);
    adopt(app, |terms| {
        terms["overt"]["longest_days"] = json!(1);
        terms["overt"]["requester_confirms"]
            .as_array_mut()
            .unwrap()
            .push(json!({"word": "told_counsel", "says": "Counsel knows."}));
    });
    assert_eq!(app.lead.get(&leave).is(200), before);
    assert_eq!(
        (&before["policy"]["number"], &before["decision"]["policy"]["number"]),
        (&json!(0), &json!(0))
    );
    let made = app.lead.log(&case, app.post_with(json!({}))).is(201);
    assert_eq!(made["state"], "logged", "what was approved still covers");
    // What waits is decided under the policy that counts at the decision, and keeps the one under which it was asked for.
    approve(&app.supervisor, &waiting, "").refuses(422, "reason", "required");
    let decided = approve(&app.supervisor, &waiting, "so").is(200);
    assert_eq!(
        (&decided["policy"]["number"], &decided["decision"]["policy"]["number"]),
        (&json!(0), &json!(1))
    );
    // A new request confirms the new sentence, and the record keeps its words.
    app.lead
        .post(&case.path("authorizations"), app.request())
        .refuses(422, "attestations", "required");
    let words = json!(["not_based_solely_on_protected_activity", "told_counsel"]);
    let new = app.lead.get(&asked(app, &case, json!({"attestations": words}))).is(200);
    assert!(
        new["attested"]
            .as_array()
            .unwrap()
            .contains(&json!({"word": "told_counsel", "says": "Counsel knows."}))
    );
    let odd = json!(["not_based_solely_on_protected_activity", "told_counsel", "told_nobody"]);
    app.lead
        .post(
            &case.path("authorizations"),
            with(app.request(), json!({"attestations": odd})),
        )
        .refuses(422, "attestations[2]", "one_of");
}

fn covert(app: &App) -> Value {
    json!({"level": "covert", "aliases": [crate::aliases::approved(app)], "ends_at": app.at(days(20)), "plan": "OP 7", "necessity": "n", "proportionality": "p", "intrusion": "i", "confidential_material": "c"})
}

both_databases!(covert_needs_two_of_whom_one_is_above_the_unit);
fn covert_needs_two_of_whom_one_is_above_the_unit(app: &App) {
    let case = app.case();
    let path = asked(app, &case, covert(app));
    let first = app.leaves(&case.stream, "authorization.part_approved", &app.supervisor, || {
        approve(&app.supervisor, &path, "needed").is(200)
    });
    assert_eq!(
        (&first["state"], &first["effective_from"]),
        (&json!("requested"), &Value::Null)
    );
    assert_eq!(first["approvals"][0]["by"], app.supervisor.id);
    // It covers nothing yet, and one person is not two.
    let made = app.lead.log(&case, app.post_with(json!({}))).is(201);
    assert_eq!(made["state"], "held");
    app.leaves_nothing(&case.stream, || {
        approve(&app.supervisor, &path, "again").problem(403, "forbidden");
    });
    let mine = |client: &Client| {
        client.get("/api/v1/authorizations?state=requested").is(200)["items"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!((mine(&app.supervisor), mine(&app.deputy)), (1, 1), "both still read it");
    let last = app.leaves(&case.stream, "authorization.approved", &app.deputy, || {
        approve(&app.deputy, &path, "seen").is(200)
    });
    assert_eq!(
        (&last["state"], &last["effective_from"]),
        (&json!("approved"), &last["decision"]["at"])
    );
    assert_eq!(
        (&last["approvals"][0]["by"], &last["decision"]["by"]),
        (&json!(app.supervisor.id), &json!(app.deputy.id))
    );
    // Sent back after the first approval, it begins anew.
    let again = asked(app, &case, covert(app));
    approve(&app.supervisor, &again, "needed").is(200);
    app.deputy
        .post(
            &format!("{again}/decision"),
            json!({"decision": "return", "reason": "name the plan"}),
        )
        .is(200);
    let amended = app.lead.patch(&again, 3, json!({"plan": "OP 8"})).is(200);
    assert_eq!(amended["approvals"], Value::Null);
    approve(&app.supervisor, &again, "needed").is(200);
}

both_databases!(one_person_who_sends_twice_at_once_is_not_two);
fn one_person_who_sends_twice_at_once_is_not_two(app: &App) {
    let case = app.case();
    let path = asked(app, &case, covert(app));
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let all = [0; 4].map(|_| scope.spawn(|| approve(&app.supervisor, &path, "needed").status));
        all.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(
        answers.iter().filter(|status| **status == 200).count(),
        1,
        "{answers:?}"
    );
    let now = app.lead.get(&path).is(200);
    assert_eq!(
        (&now["state"], &now["effective_from"]),
        (&json!("requested"), &Value::Null)
    );
    assert_eq!(now["approvals"].as_array().map(Vec::len), Some(1));
}

both_databases!(a_standing_order_carries_captures_without_an_authorization);
fn a_standing_order_carries_captures_without_an_authorization(app: &App) {
    let case = app.case();
    let claim = json!({"basis": {"kind": "not_required", "reason": "order 12"}});
    assert_eq!(
        app.lead.log(&case, app.post_with(claim.clone())).is(201)["state"],
        "held"
    );
    let early = app.post_with(claim.clone());
    adopt(app, |terms| {
        terms["overt"]["standing_order"] = json!("General Order 12.3")
    });
    assert_eq!(
        app.lead.log(&case, app.post_with(claim.clone())).is(201)["state"],
        "logged"
    );
    // It carries nothing that was captured before it was adopted.
    assert_eq!(app.lead.log(&case, early.clone()).is(201)["state"], "held");
    // Nor does a correction move one to before it.
    let made = app.lead.log(&case, app.post_with(claim.clone())).is(201);
    let earlier = json!({"captured_at": early["captured_at"], "reason": "read again"});
    let corrections = format!("/api/v1/captures/{}/corrections", made["id"].as_str().unwrap());
    let moved = app.lead.post(&corrections, earlier).is(201);
    assert_eq!(moved["flags"], json!(["corrected_beyond"]));
    let discreet = with(claim, json!({"level": "discreet"}));
    assert_eq!(app.lead.log(&case, app.post_with(discreet)).is(201)["state"], "held");
}

both_databases!(a_standing_order_of_a_unit_carries_its_cases_alone);
fn a_standing_order_of_a_unit_carries_its_cases_alone(app: &App) {
    let case = app.case();
    let claim = || app.post_with(json!({"basis": {"kind": "not_required", "reason": "order 12"}}));
    let line = |made: &Value| {
        let mut lines = made["coverage"].as_array().unwrap().iter();
        let line = lines.find(|line| line["rule"] == "standing_order").cloned();
        let line = line.unwrap_or_default();
        (made["state"].clone(), line["passed"].clone(), line["why"].to_string())
    };
    let order = |units: Value| {
        move |terms: &mut Value| {
            terms["overt"]["standing_order"] = json!("General Order 12.3");
            terms["overt"]["standing_order_units"] = units.clone();
        }
    };
    // What no unit is called is refused, and units without an order are.
    let mut terms = app.supervisor.get(&format!("{PATH}/in-force")).is(200)["terms"].clone();
    order(json!(["Nowhere"]))(&mut terms);
    let odd = json!({"terms": terms, "reason": "because"});
    app.supervisor
        .post(PATH, odd)
        .refuses(422, "terms.overt.standing_order_units[0]", "exists");
    terms["overt"]["standing_order"] = Value::Null;
    let odd = json!({"terms": terms, "reason": "because"});
    app.supervisor
        .post(PATH, odd)
        .refuses(422, "terms.overt.standing_order", "required");
    // The case is of the squad, which is below the north and not below the south.
    adopt(app, order(json!(["south"])));
    let (state, passed, why) = line(&app.lead.log(&case, claim()).is(201));
    assert_eq!((state, passed), (json!("held"), json!(false)), "{why}");
    assert!(
        why.contains("General Order 12.3") && why.contains("does not hold"),
        "{why}"
    );
    let held = app.supervisor.get("/api/v1/exceptions?class=without").is(200);
    assert_eq!(held["items"].as_array().unwrap().len(), 1);
    let lead = Browser::signed_in(app, "lead");
    let composer = format!("/cases/{}/evidence", case.id);
    lead.get(&composer).is(200).does_not_say("General Order 12.3");
    adopt(app, order(json!(["north"])));
    let (state, passed, why) = line(&app.lead.log(&case, claim()).is(201));
    assert_eq!((state, passed), (json!("logged"), json!(true)), "{why}");
    lead.get(&composer).is(200).says("overt by General Order 12.3");
    lead.get(&format!("/cases/{}/authorizations/new", case.id))
        .is(200)
        .says("Under General Order 12.3 captures need none in this case.");
    lead.get("/authorization-policies")
        .is(200)
        .says("General Order 12.3, for cases of north and of the units below");
    // It is the unit of the time of capture that counts, in whichever unit the case lies later.
    let in_north = app.at(0);
    app.advance(hours(1));
    let version = app.lead.get(&case.path("")).is(200)["version"].as_i64().unwrap();
    app.supervisor
        .patch(&case.path(""), version, json!({"unit_id": app.units["south"]}))
        .is(200);
    app.advance(hours(1));
    assert_eq!(line(&app.lead.log(&case, claim()).is(201)).0, json!("held"));
    let then = with(claim(), json!({"captured_at": in_north}));
    assert_eq!(line(&app.lead.log(&case, then).is(201)).0, json!("logged"));
    // What was held before stays held.
    let before = app.lead.get(&case.path("captures")).is(200);
    assert!(
        before["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["state"] == "held")
    );
    app.audit();
}

/// What the form of a policy sends.
fn typed(terms: &Value) -> Vec<(String, String)> {
    let sentences = |all: &Value| {
        let all = all.as_array().unwrap().iter();
        all.map(|one| format!("{}: {}", one["word"].as_str().unwrap(), one["says"].as_str().unwrap()))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let mut pairs = vec![
        (
            "terms.forbidden_purposes".to_owned(),
            sentences(&terms["forbidden_purposes"]),
        ),
        ("terms.closing_days".to_owned(), terms["closing_days"].to_string()),
    ];
    for level in ["overt", "discreet", "covert"] {
        for (field, value) in terms[level].as_object().unwrap() {
            let name = format!("terms.{level}.{field}");
            match value {
                Value::Array(all) if all.iter().all(Value::is_string) => {
                    pairs.extend(
                        all.iter()
                            .map(|one| (format!("{name}[]"), one.as_str().unwrap().to_owned())),
                    );
                }
                Value::Array(_) => pairs.push((name, sentences(value))),
                Value::String(text) => pairs.push((name, text.clone())),
                Value::Null | Value::Bool(false) => {}
                other => pairs.push((name, other.to_string())),
            }
        }
    }
    pairs
}

both_databases!(the_pages_lead_from_a_proposal_to_its_countersignature);
fn the_pages_lead_from_a_proposal_to_its_countersignature(app: &App) {
    let author = Browser::signed_in(app, "supervisor");
    let page = author.get("/authorization-policies/new").is(200);
    page.says("not_based_solely_on_protected_activity: Nobody is looked at");
    let send = |days: &str| {
        let mut pairs = typed(&in_force(&app.lead)["terms"]);
        pairs.retain(|(name, _)| name != "terms.discreet.longest_days");
        pairs.push(("terms.discreet.longest_days".into(), days.into()));
        pairs.push(("reason".into(), "Order <12>".into()));
        let fields: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        author.post("/authorization-policies", &fields)
    };
    let refused = send("60 days").is(422);
    refused.says("value=\"60 days\"");
    refused.says("Order &#60;12&#62;");
    let to = send("60").is(303).leads_to().to_owned();
    let own = author.get(&to).is(200);
    own.says("Longest window, discreet");
    own.does_not_say(">Countersign</button>");
    let other = Browser::signed_in(app, "deputy");
    other.get(&to).is(200).says(">Countersign</button>");
    other.post(&format!("{to}/decision"), &[("decision", "adopt")]).is(303);
    assert_eq!(in_force(&app.lead)["terms"]["discreet"]["longest_days"], 60);
    author
        .get("/authorization-policies")
        .is(200)
        .says("In force: version 1");
    Browser::signed_in(app, "lead")
        .get("/authorization-policies/new")
        .is(403);
}

both_databases!(a_required_training_is_needed_to_ask_and_to_capture);
fn a_required_training_is_needed_to_ask_and_to_capture(app: &App) {
    let case = app.case();
    adopt(app, |terms| terms["overt"]["training"] = json!("required"));
    let ask = |holders: Value| {
        app.lead.post(
            &case.path("authorizations"),
            with(app.request(), json!({"holders": holders})),
        )
    };
    app.leaves_nothing(&case.stream, || {
        ask(json!([app.lead.id, app.member.id])).refuses(422, "holders[0]", "training");
    });
    let train = |who: &Client, last: &str| {
        let training = json!({"name": "Open sources", "completed_on": "2026-03-01", "expires_on": last});
        app.administrator
            .post(&format!("/api/v1/users/{}/trainings", who.id), training)
            .is(201)
    };
    let soon = &app.at(days(2))[..10];
    train(&app.lead, soon);
    ask(json!([app.lead.id, app.member.id])).refuses(422, "holders[1]", "training");
    let made = ask(json!([app.lead.id])).is(201);
    let path = format!("/api/v1/authorizations/{}", made["id"].as_str().unwrap());
    assert_eq!(approve(&app.supervisor, &path, "").is(200)["training_required"], true);
    let log = || app.lead.log(&case, app.post_with(json!({}))).is(201);
    let training = |made: &Value| {
        let lines = made["coverage"].as_array().unwrap().clone();
        lines.into_iter().find(|line| line["rule"] == "training").unwrap()["passed"].clone()
    };
    let first = log();
    assert_eq!((&first["state"], training(&first)), (&json!("logged"), json!(true)));
    // It lapses: what comes now is held, and both read why on the authorization's page.
    app.advance(days(3));
    let lapsed = log();
    assert_eq!((&lapsed["state"], training(&lapsed)), (&json!("held"), json!(false)));
    let page = format!("/authorizations/{}", made["id"].as_str().unwrap());
    for who in ["lead", "supervisor"] {
        Browser::signed_in(app, who)
            .get(&page)
            .is(200)
            .says("Suspended for want of a training");
    }
    // What was captured while it counted is covered, though it comes late.
    let early = json!({"captured_at": app.at(-days(2))});
    assert_eq!(app.lead.log(&case, app.post_with(early)).is(201)["state"], "logged");
    train(&app.lead, "2031-01-01");
    assert_eq!(log()["state"], "logged");
    Browser::signed_in(app, "lead")
        .get(&page)
        .is(200)
        .does_not_say("Suspended for want of a training");
}
