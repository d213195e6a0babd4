//! Views in the access log: recorded before the first byte, once a minute for the same person and thing (files: once
//! in ten minutes, contract section 2; each download by itself).

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::clock::{MINUTE, Micros};
use crate::ledger::{self, Action, Draft};
use crate::proof::id::Digest;

/// Views remembered at the most.
const KEPT: usize = 50_000;

/// What is looked at.
#[derive(Debug, Clone)]
pub struct View {
    /// The kind of view.
    pub action: Action,
    /// The kind of thing.
    pub object_type: &'static str,
    /// Its id.
    pub object_id: String,
    /// What else tells this view from another: a page's cursor, a file's digest. Views of other things have another one, or
    /// the later would be covered by the record of the first.
    pub detail: Value,
    /// How long one record covers further views.
    pub covers: Micros,
    /// The case whose access log tells it, where the scope names none.
    pub case: Option<String>,
}

impl View {
    /// A view that covers a minute.
    pub fn new(action: Action, object_type: &'static str, object_id: &str, detail: Value) -> Self {
        Self {
            action,
            object_type,
            object_id: object_id.to_owned(),
            detail,
            covers: MINUTE,
            case: None,
        }
    }

    /// A number of an address, for the detail: as text where no record holds so large a one.
    pub fn number(n: i64) -> Value {
        const LARGEST: u64 = (1 << 53) - 1;
        match n.unsigned_abs() <= LARGEST {
            true => n.into(),
            false => n.to_string().into(),
        }
    }

    pub(super) fn draft(&self, case: Option<&str>, address: &str) -> Draft {
        let mut record = self.detail.as_object().cloned().unwrap_or_default();
        record.insert("address".into(), address.into());
        let case = case.or(self.case.as_deref());
        let stream = case.map_or_else(|| ledger::AGENCY.to_owned(), ledger::access_stream);
        let object = (self.object_type, self.object_id.as_str());
        Draft::new(stream, self.action, object, Value::Object(record))
    }
}

/// Session, kind, and thing with detail. These are a digest: a search is long, and many are remembered.
type ViewKey = (String, Action, Digest);

/// A view that is to be recorded: its time, and until when the record covers it.
pub(super) struct NewView(ViewKey, Range<Micros>);

#[derive(Default)]
pub(super) struct Views(Mutex<HashMap<ViewKey, Micros>>);

impl Views {
    /// The view, where no record covers it.
    pub fn unseen(&self, session: &str, view: &View, now: Micros) -> Option<NewView> {
        let thing = json!([view.object_id, view.detail]).to_string();
        let key = (session.to_owned(), view.action, Digest::of(thing.as_bytes()));
        let covered = self
            .0
            .lock()
            .is_ok_and(|seen| seen.get(&key).is_some_and(|until| *until > now));
        (!covered).then_some(NewView(key, now..now + view.covers))
    }

    /// Remembers a view that is recorded.
    pub fn remember(&self, NewView(key, covered): NewView) {
        let Ok(mut seen) = self.0.lock() else { return };
        if seen.len() > KEPT {
            seen.retain(|_, until| *until > covered.start);
        }
        seen.insert(key, covered.end);
    }
}
