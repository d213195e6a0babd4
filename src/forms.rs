//! Reading what people and programs send. All broken rules are told at once, each with its field and the way out.
//!
//! A form is a JSON object. A field that nobody takes is refused, so that a misspelt field never passes in silence.

use chrono_tz::Tz;
use serde_json::{Map, Value};

use crate::clock::{self, Micros};
use crate::error::{Error, FieldError, Result};
use crate::lookalike::is_blank;
pub use crate::words::Word;

/// Longest free text, in characters (contract section 2): what was found, notes, descriptions.
pub const TEXT: usize = 100_000;
/// Longest reason or purpose, in characters: whoever decides reads it whole.
pub const REASON: usize = 4_000;
/// Longest title, name or other single line.
pub const LINE: usize = 500;
/// Longest name of a file: 255 bytes, each as `\xNN`, and some more.
pub const FILE_NAME: usize = 1_100;
/// Longest URL.
pub const URL: usize = 8_000;

/// A JSON object being read. What is taken is removed; `done` refuses what is left and tells all errors.
#[derive(Debug, Clone, Default)]
pub struct Form {
    path: String,
    fields: Map<String, Value>,
    errors: Vec<FieldError>,
    /// Set where a page sent it: every value is a text.
    texts_only: bool,
    /// The zone of times that a page's form gives without one.
    zone: Option<Tz>,
    /// Whether something that was sent was no character, and is U+FFFD now.
    repaired: bool,
}

/// Fields that may each be left out.
pub trait FieldSet {
    /// Takes them from a form.
    fn take(form: &mut Form) -> Self;

    /// These, and where one is left out, what was there before.
    #[must_use]
    fn or(self, before: Self) -> Self;
}

/// Declares a `FieldSet`: each field once, with its type and the function that reads it from a form. Forms, records and
/// answers use the same names.
#[macro_export]
macro_rules! particulars {
    ($(#[$about:meta])* $vis:vis struct $name:ident { $($(#[$meaning:meta])* $field:ident: $type:ty = $read:expr,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        $vis struct $name { $($(#[$meaning])* #[serde(default)] pub $field: Option<$type>,)+ }

        impl $crate::forms::FieldSet for $name {
            fn take(form: &mut $crate::forms::Form) -> Self {
                $(let $field: fn(&mut $crate::forms::Form, &str) -> Option<$type> = $read;)+
                Self { $($field: $field(form, stringify!($field)),)+ }
            }

            fn or(self, before: Self) -> Self {
                Self { $($field: self.$field.or(before.$field),)+ }
            }
        }
    };
}

impl Form {
    /// A form from a JSON value, which must be an object.
    pub fn new(value: Value) -> Result<Self> {
        match value {
            Value::Object(fields) => Ok(Self {
                fields,
                ..Self::default()
            }),
            _ => Err(Error::field("body", "object", "send a JSON object")),
        }
    }

    /// The same, where something that was sent was no character.
    #[must_use]
    pub fn repaired(self) -> Self {
        Self { repaired: true, ..self }
    }

    /// Whether something that was sent was no character.
    pub fn is_repaired(&self) -> bool {
        self.repaired
    }

    /// A form from the names and texts that a page sends. `a.b` is field `b` of object `a`; `a[0].b` is field `b` of
    /// the first object of list `a`. A name that comes twice or ends in `[]` is a list. A blank text is a field left
    /// out. A time without a zone is in `zone`.
    /// More than `PAIRS` of them are refused by whoever reads them from the request.
    pub fn from_pairs(pairs: impl Iterator<Item = (String, String)>, zone: Option<Tz>) -> Result<Self> {
        let mut form = Self {
            texts_only: true,
            zone,
            ..Self::default()
        };
        for (name, text) in pairs {
            if is_blank(&text) {
                // A group of boxes of which none is ticked is a list without anything, and not a field left out.
                if let Some(list) = name.strip_suffix("[]").filter(|list| !list.contains('.')) {
                    form.fields.entry(list).or_insert_with(|| Value::Array(Vec::new()));
                }
                continue;
            }
            put_pair(&mut form.fields, &name, text)
                .ok_or_else(|| Error::field(name, "form", "is no name of a field of this form: reload the page"))?;
        }
        Ok(form)
    }

    /// Takes a field without reading it: a form of the same kind that holds it alone.
    pub fn only(&mut self, field: &str) -> Option<Self> {
        let value = self.value(field)?;
        Some(Self {
            fields: Map::from_iter([(field.to_owned(), value)]),
            texts_only: self.texts_only,
            zone: self.zone,
            ..Self::default()
        })
    }

    /// Puts a text under a name, in place of what the form gave there.
    pub fn put(&mut self, field: &str, text: String) {
        self.fields.insert(field.to_owned(), Value::String(text));
    }

    /// Puts an object of some texts under a name.
    pub fn put_object(&mut self, field: &str, texts: Vec<(&str, String)>) {
        self.fields.insert(field.to_owned(), object_of(texts));
    }

    /// Makes a list of a text with commas, in an object that the form may have; `unknown` stays a text.
    pub fn split_texts(&mut self, object: &str, field: &str) {
        let inner = self.fields.get_mut(object).and_then(Value::as_object_mut);
        let Some(value) = inner.and_then(|inner| inner.get_mut(field)) else {
            return;
        };
        let Some(text) = value.as_str().filter(|text| text.trim() != "unknown") else {
            return;
        };
        let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
        *value = parts.into();
    }

    /// Where an object gives `unknown` for a field beside something else, as a page's box does that is ticked, `unknown`
    /// counts.
    pub fn unknown_counts(&mut self, object: &str) {
        let Some(inner) = self.fields.get_mut(object).and_then(Value::as_object_mut) else {
            return;
        };
        let within = inner.values_mut().flat_map(|value| match value {
            Value::Object(fields) => fields.values_mut().collect(),
            value => vec![value],
        });
        for value in within {
            if value
                .as_array()
                .is_some_and(|all| all.iter().any(|one| one == "unknown"))
            {
                *value = "unknown".into();
            }
        }
    }

    /// Puts a list of objects, each of some texts, under a name.
    pub fn put_objects(&mut self, field: &str, objects: Vec<Vec<(&str, String)>>) {
        self.fields
            .insert(field.to_owned(), objects.into_iter().map(object_of).collect());
    }

    /// A text that is there, without taking it.
    pub fn peek(&self, field: &str) -> Option<&str> {
        self.fields.get(field)?.as_str()
    }

    /// A text of an object that is there, without taking it.
    pub fn peek_in(&self, object: &str, field: &str) -> Option<&str> {
        self.fields.get(object)?.get(field)?.as_str()
    }

    /// Whether a page sent it.
    pub fn is_page(&self) -> bool {
        self.texts_only
    }

    /// Puts a list of texts under a name, in place of what the form gave there.
    pub fn put_list(&mut self, field: &str, texts: Vec<String>) {
        self.fields.insert(field.to_owned(), texts.into());
    }

    /// Notes that a field broke a rule.
    pub fn refuse(&mut self, field: &str, rule: &str, message: impl Into<String>) {
        self.errors.push(FieldError::new(self.at(field), rule, message));
    }

    fn at(&self, field: &str) -> String {
        if self.path.is_empty() {
            field.to_owned()
        } else {
            format!("{}.{field}", self.path)
        }
    }

    /// Whether the field is there and not null.
    pub fn has(&self, field: &str) -> bool {
        self.fields.get(field).is_some_and(|v| !v.is_null())
    }

    /// Whether the field is there and null: what held before is taken back.
    pub fn is_null(&self, field: &str) -> bool {
        self.fields.get(field).is_some_and(Value::is_null)
    }

    /// Puts null under a name, in place of what the form gave there.
    pub fn put_null(&mut self, field: &str) {
        self.fields.insert(field.to_owned(), Value::Null);
    }

    /// Whether the field is exactly this word.
    pub fn is_word(&self, field: &str, word: &str) -> bool {
        self.fields.get(field).and_then(Value::as_str) == Some(word)
    }

    /// Takes a field as it is; null counts as absent.
    pub fn value(&mut self, field: &str) -> Option<Value> {
        self.fields.remove(field).filter(|v| !v.is_null())
    }

    /// Takes a text of at most `max` characters.
    pub fn text(&mut self, field: &str, max: usize) -> Option<String> {
        let value = self.value(field)?;
        self.read_text(field, value, max)
    }

    fn read_text(&mut self, field: &str, value: Value, max: usize) -> Option<String> {
        let Value::String(text) = value else {
            self.refuse(field, "text", "must be a text in quotes");
            return None;
        };
        let length = text.chars().count();
        if length > max {
            let way_out = match max > LINE {
                true => "shorten it, or attach it as a file",
                false => "shorten it",
            };
            let message = format!("has {length} characters, at most {max} are kept: {way_out}");
            self.refuse(field, "too_long", message);
            return None;
        }
        if text.contains('\0') {
            self.refuse(
                field,
                "no_nul",
                "holds a NUL character: remove it, or attach the text as a file",
            );
            return None;
        }
        Some(text)
    }

    /// Takes a text that names something: not a blank one.
    pub fn filled(&mut self, field: &str, max: usize) -> Option<String> {
        let text = self.text(field, max)?;
        if is_blank(&text) {
            self.refuse_blank(field);
        }
        Some(text)
    }

    /// Refuses a field that nobody would see anything of, unless it was refused already.
    pub fn refuse_blank(&mut self, field: &str) {
        if !self.is_refused(field) {
            self.refuse(field, "not_blank", "is blank: say what it is, or leave it out");
        }
    }

    /// Takes a text of at most `max` characters. Where `fits` is false of it, the field broke this rule.
    pub fn text_where(
        &mut self,
        field: &str,
        rule: &str,
        message: &str,
        max: usize,
        fits: impl FnOnce(&str) -> bool,
    ) -> Option<String> {
        let text = self.text(field, max)?;
        if !fits(&text) {
            self.refuse(field, rule, message);
        }
        Some(text)
    }

    /// Takes a day, or the word `unknown`.
    pub fn day_or_unknown(&mut self, field: &str) -> Option<String> {
        let message = match self.texts_only {
            true => "must be a day such as 2009-04-17, or not known",
            false => "must be a day such as 2009-04-17, or \"unknown\"",
        };
        let fits = |text: &str| text == "unknown" || is_day(text);
        self.text_where(field, "date", message, LINE, fits)
    }

    /// Takes a text that must be there and not blank.
    pub fn required(&mut self, field: &str, max: usize) -> String {
        let broken = self.errors.len();
        let text = self.text(field, max).unwrap_or_default();
        if is_blank(&text) && broken == self.errors.len() {
            self.refuse(field, "required", "must be given");
        }
        text
    }

    /// Takes one of the words of an enumeration.
    pub fn word<W: Word>(&mut self, field: &str) -> Option<W> {
        let word = self.text(field, 100)?;
        self.read_word(field, &word)
    }

    fn read_word<W: Word>(&mut self, field: &str, word: &str) -> Option<W> {
        let message = format!("must be one of {}", W::listed());
        self.or_refuse(field, "one_of", message, W::from_word(word))
    }

    /// Passes on what was made of a field. `None` means that the field broke this rule.
    pub fn or_refuse<T>(&mut self, field: &str, rule: &str, message: impl Into<String>, made: Option<T>) -> Option<T> {
        if made.is_none() {
            self.refuse(field, rule, message);
        }
        made
    }

    /// Refuses a word that is not there.
    pub fn must_word<W: Word>(&mut self, field: &str) {
        let message = match self.texts_only {
            true => "must be chosen".to_owned(),
            false => format!("must be given: one of {}", W::listed()),
        };
        self.must(field, &message);
    }

    /// Takes one of the words; it must be there.
    pub fn required_word<W: Word>(&mut self, field: &str) -> Option<W> {
        self.must_word::<W>(field);
        self.word(field)
    }

    /// Takes an instant: RFC 3339 with a zone. A page's form may give it as people type it, in the form's own zone.
    pub fn time(&mut self, field: &str) -> Option<Micros> {
        let text = self.text(field, 64)?;
        let read = clock::parse(&text).or_else(|| clock::parse_typed(&text, self.zone?));
        let at = read.filter(|t| (0..=MAX_TIME).contains(t));
        let message = match self.zone {
            Some(_) => "must be a day and a time, such as 2026-11-22 14:07",
            None => "must be a time with its zone between 1970 and 9999, such as 2026-11-22T14:07:31Z",
        };
        self.or_refuse(field, "rfc3339", message, at)
    }

    /// Takes an instant that must be there.
    pub fn required_time(&mut self, field: &str) -> Micros {
        self.must(field, "must be given");
        self.time(field).unwrap_or_default()
    }

    /// Refuses a field that is not there or blank, in these words.
    pub fn must(&mut self, field: &str, words: &str) {
        if !self.has(field) || self.peek(field).is_some_and(is_blank) {
            self.refuse(field, "required", words);
        }
    }

    /// Takes an id: any UUID.
    pub fn id(&mut self, field: &str) -> Option<String> {
        let text = self.text(field, 64)?;
        self.or_refuse(field, "uuid", "must be a UUID", parse_id(&text))
    }

    /// Takes an id that must be there.
    pub fn required_id(&mut self, field: &str) -> String {
        self.must(field, "must be given");
        self.id(field).unwrap_or_default()
    }

    /// Takes a yes or no.
    pub fn flag(&mut self, field: &str) -> Option<bool> {
        match self.value(field)? {
            Value::Bool(b) => Some(b),
            Value::String(text) if self.texts_only && matches!(&*text, "true" | "on" | "yes") => Some(true),
            Value::String(text) if self.texts_only && matches!(&*text, "false" | "no") => Some(false),
            _ => {
                self.refuse(field, "boolean", "must be true or false");
                None
            }
        }
    }

    /// Takes a whole number from 0 to 2^53-1.
    pub fn count(&mut self, field: &str) -> Option<u64> {
        let value = self.value(field)?;
        let typed = value.as_str().filter(|_| self.texts_only).and_then(|t| t.parse().ok());
        let n = value.as_u64().or(typed).filter(|n| *n < 1 << 53);
        let message = "must be a whole number from 0 to 9007199254740991";
        self.or_refuse(field, "whole_number", message, n)
    }

    /// Takes a list of at most `max` values.
    pub fn list(&mut self, field: &str, max: usize) -> Vec<Value> {
        match self.value(field) {
            None => {}
            Some(Value::Array(all)) if all.len() <= max => return all,
            Some(one @ Value::String(_)) if self.texts_only => return vec![one],
            Some(Value::Array(all)) => {
                let message = format!("has {} entries, at most {max} are taken", all.len());
                self.refuse(field, "too_many", message);
            }
            Some(_) => self.refuse(field, "list", "must be a list"),
        }
        Vec::new()
    }

    /// Takes a list of texts.
    pub fn texts(&mut self, field: &str, max: usize, length: usize) -> Vec<String> {
        let (all, mut out) = (self.list(field, max).into_iter().enumerate(), Vec::new());
        for (i, value) in all {
            let field = format!("{field}[{i}]");
            let text = self.read_text(&field, value, length);
            if text.as_deref().is_some_and(is_blank) {
                self.refuse_blank(&field);
            }
            out.extend(text);
        }
        out
    }

    /// Takes a list of words of an enumeration.
    pub fn words<W: Word>(&mut self, field: &str, max: usize) -> Vec<W> {
        let all = self.texts(field, max, 100).into_iter().enumerate();
        all.filter_map(|(i, word)| self.read_word(&format!("{field}[{i}]"), &word))
            .collect()
    }

    /// Takes an object and reads it with `read`; its errors carry the path.
    pub fn object<T>(&mut self, field: &str, read: impl FnOnce(&mut Form) -> T) -> Option<T> {
        let value = self.value(field)?;
        self.nested(field, value, read)
    }

    /// Takes a list of objects, each read with `read`.
    pub fn objects<T>(&mut self, field: &str, max: usize, read: impl Fn(&mut Form) -> T) -> Vec<T> {
        let all = self.list(field, max).into_iter().enumerate();
        all.filter_map(|(i, value)| self.nested(&format!("{field}[{i}]"), value, &read))
            .collect()
    }

    fn nested<T>(&mut self, field: &str, value: Value, read: impl FnOnce(&mut Form) -> T) -> Option<T> {
        let Value::Object(fields) = value else {
            self.refuse(field, "object", "must be a JSON object");
            return None;
        };
        let mut inner = Form {
            path: self.at(field),
            fields,
            texts_only: self.texts_only,
            zone: self.zone,
            ..Form::default()
        };
        let out = read(&mut inner);
        inner.refuse_the_rest();
        self.errors.append(&mut inner.errors);
        Some(out)
    }

    fn refuse_the_rest(&mut self) {
        for name in std::mem::take(&mut self.fields).keys() {
            let shown: String = name.chars().take(100).collect();
            self.refuse(
                &shown,
                "unknown",
                "is not a field of this request: check its spelling, or leave it out",
            );
        }
    }

    /// The fields that were not taken, as they are.
    pub fn into_fields(self) -> Map<String, Value> {
        self.fields
    }

    /// Whether a field, or something in it, was refused.
    pub fn is_refused(&self, field: &str) -> bool {
        let field = self.at(field);
        self.errors.iter().any(|error| error.field.starts_with(&field))
    }

    /// Whether nothing was refused so far.
    pub fn ok(&self) -> bool {
        self.errors.is_empty()
    }

    /// Reads the whole form with `read`, then ends it as `done` does.
    pub fn read<T>(mut self, read: impl FnOnce(&mut Self) -> T) -> Result<T> {
        let out = read(&mut self);
        self.done()?;
        Ok(out)
    }

    /// Refuses what was not taken, and tells every error at once.
    pub fn done(mut self) -> Result<()> {
        self.refuse_the_rest();
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid(self.errors))
        }
    }
}

fn object_of(texts: Vec<(&str, String)>) -> Value {
    let fields = texts
        .into_iter()
        .map(|(name, text)| (name.to_owned(), Value::String(text)));
    Value::Object(fields.collect())
}

/// Objects within objects, and entries of a list of objects, that a page's form may name.
const DEPTH: usize = 4;
/// Fields that one form of a page may send.
pub const PAIRS: usize = 1000;
const ENTRIES: usize = 200;

/// Puts a text where its name says; `None` where the name says nowhere.
fn put_pair(fields: &mut Map<String, Value>, name: &str, text: String) -> Option<()> {
    if name.split('.').count() > DEPTH {
        return None;
    }
    let Some((outer, inner)) = name.split_once('.') else {
        return put_text(fields, name, text);
    };
    let object = match outer.strip_suffix(']').and_then(|o| o.split_once('[')) {
        Some((list, n)) => nth_object(fields, list, n.parse().ok()?)?,
        None => fields.entry(outer).or_insert_with(|| Value::Object(Map::new())),
    };
    put_pair(object.as_object_mut()?, inner, text)
}

fn put_text(fields: &mut Map<String, Value>, name: &str, text: String) -> Option<()> {
    let (name, listed) = match name.strip_suffix("[]") {
        Some(name) => (name, true),
        None => (name, fields.contains_key(name)),
    };
    if !listed {
        fields.insert(name.to_owned(), Value::String(text));
        return Some(());
    }
    let values = fields.entry(name).or_insert_with(|| Value::Array(Vec::new()));
    if values.is_string() {
        *values = Value::Array(vec![values.take()]);
    }
    values.as_array_mut()?.push(Value::String(text));
    Some(())
}

fn nth_object<'a>(fields: &'a mut Map<String, Value>, list: &str, n: usize) -> Option<&'a mut Value> {
    let entries = fields
        .entry(list)
        .or_insert_with(|| Value::Array(Vec::new()))
        .as_array_mut()?;
    // A page names entries in order; a far number would make all before it.
    if n >= ENTRIES || n > entries.len() {
        return None;
    }
    if n == entries.len() {
        entries.push(Value::Object(Map::new()));
    }
    entries.get_mut(n)
}

/// The last microsecond of the year 9999, beyond which RFC 3339 has no form.
const MAX_TIME: Micros = 253_402_300_799_999_999;

/// Whether a text is a day, such as 2009-04-17.
pub fn is_day(text: &str) -> bool {
    text.parse::<chrono::NaiveDate>().is_ok()
}

/// Any UUID in its usual form, in lower case.
pub fn parse_id(text: &str) -> Option<String> {
    uuid::Uuid::try_parse(text).ok().map(|u| u.hyphenated().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(body: &str) -> Result<Form> {
        Form::from_pairs(url::form_urlencoded::parse(body.as_bytes()).into_owned(), None)
    }

    #[test]
    fn a_page_s_form_is_read_as_json_is() {
        let body = "title=A+case&empty=&endangered=on&size=12&role=a&role=b&one[]=c&p.name=Ana&p.ncic.number=4&files[0].part=x&files[1].part=y";
        let mut form = page(body).expect("a form");
        assert_eq!(form.required("title", LINE), "A case");
        assert_eq!(form.text("empty", LINE), None);
        assert_eq!((form.flag("endangered"), form.count("size")), (Some(true), Some(12)));
        assert_eq!(
            (form.texts("role", 5, 9), form.texts("one", 5, 9)),
            (vec!["a".into(), "b".into()], vec!["c".to_owned()])
        );
        let name = form.object("p", |p| (p.text("name", LINE), p.object("ncic", |n| n.count("number"))));
        assert_eq!(name, Some((Some("Ana".into()), Some(Some(4)))));
        assert_eq!(form.objects("files", 9, |f| f.required("part", LINE)), ["x", "y"]);
        form.done().expect("all was read");
    }

    #[test]
    fn a_page_is_told_in_its_own_words() {
        let mut form = page("born=17th+of+April&short=0123456789").expect("a form");
        form.day_or_unknown("born");
        form.text("short", 4);
        form.must_word::<crate::policy::CaseStatus>("status");
        let told = form.done().expect_err("refused").errors;
        let told: Vec<String> = told.into_iter().map(|e| format!("{} {}", e.rule, e.message)).collect();
        assert_eq!(
            told,
            [
                "date must be a day such as 2009-04-17, or not known",
                "too_long has 10 characters, at most 4 are kept: shorten it",
                "required must be chosen"
            ]
        );
    }

    #[test]
    fn what_a_page_s_form_does_not_have_is_refused_by_its_path() {
        let mut form = page("files[0].part=x&files[0].odd=1&more=2").expect("a form");
        form.objects("files", 9, |f| f.required("part", LINE));
        let refused = form.done().expect_err("refused").errors;
        assert_eq!(
            refused.iter().map(|e| e.field.as_str()).collect::<Vec<_>>(),
            ["files[0].odd", "more"]
        );
        for name in ["a.b.c.d.e=1", "a=1&a.b=2", "f[200].a=1", "f[x].a=1", "a.b=1&a[]=2"] {
            assert_eq!(page(name).expect_err(name).errors[0].rule, "form");
        }
    }
}
