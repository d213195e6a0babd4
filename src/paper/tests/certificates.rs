//! Drafts of certificates: what tools say of them, what stands in them, and what a template of counsel's may do.

use std::collections::BTreeSet;

use lopdf::{Document, Object};

use super::*;
use crate::proof::packet::{CERTIFICATE_RULES, CertificatePapers, ClockReading, PdfPapers, SoftwareRun};

fn run(version: &str, binary: Option<Digest>) -> SoftwareRun {
    SoftwareRun {
        version: version.into(),
        binary,
        configuration: Digest([0xc0; 32]),
        first_started_at: "2026-11-20T08:00:00.000000Z".into(),
        last_started_at: "2026-11-22T08:00:00.000000Z".into(),
        starts: 3,
    }
}

/// A packet with drafts for all rules.
fn certified(software: Vec<SoftwareRun>) -> Head {
    let clock = software.last().map(|_| ClockReading {
        at: "2026-11-22T08:00:00.000000Z".into(),
        source: "system clock".into(),
        offset: "not measured against an outside source".into(),
    });
    let drafts = CertificatePapers {
        jurisdiction: "federal".into(),
        rules: CERTIFICATE_RULES.map(|rule| (rule.to_owned(), 1)).into(),
        hearing_on: None,
        templates: Templates::shipped().digests(),
        software,
        clock,
    };
    Head {
        pdf: Some(PdfPapers {
            exhibits: 1,
            report: 1,
            typesetter: TYPESETTER.into(),
            certificates: Some(drafts),
        }),
        ..head()
    }
}

/// Every volume of the draft for a rule, or why there is none.
fn drafts(
    head: &Head,
    exhibits: &[Exhibit],
    (rule, templates): (&'static str, &Templates),
) -> crate::error::Result<Vec<DraftCopies>> {
    let (fonts, prints) = (fonts(), no_prints());
    let plan = Plan::of(
        &vec![
            Load {
                files: 1,
                ..Load::default()
            };
            exhibits.len()
        ],
        0,
    );
    let means = DraftMeans {
        fonts: &fonts,
        prints: &prints,
        organization: "Harbor unit",
        scratch: Box::new(Cursor::new(Vec::new())),
    };
    let mut documents = documents_of(head, case(), (exhibits, 0));
    let draft = PaperDraft::read(&mut documents, means).expect("a draft");
    let press = Press {
        fonts: fonts.clone(),
        prints: &prints,
        draft: &draft,
        plan: &plan,
    };
    let volumes = plan.drafts(rule);
    let made = volumes.iter().map(|volume| press.certificate(rule, volume, templates));
    made.collect()
}

fn shipped(head: &Head, exhibits: &[Exhibit], rule: &'static str) -> DraftCopies {
    let mut made = drafts(head, exhibits, (rule, &Templates::shipped())).expect("drafts");
    assert_eq!(made.len(), 1);
    made.remove(0)
}

fn original(number: u32) -> FileRow {
    FileRow {
        path: Some(format!("data/exhibits/{number:03}/01-original.jpg")),
        sha256: Digest([0xab; 32]),
        size: 1234,
        role: "original".into(),
        name: Some("shot.jpg".into()),
        media_type: Some("image/jpeg".into()),
        withheld: None,
    }
}

fn record() -> Value {
    json!({"id": ID, "kind": "post", "platform": "instagram", "account": {"handle": "@harbor"}, "url": "https://platform.example/p/1", "method": "manual_screenshot",
        "tool": {"name": "Firefox", "version": "145.0"}, "capturer": {"id": ID, "name": "D. Reyes"}, "basis": {"kind": "not_required"},
        "captured_at": "2026-11-22T14:07:31.120000Z", "received_at": "2026-11-22T14:08:00.000000Z", "text": "only in the report"})
}

/// The names of the fields of a form by their types, and how they are filled.
fn fields(form: &[u8]) -> BTreeMap<String, (String, Option<String>)> {
    let document = Document::load_mem(form).expect("a PDF");
    let catalog = document.catalog().expect("a catalog");
    let form = document.get_dictionary(catalog.get(b"AcroForm").and_then(Object::as_reference).expect("a form"));
    let all = form.and_then(|form| form.get(b"Fields")?.as_array()).expect("fields");
    let read = |field: &Object| {
        let field = document
            .get_dictionary(field.as_reference().expect("a field"))
            .expect("a field");
        let text = |key: &[u8]| {
            let value = field.get(key).ok()?;
            let bytes = value.as_str().or_else(|_| value.as_name()).ok()?;
            Some(String::from_utf8_lossy(bytes).into_owned())
        };
        assert!(
            text(b"TU").is_some_and(|said| !said.is_empty()),
            "a field that nobody is told of"
        );
        (text(b"T").expect("a name"), (text(b"FT").expect("a type"), text(b"V")))
    };
    let read: Vec<_> = all.iter().map(read).collect();
    let names: BTreeSet<&String> = read.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), read.len(), "names are unique");
    read.iter().cloned().collect()
}

/// The letters of a PDF without white space, for hashes are printed in groups.
fn letters(pdf: &[u8]) -> String {
    text_of(pdf).split_whitespace().collect()
}

#[test]
fn drafts_say_what_records_know_and_leave_the_rest_to_be_filled_in() {
    let exhibits = [exhibit(1, record(), vec![original(1)])];
    let head = certified(vec![run("0.1.0", Some(Digest([0xb1; 32])))]);
    for (rule, empty, known) in [
        (
            "902-13",
            34,
            vec![
                "0.1.0".to_owned(),
                "b1".repeat(16),
                "c0".repeat(16),
                "systemclock".into(),
                "ab".repeat(16),
            ],
        ),
        (
            "902-14",
            35,
            vec![
                "ab".repeat(16),
                "data/exhibits/001/01-original.jpg".into(),
                "nevera".into(),
                "07".repeat(16),
            ],
        ),
        ("902-11", 50, vec!["holdsnothingthataplatformreturned".into()]),
    ] {
        let made = shipped(&head, &exhibits, rule);
        sound(&made.flat);
        told("qpdf", &["--check", "PDF"], &made.form);
        let (flat, form) = (letters(&made.flat), letters(&made.form));
        assert_eq!(flat, form, "both copies show the same");
        for word in known {
            assert!(flat.contains(&word), "{rule} lacks {word}");
        }
        for word in [
            "26-004417",
            "DEMO",
            "madeunsigned",
            "underpenaltyofperjuryunderthelawsoftheUnitedStatesofAmerica",
            "perjurythattheforegoing",
        ] {
            assert!(flat.contains(word), "{rule} lacks {word}");
        }
        assert!(!flat.contains("onlyinthereport"), "{rule} quotes a post");
        let fields = fields(&made.form);
        assert_eq!(fields.len(), empty, "{rule}: {fields:?}");
        let filled = fields
            .values()
            .filter(|(_, value)| value.as_deref().is_some_and(|value| value != "Off"));
        assert_eq!(filled.count(), 0, "{rule}: nothing is ticked, and nobody signed");
        for name in [
            "court",
            "docket",
            "name",
            "clause_inside",
            "clause_outside",
            "executed_on",
            "notice_date",
            "objection_date",
        ] {
            assert!(fields.contains_key(name), "{rule} has no field {name}");
        }
        assert_eq!(fields["signature"].0, "Sig");
    }
    let text = letters(&shipped(&head, &exhibits, "902-13").flat);
    // An account is a fact that the page showed, and never an author.
    assert!(
        text.contains("@harbor") && text.contains("PostonInstagram") && !text.contains("by@harbor"),
        "{text}"
    );
    for word in [
        "D.Reyes",
        "Firefox145.0",
        "Manualscreenshot",
        "Notrecorded",
        "EgressIPaddress",
        "Whowroteorpostedanything",
    ] {
        assert!(text.contains(word), "{word}");
    }
}

#[test]
fn what_no_record_knows_is_an_empty_line() {
    let exhibits = [exhibit(1, json!({"kind": "post"}), vec![])];
    let known = fields(&shipped(&certified(vec![run("0.1.0", None)]), &exhibits, "902-13").form);
    let unknown = fields(&shipped(&certified(vec![]), &exhibits, "902-13").form);
    let more = |name: &str| (unknown.contains_key(name), known.contains_key(name));
    assert_eq!(
        (more("product"), more("build"), more("clock_source")),
        ((true, false), (true, true), (true, false))
    );
    let text = letters(
        &shipped(
            &certified(vec![run("0.1.0", None), run("0.2.0", None)]),
            &exhibits,
            "902-13",
        )
        .flat,
    );
    assert!(text.contains("Theseran:") && text.contains("Casetrail0.2.0"), "{text}");
}

#[test]
fn what_a_platform_returned_is_its_custodians_to_certify() {
    let mut returned = record();
    returned["method"] = json!("platform_return");
    let exhibits = [
        exhibit(1, record(), vec![original(1)]),
        exhibit(2, returned, vec![original(2)]),
    ];
    let head = certified(vec![]);
    let text = |rule| letters(&shipped(&head, &exhibits, rule).flat);
    assert!(text("902-11").contains("aplatformreturnedExhibit2ofthispacket"));
    let own = text("902-13");
    assert!(
        own.contains("returnedthemfromitsownrecords:Exhibit2.") && !own.contains("Exhibit2.Post"),
        "{own}"
    );
    assert!(
        text("902-14").contains("data/exhibits/002/01-original.jpg"),
        "a copy all the same"
    );
}

#[test]
fn hostile_text_is_letters_and_the_same_input_gives_the_same_bytes() {
    let exhibits: Vec<Exhibit> = (1..)
        .zip(HOSTILE)
        .map(|(n, text)| {
            let mut file = original(n);
            file.name = Some((*text).into());
            let mut shown = exhibit(n, hostile_record(text), vec![file]);
            shown.title = Some((*text).into());
            shown
        })
        .collect();
    let head = certified(vec![run("0.1.0", None)]);
    for rule in CERTIFICATE_RULES {
        let (made, again) = (shipped(&head, &exhibits, rule), shipped(&head, &exhibits, rule));
        sound(&made.flat);
        told("qpdf", &["--check", "PDF"], &made.form);
        assert!(
            made.flat == again.flat && made.form == again.form,
            "{rule}: other bytes"
        );
        let text = text_of(&made.flat);
        assert!(!text.contains("root:"), "{rule}: a file of the system was read");
        if rule != "902-11" {
            for shown in ["#panic()", "$x^2$", "U+202E", "U+E000"] {
                assert!(text.contains(shown), "{rule} lacks {shown}");
            }
        }
    }
}

#[test]
fn many_exhibits_have_several_certificates_each_whole() {
    let exhibits: Vec<Exhibit> = (1..=260)
        .map(|n| exhibit(n, json!({"kind": "photo"}), vec![original(n)]))
        .collect();
    let made = drafts(&certified(vec![]), &exhibits, ("902-14", &Templates::shipped())).expect("drafts");
    assert_eq!(made.len(), 2);
    let texts: Vec<String> = made.iter().map(|copies| letters(&copies.flat)).collect();
    assert!(texts[0].contains("Certificate1of2ofthispacket") && texts[1].contains("Certificate2of2ofthispacket"));
    assert!(texts[0].contains("data/exhibits/250/") && !texts[0].contains("data/exhibits/251/"));
    assert!(texts[1].contains("data/exhibits/260/") && texts[1].contains("Declaration(28U.S.C."));
}

/// The shipped templates with one more, or another one.
fn edited(name: &str, change: impl FnOnce(&str) -> String) -> Templates {
    let mut files: BTreeMap<String, Vec<u8>> = SHIPPED
        .iter()
        .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
        .collect();
    let before = files
        .get(name)
        .map_or(String::new(), |bytes| String::from_utf8_lossy(bytes).into_owned());
    files.insert(name.into(), change(&before).into_bytes());
    Templates::of("certificates/oregon".into(), files).expect("templates")
}

#[test]
fn counsel_edits_words_and_a_mistake_names_file_line_and_way_out() {
    let head = certified(vec![]);
    let made = |templates: &Templates| drafts(&head, &[], ("902-13", templates));
    let words = edited("902-13.typ", |text| {
        text.replace("#declarant()", "#declarant()\nUnder ORS 40.510.")
    });
    assert!(text_of(&made(&words).expect("drafts")[0].flat).contains("Under ORS 40.510."));
    assert_ne!(
        words.digests()["902-13.typ"],
        Templates::shipped().digests()["902-13.typ"]
    );
    // A file of the folder may be read: a seal, a further template.
    let beside = edited("902-13.typ", |text| format!("{text}\n#include \"more.typ\""));
    let told = made(&beside).expect_err("a missing file").to_string();
    assert!(told.contains("more.typ"), "{told}");
    let line = |text: &str| text.lines().count() + 1;
    let at = line(SHIPPED[1].1);
    for (name, wrong, says) in [
        (
            "902-13.typ",
            "#frobnicate()",
            format!("902-13.typ line {at}: unknown variable: frobnicate"),
        ),
        (
            "902-13.typ",
            "#let x = (",
            format!("902-13.typ line {at}: unclosed delimiter"),
        ),
        (
            "902-13.typ",
            "#read(\"/etc/passwd\")",
            format!("902-13.typ line {at}: file not found"),
        ),
        (
            "902-13.typ",
            "#read(\"../../etc/passwd\")",
            format!("902-13.typ line {at}: "),
        ),
        (
            "902-13.typ",
            "#import \"@preview/x:1.0.0\": y",
            format!("902-13.typ line {at}: "),
        ),
        (
            "902-13.typ",
            "#eval(\"1 + 1\")",
            format!("902-13.typ line {at}: expected function, found none"),
        ),
        ("902-13.typ", "#std.eval(\"1 + 1\")", format!("902-13.typ line {at}: ")),
        (
            "902-13.typ",
            "#field(\"court\", \"Court\")",
            "two fields have the key court: give each its own".into(),
        ),
        ("902-13.typ", "\u{e123}", "no font has a sign for U+E123".into()),
        (
            "certificate.typ",
            "#let said(..p) = panic(\"x\")",
            "certificate.typ line".into(),
        ),
    ] {
        let told = made(&edited(name, |text| format!("{text}{wrong}\n")))
            .expect_err(wrong)
            .to_string();
        let whole = format!("{}: {says}", "could not be made from certificates/oregon");
        let found = told.contains(&whole) || (name == "certificate.typ" && told.contains(&says));
        assert!(found, "{wrong}: {told}");
        assert!(told.contains("casetrail certificates check"), "{told}");
    }
    let files = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), Vec::new())).collect();
    let lacking = Templates::of("certificates/oregon".into(), files(&["902-11.typ", "902-13.typ"]));
    assert!(
        lacking
            .expect_err("no 902-14")
            .to_string()
            .contains("has no file 902-14.typ")
    );
    let taken = Templates::of(
        "x".into(),
        files(&["902-11.typ", "902-13.typ", "902-14.typ", "style.typ"]),
    );
    assert!(taken.expect_err("a taken name").to_string().contains("rename it"));
}

#[test]
fn a_sample_shows_every_draft() {
    let made = sample_certificates(&Templates::shipped(), &fonts()).expect("drafts");
    let paths: Vec<&str> = made.iter().map(|(path, _)| &**path).collect();
    let named = [
        "902-11-form",
        "902-11",
        "902-13-form",
        "902-13",
        "902-14-form",
        "902-14",
    ];
    assert_eq!(paths, named.map(|name| format!("data/certificates/{name}.pdf")));
    let wrong = edited("902-14.typ", |text| format!("{text}#d.exhibits.first().no"));
    let told = sample_certificates(&wrong, &fonts())
        .map(|_| ())
        .expect_err("fails without exhibits")
        .to_string();
    assert!(told.contains("902-14.typ line"), "{told}");
}
