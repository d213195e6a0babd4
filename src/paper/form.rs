//! Form fields on a certificate: a template leaves the place of every empty line in the document, and a field is laid there.
//! Typst writes no forms.

use std::collections::HashSet;

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};
use typst::foundations::{Dict, FromValue, Label, Selector, Str};
use typst::introspection::{Introspector, MetadataElem};
use typst::utils::PicoStr;
use typst_layout::PagedDocument;

/// The label with which a template leaves a place.
const LABEL: &str = "field";
/// The flag of an annotation that is printed.
const PRINTED: i64 = 4;
/// The flag of a text field with several lines (ISO 32000-1, 12.7.4.3).
const MULTILINE: i64 = 1 << 12;
/// How letters look that somebody types: nine points, black.
const LOOK: &str = "/Helv 9 Tf 0 g";
/// The same in a field of one line: as large as fits its height and the length of what is typed.
const LOOK_OF_ONE_LINE: &str = "/Helv 0 Tf 0 g";
/// A cross in a box of ten points.
const CROSS: &[u8] = b"q 1.2 w 2 2 m 8 8 l 2 8 m 8 2 l S Q";

/// What is typed into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FieldKind {
    Text,
    Lines,
    Tick,
    Signature,
}

/// A field in its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PlacedField {
    key: String,
    /// What a reader is told that it is.
    label: String,
    kind: FieldKind,
    /// The page, from 1.
    page: u32,
    /// Left, bottom, right, top, in points from the page's lower left corner.
    place: [f32; 4],
}

/// The fields that the templates left, in their order.
///
/// # Errors
/// Where a template left a place that is none, or gave one key to two fields: they would be one field.
pub(super) fn placed(document: &PagedDocument) -> Result<Vec<PlacedField>, String> {
    let label = Label::new(PicoStr::intern(LABEL)).ok_or("no label")?;
    let found = document.introspector().query(&Selector::Label(label));
    let left = found.iter().filter_map(|content| content.to_packed::<MetadataElem>());
    let mut keys = HashSet::new();
    left.map(|left| {
        let told = Dict::from_value(left.value.clone()).map_err(|e| e.message().to_string())?;
        let field = read(document, &told).ok_or_else(|| format!("<{LABEL}> is no place of a form field: {told:?}"))?;
        match keys.insert(field.key.clone()) {
            true => Ok(field),
            false => Err(format!("two fields have the key {}: give each its own", field.key)),
        }
    })
    .collect()
}

fn read(document: &PagedDocument, told: &Dict) -> Option<PlacedField> {
    fn value<T: FromValue>(told: &Dict, name: &str) -> Option<T> {
        T::from_value(told.get(name).ok()?.clone()).ok()
    }
    let text = |name: &str| value::<Str>(told, name).map(|text| text.to_string());
    let number = |name: &str| value::<f64>(told, name);
    let page: usize = value(told, "page")?;
    let height = document.pages().get(page.checked_sub(1)?)?.frame.height().to_pt();
    let (x, y, w, h) = (number("x")?, number("y")?, number("w")?, number("h")?);
    let place = [x, height - y - h, x + w, height - y];
    Some(PlacedField {
        key: text("key").filter(|key| !key.is_empty() && !key.contains('.'))?,
        label: text("label")?,
        kind: match (text("kind")?.as_str(), value(told, "multiline")?) {
            ("text", false) => FieldKind::Text,
            ("text", true) => FieldKind::Lines,
            ("check", _) => FieldKind::Tick,
            ("signature", _) => FieldKind::Signature,
            _ => return None,
        },
        page: u32::try_from(page).ok()?,
        // Points of a page: a number of this size loses nothing that a printer shows.
        place: place.map(|points| points as f32),
    })
}

/// Lays the fields on the pages of a PDF.
///
/// # Errors
/// Where the PDF cannot be read, or written again.
pub(super) fn fillable(pdf: &[u8], fields: &[PlacedField]) -> Result<Vec<u8>, String> {
    let told = |e: lopdf::Error| format!("a form could not be laid: {e}");
    let mut document = Document::load_mem(pdf).map_err(told)?;
    let pages = document.get_pages();
    let font = document.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "Encoding" => "WinAnsiEncoding",
    });
    let letters = dictionary! { "Font" => dictionary! { "Helv" => font } };
    let mut all = Vec::with_capacity(fields.len());
    for field in fields {
        let page = *pages.get(&field.page).ok_or("a field on a page that is not there")?;
        let widget = widget(&mut document, field, (page, &letters));
        let id = document.add_object(widget);
        annotate(&mut document, page, id).map_err(told)?;
        all.push(Object::Reference(id));
    }
    let form = document.add_object(dictionary! {
        "Fields" => all,
        "DA" => Object::string_literal(LOOK),
        "DR" => letters,
        // Whoever opens it draws what is typed.
        "NeedAppearances" => true,
    });
    document.catalog_mut().map_err(told)?.set("AcroForm", form);
    let mut out = Vec::with_capacity(pdf.len());
    document.save_to(&mut out).map_err(|e| e.to_string())?;
    Ok(out)
}

fn widget(document: &mut Document, field: &PlacedField, (page, letters): (ObjectId, &Dictionary)) -> Dictionary {
    let [left, bottom, right, top] = field.place;
    let mut widget = dictionary! {
        "Type" => "Annot", "Subtype" => "Widget",
        "Rect" => vec![left.into(), bottom.into(), right.into(), top.into()],
        "F" => PRINTED, "P" => page,
        "T" => text(&field.key), "TU" => text(&field.label),
    };
    let shape = |content: &[u8]| {
        let bounds: Vec<Object> = vec![0.into(), 0.into(), (right - left).into(), (top - bottom).into()];
        let form = dictionary! { "Type" => "XObject", "Subtype" => "Form", "BBox" => bounds };
        Stream::new(form, content.to_vec())
    };
    match field.kind {
        FieldKind::Tick => {
            let (on, off) = (document.add_object(shape(CROSS)), document.add_object(shape(b"")));
            widget.set("FT", "Btn");
            widget.set("V", "Off");
            widget.set("AS", "Off");
            widget.set("AP", dictionary! { "N" => dictionary! { "Yes" => on, "Off" => off } });
        }
        FieldKind::Signature => widget.set("FT", "Sig"),
        FieldKind::Text | FieldKind::Lines => {
            // Some programs draw what is typed with the letters that the empty shape names.
            let mut empty = shape(b"");
            empty.dict.set("Resources", letters.clone());
            let empty = document.add_object(empty);
            widget.set("FT", "Tx");
            let look = match field.kind {
                FieldKind::Lines => LOOK,
                _ => LOOK_OF_ONE_LINE,
            };
            widget.set("DA", Object::string_literal(look));
            widget.set("AP", dictionary! { "N" => empty });
        }
    }
    if field.kind == FieldKind::Lines {
        widget.set("Ff", MULTILINE);
    }
    widget
}

/// Puts an annotation on a page, behind those that are there.
fn annotate(document: &mut Document, page: ObjectId, widget: ObjectId) -> Result<(), lopdf::Error> {
    let there = document.get_dictionary(page)?.get(b"Annots").ok().cloned();
    let mut all = match there {
        Some(Object::Reference(id)) => document.get_object(id)?.as_array()?.clone(),
        Some(Object::Array(all)) => all,
        _ => Vec::new(),
    };
    all.push(Object::Reference(widget));
    let page = document.get_dictionary_mut(page)?;
    page.set("Annots", all);
    // A person who goes from field to field goes row by row.
    page.set("Tabs", "R");
    Ok(())
}

/// A text of a PDF: UTF-16 where it is not ASCII.
fn text(text: &str) -> Object {
    if text.is_ascii() {
        return Object::string_literal(text);
    }
    let units = text.encode_utf16().flat_map(u16::to_be_bytes);
    let bytes: Vec<u8> = [0xfe, 0xff].into_iter().chain(units).collect();
    Object::String(bytes, lopdf::StringFormat::Hexadecimal)
}
