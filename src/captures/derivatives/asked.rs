//! A redaction as it is asked for, by API and page.

use std::collections::BTreeSet;

use serde_json::Value;

use super::model::{Tellable, TextRange};
use crate::error::Result;
use crate::forms::{Form, REASON};
use crate::pictures::{FilmPart, FilmRange, PixelBox};
use crate::proof::id::Digest;

/// Boxes of one redaction at the most.
pub const BOXES: usize = 200;
/// Ranges of time of one redaction at the most.
pub const TIMES: usize = 50;
/// Names of one sanitized copy at the most, and letters of one.
pub const NAMES: usize = 50;
const NAME: std::ops::RangeInclusive<usize> = 3..=200;
/// Ranges of a text at the most.
pub const RANGES: usize = 500;
/// Rows of numbers that a page's form has at the most.
pub const ROWS: usize = 60;

/// What is covered of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covers {
    /// Boxes of a picture or of pages.
    pub boxes: Vec<PixelBox>,
    /// Ranges of a film, in their order and apart.
    pub times: Vec<FilmRange>,
    /// Names that are taken out of a web archive, beside what lets somebody into an account.
    pub sanitize: Option<Vec<String>>,
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
        let sanitize = form.object("sanitize", listed_names);
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
        let given = [!boxes.is_empty(), !times.is_empty(), sanitize.is_some()];
        let refused = ["boxes", "times", "sanitize"].iter().any(|own| form.is_refused(own));
        match (&file, given.into_iter().filter(|given| *given).count()) {
            (Some(_), 0) if !refused => {
                let message = "names no box: draw or type at least one; what it covers is filled. Of a video or a sound name times instead, of a web archive sanitize";
                form.refuse("boxes", "not_empty", message);
            }
            (None, 1..) => {
                form.refuse(
                    "file",
                    "required",
                    "must be given: the file of which something is covered",
                );
            }
            (Some(_), 2..) => {
                let message = "are of videos and sounds, boxes of pictures and documents, and sanitize of web archives: name one of them";
                form.refuse("times", "either", message);
            }
            _ => {}
        }
        if !ranges.is_empty() && !tell.contains(&Tellable::Text) {
            let message = "are given, and the text is not told: name text in tell, or leave the ranges out";
            form.refuse("text_ranges", "either", message);
        }
        if file.is_none() && given == [false; 3] && !tell.contains(&Tellable::Text) && form.ok() {
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
            .map(|sha256| (sha256, Covers { boxes, times, sanitize }));
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
        let names = form.value("names");
        if form.is_word("sanitize", "names") {
            let names = names.as_ref().and_then(Value::as_str).unwrap_or_default();
            form.put_object("sanitize", vec![("names", names.to_owned())]);
        } else {
            form.value("sanitize");
        }
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

fn listed_names(form: &mut Form) -> Vec<String> {
    if form.is_page() {
        // A page has them in one field, a line each.
        let lines = form.value("names");
        let lines = lines.as_ref().and_then(Value::as_str).unwrap_or_default().lines();
        let names = lines.map(str::trim).filter(|name| !name.is_empty());
        form.put_list("names", names.map(str::to_owned).collect());
    }
    let names = form.texts("names", NAMES, *NAME.end());
    for (i, name) in names.iter().enumerate() {
        if name.chars().count() < *NAME.start() {
            let message = "must have three characters at least: a shorter one stands in many words";
            form.refuse(&format!("names[{i}]"), "too_short", message);
        }
    }
    names
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
