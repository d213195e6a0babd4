//! Redactions of PDFs: a copy that is made of pictures of the pages, without a trace of what is under a box.

use std::process::Command;

use image::RgbImage;
use lopdf::{Document, Object, Stream, dictionary};
use serde_json::{Value, json};

use crate::both_databases;
use crate::derivatives::{file_of, holds, logged, path};
use crate::kit::browser::Browser;
use crate::kit::{App, Case};
use crate::packets::{ask, download, ready, unpack, verifies};

/// A PDF of so many pages of 4 by 2 inches, the left half of each red, with a name on each and everywhere else.
fn document(pages: usize) -> Vec<u8> {
    let mut pdf = Document::with_version("1.7");
    let tree = pdf.new_object_id();
    let font = pdf.add_object(dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica" });
    let draw = "0.8 0 0 rg 0 0 144 144 re f 0 g BT /F 24 Tf 20 60 Td (Anna Kowal) Tj ET";
    let content = pdf.add_object(Stream::new(dictionary! {}, draw.into()));
    let attached = pdf.add_object(Stream::new(
        dictionary! { "Type" => "EmbeddedFile" },
        b"Anna Kowal in a file".to_vec(),
    ));
    let named = pdf.add_object(
        dictionary! { "Type" => "Filespec", "F" => Object::string_literal("anna.txt"), "EF" => dictionary! { "F" => attached } },
    );
    let note = pdf.add_object(dictionary! {
        "Type" => "Annot", "Subtype" => "Text", "Rect" => vec![150.into(), 10.into(), 170.into(), 30.into()],
        "Contents" => Object::string_literal("Anna Kowal in a note"),
    });
    let kids: Vec<Object> = (0..pages)
        .map(|_| {
            let page = dictionary! {
                "Type" => "Page", "Parent" => tree, "Contents" => content, "Annots" => vec![note.into()],
                "MediaBox" => vec![0.into(), 0.into(), 288.into(), 144.into()],
                "Resources" => dictionary! { "Font" => dictionary! { "F" => font } },
            };
            pdf.add_object(page).into()
        })
        .collect();
    let count = i64::try_from(pages).unwrap();
    pdf.objects.insert(
        tree,
        dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count }.into(),
    );
    let files = dictionary! { "Names" => vec![Object::string_literal("anna.txt"), named.into()] };
    let root = pdf.add_object(
        dictionary! { "Type" => "Catalog", "Pages" => tree, "Names" => dictionary! { "EmbeddedFiles" => files } },
    );
    let info = pdf.add_object(dictionary! { "Author" => Object::string_literal("Anna Kowal") });
    pdf.trailer.set("Root", root);
    pdf.trailer.set("Info", info);
    let mut bytes = Vec::new();
    pdf.save_to(&mut bytes).unwrap();
    bytes
}

fn page_box(page: u32, [x, y, width, height]: [u32; 4]) -> Value {
    json!({"page": page, "x": x, "y": y, "width": width, "height": height})
}

/// The pictures of which a copy is made; whatever else lies in it fails.
fn pictures(bytes: &[u8]) -> Vec<RgbImage> {
    let pdf = Document::load_mem(bytes).unwrap();
    let kind = |object: &Object| match object {
        Object::Stream(stream) if stream.dict.has_type(b"XObject") => "picture",
        Object::Stream(stream) if stream.dict.has_type(b"XRef") => "places",
        Object::Stream(stream) if stream.dict.len() <= 1 => "content",
        Object::Dictionary(dict) if dict.has_type(b"Page") && dict.get(b"Annots").is_err() => "page",
        Object::Dictionary(dict) if dict.has_type(b"Pages") => "pages",
        Object::Dictionary(dict) if dict.has_type(b"Catalog") && dict.len() == 2 => "catalog",
        other => panic!("{other:?} lies in the copy"),
    };
    for object in pdf.objects.values() {
        kind(object);
    }
    assert!(pdf.trailer.get(b"Info").is_err());
    let page = |id| {
        let page = pdf.get_dictionary(id).unwrap();
        let drawn = pdf.get_dict_in_dict(page, b"Resources").unwrap();
        let drawn = drawn.get(b"XObject").unwrap().as_dict().unwrap();
        let (_, object) = pdf.dereference(drawn.get(b"P").unwrap()).unwrap();
        image::load_from_memory(&object.as_stream().unwrap().content)
            .unwrap()
            .to_rgb8()
    };
    pdf.get_pages().into_values().map(page).collect()
}

fn redact(app: &App, made: &Value, boxes: Value) -> Value {
    let wanted = json!({"file": made["files"][0]["sha256"], "boxes": boxes, "reason": "a bystander"});
    app.lead.post(&path(made, "redactions"), wanted).is(201)
}

fn case(app: &App) -> Case {
    let case = app.case();
    app.leave(&case);
    case
}

both_databases!(a_copy_of_a_pdf_is_made_of_pictures_with_filled_boxes);
fn a_copy_of_a_pdf_is_made_of_pictures_with_filled_boxes(app: &App) {
    let case = case(app);
    let pdf = document(3);
    assert!(holds(&pdf, b"Anna Kowal in a note"));
    let made = logged(app, &case, "letter.pdf", &pdf);
    // The left third of the first page, and the whole last one.
    let boxes = json!([page_box(1, [0, 0, 200, 300]), page_box(3, [0, 0, 600, 300])]);
    let derivative = redact(app, &made, boxes.clone());
    let size = json!({"width": 600, "height": 300});
    assert_eq!(
        derivative["recipe"],
        json!({"pages": [size, size, size], "dpi": 150, "boxes": boxes})
    );
    assert_eq!(derivative["file"]["media_type"], "application/pdf");
    let bytes = file_of(&app.lead, &made, &derivative);
    for hidden in [&b"Anna"[..], b"Kowal", b"anna", b"Author", b"Helvetica"] {
        assert!(!holds(&bytes, hidden));
    }
    let pages = pictures(&bytes);
    assert_eq!(pages.len(), 3);
    let near = |picture: &RgbImage, (x, y): (u32, u32), colour: [u8; 3]| {
        let pixel = picture.get_pixel(x, y).0;
        pixel.iter().zip(colour).all(|(a, b)| a.abs_diff(b) < 24)
    };
    let (red, black, white) = ([204, 0, 0], [0; 3], [255; 3]);
    assert!(pages.iter().all(|page| page.dimensions() == (600, 300)));
    for (at, colours) in [
        ((20, 20), [black, red, black]),
        ((250, 20), [red, red, black]),
        ((500, 20), [white, white, black]),
    ] {
        for (page, colour) in pages.iter().zip(colours) {
            assert!(
                near(page, at, colour),
                "{at:?}: {:?}, not {colour:?}",
                page.get_pixel(at.0, at.1)
            );
        }
    }
    // Something is written on the second page, and not a letter of it is left where a box is.
    let dark = |page: &RgbImage, xs: std::ops::Range<u32>| {
        let all = xs.flat_map(|x| (100..200).map(move |y| (x, y)));
        all.filter(|(x, y)| page.get_pixel(*x, *y)[0] < 100).count()
    };
    assert!(dark(&pages[1], 0..200) > 200, "nothing is written");
    assert_eq!(dark(&pages[0], 0..198), 198 * 100);
    // It goes into a packet, whose verifiers take it.
    let wanted = json!({"purpose": "discovery", "captures": [made["id"]], "redactions": [derivative["id"]]});
    let packet = ready(&app.exporter, &ask(&app.exporter, &case, wanted));
    let (_folder, file) = download(&app.exporter, &packet);
    verifies(app, &file);
    let whole = std::fs::read(&file).unwrap();
    assert!(holds(&whole, &bytes) && !holds(&whole, b"Kowal") && !holds(&whole, b"letter.pdf"));
    if let Some(top) = unpack(&file) {
        let copy = std::fs::read(top.join("data/exhibits/001/01-derivative.pdf")).unwrap();
        assert_eq!(copy, bytes);
        let page = std::fs::read_to_string(top.join("data/index.html")).unwrap();
        assert!(page.contains("2 boxes filled on 3 pages drawn as pictures"), "{page}");
    }
    app.audit();
}

both_databases!(what_is_no_page_of_a_pdf_is_refused_by_field_and_rule);
fn what_is_no_page_of_a_pdf_is_refused_by_field_and_rule(app: &App) {
    let case = case(app);
    let made = logged(app, &case, "a.pdf", &document(2));
    let picture = logged(
        app,
        &case,
        "a.png",
        &crate::pictures::two_halves(40, 20, image::ImageFormat::Png),
    );
    let broken = logged(
        app,
        &case,
        "b.pdf",
        b"%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 1 0 R >> endobj",
    );
    let long = logged(app, &case, "c.pdf", &document(201));
    let locked = locked(&document(1)).map(|pdf| logged(app, &case, "d.pdf", &pdf));
    let refuse = |of: &Value, boxes: Value, field: &str, rule: &str| {
        let wanted = json!({"file": of["files"][0]["sha256"], "boxes": boxes, "reason": "r"});
        let told = app.lead.post(&path(of, "redactions"), wanted).refuses(422, field, rule);
        told.to_string()
    };
    let one = json!({"x": 0, "y": 0, "width": 4, "height": 4});
    app.leaves_nothing(&case.stream, || {
        let told = refuse(&made, json!([one]), "boxes[0].page", "required");
        assert!(told.contains("from 1 to 2"), "{told}");
        refuse(&made, json!([page_box(0, [0, 0, 4, 4])]), "boxes[0].page", "within");
        refuse(
            &made,
            json!([page_box(2, [0, 0, 4, 4]), page_box(3, [0, 0, 4, 4])]),
            "boxes[1].page",
            "within",
        );
        let told = refuse(&made, json!([page_box(2, [598, 0, 4, 4])]), "boxes[0]", "within");
        assert!(told.contains("page 2, which is 600 × 300"), "{told}");
        refuse(&picture, json!([page_box(1, [0, 0, 4, 4])]), "boxes[0].page", "either");
        refuse(&broken, json!([page_box(1, [0, 0, 4, 4])]), "file", "readable");
        let told = refuse(&long, json!([page_box(1, [0, 0, 4, 4])]), "file", "readable");
        assert!(told.contains("201 pages"), "{told}");
        if let Some(locked) = &locked {
            let told = refuse(locked, json!([page_box(1, [0, 0, 4, 4])]), "file", "readable");
            assert!(told.contains("is encrypted"), "{told}");
        }
    });
}

/// The same with a password, where `qpdf` is there to set one.
fn locked(pdf: &[u8]) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let (open, locked) = (folder.path().join("open.pdf"), folder.path().join("locked.pdf"));
    std::fs::write(&open, pdf).unwrap();
    let done = Command::new("qpdf")
        .args(["--encrypt", "secret", "owner", "256", "--"])
        .args([&open, &locked])
        .status();
    done.ok().filter(std::process::ExitStatus::success)?;
    Some(std::fs::read(locked).unwrap())
}

both_databases!(the_page_shows_one_page_of_a_pdf_at_a_time);
fn the_page_shows_one_page_of_a_pdf_at_a_time(app: &App) {
    let case = case(app);
    let made = logged(app, &case, "a.pdf", &document(2));
    let broken = logged(app, &case, "b.pdf", b"%PDF-1.7 nothing");
    let browser = Browser::signed_in(app, "lead");
    let address = |made: &Value| format!("/captures/{}/redactions", made["id"].as_str().unwrap());
    let sha256 = made["files"][0]["sha256"].as_str().unwrap();
    let form = browser.get(&address(&made)).is(200);
    form.says("Page 1 of 2");
    form.says("600 × 300 pixels");
    let shown = |page: u32| format!("{}/preview?file={sha256}&amp;page={page}", address(&made));
    form.says(&shown(1));
    browser
        .get(&address(&broken))
        .is(200)
        .says("cannot be redacted: the file is damaged");
    let typed = [
        ("file", sha256),
        ("page", "1"),
        ("p1", "1"),
        ("x1", "0"),
        ("y1", "0"),
        ("w1", "200"),
        ("h1", "300"),
        ("reason", "a bystander"),
    ];
    let send = |more: &[(&'static str, &'static str)]| browser.post(&address(&made), &[&typed[..], more].concat());
    let turned = send(&[("turn", "2")]).is(200);
    turned.says("Page 2 of 2");
    turned.says(&shown(2));
    turned.says("value=\"200\"");
    let looked = send(&[
        ("do", "look"),
        ("p2", "2"),
        ("x2", "9"),
        ("y2", "9"),
        ("w2", "9"),
        ("h2", "9"),
    ])
    .is(200);
    for (page, boxes) in [(1, "0,0,200,300"), (2, "9,9,9,9")] {
        let preview = format!("{}/preview?file={sha256}&page={page}&boxes={boxes}", address(&made));
        looked.says(&preview.replace('&', "&#38;"));
        assert_eq!(browser.get(&preview).status, 200);
        let answer = app.lead.get(&format!("/api/v1{preview}"));
        let picture = image::load_from_memory(&answer.body).unwrap().to_rgb8();
        let filled = if page == 1 { (20, 20) } else { (12, 12) };
        assert_eq!(
            (picture.dimensions(), picture.get_pixel(filled.0, filled.1).0),
            ((600, 300), [0; 3])
        );
    }
    send(&[("do", "look"), ("x2", "9")])
        .is(422)
        .says("must have whole numbers: page, left");
    send(&[
        ("do", "make"),
        ("p2", "7"),
        ("x2", "9"),
        ("y2", "9"),
        ("w2", "9"),
        ("h2", "9"),
    ])
    .is(422)
    .says("is no page of the file, which has 2");
    send(&[("do", "make")]).is(303);
    browser
        .get(&format!("/captures/{}", made["id"].as_str().unwrap()))
        .is(200)
        .says("Redaction: 1 box");
}
