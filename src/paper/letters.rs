//! Text from outside, made ready for print. Nothing is left out in silence: what print cannot show, what would vanish and
//! what may not be obeyed stands as a box with its code point, and the key under a text names it.
//!
//! A text becomes a string where that is safe, else lines of runs: strings, emoji, and boxes.

use std::collections::HashMap;

use serde_json::{Value, json};
use unicode_bidi::BidiClass;
use unicode_properties::{EmojiStatus, GeneralCategory, UnicodeEmoji, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;

use super::fonts::Fonts;

/// Marks that are stacked on one letter at the most: more would cover other lines.
const MARKS: usize = 3;
/// Longer texts are taken apart into lines although every letter is plain.
const LONG: usize = 4000;

/// What kind of sign the key names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum SignKind {
    /// Shown as a box.
    Boxed,
    /// Obeyed, and unseen.
    Obeyed,
    Emoji,
}

/// The signs of a text that its key names, in the order in which they come.
#[derive(Default)]
pub struct SignKey {
    rows: Vec<(SignKind, String, String, u64)>,
    places: HashMap<(SignKind, String), usize>,
}

impl SignKey {
    fn count(&mut self, kind: SignKind, shown: &str, name: impl FnOnce() -> String, times: u64) {
        let rows = &mut self.rows;
        let place = *self.places.entry((kind, shown.to_owned())).or_insert_with(|| {
            rows.push((kind, shown.to_owned(), name(), 0));
            rows.len() - 1
        });
        self.rows[place].3 += times;
    }

    /// Rows for the template: boxes first, then by how often they come.
    pub fn rows(mut self) -> Vec<Value> {
        self.rows
            .sort_by_key(|(kind, .., times)| (*kind != SignKind::Boxed, std::cmp::Reverse(*times)));
        let row = |(kind, shown, name, times): (SignKind, String, String, u64)| {
            let codes = match kind {
                SignKind::Emoji => shown.chars().map(code).collect::<Vec<_>>().join(" "),
                _ => shown.clone(),
            };
            let kind = match kind {
                SignKind::Boxed => "c",
                SignKind::Obeyed => "i",
                SignKind::Emoji => "e",
            };
            json!({"kind": kind, "show": shown, "codes": codes, "name": name, "count": times})
        };
        self.rows.into_iter().map(row).collect()
    }
}

/// What makes texts ready.
#[derive(Clone, Copy)]
pub struct Letters<'f> {
    fonts: &'f Fonts,
}

impl<'f> Letters<'f> {
    /// For these fonts.
    pub fn of(fonts: &'f Fonts) -> Self {
        Self { fonts }
    }

    /// A text without a key.
    pub fn rich(&self, text: &str) -> Value {
        self.keyed(text, &mut SignKey::default())
    }

    /// A text that may be missing.
    pub fn maybe(&self, text: Option<&str>) -> Value {
        text.map_or(Value::Null, |text| self.rich(text))
    }

    /// A text, and what its key has to name.
    pub fn keyed(&self, text: &str, key: &mut SignKey) -> Value {
        let text = text.replace("\r\n", "\n");
        if text.len() < LONG && text.chars().all(is_plain) {
            return Value::String(text);
        }
        let line = |line: &str| {
            let runs = self.runs(line, key);
            let dir = if is_rtl(line) { "rtl" } else { "ltr" };
            match language(line) {
                Some(lang) => json!({"dir": dir, "lang": lang, "runs": runs}),
                None => json!({"dir": dir, "runs": runs}),
            }
        };
        text.split('\n').map(line).collect()
    }

    fn runs(&self, line: &str, key: &mut SignKey) -> Vec<Value> {
        let mut runs = Runs {
            done: Vec::new(),
            open: String::new(),
            key,
        };
        for cluster in line.graphemes(true) {
            self.cluster(cluster, &mut runs);
        }
        runs.close();
        runs.done
    }

    fn cluster(&self, cluster: &str, runs: &mut Runs<'_>) {
        let mut chars = cluster.chars();
        let first = chars.next().unwrap_or_default();
        if cluster == "\t" {
            runs.open.push_str("    ");
        } else if chars.next().is_none() && is_obeyed(first) {
            runs.open.push(first);
            runs.key.count(SignKind::Obeyed, &code(first), || name(first), 1);
        } else if cluster.chars().all(is_ignorable) {
            // It would vanish.
            cluster.chars().for_each(|c| runs.boxed(c));
        } else if cluster.chars().any(|c| self.must_box(c)) {
            for c in cluster.chars() {
                match (self.must_box(c), is_ignorable(c)) {
                    (true, _) => runs.boxed(c),
                    (false, true) => {}
                    (false, false) => runs.open.push(c),
                }
            }
        } else if is_emoji(cluster, first) {
            runs.close();
            runs.done.push(json!({"e": cluster}));
            runs.key.count(SignKind::Emoji, cluster, || emoji_name(cluster), 1);
        } else if is_lone_mark(first) {
            // A mark that belongs to no letter would sit on the one before it.
            cluster.chars().for_each(|c| runs.boxed(c));
        } else {
            letter(cluster, first, runs);
        }
    }

    /// Whether this code point would vanish, mislead, or stop the making of a PDF/A.
    fn must_box(&self, c: char) -> bool {
        let category = c.general_category();
        let hidden = matches!(category, GeneralCategory::Control | GeneralCategory::PrivateUse);
        let turned = is_override(c);
        let never = matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{fffc}') || u32::from(c) & 0xfffe == 0xfffe;
        hidden || turned || never || (!is_ignorable(c) && !self.fonts.cover(c))
    }
}

/// A letter with what is joined to it.
fn letter(cluster: &str, first: char, runs: &mut Runs<'_>) {
    let (mut marks, mut unseen) = (0, Vec::new());
    for (n, c) in cluster.chars().enumerate() {
        let is_mark = matches!(
            c.general_category(),
            GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark
        );
        marks += usize::from(is_mark);
        let kept = n == 0 || !is_ignorable(c) || is_joining(first) || is_selector(c);
        match (kept, is_mark && marks > MARKS) {
            (_, true) => {}
            (true, false) => runs.open.push(c),
            // Tags, and joiners where nothing joins, hide messages.
            (false, false) => unseen.push(c),
        }
    }
    unseen.into_iter().for_each(|c| runs.boxed(c));
    if let Some(lost @ 1..) = marks.checked_sub(MARKS) {
        runs.close();
        let what = "stacked combining marks, not drawn";
        runs.done.push(json!({"c": format!("+{lost} marks"), "n": what}));
        let name = || format!("COMBINING MARKS beyond {MARKS} on one letter, not drawn");
        runs.key.count(SignKind::Boxed, "marks", name, lost as u64);
    }
}

/// The runs of a line so far.
struct Runs<'k> {
    done: Vec<Value>,
    open: String,
    key: &'k mut SignKey,
}

impl Runs<'_> {
    fn close(&mut self) {
        if !self.open.is_empty() {
            self.done.push(Value::String(std::mem::take(&mut self.open)));
        }
    }

    fn boxed(&mut self, c: char) {
        self.close();
        let code = code(c);
        self.key.count(SignKind::Boxed, &code, || name(c), 1);
        self.done.push(json!({"c": code, "n": name(c)}));
    }
}

/// `U+202E`.
pub fn code(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

fn name(c: char) -> String {
    let known = match c {
        '\0' => "NULL",
        '\u{7}' => "BELL",
        '\u{8}' => "BACKSPACE",
        '\t' => "TAB",
        '\u{b}' => "LINE TABULATION",
        '\u{c}' => "FORM FEED",
        '\r' => "CARRIAGE RETURN",
        '\u{1b}' => "ESCAPE",
        '\u{7f}' => "DELETE",
        '\u{85}' => "NEXT LINE",
        '\u{feff}' => "ZERO WIDTH NO-BREAK SPACE (BYTE ORDER MARK)",
        _ => "",
    };
    let told = unicode_names2::name(c).map(|name| name.to_string());
    match (known, told, c.general_category()) {
        ("", Some(name), _) => name,
        ("", None, GeneralCategory::PrivateUse) => "PRIVATE USE".into(),
        ("", None, GeneralCategory::Control) => "CONTROL CHARACTER".into(),
        ("", None, _) => "NOT NAMED in Unicode".into(),
        (known, ..) => known.into(),
    }
}

/// The names of an emoji's parts.
fn emoji_name(cluster: &str) -> String {
    let seen = cluster.chars().filter(|c| !is_ignorable(*c) || *c == '\u{200d}');
    let names: Vec<String> = seen.map(name).collect();
    names.join(" + ").replace(" + ZERO WIDTH JOINER + ", " joined to ")
}

/// Letters that need no look: Latin, and the marks of its typesetting.
fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{ac}' | '\u{ae}'..='\u{17f}' | '\u{2013}' | '\u{2014}' | '\u{2018}'..='\u{201d}' | '\u{2022}' | '\u{2026}')
}

/// Marks of direction that every platform obeys.
fn is_obeyed(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}')
}

fn is_override(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Code points that nobody sees by themselves.
fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Scripts in which joiners shape letters; anywhere else they hide.
fn is_joining(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{109f}' | '\u{1780}'..='\u{18af}' | '\u{a840}'..='\u{a87f}' | '\u{1e900}'..='\u{1e95f}')
}

fn is_lone_mark(first: char) -> bool {
    matches!(
        first.general_category(),
        GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark | GeneralCategory::SpacingMark
    )
}

fn is_emoji(cluster: &str, first: char) -> bool {
    let by_itself = matches!(
        first.emoji_status(),
        EmojiStatus::EmojiPresentation
            | EmojiStatus::EmojiPresentationAndModifierBase
            | EmojiStatus::EmojiPresentationAndModifierAndEmojiComponent
            | EmojiStatus::EmojiPresentationAndEmojiComponent
    );
    (by_itself || cluster.contains(['\u{fe0f}', '\u{20e3}'])) && !cluster.contains('\u{fe0e}')
}

fn is_rtl(line: &str) -> bool {
    let strong = line.chars().find_map(|c| match unicode_bidi::bidi_class(c) {
        BidiClass::R | BidiClass::AL => Some(true),
        BidiClass::L => Some(false),
        _ => None,
    });
    strong == Some(true)
}

/// Ranges of letters, and a language that is written so. It chooses shapes, and is never printed.
const LANGUAGES: &[(u32, u32, &str)] = &[
    (0x370, 0x3ff, "el"),
    (0x400, 0x52f, "ru"),
    (0x530, 0x58f, "hy"),
    (0x590, 0x5ff, "he"),
    (0x600, 0x6ff, "ar"),
    (0x750, 0x77f, "ar"),
    (0x8a0, 0x8ff, "ar"),
    (0x900, 0x97f, "hi"),
    (0x980, 0x9ff, "bn"),
    (0xa00, 0xa7f, "pa"),
    (0xa80, 0xaff, "gu"),
    (0xb80, 0xbff, "ta"),
    (0xc00, 0xc7f, "te"),
    (0xc80, 0xcff, "kn"),
    (0xd00, 0xd7f, "ml"),
    (0xe00, 0xe7f, "th"),
    (0xe80, 0xeff, "lo"),
    (0x1000, 0x109f, "my"),
    (0x10a0, 0x10ff, "ka"),
    (0x1200, 0x137f, "am"),
    (0x1780, 0x17ff, "km"),
    (0x3040, 0x30ff, "ja"),
    (0x3400, 0x9fff, "zh"),
    (0xac00, 0xd7a3, "ko"),
    (0x2_0000, 0x3_ffff, "zh"),
];

/// The language of most letters; a guess by their script. Han beside kana or hangul is Japanese or Korean.
fn language(line: &str) -> Option<&'static str> {
    let of = |c: char| {
        let code = u32::from(c);
        let range = LANGUAGES
            .iter()
            .find(|(first, last, _)| (*first..=*last).contains(&code));
        range.map(|(.., lang)| *lang)
    };
    let mut counts: Vec<(Option<&str>, usize)> = Vec::new();
    for lang in line.chars().filter(|c| c.is_alphabetic()).map(of) {
        match counts.iter_mut().find(|(known, _)| *known == lang) {
            Some((_, count)) => *count += 1,
            None => counts.push((lang, 1)),
        }
    }
    let has = |lang: &str| counts.iter().any(|(known, _)| *known == Some(lang));
    let most = counts.iter().rev().max_by_key(|(_, count)| *count)?.0?;
    Some(match most {
        "zh" if has("ja") => "ja",
        "zh" if has("ko") => "ko",
        most => most,
    })
}
