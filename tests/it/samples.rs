//! Real photos, pages and archives, logged and read back.

use std::io::Write;
use std::path::{Path, PathBuf};

use casetrail::proof::Digest;
use serde_json::json;

use crate::both_databases;
use crate::kit::App;

/// The web archives of the test vectors, and the sample files that the project shares but does not carry.
fn samples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [
        "tests/vectors/wacz",
        "../shared/samples/photos",
        "../shared/samples/post",
        "../shared/samples/web",
    ];
    let mut all = Vec::new();
    for folder in folders.map(|f| root.join(f)) {
        match std::fs::read_dir(&folder) {
            Ok(files) => all.extend(files.flatten().map(|f| f.path())),
            Err(_) => {
                // Past the test harness, which shows the output of failed tests alone. Nobody may be there to be told.
                let _ = writeln!(
                    std::io::stderr(),
                    "SKIPPED: the samples {} are not there",
                    folder.display()
                );
            }
        }
    }
    all.retain(|file| file.extension().is_some_and(|e| e != "txt"));
    all.sort();
    all
}

fn kind_of(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap() {
        "jpg" => "image/jpeg",
        "HEIC" => "image/heic",
        "mp4" => "video/mp4",
        "html" => "text/html",
        "mhtml" => "multipart/related",
        "png" => "image/png",
        "gz" => "application/gzip",
        "wacz" => "application/wacz",
        other => panic!("a sample of a new kind: {other}"),
    }
}

both_databases!(what_people_really_bring_comes_back_byte_for_byte);
fn what_people_really_bring_comes_back_byte_for_byte(app: &App) {
    let case = app.case();
    app.leave(&case);
    for path in samples() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let files = json!([{"part": "f", "name": name, "role": "original", "sha256": Digest::of(&bytes).to_string(), "size": bytes.len()}]);
        let made = app
            .lead
            .upload(&case, &app.post_with(json!({"files": files})), &[("f", &bytes)])
            .is(201);
        let file = &made["files"][0];
        assert_eq!(
            (file["name"].as_str().unwrap(), file["size"].as_u64().unwrap()),
            (name, bytes.len() as u64)
        );
        if name != "corrupted.jpg" {
            assert_eq!(file["media_type"], kind_of(name), "{name}");
        }
        let back = app.lead.get(&format!(
            "/api/v1/files/{}/{}",
            made["id"].as_str().unwrap(),
            Digest::of(&bytes)
        ));
        assert!(back.status == 200 && back.body == bytes, "{name}");
        let verdict = app
            .lead
            .post(
                &format!("/api/v1/captures/{}/verifications", made["id"].as_str().unwrap()),
                json!({}),
            )
            .is(201);
        assert_eq!(verdict["verdict"], "passed", "{name}");
    }
}
