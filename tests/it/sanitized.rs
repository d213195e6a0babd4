//! Sanitized copies of web archives: without sessions, tokens and names, and still fit for replay.

use std::io::{Cursor, Read, Write};

use casetrail::proof::Digest;
use flate2::Compression;
use flate2::read::{GzDecoder, MultiGzDecoder};
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::both_databases;
use crate::derivatives::{file_of, holds, logged, path};
use crate::kit::browser::Browser;
use crate::kit::{App, Case};
use crate::packets::{ask, download, ready, unpack, verifies};

/// What may be nowhere in a copy.
const HIDDEN: [&str; 3] = ["s3cret", "anna_alias", "Anna Kowal"];
const ADDRESS: &str = "https://social.example/feed?page=2&access_token=s3cret";

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut member = GzEncoder::new(Vec::new(), Compression::default());
    member.write_all(bytes).unwrap();
    member.finish().unwrap()
}

fn record(kind: &str, head: &str, block: &[u8]) -> Vec<u8> {
    let head = format!(
        "WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:{kind}>\r\nWARC-Date: 2026-11-22T14:07:31Z\r\n{head}Content-Length: {}\r\n\r\n",
        block.len()
    );
    [head.as_bytes(), block, b"\r\n\r\n"].concat()
}

/// A page that was sent packed and in chunks to somebody who was signed in.
fn page() -> Vec<u8> {
    let text = "<html><meta name=\"csrf-token\" content=\"s3cret\"><p>Signed in as anna_alias, ANNA KOWAL</p><p>Seen by the pier</p>\
        <form><input type=hidden name=authenticity_token value=s3cret></form><a href=\"/feed?page=3&amp;access_token=s3cret\">next</a></html>";
    let body = packed(text.as_bytes());
    let mut message = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\nSet-Cookie: sid=s3cret\r\nLocation: /x?sid=s3cret\r\n\r\n".to_vec();
    for piece in body.chunks(100) {
        message.extend(format!("{:x}\r\n", piece.len()).bytes());
        message.extend(piece);
        message.extend(b"\r\n");
    }
    message.extend(b"0\r\n\r\n");
    message
}

/// The records of an archive.
fn records() -> Vec<Vec<u8>> {
    let target = format!("WARC-Target-URI: {ADDRESS}\r\nContent-Type: application/http\r\n");
    let digests = format!(
        "WARC-Payload-Digest: sha256:{}\r\nWARC-Block-Digest: sha256:{}\r\n",
        Digest::of(b"whatever it was"),
        Digest::of(b"all of it")
    );
    let request = b"GET /feed?page=2&access_token=s3cret HTTP/1.1\r\nHost: social.example\r\nCookie: sid=s3cret\r\nAuthorization: Bearer s3cret\r\nX-Csrf-Token: s3cret\r\nUser-Agent: Browser\r\n\r\n";
    let login = b"POST /login HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 31\r\n\r\nuser=anna_alias&password=s3cret";
    let api = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"me\": \"anna_alias\", \"sessionId\": \"s3cret\", \"text\": \"Seen by the pier\"}";
    let picture =
        b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nSet-Cookie: sid=s3cret\r\n\r\n\x89PNG\r\n\x1a\n\0\0pixels";
    vec![
        record(
            "warcinfo",
            "Content-Type: application/warc-fields\r\n",
            b"software: crawler\r\noperator: Anna Kowal\r\n",
        ),
        record("request", &target, request),
        record("response", &format!("{target}{digests}"), &page()),
        record(
            "request",
            &target.replace(ADDRESS, "https://social.example/login"),
            login,
        ),
        record("response", &target.replace(ADDRESS, "https://social.example/api"), api),
        record(
            "response",
            &target.replace(ADDRESS, "https://social.example/a.png"),
            picture,
        ),
        record(
            "revisit",
            &format!("{target}{digests}"),
            b"HTTP/1.1 304 Not Modified\r\n\r\n",
        ),
    ]
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    MultiGzDecoder::new(bytes).read_to_end(&mut all).unwrap();
    all
}

fn case(app: &App) -> Case {
    let case = app.case();
    app.leave(&case);
    case
}

fn sanitize(app: &App, made: &Value) -> Value {
    let wanted = json!({"file": made["files"][0]["sha256"], "sanitize": {"names": ["anna_alias", "Anna Kowal"]}, "reason": "an alias"});
    app.lead.post(&path(made, "redactions"), wanted).is(201)
}

/// The head of a record and its block.
fn parts(record: &[u8]) -> (String, Vec<u8>) {
    let end = record.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(record[..end].to_vec()).unwrap();
    let length: usize = value(&head, "Content-Length").parse().unwrap();
    let block = record[end + 4..end + 4 + length].to_vec();
    assert_eq!(&record[end + 4 + length..], b"\r\n\r\n");
    (head, block)
}

fn value(head: &str, name: &str) -> String {
    let start = format!("{name}: ");
    let line = head.split("\r\n").find_map(|line| line.strip_prefix(&start));
    line.unwrap_or_else(|| panic!("{name} in {head}")).to_owned()
}

fn hides(bytes: &[u8]) {
    for hidden in HIDDEN {
        let lower = bytes.to_ascii_lowercase();
        assert!(
            !holds(&lower, hidden.to_ascii_lowercase().as_bytes()),
            "{hidden}: {}",
            String::from_utf8_lossy(bytes)
        );
    }
}

both_databases!(a_web_archive_is_sanitized_and_can_be_replayed);
fn a_web_archive_is_sanitized_and_can_be_replayed(app: &App) {
    let case = case(app);
    let archive: Vec<u8> = records().iter().flat_map(|record| packed(record)).collect();
    let made = logged(app, &case, "crawl of anna_alias.warc.gz", &archive);
    let derivative = sanitize(app, &made);
    assert_eq!(derivative["kind"], "sanitized");
    let found = &derivative["recipe"]["sanitized"];
    assert_eq!(
        (&found["listed"], &found["unsearched"]),
        (&json!(2), &json!(1)),
        "{found}"
    );
    // Cookie, Authorization, X-Csrf-Token, and Set-Cookie twice.
    assert_eq!(found["headers"], 5, "{found}");
    hides(derivative.to_string().as_bytes());
    let bytes = file_of(&app.lead, &made, &derivative);
    let whole = unpacked(&bytes);
    hides(&whole);
    // Each record is a member of its own, as it was.
    let (mut left, mut records) = (&bytes[..], Vec::new());
    while !left.is_empty() {
        let mut member = flate2::bufread::GzDecoder::new(left);
        let mut record = Vec::new();
        member.read_to_end(&mut record).unwrap();
        left = member.into_inner();
        records.push(parts(&record));
    }
    let kinds: Vec<String> = records.iter().map(|(head, _)| value(head, "WARC-Type")).collect();
    assert_eq!(
        kinds,
        [
            "warcinfo", "request", "response", "request", "response", "response", "revisit"
        ]
    );
    let (head, block) = &records[2];
    assert_eq!(
        value(head, "WARC-Target-URI"),
        "https://social.example/feed?page=2&access_token=REMOVED"
    );
    assert_eq!(
        value(head, "WARC-Block-Digest"),
        format!("sha256:{}", Digest::of(block))
    );
    let begins = block.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let (message, payload) = (String::from_utf8_lossy(&block[..begins]), &block[begins..]);
    assert_eq!(value(&message, "Content-Length"), payload.len().to_string());
    assert!(!message.contains("chunked") && !message.contains("gzip"), "{message}");
    assert_eq!(
        value(head, "WARC-Payload-Digest"),
        format!("sha256:{}", Digest::of(payload))
    );
    let payload = String::from_utf8_lossy(payload);
    assert!(
        payload.contains("Seen by the pier") && payload.contains("page=3&amp;access_token=REMOVED"),
        "{payload}"
    );
    // What was the same as an earlier payload still is.
    assert_eq!(
        value(&records[6].0, "WARC-Payload-Digest"),
        value(head, "WARC-Payload-Digest")
    );
    assert!(holds(&records[5].1, b"\x89PNG\r\n\x1a\n\0\0pixels"));
    assert!(holds(&records[3].1, b"user=REMOVED&password=REMOVED"));
    // It goes into a packet in the place of what it was made from.
    let wanted = json!({"purpose": "discovery", "captures": [made["id"]], "redactions": [derivative["id"]]});
    let packet = ready(&app.exporter, &ask(&app.exporter, &case, wanted));
    let (_folder, file) = download(&app.exporter, &packet);
    verifies(app, &file);
    if let Some(top) = unpack(&file) {
        let page = std::fs::read_to_string(top.join("data/index.html")).unwrap();
        assert!(page.contains("taken out of the web archive"), "{page}");
        hides(page.as_bytes());
        hides(&std::fs::read(top.join("data/packet.json")).unwrap());
    }
    app.audit();
}

fn zipped(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        zip.start_file(*name, stored).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn in_zip(zip: &mut ZipArchive<Cursor<Vec<u8>>>, name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    zip.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

both_databases!(a_wacz_has_an_index_and_digests_of_its_own);
fn a_wacz_has_an_index_and_digests_of_its_own(app: &App) {
    let case = case(app);
    let (mut warc, mut index) = (Vec::new(), String::new());
    for (n, record) in records().iter().enumerate() {
        let (began, member) = (warc.len(), packed(record));
        warc.extend(&member);
        let of = json!({"url": ADDRESS, "offset": began.to_string(), "length": member.len().to_string(),
            "filename": "data.warc.gz", "digest": format!("sha256:{}", Digest::of(b"whatever it was"))});
        if n == 2 {
            index = format!("example,social)/feed?access_token=s3cret&page=2 20261122140731 {of}\n");
        }
    }
    let pages = format!("{{\"format\": \"json-pages-1.0\"}}\n{{\"url\": \"{ADDRESS}\", \"title\": \"Anna Kowal\"}}\n");
    let files = [
        ("archive/data.warc.gz", warc),
        ("indexes/index.cdx.gz", packed(index.as_bytes())),
        (
            "indexes/index.idx",
            b"!meta 0 {\"format\": \"cdxj-gzip-1.0\"}\n".to_vec(),
        ),
        ("pages/pages.jsonl", pages.into_bytes()),
        (
            "datapackage.json",
            json!({"profile": "data-package", "title": "of anna_alias", "resources": []})
                .to_string()
                .into_bytes(),
        ),
        (
            "datapackage-digest.json",
            b"{\"signedData\": {\"signature\": \"abc\"}}".to_vec(),
        ),
    ];
    let made = logged(app, &case, "crawl.wacz", &zipped(&files));
    let derivative = sanitize(app, &made);
    assert_eq!(derivative["file"]["media_type"], "application/wacz");
    let bytes = file_of(&app.lead, &made, &derivative);
    let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let description: Value = serde_json::from_slice(&in_zip(&mut zip, "datapackage.json")).unwrap();
    let resources = description["resources"].as_array().unwrap().clone();
    let paths: Vec<&str> = resources.iter().map(|one| one["path"].as_str().unwrap()).collect();
    assert_eq!(
        paths,
        ["archive/data.warc.gz", "pages/pages.jsonl", "indexes/index.cdx"]
    );
    for one in &resources {
        let bytes = in_zip(&mut zip, one["path"].as_str().unwrap());
        assert_eq!(one["hash"], format!("sha256:{}", Digest::of(&bytes)));
        assert_eq!(one["bytes"], bytes.len());
        hides(&bytes);
    }
    hides(description.to_string().as_bytes());
    let signed: Value = serde_json::from_slice(&in_zip(&mut zip, "datapackage-digest.json")).unwrap();
    let digest = Digest::of(&in_zip(&mut zip, "datapackage.json"));
    assert_eq!(
        signed,
        json!({"path": "datapackage.json", "hash": format!("sha256:{digest}")})
    );
    // The index leads to the record, and says what its payload is.
    let index = String::from_utf8(in_zip(&mut zip, "indexes/index.cdx")).unwrap();
    let (key, of) = index.trim_end().split_once(" {").unwrap();
    assert_eq!(key, "example,social)/feed?access_token=REMOVED&page=2 20261122140731");
    let of: Value = serde_json::from_str(&format!("{{{of}")).unwrap();
    let number = |name: &str| of[name].as_str().unwrap().parse::<usize>().unwrap();
    let warc = in_zip(&mut zip, "archive/data.warc.gz");
    let mut record = Vec::new();
    let member = &warc[number("offset")..number("offset") + number("length")];
    GzDecoder::new(member).read_to_end(&mut record).unwrap();
    let (head, _) = parts(&record);
    assert_eq!(of["url"], value(&head, "WARC-Target-URI"));
    assert_eq!(of["digest"], value(&head, "WARC-Payload-Digest"));
    hides(&unpacked(&warc));
}

both_databases!(a_saved_page_loses_tokens_and_names_in_each_of_its_parts);
fn a_saved_page_loses_tokens_and_names_in_each_of_its_parts(app: &App) {
    let case = case(app);
    let page = format!(
        "From: <Saved by Blink>\r\nSnapshot-Content-Location: {ADDRESS}\r\nSubject: =?utf-8?Q?Anna=20Kowal?=\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/related;\r\n\ttype=\"text/html\";\r\n\tboundary=\"----MultipartBoundary--7----\"\r\n\r\n\r\n\
         ------MultipartBoundary--7----\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Location: {ADDRESS}\r\n\r\n\
         <html><meta name=3D\"csrf-token\" content=3D\"s3cret\"><title>Feed</title><p>Signed in as anna_=\r\nalias, ANNA=20KOWAL</p><p>Seen by the pier</p></html>\r\n\
         ------MultipartBoundary--7----\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\nContent-Location: https://social.example/a.png\r\n\r\n\
         iVBORw0KGgo=\r\n------MultipartBoundary--7------\r\n"
    );
    let made = logged(app, &case, "feed of anna_alias.mhtml", page.as_bytes());
    assert_eq!(made["files"][0]["media_type"], "multipart/related");
    let derivative = sanitize(app, &made);
    assert_eq!(derivative["file"]["media_type"], "multipart/related");
    let found = &derivative["recipe"]["sanitized"];
    assert_eq!(
        found,
        &json!({"listed": 2, "headers": 0, "tokens": 3, "names": 3, "unsearched": 1})
    );
    hides(derivative.to_string().as_bytes());
    let bytes = file_of(&app.lead, &made, &derivative);
    hides(&bytes);
    // It is a saved page again: the part that was changed is written in another way, and the picture as it was.
    let message = mail_parser::MessageParser::default().parse(&bytes).unwrap();
    let html = message.body_html(0).unwrap();
    hides(html.as_bytes());
    assert!(
        html.contains("Seen by the pier") && html.contains("Signed in as REMOVED, REMOVED"),
        "{html}"
    );
    assert!(holds(&bytes, b"iVBORw0KGgo="));
    let wanted = json!({"purpose": "discovery", "captures": [made["id"]], "redactions": [derivative["id"]]});
    let packet = ready(&app.exporter, &ask(&app.exporter, &case, wanted));
    let (_folder, file) = download(&app.exporter, &packet);
    verifies(app, &file);
    let cut = logged(app, &case, "b.mhtml", &page.as_bytes()[..page.len() - 60]);
    let wanted = json!({"file": cut["files"][0]["sha256"], "sanitize": {"names": []}, "reason": "r"});
    app.lead
        .post(&path(&cut, "redactions"), wanted)
        .refuses(422, "file", "readable");
    app.audit();
}

both_databases!(archives_of_other_tools_are_sanitized);
fn archives_of_other_tools_are_sanitized(app: &App) {
    let case = case(app);
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/wacz");
    let mut lines = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_none_or(|ending| ending != "wacz") {
            continue;
        }
        let name = file.file_name().unwrap().to_str().unwrap();
        let made = logged(app, &case, name, &std::fs::read(&file).unwrap());
        let names = json!({"names": ["title>t"]});
        let wanted = json!({"file": made["files"][0]["sha256"], "sanitize": names, "reason": "r"});
        let answer = app.lead.post(&path(&made, "redactions"), wanted);
        if name.starts_with("tampered") {
            // Its packed bytes were bent.
            answer.refuses(422, "file", "readable");
            continue;
        }
        let derivative = answer.is(201);
        let bytes = file_of(&app.lead, &made, &derivative);
        let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
        let index = String::from_utf8(in_zip(&mut zip, "indexes/index.cdx")).unwrap();
        for line in index.lines() {
            let of: Value = serde_json::from_str(&line[line.find('{').unwrap()..]).unwrap();
            let number = |name: &str| -> usize {
                let text = of[name].as_str().map(str::to_owned);
                text.unwrap_or_else(|| of[name].to_string()).parse().unwrap()
            };
            let warc = in_zip(&mut zip, &format!("archive/{}", of["filename"].as_str().unwrap()));
            let member = &warc[number("offset")..number("offset") + number("length")];
            assert_eq!(of["recordDigest"], format!("sha256:{}", Digest::of(member)));
            let mut record = member.to_vec();
            if record.starts_with(&[0x1f, 0x8b]) {
                record = unpacked(&record);
            }
            let (head, block) = parts(&record);
            assert_eq!(of["url"], value(&head, "WARC-Target-URI"), "{name}");
            assert!(
                !holds(&block, b"title>t") && holds(&block, b"REMOVED</title>hi"),
                "{name}"
            );
            lines += 1;
        }
    }
    assert!(lines > 0, "no archive has an index");
}

both_databases!(what_cannot_be_sanitized_is_refused_by_field_and_rule);
fn what_cannot_be_sanitized_is_refused_by_field_and_rule(app: &App) {
    let case = case(app);
    let warc: Vec<u8> = records().concat();
    let made = logged(app, &case, "a.warc", &warc);
    let cut = logged(app, &case, "b.warc", &warc[..warc.len() - 40]);
    let plain = logged(app, &case, "c.warc", &record("warcinfo", "", b"software: crawler\r\n"));
    let picture = logged(
        app,
        &case,
        "d.png",
        &crate::pictures::two_halves(40, 20, image::ImageFormat::Png),
    );
    let other = logged(app, &case, "e.gz", &packed(b"no archive"));
    let refuse = |of: &Value, wanted: Value, field: &str, rule: &str| {
        let wanted = crate::kit::with(json!({"file": of["files"][0]["sha256"], "reason": "r"}), wanted);
        app.lead.post(&path(of, "redactions"), wanted).refuses(422, field, rule)
    };
    let names = |names: Value| json!({"sanitize": {"names": names}});
    let boxes = json!({"boxes": [{"x": 0, "y": 0, "width": 4, "height": 4}]});
    app.leaves_nothing(&case.stream, || {
        refuse(&made, names(json!(["ab"])), "sanitize.names[0]", "too_short");
        refuse(&made, boxes.clone(), "sanitize", "required");
        refuse(&made, crate::kit::with(boxes, names(json!([]))), "times", "either");
        refuse(&picture, names(json!([])), "sanitize", "either");
        refuse(&cut, names(json!([])), "file", "readable");
        refuse(&other, names(json!([])), "file", "readable");
        refuse(&plain, names(json!(["nobody"])), "sanitize", "something");
    });
}

both_databases!(an_archive_that_was_taken_signed_in_is_missing_its_copy);
fn an_archive_that_was_taken_signed_in_is_missing_its_copy(app: &App) {
    let case = case(app);
    let warc: Vec<u8> = records().concat();
    let log = |means: &str| {
        let capture = json!({"access_means": means, "files": [{"part": "f", "role": "archive", "name": "a.warc"}]});
        app.lead.upload(&case, &app.post_with(capture), &[("f", &warc)]).is(201)
    };
    let (signed_in, open) = (log("alias_account"), log("no_account"));
    let list = json!({"purpose": "court_exhibits", "name": "For the hearing",
        "scheme": {"prefix": "P-", "first": 1, "last": 50, "side": "prosecution", "parts": true},
        "exhibits": [{"capture": signed_in["id"], "title": "A"}, {"capture": open["id"], "title": "B"}]});
    let list = app.exporter.post(&case.path("exhibit-lists"), list).is(201);
    let missing = case.path(&format!("exhibit-lists/{}/missing", list["id"].as_str().unwrap()));
    let of = || {
        let missing = app.exporter.get(&missing).is(200);
        let all = missing["items"].as_array().unwrap().clone();
        all.into_iter()
            .find(|one| one["what"] == "unsanitized")
            .map(|one| one["items"].clone())
    };
    assert_eq!(of(), Some(json!([{"capture": signed_in["id"], "item": 1}])));
    // It is made on the page, where names stand one a line.
    let browser = Browser::signed_in(app, "lead");
    let address = format!("/captures/{}/redactions", signed_in["id"].as_str().unwrap());
    browser.get(&address).is(200).says("Names to take out, one a line");
    let sha256 = signed_in["files"][0]["sha256"].as_str().unwrap();
    let typed = [
        ("file", sha256),
        ("sanitize", "names"),
        ("names", "anna_alias\r\n\r\n Anna Kowal \r\n"),
        ("reason", "an alias"),
        ("do", "make"),
    ];
    browser.post(&address, &typed).is(303);
    let listed = app.lead.get(&path(&signed_in, "derivatives")).is(200);
    assert_eq!(listed["items"][0]["recipe"]["sanitized"]["listed"], 2);
    hides(listed["items"][0].to_string().as_bytes());
    let item = browser
        .get(&format!("/captures/{}", signed_in["id"].as_str().unwrap()))
        .is(200);
    item.says("Sanitized: ");
    assert_eq!(of(), None);
}
