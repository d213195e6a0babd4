//! Disclosures: what the record holds, links for recipients without an account, receipts, and answers to the public.

use std::io::Read;

use casetrail::proof::Digest;
use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::{Browser, Page, sent};
use crate::kit::{App, Case, days, hours, with};
use crate::packets::{ask, ready};

const SHOT: &[u8] = b"\x89PNG\r\n\x1a\n a screenshot";

/// A case with an exhibit, and a packet of it.
fn packet(app: &App) -> (Case, Value) {
    let case = app.case();
    app.leave(&case);
    let capture = app.post_with(json!({"files": [{"part": "f", "role": "screenshot"}]}));
    app.lead.upload(&case, &capture, &[("f", SHOT)]).is(201);
    let packet = ask(&app.exporter, &case, json!({"purpose": "discovery"}));
    let packet = ready(&app.exporter, &packet);
    (case, packet)
}

fn path(packet: &Value) -> String {
    format!("/api/v1/packets/{}", packet["id"].as_str().unwrap())
}

fn told() -> Value {
    json!({"to": "P. Lind", "agency": "Public Defender", "need": "the trial", "under": "rule 16"})
}

fn disclosed(app: &App, packet: &Value) -> Value {
    app.exporter
        .post(&format!("{}/disclosures", path(packet)), told())
        .is(201)
}

/// A link to a disclosure, with its path and code.
fn link(app: &App, packet: &Value, disclosure: &Value, wanted: Value) -> Value {
    let id = disclosure["id"].as_str().unwrap();
    let place = format!("{}/disclosures/{id}/links", path(packet));
    app.exporter.post(&place, wanted).is(201)
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap()
}

/// Somebody without an account, who sends a form as a browser does.
fn sends(app: &App, path: &str, fields: &[(&str, &str)]) -> Page {
    sent(Browser::nobody(app).request("POST", path), fields)
}

fn knocks(app: &App, path: &str, code: &str) -> Page {
    sends(app, path, &[("code", code)])
}

/// Where the link stands, as the packet's readers see it.
fn shown(app: &App, packet: &Value, link: &Value) -> Value {
    let all = app.exporter.get(&format!("{}/links", path(packet))).is(200);
    let found = all["items"].as_array().unwrap().iter().find(|l| l["id"] == link["id"]);
    found.unwrap().clone()
}

/// Downloads through an opened page: the bytes, and where they lie.
fn takes(app: &App, path: &str, opened: &Page) -> (Vec<u8>, String) {
    let counted = sends(app, &format!("{path}/download"), &[("visit", &opened.hidden("visit"))]).is(303);
    let answer = app.nobody.request("GET", &counted.location).send().unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
    (answer.bytes().unwrap().to_vec(), counted.location)
}

both_databases!(the_record_says_what_went_out_and_how_it_is_handled);
fn the_record_says_what_went_out_and_how_it_is_handled(app: &App) {
    let (case, packet) = packet(app);
    let young = json!({"role": "witness", "name": "R.", "juvenile": true});
    app.lead.post(&case.path("subjects"), young).is(201);
    let made = disclosed(app, &packet);
    assert_eq!(made["labels"], json!({"handling": "standard", "juveniles": 1}));
    assert_eq!(made["inventory"], json!({"included": 1}));
    assert_eq!(made["packet"]["sha256"], packet["sha256"]);
    let issued = app.events(&case.stream);
    let issued = issued.iter().find(|e| e["action"] == "packet.issued").unwrap();
    for name in ["manifest_sha256", "evidence_sha256"] {
        assert_eq!(made["packet"][name], issued["attest"][name], "{name}");
        assert!(made["packet"][name].is_string());
    }
    let place = format!("{}/disclosures", path(&packet));
    app.exporter.post(&place, json!({"to": "x", "under": "y"})).is(201);
    let page = format!("/packets/{}", text(&packet, "id"));
    let page = Browser::signed_in(app, "exporter").get(&page).is(200);
    page.says("not recorded");
    app.exporter.post(&place, json!({"to": "x", "emergency": true})).is(201);
}

both_databases!(a_recipient_without_an_account_takes_the_packet_and_acknowledges_it);
fn a_recipient_without_an_account_takes_the_packet_and_acknowledges_it(app: &App) {
    let (case, packet) = packet(app);
    let disclosure = disclosed(app, &packet);
    let made = app.leaves(&case.stream, "disclosure.linked", &app.exporter, || {
        link(app, &packet, &disclosure, json!({"downloads": 2}))
    });
    let (page, code) = (text(&made, "path"), text(&made, "code"));
    // Nothing of the link shows before the code, and neither half is kept.
    let (real, none) = (
        Browser::nobody(app).get(page).is(200),
        Browser::nobody(app).get("/d/nothing").is(200),
    );
    assert_eq!(real.text.replace(page, ""), none.text.replace("/d/nothing", ""));
    let token = page.trim_start_matches("/d/");
    for stream in [case.stream.clone(), case.stream.replace("case:", "access:")] {
        for event in app.events(&stream) {
            assert!(!event.to_string().contains(token));
        }
    }
    let kept = app.last_record(&case.stream).to_string();
    assert!(!kept.contains(token) && !kept.contains(code) && kept.contains("code_sha256"));

    let opened = knocks(app, page, &code.to_lowercase().replace('-', " ")).is(200);
    opened.says("P. Lind, Public Defender");
    opened.says("rule 16");
    let early = [
        ("visit", opened.hidden("visit")),
        ("name", "P. Lind".into()),
        ("capacity", "counsel".into()),
        ("confirmed", "true".into()),
    ];
    let early: Vec<(&str, &str)> = early.iter().map(|(n, v)| (*n, v.as_str())).collect();
    sends(app, &format!("{page}/acknowledgement"), &early)
        .is(409)
        .says("Nothing was downloaded");

    let before = app.count(&case.stream, "disclosure.downloaded");
    let (bytes, place) = takes(app, page, &opened);
    assert_eq!(json!(Digest::of(&bytes)), packet["sha256"]);
    let event = app.events(&case.stream).pop().unwrap();
    assert_eq!(event["actor"], json!({"kind": "job", "id": "disclosure-link"}));
    assert_eq!(app.last_record(&case.stream)["to"], "P. Lind");
    // A break is taken up again, and counts no more.
    let rest = app
        .nobody
        .request("GET", &place)
        .header("Range", "bytes=10-")
        .send()
        .unwrap();
    assert_eq!(rest.status(), 206);
    assert_eq!(rest.bytes().unwrap(), bytes[10..]);
    assert_eq!(app.count(&case.stream, "disclosure.downloaded"), before + 1);
    let access = case.stream.replace("case:", "access:");
    assert_eq!(app.count(&access, "disclosure.opened"), 1);
    assert_eq!(shown(app, &packet, &made)["downloaded"], 1);

    let unconfirmed = &early[..3];
    sends(app, &format!("{page}/acknowledgement"), unconfirmed)
        .is(422)
        .says("must be ticked");
    sends(app, &format!("{page}/acknowledgement"), &early)
        .is(200)
        .says("Acknowledged by");
    let receipts = app.exporter.get(&format!("{}/acknowledgements", path(&packet))).is(200);
    assert_eq!(receipts["items"][0]["name"], "P. Lind");
    assert_eq!(receipts["items"][0]["link_id"], made["id"]);
    assert_eq!(receipts["items"][0]["sha256"], packet["sha256"]);

    // With its last download the link is used up: what was counted goes on, and the page still takes a receipt.
    takes(app, page, &opened);
    assert_eq!(shown(app, &packet, &made)["state"], "used_up");
    sends(app, &format!("{page}/download"), &[("visit", &opened.hidden("visit"))])
        .is(409)
        .says("Every download that this link allows was taken");
    knocks(app, page, code)
        .is(200)
        .says("Every download that this link allows was taken");
    // A later packet of the case, with all of this in its custody, still verifies.
    let later = ready(
        &app.exporter,
        &ask(&app.exporter, &case, json!({"purpose": "supplement"})),
    );
    let (_folder, file) = crate::packets::download(&app.exporter, &later);
    crate::packets::verifies(app, &file);
}

/// What `casetrail disclose` prints, and complains of.
fn discloses(app: &App, token: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_casetrail"))
        .env_clear()
        .env("CASETRAIL_SERVER", &app.url)
        .env("CASETRAIL_TOKEN", token)
        .arg("disclose")
        .args(args)
        .output()
        .unwrap();
    let words = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.code(), words(done.stdout), words(done.stderr))
}

both_databases!(the_command_line_records_a_disclosure_and_makes_its_link);
fn the_command_line_records_a_disclosure_and_makes_its_link(app: &App) {
    let (_, packet) = packet(app);
    let (id, token) = (text(&packet, "id"), app.exporter.token.clone().unwrap());
    let to = ["--to", "P. Lind", "--need", "the trial", "--under", "rule 16"];
    let args = [
        &[id][..],
        &to,
        &["--withheld", "held=not decided yet", "--link", "--downloads", "1"],
    ]
    .concat();
    let (code, told, complained) = discloses(app, &token, &args);
    assert_eq!(code, Some(0), "{complained}");
    assert!(told.contains(text(&packet, "sha256")), "{told}");
    let line = |name: &str| {
        told.lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap()
            .to_owned()
    };
    let recorded = app.exporter.get(&format!("{}/disclosures", path(&packet))).is(200);
    let disclosure = &recorded["items"][0];
    assert_eq!(disclosure["id"], line("disclosure ").as_str());
    assert_eq!(disclosure["means"], "download link");
    assert_eq!(disclosure["withheld"][0]["why"], "not decided yet");
    let place = line("link ").strip_prefix(app.url.as_str()).unwrap().to_owned();
    knocks(app, &place, &line("code ")).is(200).says("P. Lind");

    let (code, told, complained) = discloses(app, &token, &[id, "--to", "P. Lind"]);
    assert_eq!((code, &*told), (Some(2), ""));
    assert!(complained.contains("--need"), "{complained}");
    let args = [&[id][..], &to, &["--link", "--days", "40"]].concat();
    let (code, told, complained) = discloses(app, &token, &args);
    assert!(code == Some(1) && told.starts_with("disclosure "), "{code:?} {told}");
    assert!(
        complained.contains("days") && complained.contains("without a link"),
        "{complained}"
    );
    // Whoever may not disclose learns nothing of the packet.
    let stranger = app.stranger.token.clone().unwrap();
    let (code, told, complained) = discloses(app, &stranger, &[&[id][..], &to].concat());
    assert_eq!((code, &*told), (Some(1), ""), "{complained}");
    assert!(!complained.contains(text(&packet, "name")), "{complained}");
}

both_databases!(wrong_codes_learn_nothing_and_lock_the_link);
fn wrong_codes_learn_nothing_and_lock_the_link(app: &App) {
    let (case, packet) = packet(app);
    let disclosure = disclosed(app, &packet);
    let access = case.stream.replace("case:", "access:");
    let all: Vec<Value> = (0..4)
        .map(|_| link(app, &packet, &disclosure, json!({"days": 1})))
        .collect();
    let [locked, revoked, used, open] = all.as_slice() else {
        panic!("four links")
    };
    let place = format!("{}/links/{}/revocation", path(&packet), text(revoked, "id"));
    app.leaves(&case.stream, "disclosure.revoked", &app.exporter, || {
        app.exporter.post(&place, json!({})).is(200)
    });
    app.exporter.post(&place, json!({})).problem(409, "conflict");
    let opened = knocks(app, text(used, "path"), text(used, "code")).is(200);
    for _ in 0..3 {
        takes(app, text(used, "path"), &opened);
    }
    let wrong = "0000-0000-0000-0000";
    for n in 1..=5 {
        knocks(app, text(locked, "path"), wrong).is(422);
        assert_eq!(shown(app, &packet, locked)["wrong_codes"], n);
    }
    assert_eq!(shown(app, &packet, locked)["state"], "locked");
    assert_eq!(app.count(&case.stream, "disclosure.locked"), 1);
    assert_eq!(app.count(&access, "disclosure.refused"), 5);
    // Whoever has no right code is told the same of all of them, and of one that never was.
    let said: Vec<String> = [locked, revoked, used, open]
        .iter()
        .map(|link| text(link, "path"))
        .chain(["/d/never"])
        .map(|path| {
            let page = knocks(app, path, wrong).is(422);
            page.says("opens nothing here");
            page.text.replace(path, "")
        })
        .collect();
    assert!(said.iter().all(|text| *text == said[0]));
    assert_eq!(app.count("agency", "disclosure.missed"), 1);
    // Whoever has it is told why.
    knocks(app, text(locked, "path"), text(locked, "code")).says("locked after several wrong codes");
    knocks(app, text(revoked, "path"), text(revoked, "code")).says("taken back");
    app.advance(days(1) + hours(1));
    knocks(app, text(open, "path"), text(open, "code")).says("has ended");
    assert_eq!(shown(app, &packet, open)["state"], "ended");
}

both_databases!(who_fails_often_waits);
fn who_fails_often_waits(app: &App) {
    let here = app.nobody.from("127.0.0.9");
    let tries = |path: &str| {
        let request = here.request("POST", path).header("Accept", "text/html");
        sent(request.header("Sec-Fetch-Site", "same-origin"), &[("code", "0")])
    };
    for n in 0..20 {
        tries(&format!("/d/{n}")).is(422);
    }
    tries("/d/x").is(429).says("Too many wrong codes");
    // Signing in from there is another thing.
    Browser::nobody(app).get("/sign-in").is(200);
}

both_databases!(a_link_is_no_stronger_than_whoever_made_it);
fn a_link_is_no_stronger_than_whoever_made_it(app: &App) {
    let (case, packet) = packet(app);
    let made = link(app, &packet, &disclosed(app, &packet), json!({}));
    let (page, code) = (text(&made, "path"), text(&made, "code"));
    let opened = knocks(app, page, code).is(200);
    let (_, place) = takes(app, page, &opened);
    let grants = app.supervisor.get(&case.path("grants")).is(200);
    let all = grants["items"].as_array().unwrap().iter();
    for grant in all.filter(|grant| grant.to_string().contains(&app.exporter.id)) {
        let id = text(grant, "id");
        app.supervisor.delete(&format!("/api/v1/grants/{id}")).is(204);
    }
    knocks(app, page, code).is(200).says("has ended");
    sends(app, &format!("{page}/download"), &[("visit", &opened.hidden("visit"))]).says("has ended");
    let again = app.nobody.request("GET", &place).send().unwrap();
    assert_eq!(again.status(), 404);
}

both_databases!(a_row_behind_the_ledger_opens_nothing);
fn a_row_behind_the_ledger_opens_nothing(app: &App) {
    use diesel::prelude::*;
    let (_, packet) = packet(app);
    let made = link(app, &packet, &disclosed(app, &packet), json!({"downloads": 1}));
    let (page, code) = (text(&made, "path"), text(&made, "code"));
    takes(app, page, &knocks(app, page, code).is(200));
    app.goes_behind();
    app.lets_tables_be_planted();
    let change = |conn: &mut casetrail::db::AnyConn| {
        let change = "UPDATE disclosure_links SET downloaded = 0, downloads = 9";
        Ok(diesel::sql_query(change).execute(conn)?)
    };
    app.db().write_blocking(change).unwrap();
    knocks(app, page, code).says("has ended");
}

both_databases!(only_the_owner_of_the_key_reads_what_is_encrypted_to_it);
fn only_the_owner_of_the_key_reads_what_is_encrypted_to_it(app: &App) {
    let (case, packet) = packet(app);
    let disclosure = disclosed(app, &packet);
    let owner = age::x25519::Identity::generate();
    let key = owner.to_public().to_string();
    let place = format!("{}/disclosures/{}/links", path(&packet), text(&disclosure, "id"));
    app.exporter
        .post(&place, json!({"age_recipients": ["age1nothing"]}))
        .refuses(422, "age_recipients[0]", "age_key");
    let made = link(app, &packet, &disclosure, json!({"age_recipients": [key]}));
    let page = text(&made, "path");
    let opened = knocks(app, page, text(&made, "code")).is(200);
    opened.says(".zip.age");
    let (bytes, _) = takes(app, page, &opened);
    assert_eq!(app.last_record(&case.stream)["age_recipients"], json!([key]));
    let decryptor = age::Decryptor::new(bytes.as_slice()).unwrap();
    let mut plain = Vec::new();
    let mut reader = decryptor
        .decrypt(std::iter::once(&owner as &dyn age::Identity))
        .unwrap();
    reader.read_to_end(&mut plain).unwrap();
    assert_eq!(json!(Digest::of(&plain)), packet["sha256"]);
}

both_databases!(links_and_receipts_are_for_those_who_may_disclose);
fn links_and_receipts_are_for_those_who_may_disclose(app: &App) {
    let (case, packet) = packet(app);
    let disclosure = disclosed(app, &packet);
    let made = link(app, &packet, &disclosure, json!({}));
    let (base, id) = (path(&packet), text(&disclosure, "id"));
    let receipt = json!({"name": "P. Lind", "capacity": "counsel", "how": "letter"});
    let writes = [
        (format!("{base}/disclosures/{id}/links"), json!({})),
        (format!("{base}/links/{}/revocation", text(&made, "id")), json!({})),
        (format!("{base}/disclosures/{id}/acknowledgements"), receipt.clone()),
    ];
    for (place, body) in &writes {
        for client in [
            &app.stranger,
            &app.far,
            &app.prosecutor,
            &app.auditor,
            &app.administrator,
        ] {
            client.post(place, body.clone()).problem(404, "not-found");
        }
        for client in [&app.lead, &app.member, &app.supervisor] {
            client.post(place, body.clone()).problem(403, "forbidden");
        }
    }
    for list in ["links", "acknowledgements"] {
        app.stranger.get(&format!("{base}/{list}")).problem(404, "not-found");
        app.member.get(&format!("{base}/{list}")).problem(403, "forbidden");
    }
    let bad = with(receipt.clone(), json!({"acknowledged_at": app.at(days(1))}));
    app.exporter
        .post(&writes[2].0, bad)
        .refuses(422, "acknowledged_at", "range");
    let given = app.leaves(&case.stream, "disclosure.acknowledged", &app.exporter, || {
        app.exporter.post(&writes[2].0, receipt).is(201)
    });
    assert_eq!(given["sha256"], packet["sha256"]);
    for (field, bad) in [("days", json!({"days": 31})), ("downloads", json!({"downloads": 0}))] {
        app.exporter.post(&writes[0].0, bad).refuses(422, field, "range");
    }
}

both_databases!(an_answer_to_the_public_is_a_letter_that_cites_each_exemption);
fn an_answer_to_the_public_is_a_letter_that_cites_each_exemption(app: &App) {
    let case = app.case();
    let first = app.lead.log(&case, app.post()).is(201);
    app.leave(&case);
    app.lead.log(&case, app.post_with(json!({"text": "another"}))).is(201);
    let packet = ready(
        &app.exporter,
        &ask(&app.exporter, &case, json!({"purpose": "internal"})),
    );
    assert_eq!(first["state"], "held", "{first}");
    let place = format!("{}/disclosures", path(&packet));
    let answer = with(
        told(),
        json!({"kind": "public_records", "request": "PRA 26-118", "statute": "Gov. Code 7920"}),
    );
    app.exporter
        .post(&place, answer.clone())
        .refuses(422, "withheld", "exemption");
    let cited = json!([{"what": "held", "why": "under review", "exemption": "s. 7923.600"}]);
    let made = app
        .exporter
        .post(&place, with(answer, json!({"withheld": cited})))
        .is(201);
    let browser = Browser::signed_in(app, "exporter");
    let (packet, id) = (text(&packet, "id"), text(&made, "id"));
    let letter = browser
        .get(&format!("/packets/{packet}/disclosures/{id}/letter"))
        .is(200);
    for said in [
        "PRA 26-118",
        "Gov. Code 7920",
        "s. 7923.600",
        "under review",
        "1 record",
    ] {
        letter.says(said);
    }
    // Anybody may get it: nothing of the case stands on it.
    letter.does_not_say("Threats to a council member");
    // What is no answer to the public has no letter.
    let other = app.exporter.post(&place, told()).is(201);
    let other = text(&other, "id").to_owned();
    browser
        .get(&format!("/packets/{packet}/disclosures/{other}/letter"))
        .is(404);
}

both_databases!(the_packets_page_makes_links_and_shows_where_they_stand);
fn the_packets_page_makes_links_and_shows_where_they_stand(app: &App) {
    let (_, packet) = packet(app);
    let browser = Browser::signed_in(app, "exporter");
    let page = format!("/packets/{}", text(&packet, "id"));
    let form = [
        ("kind", "disclosure"),
        ("to", "P. Lind"),
        ("need", "the trial"),
        ("under", "rule 16"),
    ];
    browser
        .post(&format!("{page}/disclosures"), &form[..2])
        .is(422)
        .says("what the recipient needs it for");
    browser.post(&format!("{page}/disclosures"), &form).is(303);
    let list = app.exporter.get(&format!("{}/disclosures", path(&packet))).is(200);
    let id = text(&list["items"][0], "id").to_owned();
    let links = format!("{page}/disclosures/{id}/links");
    browser
        .post(&links, &[("days", "90")])
        .is(422)
        .says("must lie between 1 and 30");
    let made = browser.post(&links, &[("days", "2"), ("downloads", "1")]).is(200);
    made.says("Address and code are shown here and nowhere else");
    let code = made
        .text
        .split("id=\"link-code\">")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    let address = made
        .text
        .split("id=\"link-address\">")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    let path = format!("/d/{}", address.split("/d/").nth(1).unwrap());
    let shown = browser.get(&page).is(200);
    shown.says("Link: Open");
    shown.does_not_say(code);
    shown.does_not_say(&path);
    knocks(app, &path, code).is(200);
    let link = app.exporter.get(&format!("/api/v1{page}/links")).is(200);
    let link = text(&link["items"][0], "id").to_owned();
    browser.post(&format!("{page}/links/{link}/revocation"), &[]).is(303);
    browser.get(&page).says("Link: Revoked");
    let receipt = [("name", "P. Lind"), ("capacity", "counsel"), ("how", "letter")];
    browser
        .post(&format!("{page}/disclosures/{id}/acknowledgements"), &receipt)
        .is(303);
    browser.get(&page).says("By <bdi>P. Lind, counsel</bdi>");
}

both_databases!(another_site_sends_no_form_of_a_link);
fn another_site_sends_no_form_of_a_link(app: &App) {
    for site in ["cross-site", "same-site", "none"] {
        let request = app.nobody.request("POST", "/d/x").header("Accept", "text/html");
        sent(request.header("Sec-Fetch-Site", site), &[("code", "0")]).is(403);
    }
    sends(app, "/d/x/download", &[("visit", "forged")])
        .is(409)
        .says("lay open for too long");
    let file = app.nobody.request("GET", "/d/x/file/forged").send().unwrap();
    assert_eq!(file.status(), 404);
}

both_databases!(a_packet_tells_of_its_own_way_and_that_of_those_it_adds_to_alone);
fn a_packet_tells_of_its_own_way_and_that_of_those_it_adds_to_alone(app: &App) {
    let (case, first) = packet(app);
    let own = disclosed(app, &first);
    link(app, &first, &own, json!({}));
    let other = ready(
        &app.exporter,
        &ask(
            &app.exporter,
            &case,
            json!({"purpose": "court_exhibits", "recipient": "Clerk of another court"}),
        ),
    );
    let sealed = with(
        told(),
        json!({"to": "Clerk of another court", "need": "the sealed order"}),
    );
    let told_of = app
        .exporter
        .post(&format!("{}/disclosures", path(&other)), sealed)
        .is(201);
    link(app, &other, &told_of, json!({}));
    let listed = app.lead.get(&case.path("captures")).is(200);
    let capture = format!("/api/v1/captures/{}/corrections", text(&listed["items"][0], "id"));
    app.lead
        .post(&capture, json!({"text": "as it says now", "reason": "misread"}))
        .is(201);
    for (wanted, tells) in [
        (json!({"purpose": "supplement", "supplement_of": first["id"]}), true),
        (json!({"purpose": "discovery"}), false),
    ] {
        let made = ready(&app.exporter, &ask(&app.exporter, &case, wanted));
        let (_folder, file) = crate::packets::download(&app.exporter, &made);
        crate::packets::verifies(app, &file);
        let Some(bag) = crate::packets::unpack(&file) else {
            return;
        };
        let read = |name: &str| std::fs::read_to_string(bag.join("data").join(name)).unwrap();
        let (records, page) = (read("custody/records.jsonl"), read("index.html"));
        for closed in ["another court", "sealed order"] {
            assert!(!records.contains(closed) && !page.contains(closed), "{closed}");
        }
        assert_eq!(records.contains("Public Defender"), tells);
        assert_eq!(page.contains("P. Lind, Public Defender"), tells);
        assert!(records.contains("\"withheld\":\"other_packet\"") && page.contains("of other packets of this case"));
        // What happened stands in the chain, and names nobody.
        assert_eq!(read("custody/events.jsonl").matches("packet.disclosed").count(), 2);
    }
    app.audit();
}
