//! The last examination of an item, for its page.

use crate::captures::model::OpenCapture;
use crate::cases::CasePage;
use crate::error::Result;
use crate::page::{ExaminedView, examined, examined_with};
use crate::text::line;

/// What stands on the page of an item.
pub struct ExaminationView {
    /// Which program read the files, and when.
    pub by: String,
    pub files: Vec<ExaminedView>,
}

impl ExaminationView {
    /// Of the last examination of an item, where there is one.
    pub fn of(open: &OpenCapture, page: &CasePage) -> Result<Option<Self>> {
        let Some(last) = &open.remarks.examination else {
            return Ok(None);
        };
        let record = serde_json::to_value(last)?;
        let name = |sha256: &str| {
            let file = open.files.iter().find(|file| file.sha256.to_string() == sha256);
            file.and_then(|file| file.name.as_deref().map(line))
        };
        Ok(Some(Self {
            by: format!("Read by {}, {}.", examined_with(&record), page.at(last.at.0).shown()),
            files: examined(&record, name),
        }))
    }
}
