//! What can go wrong, in the words of the domain. HTTP appears once, in `http::reply`.

use std::fmt;

/// One field that broke one rule, with the way out in words.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FieldError {
    /// JSON path of the field, such as `files[0].sha256`.
    pub field: String,
    /// The rule's short name, such as `required` or `too_long`.
    pub rule: String,
    /// What to do about it.
    pub message: String,
}

impl FieldError {
    /// A field that broke a rule, and what to do about it.
    pub fn new(field: impl Into<String>, rule: &str, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            rule: rule.into(),
            message: message.into(),
        }
    }

    /// Fails where fields broke rules.
    pub fn refuse(broken: Vec<Self>) -> Result<()> {
        match broken.is_empty() {
            true => Ok(()),
            false => Err(Error::invalid(broken)),
        }
    }
}

/// The ways a request can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nobody is signed in, or the session is over.
    Unauthenticated,
    /// It does not exist, or must not exist for this caller.
    NotFound,
    /// The path has other methods.
    Method,
    /// The caller may see it, but not do this.
    Forbidden,
    /// The input breaks a rule.
    Invalid,
    /// The state does not allow it.
    Conflict,
    /// `If-Match` names an older version.
    Stale,
    /// `If-Match` is missing.
    VersionRequired,
    /// A range outside the file.
    OutOfRange,
    /// More bytes than allowed.
    TooLarge,
    /// The body is of another kind than the route takes.
    Unsupported,
    /// Too many at once, or too fast.
    TooMany,
    /// Not now: a queue is full, a disk is full, a server is starting.
    Unavailable,
    /// The sender stopped sending.
    Timeout,
    /// A bug or a broken machine. The detail goes to the log, not to the caller.
    Internal,
}

/// A failure with everything its reader needs.
#[derive(Debug, Clone)]
pub struct Error {
    /// Which way it failed.
    pub kind: Kind,
    /// The stable code of the problem type (docs/problems.md).
    pub code: &'static str,
    /// One sentence for people.
    pub detail: String,
    /// The fields concerned.
    pub errors: Vec<FieldError>,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u32>,
    /// The policy rules that decided, for refusals.
    pub rules: Vec<String>,
    /// Whom to ask, in a sentence, for who may know that.
    pub ask: Option<Box<str>>,
}

/// The result of everything in the server.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A failure of a kind, with its code and sentence.
    pub fn new(kind: Kind, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            rules: Vec::new(),
            ask: None,
        }
    }

    /// One field broke one rule.
    pub fn field(field: impl Into<String>, rule: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::new(field, rule, message)])
    }

    /// Several fields broke rules.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] => format!("{}: {}", one.field, one.message),
            many => format!("{} fields need attention", many.len()),
        };
        Self {
            errors,
            ..Self::new(Kind::Invalid, "invalid", detail)
        }
    }

    /// It does not exist, or not for this caller.
    pub fn not_found() -> Self {
        Self::new(
            Kind::NotFound,
            "not-found",
            "Nothing here that you may see. Check the address, or ask for access.",
        )
    }

    /// A session that is missing or over.
    pub fn unauthenticated() -> Self {
        Self::new(
            Kind::Unauthenticated,
            "not-signed-in",
            "Sign in first: POST /api/v1/sessions.",
        )
    }

    /// A refusal, with the policy rules that decided it.
    pub fn forbidden(rules: Vec<String>, detail: impl Into<String>) -> Self {
        Self {
            rules,
            ..Self::new(Kind::Forbidden, "forbidden", detail)
        }
    }

    /// The state does not allow it.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, "conflict", detail)
    }

    /// The caller changed another version than the one stored now.
    pub fn stale() -> Self {
        Self::new(
            Kind::Stale,
            "stale-version",
            "This was changed since you read it. Read it again, and repeat your change on the new version.",
        )
    }

    /// A broken machine or a bug.
    pub fn internal(detail: impl fmt::Display) -> Self {
        Self::new(Kind::Internal, "internal", detail.to_string())
    }

    /// Try again in some seconds.
    pub fn unavailable(code: &'static str, detail: impl Into<String>, retry_after: u32) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(Kind::Unavailable, code, detail)
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)?;
        for e in &self.errors {
            write!(f, "\n  {}: {} ({})", e.field, e.message, e.rule)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(e: std::io::Error) -> Self {
        match e.kind() {
            std::io::ErrorKind::StorageFull => Self::unavailable(
                "disk-full",
                "The disk is full. Nothing was kept of this request; free space and send it again.",
                60,
            ),
            _ => Self::internal(format!("file system: {e}")),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(e: serde_json::Error) -> Self {
        Self::internal(format!("stored JSON: {e}"))
    }
}
