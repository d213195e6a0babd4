//! Draft certificates in packets that a server built, templates that counsel edits, and notices.

use std::fs;
use std::path::Path;
use std::process::Command;

use casetrail::paper::SHIPPED;
use image::ImageFormat;
use serde_json::{Value, json};

use crate::both_databases;
use crate::derivatives::{logged, redact};
use crate::kit::browser::Browser;
use crate::kit::{App, days, hours, with};
use crate::packets::{ask, download, ended, filled, ready, unpack, verifies};
use crate::pictures::two_halves;

fn asking(certificates: Value) -> Value {
    json!({"purpose": "court_exhibits", "certificates": certificates})
}

/// The letters of a PDF, without white space.
fn letters(pdf: &Path) -> String {
    let made = Command::new("pdftotext").arg("-layout").arg(pdf).arg("-").output();
    let text = made.expect("pdftotext is needed; .ci/setup installs it").stdout;
    String::from_utf8_lossy(&text).split_whitespace().collect()
}

/// Writes the shipped templates as those of a jurisdiction, one of them changed.
fn write(app: &App, jurisdiction: &str, change: impl Fn(&str, &str) -> String) {
    let folder = app.folder().join("certificates").join(jurisdiction);
    fs::create_dir_all(&folder).unwrap();
    for (name, text) in SHIPPED {
        fs::write(folder.join(name), change(name, text)).unwrap();
    }
}

both_databases!(a_packet_carries_the_drafts_that_were_asked_for);
fn a_packet_carries_the_drafts_that_were_asked_for(app: &App) {
    let (case, _) = filled(app);
    let asked = json!({"rules": ["902-14", "902-11", "902-13"], "hearing_on": "2027-03-01"});
    let packet = ready(&app.exporter, &ask(&app.exporter, &case, asking(asked)));
    let kept = json!({"rules": ["902-11", "902-13", "902-14"], "jurisdiction": "federal", "hearing_on": "2027-03-01"});
    assert_eq!(packet["certificates"], kept);
    let (_folder, file) = download(&app.exporter, &packet);
    verifies(app, &file);
    let Some(bag) = unpack(&file) else { return };
    let head: Value = serde_json::from_slice(&fs::read(bag.join("data/packet.json")).unwrap()).unwrap();
    let named = &head["packet"]["pdf"]["certificates"];
    assert_eq!(named["rules"], json!({"902-11": 1, "902-13": 1, "902-14": 1}));
    assert_eq!(named["templates"].as_object().unwrap().len(), SHIPPED.len());
    let run = &named["software"][0];
    assert_eq!(
        (&run["version"], &run["starts"]),
        (&json!(env!("CARGO_PKG_VERSION")), &json!(1))
    );
    assert_eq!(named["clock"]["offset"], "not measured against an outside source");
    let folder = bag.join("data/certificates");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 6);
    let own = letters(&folder.join("902-13.pdf"));
    for known in [
        run["binary"].as_str().unwrap(),
        run["configuration"].as_str().unwrap(),
        "2027-03-01",
        "DEMO",
    ] {
        assert_eq!(own.contains(known), known != "DEMO", "{known}: {own}");
    }
    assert_eq!(own, letters(&folder.join("902-13-form.pdf")));
    for pdf in fs::read_dir(&folder).unwrap() {
        let checked = Command::new("qpdf").arg("--check").arg(pdf.unwrap().path()).output();
        let checked = checked.expect("qpdf is needed; .ci/setup installs it");
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    }
    let index = fs::read_to_string(bag.join("data/index.html")).unwrap();
    assert!(index.contains("href=\"certificates/902-13-form.pdf\""));
    // Whoever asks for none gets none.
    let plain = ready(
        &app.exporter,
        &ask(&app.exporter, &case, json!({"purpose": "court_exhibits"})),
    );
    assert!(plain.get("certificates").is_none());
}

both_databases!(a_redacted_exhibit_is_certified_as_what_it_is);
fn a_redacted_exhibit_is_certified_as_what_it_is(app: &App) {
    let case = app.case();
    app.leave(&case);
    app.grant(&case, &app.exporter, &["read", "export"]);
    let made = logged(app, &case, "secret name.jpg", &two_halves(40, 20, ImageFormat::Jpeg));
    app.advance(hours(1));
    let copy = redact(&app.lead, &made, json!([{"x": 0, "y": 0, "width": 20, "height": 20}]));
    let asked = with(
        asking(json!({"rules": ["902-13", "902-14"]})),
        json!({"captures": [made["id"]], "redactions": [copy["id"]]}),
    );
    let packet = ready(&app.exporter, &ask(&app.exporter, &case, asked));
    let (_folder, file) = download(&app.exporter, &packet);
    verifies(app, &file);
    let Some(bag) = unpack(&file) else { return };
    let told = letters(&bag.join("data/certificates/902-14.pdf"));
    let time = |value: &Value| value.as_str().unwrap()[..19].replace('T', "");
    let own = told
        .split("Theoriginaliswithheld")
        .nth(1)
        .expect("a redacted copy")
        .to_owned();
    assert!(told.contains("Aredactedcopy,whichtheservermadeoftheoriginal"), "{told}");
    // Stored when it was made, not when its original came.
    assert!(
        own.split("Readagain").next().unwrap().contains(&time(&copy["made_at"])),
        "{own}"
    );
    // What its redaction tells is told, and what is withheld is not called something that nobody recorded.
    let schedule = told.split("ScheduleA.").nth(1).expect("a schedule");
    for known in ["LenaLead", &time(&made["received_at"]), "Withheld,ornot"] {
        assert!(schedule.contains(known), "{known}: {schedule}");
    }
    assert!(!told.contains("secretname") && !told.contains("Obtainedfrom"), "{told}");
}

both_databases!(counsel_edits_the_words_and_a_mistake_ends_the_build);
fn counsel_edits_the_words_and_a_mistake_ends_the_build(app: &App) {
    let (case, _) = filled(app);
    let wanted = || asking(json!({"rules": ["902-13"], "jurisdiction": "oregon"}));
    app.exporter
        .post(&case.path("packets"), wanted())
        .refuses(422, "certificates.jurisdiction", "exists");
    write(app, "oregon", |name, text| match name {
        "902-13.typ" => text.replace("#declarant()", "#declarant()\nUnder ORS 40.510."),
        _ => text.to_owned(),
    });
    let packet = ready(&app.exporter, &ask(&app.exporter, &case, wanted()));
    let (_folder, file) = download(&app.exporter, &packet);
    verifies(app, &file);
    if let Some(bag) = unpack(&file) {
        assert!(letters(&bag.join("data/certificates/902-13.pdf")).contains("UnderORS40.510."));
    }
    write(app, "oregon", |_, text| format!("{text}#frobnicate()\n"));
    let failed = ended(&app.exporter, &ask(&app.exporter, &case, wanted()));
    assert_eq!(failed["state"], "failed");
    let why = failed["error"].as_str().unwrap();
    for told in [
        "certificates/oregon: ",
        ".typ line ",
        "unknown variable: frobnicate",
        "casetrail certificates check",
    ] {
        assert!(why.contains(told), "{why}");
    }
    for (broken, field, rule) in [
        (json!({"rules": []}), "certificates.rules", "not_empty"),
        (json!({"rules": ["902-12"]}), "certificates.rules[0]", "one_of"),
        (
            json!({"rules": ["902-13"], "jurisdiction": "../x"}),
            "certificates.jurisdiction",
            "form",
        ),
        (
            json!({"rules": ["902-13"], "hearing_on": "soon"}),
            "certificates.hearing_on",
            "date",
        ),
        (
            json!({"rules": ["902-13"], "sign": true}),
            "certificates.sign",
            "unknown",
        ),
    ] {
        app.exporter
            .post(&case.path("packets"), asking(broken))
            .refuses(422, field, rule);
    }
}

both_databases!(a_notice_is_kept_with_its_answer);
fn a_notice_is_kept_with_its_answer(app: &App) {
    let (case, _) = filled(app);
    let asked = asking(json!({"rules": ["902-13"], "hearing_on": "2027-03-01"}));
    let packet = ready(&app.exporter, &ask(&app.exporter, &case, asked));
    let path = format!("/api/v1/packets/{}/notices", packet["id"].as_str().unwrap());
    let body =
        json!({"to": "Counsel for the defence", "means": "by mail", "available": "the packet", "place": "our office"});
    for client in [
        &app.stranger,
        &app.far,
        &app.prosecutor,
        &app.auditor,
        &app.administrator,
    ] {
        client.get(&path).problem(404, "not-found");
        client.post(&path, body.clone()).problem(404, "not-found");
    }
    app.lead.post(&path, body.clone()).problem(403, "forbidden");
    app.exporter.post(&path, json!({})).refuses(422, "means", "required");
    app.exporter
        .post(&path, with(body.clone(), json!({"given_at": app.at(days(1))})))
        .refuses(422, "given_at", "past");
    let given = app.leaves(&case.stream, "notice.given", &app.exporter, || {
        app.exporter.post_keyed(&path, "n", &body).is(201)
    });
    assert_eq!(
        app.leaves_nothing(&case.stream, || app.exporter.post_keyed(&path, "n", &body).is(201)),
        given
    );
    assert_eq!(
        (&given["rules"], &given["hearing_on"]),
        (&json!(["902-13"]), &json!("2027-03-01"))
    );
    let one = format!("{path}/{}", given["id"].as_str().unwrap());
    app.lead
        .patch(&one, 1, json!({"objection": false}))
        .problem(403, "forbidden");
    app.stranger
        .patch(&one, 1, json!({"objection": false}))
        .problem(404, "not-found");
    app.exporter
        .patch(&one, 1, json!({}))
        .refuses(422, "objection", "required");
    let early = json!({"objection": false, "answered_at": app.at(-days(9))});
    app.exporter
        .patch(&one, 1, early)
        .refuses(422, "answered_at", "after_start");
    let answered = app.leaves(&case.stream, "notice.answered", &app.exporter, || {
        app.exporter
            .patch(&one, 1, json!({"objection": true, "text": "Foundation."}))
            .is(200)
    });
    assert_eq!(
        (&answered["version"], &answered["answer"]["objection"]),
        (&json!(2), &json!(true))
    );
    app.exporter
        .patch(&one, 1, json!({"objection": false}))
        .problem(412, "stale-version");
    app.exporter.patch(&one, 2, json!({"objection": false})).is(200);
    let shown = app.exporter.get(&one).is(200);
    assert_eq!(app.exporter.get(&path).is(200)["items"], json!([shown]));
    let other = ready(
        &app.exporter,
        &ask(&app.exporter, &case, json!({"purpose": "internal"})),
    );
    let elsewhere = format!(
        "/api/v1/packets/{}/notices/{}",
        other["id"].as_str().unwrap(),
        given["id"].as_str().unwrap()
    );
    app.exporter.get(&elsewhere).problem(404, "not-found");
    app.exporter
        .patch(&elsewhere, 3, json!({"objection": true}))
        .problem(404, "not-found");
    app.audit();
}

both_databases!(pages_ask_for_drafts_and_keep_notices);
fn pages_ask_for_drafts_and_keep_notices(app: &App) {
    let (case, made) = filled(app);
    let browser = Browser::signed_in(app, "exporter");
    let form = browser.get(&format!("/cases/{}/packets/new", case.id)).is(200);
    form.says("Draft certificates");
    let item = made[0]["item"].to_string();
    let ask = [
        ("purpose", "court_exhibits"),
        ("items", &*item),
        ("certificates.rules[]", "902-13"),
        ("certificates.jurisdiction", "federal"),
        ("certificates.hearing_on", "2027-03-01"),
    ];
    let asked = browser.post(&format!("/cases/{}/packets", case.id), &ask);
    let id = asked.leads_to().split(['/', '?']).nth(2).unwrap().to_owned();
    let packet = ready(&app.exporter, &json!({"id": id}));
    assert_eq!(packet["certificates"]["rules"], json!(["902-13"]));
    browser
        .get(&format!("/packets/{id}"))
        .is(200)
        .says("Due before 2027-03-01");
    let notices = format!("/packets/{id}/notices");
    browser.get(&notices).is(200).says("Notice is due before 2027-03-01");
    browser.post(&notices, &[("to", "Counsel")]).is(422).says("means");
    let given = [
        ("to", "Counsel <b>"),
        ("means", "by mail"),
        ("available", "the packet"),
        ("place", "our office"),
        ("rules[]", "902-13"),
        ("hearing_on", "2027-03-01"),
    ];
    browser.post(&notices, &given).is(303);
    let page = browser.get(&notices).is(200);
    page.says("No answer recorded");
    page.does_not_say("<b>");
    browser.get(&format!("/packets/{id}")).is(200).says("no answer yet");
    let listed = app.exporter.get(&format!("/api/v1/packets/{id}/notices")).is(200);
    let one = format!("{notices}/{}", listed["items"][0]["id"].as_str().unwrap());
    browser.get(&one).is(200).says("this notice is open");
    browser.post(&one, &[("version", "1")]).is(422).says("objection");
    browser.post(&one, &[("version", "1"), ("objection", "false")]).is(303);
    browser.get(&one).is(200).says("Record another answer");
    browser.get(&format!("/packets/{id}")).is(200).says("Answered");
    // A page whose boxes are all empty asks for none, although it sends whose words they would be.
    let none = [
        ("purpose", "internal"),
        ("items", &*item),
        ("certificates.jurisdiction", "federal"),
    ];
    let asked = browser.post(&format!("/cases/{}/packets", case.id), &none);
    let id = asked.leads_to().split(['/', '?']).nth(2).unwrap().to_owned();
    assert!(ready(&app.exporter, &json!({"id": id})).get("certificates").is_none());
}
