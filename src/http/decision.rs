//! The form of a decision, the same for whatever is decided: its choices with what each does, and reasons to choose from.

use crate::forms::Form;

/// One answer that may be given.
pub struct DecisionChoice {
    /// What the form sends.
    pub value: &'static str,
    /// The button's word.
    pub word: String,
    /// What it does, and what it does not.
    pub says: String,
    /// The button's look: ` btn--primary`, ` btn--danger` or nothing.
    pub look: &'static str,
}

/// A reason as agencies give it, to begin with.
pub struct ReasonChip {
    /// The answer that it belongs to.
    pub of: &'static str,
    /// What the chip shows.
    pub word: &'static str,
    /// The whole sentence.
    pub sentence: &'static str,
}

/// A decision's form.
pub struct DecisionForm {
    /// Where it is sent.
    pub action: String,
    /// The version of what is decided, as the page shows it.
    pub version: i64,
    /// The name of the field that takes the answer.
    pub field: &'static str,
    /// The name of the field that takes the reason.
    pub reason: &'static str,
    /// The reason's label.
    pub label: &'static str,
    /// When a reason is needed.
    pub hint: &'static str,
    /// The reasons to begin with.
    pub chips: &'static [ReasonChip],
    /// The answers.
    pub choices: Vec<DecisionChoice>,
    /// What the decider confirms with an answer.
    pub confirms: Option<String>,
    /// A second text that goes with an answer.
    pub also: Option<DecisionField>,
}

/// A second text of a decision.
pub struct DecisionField {
    /// The name under which it is sent.
    pub name: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// What may be filled in.
    pub hint: &'static str,
}

/// The field of a reason that was chosen and not written.
const CHOSEN: &str = "reason_choice";

/// A form in which a chosen reason counts where none was written.
pub fn with_chosen_reason(mut form: Form, reason: &str) -> Form {
    let chosen = form.peek(CHOSEN).map(str::to_owned);
    form.value(CHOSEN);
    if let Some(chosen) = chosen.filter(|_| !form.has(reason)) {
        form.put(reason, chosen);
    }
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(body: &str) -> Option<String> {
        let pairs = url::form_urlencoded::parse(body.as_bytes()).into_owned();
        let form = Form::from_pairs(pairs, None).expect("a form");
        let mut form = with_chosen_reason(form, "reason");
        let read = form.text("reason", 100);
        form.done().expect("nothing else");
        read
    }

    #[test]
    fn what_was_written_counts_before_what_was_chosen() {
        assert_eq!(reason("reason=&reason_choice=Too+broad"), Some("Too broad".into()));
        assert_eq!(reason("reason=mine&reason_choice=Too+broad"), Some("mine".into()));
        assert_eq!(reason("reason="), None);
    }
}
