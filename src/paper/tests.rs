//! Papers of small packets whose texts are as hostile as evidence is. `qpdf` and poppler look at what was made.

mod certificates;

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::process::Command;
use std::sync::Arc;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::*;
use crate::page::Documents;
use crate::pictures::PrintCopy;
use crate::proof::packet::{
    Cut, EVENTS, Exhibit, FileRow, Head, INVENTORY, InventoryRow, PACKET, RECORDS, Requester, Shown, Writer,
};

const ID: &str = "019a8b1e-0000-7000-8000-000000000001";

/// Documents in memory.
struct Memory(BTreeMap<&'static str, Vec<u8>>);

impl Documents for Memory {
    fn read(&mut self, path: &'static str, sink: &mut dyn FnMut(&[u8])) -> std::io::Result<()> {
        sink(&self.0[path]);
        Ok(())
    }
}

fn head() -> Head {
    Head {
        duplicates: None,
        profiles: None,
        id: ID.into(),
        name: "26-004417-20261122T140731Z".into(),
        purpose: "discovery".into(),
        recipient: None,
        requested_by: Requester {
            id: ID.into(),
            name: "P. Ros".into(),
        },
        requested_at: "2026-11-22T14:07:31.120000Z".into(),
        cut: Cut {
            stream: format!("case:{ID}"),
            seq: 12,
            leaf: Digest([7; 32]),
        },
        origin: format!("casetrail.demo/{ID}"),
        product: "casetrail 0.1.0".into(),
        demo: true,
        papers: Some(3),
        pages: Some("2".into()),
        exhibit_list: None,
        supplement_of: None,
        pdf: None,
    }
}

fn exhibit(number: u32, record: Value, files: Vec<FileRow>) -> Exhibit {
    Exhibit {
        duplicates: None,
        unfit: None,
        exhibit: number,
        capture: format!("capture-{number}"),
        item: number.into(),
        leaf: Digest([1; 32]),
        record,
        current: None,
        examination: None,
        events: vec![],
        files,
        since: None,
        number: None,
        title: None,
        description: None,
        redactions: None,
    }
}

fn documents(case: Value, exhibits: &[Exhibit], others: usize) -> Memory {
    documents_of(&head(), case, (exhibits, others))
}

fn documents_of(head: &Head, case: Value, (exhibits, others): (&[Exhibit], usize)) -> Memory {
    let mut packet = Writer::new();
    packet.value("packet", head).expect("a head");
    let leaf = Digest([2; 32]);
    packet.value("case", &Shown { leaf, record: case }).expect("a case");
    for section in ["subjects", "accounts", "authorizations"] {
        packet.rows::<Value>(section, []).expect("rows");
    }
    packet.rows("exhibits", exhibits).expect("exhibits");
    let row = |n: usize, status: &str| InventoryRow {
        id: format!("capture-{n}"),
        item: n as u64,
        kind: "post".into(),
        captured_at: None,
        status: status.into(),
        why: None,
        description: None,
        excluded: None,
    };
    let shown = (1..=exhibits.len()).map(|n| row(n, "included"));
    let held = (exhibits.len() + 1..=exhibits.len() + others).map(|n| row(n, "held"));
    let mut inventory = Writer::new();
    inventory.rows("captures", shown.chain(held)).expect("rows");
    let (packet, inventory) = (packet.finish(), inventory.finish());
    Memory(BTreeMap::from([
        (PACKET, packet),
        (INVENTORY, inventory),
        (EVENTS, vec![]),
        (RECORDS, vec![]),
    ]))
}

fn case() -> Value {
    json!({"id": ID, "number": "26-004417", "title": "Missing, ferry terminal", "kind": "missing_person", "handling": "restricted",
        "time_zone": "America/New_York", "opened_at": "2026-11-20T08:00:00.000000Z", "status": "open"})
}

/// Report and exhibits, all volumes.
fn papers_of(
    documents: &mut Memory,
    (prints, plan): (&Prints, &Plan),
    fonts: &Arc<Fonts>,
) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let means = DraftMeans {
        fonts,
        prints,
        organization: "Harbor unit",
        scratch: Box::new(Cursor::new(Vec::new())),
    };
    let draft = PaperDraft::read(documents, means).expect("a draft");
    let press = Press {
        fonts: fonts.clone(),
        prints,
        draft: &draft,
        plan,
    };
    let report = |volume| press.report(volume, (Digest([9; 32]), 42)).expect("a report");
    let exhibits = |volume| press.exhibits(volume).expect("exhibits");
    (
        plan.report.iter().map(report).collect(),
        plan.exhibits.iter().map(exhibits).collect(),
    )
}

fn fonts() -> Arc<Fonts> {
    FontShelf::default().take().expect("fonts")
}

fn no_prints() -> Prints {
    Prints::new(Box::new(Cursor::new(Vec::new())))
}

/// What a program says of a PDF on its standard output; fails where the program does.
fn told(program: &str, args: &[&str], pdf: &[u8]) -> String {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(pdf).expect("written");
    let path = file.path().to_str().expect("a path");
    let args: Vec<&str> = args.iter().map(|arg| if *arg == "PDF" { path } else { *arg }).collect();
    let made = Command::new(program).args(&args).output();
    let made = made.unwrap_or_else(|e| panic!("{program} is needed; .ci/setup installs it: {e}"));
    let said = String::from_utf8_lossy(&made.stdout).into_owned();
    assert!(
        made.status.success(),
        "{program}: {said} {}",
        String::from_utf8_lossy(&made.stderr)
    );
    said
}

fn sound(pdf: &[u8]) {
    let said = told("qpdf", &["--check", "PDF"], pdf);
    assert!(said.contains("No syntax or stream encoding errors found"), "{said}");
    let fonts = told("pdffonts", &["PDF"], pdf);
    // The columns at the end are emb, sub, uni, object.
    for line in fonts.lines().skip(2) {
        let columns: Vec<&str> = line.split_whitespace().rev().collect();
        assert_eq!(columns[4], "yes", "not embedded: {line}");
    }
}

fn text_of(pdf: &[u8]) -> String {
    told("pdftotext", &["-layout", "PDF", "-"], pdf)
}

/// Texts that would do something if anything read them as more than letters.
const HOSTILE: &[&str] = &[
    "typst: #panic() $x^2$ *bold* _it_ `raw` @ref <label> #read(\"/etc/passwd\") \\ // [content]; <script>alert(1)</script> &amp;",
    "#import \"@preview/x:1.0.0\": *\n#include \"/etc/passwd\"\n= Heading\n- list\n+ sum ${",
    "before\u{0}NUL\u{7}BEL\u{8}BS\u{1b}[31mESC\u{7f}DEL after\u{85}next line; override \u{202e}gpj.exe\u{202c} end; isolate \u{2066}x\u{2069}",
    "zero width \u{200b}\u{200c}\u{200d}|\u{feff}|; lone mark \u{301} and \u{93f}; private \u{e000} \u{f1234}; unassigned \u{378}; plane 16 \u{10fffd}; tag \u{e0041}",
    "\u{301}\u{300} \u{fffe}\u{ffff} \u{1fffe} \u{fdd0} \u{2028}\u{2029} filler \u{3164}; rare \u{2f81a}\u{13000}; object \u{fffc}",
    "stacked Z\u{337}\u{321}\u{332}\u{354}\u{30f}\u{353}\u{301}\u{302}\u{303}a\u{336}\u{34e}\u{329}\u{33f}\u{300}\u{304}l\u{338}\u{324}\u{304}go",
    "شوهدت الفتاة قرب محطة العبّارات الساعة 9:47 مساءً (green jacket). من يعرفها؟ \u{200f}#ميناء\nראיתי אותה ליד המעבורת בשעה 21:47, שָׁלוֹם @harborlight_77",
    "今晚九点四十七分在码头看到这个女孩\n今夜21時47分、フェリー乗り場で\n오늘 밤 9시 47분쯤 여객선 터미널에서",
    "आज रात ९:४७ बजे फ़ेरी टर्मिनल क्षत्रिय\nเมื่อคืนเห็นเด็กผู้หญิงคนนี้ที่ท่าเรือ\nஇன்று இரவு படகு\nয়েটিকে দেখেছি\nဒီည ကူးတို့ဆိပ်\nយប់នេះខ្ញុំ",
    "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{1f3f3}\u{fe0f}\u{200d}\u{1f308} \u{1f1fa}\u{1f1f8} 1\u{fe0f}\u{20e3} \u{2764}\u{fe0f}\u{200d}\u{1f525} \u{2665} \u{2665}\u{fe0f} \u{1f3f4}\u{e0067}\u{e0062}\u{e007f} \u{1fae9}",
    "\u{1f1fa} \u{200d} \u{fe0f} \u{20e3} \u{1f3fb} \u{200d}\u{1f469}",
];

fn hostile_record(text: &str) -> Value {
    json!({"id": ID, "kind": "post", "platform": "instagram", "text": text, "url": text, "note": text, "platform_time_text": text,
        "account": {"handle": text, "platform_id": text}, "capturer": {"id": ID, "name": text}, "basis": {"kind": "exception", "reason": text},
        "captured_at": "2026-11-22T14:07:31.120000Z", "received_at": "2026-11-22T14:08:00.000000Z", "flags": [text],
        "coverage": [{"rule": "platform", "passed": false, "why": text}]})
}

#[test]
fn hostile_text_is_printed_as_letters() {
    let fonts = fonts();
    let mut exhibits: Vec<Exhibit> = (1..)
        .zip(HOSTILE)
        .map(|(n, text)| exhibit(n, hostile_record(text), vec![]))
        .collect();
    let withheld = FileRow {
        path: None,
        sha256: Digest([3; 32]),
        size: 1234,
        role: "original".into(),
        name: Some(HOSTILE[2].into()),
        media_type: Some("image/jpeg".into()),
        withheld: Some(json!({"reason": "may not be copied", "referral": HOSTILE[0]})),
    };
    exhibits[0].files.push(withheld);
    let mut case = case();
    case["title"] = json!(HOSTILE[2]);
    let plan = Plan::of(&vec![Load::default(); exhibits.len()], 2);
    let (report, sheets) = papers_of(&mut documents(case, &exhibits, 2), (&no_prints(), &plan), &fonts);
    for pdf in report.iter().chain(&sheets) {
        sound(pdf);
    }
    let text = text_of(&report[0]);
    for shown in [
        "#panic()",
        "$x^2$",
        "#read(",
        "U+202E",
        "U+E000",
        "U+FEFF",
        "U+0000",
        "NOT COVERED",
        "DEMO",
        "RESTRICTED HANDLING",
        "may not be copied",
    ] {
        assert!(text.contains(shown), "{shown} is not in the report");
    }
    assert!(!text.contains("root:"), "a file of the system was read");
    let mut evidence = text.chars().filter(char::is_ascii_hexdigit).collect::<String>();
    evidence.retain(|c| c != ' ');
    assert!(evidence.contains(&"09".repeat(32)), "the evidence hash is in it");
    let sheets = text_of(&sheets[0]);
    // Letters that are set apart come out apart.
    let stamped: String = sheets.split_whitespace().collect();
    assert!(stamped.contains("EXHIBIT"), "{sheets}");
    for hidden in ["Captured", "26-004417", "SHA-256", "Custody"] {
        assert!(!sheets.contains(hidden), "a jury reads {hidden}");
    }
}

#[test]
fn unicode_at_random_never_stops_a_paper() {
    let fonts = fonts();
    let texts = proptest::collection::vec(
        "\\PC{0,30}|[\\x00-\\x{10FFFF}]{0,40}|[\\u{300}-\\u{36f}\\u{900}-\\u{dff}\\u{200b}-\\u{206f}]{0,40}",
        30,
    );
    let mut runner = TestRunner::deterministic();
    for _ in 0..4 {
        let texts = texts.new_tree(&mut runner).expect("texts").current();
        let exhibits: Vec<Exhibit> = (1..)
            .zip(&texts)
            .map(|(n, text)| exhibit(n, json!({"kind": "post", "text": text}), vec![]))
            .collect();
        let plan = Plan::of(&vec![Load::default(); exhibits.len()], 0);
        let (report, _) = papers_of(&mut documents(case(), &exhibits, 0), (&no_prints(), &plan), &fonts);
        sound(&report[0]);
    }
}

#[test]
fn a_post_of_20_000_characters_flows_and_the_same_input_gives_the_same_bytes() {
    let fonts = fonts();
    let (mut text, mut n) = (String::new(), 0);
    while text.chars().count() < 19_000 {
        n += 1;
        text += &format!(
            "{n}. saw her walking toward the lot late at night, nobody asked. {}\n",
            HOSTILE[n % HOSTILE.len()]
        );
    }
    text += &"x".repeat(900);
    // More long words on a line than functions may call themselves.
    text += &format!(
        "\n{}",
        "https://www.platform.example/watch?v=0123456789abcdef ".repeat(120)
    );
    let exhibits = [exhibit(1, json!({"kind": "post", "text": text}), vec![])];
    let plan = Plan::of(&[Load::default()], 0);
    let made = || papers_of(&mut documents(case(), &exhibits, 0), (&no_prints(), &plan), &fonts);
    let (first, second) = (made(), made());
    sound(&first.0[0]);
    assert!(first == second, "the same documents gave other bytes");
    let pages = told("pdfinfo", &["PDF"], &first.0[0]);
    let pages = pages
        .lines()
        .find_map(|line| line.strip_prefix("Pages:"))
        .map(str::trim)
        .and_then(|n| n.parse::<u32>().ok());
    assert!(pages > Some(12), "{pages:?} pages");
    assert!(
        text_of(&first.0[0]).contains(&format!("{n}. saw her")),
        "the end of the text is there"
    );
}

/// A JPEG of one grey pixel, with a place in its Exif: a decoder would have removed it.
fn jpeg() -> Vec<u8> {
    let mut bytes = Vec::new();
    let grey = image::DynamicImage::ImageRgb8(image::RgbImage::from_pixel(40, 30, image::Rgb([90, 90, 90])));
    let encoder = image::codecs::jpeg::JpegEncoder::new(&mut bytes);
    grey.write_with_encoder(encoder).expect("a JPEG");
    bytes
}

#[test]
fn a_long_report_comes_in_volumes() {
    let (fonts, mut prints, mut exhibits, mut loads) = (fonts(), no_prints(), vec![], vec![]);
    let copy = PrintCopy {
        of: (400, 300),
        size: (40, 30),
        jpeg: jpeg(),
        in_part: false,
        second: None,
    };
    for n in 1..=130 {
        let file = FileRow {
            path: Some(format!("data/exhibits/{n:03}/01-original.jpg")),
            sha256: Digest([3; 32]),
            size: 1234,
            role: "original".into(),
            name: None,
            media_type: Some("image/jpeg".into()),
            withheld: None,
        };
        prints.add((n, 1), &copy).expect("kept");
        loads.push(Load {
            pictures: 1,
            bytes: copy.jpeg.len() as u64,
            text: 4,
            files: 1,
        });
        exhibits.push(exhibit(
            n,
            json!({"kind": "photo", "text": format!("Nr {n}.")}),
            vec![file],
        ));
    }
    let plan = Plan::of(&loads, 1);
    let (report, sheets) = papers_of(&mut documents(case(), &exhibits, 1), (&prints, &plan), &fonts);
    assert_eq!((report.len(), sheets.len()), (2, 2));
    report.iter().chain(&sheets).for_each(|pdf| sound(pdf));
    let [first, second] = [0, 1].map(|n| text_of(&report[n]));
    assert!(first.contains("Volume 1 of 2") && second.contains("Volume 2 of 2"));
    assert!(first.contains("Nr 125.") && !first.contains("Nr 126.") && second.contains("Nr 130."));
    assert!(first.contains("Index of exhibits") && first.contains("vol. 2"));
    assert!(second.contains("How to check this packet") && second.contains("What is withheld"));
    let pictures = |pdf: &[u8]| told("pdfimages", &["-list", "PDF"], pdf).lines().skip(2).count();
    assert_eq!((pictures(&sheets[0]), pictures(&sheets[1])), (125, 5));
}
