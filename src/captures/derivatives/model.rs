//! A derivative as it is recorded, and a redaction as it is asked for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::captures::model::{CaptureKind, FileEntry, FileRole, Tool};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::forms::{Form, REASON};
use crate::identity::Person;
use crate::pictures::{FilmPart, FilmRange, PixelBox};
use crate::proof::id::Digest;
use crate::proof::packet::DUPLICATE;
use crate::words;

/// Boxes of one redaction at the most.
pub const BOXES: usize = 200;
/// Ranges of time of one redaction at the most.
pub const TIMES: usize = 50;
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
        /// The same in a format that courts play.
        Duplicate = "duplicate",
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// How long a film lasts, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// When it is black or silent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<FilmRange>,
    /// How many parts of the text were blotted out. Where they stood says the text itself, and how long they were nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blots: Option<usize>,
    /// The programs that made a standard duplicate, in the order in which they worked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub programs: Vec<RecipeProgram>,
}

/// A program that had a part in making a derivative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipeProgram {
    pub name: String,
    /// As it says itself.
    pub version: String,
    /// How it was told to work.
    pub settings: String,
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
    /// What a packet tells of the capture's record in its place; nothing beside a duplicate, whose original is shown.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub told: Map<String, Value>,
}

impl Derivative {
    /// What the leaf shows for ever: the capture, the digests of parent and file, and that it is a duplicate, where it is one.
    pub fn attested(&self) -> Map<String, Value> {
        let mut attest = Map::from_iter([("capture".to_owned(), Value::String(self.capture.id.clone()))]);
        if let Some(file) = &self.file {
            let file = serde_json::json!({"parent": file.parent, "sha256": file.sha256, "size": file.size});
            attest.insert("file".to_owned(), file);
        }
        if self.kind == DerivativeKind::Duplicate {
            attest.insert("kind".to_owned(), Value::String(DUPLICATE.to_owned()));
        }
        attest
    }
}

/// What is covered of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covers {
    /// Boxes of a picture or of pages.
    pub boxes: Vec<PixelBox>,
    /// Ranges of a film, in their order and apart.
    pub times: Vec<FilmRange>,
}

/// A redaction about to be made.
#[derive(Debug, Clone)]
pub struct NewRedaction {
    /// The file of the capture, and what is covered of it.
    pub file: Option<(Digest, Covers)>,
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
        let times = form.objects("times", TIMES, time_range);
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
        match (&file, boxes.is_empty(), times.is_empty()) {
            (Some(_), true, true) if !form.is_refused("boxes") && !form.is_refused("times") => {
                let message = "names no box: draw or type at least one; what it covers is filled. Of a video or a sound name times instead";
                form.refuse("boxes", "not_empty", message);
            }
            (None, false, _) | (None, _, false) => {
                form.refuse(
                    "file",
                    "required",
                    "must be given: the file of which something is covered",
                );
            }
            (Some(_), false, false) => {
                let message = "are of videos and sounds, and boxes of pictures and documents: name one of them";
                form.refuse("times", "either", message);
            }
            _ => {}
        }
        if !ranges.is_empty() && !tell.contains(&Tellable::Text) {
            let message = "are given, and the text is not told: name text in tell, or leave the ranges out";
            form.refuse("text_ranges", "either", message);
        }
        if file.is_none() && boxes.is_empty() && times.is_empty() && !tell.contains(&Tellable::Text) && form.ok() {
            let message = "must be given, with boxes; or tell the text, with ranges";
            form.refuse("file", "required", message);
        }
        check_ranges(
            &mut form,
            ("text_ranges", "a character"),
            ranges.iter().map(|r| (r.from, r.to)),
        );
        check_ranges(
            &mut form,
            ("times", "a millisecond"),
            times.iter().map(|r| (r.from_ms, r.to_ms)),
        );
        form.done()?;
        let file = file
            .and_then(std::result::Result::ok)
            .map(|sha256| (sha256, Covers { boxes, times }));
        Ok(Self {
            file,
            ranges,
            tell,
            reason,
        })
    }

    /// The same from a page, where each box has four fields: `x1`, `y1`, `w1`, `h1`, and `p1` for its page; each range of the
    /// text two, `from1` and `to1`; and each range of time three, `begin1`, `end1` and `cover1`.
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
        let times = rows(&mut form, &TIME_FIELDS).into_iter().map(in_milliseconds).collect();
        form.put_objects("times", times);
        Self::parse(form)
    }
}

/// The fields of a range of time on a page, and what they are in a request.
const TIME_FIELDS: [(&str, &str); 3] = [("begin", "from_ms"), ("end", "to_ms"), ("cover", "what")];

/// A row whose times are as people write them. Where neither is filled, the choice of what is covered says nothing.
fn in_milliseconds<'n>(row: Vec<(&'n str, String)>) -> Vec<(&'n str, String)> {
    let time = |(name, text): (&'n str, String)| match name {
        "what" => (name, text),
        _ => (name, milliseconds(&text).map_or(text, |ms| ms.to_string())),
    };
    row.into_iter().map(time).collect()
}

/// A time of a film as people write it, `75.5`, `1:15.5` or `0:01:15.5`, in milliseconds; None where it is no time.
pub fn milliseconds(text: &str) -> Option<u64> {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
    let digits = |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = whole.split(':').collect();
    if parts.len() > 3 || !parts.iter().all(|part| digits(part, 6)) || !digits(part, 3) {
        return None;
    }
    let seconds = parts
        .iter()
        .try_fold(0_u64, |sum, part| Some(sum * 60 + part.parse::<u64>().ok()?))?;
    Some(seconds * 1000 + format!("{part:0<3}").parse::<u64>().ok()?)
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
        if typed.iter().any(|(name, text)| *name != "what" && !text.is_empty()) {
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

fn time_range(form: &mut Form) -> FilmRange {
    FilmRange {
        from_ms: must_count(form, "from_ms"),
        to_ms: must_count(form, "to_ms"),
        what: form.word("what").unwrap_or(FilmPart::Both),
    }
}

/// Refuses ranges that hold nothing, or begin before the one before ends.
fn check_ranges(form: &mut Form, (field, least): (&str, &str), ranges: impl Iterator<Item = (u64, u64)>) {
    let mut last = 0;
    for (i, (from, to)) in ranges.enumerate() {
        let own = format!("{field}[{i}]");
        if (from >= to || from < last) && !form.is_refused(&own) {
            let message = format!("must hold {least}, and begin where the one before ends, or later");
            form.refuse(&own, "order", message);
        }
        last = to;
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
        let boxes = new.file.map(|(_, covers)| covers.boxes);
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
    fn times_are_in_order_and_apart() {
        let file = "ab".repeat(32);
        let of = |times: Value| json!({"file": file, "times": times, "reason": "a voice"});
        let new = read(of(
            json!([{"from_ms": 0, "to_ms": 5}, {"from_ms": 5, "to_ms": 9, "what": "sound"}]),
        ));
        let (_, covers) = new.expect("a redaction").file.expect("a file");
        assert_eq!(covers.times[0].what, FilmPart::Both);
        assert_eq!((covers.times[1].from_ms, covers.times[1].what), (5, FilmPart::Sound));
        let overlapping = json!([{"from_ms": 0, "to_ms": 5}, {"from_ms": 4, "to_ms": 9}, {"from_ms": 9, "to_ms": 9}]);
        assert_eq!(refused(of(overlapping)), ["times[1] order", "times[2] order"]);
        assert_eq!(refused(of(json!([{"from_ms": 0}]))), ["times[0].to_ms required"]);
        assert_eq!(
            refused(of(json!([{"from_ms": 0, "to_ms": 5, "what": "smell"}]))),
            ["times[0].what one_of"]
        );
        let both = json!({"file": file, "reason": "r", "times": [{"from_ms": 0, "to_ms": 5}],
            "boxes": [{"x": 1, "y": 2, "width": 3, "height": 4}]});
        assert_eq!(refused(both), ["times either"]);
        assert_eq!(
            refused(json!({"reason": "r", "times": [{"from_ms": 0, "to_ms": 5}]})),
            ["file required"]
        );
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, ms) in [
            ("0", Some(0)),
            ("75.5", Some(75_500)),
            ("1:15.05", Some(75_050)),
            (" 0:01:15.125 ", Some(75_125)),
            ("", None),
            ("-1", None),
            ("1.", None),
            ("1.2345", None),
            ("1:", None),
            ("1:2:3:4", None),
            ("one", None),
            ("1234567", None),
        ] {
            assert_eq!(milliseconds(text), ms, "{text:?}");
        }
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
        let (_, covers) = new.file.expect("a file");
        assert_eq!(
            covers.boxes,
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
