//! Forms that change something: each field shows what holds now, and where the form was refused, what was typed beside it.
//!
//! A form that was shown before somebody else changed the same thing is refused as stale. What its sender left as it was
//! then takes the value of now; what they typed stays, with the value of now beside it.

use super::pages::FormView;
use crate::clock;
use crate::forms::is_day;

/// How a field is filled in.
pub enum Control {
    /// One line.
    Line,
    /// Several lines.
    Area,
    /// One line, for which the page has a list of proposals of this id.
    Proposed(&'static str),
    /// A day, or not known.
    Day,
    /// A day and a time, or not known.
    Time,
    /// One of these: the value that is sent, and its words.
    Choice(Vec<(String, String)>),
}

/// A field of a form.
pub struct FieldView {
    /// Its place in the page, which no other has.
    pub id: String,
    /// The name under which it is sent.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// What may be filled in.
    pub hint: String,
    /// How it is filled in.
    pub control: Control,
    /// What it holds.
    pub value: String,
    /// What holds now, in words, where that is not what the field holds.
    pub now: Option<String>,
    /// What is wrong with it.
    pub error: Option<String>,
    /// Whether it must not be empty.
    pub needed: bool,
}

impl FieldView {
    /// A field that holds a value.
    pub fn new(name: &str, label: &str, value: impl Into<String>) -> Self {
        Self {
            id: String::new(),
            name: name.to_owned(),
            label: label.to_owned(),
            hint: String::new(),
            control: Control::Line,
            value: value.into(),
            now: None,
            error: None,
            needed: false,
        }
    }

    /// With what may be filled in.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// With several lines.
    #[must_use]
    pub fn area(mut self) -> Self {
        self.control = Control::Area;
        self
    }

    /// A day, with a box for one that is not known. What no such field can hold is shown as a line.
    #[must_use]
    pub fn day_or_unknown(self) -> Self {
        self.or_unknown(is_day, Control::Day)
    }

    /// The same for a day and a time.
    #[must_use]
    pub fn time_or_unknown(self) -> Self {
        let fits = |value: &str| clock::parse_in(value, chrono_tz::Tz::UTC).is_some();
        self.or_unknown(fits, Control::Time)
    }

    fn or_unknown(mut self, fits: impl Fn(&str) -> bool, control: Control) -> Self {
        if fits(&self.value) || self.value.is_empty() || self.is_unknown() {
            self.control = control;
        }
        self
    }

    /// Whether it holds the answer that it is not known.
    pub fn is_unknown(&self) -> bool {
        self.value == "unknown"
    }

    /// With the proposals of a list in the page.
    #[must_use]
    pub fn proposed(mut self, list: &'static str) -> Self {
        self.control = Control::Proposed(list);
        self
    }

    /// One of these values, each with its words.
    #[must_use]
    pub fn one_of<V: Into<String>>(mut self, options: impl IntoIterator<Item = (V, String)>) -> Self {
        self.control = Control::Choice(options.into_iter().map(|(value, word)| (value.into(), word)).collect());
        self
    }

    /// A field that must not be empty.
    #[must_use]
    pub fn needed(mut self) -> Self {
        self.needed = true;
        self
    }

    /// A value as people read it: the words of a choice.
    fn words_of<'a>(&'a self, value: &'a str) -> &'a str {
        match &self.control {
            Control::Choice(options) => options
                .iter()
                .find(|(v, _)| v == value)
                .map_or(value, |(_, word)| word.as_str()),
            _ if value == "unknown" => "Not known",
            _ => value,
        }
    }

    /// Takes what was typed and what was wrong from a refused form. `base` is the value that the form showed at first,
    /// where that is known.
    fn refused(&mut self, form: &FormView, base: Option<&str>) {
        self.error = form.error(&self.name).map(str::to_owned);
        let Some(typed) = form.typed(&self.name) else { return };
        if typed == self.value || base == Some(typed) {
            return;
        }
        if !self.value.is_empty() {
            self.now = Some(self.words_of(&self.value).to_owned());
        }
        self.value = typed.to_owned();
    }
}

/// What a refused form showed at first, by the names of its fields.
pub type FirstShown = Vec<(String, String)>;

/// A form with its fields.
pub struct EditForm {
    /// Where it is sent.
    pub action: String,
    /// The version that it changes, where it changes one.
    pub version: Option<i64>,
    /// The zone of times in it.
    pub zone: String,
    /// Its fields.
    pub fields: Vec<FieldView>,
    /// What is wrong with the whole.
    pub problem: Option<String>,
    /// What is wrong with fields: the place in this page where there is one, and the words.
    pub errors: Vec<(Option<String>, String)>,
}

impl EditForm {
    /// A form whose fields have places that begin with `mark`.
    pub fn new(mark: &str, action: String, mut fields: Vec<FieldView>) -> Self {
        for field in &mut fields {
            field.id = format!("{mark}-{}", field.name);
        }
        Self {
            action,
            version: None,
            zone: String::new(),
            fields,
            problem: None,
            errors: Vec::new(),
        }
    }

    /// One that changes a version.
    #[must_use]
    pub fn of_version(mut self, version: i64) -> Self {
        self.version = Some(version);
        self
    }

    /// One whose times are in a zone.
    #[must_use]
    pub fn in_zone(mut self, zone: &str) -> Self {
        zone.clone_into(&mut self.zone);
        self
    }

    /// The form as it was sent, where it was refused. `first` is what it showed then, where that is known.
    #[must_use]
    pub fn again(mut self, form: Option<&FormView>, first: &FirstShown) -> Self {
        let Some(form) = form.filter(|form| form.is_refused()) else {
            return self;
        };
        for field in &mut self.fields {
            let base = first.iter().find(|(name, _)| *name == field.name);
            field.refused(form, base.map(|(_, value)| value.as_str()));
        }
        self.problem.clone_from(&form.problem);
        let told = form.errors.iter().map(|error| {
            let field = self.fields.iter().find(|field| field.name == error.field);
            let label = field.map_or(error.field.as_str(), |field| field.label.as_str());
            (
                field.map(|field| field.id.clone()),
                format!("{label}: {}", error.message),
            )
        });
        self.errors = told.collect();
        self
    }

    /// Whether it was refused.
    pub fn is_refused(&self) -> bool {
        self.problem.is_some() || !self.errors.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::FieldError;

    fn form(now: &str, typed: &str, first: Option<&str>) -> FieldView {
        let mut refused = FormView::of([("a", typed.to_owned())]);
        refused.errors = vec![FieldError::new("a", "rule", "is odd")];
        let first = first
            .map(|value| ("a".to_owned(), value.to_owned()))
            .into_iter()
            .collect();
        let form = EditForm::new("m", String::new(), vec![FieldView::new("a", "A", now)]);
        let mut form = form.again(Some(&refused), &first);
        assert_eq!(form.errors, [(Some("m-a".to_owned()), "A: is odd".to_owned())]);
        form.fields.remove(0)
    }

    #[test]
    fn what_was_typed_stays_beside_what_holds_now() {
        let field = form("now", "typed", Some("first"));
        assert_eq!((field.value.as_str(), field.now.as_deref()), ("typed", Some("now")));
        let field = form("now", "typed", None);
        assert_eq!((field.value.as_str(), field.now.as_deref()), ("typed", Some("now")));
    }

    #[test]
    fn what_was_left_as_it_was_takes_the_value_of_now() {
        let field = form("now", "first", Some("first"));
        assert_eq!((field.value.as_str(), field.now), ("now", None));
        let field = form("now", "now", Some("first"));
        assert_eq!((field.value.as_str(), field.now), ("now", None));
    }
}
