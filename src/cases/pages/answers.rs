//! The answers of a case as forms: what is due, and what was answered already or stands in the case itself.

use serde_json::Value;

use super::tasks::{asked_name, before};
use crate::cases::model::Case;
use crate::cases::particulars::{AskedAnswer, Shape};
use crate::forms::Form;
use crate::http::fields::{EditForm, FieldView, FirstShown};
use crate::http::pages::FormView;
use crate::text::{Zone, label, line, phrase};

const PARTICULARS: &str = "particulars.";
const REASON: &str = "reason";

/// The forms that change what a case says. A form that was refused comes back as the first, with all that it sent.
pub struct AnswerForms {
    pub due: Option<EditForm>,
    pub change: EditForm,
    pub refused: bool,
}

/// Whether a form that was sent is one of these: it has a field of theirs beside the reason, which others have too.
fn is_ours(form: &FormView, fields: &[FieldView]) -> bool {
    let mut own = fields.iter().filter(|field| field.name != REASON);
    form.is_refused() && own.any(|field| form.typed(&field.name).is_some())
}

impl AnswerForms {
    /// Of a case as it is now; `sent` is what was refused, `first` what it showed at first.
    pub fn of(case: &Case, sent: &FormView, first: &FirstShown) -> Self {
        let fields = fields(case);
        let refused = is_ours(sent, &fields).then_some(sent);
        let due: Vec<String> = case.due().into_iter().map(|due| due.field).collect();
        let is_first = |field: &FieldView| match refused {
            Some(form) => form.typed(&field.name).is_some(),
            None => due.contains(&field.name),
        };
        let (first_fields, others) = fields.into_iter().partition(is_first);
        let form = |mark, fields: Vec<FieldView>| {
            EditForm::new(mark, format!("/cases/{}", case.id), fields)
                .of_version(case.version)
                .in_zone(&case.time_zone)
        };
        let due = form("due", first_fields).again(refused, first);
        Self {
            due: (!due.fields.is_empty()).then_some(due),
            change: form("change", others),
            refused: refused.is_some(),
        }
    }
}

/// What a version of a case showed in these forms.
pub fn shown(case: &Case) -> FirstShown {
    fields(case)
        .into_iter()
        .map(|field| (field.name, field.value))
        .collect()
}

/// Every field that may be changed: the particulars of the case's kind, then the case's own.
fn fields(case: &Case) -> Vec<FieldView> {
    let zone = Zone::named(Some(&case.time_zone));
    let asked = case.kind.asked().iter().map(|asked| particular(case, asked, zone));
    let reason = FieldView::new(REASON, "Reason for the change", "").hint("Kept on the record.");
    asked.chain(own(case)).chain([reason]).collect()
}

fn own(case: &Case) -> Vec<FieldView> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let number = FieldView::new("number", "Case number", "");
    let number = match case.provisional {
        true => number.hint("Provisional now. Empty: it stays."),
        false => FieldView {
            value: case.number.clone(),
            ..number
        },
    };
    vec![
        FieldView::new("title", "Title", case.title.as_str()).needed(),
        number,
        FieldView::new("offense", "Offense", text(&case.offense)),
        FieldView::new("jurisdiction", "Jurisdiction", text(&case.jurisdiction)),
        FieldView::new("court_order", "Court order", text(&case.court_order)),
        FieldView::new("time_zone", "Time zone of its times", case.time_zone.as_str())
            .hint("Such as America/New_York.")
            .needed(),
    ]
}

fn particular(case: &Case, asked: &AskedAnswer, zone: Zone) -> FieldView {
    let name = format!("{PARTICULARS}{}", asked.path);
    let answer = case.particulars.answer(asked.path);
    let field = FieldView::new(&name, &asked_name(&name), held(answer, &asked.shape, zone));
    let field = FieldView {
        needed: answer.is_some(),
        ..field
    };
    let hint = match answer {
        None => format!("{} Due {}.", hint(&asked.shape), before(asked.before)),
        Some(_) => hint(&asked.shape).to_owned(),
    };
    match &asked.shape {
        Shape::Flag => field.one_of(choice(answer, &["true", "false"])),
        Shape::Words(words) => field.one_of(choice(answer, words)),
        Shape::Text => field.area(),
        Shape::Time => field.time_or_unknown(),
        Shape::Day => field.day_or_unknown(),
        Shape::Line | Shape::Lines => field,
    }
    .hint(hint)
}

fn choice(answer: Option<&Value>, words: &[&'static str]) -> Vec<(&'static str, String)> {
    let named = |word: &'static str| match word {
        "" => "Not answered".to_owned(),
        "true" => "Yes".to_owned(),
        "false" => "No".to_owned(),
        "unknown" => "Not known".to_owned(),
        word => label(word),
    };
    let none = answer.is_none().then_some("");
    let all = none.into_iter().chain(words.iter().copied()).chain(["unknown"]);
    all.map(|word| (word, named(word))).collect()
}

fn hint(shape: &Shape) -> &'static str {
    match shape {
        Shape::Line | Shape::Text => "Or: unknown.",
        Shape::Time => "In the case’s time zone.",
        Shape::Lines => "With commas between them, or: unknown.",
        Shape::Day | Shape::Flag | Shape::Words(_) => "",
    }
}

/// An answer as its field holds it.
fn held(answer: Option<&Value>, shape: &Shape, zone: Zone) -> String {
    match (answer, shape) {
        (None, _) => String::new(),
        (Some(Value::String(text)), Shape::Time) => zone.typed(text),
        (Some(Value::String(text)), _) => text.clone(),
        (Some(Value::Array(all)), _) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        (Some(other), _) => other.to_string(),
    }
}

/// What was answered, in words and in the order of the form.
pub fn facts(case: &Case, zone: Zone) -> Vec<(String, String)> {
    let told = |asked: &AskedAnswer| {
        let answer = case.particulars.answer(asked.path)?;
        Some((asked_name(asked.path), phrase(answer, zone)?))
    };
    case.kind.asked().iter().filter_map(told).collect()
}

/// What stands in the case itself, in words.
pub fn own_facts(case: &Case, zone: Zone) -> Vec<(&'static str, String)> {
    let changed = zone.at(case.changed_at.0);
    let reason = case.reason.as_deref().map(|reason| format!(": {}", line(reason)));
    let version = format!("{}, {}{}", case.version, changed.shown(), reason.unwrap_or_default());
    let told = [
        ("Offense", case.offense.as_deref().map(line)),
        ("Jurisdiction", case.jurisdiction.as_deref().map(line)),
        ("Court order", case.court_order.as_deref().map(line)),
        ("Handling", Some(label(case.handling.as_str()))),
        ("Opened", Some(zone.at(case.opened_at.0).shown().to_owned())),
        ("Version", Some(version)),
    ];
    told.into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// A form as a page sends it: a list stands in one field, with commas, and a box beside a time says that it is not known.
pub fn with_lists(mut form: Form) -> Form {
    form.unknown_counts("particulars");
    form.split_texts("particulars", "platforms");
    form
}
