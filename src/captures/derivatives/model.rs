//! A derivative as it is recorded, and a redaction as it is asked for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::captures::model::{CaptureKind, FileEntry, FileRole, Tool};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::forms::{Form, REASON};
use crate::identity::Person;
use crate::pictures::PixelBox;
use crate::proof::id::Digest;
use crate::words;

/// Boxes of one redaction at the most.
pub const BOXES: usize = 200;
/// Ranges of a text at the most.
pub const RANGES: usize = 500;
/// Rows of numbers that a page's form has at the most.
pub const ROWS: usize = 60;
/// What stands in the place of a range, however long it is: four full blocks.
pub const BLOT: &str = "████";

words! {
    /// How a derivative was made.
    DerivativeKind {
        /// Parts of it were blotted out.
        Redaction = "redaction",
    }
}

words! {
    /// What of a capture's record a redaction tells beside what it always tells.
    Tellable {
        /// Address as seen, and after redirects.
        Address = "address",
        /// The account.
        Account = "account",
        /// The time of posting, and the time as it was shown.
        Posted = "posted",
        /// The text, with its ranges blotted out.
        Text = "text",
    }
}

/// A part of a text, in characters (code points) from its beginning: the first, and the one after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextRange {
    pub from: u64,
    pub to: u64,
}

/// How a redaction was made: whoever has the parent can make it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// Pixels of the upright picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<PixelSize>,
    /// Pixels of each page of a document, as it was drawn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<PixelSize>,
    /// At how many pixels an inch the pages were drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpi: Option<u32>,
    /// The boxes that were filled, in the pixels of the picture or of their page.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boxes: Vec<PixelBox>,
    /// How many parts of the text were blotted out. Where they stood says the text itself, and how long they were nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blots: Option<usize>,
}

/// The size of a picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PixelSize {
    pub width: u32,
    pub height: u32,
}

impl PixelSize {
    /// Of width and height.
    pub fn of((width, height): (u32, u32)) -> Self {
        Self { width, height }
    }
}

/// The file of a derivative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DerivedFile {
    pub sha256: Digest,
    pub size: u64,
    pub media_type: String,
    /// Digest of the capture's file from which it was made.
    pub parent: Digest,
}

impl DerivedFile {
    /// The same as captures have their files.
    pub fn entry(&self) -> FileEntry {
        FileEntry {
            sha256: self.sha256,
            size: self.size,
            role: FileRole::Derivative,
            name: None,
            media_type: Some(self.media_type.clone()),
            declared_type: None,
            withheld: None,
        }
    }
}

/// What a packet's inventory tells of the capture, as it was recorded at first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DerivedFrom {
    pub id: String,
    pub item: i64,
    pub kind: CaptureKind,
    pub captured_at: Timestamp,
    /// The version of its record from which `told` was taken.
    pub version: i64,
}

/// A derivative: the record of `derivative.made`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derivative {
    pub id: String,
    pub case_id: String,
    pub capture: DerivedFrom,
    pub kind: DerivativeKind,
    /// None where only a text was redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<DerivedFile>,
    pub recipe: Recipe,
    pub tool: Tool,
    pub reason: String,
    pub made_by: Person,
    pub made_at: Timestamp,
    /// What a packet tells of the capture's record in its place.
    pub told: Map<String, Value>,
}

impl Derivative {
    /// What the leaf shows for ever: the capture, and the digests of parent and file.
    pub fn attested(&self) -> Map<String, Value> {
        let mut attest = Map::from_iter([("capture".to_owned(), Value::String(self.capture.id.clone()))]);
        if let Some(file) = &self.file {
            let file = serde_json::json!({"parent": file.parent, "sha256": file.sha256, "size": file.size});
            attest.insert("file".to_owned(), file);
        }
        attest
    }
}

/// A redaction about to be made.
#[derive(Debug, Clone)]
pub struct NewRedaction {
    /// The file of the capture, and the boxes that are filled in it.
    pub file: Option<(Digest, Vec<PixelBox>)>,
    /// The parts of the text that are blotted out, in their order and apart.
    pub ranges: Vec<TextRange>,
    pub tell: BTreeSet<Tellable>,
    pub reason: String,
}

impl NewRedaction {
    /// Reads and checks it, as far as that needs no look at the capture.
    pub fn parse(mut form: Form) -> Result<Self> {
        let file = form
            .filled("file", 64)
            .map(|text| text.to_lowercase().parse::<Digest>());
        let boxes = form.objects("boxes", BOXES, pixel_box);
        let ranges = form.objects("text_ranges", RANGES, |form| TextRange {
            from: must_count(form, "from"),
            to: must_count(form, "to"),
        });
        let tell: BTreeSet<Tellable> = form.words("tell", 10).into_iter().collect();
        let reason = form.required("reason", REASON);
        if let Some(Err(_)) = file {
            form.refuse(
                "file",
                "form",
                "must be the SHA-256 of a file of this capture, 64 hex digits",
            );
        }
        match (&file, boxes.is_empty()) {
            (Some(_), true) if !form.is_refused("boxes") => {
                let message = "names no box: draw or type at least one; what it covers is filled";
                form.refuse("boxes", "not_empty", message);
            }
            (None, false) => form.refuse(
                "file",
                "required",
                "must be given: the file in which the boxes are filled",
            ),
            _ => {}
        }
        if !ranges.is_empty() && !tell.contains(&Tellable::Text) {
            let message = "are given, and the text is not told: name text in tell, or leave the ranges out";
            form.refuse("text_ranges", "either", message);
        }
        if file.is_none() && boxes.is_empty() && !tell.contains(&Tellable::Text) && form.ok() {
            let message = "must be given, with boxes; or tell the text, with ranges";
            form.refuse("file", "required", message);
        }
        check_ranges(&mut form, &ranges);
        form.done()?;
        let file = file.and_then(std::result::Result::ok).map(|sha256| (sha256, boxes));
        Ok(Self {
            file,
            ranges,
            tell,
            reason,
        })
    }

    /// The same from a page, where each box has four fields: `x1`, `y1`, `w1`, `h1`, and `p1` for its page; and each range two, `from1` and `to1`.
    pub fn of_page(mut form: Form) -> Result<Self> {
        form.value("do");
        for shown in ["page", "turn"] {
            form.value(shown);
        }
        let box_fields = [("p", "page"), ("x", "x"), ("y", "y"), ("w", "width"), ("h", "height")];
        let boxes = rows(&mut form, &box_fields);
        form.put_objects("boxes", boxes);
        let ranges = rows(&mut form, &[("from", "from"), ("to", "to")]);
        form.put_objects("text_ranges", ranges);
        Self::parse(form)
    }
}

/// Those rows of numbered fields of which one at least is filled.
fn rows<'n>(form: &mut Form, names: &[(&str, &'n str)]) -> Vec<Vec<(&'n str, String)>> {
    let mut all = Vec::new();
    for row in 1..=ROWS {
        let typed = names.iter().filter_map(|(own, name)| {
            let value = form.value(&format!("{own}{row}"))?;
            Some((*name, value.as_str()?.to_owned()))
        });
        let typed: Vec<_> = typed.collect();
        if !typed.is_empty() {
            all.push(typed);
        }
    }
    all
}

fn must_count(form: &mut Form, field: &str) -> u64 {
    form.must(field, "must be given: a whole number");
    form.count(field).unwrap_or_default()
}

fn pixel_box(form: &mut Form) -> PixelBox {
    let page = form
        .count("page")
        .map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    let mut pixels = |field: &str| {
        let number = must_count(form, field);
        u32::try_from(number).unwrap_or(u32::MAX)
    };
    let (x, y, width, height) = (pixels("x"), pixels("y"), pixels("width"), pixels("height"));
    PixelBox {
        page,
        x,
        y,
        width,
        height,
    }
}

fn check_ranges(form: &mut Form, ranges: &[TextRange]) {
    let mut last = 0;
    for (i, range) in ranges.iter().enumerate() {
        if range.from >= range.to || range.from < last {
            let message = "must hold a character, and begin where the one before ends, or later";
            form.refuse(&format!("text_ranges[{i}]"), "order", message);
        }
        last = range.to;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<NewRedaction> {
        NewRedaction::parse(Form::new(value).expect("an object"))
    }

    fn refused(value: Value) -> Vec<String> {
        let errors = read(value).expect_err("refused").errors;
        errors.into_iter().map(|e| format!("{} {}", e.field, e.rule)).collect()
    }

    #[test]
    fn a_redaction_tells_every_broken_rule() {
        let file = "ab".repeat(32);
        let one = json!({"x": 1, "y": 2, "width": 3, "height": 4});
        let new = read(json!({"file": file, "boxes": [one], "reason": "a face"})).expect("a redaction");
        let boxes = new.file.map(|(_, boxes)| boxes);
        assert_eq!(
            boxes,
            Some(vec![PixelBox {
                page: None,
                x: 1,
                y: 2,
                width: 3,
                height: 4
            }])
        );
        assert_eq!(refused(json!({})), ["reason required"]);
        assert_eq!(refused(json!({"reason": "r"})), ["file required"]);
        assert_eq!(refused(json!({"reason": "r", "file": file})), ["boxes not_empty"]);
        assert_eq!(refused(json!({"reason": "r", "boxes": [one]})), ["file required"]);
        assert_eq!(
            refused(json!({"reason": "r", "file": "x", "boxes": [one]})),
            ["file form"]
        );
        assert_eq!(
            refused(json!({"reason": "r", "file": file, "boxes": [{"x": 1, "y": 2, "width": 3}]})),
            ["boxes[0].height required"]
        );
        let ranges = json!([{"from": 4, "to": 4}, {"from": 6, "to": 9}, {"from": 8, "to": 12}]);
        assert_eq!(
            refused(json!({"reason": "r", "tell": ["text"], "text_ranges": ranges})),
            ["text_ranges[0] order", "text_ranges[2] order"]
        );
        assert_eq!(
            refused(json!({"reason": "r", "text_ranges": [{"from": 1, "to": 2}], "file": file, "boxes": [one]})),
            ["text_ranges either"]
        );
    }

    #[test]
    fn a_page_s_rows_are_boxes_and_empty_ones_none() {
        let file = "cd".repeat(32);
        let pairs = format!("file={file}&x1=&y1=&w1=&h1=&x2=10&y2=20&w2=30&h2=40&x3=1&y3=&w3=&h3=&reason=r&do=make");
        let form = |pairs: &str| Form::from_pairs(url::form_urlencoded::parse(pairs.as_bytes()).into_owned(), None);
        let errors = NewRedaction::of_page(form(&pairs).expect("a form"))
            .expect_err("refused")
            .errors;
        let named: Vec<&str> = errors.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(named, ["boxes[1].y", "boxes[1].width", "boxes[1].height"]);
        let whole = pairs.replace("x3=1", "x3=");
        let new = NewRedaction::of_page(form(&whole).expect("a form")).expect("a redaction");
        let (_, boxes) = new.file.expect("a file");
        assert_eq!(
            boxes,
            [PixelBox {
                page: None,
                x: 10,
                y: 20,
                width: 30,
                height: 40
            }]
        );
    }
}
