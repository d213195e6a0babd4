//! Examinations: what the files of a capture say of themselves, read beside them, recorded, and shown to whoever reads them.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use casetrail::captures;
use image::ImageFormat;
use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, Case, Client, Jobs};
use crate::packets::{ask, download, ready, unpack, verifies};
use crate::pictures::{two_halves, with_exif};

/// The jobs of examinations, beside a test's server.
fn laboratory(app: &App) -> Jobs {
    Jobs::run(app, captures::run_examinations)
}

fn case(app: &App) -> Case {
    let case = app.case();
    app.leave(&case);
    case
}

fn logged(app: &App, case: &Case, files: &[(&str, &[u8])]) -> Value {
    let parts: Vec<String> = (0..files.len()).map(|place| format!("f{place}")).collect();
    let listed = files.iter().zip(&parts);
    let listed: Vec<Value> = listed
        .map(|((name, _), part)| json!({"part": part, "role": "original", "name": name}))
        .collect();
    let capture = app.post_with(json!({ "files": listed }));
    let bytes: Vec<(&str, &[u8])> = parts
        .iter()
        .map(String::as_str)
        .zip(files.iter().map(|(_, bytes)| *bytes))
        .collect();
    app.lead.upload(case, &capture, &bytes).is(201)
}

fn address(made: &Value) -> String {
    format!("/api/v1/captures/{}", made["id"].as_str().unwrap())
}

/// Waits for the examination of a capture.
pub fn examined(client: &Client, made: &Value) -> Value {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let found = client.get(&address(made)).is(200)["examination"].clone();
        if !found.is_null() {
            return found;
        }
        assert!(Instant::now() < until, "{made} is not examined");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What was flagged, except that the sender calls the file another type: the kit calls all of them pictures.
fn flags(file: &Value) -> Vec<&str> {
    let raised = file["flags"].as_array().into_iter().flatten();
    let raised = raised.filter(|raised| {
        !raised["why"]
            .as_str()
            .unwrap()
            .starts_with("its sender calls it image/png")
    });
    raised.map(|raised| raised["flag"].as_str().unwrap()).collect()
}

fn fact<'f>(file: &'f Value, name: &str) -> Option<&'f str> {
    let mut facts = file["facts"].as_array().into_iter().flatten();
    facts.find(|fact| fact["name"] == name)?["value"].as_str()
}

both_databases!(a_photo_says_what_it_is_and_the_record_of_it_stands_in_the_case);
fn a_photo_says_what_it_is_and_the_record_of_it_stands_in_the_case(app: &App) {
    let (case, _laboratory) = (case(app), laboratory(app));
    let photo = with_exif(&two_halves(400, 200, ImageFormat::Jpeg), 6);
    let drawn = two_halves(60, 30, ImageFormat::Png);
    let made = logged(
        app,
        &case,
        &[("photo.jpg", &photo), ("drawn.jpg", &drawn), ("empty.txt", b"")],
    );
    assert_eq!(made.get("examination"), None);
    let found = examined(&app.lead, &made);
    assert_eq!(found["tool"]["name"], "casetrail");
    let files = found["files"].as_array().unwrap();
    assert_eq!(files[0]["sha256"], made["files"][0]["sha256"]);
    // Upright, as people see it.
    assert_eq!((&files[0]["width"], &files[0]["height"]), (&json!(200), &json!(400)));
    assert_eq!(fact(&files[0], "ImageDescription"), Some("SECRET-LOCATION"));
    assert_eq!(files[0]["perceptual_hash"]["hash"].as_str().unwrap().len(), 64);
    assert_eq!(flags(&files[0]), [""; 0]);
    assert_eq!(flags(&files[1]), ["type_differs"]);
    assert_eq!(files[2]["not_examined"], "it has no bytes");
    let event = app.events(&case.stream).pop().unwrap();
    assert_eq!(
        (&event["action"], &event["object"]["id"]),
        (&json!("capture.examined"), &made["id"])
    );
    assert_eq!(event["actor"], json!({"kind": "job", "id": "examination"}));
    assert_eq!(app.last_record(&case.stream), found);
    // A list of captures says nothing of it: it is long.
    let listed = app.lead.get(&format!("/api/v1/cases/{}/captures", case.id)).is(200);
    assert_eq!(listed["items"][0].get("examination"), None);
    let page = Browser::signed_in(app, "lead").get(&format!("/captures/{}", made["id"].as_str().unwrap()));
    for told in [
        "What the files say of themselves",
        "200 × 400 pixels",
        "EXIF: ImageDescription",
        "Another type",
    ] {
        page.says(told);
    }
    // Nobody learns of it who may not read the capture.
    app.stranger.get(&address(&made)).problem(404, "not-found");
    app.audit();
}

both_databases!(what_is_held_is_examined_and_read_by_the_supervisor_alone);
fn what_is_held_is_examined_and_read_by_the_supervisor_alone(app: &App) {
    let (case, _laboratory) = (case(app), laboratory(app));
    let photo = with_exif(&two_halves(40, 20, ImageFormat::Jpeg), 1);
    let capture = app.post_with(json!({"platform": "tiktok", "files": [{"part": "f", "role": "original"}]}));
    let held = app.lead.upload(&case, &capture, &[("f", &photo)]).is(201);
    assert_eq!(held["state"], "held");
    let found = examined(&app.supervisor, &held);
    assert_eq!(fact(&found["files"][0], "ImageDescription"), Some("SECRET-LOCATION"));
    let id = held["id"].as_str().unwrap();
    for (client, name) in [(&app.lead, "lead"), (&app.member, "member")] {
        let answer = client.get(&address(&held)).is(200);
        assert_eq!(answer.get("examination"), None);
        assert!(!answer.to_string().contains("SECRET"), "{answer}");
        Browser::signed_in(app, name)
            .get(&format!("/captures/{id}"))
            .is(200)
            .does_not_say("SECRET");
    }
    // Its event says that it was done, and nothing of what was found.
    let event = app.events(&case.stream).pop().unwrap();
    assert_eq!(event["action"], "capture.examined");
    assert!(!event.to_string().contains("SECRET"), "{event}");
    app.audit();
}

both_databases!(hostile_bytes_end_their_own_process_and_are_told);
fn hostile_bytes_end_their_own_process_and_are_told(app: &App) {
    let (case, _laboratory) = (case(app), laboratory(app));
    let whole = two_halves(2000, 2000, ImageFormat::Png);
    let deep = format!("<x:xmpmeta xmlns:x=\"a\">{}</x:xmpmeta>", "<a>".repeat(100_000));
    let mut xmp = two_halves(8, 8, ImageFormat::Png);
    xmp.extend(deep.bytes());
    let loud = format!(
        "<html><title>{}</title><body>{}",
        "t".repeat(9_000),
        "word ".repeat(500_000)
    );
    let gone = b"<!doctype html><title>Post</title><body><p>Sorry, this page isn't available.</p></body>";
    let files: [(&str, &[u8]); 7] = [
        ("cut.png", &whole[..whole.len() / 2]),
        ("xmp.png", &xmp),
        ("loud.html", loud.as_bytes()),
        ("gone.html", gone),
        ("cut.wacz", b"PK\x03\x04 and nothing more"),
        (
            "cut.warc",
            b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 99999999\r\n\r\nHTTP/1.1 200",
        ),
        (
            "locked.pdf",
            b"%PDF-1.7\ntrailer <</Root 1 0 R /Encrypt 5 0 R>>\nstartxref\n9\n%%EOF",
        ),
    ];
    let made = logged(app, &case, &files);
    let found = examined(&app.lead, &made);
    let flagged: Vec<Vec<&str>> = found["files"].as_array().unwrap().iter().map(flags).collect();
    assert_eq!(flagged[0].len(), 1, "{found}");
    assert_eq!(flagged[1], ["unreadable"], "{found}");
    assert_eq!(flagged[2], [""; 0], "{found}");
    let text = found["files"][2]["text"].as_str().unwrap();
    assert!(
        text.chars().count() <= 4_001 && text.starts_with("word word"),
        "{}",
        text.len()
    );
    assert!(found["files"][2]["title"].as_str().unwrap().chars().count() <= 301);
    assert_eq!(flagged[3], ["page_unavailable"], "{found}");
    assert!(flagged[4].contains(&"cut_off"), "{found}");
    assert!(flagged[5].contains(&"cut_off"), "{found}");
    assert_eq!(flagged[6], ["encrypted"], "{found}");
    app.audit();
}

both_databases!(what_was_here_before_is_looked_for_and_a_damaged_file_is_said_to_be_so);
fn what_was_here_before_is_looked_for_and_a_damaged_file_is_said_to_be_so(app: &App) {
    let case = case(app);
    let bytes = two_halves(40, 20, ImageFormat::Png);
    let made = logged(app, &case, &[("a.png", &bytes)]);
    let broken = logged(app, &case, &[("b.png", &two_halves(50, 20, ImageFormat::Png))]);
    let bare = app
        .lead
        .post(&format!("/api/v1/cases/{}/captures", case.id), app.post_with(json!({})))
        .is(201);
    let hex = broken["files"][0]["sha256"].as_str().unwrap();
    let file = app.folder().join("files/sha256").join(&hex[..2]).join(hex);
    std::fs::write(&file, b"another").unwrap();
    let _laboratory = laboratory(app);
    assert_eq!(examined(&app.lead, &made)["files"][0]["width"], 40);
    let found = examined(&app.lead, &broken);
    assert_eq!(found["files"][0]["not_examined"], "the stored file is damaged");
    assert_eq!(app.lead.get(&address(&bare)).is(200).get("examination"), None);
    std::fs::write(&file, two_halves(50, 20, ImageFormat::Png)).unwrap();
}

both_databases!(an_upload_that_is_sent_again_is_examined_once);
fn an_upload_that_is_sent_again_is_examined_once(app: &App) {
    let (case, _laboratory) = (case(app), laboratory(app));
    let capture = app.post_with(json!({"files": [{"part": "f", "role": "original"}]}));
    let photo = two_halves(40, 20, ImageFormat::Png);
    let send = || {
        let request = app.lead.uploading(&case, &capture, &[("f", &photo)]);
        app.lead.send(request.header("Idempotency-Key", "the-same")).is(201)
    };
    let made = send();
    examined(&app.lead, &made);
    assert_eq!(send()["id"], made["id"]);
    // Orders are taken in their order: once this one is done, so is the repeated one.
    let other = logged(app, &case, &[("b.png", &two_halves(50, 20, ImageFormat::Png))]);
    examined(&app.lead, &other);
    let events = app.events(&case.stream);
    let of_it = events
        .iter()
        .filter(|event| event["action"] == "capture.examined" && event["object"]["id"] == made["id"]);
    assert_eq!(of_it.count(), 1);
}

both_databases!(what_is_kept_from_use_and_a_closed_case_stay_as_they_are);
fn what_is_kept_from_use_and_a_closed_case_stay_as_they_are(app: &App) {
    let (case, closed) = (case(app), app.case());
    app.leave(&closed);
    let photo = two_halves(40, 20, ImageFormat::Png);
    let capture = app.post_with(json!({"platform": "tiktok", "files": [{"part": "f", "role": "original"}]}));
    let held = app.lead.upload(&case, &capture, &[("f", &photo)]).is(201);
    let decision = json!({"outcome": "quarantine", "reason": "another person's account"});
    app.supervisor
        .post(&format!("{}/decision", address(&held)), decision)
        .is(200);
    logged(app, &closed, &[("a.png", &photo)]);
    let close = json!({"status": "closed", "disposition": "unfounded"});
    app.lead.patch(&closed.path(""), 1, close).is(200);
    let _laboratory = laboratory(app);
    let other = logged(app, &case, &[("b.png", &two_halves(50, 20, ImageFormat::Png))]);
    examined(&app.lead, &other);
    let examined = |stream: &str| {
        let events = app.events(stream);
        let all = events.iter().filter(|event| event["action"] == "capture.examined");
        all.map(|event| event["object"]["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(examined(&case.stream), [other["id"].clone()]);
    assert_eq!(examined(&closed.stream), [Value::Null; 0]);
}

both_databases!(a_packet_shows_what_was_found_and_a_redacted_exhibit_nothing_of_it);
fn a_packet_shows_what_was_found_and_a_redacted_exhibit_nothing_of_it(app: &App) {
    let (case, _laboratory) = (case(app), laboratory(app));
    let photo = with_exif(&two_halves(400, 200, ImageFormat::Jpeg), 1);
    let made = logged(app, &case, &[("photo.jpg", &photo)]);
    let found = examined(&app.lead, &made);
    let exported = |wanted: Value| {
        let packet = ready(&app.exporter, &ask(&app.exporter, &case, wanted));
        let (folder, file) = download(&app.exporter, &packet);
        verifies(app, &file);
        (folder, unpack(&file))
    };
    let read = |top: &Path, document: &str| std::fs::read_to_string(top.join(document)).unwrap();
    let (_folder, Some(top)) = exported(json!({"purpose": "discovery"})) else {
        return;
    };
    let packet: Value = serde_json::from_str(&read(&top, "data/packet.json")).unwrap();
    assert_eq!(packet["exhibits"][0]["examination"]["record"], found);
    let index = read(&top, "data/index.html");
    assert!(
        index.contains("EXIF: ImageDescription") && index.contains("SECRET"),
        "{index}"
    );
    let boxes = json!([{"x": 0, "y": 0, "width": 10, "height": 10}]);
    let redaction = crate::derivatives::redact(&app.lead, &made, boxes);
    let wanted = json!({"purpose": "discovery", "captures": [made["id"]], "redactions": [redaction["id"]]});
    let (_folder, Some(top)) = exported(wanted) else { return };
    for document in ["data/packet.json", "data/index.html", "data/custody/records.jsonl"] {
        assert!(!read(&top, document).contains("SECRET"), "{document}");
    }
    app.audit();
}

both_databases!(credentials_in_a_photo_are_told_and_those_over_other_bytes_flagged);
fn credentials_in_a_photo_are_told_and_those_over_other_bytes_flagged(app: &App) {
    let (case, _laboratory) = (case(app), laboratory(app));
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/c2pa");
    let read = |name: &str| std::fs::read(vectors.join(name)).unwrap();
    let plain = two_halves(40, 20, ImageFormat::Jpeg);
    let files = [
        ("C.jpg", read("C.jpg")),
        ("XCA.jpg", read("XCA.jpg")),
        ("plain.jpg", plain),
    ];
    let named: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    let made = logged(app, &case, &named);
    let found = examined(&app.lead, &made);
    let files = found["files"].as_array().unwrap();
    assert_eq!(fact(&files[2], "State"), None);
    let page = Browser::signed_in(app, "lead").get(&format!("/captures/{}", made["id"].as_str().unwrap()));
    if cfg!(feature = "c2pa") {
        assert!(fact(&files[0], "State").unwrap().starts_with("Valid: "), "{found}");
        assert_eq!(flags(&files[0]), [""; 0]);
        assert_eq!(flags(&files[1]), ["digest_differs"]);
        assert!(files.iter().all(|file| file.get("lacks").is_none()), "{found}");
        // What the rest of the file says is there as well.
        assert!(files[1]["perceptual_hash"]["hash"].is_string(), "{found}");
        page.says("Content credentials: Claim generator");
        page.says("assertion.dataHash.mismatch");
    } else {
        let told = Some("are in the file, and are not read by this build");
        assert_eq!((fact(&files[0], "State"), fact(&files[1], "State")), (told, told));
        assert!(files.iter().all(|file| file["lacks"] == json!(["c2pa"])), "{found}");
        page.says("content credentials are not read by this build");
    }
    app.audit();
}

both_databases!(files_are_read_again_where_somebody_asks_who_may_annotate);
fn files_are_read_again_where_somebody_asks_who_may_annotate(app: &App) {
    let case = case(app);
    let photo = with_exif(&two_halves(40, 20, ImageFormat::Jpeg), 1);
    let made = logged(app, &case, &[("a.jpg", &photo), ("b.bin", b"whatever it is")]);
    let bare = app.post_with(json!({}));
    let bare = app.lead.post(&case.path("captures"), bare).is(201);
    let place = format!("{}/examinations", address(&made));
    // The first one is not made yet.
    app.leaves_nothing(&case.stream, || {
        app.lead.post(&place, json!({})).problem(409, "conflict");
        app.lead
            .post(&format!("{}/examinations", address(&bare)), json!({}))
            .problem(409, "conflict");
    });
    let first = {
        let _laboratory = laboratory(app);
        examined(&app.lead, &made)
    };
    assert_eq!(first["files"][1]["unread"], true);
    app.stranger.post(&place, json!({})).problem(404, "not-found");
    app.supervisor.post(&place, json!({})).problem(403, "forbidden");
    app.lead
        .post(&place, json!({"why": "x"}))
        .refuses(422, "why", "unknown");
    let asked = app.leaves(&case.stream, "capture.examination_requested", &app.member, || {
        app.member
            .post(&place, json!({"note": "ffprobe is installed now"}))
            .is(201)
    });
    assert_eq!(asked["note"], "ffprobe is installed now");
    app.member.post(&place, json!({})).problem(409, "conflict");
    let waiting = app.lead.get(&address(&made)).is(200);
    assert_eq!(waiting["examination_request"]["id"], asked["id"]);
    assert_eq!(waiting["examination"], first);
    let page = format!("/captures/{}", made["id"].as_str().unwrap());
    let browser = Browser::signed_in(app, "lead");
    browser.get(&page).says("Another reading of the files was asked for by");
    let again = || {
        let _laboratory = laboratory(app);
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let now = app.lead.get(&address(&made)).is(200);
            if now.get("examination_request").is_none() {
                return now["examination"].clone();
            }
            assert!(Instant::now() < until, "it is not examined again");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let second = again();
    assert!(
        second["id"] != first["id"] && second["files"] == first["files"],
        "{second}"
    );
    // On its page it is a button.
    browser.get(&page).says("Read the files again");
    browser.post(&format!("{page}/examinations"), &[]).is(303);
    assert!(again()["id"] != second["id"]);
    let examined = |event: &Value| event["action"] == "capture.examined" && event["object"]["id"] == made["id"];
    assert_eq!(
        app.events(&case.stream).iter().filter(|event| examined(event)).count(),
        3
    );
    // A packet shows the last one, and what was asked for stands among its events.
    let packet = ready(
        &app.exporter,
        &ask(
            &app.exporter,
            &case,
            json!({"purpose": "discovery", "captures": [made["id"]]}),
        ),
    );
    let (_folder, file) = download(&app.exporter, &packet);
    verifies(app, &file);
    app.audit();
}

both_databases!(the_command_line_shows_what_was_found_and_has_it_read_again);
fn the_command_line_shows_what_was_found_and_has_it_read_again(app: &App) {
    let case = case(app);
    let photo = with_exif(&two_halves(40, 20, ImageFormat::Jpeg), 1);
    app.lead.post(&case.path("captures"), app.post_with(json!({}))).is(201);
    let made = logged(app, &case, &[("a.jpg", &photo)]);
    let run = |args: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_casetrail"));
        command
            .args([&["examination", case.id.as_str()], args].concat())
            .env("CASETRAIL_SERVER", &app.url)
            .env("CASETRAIL_TOKEN", app.lead.token.as_ref().unwrap());
        let done = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (done.status.success(), text(&done.stdout), text(&done.stderr))
    };
    for (item, told) in [
        ("1", "has no files"),
        ("2", "not examined yet"),
        ("3", "there is no item 3"),
    ] {
        let (well, _, complaint) = run(&[item]);
        assert!(!well && complaint.contains(told), "{complaint}");
    }
    let _laboratory = laboratory(app);
    let first = examined(&app.lead, &made);
    let (well, shown, complaint) = run(&["2"]);
    assert!(well, "{complaint}");
    for told in [
        "item 2, read by casetrail",
        "File 1, a.jpg",
        "EXIF: ImageDescription: SECRET-LOCATION",
        "Size: 40 × 20 pixels",
    ] {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    let (well, shown, complaint) = run(&["2", "--again", "--note", "for the hearing", "--json"]);
    assert!(well, "{complaint}");
    let record: Value = serde_json::from_str(&shown).unwrap();
    assert!(
        record["id"] != first["id"] && record["files"] == first["files"],
        "{record}"
    );
    assert_eq!(app.count(&case.stream, "capture.examination_requested"), 1);
}

both_databases!(real_photos_archives_and_pages_say_what_their_programs_wrote);
fn real_photos_archives_and_pages_say_what_their_programs_wrote(app: &App) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let samples = root.join("../shared/samples");
    if !samples.exists() {
        // Past the test harness, which shows the output of failed tests alone.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: the samples {} are not there",
            samples.display()
        );
        return;
    }
    let (case, _laboratory) = (case(app), laboratory(app));
    let read = |path: &str| std::fs::read(samples.join(path)).unwrap();
    let wanted: [(&str, &[&str], &str, &str); 9] = [
        ("photos/DSCN0010.jpg", &[], "DateTimeOriginal", "2008:10:22 16:28:39"),
        ("photos/IMG_5195.HEIC", &[], "OffsetTimeOriginal", "-05:00"),
        ("photos/no_exif.jpg", &[], "XPAuthor", "CREDIT"),
        ("web/iana.warc.gz", &[], "Software", "LiveWeb Warc Writer 1.0"),
        ("web/valid_example_1.wacz", &[], "Signature", "none"),
        (
            "web/valid_signed_example_1.wacz",
            &[],
            "Signed by",
            "btrix-sign-test.webrecorder.net",
        ),
        (
            "web/invalid_signed_example_1.wacz",
            &["signature_differs"],
            "Signed by",
            "btrix-sign-test.webrecorder.net",
        ),
        (
            "post/post.mhtml",
            &[],
            "Address when it was saved",
            "http://127.0.0.1:8931/post.html",
        ),
        ("post/clip.mp4", &[], "Container", "QuickTime / MOV"),
    ];
    let bytes: Vec<Vec<u8>> = wanted.iter().map(|(path, ..)| read(path)).collect();
    let named = wanted.iter().map(|(path, ..)| path.rsplit('/').next().unwrap());
    let files: Vec<(&str, &[u8])> = named.zip(bytes.iter().map(Vec::as_slice)).collect();
    let made = logged(app, &case, &files);
    let found = examined(&app.lead, &made);
    for ((path, raised, name, value), file) in wanted.iter().zip(found["files"].as_array().unwrap()) {
        // The clock of a test stands before the day on which some samples were made.
        let mut told = flags(file);
        told.retain(|flag| *flag != "later_than_receipt");
        assert_eq!(told, *raised, "{path}: {file}");
        // The helpers are not at work in tests that do not name them.
        let lacks = file["lacks"].as_array().map_or(0, Vec::len);
        assert!(fact(file, name) == Some(value) || lacks > 0, "{path}: {name}: {file}");
    }
    let files = &found["files"];
    assert_eq!(files[0]["place"]["latitude"], "43.467448");
    assert_eq!(
        files[1]["place"],
        json!({"source": "exif", "latitude": "39.051344", "longitude": "-94.288772", "altitude": "260.6"})
    );
    assert!(fact(&files[5], "Signature").unwrap().starts_with("holds"));
    assert!(
        files[7]["text"]
            .as_str()
            .unwrap()
            .contains("she took the 9:50 towards the terminal")
    );
    app.audit();
}

both_databases!(a_picture_that_is_there_in_part_and_a_time_after_the_receipt_are_flagged);
fn a_picture_that_is_there_in_part_and_a_time_after_the_receipt_are_flagged(app: &App) {
    let (case, _laboratory) = (case(app), laboratory(app));
    let whole = two_halves(600, 400, ImageFormat::Jpeg);
    let half = &whole[..whole.len() / 2];
    let saved = |at: &str| {
        format!(
            "From: <Saved by Blink>\r\nDate: {at}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; type=\"text/html\"; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<html><title>t</title>seen</html>\r\n--b--\r\n"
        )
    };
    let (later, before) = (
        saved("Tue, 01 Jan 2047 10:00:00 +0000"),
        saved("Tue, 01 Jan 2019 10:00:00 +0000"),
    );
    let files: [(&str, &[u8]); 4] = [
        ("whole.jpg", &whole),
        ("half.jpg", half),
        ("later.mhtml", later.as_bytes()),
        ("before.mhtml", before.as_bytes()),
    ];
    let made = logged(app, &case, &files);
    let found = examined(&app.lead, &made);
    let why = |place: usize, flag: &str| {
        let raised = found["files"][place]["flags"].as_array().into_iter().flatten();
        let mut raised = raised.filter(|raised| raised["flag"] == flag);
        raised.next().map(|raised| raised["why"].as_str().unwrap().to_owned())
    };
    assert_eq!(why(0, "unreadable"), None);
    let part = why(1, "unreadable").unwrap_or_default();
    assert!(part.starts_with("the picture could be decoded in part"), "{found}");
    let late = why(2, "later_than_receipt").unwrap_or_default();
    assert!(
        late.contains("01 Jan 2047") && late.contains("It was received at 20"),
        "{found}"
    );
    assert_eq!(why(3, "later_than_receipt"), None);
    let packet = ready(
        &app.exporter,
        &ask(&app.exporter, &case, json!({"purpose": "court_exhibits"})),
    );
    let (_folder, file) = download(&app.exporter, &packet);
    verifies(app, &file);
    let Some(bag) = unpack(&file) else { return };
    let page = std::fs::read_to_string(bag.join("data/index.html")).unwrap();
    assert!(page.contains("File 2: unreadable in part") && page.contains("File 3: later than its receipt"));
    let report = crate::papers::text_of(&bag.join("data/report.pdf"));
    for told in ["the picture could be decoded in part", "Later than its"] {
        assert!(report.contains(told), "{report}");
    }
    app.audit();
}
