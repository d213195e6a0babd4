//! What a page says of captures by the verbs of the API: a note, or a review.

use crate::captures::model::{CaptureNote, Review, ReviewOutcome};
use crate::captures::remarks;
use crate::error::{Error, Result};
use crate::forms::{Form, TEXT};
use crate::gate::{Gate, RequestCtx, Scope};
use crate::policy::Act;
use crate::words;

words! {
    /// What a button of a page says of a capture.
    Saying {
        /// A note.
        Note = "note",
        /// A review: it shows what it says.
        Accurate = "accurate",
        /// A review: it does not, or not enough.
        Returned = "returned",
    }
}

impl Saying {
    /// What was done, with the number of items.
    pub fn done(self, items: usize) -> String {
        let of = if items == 1 {
            "1 item".to_owned()
        } else {
            format!("{items} items")
        };
        match self {
            Self::Note => format!("The note is added to {of}."),
            Self::Accurate => format!("{of} reviewed as accurate."),
            Self::Returned => format!("{of} returned."),
        }
    }
}

/// What is said: the button, and the text beside it.
#[derive(Debug, Clone)]
pub struct RemarkForm {
    pub saying: Saying,
    pub text: Option<String>,
}

impl RemarkForm {
    /// Reads it from a form. A review that is accurate needs no words.
    pub fn take(form: &mut Form) -> Self {
        let saying = form.required_word("do").unwrap_or(Saying::Note);
        let text = match saying {
            Saying::Accurate => form.text("text", TEXT),
            Saying::Note | Saying::Returned => Some(form.required("text", TEXT)),
        };
        Self { saying, text }
    }

    /// Says it of a capture: one event by the same verb as the API's.
    pub async fn of(&self, gate: &Gate, ctx: &RequestCtx, id: String) -> Result<()> {
        let scope = Scope::Capture(id.clone());
        let outcome = match self.saying {
            Saying::Note => {
                let note = CaptureNote {
                    text: self.text.clone().unwrap_or_default(),
                };
                let verb = move |tx: &mut crate::gate::Tx<'_>| remarks::annotate(tx, &id, &note);
                return gate.write(ctx, Act::CaptureAnnotate, scope, verb).await.map(drop);
            }
            Saying::Accurate => ReviewOutcome::Accurate,
            Saying::Returned => ReviewOutcome::Returned,
        };
        let note = self.text.clone();
        let review = Review { outcome, note };
        let verb = move |tx: &mut crate::gate::Tx<'_>| remarks::review(tx, &id, &review);
        gate.write(ctx, Act::CaptureReview, scope, verb).await.map(drop)
    }
}

/// Why something was refused, in words for the person who asked it of one of several items.
pub fn why(e: &Error) -> String {
    const TOLD: &[(&str, &str)] = &[
        (
            "nobody-reviews-own-capture",
            "you captured it yourself: another member or the supervisor reviews it",
        ),
        (
            "closed-case-takes-no-writes",
            "the case is closed and takes no notes: reopen it first",
        ),
    ];
    let told = TOLD
        .iter()
        .find(|(rule, _)| e.rules.iter().any(|broken| broken == rule));
    match (told, e.errors.first()) {
        (Some((_, why)), _) => (*why).to_owned(),
        (None, Some(error)) => format!("{} {}", error.field, error.message),
        (None, None) => crate::http::reply::detail_of(e).to_owned(),
    }
}
