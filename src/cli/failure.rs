//! How a command ends: an exit code, or a failure told in one line and one more for each field.

use std::process::ExitCode;

use super::output::clean;
use crate::error::{Error, FieldError, Kind};

/// How a command ended.
pub(super) type Done = std::result::Result<ExitCode, Failure>;

/// A failure as the command line tells it.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    /// 2 for what was asked wrongly or could not be read, else 1.
    pub code: u8,
    /// The stable word of its kind.
    pub problem: String,
    pub detail: String,
    pub errors: Vec<FieldError>,
}

impl Failure {
    pub fn new(code: u8, problem: &str, detail: impl Into<String>) -> Self {
        Self {
            code,
            problem: problem.to_owned(),
            detail: detail.into(),
            errors: Vec::new(),
        }
    }

    /// Something went wrong.
    pub fn failed(detail: impl Into<String>) -> Self {
        Self::new(1, "failed", detail)
    }

    /// Something could not be read, or was asked wrongly.
    pub fn unreadable(detail: impl Into<String>) -> Self {
        Self::new(2, "unreadable", detail)
    }

    /// An argument or a setting broke a rule.
    pub fn field(field: &str, rule: &str, message: impl Into<String>) -> Self {
        Error::field(field, rule, message).into()
    }

    /// Whether whatever is sent next would fail in the same way.
    pub fn ends_run(&self) -> bool {
        const ENDS: [&str; 12] = [
            "unreachable",
            "not-signed-in",
            "forbidden",
            "password-change-first",
            "not-found",
            "case-closed",
            "read-only",
            "disk-reserve",
            "disk-full",
            "unavailable",
            "database-unreachable",
            "stopped",
        ];
        ENDS.contains(&&*self.problem)
    }

    /// Whether it is told in the same words.
    pub fn is_same(&self, other: &Self) -> bool {
        self.problem == other.problem && self.text() == other.text()
    }

    /// The same failure with another exit code.
    pub fn with_code(self, code: u8) -> Self {
        Self { code, ..self }
    }

    /// One line, and one more for each field unless the line is that field already.
    pub fn text(&self) -> String {
        let mut out = clean(&self.detail);
        for e in &self.errors {
            if self.detail != format!("{}: {}", e.field, e.message) {
                out += &format!("\n  {}: {} ({})", clean(&e.field), clean(&e.message), clean(&e.rule));
            }
        }
        out
    }
}

impl From<Error> for Failure {
    fn from(e: Error) -> Self {
        let code = if e.kind == Kind::Invalid { 2 } else { 1 };
        Self {
            code,
            problem: e.code.to_owned(),
            detail: e.detail,
            errors: e.errors,
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(e: std::io::Error) -> Self {
        Error::from(e).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line_and_its_fields() {
        let one: Failure = Error::field("port", "range", "must be smaller").into();
        assert_eq!((one.code, one.text().as_str()), (2, "port: must be smaller"));
        let two = Error::invalid(vec![
            FieldError::new("a", "required", "is missing"),
            FieldError::new("b", "one_of", "is another"),
        ]);
        let two: Failure = two.into();
        assert_eq!(
            two.text(),
            "2 fields need attention\n  a: is missing (required)\n  b: is another (one_of)"
        );
        assert_eq!(Failure::from(Error::conflict("no")).code, 1);
    }
}
