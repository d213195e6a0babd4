//! A wall: what is known lives in values that are handed over, not in statics that belong to the whole process.

use std::path::{Path, PathBuf};

fn sources(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, all),
            false if path.extension().is_some_and(|e| e == "rs") => all.push(path),
            false => {}
        }
    }
}

/// Whether a line declares a static: `static NAME`, perhaps `pub(…) static NAME`, or a static of each thread.
fn declares(line: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with("//") {
        return false;
    }
    let mut words = line.split_whitespace().skip_while(|w| w.starts_with("pub"));
    words.next() == Some("static") || line.contains("thread_local!")
}

#[test]
fn nothing_is_known_to_the_whole_process() {
    let mut all = Vec::new();
    sources(Path::new("src"), &mut all);
    let mut found = Vec::new();
    for path in all.iter().filter(|p| !p.ends_with("src/main.rs")) {
        let text = std::fs::read_to_string(path).unwrap();
        let lines = text.lines().filter(|l| declares(l));
        found.extend(lines.map(|l| format!("{}: {}", path.display(), l.trim())));
    }
    assert!(found.is_empty(), "statics outside main.rs\n{}", found.join("\n"));
}

#[test]
fn statics_are_recognized() {
    for line in [
        "static A: u8 = 0;",
        "    pub(crate) static mut B: u8 = 0;",
        "thread_local! {",
    ] {
        assert!(declares(line), "{line}");
    }
    for line in ["// static A", "fn a(b: &'static str)", "let statics = 1;"] {
        assert!(!declares(line), "{line}");
    }
}
