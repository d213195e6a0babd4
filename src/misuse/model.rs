//! A report of misuse as it is kept, and how one is read from what was sent.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::error::Result;
use crate::forms::{Form, LINE, REASON, TEXT};
use crate::identity::Person;
use crate::words;

words! {
    /// Where a report stands.
    MisuseState {
        /// The auditors have it.
        Received = "received",
        /// An auditor examines it.
        UnderExamination = "under_examination",
        /// It was closed with an outcome.
        Closed = "closed",
    }
}

words! {
    /// What came of a report.
    MisuseOutcome {
        /// It was misuse.
        Substantiated = "substantiated",
        /// It was none, or that could not be found out.
        Unsubstantiated = "unsubstantiated",
        /// It was handed to somebody outside of the agency's audit.
        ReferredOn = "referred",
    }
}

/// How a report was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MisuseClosing {
    /// What came of it.
    pub outcome: MisuseOutcome,
    /// What was found and done.
    pub text: String,
    /// By whom.
    pub by: Person,
    /// When.
    pub at: Timestamp,
}

/// Who examines a report, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MisuseExaminer {
    /// Who.
    pub by: Person,
    /// Since when.
    pub at: Timestamp,
}

/// A report of misuse: the record of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MisuseRecord {
    /// Its id.
    pub id: String,
    /// 1 as reported.
    pub version: i64,
    /// Where it stands.
    pub state: MisuseState,
    /// What it is about, and whom it concerns.
    pub text: String,
    /// The users whom it names: none of them sees it.
    pub names: Vec<Person>,
    /// The case that it is about, as the reporter names it; nobody checks that there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// Who reported it.
    pub reporter: Person,
    /// When.
    pub at: Timestamp,
    /// Who examines it, once somebody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub examiner: Option<MisuseExaminer>,
    /// How it was closed, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<MisuseClosing>,
}

/// Users that one report names at the most.
const NAMED: usize = 50;

/// A report about to be made.
#[derive(Debug, Clone)]
pub struct NewMisuse {
    /// What it is about.
    pub text: String,
    /// The user names of those whom it names.
    pub usernames: Vec<String>,
    /// The case, as it is called.
    pub case: Option<String>,
}

impl NewMisuse {
    /// Reads one. A page gives the user names with commas between them.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn parse(mut form: Form) -> Result<Self> {
        if form.is_page() {
            let typed = form.text("usernames", TEXT).unwrap_or_default();
            let names = typed.split(',').map(|name| name.trim().to_owned());
            form.put_list("usernames", names.filter(|name| !name.is_empty()).collect());
        }
        form.read(|form| Self {
            text: form.required("text", TEXT),
            usernames: form.texts("usernames", NAMED, 100),
            case: form.filled("case", LINE),
        })
    }
}

/// How a report is about to be closed.
#[derive(Debug, Clone)]
pub struct NewMisuseClosing {
    /// What came of it.
    pub outcome: MisuseOutcome,
    /// What was found and done.
    pub text: String,
}

impl NewMisuseClosing {
    /// Reads one.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn parse(form: Form) -> Result<Self> {
        form.read(|form| Self {
            outcome: form.required_word("outcome").unwrap_or(MisuseOutcome::Unsubstantiated),
            text: form.required("text", REASON),
        })
    }
}
