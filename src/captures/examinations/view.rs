//! The last examination of an item, for its page, and whether another one was asked for.

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
    /// Who asked for another one that is not made yet, and when.
    pub asked: Option<String>,
}

impl ExaminationView {
    /// Of the last examination of an item; none where there is none and nobody asked for one.
    pub fn of(open: &OpenCapture, page: &CasePage) -> Result<Option<Self>> {
        let asked = open.remarks.examination_request.as_ref();
        let asked = asked.map(|asked| format!("{}, {}", line(&asked.by.name), page.at(asked.at.0).shown()));
        let Some(last) = &open.remarks.examination else {
            return Ok(asked.map(|asked| Self {
                by: String::new(),
                files: Vec::new(),
                asked: Some(asked),
            }));
        };
        let record = serde_json::to_value(last)?;
        let name = |sha256: &str| {
            let file = open.files.iter().find(|file| file.sha256.to_string() == sha256);
            file.and_then(|file| file.name.as_deref().map(line))
        };
        Ok(Some(Self {
            by: format!("Read by {}, {}.", examined_with(&record), page.at(last.at.0).shown()),
            files: examined(&record, name),
            asked,
        }))
    }
}
