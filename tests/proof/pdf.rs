//! The papers in PDF: exactly those lie in a packet that `packet.json` names, and what they show is named as not compared.

use casetrail::bag::cli;
use casetrail::proof::packet::*;
use casetrail::verify::{PDF_RULE, Verdict, VerifyOutcome};
use serde_json::json;

use crate::kit::*;

pub const RULES: &[&str] = &[PDF_RULE];

/// A packet that names so many volumes of each paper.
fn naming(exhibits: u32, report: u32) -> Model {
    let mut model = Model::sample();
    model.head.pdf = Some(PdfPapers {
        exhibits,
        report,
        typesetter: "typst 0.15.1".into(),
    });
    model
}

/// The packet with these files beside its data.
fn with(model: &Model, paths: &[&str]) -> Files {
    let mut data = model.data();
    for path in paths {
        data.insert((*path).to_owned(), b"%PDF-1.7".to_vec());
    }
    model.seal(data)
}

#[test]
fn papers_that_are_named_pass_and_are_not_compared() {
    let cases: [(Model, &[&str], &[&str]); 2] = [
        (
            naming(1, 1),
            &["data/exhibits.pdf", "data/report.pdf"],
            &["data/exhibits.pdf", "data/report.pdf"],
        ),
        (
            naming(1, 2),
            &["data/exhibits.pdf", "data/report-1-of-2.pdf", "data/report-2-of-2.pdf"],
            &["data/exhibits.pdf", "data/report-1-of-2.pdf"],
        ),
    ];
    for (model, papers, named) in cases {
        let report = verify_zip(&with(&model, papers), &key());
        assert_eq!(report.outcome, VerifyOutcome::Passed, "{:?}", failures(&report));
        let remarks = report
            .findings
            .iter()
            .filter(|f| f.rule == PDF_RULE && f.verdict == Verdict::NotChecked);
        assert_eq!(remarks.map(|f| f.file.as_str()).collect::<Vec<_>>(), named);
        let text = cli::text(&report);
        let first = text.lines().next().unwrap_or_default();
        assert_eq!(first, "PASSED: everything required passed, and the signer is trusted");
        assert!(
            text.contains("data/exhibits.pdf: what it shows is not compared"),
            "{text}"
        );
    }
}

#[test]
fn a_packet_without_papers_says_nothing_of_them() {
    let report = verify_zip(&Model::sample().files(), &key());
    assert!(
        report.findings.iter().all(|f| f.rule != PDF_RULE),
        "{:?}",
        report.findings
    );
}

#[test]
fn papers_that_are_missing_or_unnamed_fail() {
    let both = ["data/exhibits.pdf", "data/report.pdf"];
    let cases: [(Model, &[&str], &str); 8] = [
        (naming(1, 1), &["data/exhibits.pdf"], "papers.pdf data/report.pdf"),
        (naming(1, 1), &["data/report.pdf"], "papers.pdf data/exhibits.pdf"),
        (Model::sample(), &both, "papers.pdf data/exhibits.pdf"),
        (naming(1, 2), &both, "papers.pdf data/report-1-of-2.pdf"),
        (naming(0, 1), &["data/report.pdf"], "papers.pdf data/packet.json"),
        (
            naming(1, u32::MAX),
            &both,
            "papers.pdf data/report-0000000001-of-4294967295.pdf",
        ),
        (
            naming(1, 1),
            &["data/exhibits.pdf", "data/report.pdf", "data/other.pdf"],
            "layout.unexpected data/other.pdf",
        ),
        (
            naming(1, 2),
            &["data/exhibits.pdf", "data/report-1-of-2.pdf", "data/report-3-of-2.pdf"],
            "layout.unexpected data/report-3-of-2.pdf",
        ),
    ];
    for (model, papers, expected) in cases {
        let found = failures(&verify_zip(&with(&model, papers), &key()));
        assert!(
            found.iter().any(|found| found.starts_with(expected)),
            "{papers:?}: {expected}: {found:?}"
        );
    }
}

#[test]
fn older_papers_have_no_pdf() {
    let mut model = naming(1, 1);
    model.head.papers = Some(2);
    model.ask(|record| record["papers"] = json!(2));
    let found = failures(&verify_zip(
        &with(&model, &["data/exhibits.pdf", "data/report.pdf"]),
        &key(),
    ));
    assert!(
        found.len() == 1 && found[0].starts_with("papers.pdf data/packet.json"),
        "{found:?}"
    );
}

#[test]
fn a_paper_whose_bytes_were_changed_fails() {
    let mut files = with(&naming(1, 1), &["data/exhibits.pdf", "data/report.pdf"]);
    files.insert("data/report.pdf".into(), b"%PDF-1.7 another".to_vec());
    let found = failures(&verify_zip(&files, &key()));
    assert!(
        found
            .iter()
            .any(|found| found.starts_with("manifest.digest data/report.pdf")),
        "{found:?}"
    );
}

#[test]
fn volumes_are_named_in_their_order() {
    let named = |of| {
        (1..=of)
            .map(move |volume| pdf_path("report", volume, of))
            .collect::<Vec<_>>()
    };
    for of in [1, 2, 9, 10, 101] {
        let names = named(of);
        assert!(
            names.is_sorted() && names.iter().all(|name| is_pdf_path(name) && is_path(name)),
            "{names:?}"
        );
    }
    for other in [
        "data/report.PDF",
        "data/report-1-of-1.pdf",
        "data/report-0-of-2.pdf",
        "data/report-3-of-2.pdf",
        "data/report-01-of-2.pdf",
        "data/report-1-of-10.pdf",
        "data/report-1-of-02.pdf",
        "data/report-+1-of-2.pdf",
        "report.pdf",
        "data/other.pdf",
        "data/x/report.pdf",
    ] {
        assert!(!is_pdf_path(other), "{other}");
    }
}
