//! Aliases: who may see that there is one, when it counts, and that nothing else tells of it.

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, Case, Client, days, with};
use crate::packets::{ask, download, ready};

const PATH: &str = "/api/v1/aliases";
/// What stands in the registry and nowhere else.
const NAME: &str = "Kit Marlowe-Q";

fn wanted() -> Value {
    json!({
        "name": NAME, "accounts": [{"platform": "instagram", "handle": "@kit.m.q"}], "purpose": "closed groups of sellers",
        "photo_source": "drawn by the unit", "device": "phone 7", "custodian": "the evidence room",
    })
}

/// An alias that the lead asked for and holds; its path.
fn requested(app: &App) -> String {
    let made = app.lead.post(PATH, wanted()).is(201);
    assert_eq!((&made["state"], &made["counts"]), (&json!("requested"), &json!(false)));
    format!("{PATH}/{}", made["id"].as_str().unwrap())
}

fn approve(client: &Client, path: &str) -> crate::kit::Answer {
    client.post(&format!("{path}/decision"), json!({"decision": "approve"}))
}

/// The id of an alias that the lead holds and that counts.
pub fn approved(app: &App) -> String {
    of_holder(app, &app.lead)
}

/// The id of an alias that somebody of the unit holds and that counts.
fn of_holder(app: &App, holder: &Client) -> String {
    let made = holder.post(PATH, wanted()).is(201);
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    let made = approve(&app.supervisor, &path).is(200);
    made["id"].as_str().unwrap().to_owned()
}

/// What asks for covert leave under aliases.
pub fn covert(app: &App, aliases: &[&str]) -> Value {
    with(app.request(), json!({"level": "covert", "aliases": aliases}))
}

/// A case with an authorization for covert work under an alias.
fn covert_case(app: &App, alias: &str) -> Case {
    let case = app.case();
    app.leave_of(&case, covert(app, &[alias]));
    case
}

fn under(app: &App, alias: &str) -> Value {
    app.post_with(json!({"level": "covert", "alias_id": alias}))
}

fn line(capture: &Value) -> &Value {
    let mut lines = capture["coverage"].as_array().unwrap().iter();
    lines.find(|line| line["rule"] == "alias").unwrap_or(&Value::Null)
}

both_databases!(an_alias_counts_once_a_supervisor_of_the_unit_approved_it);
fn an_alias_counts_once_a_supervisor_of_the_unit_approved_it(app: &App) {
    let path = app.leaves("agency", "alias.requested", &app.lead, || requested(app));
    approve(&app.lead, &path).problem(403, "forbidden");
    assert_eq!(app.count("agency", "alias.approved"), 0);
    let made = app.leaves("agency", "alias.approved", &app.supervisor, || {
        approve(&app.supervisor, &path).is(200)
    });
    assert_eq!((&made["state"], &made["counts"]), (&json!("approved"), &json!(true)));
    assert_eq!(made["decision"]["by"]["id"], json!(app.supervisor.id));
    approve(&app.deputy, &path).problem(409, "conflict");
    let declined = requested(app);
    app.supervisor
        .post(&format!("{declined}/decision"), json!({"decision": "decline"}))
        .refuses(422, "reason", "required");
    let declined = app
        .supervisor
        .post(
            &format!("{declined}/decision"),
            json!({"decision": "decline", "reason": "overt looking would do"}),
        )
        .is(200);
    assert_eq!(
        (&declined["state"], &declined["counts"]),
        (&json!("declined"), &json!(false))
    );
    let retired = app.leaves("agency", "alias.retired", &app.lead, || {
        app.lead
            .post(&format!("{path}/retirement"), json!({"reason": "the group is closed"}))
            .is(200)
    });
    assert_eq!(
        (&retired["state"], &retired["review_due"]),
        (&json!("retired"), &Value::Null)
    );
    app.audit();
}

both_databases!(an_alias_counts_on_its_platforms_alone);
fn an_alias_counts_on_its_platforms_alone(app: &App) {
    let alias = approved(app);
    let case = covert_case(app, &alias);
    let logged = |platform: &str| {
        let capture = with(
            under(app, &alias),
            json!({"platform": platform, "url": format!("https://{platform}.example/1")}),
        );
        app.lead.log(&case, capture).is(201)
    };
    let own = logged("instagram");
    assert_eq!((&own["state"], &line(&own)["passed"]), (&json!("logged"), &json!(true)));
    // The authorization covers the web too; the alias has no account there.
    let other = logged("web");
    assert_eq!(
        (&other["state"], &line(&other)["passed"]),
        (&json!("held"), &json!(false))
    );
    assert!(!other.to_string().contains(NAME));
    // A correction moves it to no other platform either, though the authorization covers that one.
    let moved = json!({"platform": "web", "reason": "read again"});
    let corrections = format!("/api/v1/captures/{}/corrections", own["id"].as_str().unwrap());
    assert_eq!(
        app.lead.post(&corrections, moved).is(201)["flags"],
        json!(["corrected_beyond"])
    );
}

both_databases!(nobody_decides_an_alias_that_they_hold_or_asked_for);
fn nobody_decides_an_alias_that_they_hold_or_asked_for(app: &App) {
    // A supervisor asks for a person of the unit, and another supervisor decides.
    let of_lead = with(wanted(), json!({"holder": app.lead.id}));
    let made = app.supervisor.post(PATH, of_lead).is(201);
    assert_eq!(made["holder"]["id"], json!(app.lead.id));
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    app.leaves_nothing("agency", || {
        approve(&app.supervisor, &path).problem(409, "conflict");
    });
    approve(&app.deputy, &path).is(200);
    // One's own is decided and reviewed by another.
    let own = app.supervisor.post(PATH, wanted()).is(201);
    let path = format!("{PATH}/{}", own["id"].as_str().unwrap());
    approve(&app.supervisor, &path).problem(409, "conflict");
    approve(&app.deputy, &path).is(200);
    let note = json!({"note": "still needed"});
    app.supervisor
        .post(&format!("{path}/reviews"), note.clone())
        .problem(409, "conflict");
    app.deputy.post(&format!("{path}/reviews"), note).is(200);
    // Nobody asks for a person whom they do not supervise, and nobody else holds one.
    for (client, holder) in [
        (&app.lead, &app.member),
        (&app.supervisor, &app.exporter),
        (&app.far, &app.lead),
    ] {
        client
            .post(PATH, with(wanted(), json!({"holder": holder.id})))
            .refuses(422, "holder", "exists");
    }
}

both_databases!(it_exists_for_its_holder_and_their_supervisors_alone);
fn it_exists_for_its_holder_and_their_supervisors_alone(app: &App) {
    let id = approved(app);
    let case = covert_case(app, &id);
    let path = format!("{PATH}/{id}");
    let made = app.lead.log(&case, under(app, &id)).is(201);
    assert_eq!(made["state"], "logged");
    for client in [&app.lead, &app.supervisor, &app.deputy] {
        assert_eq!(client.get(&path).is(200)["name"], NAME);
        assert_eq!(client.get(PATH).is(200)["items"].as_array().unwrap().len(), 1);
        let uses = client.get(&format!("{path}/uses")).is(200);
        assert_eq!(uses["items"][0]["capture_id"], made["id"]);
    }
    let absent = format!("{PATH}/01930000-0000-7000-8000-000000000000");
    for client in [
        &app.member,
        &app.stranger,
        &app.far,
        &app.exporter,
        &app.auditor,
        &app.administrator,
    ] {
        for (hidden, none) in [
            (path.clone(), absent.clone()),
            (format!("{path}/uses"), format!("{absent}/uses")),
        ] {
            let (hidden, none) = (client.get(&hidden), client.get(&none));
            assert_eq!((hidden.status, hidden.json()), (404, none.json()));
        }
        for (place, body) in [
            ("decision", json!({"decision": "approve"})),
            ("reviews", json!({"note": "n"})),
            ("retirement", json!({"reason": "r"})),
        ] {
            client.post(&format!("{path}/{place}"), body).problem(404, "not-found");
        }
    }
    for client in [&app.member, &app.stranger, &app.far] {
        assert_eq!(client.get(PATH).is(200)["items"], json!([]));
    }
    for client in [&app.exporter, &app.auditor, &app.administrator] {
        client.get(PATH).problem(403, "forbidden");
        client.post(PATH, wanted()).problem(403, "forbidden");
    }
    app.nobody.get(&path).problem(401, "not-signed-in");
    let pages = ["far", "member"].map(|name| Browser::signed_in(app, name));
    for page in &pages {
        page.get(&format!("/aliases/{id}")).is(404).does_not_say(NAME);
        page.get("/aliases").is(200).does_not_say(NAME);
    }
}

both_databases!(no_log_search_or_packet_tells_of_it);
fn no_log_search_or_packet_tells_of_it(app: &App) {
    let id = approved(app);
    let case = covert_case(app, &id);
    let made = app.lead.log(&case, under(app, &id)).is(201);
    app.far.get(&format!("{PATH}/{id}")).problem(404, "not-found");
    app.lead
        .post(&format!("{PATH}/{id}/decision"), json!({"decision": "approve"}))
        .problem(403, "forbidden");
    let quiet = |text: &str, what: &str| {
        for word in [id.as_str(), NAME, "kit.m.q"] {
            assert!(!text.contains(word), "{what} tells {word}");
        }
    };
    let mut seen = 0;
    let mut next = "/api/v1/ledger/events?limit=100".to_owned();
    loop {
        let page = app.auditor.get(&next).is(200);
        for event in page["items"].as_array().unwrap() {
            let told = event.to_string();
            quiet(&told, "the ledger");
            assert!(!told.contains("\"alias"), "{told}");
            // A refusal says the same, whether there is an alias or not.
            assert!(!told.contains("forbidden"), "{told}");
            seen += 1;
        }
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("/api/v1/ledger/events?limit=100&cursor={cursor}");
    }
    assert!(seen > 3);
    let item = format!("/api/v1/captures/{}", made["id"].as_str().unwrap());
    for path in [
        item.clone(),
        format!("{item}/custody"),
        case.path("captures"),
        case.path("accesses"),
        "/api/v1/find?q=kit.m.q".to_owned(),
        format!("/api/v1/find?q={id}"),
    ] {
        let told = app.supervisor.get(&path).is(200).to_string();
        // A search repeats what was asked.
        if !path.contains("find") {
            quiet(&told, &path);
        } else {
            assert!(!told.contains(NAME), "{path}");
        }
    }
    app.grant(&case, &app.exporter, &["read", "export"]);
    let packet = ready(
        &app.exporter,
        &ask(&app.exporter, &case, json!({"purpose": "internal"})),
    );
    let (_folder, file) = download(&app.exporter, &packet);
    let zip = String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned();
    quiet(&zip, "the packet");
    assert!(
        zip.contains("under an alias of the capturer"),
        "that there was one is told"
    );
}

both_databases!(a_covert_capture_is_judged_by_its_alias);
fn a_covert_capture_is_judged_by_its_alias(app: &App) {
    let id = approved(app);
    let case = covert_case(app, &id);
    let logged = |client: &Client, capture: Value| {
        let made = client.log(&case, capture).is(201);
        let passed = line(&made)["passed"].clone();
        (made["state"].clone(), passed, made["flags"].clone())
    };
    let of = |state: &str, passed: Value, flags: Value| (json!(state), passed, flags);
    assert_eq!(logged(&app.lead, under(app, &id)), of("logged", json!(true), json!([])));
    // The alias of another is none, and says no more than one that does not exist.
    let of_member = of_holder(app, &app.member);
    let member = with(covert(app, &[&of_member]), json!({"holders": [app.member.id]}));
    app.leave_of(&case, member);
    let missing = of("held", json!(false), json!(["alias_missing"]));
    let absent = "01930000-0000-7000-8000-000000000000";
    assert_eq!(logged(&app.member, under(app, &id)), missing);
    assert_eq!(logged(&app.member, under(app, absent)), missing);
    assert_eq!(logged(&app.lead, app.post_with(json!({"level": "covert"}))), missing);
    assert_eq!(
        app.lead.get(&format!("{PATH}/{id}/uses")).is(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // Before its approval it counts for nothing, and nothing is covered backwards.
    let early = with(under(app, &id), json!({"captured_at": app.at(-1_000_000)}));
    let path = requested(app);
    let waiting = path.rsplit('/').next().unwrap().to_owned();
    assert_eq!(logged(&app.lead, under(app, &waiting)).0, "held");
    app.advance(days(1));
    assert_eq!(logged(&app.lead, early).1, json!(false));
    // Without a review for thirty days it is overdue, and a review counts from then on.
    app.advance(days(30));
    let overdue = of("held", json!(false), json!([]));
    assert_eq!(logged(&app.lead, under(app, &id)), overdue);
    let note = json!({"note": "still needed"});
    app.leaves("agency", "alias.reviewed", &app.supervisor, || {
        app.supervisor.post(&format!("{PATH}/{id}/reviews"), note).is(200)
    });
    app.advance(days(1));
    assert_eq!(logged(&app.lead, under(app, &id)).0, "logged");
    let reason = json!({"reason": "seen by a seller"});
    app.supervisor.post(&format!("{PATH}/{id}/retirement"), reason).is(200);
    assert_eq!(logged(&app.lead, under(app, &id)), overdue);
    // What rests on something else needs none, and tells one that it was made under.
    let basis = json!({"basis": {"kind": "emergency", "reason": "danger to life"}, "level": "covert"});
    let made = app.lead.log(&case, app.post_with(basis)).is(201);
    assert_eq!((&made["state"], line(&made)), (&json!("logged"), &Value::Null));
}

both_databases!(what_a_request_lacks_is_named_by_field);
fn what_a_request_lacks_is_named_by_field(app: &App) {
    app.leaves_nothing("agency", || {
        for field in ["name", "accounts", "purpose", "device", "custodian"] {
            let lacking = with(wanted(), json!({field: null}));
            app.lead.post(PATH, lacking).refuses(422, field, "required");
        }
        let odd = with(wanted(), json!({"accounts": [{"handle": "x"}]}));
        app.lead
            .post(PATH, odd)
            .refuses(422, "accounts[0].platform", "required");
    });
}

both_databases!(an_alias_by_its_pages);
fn an_alias_by_its_pages(app: &App) {
    let (lead, supervisor) = (Browser::signed_in(app, "lead"), Browser::signed_in(app, "supervisor"));
    lead.get("/").is(200).says("href=\"/aliases\"");
    Browser::signed_in(app, "auditor")
        .get("/")
        .is(200)
        .does_not_say("href=\"/aliases\"");
    let typed = [
        ("name", NAME),
        ("account_lines", "@kit.m.q on Instagram\r\nsnapchat"),
        ("purpose", "closed groups"),
        ("device", "phone 7"),
        ("custodian", ""),
    ];
    let refused = lead.post("/aliases", &typed).is(422);
    refused.says(NAME);
    refused.says("@kit.m.q on Instagram");
    let mut typed = typed;
    typed[4].1 = "the evidence room";
    let made = lead.post("/aliases", &typed).is(303);
    let path = made.leads_to().split('?').next().unwrap().to_owned();
    let shown = lead.get(&path).is(200);
    shown.says("@kit.m.q on Instagram");
    shown.does_not_say("value=\"approve\"");
    let shown = supervisor.get(&path).is(200);
    let version = shown.hidden("version");
    shown.says("value=\"approve\"");
    let answer = [("version", version.as_str()), ("decision", "approve"), ("reason", "")];
    supervisor.post(&format!("{path}/decision"), &answer).is(303);
    let id = path.rsplit('/').next().unwrap();
    let case = covert_case(app, id);
    lead.get(&format!("/cases/{}/evidence", case.id))
        .is(200)
        .says(&format!("value=\"{id}\""));
    let typed = [
        ("url", "https://www.instagram.com/p/C8xyz/"),
        ("level", "covert"),
        ("device", "agency"),
        ("alias_id", id),
    ];
    let made = lead.log(&case.id, &typed, None).is(303);
    let made = app.lead.get(&format!("/api/v1/captures/{}", made.capture())).is(200);
    assert_eq!(
        (&made["state"], &line(&made)["passed"]),
        (&json!("logged"), &json!(true))
    );
    let item = lead.get(&format!("/captures/{}", made["id"].as_str().unwrap())).is(200);
    item.says("under an alias of the capturer");
    item.does_not_say(NAME);
    lead.get(&path).is(200).says("Item 1");
    Browser::signed_in(app, "member")
        .get("/aliases")
        .is(200)
        .does_not_say(NAME);
    app.advance(days(31));
    let (lead, supervisor) = (Browser::signed_in(app, "lead"), Browser::signed_in(app, "supervisor"));
    supervisor.get("/aliases").is(200).says("Overdue");
    let refused = supervisor.post(&format!("{path}/reviews"), &[("note", "")]).is(422);
    refused.says("What you found");
    supervisor
        .post(&format!("{path}/reviews"), &[("note", "still needed")])
        .is(303);
    supervisor.get("/aliases").is(200).does_not_say("Overdue");
    lead.post(&format!("{path}/retirement"), &[("reason", "over")]).is(303);
    lead.get(&path).is(200).says("Retired");
}
