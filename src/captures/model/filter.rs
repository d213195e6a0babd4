//! What a list of a case's captures is asked for: filters, order, and the place after which it begins.

use serde_json::{Value, json};

use super::{BasisKind, CaptureKind, CaptureState};
use crate::clock::{self, Micros};
use crate::error::{Error, Result};
use crate::words;

words! {
    /// In which order; a dash says that the last comes first.
    Sort {
        /// By item number.
        Item = "item",
        /// The newest item first.
        ItemDown = "-item",
        /// By the time of capture.
        Captured = "captured",
        /// The newest capture first.
        CapturedDown = "-captured",
        /// By the time of posting. A time that is not known, or not shown to everybody, counts as the earliest.
        Posted = "posted",
        /// The newest post first.
        PostedDown = "-posted",
    }
}

impl Sort {
    /// The other way round.
    pub fn reversed(self) -> Self {
        match self {
            Self::Item => Self::ItemDown,
            Self::ItemDown => Self::Item,
            Self::Captured => Self::CapturedDown,
            Self::CapturedDown => Self::Captured,
            Self::Posted => Self::PostedDown,
            Self::PostedDown => Self::Posted,
        }
    }
}

/// Which captures of a case are asked for. What is closed is found by what everybody sees of it: item, kind, state, basis
/// and time of capture.
#[derive(Debug, Clone, Default)]
pub struct CaptureFilter {
    pub kind: Option<CaptureKind>,
    pub platform: Option<String>,
    pub state: Option<CaptureState>,
    pub basis: Option<BasisKind>,
    /// Whether something covered it when it was logged.
    pub covered: Option<bool>,
    /// The user's id.
    pub captured_by: Option<String>,
    /// As `subjects::account_key` makes it.
    pub account: Option<String>,
    /// Captured then or later.
    pub from: Option<Micros>,
    /// Captured before.
    pub to: Option<Micros>,
    pub new: Option<NewTo>,
}

/// Whether a capture is new to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewTo {
    /// It is not.
    Not,
    /// It is.
    Now,
    /// It was at that time: what the caller opened since then counts as new.
    At(Micros),
}

impl NewTo {
    /// Reads it.
    pub fn parse(text: &str) -> Result<Self> {
        let refused = || Error::field("new", "boolean", "must be true, false, or a time with its zone");
        match text {
            "true" => Ok(Self::Now),
            "false" => Ok(Self::Not),
            _ => clock::parse(text).map(Self::At).ok_or_else(refused),
        }
    }
}

/// A place in an order: the time that the order goes by (0 where it goes by the item), and the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub time: Micros,
    pub item: i64,
}

impl Place {
    /// As a cursor holds it.
    pub fn cursor(self, sort: Sort) -> String {
        match sort {
            Sort::Item | Sort::ItemDown => self.item.to_string(),
            _ => format!("{}.{}", self.time, self.item),
        }
    }
}

/// A page of a list of a case's captures.
#[derive(Debug, Clone)]
pub struct CaptureQuery {
    pub filter: CaptureFilter,
    pub sort: Sort,
    pub after: Option<Place>,
    /// Rows at the most: one more than the page shows.
    pub limit: usize,
}

impl CaptureQuery {
    /// What tells this view of a list from another, for the access log.
    pub fn detail(&self) -> Value {
        let filter = &self.filter;
        let mut detail = json!({
            "kind": filter.kind, "platform": filter.platform, "state": filter.state, "basis": filter.basis,
            "covered": filter.covered, "captured_by": filter.captured_by, "account": filter.account,
            "from": filter.from, "to": filter.to, "new": filter.new.map(|new| new != NewTo::Not),
            "sort": self.sort, "after": self.after.map(|place| place.cursor(self.sort)),
            "limit": self.limit.saturating_sub(1),
        });
        if let Value::Object(fields) = &mut detail {
            fields.retain(|_, value| !value.is_null());
        }
        detail
    }
}
