//! An investigator's first screen: the cases in which they work, what needs them, and a quick way to log into the last one.

use crate::cases::{self, TaskLine, tasks_for};
use crate::error::Result;
use crate::http::pages::PageRequest;
use crate::policy::CaseStatus;
use crate::text::{Moment, Zone, label, line};

/// Cases that the screen shows.
const CASES: usize = 10;
/// Tasks that it shows.
const TASKS: usize = 30;

/// A case in which the person works.
pub(super) struct DeskCase {
    pub id: String,
    pub number: String,
    pub title: String,
    pub handling: Option<String>,
    /// Lead or member.
    pub role: &'static str,
    pub items: i64,
    pub held: i64,
    pub status: String,
    pub last: Moment,
}

/// What the screen shows.
pub(super) struct DeskParts {
    pub cases: Vec<DeskCase>,
    pub more: bool,
    pub tasks: Vec<TaskLine>,
    pub more_tasks: usize,
    /// The open case in which something happened last.
    pub last: Option<(String, String)>,
}

impl DeskParts {
    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty() && self.tasks.is_empty()
    }

    /// The caller's.
    pub async fn of(page: &PageRequest) -> Result<Self> {
        let desk = cases::desk(&page.app.gate, &page.ctx).await?;
        let mut tasks = tasks_for(&desk);
        let more_tasks = tasks.len().saturating_sub(TASKS);
        tasks.truncate(TASKS);
        let open = desk.cases.iter().find(|mine| mine.view.case.status == CaseStatus::Open);
        let shown = desk.cases.iter().take(CASES).map(|mine| {
            let case = &mine.view.case;
            DeskCase {
                id: case.id.clone(),
                number: line(&case.number),
                title: line(&case.title),
                handling: case.is_closely_kept().then(|| label(case.handling.as_str())),
                role: if case.lead.id == desk.user { "Lead" } else { "Member" },
                items: mine.items,
                held: mine.view.held,
                status: label(case.status.as_str()),
                last: Zone::named(Some(&case.time_zone)).at(mine.last),
            }
        });
        Ok(Self {
            last: open.map(|mine| {
                let case = &mine.view.case;
                (
                    case.id.clone(),
                    format!("{}, {}", line(&case.number), line(&case.title)),
                )
            }),
            cases: shown.collect(),
            more: desk.cases.len() > CASES,
            tasks,
            more_tasks,
        })
    }
}
