//! What subjects and accounts are, and how they are read from what was sent.

use serde_json::{Map, Value};

use crate::error::Result;
use crate::forms::{Form, LINE, REASON, TEXT, URL};
use crate::words;

words! {
    /// What a person is to a case.
    SubjectRole {
        /// Missing.
        Missing = "missing",
        /// Wanted.
        Wanted = "wanted",
        /// Suspected.
        Suspect = "suspect",
        /// A victim.
        Victim = "victim",
        /// A witness.
        Witness = "witness",
        /// Not known.
        Unknown = "unknown",
    }
}

/// Whether a text can name a platform (contract section 2).
pub fn is_platform(text: &str) -> bool {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    !text.is_empty() && text.len() <= 40 && text.chars().all(fine)
}

/// Reads a platform from a form.
pub fn platform(form: &mut Form, field: &str) -> Option<String> {
    let text = form.text(field, 100)?;
    if !is_platform(&text) {
        form.refuse(
            field,
            "form",
            "must be 1 to 40 of a-z, 0-9 and _, such as instagram or web",
        );
    }
    Some(text)
}

/// What is read of a subject; `whole` asks for what a new one must have.
pub fn subject(mut form: Form, whole: bool) -> Result<Map<String, Value>> {
    let mut out = Map::new();
    let role = if whole {
        form.required_word::<SubjectRole>("role")
    } else {
        form.word("role")
    };
    put(&mut out, "role", role.map(|r| r.as_str().into()));
    put(&mut out, "name", form.text("name", LINE).map(Value::from));
    let juvenile = if form.is_word("juvenile", "unknown") {
        form.value("juvenile")
    } else {
        form.flag("juvenile").map(Value::from)
    };
    put(&mut out, "juvenile", juvenile);
    put(&mut out, "date_of_birth", birth(&mut form));
    put(&mut out, "description", form.text("description", TEXT).map(Value::from));
    finish(form, out, whole)
}

fn birth(form: &mut Form) -> Option<Value> {
    let text = form.text("date_of_birth", 10)?;
    if text != "unknown" && text.parse::<chrono::NaiveDate>().is_err() {
        form.refuse(
            "date_of_birth",
            "date",
            "must be a day such as 2009-04-17, or \"unknown\"",
        );
    }
    Some(text.into())
}

/// What is read of an account.
pub fn account(mut form: Form, whole: bool) -> Result<Map<String, Value>> {
    let mut out = Map::new();
    if whole && !form.has("platform") {
        form.refuse("platform", "required", "must be given");
    }
    put(&mut out, "platform", platform(&mut form, "platform").map(Value::from));
    put(&mut out, "handle", form.text("handle", LINE).map(Value::from));
    put(&mut out, "platform_id", form.text("platform_id", LINE).map(Value::from));
    put(&mut out, "url", form.text("url", URL).map(Value::from));
    put(&mut out, "subject_id", form.id("subject_id").map(Value::from));
    put(&mut out, "attribution", form.text("attribution", TEXT).map(Value::from));
    let named = ["handle", "platform_id", "url"].iter().any(|n| out.contains_key(*n));
    if whole && !named && form.ok() {
        form.refuse(
            "handle",
            "required",
            "must be given, or the platform's own id, or the URL",
        );
    }
    if out.contains_key("subject_id") && !out.contains_key("attribution") {
        form.refuse(
            "attribution",
            "required",
            "must say on what basis the account is tied to the subject",
        );
    }
    finish(form, out, whole)
}

fn finish(mut form: Form, mut out: Map<String, Value>, whole: bool) -> Result<Map<String, Value>> {
    if !whole {
        put(&mut out, "reason", form.text("reason", REASON).map(Value::from));
    }
    form.done()?;
    Ok(out)
}

fn put(out: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        out.insert(name.to_owned(), value);
    }
}
