//! The packet's page: made again from the documents and compared, or named as not checked; and written by the verifier.

use std::fs;
use std::process::Command;

use casetrail::page;
use casetrail::proof::Digest;
use casetrail::proof::packet::*;
use casetrail::verify::{PAGE_RULE, Report, Verdict};
use serde_json::json;

use crate::kit::*;

pub const RULES: &[&str] = &[PAGE_RULE];

/// A packet sealed around a page that is not the one made from its documents.
fn with_page(model: &Model, bend: impl FnOnce(String) -> String) -> Files {
    let mut data = model.data();
    data.extend(made_pages(&data));
    let page = String::from_utf8(page_of(&data)).unwrap();
    let bent = bend(page.clone());
    assert_ne!(bent, page);
    data.insert(INDEX.into(), bent.into_bytes());
    model.seal(data)
}

fn first_line(report: &Report) -> String {
    let text = casetrail::bag::cli::text(report);
    text.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_page_that_shows_something_else_fails() {
    let model = Model::sample();
    type Bend = fn(String) -> String;
    let lies: [(&str, Bend); 4] = [
        ("a name", |page| page.replace("River K.", "Harbor M.")),
        ("a script", |page| {
            page.replace("</body>", "<script>alert(1)</script></body>")
        }),
        ("a blank at the end", |page| page + " "),
        ("nothing", |_| "<!doctype html>".into()),
    ];
    for (lie, bend) in lies {
        let report = verify_zip(&with_page(&model, bend), &key());
        let found = failures(&report);
        assert!(
            found.len() == 1 && found[0].starts_with("index data/index.html"),
            "{lie}: {found:?}"
        );
    }
}

#[test]
fn a_graph_that_says_something_else_fails_and_none_may_be_missing() {
    let model = Model::sample();
    for path in [CASE_UCO, RO_CRATE] {
        let with = |data: &Files, bytes: Option<Vec<u8>>| {
            let mut data = data.clone();
            match bytes {
                Some(bytes) => data.insert(path.into(), bytes),
                None => data.remove(path),
            };
            let found = failures(&verify_zip(&model.seal(data), &key()));
            found
                .into_iter()
                .map(|one| one.split(": ").next().unwrap_or_default().to_owned())
                .collect::<Vec<_>>()
        };
        let mut data = model.data();
        data.extend(made_pages(&data));
        let made = String::from_utf8(data[path].clone()).unwrap();
        serde_json::from_str::<serde_json::Value>(&made).unwrap();
        let bent = made.replacen("26-004417", "26-004418", 1);
        assert_ne!(bent, made, "{path}");
        for lie in [Some(bent.into_bytes()), Some(made.trim_end().into()), None] {
            assert_eq!(with(&data, lie), [format!("index {path}")], "{path}");
        }
    }
}

/// Where a link leads, as seen from a page: the path below the packet, and the place on it.
fn target(page: &str, link: &str) -> (String, String) {
    let (file, place) = link.split_once('#').unwrap_or((link, ""));
    if file.is_empty() {
        return (page.to_owned(), place.to_owned());
    }
    let mut folder: Vec<&str> = page.split('/').collect();
    folder.pop();
    let mut rest = file;
    while let Some(up) = rest.strip_prefix("../") {
        (rest, _) = (up, folder.pop());
    }
    folder.push(rest);
    (folder.join("/"), place.to_owned())
}

#[test]
fn a_long_packet_has_pages_and_every_link_leads_to_its_place() {
    let mut model = Model::sample();
    let (exhibit, row) = (model.exhibits[0].clone(), model.inventory[0].clone());
    for number in model.exhibits.len() as u32 + 1..=130 {
        let capture = uuid(1000 + number);
        let mut row = row.clone();
        (row.id, row.item) = (capture.clone(), number.into());
        model.inventory.push(row);
        let mut exhibit = exhibit.clone();
        (exhibit.exhibit, exhibit.capture, exhibit.item) = (number, capture, number.into());
        model.exhibits.push(exhibit);
    }
    let data = model.data();
    let pages = made_pages(&data);
    let text = |path: &str| String::from_utf8(pages[path].clone()).unwrap();
    let parts: Vec<&str> = pages
        .keys()
        .filter_map(|path| path.strip_prefix("data/pages/"))
        .collect();
    let expected = [
        "exhibits-001.html",
        "exhibits-002.html",
        "exhibits-003.html",
        "style.css",
    ];
    assert_eq!(parts, expected);
    assert!(!text(INDEX).contains("id=\"exhibit-7\""));
    assert!(text("data/pages/exhibits-002.html").contains("id=\"exhibit-100\""));
    let mut followed = 0;
    for path in pages.keys().filter(|path| path.ends_with(".html")) {
        let page = text(path);
        let links = ["href=\"", "src=\""]
            .into_iter()
            .flat_map(|attribute| page.split(attribute).skip(1));
        for link in links.filter_map(|rest| rest.split('"').next()) {
            let (file, place) = target(path, link);
            assert!(pages.contains_key(&file) || data.contains_key(&file), "{path}: {link}");
            if !place.is_empty() {
                assert!(text(&file).contains(&format!("id=\"{place}\"")), "{path}: {link}");
            }
            followed += 1;
        }
    }
    assert!(followed > 500, "{followed}");
}

#[test]
fn a_page_follows_what_the_documents_say() {
    let mut model = Model::sample();
    model.relog(|log| {
        let opened = log.iter_mut().find(|l| l.event.action == "case.opened").unwrap();
        opened.record["title"] = json!("Another title <b>&");
    });
    model.case.record["title"] = json!("Another title <b>&");
    let files = model.files();
    assert_eq!(failures(&verify_zip(&files, &key())), Vec::<String>::new());
    let page = String::from_utf8(files[INDEX].clone()).unwrap();
    assert!(
        page.contains("Another title &#60;b&#62;&#38;"),
        "hostile words stand as text"
    );
}

#[test]
fn a_page_of_another_version_is_not_checked_and_the_first_line_says_so() {
    for version in ["0 (time zones 2020a)", "99 (time zones 2031a)"] {
        let mut model = Model::sample();
        model.head.pages = Some(version.into());
        let report = verify_zip(&with_page(&model, |_| "<!doctype html>Another".into()), &key());
        assert_eq!((failures(&report), report.exit_code), (vec![], 0));
        assert!(report.finds(PAGE_RULE, Verdict::NotChecked) && !report.finds(PAGE_RULE, Verdict::Passed));
        assert!(
            first_line(&report).contains("ITS PAGE NOT CHECKED"),
            "{}",
            first_line(&report)
        );
    }
}

fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_casetrail-verify"))
        .args(args)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.code(), text(done.stdout), text(done.stderr))
}

#[test]
fn the_verifier_writes_its_own_page_beside_the_exhibits() {
    let dir = tempfile::tempdir().unwrap();
    let mut model = Model::sample();
    model.head.pages = Some("99 (time zones 2031a)".into());
    let files = with_page(&model, |_| "<!doctype html>Believe me".into());
    for packet in [zip(dir.path(), &files), folder(dir.path(), &files)] {
        let out = dir.path().join(if packet.is_dir() { "folder" } else { "zip" });
        let (packet, out_text) = (packet.to_str().unwrap(), out.to_str().unwrap());
        let (code, told, said) = run(&[packet, "--render", out_text]);
        assert_eq!(code, Some(3), "{told}{said}");
        assert!(said.starts_with(&format!("rendered: {out_text}/index.html")), "{said}");
        assert_eq!(fs::read(out.join("index.html")).unwrap(), page_of(&files));
        for (path, bytes) in files.iter().filter(|(path, _)| path.starts_with(EXHIBITS)) {
            assert_eq!(&fs::read(out.join(path.strip_prefix("data/").unwrap())).unwrap(), bytes);
        }
        // What stands there is never written over.
        let (code, told, said) = run(&[packet, "--render", out_text]);
        assert_eq!(code, Some(2));
        assert!(told.starts_with("UNREADABLE: nothing was checked"), "{told}");
        assert!(said.contains("a folder that is not there yet"), "{said}");
    }
}

#[test]
fn nothing_is_rendered_into_the_packet_and_no_pipe_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let packet = folder(dir.path(), &Model::sample().files());
    let (packet, inside) = (packet.to_str().unwrap(), packet.join("data/mine"));
    let (code, _, said) = run(&[packet, "--render", inside.to_str().unwrap()]);
    assert!(
        code == Some(2) && said.contains("lies in the packet") && !inside.exists(),
        "{said}"
    );
    let pipe = dir.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let pipe = pipe.to_str().unwrap();
    let (code, told, _) = run(&[pipe]);
    assert!(
        code == Some(2) && told.contains("neither a file nor a folder"),
        "{told}"
    );
    for flag in ["--key", "--policy", "--tsa-ca"] {
        for special in [pipe, "/dev/zero"] {
            let (code, _, said) = run(&[packet, flag, special]);
            assert!(
                code == Some(2) && said.contains("no regular file"),
                "{flag} {special}: {said}"
            );
        }
    }
}

#[test]
fn a_packet_that_failed_is_not_rendered() {
    let dir = tempfile::tempdir().unwrap();
    let files = with_page(&Model::sample(), |page| page + " ");
    let (packet, out) = (zip(dir.path(), &files), dir.path().join("out"));
    let (code, told, said) = run(&[packet.to_str().unwrap(), "--render", out.to_str().unwrap()]);
    assert_eq!(code, Some(1));
    assert!(
        told.starts_with("FAILED") && said.starts_with("not rendered: "),
        "{told}{said}"
    );
    assert!(!out.exists());
}

/// Whoever changes what a page says or how it looks raises `PAGES`, or verifiers would fail honest packets.
#[test]
fn other_pages_are_another_version() {
    let data = Model::sample().data();
    let mut parts: Vec<_> = made_pages(&data).into_values().collect();
    let mut files: Vec<_> = fs::read_dir("src/page")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "html"));
    files.sort();
    parts.extend(files.iter().map(|path| fs::read(path).unwrap()));
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    let known = (
        "3 (time zones 2025b)",
        "eeca7251e5acdb14e11574cad0cbc479e1950ca3b4748da7f5f57818867397cc",
    );
    assert_eq!((&*page::version(), &*Digest::of_parts(&parts).to_string()), known);
}
