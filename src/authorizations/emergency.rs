//! Emergency authorizations: started for danger to life by those who work on a case, without a supervisor, and over in four
//! hours. A supervisor confirms or repudiates one; where nobody does, it lapses.

use serde::{Deserialize, Serialize};

use crate::clock::{HOUR, Micros};
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
