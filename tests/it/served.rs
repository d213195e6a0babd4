//! Bytes as they leave: never damaged ones as what they are not, in ranges, and HEAD where GET is.

use std::fs;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

use casetrail::proof::Digest;
use serde_json::{Value, json};

use crate::both_databases;
use crate::contract::operations;
use crate::kit::browser::Browser;
use crate::kit::{Answer, App, Case, Client};
use crate::packets::ready;
use crate::pictures::studio;
use crate::skip::skip;
use crate::walk::{filled, things};

/// More than is read before anything is answered.
const LARGE: usize = 1_300_000;

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n * 7 + n / 251) as u8).collect()
}

/// A capture's file, logged; its path in the API.
fn logged(app: &App, case: &Case, bytes: &[u8]) -> String {
    let capture = app.post_with(json!({"files": [{"part": "f", "role": "original", "name": "a.txt"}]}));
    let made = app.lead.upload(case, &capture, &[("f", bytes)]).is(201);
    format!("/api/v1/files/{}/{}", made["id"].as_str().unwrap(), Digest::of(bytes))
}

/// Turns one byte of a stored file over, and puts its time of writing back.
fn bend(path: &Path, at: u64) {
    let file = fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
    let written = file.metadata().unwrap().modified().unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 1], at).unwrap();
    file.set_modified(written).unwrap();
}

/// What arrived of a body, and whether the connection broke before its end.
fn arrived(client: &Client, path: &str) -> (u16, usize, bool) {
    let mut answer = client.request("GET", path).send().unwrap();
    let (status, mut body) = (answer.status().as_u16(), Vec::new());
    let broke = answer.read_to_end(&mut body).is_err();
    (status, body.len(), broke)
}

/// Events about damaged bytes, as the auditor finds them.
fn damages(app: &App) -> Vec<Value> {
    let page = app.auditor.get("/api/v1/ledger/events?action=file.damaged").is(200);
    page["items"].as_array().unwrap().clone()
}

both_databases!(damaged_bytes_do_not_leave_as_what_they_are_not);
fn damaged_bytes_do_not_leave_as_what_they_are_not(app: &App) {
    app.goes_behind();
    let case = app.case();
    app.leave(&case);
    // A large one breaks off, wherever it is damaged: also in its last byte.
    for (n, at) in [0, LARGE / 2, LARGE - 1].into_iter().enumerate() {
        let content = bytes(LARGE + n);
        let path = logged(app, &case, &content);
        assert_eq!(app.lead.get(&path).body, content);
        bend(&app.file(&Digest::of(&content)), at as u64);
        let (status, came, broke) = arrived(&app.lead, &path);
        assert!(status == 200 && broke && came < content.len(), "{at}: {status} {came}");
        // A range elsewhere in it is no better, though all of it was right a moment ago.
        for range in ["bytes=10-19", "bytes=700000-", "bytes=1-2,5-6", "bytes=-3"] {
            let part = app.lead.send(app.lead.request("GET", &path).header("Range", range));
            part.problem(409, "evidence-damaged");
        }
        let all = app
            .lead
            .request("GET", &path)
            .header("Range", "bytes=0-")
            .send()
            .unwrap();
        assert_eq!(all.status(), 206);
        assert!(all.bytes().is_err());
    }
    // A small one, one of another length, and one that is gone, are refused at once.
    for (n, bend_it) in [
        |path: &Path| bend(path, 3),
        |path: &Path| fs::write(path, b"short").unwrap(),
        |path: &Path| fs::remove_file(path).unwrap(),
    ]
    .iter()
    .enumerate()
    {
        let content = vec![b'a' + n as u8; 900];
        let path = logged(app, &case, &content);
        bend_it(&app.file(&Digest::of(&content)));
        for method in ["GET", "HEAD"] {
            let answer = app.lead.send(app.lead.request(method, &path));
            assert_eq!((answer.status, answer.header("repr-digest")), (409, ""), "{method} {n}");
        }
        app.lead.get(&path).problem(409, "evidence-damaged");
        // What was not asked for again is as little in a page.
        let capture = path.split('/').nth(4).unwrap();
        let page = Browser::signed_in(app, "lead")
            .get(&format!("/captures/{capture}"))
            .is(200);
        assert!(page.text.contains("not what was recorded"), "{}", page.text);
    }
    let found = damages(app);
    assert_eq!(found.len(), 6, "one for each: {found:#?}");
    assert_eq!(found[0]["event"]["object"]["type"], "file");
    assert_eq!(found[0]["event"]["actor"]["kind"], "job");
}

both_databases!(a_damaged_packet_breaks_off);
fn a_damaged_packet_breaks_off(app: &App) {
    app.goes_behind();
    let case = app.case();
    app.leave(&case);
    logged(app, &case, &bytes(LARGE));
    let asked = app.exporter.post(&case.path("packets"), json!({"purpose": "internal"}));
    let packet = ready(&app.exporter, &asked.is(202));
    let id = packet["id"].as_str().unwrap();
    let path = format!("/api/v1/packets/{id}/file");
    bend(&app.folder().join(format!("packets/{id}.zip")), 9);
    let (status, came, broke) = arrived(&app.exporter, &path);
    assert!(status == 200 && broke && came < packet["size"].as_u64().unwrap() as usize);
    let range = app.exporter.request("GET", &path).header("Range", "bytes=100-199");
    app.exporter.send(range).problem(409, "evidence-damaged");
    assert_eq!(damages(app).len(), 1);
}

both_databases!(no_picture_is_made_of_damaged_bytes);
fn no_picture_is_made_of_damaged_bytes(app: &App) {
    app.goes_behind();
    let case = app.case();
    app.leave(&case);
    let mut png = std::io::Cursor::new(Vec::new());
    let picture = image::DynamicImage::ImageRgb8(image::RgbImage::from_pixel(40, 40, image::Rgb([200, 20, 20])));
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let content = png.into_inner();
    let path = logged(app, &case, &content).replace("/files/", "/pictures/");
    let stored = app.file(&Digest::of(&content));
    let mut other = content.clone();
    // The end of a PNG is not looked at by whoever decodes it.
    *other.last_mut().unwrap() ^= 1;
    fs::write(&stored, &other).unwrap();
    let _studio = studio(app);
    let drawn = app.lead.get(&path);
    assert_eq!((drawn.status, drawn.header("content-type")), (200, "image/svg+xml"));
    assert_eq!(damages(app).len(), 1);
    // Put back from a backup, it is made after all.
    fs::write(&stored, &content).unwrap();
    let made = || app.lead.get(&path).header("content-type") == "image/jpeg";
    app.advance(11 * casetrail::clock::MINUTE);
    assert!((0..100).any(|_| made() || {
        std::thread::sleep(std::time::Duration::from_millis(100));
        false
    }));
}

/// The parts of `multipart/byteranges`: where each begins, and its bytes.
fn parts(answer: &Answer) -> Vec<(String, Vec<u8>)> {
    let boundary = answer.header("content-type").split("boundary=").nth(1).unwrap();
    let mark = format!("\r\n--{boundary}");
    let marks: Vec<usize> = (0..answer.body.len())
        .filter(|at| answer.body[*at..].starts_with(mark.as_bytes()))
        .collect();
    assert!(answer.body.ends_with(format!("{mark}--\r\n").as_bytes()));
    let part = |ends: &[usize]| {
        let part = &answer.body[ends[0] + mark.len()..ends[1]];
        let head = part.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        let said = String::from_utf8_lossy(&part[..head]).into_owned();
        let place = said
            .split("Content-Range: ")
            .nth(1)
            .unwrap()
            .lines()
            .next()
            .unwrap()
            .to_owned();
        (place, part[head + 4..].to_vec())
    };
    marks.windows(2).map(part).collect()
}

both_databases!(packets_and_files_answer_in_ranges);
fn packets_and_files_answer_in_ranges(app: &App) {
    let case = app.case();
    app.leave(&case);
    let file = logged(app, &case, &bytes(LARGE));
    let asked = app.exporter.post(&case.path("packets"), json!({"purpose": "internal"}));
    let packet = ready(&app.exporter, &asked.is(202));
    let packet = format!("/api/v1/packets/{}/file", packet["id"].as_str().unwrap());
    for (client, path, kind) in [
        (&app.lead, &file, "application/octet-stream"),
        (&app.exporter, &packet, "application/zip"),
    ] {
        let whole = client.get(path);
        let (size, digest) = (whole.body.len(), whole.header("repr-digest"));
        assert_eq!(
            (whole.header("accept-ranges"), whole.header("content-type")),
            ("bytes", kind)
        );
        let range = |range: &str| client.send(client.request("GET", path).header("Range", range));
        let middle = range("bytes=600000-1199999");
        assert_eq!((middle.status, middle.header("repr-digest")), (206, digest));
        assert_eq!(middle.header("content-range"), format!("bytes 600000-1199999/{size}"));
        assert_eq!(middle.body, whole.body[600_000..1_200_000]);
        assert_eq!(range("bytes=-7").body, whole.body[size - 7..]);
        let several = range("bytes=0-9,700000-700009, -5");
        assert_eq!((several.status, several.header("repr-digest")), (206, digest));
        assert_eq!(several.header("content-length"), several.body.len().to_string());
        let expected: Vec<(String, Vec<u8>)> = [(0, 10), (700_000, 700_010), (size - 5, size)]
            .iter()
            .map(|(a, b)| (format!("bytes {a}-{}/{size}", b - 1), whole.body[*a..*b].to_vec()))
            .collect();
        assert_eq!(parts(&several), expected);
        for refused in ["bytes=99999999-", "bytes=0-5,3-9", "bytes=9-3"] {
            range(refused).problem(416, "range-not-satisfiable");
        }
        // What is no range of bytes, or of a version that nothing has, asks for all.
        assert_eq!(range("items=0-3").body.len(), size);
        let versioned = client
            .request("GET", path)
            .header("Range", "bytes=0-3")
            .header("If-Range", "\"1\"");
        assert_eq!(client.send(versioned).body.len(), size);
    }
    // Each time that bytes of a packet leave is told, and no other.
    let downloads = || app.count(&case.stream, "packet.downloaded");
    let before = downloads();
    app.exporter
        .send(app.exporter.request("GET", &packet).header("Range", "bytes=99999999-"));
    app.exporter
        .send(app.exporter.request("GET", &packet).header("If-None-Match", "*"));
    app.exporter.send(app.exporter.request("HEAD", &packet));
    assert_eq!(downloads(), before);
    app.exporter
        .send(app.exporter.request("GET", &packet).header("Range", "bytes=0-0"));
    assert_eq!(downloads(), before + 1);
}

both_databases!(a_download_of_a_packet_goes_on_with_curl);
fn a_download_of_a_packet_goes_on_with_curl(app: &App) {
    let case = app.case();
    app.leave(&case);
    logged(app, &case, &bytes(LARGE));
    let asked = app.exporter.post(&case.path("packets"), json!({"purpose": "internal"}));
    let packet = ready(&app.exporter, &asked.is(202));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.zip");
    let curl = |more: &[&str]| {
        let bearer = format!("Authorization: Bearer {}", app.exporter.token.as_ref().unwrap());
        let url = format!("{}/api/v1/packets/{}/file", app.url, packet["id"].as_str().unwrap());
        let done = Command::new("curl")
            .args(["-sS", "--fail", "-H", &bearer, "-o"])
            .arg(&file)
            .args(more)
            .arg(url)
            .status();
        done.map(|status| status.success())
    };
    let Ok(first) = curl(&["-r", "0-99999"]) else {
        return skip("a download that goes on", "there is no curl");
    };
    assert!(first && fs::metadata(&file).unwrap().len() == 100_000);
    assert!(curl(&["-C", "-"]).unwrap());
    assert_eq!(json!(Digest::of(&fs::read(&file).unwrap())), packet["sha256"]);
}

/// A GET and a HEAD that must answer alike.
fn same_head(client: &Client, path: &str) {
    // Once before, so that neither is the first look.
    client.get(path);
    let (get, head, after) = (
        client.get(path),
        client.send(client.request("HEAD", path)),
        client.get(path),
    );
    assert_eq!((get.status, head.body.len()), (head.status, 0), "{path}");
    let told = |answer: &Answer| {
        let mut all: Vec<_> = answer.headers.iter().map(|(n, v)| (n.to_string(), v.clone())).collect();
        all.retain(|(name, _)| !["date", "x-request-id", "set-cookie"].contains(&name.as_str()));
        all.sort();
        all
    };
    // Where an event entered the tree meanwhile, its head is that of the answer afterwards.
    if told(&after) != told(&head) {
        assert_eq!(told(&get), told(&head), "{path}");
    }
}

both_databases!(head_is_where_get_is);
fn head_is_where_get_is(app: &App) {
    let things = things(app);
    let case = things.case.clone();
    for (method, path) in operations() {
        if method == "GET" {
            let path = filled(&path, &things);
            for client in [&app.lead, &app.auditor, &app.nobody] {
                same_head(client, &path);
            }
        }
    }
    let browser = Browser::signed_in(app, "lead");
    for path in [
        "/",
        "/cases",
        "/sign-in",
        "/nowhere",
        &format!("/cases/{}", case.id),
        &format!("/cases/{}/evidence", case.id),
    ] {
        let (get, head) = (
            browser.request("GET", path).send().unwrap(),
            browser.request("HEAD", path).send().unwrap(),
        );
        assert_eq!(get.status(), head.status(), "{path}");
        assert_eq!(get.headers()["content-type"], head.headers()["content-type"], "{path}");
        assert!(head.bytes().unwrap().is_empty());
    }
    // What has no GET has no HEAD either.
    let none = app.lead.send(app.lead.request("HEAD", "/api/v1/sessions/current"));
    assert_eq!(none.status, 405);
}

both_databases!(head_of_bytes_is_recorded_as_a_look_and_not_as_a_read);
fn head_of_bytes_is_recorded_as_a_look_and_not_as_a_read(app: &App) {
    let case = app.case();
    app.leave(&case);
    let path = logged(app, &case, &bytes(LARGE));
    let head = |path: &str| app.lead.send(app.lead.request("HEAD", path)).status;
    app.leaves(&case.accesses, "capture.viewed", &app.lead, || {
        assert_eq!(head(&path), 200)
    });
    app.leaves_nothing(&case.accesses, || assert_eq!(head(&format!("{path}?download")), 200));
    app.leaves(&case.accesses, "file.viewed", &app.lead, || app.lead.get(&path));
}
