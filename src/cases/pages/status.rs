//! Closing, suspending and opening a case again, each a form of its own.

use super::tasks::asked_name;
use crate::cases::model::Case;
use crate::cases::particulars::Stage;
use crate::http::fields::{EditForm, FieldView, FirstShown};
use crate::http::pages::FormView;
use crate::policy::CaseStatus;

/// How cases end, in the words of the agency's forms; any other word may be typed.
pub const DISPOSITIONS: &[&str] = &[
    "located_safe",
    "located_deceased",
    "arrest",
    "unfounded",
    "referred",
    "transferred",
];

/// A form that changes the status.
pub struct StatusForm {
    pub status: CaseStatus,
    pub title: &'static str,
    pub button: &'static str,
    pub edit: EditForm,
}

/// The changes of status that are possible now, and what stands against closing.
pub struct StatusForms {
    pub forms: Vec<StatusForm>,
    /// What must be answered before the case can be closed.
    pub first: Vec<String>,
}

impl StatusForms {
    /// Of a case as it is now; `sent` is what was refused.
    pub fn of(case: &Case, sent: &FormView) -> Self {
        let wanted = match case.status {
            CaseStatus::Open => vec![CaseStatus::Closed, CaseStatus::Suspended],
            CaseStatus::Suspended => vec![CaseStatus::Open, CaseStatus::Closed],
            CaseStatus::Closed => vec![CaseStatus::Open],
        };
        let due = case.due().into_iter().filter(|due| due.before != Stage::Packet);
        let first: Vec<String> = due.map(|due| asked_name(&due.field)).collect();
        let possible = |status: &CaseStatus| *status != CaseStatus::Closed || first.is_empty();
        Self {
            forms: wanted
                .into_iter()
                .filter(possible)
                .map(|status| form(case, status, sent))
                .collect(),
            first: match case.status {
                CaseStatus::Closed => Vec::new(),
                CaseStatus::Open | CaseStatus::Suspended => first,
            },
        }
    }

    /// The one that was refused.
    pub fn refused(&self) -> Option<&StatusForm> {
        self.forms.iter().find(|one| one.edit.is_refused())
    }
}

fn form(case: &Case, status: CaseStatus, sent: &FormView) -> StatusForm {
    let (title, button) = match status {
        CaseStatus::Closed => ("Close the case", "Close the case"),
        CaseStatus::Suspended => ("Suspend it", "Suspend the case"),
        CaseStatus::Open => ("Open it again", "Open the case again"),
    };
    let ended = FieldView::new("disposition", "How it ended", "")
        .hint("A word such as located_safe, arrest, unfounded, referred.")
        .proposed("dispositions")
        .needed();
    let ended = (status == CaseStatus::Closed).then_some(ended);
    let reason = FieldView::new("reason", "Reason", "").hint("Kept on the record.");
    let fields = ended.into_iter().chain([reason]).collect();
    let refused = Some(sent).filter(|form| form.typed("status") == Some(status.as_str()));
    StatusForm {
        status,
        title,
        button,
        edit: EditForm::new(status.as_str(), format!("/cases/{}", case.id), fields)
            .of_version(case.version)
            .again(refused, &FirstShown::new()),
    }
}
