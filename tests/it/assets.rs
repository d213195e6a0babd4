//! What the pages load: addresses that a browser may keep for ever, compressed once, small in all, and copies of what
//! others made exactly as listed.

use std::path::Path;

use casetrail::proof::Digest;
use serde::Deserialize;

use crate::both_databases;
use crate::kit::App;
use crate::kit::browser::Browser;

const FOLDER: &str = "src/http/assets";

#[derive(Deserialize)]
struct Vendor {
    file: Vec<Copied>,
}

#[derive(Deserialize)]
struct Copied {
    name: String,
    sha256: String,
    licence_file: String,
}

#[test]
fn what_others_made_is_as_listed() {
    let list = std::fs::read_to_string(Path::new(FOLDER).join("VENDOR.toml")).unwrap();
    let list: Vendor = toml::from_str(&list).unwrap();
    for copied in &list.file {
        let bytes = std::fs::read(Path::new(FOLDER).join(&copied.name)).unwrap();
        assert_eq!(Digest::of(&bytes).to_string(), copied.sha256, "{}", copied.name);
        assert!(
            Path::new(FOLDER).join(&copied.licence_file).exists(),
            "{}",
            copied.licence_file
        );
    }
    // No font comes in unlisted.
    for entry in std::fs::read_dir(FOLDER).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let listed = list.file.iter().any(|copied| copied.name == name);
        assert!(listed || !name.ends_with(".woff2"), "{name} is not in VENDOR.toml");
    }
}

#[test]
fn own_scripts_stay_small() {
    let entries = std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path());
    // The API's description and the vendored hash are not the pages' own.
    let others = ["api.js", "hash-wasm-sha256.js"];
    let own =
        entries.filter(|path| path.extension().is_some_and(|e| e == "js") && !others.iter().any(|o| path.ends_with(o)));
    let bytes: u64 = own.map(|path| path.metadata().unwrap().len()).sum();
    assert!(bytes <= 68 << 10, "{bytes} bytes of scripts, at most 68 KB");
}

/// The addresses under `/static/` in a text.
fn addresses(text: &str) -> Vec<String> {
    let parts = text.split("\"/static/").skip(1);
    let ends = |part: &str| part.split(['"', '#']).next().unwrap().to_owned();
    let mut all: Vec<String> = parts.map(|part| format!("/static/{}", ends(part))).collect();
    all.sort();
    all.dedup();
    all
}

both_databases!(a_page_loads_what_a_browser_may_keep_for_ever);
fn a_page_loads_what_a_browser_may_keep_for_ever(app: &App) {
    let get = |path: &str| {
        app.nobody
            .request("GET", path)
            .header("Accept-Encoding", "gzip, br")
            .send()
            .unwrap()
    };
    let page = Browser::signed_in(app, "lead").get("/cases");
    let mut all = addresses(&page.text);
    assert!(all.len() > 6, "{all:?}");
    let styles = all.iter().find(|address| address.ends_with("/tokens.css")).unwrap();
    let plain = app.nobody.request("GET", styles).send().unwrap();
    assert!(plain.headers().get("content-encoding").is_none());
    all.extend(addresses(&plain.text().unwrap()));
    for address in all {
        assert_eq!(address.split('/').count(), 4, "{address} has no version");
        let answer = get(&address);
        let header = |name: &str| answer.headers().get(name).map(|v| v.to_str().unwrap().to_owned());
        assert_eq!(answer.status().as_u16(), 200, "{address}");
        assert_eq!(
            header("cache-control").as_deref(),
            Some("public, max-age=31536000, immutable")
        );
        let small = !address.ends_with(".woff2");
        assert_eq!(header("content-encoding").is_some(), small, "{address}");
        let bytes = answer.bytes().unwrap();
        assert_eq!(bytes.starts_with(&[0x1f, 0x8b]), small, "{address}");
    }
    // An address of another version, or of none, is good for once.
    for address in ["/static/0000000000000000/app.css", "/static/app.css"] {
        let answer = get(address);
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["cache-control"]),
            (200, &"no-cache".parse().unwrap())
        );
        let tag = answer.headers()["etag"].clone();
        let again = app
            .nobody
            .request("GET", address)
            .header("Accept-Encoding", "gzip")
            .header("If-None-Match", tag);
        assert_eq!(again.send().unwrap().status().as_u16(), 304, "{address}");
    }
    for address in ["/static/nothing.css", "/static/VENDOR.toml"] {
        assert_eq!(get(address).status().as_u16(), 404, "{address}");
    }
}

both_databases!(the_verifiers_page_is_for_everyone);
fn the_verifiers_page_is_for_everyone(app: &App) {
    // Whoever is at the door: nobody, somebody with a token, a browser with a session, one whose session has ended.
    let lead = Browser::signed_in(app, "lead");
    let cookies = [String::new(), lead.cookie.clone(), "__Host-casetrail=ended".into()];
    for cookie in cookies {
        let request = app.nobody.request("GET", "/verify.html");
        let answer = request.header("Cookie", cookie).send().unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("cache-control"), "public, max-age=3600");
        assert_eq!(header("content-type"), "text/html; charset=utf-8");
        let policy = header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; ") && !policy.contains("connect-src"),
            "{policy}"
        );
        assert!(!answer.headers().contains_key("set-cookie"));
        assert_eq!(answer.bytes().unwrap(), casetrail::verify::verifier::PAGE.unwrap());
    }
    let tag = app.nobody.request("GET", "/verify.html").send().unwrap().headers()["etag"].clone();
    let again = app.nobody.request("GET", "/verify.html").header("If-None-Match", tag);
    assert_eq!(again.send().unwrap().status().as_u16(), 304);
    app.nobody.post("/verify.html", serde_json::json!({})).is(405);
    lead.get("/verify").is(200).says("<a href=\"/verify.html\">");
}
