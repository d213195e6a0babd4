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
        certificates: None,
    });
    model
}

/// The same with drafts of certificates, which were asked for.
fn certified(rules: &[(&str, u32)]) -> Model {
    let mut model = naming(1, 1);
    let drafts = CertificatePapers {
        jurisdiction: "federal".into(),
        rules: rules
            .iter()
            .map(|(rule, volumes)| ((*rule).to_owned(), *volumes))
            .collect(),
        hearing_on: Some("2027-03-01".into()),
        templates: [("902-13.typ".to_owned(), casetrail::proof::Digest([7; 32]))].into(),
        software: vec![SoftwareRun {
            version: "0.1.0".into(),
            binary: None,
            configuration: casetrail::proof::Digest([8; 32]),
            first_started_at: "2026-11-20T08:00:00.000000Z".into(),
            last_started_at: "2026-11-20T08:00:00.000000Z".into(),
            starts: 1,
        }],
        clock: None,
    };
    let asked = drafts.asked();
    if let Some(pdf) = &mut model.head.pdf {
        pdf.certificates = Some(drafts);
    }
    model.ask(|record| record["certificates"] = asked);
    model
}

/// Report, exhibits, and these certificates.
fn papers(certificates: &[&str]) -> Vec<String> {
    let certificates = certificates.iter().map(|name| format!("data/certificates/{name}.pdf"));
    let both = ["data/exhibits.pdf", "data/report.pdf"].map(str::to_owned);
    certificates.chain(both).collect()
}

fn found(model: &Model, paths: &[String]) -> Vec<String> {
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    failures(&verify_zip(&with(model, &paths), &key()))
}

#[test]
fn drafts_of_certificates_are_those_asked_for() {
    let names = [
        "902-13",
        "902-13-form",
        "902-14-1-of-2",
        "902-14-2-of-2",
        "902-14-form-1-of-2",
        "902-14-form-2-of-2",
    ];
    let model = certified(&[("902-13", 1), ("902-14", 2)]);
    let all = papers(&names);
    let paths: Vec<&str> = all.iter().map(String::as_str).collect();
    let report = verify_zip(&with(&model, &paths), &key());
    assert_eq!(report.outcome, VerifyOutcome::Passed, "{:?}", failures(&report));
    let text = cli::text(&report);
    let remark = "data/certificates/902-13-form.pdf: is a draft, as all certificates here are, and what they show is not compared";
    assert!(text.contains(remark), "{text}");
    for (lacking, path) in names.iter().zip(&all) {
        let others: Vec<String> = all.iter().filter(|other| *other != path).cloned().collect();
        let told = found(&model, &others);
        assert!(
            told.iter().any(|told| told.starts_with(&format!("papers.pdf {path}"))),
            "{lacking}: {told:?}"
        );
    }
    let more = papers(&[&names[..], &["902-11"]].concat());
    let told = found(&model, &more);
    assert!(
        told.iter()
            .any(|told| told.starts_with("papers.pdf data/certificates/902-11.pdf")),
        "{told:?}"
    );
    for other in ["902-12", "902-13-signed", "902-13-form-form", "seal"] {
        let told = found(&model, &papers(&[&names[..], &[other]].concat()));
        assert!(
            told.iter()
                .any(|told| told.starts_with("layout.unexpected data/certificates/")),
            "{other}: {told:?}"
        );
    }
}

#[test]
fn certificates_that_nobody_asked_for_or_for_no_rule_fail() {
    let both = papers(&["902-13", "902-13-form"]);
    for bend in [
        |asked: &mut serde_json::Value| asked["certificates"] = serde_json::Value::Null,
        |asked: &mut serde_json::Value| asked["certificates"]["rules"] = json!(["902-13", "902-14"]),
        |asked: &mut serde_json::Value| asked["certificates"]["jurisdiction"] = json!("oregon"),
        |asked: &mut serde_json::Value| asked["certificates"]["hearing_on"] = json!("2027-03-02"),
    ] {
        let mut model = certified(&[("902-13", 1)]);
        assert_eq!(found(&model, &both), Vec::<String>::new());
        model.ask(bend);
        let told = found(&model, &both);
        assert!(
            told.len() == 1 && told[0].contains("certificates is not what the request says"),
            "{told:?}"
        );
    }
    let mut asked = naming(1, 1);
    asked.ask(|record| record["certificates"] = json!({"rules": ["902-13"], "jurisdiction": "federal"}));
    let told = found(&asked, &papers(&[]));
    assert!(
        told.len() == 1 && told[0].contains("certificates is not what the request says"),
        "{told:?}"
    );
    for (rules, files) in [(&[][..], &[][..]), (&[("902-13", 0)], &[]), (&[("902-12", 1)], &[])] {
        let told = found(&certified(rules), &papers(files));
        assert!(
            told.iter()
                .any(|told| told.contains("for no rule, or for one that has none")),
            "{rules:?}: {told:?}"
        );
    }
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
        "data/certificates/report.pdf",
        "data/certificates/902-13-form-1-of-1.pdf",
        "data/certificates/902-15.pdf",
        "data/902-13.pdf",
    ] {
        assert!(!is_pdf_path(other), "{other}");
    }
}
