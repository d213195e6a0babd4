//! Referrals: the lead builds one, a supervisor releases it or refuses, and until then nobody else takes it out.

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, Case, hours};
use crate::packets::{ask, download, filled, ready, verifies};

fn path(packet: &Value, rest: &str) -> String {
    format!("/api/v1/packets/{}{rest}", packet["id"].as_str().unwrap())
}

/// A referral that the lead built of two items.
fn built(app: &App) -> (Case, Value) {
    let (case, made) = filled(app);
    let body = json!({"purpose": "referral", "captures": [made[0]["id"], made[1]["id"]], "recipient": "State police"});
    let packet = ready(&app.lead, &ask(&app.lead, &case, body));
    assert_eq!(packet["release"], json!({"state": "waiting"}));
    (case, packet)
}

both_databases!(a_referral_leaves_after_its_release);
fn a_referral_leaves_after_its_release(app: &App) {
    let (case, packet) = built(app);
    let file = path(&packet, "/file");
    let disclosures = path(&packet, "/disclosures");
    // The lead and the exporter see that it waits, and take nothing out.
    for client in [&app.lead, &app.exporter] {
        let refused = client.get(&file).problem(409, "conflict");
        assert!(refused["detail"].as_str().unwrap().contains("waits for its release"));
    }
    app.leaves_nothing(&case.stream, || {
        app.lead.post(&disclosures, json!({"to": "x"})).problem(409, "conflict");
    });
    // Whoever releases it looks at it before.
    let (_folder, zip) = download(&app.supervisor, &packet);
    verifies(app, &zip);
    let released = app.supervisor.post(&path(&packet, "/release"), json!({})).is(200);
    assert_eq!(released["outcome"], "released");
    assert_eq!(released["packet"]["sha256"], packet["sha256"]);
    let shown = app.lead.get(&path(&packet, "")).is(200);
    assert_eq!(shown["release"]["state"], "released");
    assert_eq!(shown["release"]["by"]["id"], app.supervisor.id);
    let (_folder, zip) = download(&app.lead, &packet);
    verifies(app, &zip);
    app.lead.post(&disclosures, json!({"to": "State police"})).is(201);
    // Once decided, it stays so.
    let refuse = json!({"outcome": "refused", "reason": "after all not"});
    app.supervisor
        .post(&path(&packet, "/release"), refuse)
        .problem(409, "conflict");
    // The next packet shows what was decided.
    let next = ready(
        &app.exporter,
        &ask(&app.exporter, &case, json!({"purpose": "discovery"})),
    );
    let (_folder, zip) = download(&app.exporter, &next);
    verifies(app, &zip);
}

both_databases!(a_refused_referral_never_leaves);
fn a_refused_referral_never_leaves(app: &App) {
    let (_case, packet) = built(app);
    let release = path(&packet, "/release");
    app.supervisor
        .post(&release, json!({"outcome": "refused"}))
        .refuses(422, "reason", "required");
    app.supervisor
        .post(&release, json!({"outcome": "kept"}))
        .refuses(422, "outcome", "one_of");
    let why = "names a witness who was promised silence";
    app.supervisor
        .post(&release, json!({"outcome": "refused", "reason": why}))
        .is(200);
    let shown = app.lead.get(&path(&packet, "")).is(200);
    assert_eq!(
        (&shown["release"]["state"], &shown["release"]["reason"]),
        (&json!("refused"), &json!(why))
    );
    let refused = app.lead.get(&path(&packet, "/file")).problem(409, "conflict");
    assert!(refused["detail"].as_str().unwrap().contains("refused to release"));
    app.lead
        .post(&path(&packet, "/disclosures"), json!({"to": "x"}))
        .problem(409, "conflict");
}

both_databases!(only_that_supervisor_releases);
fn only_that_supervisor_releases(app: &App) {
    let (case, packet) = built(app);
    let release = path(&packet, "/release");
    for client in [&app.lead, &app.exporter] {
        client.post(&release, json!({})).problem(403, "forbidden");
    }
    app.member.post(&release, json!({})).problem(403, "forbidden");
    for client in [&app.stranger, &app.far, &app.administrator, &app.auditor] {
        client.post(&release, json!({})).problem(404, "not-found");
    }
    // A member of the case follows no packet, and the supervisor none but referrals.
    app.member.get(&path(&packet, "")).problem(403, "forbidden");
    let other = ready(
        &app.exporter,
        &ask(&app.exporter, &case, json!({"purpose": "internal"})),
    );
    app.supervisor.get(&path(&other, "")).problem(403, "forbidden");
    app.lead.get(&path(&other, "")).problem(403, "forbidden");
    let listed = |client: &crate::kit::Client| -> Vec<Value> {
        let all = client.get(&case.path("packets")).is(200);
        all["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p["id"].clone())
            .collect()
    };
    assert_eq!(listed(&app.supervisor), [packet["id"].clone()]);
    assert_eq!(listed(&app.lead), [packet["id"].clone()]);
    assert_eq!(listed(&app.exporter), [packet["id"].clone(), other["id"].clone()]);
    app.exporter
        .post(&path(&other, "/release"), json!({}))
        .problem(403, "forbidden");
    // A referral that is none is not released.
    app.supervisor
        .post(&path(&other, "/release"), json!({}))
        .problem(409, "conflict");
}

both_databases!(who_worked_on_the_case_when_it_was_built_does_not_release_it);
fn who_worked_on_the_case_when_it_was_built_does_not_release_it(app: &App) {
    let (case, made) = filled(app);
    let membership = case.path(&format!("members/{}", app.deputy.id));
    app.lead.put(&membership, json!({})).is(200);
    app.advance(hours(1));
    let body = json!({"purpose": "referral", "captures": [made[0]["id"]]});
    let packet = ready(&app.lead, &ask(&app.lead, &case, body));
    app.deputy
        .post(&path(&packet, "/release"), json!({}))
        .problem(403, "forbidden");
    app.advance(hours(1));
    app.supervisor.delete(&membership).is(204);
    app.advance(hours(1));
    let refused = app
        .deputy
        .post(&path(&packet, "/release"), json!({}))
        .problem(403, "forbidden");
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("nobody-decides-after-working-on-it"), "{detail}");
    let waits = packet["id"].as_str().unwrap();
    assert!(
        !Browser::signed_in(app, "deputy")
            .get("/approvals")
            .is(200)
            .text
            .contains(waits)
    );
    assert!(
        Browser::signed_in(app, "supervisor")
            .get("/approvals")
            .is(200)
            .text
            .contains(waits)
    );
}

both_databases!(a_referral_goes_its_way_on_pages);
fn a_referral_goes_its_way_on_pages(app: &App) {
    let (case, _) = filled(app);
    let lead = Browser::signed_in(app, "lead");
    let packets = format!("/cases/{}/packets", case.id);
    lead.get(&packets).is(200).says("Build a referral");
    let choose = lead.get(&format!("{packets}/new")).is(200);
    choose.says("Referral");
    assert!(!choose.text.contains("Court exhibits"));
    let asked = [("purpose", "referral"), ("items", "1 2"), ("recipient", "State police")];
    let address = lead.post(&packets, &asked).is(303).location;
    let place = address.split('?').next().unwrap().to_owned();
    let id = place.rsplit('/').next().unwrap().to_owned();
    ready(&app.lead, &json!({"id": id}));
    let page = lead.get(&place).is(200);
    page.says("The packet waits for its release");
    assert!(!page.text.contains(&format!("{place}/file")));
    lead.get(&packets).is(200).says("Waits for release");
    // The supervisor finds it in the queue, and must say why they refuse.
    let supervisor = Browser::signed_in(app, "supervisor");
    let queue = supervisor.get("/approvals?sort=referrals").is(200);
    queue.says("Referral to State police");
    let page = supervisor.get(&place).is(200);
    page.says("Release it or refuse");
    page.says(&format!("{place}/file"));
    let release = format!("{place}/release");
    supervisor
        .post(&release, &[("version", "1"), ("outcome", "refused"), ("reason", "")])
        .is(422);
    let at = format!("/approvals?at=packet:{id}");
    let released = [
        ("version", "1"),
        ("outcome", "released"),
        ("reason_choice", "Looked through."),
    ];
    supervisor.post(&at, &released).is(303);
    let page = lead.get(&place).is(200);
    page.says("The packet is ready");
    page.says("Looked through.");
    page.says(&format!("{place}/file"));
    page.says("Record a disclosure");
}
