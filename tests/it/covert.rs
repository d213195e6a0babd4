//! Covert authorizations name aliases: which ones stands in the registry alone, and nothing else tells. What packets say
//! of aliases, and how a supervisor includes one.

use serde_json::{Value, json};

use crate::aliases::{approved, covert};
use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{Answer, App, Case, Client, days, hours, with};
use crate::packets::{ask, download, ready, verifies};

/// What stands in the registry and nowhere else.
const NAME: &str = "Kit Marlowe-Q";

fn asked(app: &App, case: &Case, request: Value) -> String {
    let made = app.lead.post(&case.path("authorizations"), request).is(201);
    format!("/api/v1/authorizations/{}", made["id"].as_str().unwrap())
}

fn decide(client: &Client, path: &str, decision: &str) -> Answer {
    let body = json!({"decision": decision, "reason": "as stated"});
    client.post(&format!("{path}/decision"), body)
}

fn check(client: &Client, path: &str) -> Value {
    let all = client.get(&format!("{path}/checks")).is(200);
    let mut all = all["items"].as_array().unwrap().iter();
    all.find(|one| one["check"] == "alias").cloned().unwrap_or_default()
}

fn retire(app: &App, alias: &str) {
    let reason = json!({"reason": "it is burnt"});
    app.lead
        .post(&format!("/api/v1/aliases/{alias}/retirement"), reason)
        .is(200);
}

both_databases!(a_covert_request_names_an_alias_in_force);
fn a_covert_request_names_an_alias_in_force(app: &App) {
    let case = app.case();
    let alias = approved(app);
    let path = case.path("authorizations");
    let waiting = json!({
        "name": "n", "accounts": [{"platform": "x"}], "purpose": "p", "device": "d", "custodian": "c",
    });
    let waiting = app.lead.post("/api/v1/aliases", waiting).is(201);
    let absent = "01930000-0000-7000-8000-000000000000";
    app.leaves_nothing(&case.stream, || {
        app.lead
            .post(&path, with(app.request(), json!({"level": "covert"})))
            .refuses(422, "aliases", "required");
        for level in ["overt", "discreet"] {
            let with_one = with(covert(app, &[&alias]), json!({"level": level}));
            app.lead.post(&path, with_one).refuses(422, "aliases", "covert");
        }
        app.lead
            .post(&path, covert(app, &["x"]))
            .refuses(422, "aliases[0]", "uuid");
        // What is not approved, what is nobody's and what no holder holds are the same answer.
        let told = |request: Value| {
            let refused = app.lead.post(&path, request).refuses(422, "aliases[0]", "in_force");
            refused["errors"].clone()
        };
        let unknown = told(covert(app, &[absent]));
        assert_eq!(told(covert(app, &[waiting["id"].as_str().unwrap()])), unknown);
        let of_another = with(covert(app, &[&alias]), json!({"holders": [app.member.id]}));
        assert_eq!(told(of_another), unknown);
        let emergency = json!({"starts_at": null, "ends_at": null});
        app.lead
            .post(
                &case.path("authorizations/emergency"),
                with(covert(app, &[&alias]), emergency),
            )
            .refuses(422, "aliases", "emergency");
    });
    // A record of the case and one of the registry, and the case says how many.
    let made = app.leaves(&case.stream, "authorization.requested", &app.lead, || {
        app.leaves("agency", "alias_naming.recorded", &app.lead, || {
            asked(app, &case, covert(app, &[&alias]))
        })
    });
    assert_eq!(app.last_record(&case.stream)["aliases_named"], 1);
    // A change keeps them, and one to another level has none.
    decide(&app.supervisor, &made, "return").is(200);
    let amended = app.leaves_none("alias_naming", || {
        app.lead.patch(&made, 2, json!({"purpose": "p"})).is(200)
    });
    assert_eq!(amended["aliases_named"], 1);
    decide(&app.supervisor, &made, "return").is(200);
    app.lead
        .patch(&made, 4, json!({"level": "overt"}))
        .refuses(422, "aliases", "covert");
    app.lead
        .patch(&made, 4, json!({"aliases_named": 3}))
        .refuses(422, "aliases_named", "unknown");
    let overt = json!({"level": "overt", "aliases": []});
    let amended = app.leaves("agency", "alias_naming.recorded", &app.lead, || {
        app.lead.patch(&made, 4, overt).is(200)
    });
    assert_eq!(amended["aliases_named"], Value::Null);
    app.audit();
}

both_databases!(nothing_but_the_registry_tells_which_alias_is_named);
fn nothing_but_the_registry_tells_which_alias_is_named(app: &App) {
    let case = app.case();
    let alias = approved(app);
    let path = asked(app, &case, covert(app, &[&alias]));
    let id = path.rsplit('/').next().unwrap();
    for client in [&app.lead, &app.supervisor, &app.deputy] {
        assert_eq!(client.get(&path).is(200)["aliases"], json!([alias]));
        let entry = client.get(&format!("/api/v1/aliases/{alias}")).is(200);
        assert_eq!(entry["named_by"][0]["authorization_id"], id);
    }
    for client in [&app.member, &app.exporter] {
        let shown = client.get(&path).is(200);
        assert_eq!((&shown["aliases_named"], &shown["aliases"]), (&json!(1), &Value::Null));
    }
    app.far.get(&path).problem(404, "not-found");
    let checked = check(&app.lead, &path);
    assert_eq!(
        (&checked["verdict"], &checked["why"]),
        (
            &json!("passed"),
            &json!("It names 1 alias, in the registry, in force and held by its holders.")
        )
    );
    decide(&app.supervisor, &path, "approve").is(200);
    decide(&app.deputy, &path, "approve").is(200);
    for told in [
        path.clone(),
        format!("{path}/checks"),
        case.path("authorizations"),
        "/api/v1/authorizations".to_owned(),
        case.path("events"),
        case.path("accesses"),
    ] {
        let by = match told.ends_with("accesses") {
            true => &app.supervisor,
            false => &app.member,
        };
        let text = by.get(&told).is(200).to_string();
        assert!(!text.contains(&alias) && !text.contains(NAME), "{told}: {text}");
    }
    let (lead, member) = (Browser::signed_in(app, "lead"), Browser::signed_in(app, "member"));
    let page = format!("/authorizations/{id}");
    let shown = lead.get(&page).is(200);
    shown.says("1 alias, in the registry");
    shown.says(&format!("/aliases/{alias}"));
    // A real name stands on this page, so that not even its holder reads the alias there.
    shown.does_not_say(NAME);
    let shown = member.get(&page).is(200);
    shown.says("1 alias, in the registry");
    shown.does_not_say(&alias);
    lead.get(&format!("/aliases/{alias}")).is(200).says(&page);
}

both_databases!(no_approval_without_an_alias_in_force);
fn no_approval_without_an_alias_in_force(app: &App) {
    let case = app.case();
    let first = approved(app);
    let path = asked(app, &case, covert(app, &[&first]));
    decide(&app.supervisor, &path, "approve").is(200);
    retire(app, &first);
    assert_eq!(check(&app.deputy, &path)["verdict"], "failed");
    app.leaves_nothing(&case.stream, || {
        let refused = decide(&app.deputy, &path, "approve").problem(409, "conflict");
        assert!(
            refused["detail"].as_str().unwrap().contains("none is in force"),
            "{refused}"
        );
    });
    decide(&app.deputy, &path, "return").is(200);
    let (second, third) = (approved(app), approved(app));
    app.lead
        .patch(&path, 3, json!({"purpose": "the same"}))
        .refuses(422, "aliases[0]", "in_force");
    app.lead.patch(&path, 3, json!({"aliases": [second, third]})).is(200);
    retire(app, &third);
    let checked = check(&app.deputy, &path);
    assert_eq!(checked["verdict"], "needs_you");
    assert_eq!(
        checked["why"],
        "It names 2 aliases, in the registry, of which 1 in force."
    );
    decide(&app.supervisor, &path, "approve").is(200);
    let last = decide(&app.deputy, &path, "approve").is(200);
    assert_eq!(
        (&last["state"], &last["aliases_named"]),
        (&json!("approved"), &json!(2))
    );
    app.audit();
}

fn under(app: &App, alias: &str) -> Value {
    app.post_with(json!({"level": "covert", "alias_id": alias}))
}

/// The verdict of the rule about the aliases of the authorization.
fn named(capture: &Value) -> Value {
    let mut lines = capture["coverage"].as_array().unwrap().iter();
    lines
        .find(|line| line["rule"] == "named_alias")
        .map_or(Value::Null, |line| line["passed"].clone())
}

both_databases!(a_covert_capture_is_covered_under_an_alias_that_is_named);
fn a_covert_capture_is_covered_under_an_alias_that_is_named(app: &App) {
    let case = app.case();
    let (one, other, third) = (approved(app), approved(app), approved(app));
    app.leave_of(&case, covert(app, &[&one]));
    let made = app.lead.log(&case, under(app, &one)).is(201);
    assert_eq!((&made["state"], named(&made)), (&json!("logged"), json!(true)));
    let made = app.lead.log(&case, under(app, &other)).is(201);
    assert_eq!((&made["state"], named(&made)), (&json!("held"), json!(false)));
    let exceptions = app.supervisor.get("/api/v1/exceptions?class=beyond").is(200);
    assert_eq!(exceptions["items"][0]["object_id"], made["id"]);
    // Of two authorizations the one that names it covers.
    let second = app.leave_of(&case, covert(app, &[&other]));
    let made = app.lead.log(&case, under(app, &other)).is(201);
    assert_eq!(
        (&made["state"], &made["basis"]["id"]),
        (&json!("logged"), &json!(second))
    );
    assert_eq!(app.lead.log(&case, under(app, &third)).is(201)["state"], "held");
    // A preview says the same.
    let seen = app
        .lead
        .post(&case.path("captures/preview"), under(app, &third))
        .is(200);
    assert!(seen.to_string().contains("does not name its alias"), "{seen}");
    app.audit();
}

both_databases!(one_that_names_no_alias_is_judged_as_before);
fn one_that_names_no_alias_is_judged_as_before(app: &App) {
    let case = app.case();
    let alias = approved(app);
    let request = json!({"level": "covert", "starts_at": null, "ends_at": null});
    let made = app
        .lead
        .post(&case.path("authorizations/emergency"), with(app.request(), request))
        .is(201);
    let path = format!("/api/v1/authorizations/{}", made["id"].as_str().unwrap());
    decide(&app.supervisor, &path, "confirm").is(200);
    assert_eq!(app.lead.get(&path).is(200)["aliases_named"], Value::Null);
    let made = app.lead.log(&case, under(app, &alias)).is(201);
    assert_eq!((&made["state"], named(&made)), (&json!("logged"), Value::Null));
    app.advance(hours(5));
    assert_eq!(app.lead.log(&case, under(app, &alias)).is(201)["state"], "held");
}

both_databases!(aliases_are_named_by_the_page);
fn aliases_are_named_by_the_page(app: &App) {
    let case = app.case();
    let alias = approved(app);
    let lead = Browser::signed_in(app, "lead");
    let address = format!("/cases/{}/authorizations", case.id);
    let form = lead.get(&format!("{address}/new?level=covert")).is(200);
    form.says(&format!("name=\"aliases[]\" value=\"{alias}\""));
    Browser::signed_in(app, "member")
        .get(&format!("{address}/new"))
        .is(200)
        .does_not_say(&alias);
    let mut typed = vec![
        ("level", "covert"),
        ("platforms[]", "instagram"),
        ("purpose", "p"),
        ("predicate", "q"),
        ("ends_at", "2030-01-01T10:00"),
        ("form_zone", "UTC"),
        ("holders[]", app.lead.id.as_str()),
        ("devices[]", "agency"),
        ("attestations[]", "not_based_solely_on_protected_activity"),
    ];
    let until = app.at(days(20));
    typed[4].1 = &until[..16];
    let refused = lead.post(&address, &typed).is(422);
    refused.says("must name at least one alias");
    typed.push(("aliases[]", alias.as_str()));
    let made = lead.post(&address, &typed).is(303);
    let page = made.leads_to().split('?').next().unwrap().to_owned();
    let api = format!("/api/v1{page}");
    assert_eq!(app.lead.get(&api).is(200)["aliases"], json!([alias]));
    decide(&app.supervisor, &api, "return").is(200);
    let form = lead.get(&format!("{page}/edit")).is(200);
    form.says(&format!("value=\"{alias}\" checked"));
    form.does_not_say(&format!("value=\"{alias}\"><span>"));
}

fn text_of(file: &std::path::Path) -> String {
    String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned()
}

both_databases!(a_packet_counts_aliases_and_shows_one_that_is_included);
fn a_packet_counts_aliases_and_shows_one_that_is_included(app: &App) {
    let case = app.case();
    let alias = approved(app);
    app.leave_of(&case, covert(app, &[&alias]));
    let made = app.lead.log(&case, under(app, &alias)).is(201);
    assert_eq!(made["state"], "logged");
    let built = || {
        let packet = ready(
            &app.exporter,
            &ask(&app.exporter, &case, json!({"purpose": "internal"})),
        );
        let (folder, file) = download(&app.exporter, &packet);
        verifies(app, &file);
        (folder, text_of(&file))
    };
    let (_folder, told) = built();
    for said in [
        "Aliases are withheld as a class: 1 named by authorizations, 1 exhibit made under one.",
        "1 alias, in the registry",
        "\"aliases_named\":1",
    ] {
        assert!(told.contains(said), "{said}");
    }
    assert!(!told.contains(NAME) && !told.contains(&alias) && !told.contains("kit.m.q"));
    let path = case.path("alias-disclosures");
    let included = app.leaves(&case.stream, "alias_disclosure.recorded", &app.supervisor, || {
        let new = json!({"alias_id": alias, "reason": "the court asked who wrote to her"});
        app.supervisor.post(&path, new).is(200)
    });
    assert_eq!(
        (&included["name"], &included["by"]["id"]),
        (&json!(NAME), &json!(app.supervisor.id))
    );
    let record = app.last_record(&case.stream).to_string();
    assert!(record.contains(NAME) && !record.contains(&app.lead.id), "{record}");
    assert_eq!(app.exporter.get(&path).is(200)["items"][0]["name"], NAME);
    let (_folder, told) = built();
    for said in [
        "Aliases that a supervisor included",
        NAME,
        "the court asked who wrote to her",
        "kit.m.q",
    ] {
        assert!(told.contains(said), "{said}");
    }
    app.audit();
}

both_databases!(who_includes_an_alias_in_what_leaves);
fn who_includes_an_alias_in_what_leaves(app: &App) {
    let case = app.case();
    let (alias, unused) = (approved(app), approved(app));
    app.leave_of(&case, covert(app, &[&alias]));
    let path = case.path("alias-disclosures");
    let new = |alias: &str| json!({"alias_id": alias, "reason": "counsel agreed"});
    app.leaves_nothing(&case.stream, || {
        for client in [
            &app.stranger,
            &app.far,
            &app.prosecutor,
            &app.administrator,
            &app.auditor,
        ] {
            client.get(&path).problem(404, "not-found");
            client.post(&path, new(&alias)).problem(404, "not-found");
        }
        for client in [&app.lead, &app.member, &app.exporter] {
            client.get(&path).is(200);
            client.post(&path, new(&alias)).problem(403, "forbidden");
        }
        app.nobody.post(&path, new(&alias)).problem(401, "not-signed-in");
        let absent = new("01930000-0000-7000-8000-000000000000");
        app.supervisor.post(&path, absent).refuses(422, "alias_id", "exists");
        app.supervisor
            .post(&path, new(&unused))
            .refuses(422, "alias_id", "used");
        for field in ["alias_id", "reason"] {
            let less = with(new(&alias), json!({field: null}));
            app.supervisor.post(&path, less).refuses(422, field, "required");
        }
        app.supervisor
            .post(&path, with(new(&alias), json!({"holder": "x"})))
            .refuses(422, "holder", "unknown");
    });
    app.supervisor.post(&path, new(&alias)).is(200);
    app.deputy.post(&path, new(&alias)).problem(409, "conflict");
    // By its page, with what was typed shown again.
    let other = app.case();
    app.leave_of(&other, covert(app, &[&unused]));
    let supervisor = Browser::signed_in(app, "supervisor");
    let page = format!("/aliases/{unused}");
    supervisor.get(&page).is(200).says("Include it with a reason");
    Browser::signed_in(app, "lead")
        .get(&page)
        .is(200)
        .does_not_say("Include it with a reason");
    let address = format!("/cases/{}/alias-disclosures", other.id);
    let mut typed = vec![
        ("case", other.id.as_str()),
        ("alias_id", unused.as_str()),
        ("reason", ""),
    ];
    supervisor
        .post(&address, &typed)
        .is(422)
        .says("Include it with a reason");
    typed[2].1 = "counsel agreed";
    supervisor.post(&address, &typed).is(303);
    supervisor.get(&page).is(200).says("Included");
    app.audit();
}
