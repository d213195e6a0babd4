//! Redactions: made by the server from what was recorded, without a trace of what is under a box, and beside the original.

use casetrail::bag::verify_path;
use casetrail::proof::Digest;
use casetrail::verify::Verdict;
use casetrail::verify::trust::Trust;
use image::{ImageFormat, RgbImage};
use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, Case, Client};
use crate::packets::{ask, download, ended, ready, unpack, verifies};
use crate::papers::text_of;
use crate::pictures::{two_halves, with_exif};

fn case(app: &App) -> Case {
    let case = app.case();
    app.leave(&case);
    case
}

pub fn logged(app: &App, case: &Case, name: &str, bytes: &[u8]) -> Value {
    let text = "Anna K. was here, Anna said";
    let capture = app.post_with(json!({"text": text, "files": [{"part": "f", "role": "original", "name": name}]}));
    app.lead.upload(case, &capture, &[("f", bytes)]).is(201)
}

pub fn path(made: &Value, below: &str) -> String {
    format!("/api/v1/captures/{}/{below}", made["id"].as_str().unwrap())
}

fn pixel_box(x: u32, y: u32, width: u32, height: u32) -> Value {
    json!({"x": x, "y": y, "width": width, "height": height})
}

/// A redaction of the first file: its right half in the turned picture's pixels.
pub fn redact(client: &Client, made: &Value, boxes: Value) -> Value {
    let wanted = json!({"file": made["files"][0]["sha256"], "boxes": boxes, "reason": "a bystander"});
    client.post(&path(made, "redactions"), wanted).is(201)
}

pub fn file_of(client: &Client, made: &Value, derivative: &Value) -> Vec<u8> {
    let sha256 = derivative["file"]["sha256"].as_str().unwrap();
    let answer = client.get(&format!("/api/v1/files/{}/{sha256}", made["id"].as_str().unwrap()));
    assert_eq!(answer.status, 200);
    assert_eq!(Digest::of(&answer.body).to_string(), sha256);
    answer.body
}

fn opened(bytes: &[u8]) -> RgbImage {
    image::load_from_memory(bytes).unwrap().to_rgb8()
}

pub fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

both_databases!(a_redaction_shows_nothing_of_what_is_under_a_box);
fn a_redaction_shows_nothing_of_what_is_under_a_box(app: &App) {
    let case = case(app);
    // Turned to the right: what was left is above.
    let jpeg = with_exif(&two_halves(400, 200, ImageFormat::Jpeg), 6);
    let made = logged(app, &case, "secret name.jpg", &jpeg);
    let before = app.lead.get(&path(&made, "")[..path(&made, "").len() - 1]).is(200);
    let derivative = app.leaves(&case.stream, "derivative.made", &app.lead, || {
        redact(&app.lead, &made, json!([pixel_box(0, 0, 200, 220)]))
    });
    assert_eq!(derivative["file"]["parent"], made["files"][0]["sha256"]);
    assert_eq!(derivative["recipe"]["picture"], json!({"width": 200, "height": 400}));
    assert_eq!(derivative["recipe"]["boxes"], json!([pixel_box(0, 0, 200, 220)]));
    assert_eq!(derivative["tool"]["name"], "casetrail");
    let bytes = file_of(&app.lead, &made, &derivative);
    let picture = opened(&bytes);
    assert_eq!(picture.dimensions(), (200, 400));
    // All that was red lay above: not a pixel of it is left, nor of the metadata.
    assert!(picture.pixels().all(|pixel| pixel[0] < 60), "something red is left");
    assert!(picture.get_pixel(100, 300)[2] > 150);
    for hidden in [&b"Exif"[..], b"SECRET", b"secret name"] {
        assert!(!holds(&bytes, hidden));
    }
    // The original is what it was, and so is its record.
    let event = app.events(&case.stream).pop().unwrap();
    let attest = json!({"capture": made["id"], "file": {"parent": made["files"][0]["sha256"],
        "sha256": derivative["file"]["sha256"], "size": derivative["file"]["size"]}});
    assert_eq!(event["attest"], attest);
    assert_eq!(
        event["object"],
        json!({"type": "derivative", "id": derivative["id"], "version": 1})
    );
    assert_eq!(
        app.lead.get(&path(&made, "")[..path(&made, "").len() - 1]).is(200),
        before
    );
    let original = format!(
        "/api/v1/files/{}/{}",
        made["id"].as_str().unwrap(),
        made["files"][0]["sha256"].as_str().unwrap()
    );
    assert_eq!(app.lead.get(&original).body, jpeg);
    let listed = app.lead.get(&path(&made, "derivatives")).is(200);
    assert_eq!(listed["items"], json!([derivative]));
    let one = path(&made, &format!("derivatives/{}", derivative["id"].as_str().unwrap()));
    assert_eq!(app.lead.get(&one).is(200), derivative);
    app.audit();
}

both_databases!(only_what_is_named_is_told_of_the_record);
fn only_what_is_named_is_told_of_the_record(app: &App) {
    let case = case(app);
    let made = logged(app, &case, "a.png", &two_halves(40, 20, ImageFormat::Png));
    let told = redact(&app.lead, &made, json!([pixel_box(0, 0, 20, 20)]))["told"].clone();
    for (field, there) in [
        ("kind", true),
        ("captured_at", true),
        ("capturer", true),
        ("basis", true),
        ("coverage", true),
        ("text", false),
        ("url", false),
        ("account", false),
        ("note", false),
        ("files", false),
        ("posted_at", false),
    ] {
        assert_eq!(told.get(field).is_some(), there, "{field}: {told}");
    }
    assert!(!told.to_string().contains("harborlight"), "{told}");
    let wanted = json!({"reason": "a name", "tell": ["text", "address"],
        "text_ranges": [{"from": 0, "to": 7}, {"from": 18, "to": 22}]});
    let text = app.lead.post(&path(&made, "redactions"), wanted).is(201);
    assert_eq!(text["told"]["text"], "████ was here, ████ said");
    assert_eq!(text["told"]["url"], made["url"]);
    assert!(!text.to_string().contains("Anna"), "{text}");
    assert_eq!(text.get("file"), None);
    app.audit();
}

both_databases!(what_cannot_be_redacted_is_refused_by_field_and_rule);
fn what_cannot_be_redacted_is_refused_by_field_and_rule(app: &App) {
    let case = case(app);
    let made = logged(app, &case, "a.png", &two_halves(40, 20, ImageFormat::Png));
    let broken = logged(app, &case, "b.png", b"\x89PNG\r\n\x1a\n no picture at all");
    let text = logged(app, &case, "c.txt", b"Anna K.");
    let refuse = |of: &Value, change: Value, field: &str, rule: &str| {
        let wanted = crate::kit::with(
            json!({"file": of["files"][0]["sha256"], "boxes": [pixel_box(0, 0, 4, 4)], "reason": "r"}),
            change,
        );
        app.lead.post(&path(of, "redactions"), wanted).refuses(422, field, rule)
    };
    let (_, files) = app.stored();
    app.leaves_nothing(&case.stream, || {
        let told = refuse(
            &made,
            json!({"boxes": [pixel_box(0, 0, 4, 4), pixel_box(37, 0, 4, 4)]}),
            "boxes[1]",
            "within",
        );
        assert!(told.to_string().contains("40 × 20"), "{told}");
        refuse(&made, json!({"boxes": []}), "boxes", "not_empty");
        refuse(&made, json!({"boxes": [pixel_box(0, 0, 0, 4)]}), "boxes[0]", "within");
        refuse(&made, json!({"file": text["files"][0]["sha256"]}), "file", "exists");
        refuse(&made, json!({"reason": ""}), "reason", "required");
        refuse(&made, json!({"tell": ["everything"]}), "tell[0]", "one_of");
        refuse(&broken, json!({}), "file", "readable");
        refuse(&text, json!({}), "file", "supported");
        refuse(
            &made,
            json!({"tell": ["text"], "text_ranges": [{"from": 20, "to": 99}]}),
            "text_ranges[0].to",
            "within",
        );
    });
    assert!(app.stored().1 <= files + 1, "what was refused left files");
}

both_databases!(who_may_redact_is_who_works_in_the_case_and_who_exports);
fn who_may_redact_is_who_works_in_the_case_and_who_exports(app: &App) {
    let case = case(app);
    let made = logged(app, &case, "a.png", &two_halves(40, 20, ImageFormat::Png));
    let wanted = json!({"file": made["files"][0]["sha256"], "boxes": [pixel_box(0, 0, 4, 4)], "reason": "r"});
    let send = |client: &Client| client.post(&path(&made, "redactions"), wanted.clone()).status;
    let look = |client: &Client| {
        let sha256 = made["files"][0]["sha256"].as_str().unwrap();
        client
            .get(&path(&made, &format!("redactions/preview?file={sha256}&boxes=0,0,4,4")))
            .status
    };
    for (client, status) in [
        (&app.lead, 201),
        (&app.member, 201),
        (&app.exporter, 201),
        (&app.supervisor, 403),
        (&app.stranger, 404),
    ] {
        assert_eq!(send(client), status);
        assert_eq!(look(client), if status == 201 { 200 } else { status });
    }
    // Nothing is made of what is kept from use, and what was made is closed with it.
    let held = app
        .lead
        .log(&case, app.post_with(json!({"level": "covert", "text": "Anna"})))
        .is(201);
    assert_eq!(held["state"], "held");
    let text = json!({"reason": "r", "tell": ["text"]});
    app.lead
        .post(&path(&held, "redactions"), text.clone())
        .problem(409, "conflict");
    assert_eq!(app.lead.get(&path(&held, "derivatives")).is(200)["items"], json!([]));
    let basis = json!({"basis": {"kind": "emergency", "reason": "danger to life"}, "text": "Anna K."});
    let urgent = app.lead.log(&case, app.post_with(basis)).is(201);
    app.lead.post(&path(&urgent, "redactions"), text).is(201);
    let decision = json!({"outcome": "quarantine", "reason": "of no use"});
    app.supervisor.post(&path(&urgent, "decision"), decision).is(200);
    assert_eq!(app.lead.get(&path(&urgent, "derivatives")).is(200)["items"], json!([]));
    let events = app.lead.get(&case.path("events?limit=100")).is(200);
    let last = events["items"]
        .as_array()
        .unwrap()
        .iter()
        .rfind(|one| one["event"]["action"] == "derivative.made");
    assert_eq!(last.unwrap()["withheld"], "quarantined", "{last:?}");
    assert!(!last.unwrap().to_string().contains("Anna"));
}

both_databases!(a_page_redacts_by_numbers_and_shows_it_first);
fn a_page_redacts_by_numbers_and_shows_it_first(app: &App) {
    let case = case(app);
    let made = logged(app, &case, "a.png", &two_halves(40, 20, ImageFormat::Png));
    let browser = Browser::signed_in(app, "lead");
    let (id, sha256) = (
        made["id"].as_str().unwrap(),
        made["files"][0]["sha256"].as_str().unwrap(),
    );
    let address = format!("/captures/{id}/redactions");
    browser
        .get(&format!("/captures/{id}"))
        .is(200)
        .says(&format!("href=\"{address}\""));
    let form = browser.get(&address).is(200);
    assert_eq!(form.hidden("file"), sha256);
    let numbers = [
        ("x1", "0"),
        ("y1", "0"),
        ("w1", "20"),
        ("h1", "20"),
        ("file", sha256),
        ("reason", "a <bystander>"),
    ];
    let send = |wanted: &str, more: &[(&'static str, &'static str)]| {
        let fields = [&numbers[..], &[("do", wanted)], more].concat();
        browser.post(&address, &fields)
    };
    let looked = app.leaves_nothing(&case.stream, || send("look", &[]).is(200));
    looked.says(&format!("/captures/{id}/redactions/preview?file={sha256}"));
    looked.says("value=\"20\"");
    let preview = browser.get(&format!(
        "/captures/{id}/redactions/preview?file={sha256}&boxes=0,0,20,20"
    ));
    assert_eq!(preview.status, 200);
    let refused = send("make", &[("x3", "39"), ("y3", "0"), ("w3", "20"), ("h3", "2")]).is(422);
    refused.says("does not lie in the picture, which is 40 × 20 pixels");
    refused.says("href=\"#f-x3\"");
    let done = send("make", &[]).is(303);
    assert_eq!(done.leads_to(), format!("/captures/{id}"));
    let page = browser.get(&format!("/captures/{id}")).is(200);
    page.says("a &#60;bystander&#62;");
    page.says("Redaction: 1 box");
}

/// A case with a picture that is redacted and two posts beside it.
fn with_redaction(app: &App) -> (Case, Vec<Value>, Value) {
    let case = case(app);
    let jpeg = with_exif(&two_halves(400, 200, ImageFormat::Jpeg), 6);
    let mut made = vec![logged(app, &case, "Anna at the pier.jpg", &jpeg)];
    made.push(
        app.lead
            .log(&case, app.post_with(json!({"text": "another post"})))
            .is(201),
    );
    made.push(logged(app, &case, "b.png", &two_halves(40, 20, ImageFormat::Png)));
    let note = json!({"text": "Anna is the neighbour"});
    app.lead.post(&path(&made[0], "notes"), note).is(201);
    let derivative = redact(&app.exporter, &made[0], json!([pixel_box(0, 0, 200, 220)]));
    redact(&app.lead, &made[2], json!([pixel_box(0, 0, 20, 20)]));
    (case, made, derivative)
}

both_databases!(a_redacted_packet_holds_the_copy_and_nothing_under_the_box);
fn a_redacted_packet_holds_the_copy_and_nothing_under_the_box(app: &App) {
    let (case, made, derivative) = with_redaction(app);
    let wanted =
        json!({"purpose": "discovery", "captures": [made[0]["id"], made[1]["id"]], "redactions": [derivative["id"]]});
    let packet = ready(&app.exporter, &ask(&app.exporter, &case, wanted));
    let (_folder, file) = download(&app.exporter, &packet);
    verifies(app, &file);
    let report = verify_path(&file, &Trust::default());
    assert!(report.finds("exhibits.told", Verdict::NotChecked));
    let whole = std::fs::read(&file).unwrap();
    // None of them can stand by chance in what is packed or in base64.
    let hidden = ["Anna ", "SECRET-LOCATION", "Exif\0", "neighbour", "at the pier"];
    for hidden in hidden {
        assert!(!holds(&whole, hidden.as_bytes()), "{hidden} is in the packet");
    }
    let copy = file_of(&app.exporter, &made[0], &derivative);
    assert!(holds(&whole, &copy));
    let Some(top) = unpack(&file) else { return };
    assert_eq!(
        std::fs::read(top.join("data/exhibits/001/01-derivative.jpg")).unwrap(),
        copy
    );
    let inventory = std::fs::read_to_string(top.join("data/inventory.json")).unwrap();
    let inventory: Value = serde_json::from_str(&inventory).unwrap();
    let statuses: Vec<&Value> = inventory["captures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["status"])
        .collect();
    assert_eq!(statuses, ["redacted", "included", "not_selected"]);
    let json = std::fs::read_to_string(top.join("data/packet.json")).unwrap();
    let json: Value = serde_json::from_str(&json).unwrap();
    let exhibit = &json["exhibits"][0];
    assert_eq!((&exhibit["record"], &exhibit["current"]), (&Value::Null, &Value::Null));
    assert_eq!(exhibit["redactions"][0]["record"]["id"], derivative["id"]);
    let original = &exhibit["files"][0];
    assert_eq!(original["sha256"], made[0]["files"][0]["sha256"]);
    assert_eq!(
        original["withheld"],
        json!({"reason": "a bystander", "derivative": derivative["file"]["sha256"]})
    );
    assert_eq!((&original["path"], &original["name"]), (&Value::Null, &Value::Null));
    let page = std::fs::read_to_string(top.join("data/index.html")).unwrap();
    assert!(
        page.contains("REDACTED") && page.contains("exhibits/001/01-derivative.jpg"),
        "{page}"
    );
    // Nor do the papers, whose text is packed.
    for paper in ["report", "exhibits"] {
        let text = text_of(&top.join(format!("data/{paper}.pdf")));
        assert!(text.contains("REDACTED"), "{paper}: {text}");
        for hidden in hidden {
            assert!(!text.contains(hidden), "{hidden} is in {paper}");
        }
    }
    // What was issued with it is counted under its status, and the whole passes the audit.
    let records = app.events(&case.stream);
    assert!(records.iter().any(|event| event["action"] == "packet.issued"));
    app.audit();
}

both_databases!(a_redacted_text_stands_where_the_record_is_withheld);
fn a_redacted_text_stands_where_the_record_is_withheld(app: &App) {
    let (case, made, _) = with_redaction(app);
    let wanted =
        json!({"reason": "a name", "tell": ["text"], "text_ranges": [{"from": 0, "to": 7}, {"from": 18, "to": 22}]});
    let text = app.exporter.post(&path(&made[2], "redactions"), wanted).is(201);
    let wanted = json!({"purpose": "discovery", "captures": [made[2]["id"]], "redactions": [text["id"]]});
    let packet = ready(&app.exporter, &ask(&app.exporter, &case, wanted));
    let (_folder, file) = download(&app.exporter, &packet);
    verifies(app, &file);
    let whole = std::fs::read(&file).unwrap();
    assert!(holds(&whole, "████ was here, ████ said".as_bytes()));
    // Its picture is withheld with the rest.
    assert!(!holds(&whole, b"Anna ") && !holds(&whole, &two_halves(40, 20, ImageFormat::Png)));
}

both_databases!(a_packet_names_redactions_that_it_can_hold);
fn a_packet_names_redactions_that_it_can_hold(app: &App) {
    let (case, made, derivative) = with_redaction(app);
    let again = redact(&app.lead, &made[0], json!([pixel_box(0, 0, 9, 9)]));
    let jpeg = with_exif(&two_halves(400, 200, ImageFormat::Jpeg), 6);
    let twin = logged(app, &case, "the same.jpg", &jpeg);
    let refuse = |captures: Value, redactions: Value, field: &str, rule: &str| {
        let wanted = json!({"purpose": "discovery", "captures": captures, "redactions": redactions});
        app.exporter
            .post(&case.path("packets"), wanted)
            .refuses(422, field, rule)
    };
    let (a, b) = (&made[0]["id"], &made[1]["id"]);
    app.leaves_nothing(&case.stream, || {
        refuse(json!([a]), json!(["x"]), "redactions[0]", "uuid");
        refuse(json!([a]), json!([case.id]), "redactions[0]", "unknown");
        refuse(json!([b]), json!([derivative["id"]]), "redactions[0]", "included");
        refuse(
            json!([a]),
            json!([derivative["id"], again["id"]]),
            "redactions[1]",
            "once",
        );
        let told = refuse(json!([a, twin["id"]]), json!([derivative["id"]]), "redactions", "leak");
        assert!(told.to_string().contains(&format!("item {}", twin["item"])), "{told}");
    });
    // Of all captures the twin is one: the build says so, and makes nothing.
    let wanted = json!({"purpose": "discovery", "redactions": [derivative["id"]]});
    let failed = ended(&app.exporter, &ask(&app.exporter, &case, wanted));
    assert_eq!(failed["state"], "failed");
    assert!(
        failed["error"].as_str().unwrap().contains("hide a file that item"),
        "{failed}"
    );
    // By a page: ticked beside what is chosen.
    let browser = Browser::signed_in(app, "exporter");
    let fields = [
        ("items", "1 2"),
        ("was", "1 2"),
        ("purpose", "discovery"),
        ("do", "look"),
    ];
    let page = browser
        .post(&case.path("packets/new").replace("/api/v1", ""), &fields)
        .is(200);
    let id = derivative["id"].as_str().unwrap();
    page.says(&format!("name=\"redactions[]\" value=\"{id}\""));
    let asked = [
        ("items", "1 2"),
        ("was", "1 2"),
        ("purpose", "discovery"),
        ("redactions[]", id),
    ];
    let done = browser
        .post(&case.path("packets").replace("/api/v1", ""), &asked)
        .is(303);
    let packet = done.leads_to().trim_start_matches("/packets/").to_owned();
    ready(&app.exporter, &json!({"id": packet}));
}
