//! The papers in PDF of packets that a server built: looked at by the tools of others.

use std::fs;
use std::path::Path;
use std::process::Command;

use casetrail::bag::verify_path;
use casetrail::proof::packet::is_pdf_path;
use casetrail::verify::trust::Trust;
use casetrail::verify::{PDF_RULE, Verdict};
use image::ImageFormat;
use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::App;
use crate::packets::{ask, download, filled, ready, unpack, verifies};
use crate::pictures::{two_halves, with_exif};

/// What a program says of a file; the program is needed.
fn told(program: &str, args: &[&str], file: &Path) -> String {
    let made = Command::new(program).args(args).arg(file).output();
    let made = made.unwrap_or_else(|e| panic!("{program} is needed; .ci/setup installs it: {e}"));
    assert!(
        made.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    String::from_utf8_lossy(&made.stdout).into_owned()
}

pub fn text_of(pdf: &Path) -> String {
    let text = pdf.with_extension("txt");
    let made = Command::new("pdftotext").arg("-layout").arg(pdf).arg(&text).status();
    assert!(made.expect("pdftotext is needed; .ci/setup installs it").success());
    fs::read_to_string(text).unwrap()
}

/// The evidence hash, as HOW-TO-VERIFY.txt has stock tools make it.
fn evidence_hash(bag: &Path) -> String {
    let how_to = fs::read_to_string(bag.join("HOW-TO-VERIFY.txt")).unwrap();
    let (_, from) = how_to.split_once("      grep -E").unwrap();
    let (command, _) = from.split_once("\n      ```").unwrap();
    let made = Command::new("sh")
        .args(["-c", &format!("grep -E{command}")])
        .current_dir(bag)
        .output()
        .unwrap();
    String::from_utf8_lossy(&made.stdout)
        .split(' ')
        .next()
        .unwrap()
        .to_owned()
}

both_databases!(a_packet_has_its_report_and_its_exhibits_on_paper);
fn a_packet_has_its_report_and_its_exhibits_on_paper(app: &App) {
    let (case, _) = filled(app);
    let photo = with_exif(&two_halves(600, 400, ImageFormat::Jpeg), 6);
    assert!(photo.windows(15).any(|w| w == b"SECRET-LOCATION"));
    let capture = app.post_with(json!({"text": "#panic() $x^2$ \u{202e}desrever", "files": [{"part": "f", "role": "original", "name": "beach.jpg"}]}));
    app.lead.upload(&case, &capture, &[("f", &photo)]).is(201);
    let packet = ready(
        &app.exporter,
        &ask(&app.exporter, &case, json!({"purpose": "court_exhibits"})),
    );
    let (_folder, file) = download(&app.exporter, &packet);
    verifies(app, &file);
    let remarks = verify_path(&file, &Trust::default()).findings;
    let remarks = remarks
        .iter()
        .filter(|f| f.rule == PDF_RULE && f.verdict == Verdict::NotChecked);
    assert_eq!(remarks.count(), 2);
    let Some(bag) = unpack(&file) else { return };
    let head: Value = serde_json::from_slice(&fs::read(bag.join("data/packet.json")).unwrap()).unwrap();
    assert_eq!(
        head["packet"]["pdf"],
        json!({"exhibits": 1, "report": 1, "typesetter": "typst 0.15.1"})
    );
    let (report, exhibits) = (bag.join("data/report.pdf"), bag.join("data/exhibits.pdf"));
    for pdf in [&report, &exhibits] {
        let bytes = fs::read(pdf).unwrap();
        for secret in [&b"SECRET-LOCATION"[..], b"Exif", b"secret of the"] {
            assert!(
                !bytes.windows(secret.len()).any(|w| w == secret),
                "{pdf:?} holds {}",
                String::from_utf8_lossy(secret)
            );
        }
        assert!(told("qpdf", &["--check"], pdf).contains("No syntax or stream encoding errors found"));
        let info = told("pdfinfo", &[], pdf);
        assert!(info.contains("Tagged:          yes"), "{info}");
        let metadata = told("pdfinfo", &["-meta"], pdf);
        for claim in [
            "<pdfaid:part>2</pdfaid:part>",
            "<pdfaid:conformance>A</pdfaid:conformance>",
            "<pdfuaid:part>1</pdfuaid:part>",
        ] {
            assert!(metadata.contains(claim), "{metadata}");
        }
    }
    let text = text_of(&report);
    for told in [
        "#panic() $x^2$",
        "U+202E",
        "Held",
        "Quarantined",
        "no picture could be made of it",
        "Print copy, 400 × 600 pixels",
        "What is withheld",
        "Who acted in the case",
        "Capture quarantined (1)",
    ] {
        assert!(
            text.replace("No picture", "no picture").contains(told),
            "{told} is not in the report:\n{text}"
        );
    }
    assert!(!text.contains("secret of the"));
    let hash = evidence_hash(&bag);
    assert_eq!(hash.len(), 64, "{hash}");
    let printed: String = text.split_whitespace().collect();
    assert!(
        printed.contains(&hash[..32]) && printed.contains(&hash[32..]),
        "the evidence hash {hash} is printed"
    );
    let sheets = text_of(&exhibits);
    assert!(
        sheets.split_whitespace().collect::<String>().contains("EXHIBIT")
            && !sheets.contains("SHA-256")
            && !sheets.contains("beach.jpg"),
        "{sheets}"
    );
    assert_eq!(told("pdfimages", &["-list"], &exhibits).lines().skip(2).count(), 1);
    // The page leads to both.
    let page = fs::read_to_string(bag.join("data/index.html")).unwrap();
    assert!(page.contains(r#"href="report.pdf""#) && page.contains(r#"href="exhibits.pdf""#));
    assert!(page.contains("Who acted in the case") && page.contains("Capture quarantined (1)"));
    assert!(is_pdf_path("data/report.pdf"));
}

both_databases!(the_report_says_what_is_withheld_beside_items_and_how_reviews_ended);
fn the_report_says_what_is_withheld_beside_items_and_how_reviews_ended(app: &App) {
    let (case, made) = filled(app);
    let review = |n: usize, said: Value| {
        let path = format!("/api/v1/captures/{}/reviews", made[n]["id"].as_str().unwrap());
        app.supervisor.post(&path, said).is(201)
    };
    review(0, json!({"outcome": "returned", "note": "Say how the time is known."}));
    review(1, json!({"outcome": "accurate"}));
    let list = json!({"name": "For the hearing", "purpose": "court_exhibits", "exhibits": [{"capture": made[0]["id"], "number": "1"}]});
    app.exporter.post(&case.path("exhibit-lists"), list).is(201);
    let shot = two_halves(60, 30, ImageFormat::Png);
    let capture = app.post_with(json!({"files": [{"part": "f", "role": "screenshot"}]}));
    let shown = app.lead.upload(&case, &capture, &[("f", &shot)]).is(201);
    let boxes = json!([{"x": 0, "y": 0, "width": 10, "height": 10}]);
    crate::derivatives::redact(&app.exporter, &shown, boxes);
    let wanted = json!({"purpose": "discovery", "captures": [made[0]["id"], made[1]["id"], shown["id"]]});
    let packet = ready(&app.exporter, &ask(&app.exporter, &case, wanted));
    let (_folder, file) = download(&app.exporter, &packet);
    verifies(app, &file);
    let Some(bag) = unpack(&file) else { return };
    let text: Vec<String> = text_of(&bag.join("data/report.pdf"))
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let text = text.join(" ");
    for told in [
        "So this does not exclude that the agency",
        "Reviewed: returned",
        "Returned in",
        "Not reviewed again",
        "Redacted copy made",
        "It was not chosen for this packet",
        "Of working papers",
    ] {
        assert!(text.contains(told), "{told} is not in the report:\n{text}");
    }
    assert!(
        !text.contains("since the agency received it") && !text.contains(".."),
        "{text}"
    );
    let page = fs::read_to_string(bag.join("data/index.html")).unwrap();
    for told in [
        "Reviewed: returned",
        "Reviewed: accurate",
        "Redacted copy made",
        "of working papers",
        "a copy of item",
    ] {
        assert!(page.contains(told), "{told} is not on the page");
    }
}
