//! What the world sends: kept as it came, and what is odd about it is told.

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::{Answer, App, Case, Client, PASSWORD, online, with};
use crate::packets::{ask, download, ready, unpack, verifies};

/// Sends JSON as bytes.
fn send(by: &Client, path: &str, body: impl Into<Vec<u8>>) -> Answer {
    let request = by.request("POST", path).header("Content-Type", "application/json");
    by.send(request.body(body.into()))
}

#[track_caller]
fn flagged(made: &Value, flag: &str) -> bool {
    made["flags"].as_array().expect("flags").contains(&json!(flag))
}

both_databases!(what_is_no_character_is_replaced_and_flagged);
fn what_is_no_character_is_replaced_and_flagged(app: &App) {
    let case = app.case();
    app.leave(&case);
    let (path, plain) = (case.path("captures"), app.post_with(json!({"text": "CUT"})).to_string());
    for (half, kept) in [
        (r"a\ud83d", "a\u{fffd}"),
        (r"\udde5b", "\u{fffd}b"),
        (r"\ud83e\udde5 \ud83e", "\u{1f9e5} \u{fffd}"),
    ] {
        let made = send(&app.lead, &path, plain.replace("CUT", half)).is(201);
        assert_eq!(made["text"], kept);
        assert!(flagged(&made, "text_repaired"), "{made}");
        assert_eq!(app.last_record(&case.stream)["text"], kept);
    }
    let bytes = [b"\"text\":\"caf", &b"\xe9\""[..]].concat();
    let (before, after) = plain.split_once("\"text\":\"CUT\"").unwrap();
    let latin = [before.as_bytes(), &bytes, after.as_bytes()].concat();
    let made = send(&app.lead, &path, latin).is(201);
    assert_eq!(made["text"], "caf\u{fffd}");
    assert!(flagged(&made, "text_repaired"));
    // In the part of an upload, and in a correction.
    let mut form = reqwest::blocking::multipart::Form::new();
    form = form.text("capture", plain.replace("CUT", r"\ud83d"));
    let made = app.lead.send(app.lead.request("POST", &path).multipart(form)).is(201);
    assert!(flagged(&made, "text_repaired"));
    let made = app
        .lead
        .log(&case, app.post_with(json!({"text": "\u{fffd} as found"})))
        .is(201);
    assert!(!flagged(&made, "text_repaired"), "it was there: {made}");
    let correct = format!("/api/v1/captures/{}/corrections", made["id"].as_str().unwrap());
    let half = r#"{"text": "\ud83d", "reason": "as it reads"}"#;
    let request = app
        .lead
        .request("POST", &correct)
        .header("Content-Type", "application/json");
    let made = app.lead.send(request.header("If-Match", "\"1\"").body(half)).is(201);
    assert!(flagged(&made, "text_repaired"), "{made}");
    send(
        &app.lead,
        &format!("/api/v1/captures/{}/notes", made["id"].as_str().unwrap()),
        r#"{"text": "\ud83d"}"#,
    )
    .is(201);
}

both_databases!(a_byte_order_mark_is_taken_off);
fn a_byte_order_mark_is_taken_off(app: &App) {
    let case = app.case();
    app.leave(&case);
    let (path, plain) = (
        case.path("captures"),
        app.post_with(json!({"text": "\u{fe0f}\u{1f9e5}"})).to_string(),
    );
    let utf_16 = |unit: fn(u16) -> [u8; 2]| {
        let marked = format!("\u{feff}{plain}");
        marked.encode_utf16().flat_map(unit).collect::<Vec<u8>>()
    };
    for body in [
        format!("\u{feff}{plain}").into_bytes(),
        utf_16(u16::to_le_bytes),
        utf_16(u16::to_be_bytes),
    ] {
        let made = send(&app.lead, &path, body).is(201);
        assert_eq!(made["text"], "\u{fe0f}\u{1f9e5}");
        assert_eq!(made["flags"], json!([]));
    }
    send(
        &app.lead,
        "/api/v1/cases",
        "\u{feff}{\"title\": \"x\", \"kind\": \"online_crime\"}",
    )
    .is(201);
    app.nobody
        .send(
            app.nobody
                .request("POST", "/api/v1/sessions")
                .header("Content-Type", "application/json")
                .body(format!("\u{feff}{}", json!({"username": "lead", "password": PASSWORD}))),
        )
        .is(201);
}

both_databases!(addresses_that_are_none_are_kept_and_flagged);
fn addresses_that_are_none_are_kept_and_flagged(app: &App) {
    let case = app.case();
    app.leave(&case);
    for text in [
        "not a url",
        "instagram.com/p/1",
        "https://a.example/\nb",
        "https://a.example/\r\n\r\nb",
        "https://",
        "\u{202e}moc.elpmaxe",
    ] {
        for field in ["url", "final_url"] {
            let made = app.lead.log(&case, app.post_with(json!({field: text}))).is(201);
            assert_eq!((&made[field], flagged(&made, "url_unparsed")), (&json!(text), true));
            assert_eq!(app.last_record(&case.stream)[field], text);
        }
    }
    let made = app.lead.log(&case, app.post()).is(201);
    assert!(!flagged(&made, "url_unparsed"));
    let id = made["id"].as_str().unwrap();
    let preview = app
        .lead
        .post(&case.path("captures/preview"), json!({"url": "not a url"}))
        .is(200);
    assert!(flagged(&preview, "url_unparsed"), "{preview}");
    let correction = json!({"url": "not a url", "reason": "as noted"});
    let request = app.lead.request("POST", &format!("/api/v1/captures/{id}/corrections"));
    let made = app
        .lead
        .send(request.header("If-Match", "\"1\"").json(&correction))
        .is(201);
    assert!(flagged(&made, "url_unparsed"), "{made}");
}

both_databases!(blanks_are_no_answer);
fn blanks_are_no_answer(app: &App) {
    let case = app.case();
    let change = |fields: Value| app.lead.patch(&case.path(""), 1, fields);
    for blank in ["", "  ", "\t\r\n", "\u{200b}", "\u{a0}\u{3000}"] {
        app.leaves_nothing(&case.stream, || {
            let log = |fields: Value| app.lead.log(&case, app.post_with(fields));
            log(json!({"url": blank})).refuses(422, "url", "required");
            log(json!({"kind": "message", "url": blank})).refuses(422, "url", "not_blank");
            log(json!({"account": {"handle": blank}})).refuses(422, "account.handle", "not_blank");
            log(json!({"account": {"platform_id": blank}})).refuses(422, "account.platform_id", "not_blank");
            log(json!({"visibility": blank})).refuses(422, "visibility", "not_blank");
            log(json!({"tool": {"name": blank, "version": "1"}})).refuses(422, "tool.name", "required");
            log(json!({"basis": {"kind": "consent", "reason": blank}})).refuses(422, "basis.reason", "required");
            let add = |what: &str, fields: Value| app.lead.post(&case.path(what), fields);
            add("subjects", json!({"role": "victim", "name": blank})).refuses(422, "name", "not_blank");
            add("accounts", json!({"platform": "x", "handle": blank})).refuses(422, "handle", "not_blank");
            add("accounts", json!({"platform": "x", "url": blank})).refuses(422, "url", "not_blank");
            let ask = |fields: Value| add("authorizations", with(app.request(), fields));
            ask(json!({"accounts": [{"platform": "x", "handle": blank}]})).refuses(
                422,
                "accounts[0].handle",
                "not_blank",
            );
            ask(json!({"searches": ["x", blank]})).refuses(422, "searches[1]", "not_blank");
            ask(json!({"purpose": blank})).refuses(422, "purpose", "required");
            change(json!({"title": blank})).refuses(422, "title", "required");
            change(json!({"offense": blank})).refuses(422, "offense", "not_blank");
            change(json!({"particulars": {"victim_reference": blank}})).refuses(
                422,
                "particulars.victim_reference",
                "not_blank",
            );
        });
    }
    app.lead
        .log(&case, app.post_with(json!({"account": {"handle": " @ "}})))
        .refuses(422, "account.handle", "not_blank");
    // A text of nothing was found like that.
    app.lead.log(&case, app.post_with(json!({"text": ""}))).is(201);
}

both_databases!(handles_are_compared_as_look_alikes);
fn handles_are_compared_as_look_alikes(app: &App) {
    let case = app.case();
    let accounts = json!([{"platform": "instagram", "handle": "@Zo\u{eb}_K"}]);
    app.leave_of(&case, with(app.request(), json!({"accounts": accounts})));
    for handle in [
        "zo\u{eb}_k",
        "@zoe\u{308}_k",
        "zo\u{200b}\u{eb}_k",
        "＠ＺＯ\u{cb}＿Ｋ",
        " \u{feff}zo\u{eb}_K ",
    ] {
        let made = app
            .lead
            .log(&case, app.post_with(json!({"account": {"handle": handle}})))
            .is(201);
        assert_eq!(made["state"], "logged", "{handle}: {made}");
        assert_eq!(made["account"]["handle"], handle, "as it came");
        assert_eq!(app.last_record(&case.stream)["account"]["handle"], handle);
    }
    let other = app
        .lead
        .log(&case, app.post_with(json!({"account": {"handle": "zoe_k"}})))
        .is(201);
    assert_eq!(other["state"], "held");
    let found = app
        .lead
        .get(&format!("{}?account=ZO%C3%8B_K", case.path("captures")))
        .is(200);
    assert_eq!(
        found["items"].as_array().unwrap().len(),
        5,
        "the list compares them so too"
    );
}

both_databases!(case_numbers_are_compared_as_look_alikes);
fn case_numbers_are_compared_as_look_alikes(app: &App) {
    let open = |number: &str| {
        let case = json!({"title": "x", "kind": "online_crime", "number": number, "particulars": online()});
        app.lead.post("/api/v1/cases", case)
    };
    let made = open("Z-1\u{e9}").is(201);
    assert_eq!(made["number"], "Z-1\u{e9}");
    for same in [
        "z-1\u{e9}",
        "Z-1e\u{301}",
        "Z-\u{ff11}\u{c9}",
        "\u{ff3a}-1\u{e9}",
        "z\u{200b}-1\u{e9}",
    ] {
        let taken = open(same).problem(409, "taken");
        assert_eq!(taken["errors"][0]["field"], "number", "{same}");
        let found = app.lead.get(&format!("/api/v1/cases?number={}", escaped(same))).is(200);
        assert_eq!(found["items"][0]["id"], made["id"], "{same}");
    }
    open("Z-1e").is(201);
    // Another writing of its own number is no other case's.
    let case = Case::named(made["id"].as_str().unwrap());
    let written = app
        .lead
        .patch(&case.path(""), 1, json!({"number": "z-1e\u{301}"}))
        .is(200);
    assert_eq!(written["number"], "z-1e\u{301}");
    open("\u{ff30}-1").refuses(422, "number", "reserved");
    open("p-1").refuses(422, "number", "reserved");
}

both_databases!(user_names_are_compared_as_look_alikes);
fn user_names_are_compared_as_look_alikes(app: &App) {
    for name in ["LEAD", "ｌｅａｄ", "le\u{200b}ad", " lead "] {
        app.sign_in(name, PASSWORD).is(201);
        let found = app
            .lead
            .get(&format!("/api/v1/users?username={}", escaped(name)))
            .is(200);
        assert_eq!(found["id"], json!(app.lead.id), "{name}");
    }
    let user = json!({"username": "Ｌead", "name": "x", "roles": ["investigator"]});
    app.administrator
        .post("/api/v1/users", user)
        .refuses(409, "username", "unique");
}

/// A text as a query holds it.
fn escaped(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02x}")).collect()
}

/// A multipart body by hand, with what stands before the first part and behind the last.
fn multipart(app: &App, case: &Case, body: &[u8]) -> Answer {
    let request = app.lead.request("POST", &case.path("captures"));
    let kind = "multipart/form-data; boundary=b-b";
    app.lead.send(request.header("Content-Type", kind).body(body.to_vec()))
}

/// The part of the JSON, and one of a file with this head and content.
fn parts(capture: &Value, head: &[u8], content: &[u8]) -> Vec<u8> {
    let json = format!("--b-b\r\nContent-Disposition: form-data; name=\"capture\"\r\n\r\n{capture}\r\n--b-b\r\n");
    [json.as_bytes(), head, b"\r\n\r\n", content, b"\r\n--b-b--\r\n"].concat()
}

const HEAD: &[u8] = b"Content-Disposition: form-data; name=\"f\"; filename=\"a.bin\"";

fn one_file(app: &App, name: &str) -> Value {
    app.post_with(json!({"files": [{"part": "f", "name": name, "role": "original"}]}))
}

both_databases!(names_of_files_may_be_anything);
fn names_of_files_may_be_anything(app: &App) {
    let case = app.case();
    app.leave(&case);
    for (n, name) in [
        &b"Icon\r"[..],
        b"caf\xe9.jpg",
        b"a\x1b[2Jb\x07\x7f.png",
        b"\xff\xfe",
        b"tab\there",
    ]
    .iter()
    .enumerate()
    {
        let head = [b"Content-Disposition: form-data; name=\"f\"; filename=\"", *name, b"\""].concat();
        let kept = String::from_utf8_lossy(name).into_owned();
        let body = parts(&one_file(app, &kept), &head, format!("content {n}").as_bytes());
        let made = multipart(app, &case, &body).is(201);
        assert_eq!(made["files"][0]["name"], json!(kept));
    }
    let long = "\\xff".repeat(255);
    let made = multipart(app, &case, &parts(&one_file(app, &long), HEAD, b"long")).is(201);
    assert_eq!(made["files"][0]["name"], json!(long));
}

both_databases!(legal_multipart_is_taken_and_encodings_are_refused_by_name);
fn legal_multipart_is_taken_and_encodings_are_refused_by_name(app: &App) {
    let case = app.case();
    app.leave(&case);
    let plain = |n: usize| parts(&one_file(app, "a.bin"), HEAD, format!("content {n}").as_bytes());
    let around = [
        b"This is a message\r\nin several parts.\r\n",
        &plain(1)[..],
        b"\r\nAnd this is for nobody.\r\n",
    ]
    .concat();
    multipart(app, &case, &around).is(201);
    multipart(app, &case, &[b"\r\n", &plain(2)[..]].concat()).is(201);
    app.leaves_nothing(&case.stream, || {
        for coding in [
            "Content-Transfer-Encoding: base64",
            "content-transfer-encoding: quoted-printable",
            "Content-Encoding: gzip",
        ] {
            let head = [HEAD, b"\r\n", coding.as_bytes()].concat();
            let told = multipart(app, &case, &parts(&one_file(app, "a.bin"), &head, b"aGVsbG8="))
                .refuses(422, "body", "encoding");
            let named = coding.split(": ").nth(1).unwrap();
            assert!(told["errors"][0]["message"].as_str().unwrap().contains(named), "{told}");
        }
        let request = app
            .lead
            .request("POST", &case.path("captures"))
            .header("Content-Encoding", "gzip");
        app.lead
            .send(request.json(&app.post()))
            .problem(415, "unsupported-media-type");
        multipart(app, &case, &[&plain(3)[..], b"--b-b\r\n"].concat()).refuses(422, "body", "multipart");
    });
    for coding in ["binary", "8bit", "7BIT"] {
        let head = [HEAD, b"\r\nContent-Transfer-Encoding: ", coding.as_bytes()].concat();
        multipart(app, &case, &parts(&one_file(app, "a.bin"), &head, coding.as_bytes())).is(201);
    }
}

both_databases!(versions_are_compared_as_versions);
fn versions_are_compared_as_versions(app: &App) {
    let case = app.case();
    let change = |tag: &str| {
        let request = app.lead.request("PATCH", &case.path("")).header("If-Match", tag);
        app.lead.send(request.json(&json!({"title": "Another"})))
    };
    for (tag, version) in [("W/\"1\"", 2), ("\"7\", \"2\"", 3), ("W/\"3\",W/\"9\"", 4), ("*", 5)] {
        assert_eq!(change(tag).is(200)["version"], version, "{tag}");
    }
    for tag in ["\"4\"", "W/\"4\"", "\"1\", \"2\"", "nonsense", "5", ""] {
        change(tag).problem(412, "stale-version");
    }
    let asked = app.lead.post(&case.path("authorizations"), app.request()).is(201);
    let path = format!("/api/v1/authorizations/{}/decision", asked["id"].as_str().unwrap());
    let decide = |tag: &str| {
        let request = app.supervisor.request("POST", &path).header("If-Match", tag);
        app.supervisor.send(request.json(&json!({"decision": "approve"})))
    };
    decide("\"9\"").problem(412, "stale-version");
    decide("W/\"1\"").is(200);
}

both_databases!(the_same_again_is_told);
fn the_same_again_is_told(app: &App) {
    let case = app.case();
    app.leave(&case);
    let log = |by: &Client, name: &str| {
        by.upload(
            &case,
            &with(one_file(app, name), json!({"url": format!("https://a.example/{name}")})),
            &[("f", b"the same bytes")],
        )
    };
    let first = log(&app.lead, "a.bin").is(201);
    assert_eq!(first.get("duplicate_of"), None);
    let again = log(&app.member, "renamed.bin").is(201);
    assert_eq!(again["duplicate_of"][0]["id"], first["id"]);
    assert_eq!(again["duplicate_of"][0]["sha256"][0], first["files"][0]["sha256"]);
    // Of another case nothing is told, nor of an address that is closed to the caller.
    let other = app.case();
    app.leave(&other);
    let elsewhere = app
        .lead
        .upload(&other, &one_file(app, "a.bin"), &[("f", b"the same bytes")])
        .is(201);
    assert_eq!(elsewhere.get("duplicate_of"), None);
    let held = app.post_with(json!({"platform": "tiktok", "url": "https://held.example/1"}));
    assert_eq!(app.lead.log(&case, held.clone()).is(201)["state"], "held");
    assert_eq!(app.lead.log(&case, held).is(201).get("duplicate_of"), None);
}

both_databases!(odd_files_are_kept_and_flagged_and_leave_with_their_endings);
fn odd_files_are_kept_and_flagged_and_leave_with_their_endings(app: &App) {
    let case = app.case();
    app.leave(&case);
    let boxed = |brand: &str| [b"\0\0\0\x14ftyp", brand.as_bytes(), b"\0\0\0\0isom"].concat();
    let log = |name: &str, bytes: &[u8]| app.lead.upload(&case, &one_file(app, name), &[("f", bytes)]).is(201);
    for (name, bytes, flag) in [
        ("empty.txt", &b""[..], Some("empty_file")),
        ("video.mp4.part", b"so far", Some("incomplete_file")),
        ("a.zip.crdownload", b"so far", Some("incomplete_file")),
        (
            "cut.jpg",
            b"\xff\xd8\xff\xe0\0\x10JFIF\0 and no end",
            Some("incomplete_file"),
        ),
        (
            "cut.png",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and no end",
            Some("incomplete_file"),
        ),
        (
            "cut.mp4",
            b"\0\0\0\x14ftypisom\0\0\0\0isom\0\0\x10\0mdat",
            Some("incomplete_file"),
        ),
        ("whole.jpg", b"\xff\xd8\xff\xe0\0\x07JFIF\0\xff\xda data\xff\xd9", None),
    ] {
        let made = log(name, bytes);
        let expected = flag.map_or(json!([]), |flag| json!([flag]));
        assert_eq!(
            (&made["state"], &made["flags"]),
            (&json!("logged"), &expected),
            "{name}"
        );
    }
    let endings: Vec<(&str, Vec<u8>, &str)> = vec![
        ("clip.3gp", boxed("3gp5"), "3gp"),
        ("film.mov", boxed("hvc1"), "mov"),
        ("IMG_1.HEIC", boxed("heic"), "heic"),
        ("photo", boxed("mif1"), "heif"),
        (
            "voice",
            [b"OggS\0\x02".as_slice(), &[0; 20], &[1, 19], b"OpusHead\x01", &[0; 20]].concat(),
            "opus",
        ),
        (
            "letter.docx",
            [b"PK\x03\x04".as_slice(), &[0; 22], &[5, 0, 0, 0], b"word/PK\x05\x06"].concat(),
            "docx",
        ),
        ("crawl.warc.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec(), "warc.gz"),
        ("site.wacz", b"PK\x03\x04 and PK\x05\x06".to_vec(), "wacz"),
        ("old.arc", b"filedesc://old.arc 0.0.0.0".to_vec(), "arc"),
        ("rows.csv", b"a,b\n1,2\n".to_vec(), "csv"),
        ("phone.ufdr", b"\0\x01\x02".to_vec(), "ufdr"),
        ("run.exe", b"MZ\x90\0\x03\0\0\0".to_vec(), "bin"),
        ("run.bat", b"@echo off".to_vec(), "txt"),
    ];
    let mut wanted: Vec<String> = vec!["txt", "bin", "bin", "jpg", "png", "mp4", "jpg"]
        .into_iter()
        .map(String::from)
        .collect();
    wanted[1] = "txt".into();
    wanted[2] = "txt".into();
    for (name, bytes, ending) in &endings {
        let made = log(name, bytes);
        let sha256 = made["files"][0]["sha256"].as_str().unwrap();
        let file = app
            .lead
            .get(&format!("/api/v1/files/{}/{sha256}", made["id"].as_str().unwrap()));
        assert!(
            file.header("content-disposition").contains(&format!(".{ending}\"")),
            "{name}: {}",
            file.header("content-disposition")
        );
        wanted.push((*ending).to_owned());
    }
    let packet = ready(
        &app.exporter,
        &ask(&app.exporter, &case, json!({"purpose": "court_exhibits"})),
    );
    let (_keep, file) = download(&app.exporter, &packet);
    verifies(app, &file);
    if let Some(bag) = unpack(&file) {
        let paper: Value = serde_json::from_slice(&std::fs::read(bag.join("data/packet.json")).unwrap()).unwrap();
        let exhibits = paper["exhibits"].as_array().unwrap();
        let paths: Vec<&str> = exhibits
            .iter()
            .map(|e| e["files"][0]["path"].as_str().unwrap())
            .collect();
        for (path, ending) in paths.iter().zip(&wanted) {
            assert!(path.ends_with(&format!("01-original.{ending}")), "{path}, not {ending}");
        }
        assert_eq!(paths.len(), wanted.len());
    }
}

both_databases!(parameters_are_the_same_everywhere);
fn parameters_are_the_same_everywhere(app: &App) {
    let case = app.case();
    app.leave(&case);
    let made = app.lead.log(&case, app.post()).is(201);
    let capture = format!("/api/v1/captures/{}", made["id"].as_str().unwrap());
    app.lead
        .log(&case, app.post_with(json!({"platform": "tiktok"})))
        .is(201);
    let lists = [
        (&app.lead, "/api/v1/cases".to_owned()),
        (&app.lead, case.path("captures")),
        (&app.lead, case.path("authorizations")),
        (&app.lead, case.path("subjects")),
        (&app.lead, case.path("events")),
        (&app.supervisor, "/api/v1/captures".to_owned()),
        (&app.supervisor, "/api/v1/authorizations".to_owned()),
        (&app.lead, format!("{capture}/custody")),
        (&app.administrator, "/api/v1/users".to_owned()),
        (&app.auditor, "/api/v1/ledger/events".to_owned()),
    ];
    for (who, path) in &lists {
        let items = |query: &str| who.get(&format!("{path}{query}")).is(200)["items"].clone();
        // A look may itself be recorded, and then the list has grown.
        let first = |query: &str| items(query).as_array().unwrap().first().cloned();
        if !path.ends_with("events") && !path.ends_with("custody") {
            assert_eq!(items("?cursor="), items(""), "{path}");
        }
        assert!(first("?cursor=&limit=1").is_some() || first("").is_none(), "{path}");
        who.get(&format!("{path}?limit=1&limit=2"))
            .refuses(422, "limit", "once");
        who.get(&format!("{path}?cursor=&cursor="))
            .refuses(422, "cursor", "once");
        who.get(&format!("{path}?colour=red")).refuses(422, "colour", "unknown");
    }
    app.lead
        .get("/api/v1/cases?kind=online_crime&kind=missing_person")
        .refuses(422, "kind", "once");
    for (who, path) in [
        (&app.lead, case.path("")),
        (&app.lead, capture.clone()),
        (&app.lead, "/api/v1/me".to_owned()),
        (&app.lead, "/api/v1/ledger/key".to_owned()),
        (&app.lead, "/api/v1/ledger/checkpoint".to_owned()),
    ] {
        who.get(&path).is(200);
        who.get(&format!("{path}?colour=red")).refuses(422, "colour", "unknown");
    }
    app.lead
        .post(&format!("{}?colour=red", case.path("captures")), app.post())
        .refuses(422, "colour", "unknown");
    // Where the tree's size is left out, it is that of the last checkpoint, as OpenAPI says.
    app.state.gate.journal().hurry();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let proof = app.lead.get("/api/v1/ledger/inclusion?index=0").is(200);
    let size = proof["size"].as_u64().unwrap();
    assert!(size > 0);
    let grown = app.lead.get(&format!("/api/v1/ledger/consistency?from={size}")).is(200);
    assert!(grown["to"].as_u64().unwrap() >= size);
    app.lead
        .get("/api/v1/ledger/inclusion?size=1")
        .refuses(422, "index", "required");
    app.lead
        .get("/api/v1/ledger/inclusion?index=0&size=x")
        .refuses(422, "size", "whole_number");
    app.lead
        .get("/api/v1/ledger/inclusion?index=0&index=1")
        .refuses(422, "index", "once");
}

both_databases!(zones_are_places);
fn zones_are_places(app: &App) {
    let open = |zone: &str| {
        app.lead.post(
            "/api/v1/cases",
            json!({"title": "x", "kind": "online_crime", "time_zone": zone}),
        )
    };
    for (zone, place) in [
        ("EST", "America/New_York"),
        ("MST", "America/Denver"),
        ("Etc/GMT+5", "America/New_York"),
    ] {
        let told = open(zone).refuses(422, "time_zone", "place");
        assert!(told["errors"][0]["message"].as_str().unwrap().contains(place), "{told}");
    }
    open("Moon/Sea").refuses(422, "time_zone", "iana");
    open("America/Phoenix").is(201);
}

both_databases!(an_account_whose_url_is_none_is_kept_and_flagged);
fn an_account_whose_url_is_none_is_kept_and_flagged(app: &App) {
    let case = app.case();
    let made = |url: &str| {
        let account = json!({"platform": "instagram", "handle": "river_k", "url": url});
        app.lead.post(&case.path("accounts"), account).is(201)
    };
    let odd = made("instagram.com/ river_k");
    assert_eq!(
        (&odd["url"], &odd["flags"]),
        (&json!("instagram.com/ river_k"), &json!(["url_unparsed"]))
    );
    assert_eq!(made("https://instagram.com/river_k")["flags"], json!([]));
    let listed = app.lead.get(&case.path("accounts")).is(200);
    assert_eq!(listed["items"][0]["flags"], json!(["url_unparsed"]));
    let browser = crate::kit::browser::Browser::signed_in(app, "lead");
    let page = browser.get(&format!("/cases/{}/people", case.id)).is(200);
    assert_eq!(page.text.matches("This is no complete address.").count(), 1);
}

both_databases!(words_beside_the_usual_ones_are_kept);
fn words_beside_the_usual_ones_are_kept(app: &App) {
    let case = app.case();
    app.leave(&case);
    let made = app
        .lead
        .log(
            &case,
            app.post_with(json!({"visibility": "Close friends", "access_means": "Über Freunde"})),
        )
        .is(201);
    assert_eq!(
        (&made["visibility"], &made["access_means"]),
        (&json!("Close friends"), &json!("Über Freunde"))
    );
    let refused = |fields: serde_json::Value| app.lead.log(&case, app.post_with(fields));
    refused(json!({"visibility": "x".repeat(41)})).refuses(422, "visibility", "too_long");
    refused(json!({"access_means": " "})).refuses(422, "access_means", "not_blank");
}

both_databases!(free_text_has_a_hundred_thousand_characters);
fn free_text_has_a_hundred_thousand_characters(app: &App) {
    let case = app.case();
    app.leave(&case);
    let (long, longer) = ("é".repeat(100_000), "é".repeat(100_001));
    let made = app
        .lead
        .log(&case, app.post_with(json!({"text": long, "note": long})))
        .is(201);
    let note = json!({"text": long});
    let path = format!("/api/v1/captures/{}/notes", made["id"].as_str().unwrap());
    app.lead.post(&path, note).is(201);
    app.lead
        .post(&path, json!({"text": longer}))
        .refuses(422, "text", "too_long");
    app.lead
        .log(&case, app.post_with(json!({"note": longer})))
        .refuses(422, "note", "too_long");
    let subject = json!({"role": "victim", "description": long});
    app.lead.post(&case.path("subjects"), subject).is(201);
}

both_databases!(a_name_with_something_unseen_behind_it_is_still_unfinished);
fn a_name_with_something_unseen_behind_it_is_still_unfinished(app: &App) {
    let case = app.case();
    app.leave(&case);
    for name in ["x.part", "x.part ", "x.part\u{200b}", "x.CRDOWNLOAD \u{feff}\t"] {
        let file = json!([{"part": "f", "name": name, "role": "original"}]);
        let made = app
            .lead
            .upload(&case, &app.post_with(json!({"files": file})), &[("f", b"half of it")])
            .is(201);
        let flags = made["flags"].as_array().unwrap();
        assert!(flags.contains(&json!("incomplete_file")), "{name:?}: {flags:?}");
        assert_eq!(made["files"][0]["name"], name);
    }
}
