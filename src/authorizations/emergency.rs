//! Emergency authorizations: started for danger to life by those who work on a case, without a supervisor, and over in four
//! hours. A supervisor confirms or repudiates one; where nobody does, it lapses.

use serde::{Deserialize, Serialize};

use super::model::Request;
use crate::clock::{self, HOUR, Micros};
use crate::error::Result;
use crate::forms::Form;
use crate::identity::Person;

/// How long an emergency authorization lasts.
pub const LASTS: Micros = 4 * HOUR;

/// How an emergency authorization began. The danger itself is its predicate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyStart {
    /// Who was on call then and could decide it: it shows at once on their first screen.
    pub paged: Vec<Person>,
}

impl EmergencyStart {
    /// Whether it pages somebody.
    pub fn pages(&self, user: &str) -> bool {
        self.paged.iter().any(|person| person.id == user)
    }
}

/// Reads what somebody starts an emergency authorization for: a request without times, which follow from its start.
///
/// # Errors
/// Every field that breaks a rule.
pub fn start(mut form: Form, now: Micros) -> Result<Request> {
    for field in ["starts_at", "ends_at", "review_at", "renews"] {
        if form.has(field) {
            form.refuse(
                field,
                "emergency",
                "does not go with an emergency, which begins now and ends in four hours: leave it out",
            );
        }
    }
    form.put("starts_at", clock::format(now));
    form.put("ends_at", clock::format(now + LASTS));
    Request::parse(form, now)
}
