//! What is open in a case as a list of tasks, worst first. The first screen shows the same lines over several cases.

use crate::cases::model::Case;
use crate::cases::particulars::Stage;
use crate::cases::reads::WorkDesk;
use crate::cases::store::MyCase;
use crate::cases::tasks::{ItemTask, OpenAuthorization, OpenEvidenceRequest, OpenItem, OpenWork};
use crate::clock::{self, DAY, HOUR, MINUTE, Micros};
use crate::policy::CaseStatus;
use crate::text::{Zone, counted, label, line};

/// Items of one kind that are told one by one; of more, their number.
const ONE_BY_ONE: usize = 5;

/// The word on the button of what only those who may change the case can do.
const ANSWER: &str = "Answer";

/// How much a task presses. Lines stand in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TaskUrgency {
    Urgent,
    Warns,
    Held,
    Due,
}

impl TaskUrgency {
    /// Its class and its icon.
    pub fn look(self) -> (&'static str, &'static str) {
        match self {
            Self::Urgent => ("is-bad", "bolt"),
            Self::Warns => ("is-warn", "alert"),
            Self::Held => ("is-held", "hand"),
            Self::Due => ("is-due", "clock"),
        }
    }
}

/// One line of the list.
pub struct TaskLine {
    pub urgency: TaskUrgency,
    pub title: String,
    pub about: String,
    /// Where it is done, and the word on its button.
    pub address: String,
    pub act: &'static str,
}

impl TaskLine {
    fn new(urgency: TaskUrgency, title: String, about: String, (address, act): (String, &'static str)) -> Self {
        Self {
            urgency,
            title,
            about,
            address,
            act,
        }
    }

    /// For somebody who may read the case and not change it: what is due can be looked at alone.
    #[must_use]
    pub fn for_readers(mut self, case: &Case) -> Self {
        if self.act == ANSWER {
            self.address = format!("/cases/{}#h-facts", case.id);
            self.act = "View";
        }
        self
    }

    /// With the case before what is said about it, for a list over several cases.
    #[must_use]
    pub fn in_case(mut self, case: &Case) -> Self {
        self.about = format!("{}: {}", line(&case.number), self.about);
        self
    }
}

/// A time that something waited, in words.
pub fn waited(time: Micros) -> String {
    match (time / DAY, time / HOUR, time / MINUTE) {
        (days @ 2.., ..) => format!("{days} days"),
        (_, hours @ 1.., minutes) => format!("{hours} h {} min", minutes % 60),
        (.., minutes) => format!("{minutes} min"),
    }
}

/// Everything that is open in one case, worst first.
pub fn tasks_of(case: &Case, work: &OpenWork, now: Micros) -> Vec<TaskLine> {
    let mut lines = due_lines(case);
    lines.extend(work_lines(case, work, now));
    lines.sort_by_key(|line| line.urgency);
    lines
}

fn work_lines(case: &Case, work: &OpenWork, now: Micros) -> Vec<TaskLine> {
    let mut lines = Vec::new();
    for task in [ItemTask::Held, ItemTask::Emergency, ItemTask::ToCorrect] {
        let items = work
            .items
            .iter()
            .filter(|item| item.case_id == case.id && item.task == task);
        lines.extend(item_lines(case, &items.collect::<Vec<_>>(), now));
    }
    let zone = Zone::named(Some(&case.time_zone));
    let authorizations = work.authorizations.iter().filter(|a| a.case_id == case.id);
    lines.extend(authorizations.map(|a| authorization_line(a, zone, now)));
    let requests = work.requests.iter().filter(|request| request.case_id == case.id);
    lines.extend(requests.map(|request| request_line(case, request, now)));
    lines.extend(work.to_review.get(&case.id).map(|n| review_line(case, *n, &work.but)));
    lines
}

/// That somebody was proposed to lead a case, for them.
pub fn offer_line(case: &Case) -> Option<TaskLine> {
    let zone = Zone::named(Some(&case.time_zone));
    let proposed = case.proposal.as_ref()?;
    let about = format!(
        "{} proposed you, {}. Accept or decline.",
        line(&proposed.by.name),
        zone.at(proposed.at.0).shown()
    );
    let address = format!("/cases/{}/team#h-lead", case.id);
    let title = "You are to lead this case".to_owned();
    Some(TaskLine::new(TaskUrgency::Warns, title, about, (address, "Answer it")))
}

/// The cases that somebody was proposed to lead, for them.
pub fn offers_for(desk: &WorkDesk) -> Vec<TaskLine> {
    let told = |case| Some(offer_line(case)?.in_case(case));
    desk.offered.iter().filter_map(told).collect()
}

/// What needs one person over all their cases, worst first: what they lead, asked for or captured, and are to lead.
pub fn tasks_for(desk: &WorkDesk) -> Vec<TaskLine> {
    let mut lines = offers_for(desk);
    for MyCase { view, .. } in &desk.cases {
        let case = &view.case;
        let (me, leads) = (&desk.user, case.lead.id == desk.user);
        let concerns = |item: &&OpenItem| item.capturer_id == *me || (leads && item.task != ItemTask::ToCorrect);
        let asked = |a: &&OpenAuthorization| match a.state.as_str() {
            "approved" | "revoked" | "expired" => leads || a.requester_id == *me,
            state => state == "returned" && a.requester_id == *me,
        };
        let of_case = OpenWork {
            items: desk.work.items.iter().filter(concerns).cloned().collect(),
            authorizations: desk.work.authorizations.iter().filter(asked).cloned().collect(),
            requests: desk.work.requests.clone(),
            to_review: desk.work.to_review.clone(),
            but: desk.work.but.clone(),
        };
        let due = if leads { due_lines(case) } else { Vec::new() };
        let open = due.into_iter().filter(|_| case.status != CaseStatus::Closed);
        lines.extend(
            open.chain(work_lines(case, &of_case, desk.now))
                .map(|line| line.in_case(case)),
        );
    }
    lines.sort_by_key(|line| line.urgency);
    lines
}

/// What the case's kind still asks for, one line for each stage that waits for it.
pub fn due_lines(case: &Case) -> Vec<TaskLine> {
    let due = case.due();
    let stages = [Stage::Authorization, Stage::Closing, Stage::Packet];
    let of_stage = |stage| {
        let of_it = due.iter().filter(|due| due.before == stage);
        let names: Vec<String> = of_it.map(|due| asked_name(&due.field)).collect();
        (!names.is_empty()).then(|| {
            let title = format!(
                "{} due {}",
                counted(names.len() as u64, "answer", "answers"),
                before(stage)
            );
            let about = format!("{}. “Unknown” is an answer.", names.join(", "));
            TaskLine::new(
                TaskUrgency::Warns,
                title,
                about,
                (format!("/cases/{}#h-due", case.id), "Answer"),
            )
        })
    };
    stages.into_iter().filter_map(of_stage).collect()
}

/// What a due field asks for.
pub fn asked_name(field: &str) -> String {
    let name = label(&field.trim_start_matches("particulars.").replace('.', " "));
    name.replace("Ncic", "NCIC")
}

/// Before what something is due.
pub fn before(stage: Stage) -> &'static str {
    match stage {
        Stage::Authorization => "before the first authorization",
        Stage::Closing => "before the case is closed",
        Stage::Packet => "before a packet",
    }
}

fn item_lines(case: &Case, items: &[&OpenItem], now: Micros) -> Vec<TaskLine> {
    let Some(first) = items.first() else { return Vec::new() };
    if items.len() <= ONE_BY_ONE {
        return items.iter().map(|item| item_line(item, now)).collect();
    }
    let n = items.len();
    let (urgency, title, about) = match first.task {
        ItemTask::Held => (
            TaskUrgency::Held,
            format!("{n} items are held"),
            "A supervisor who does not work on the case decides",
        ),
        ItemTask::Emergency => (
            TaskUrgency::Urgent,
            format!("{n} emergencies wait"),
            "A supervisor confirms or repudiates",
        ),
        ItemTask::ToCorrect => (
            TaskUrgency::Warns,
            format!("{n} items were returned"),
            "Correct what the reviews found",
        ),
    };
    let about = format!("{about}; the oldest waits {}.", waited(now - first.received_at));
    let address = format!("/cases/{}/evidence", case.id);
    vec![TaskLine::new(urgency, title, about, (address, "View"))]
}

fn item_line(item: &OpenItem, now: Micros) -> TaskLine {
    let (n, since) = (item.item, waited(now - item.received_at));
    let (urgency, title, about) = match item.task {
        ItemTask::Held => (
            TaskUrgency::Held,
            format!("Item {n} is held"),
            format!("A supervisor who does not work on the case decides. Waiting {since}."),
        ),
        ItemTask::Emergency => (
            TaskUrgency::Urgent,
            format!("Item {n} waits for confirmation"),
            format!("An emergency: a supervisor confirms or repudiates it. Waiting {since}."),
        ),
        ItemTask::ToCorrect => (
            TaskUrgency::Warns,
            format!("Item {n} was returned"),
            "A review found something: correct it.".to_owned(),
        ),
    };
    TaskLine::new(urgency, title, about, (format!("/captures/{}", item.id), "View"))
}

fn authorization_line(authorization: &OpenAuthorization, zone: Zone, now: Micros) -> TaskLine {
    let number = authorization.number;
    let (urgency, title, about) = match authorization.state.as_str() {
        "returned" => (
            TaskUrgency::Warns,
            format!("A-{number} came back"),
            "A supervisor returned the request to be mended.".to_owned(),
        ),
        "requested" => (
            TaskUrgency::Due,
            format!("A-{number} is requested"),
            "With the supervisors; nothing is covered by it yet.".to_owned(),
        ),
        state if state != "approved" || authorization.ends_at <= now => (
            TaskUrgency::Due,
            format!("A-{number} has ended"),
            "Its closing report is due: say what came of it.".to_owned(),
        ),
        _ => (
            TaskUrgency::Warns,
            format!("A-{number} ends in {}", waited(authorization.ends_at - now)),
            format!("{}. Ask for a renewal in time.", zone.at(authorization.ends_at).shown()),
        ),
    };
    TaskLine::new(
        urgency,
        title,
        about,
        (format!("/authorizations/{}", authorization.id), "View"),
    )
}

/// What a prosecutor asked for, with the day by which it is due.
fn request_line(case: &Case, request: &OpenEvidenceRequest, now: Micros) -> TaskLine {
    let over = request.due_on.as_str() < &clock::format(now)[..10];
    let (urgency, title) = match over {
        true => (TaskUrgency::Urgent, format!("A request was due on {}", request.due_on)),
        false => (TaskUrgency::Warns, format!("A request is due on {}", request.due_on)),
    };
    let about = "The prosecutor’s office asks for something: answer it, or decline with a reason.".to_owned();
    let address = format!("/cases/{}/evidence-requests", case.id);
    TaskLine::new(urgency, title, about, (address, "View"))
}

/// `but`: the person for whom it is counted, whose own captures are left out; empty where all of the case are counted.
fn review_line(case: &Case, n: i64, but: &str) -> TaskLine {
    let n = counted(u64::try_from(n).unwrap_or_default(), "capture", "captures");
    let (title, about) = match but {
        "" => (
            format!("{n} not reviewed"),
            "All of the case. Another one who works on it reviews them, or its supervisor; never the capturer.",
        ),
        _ => (
            format!("{n} for you to review"),
            "Not reviewed yet, and made by others. Your own are for others to review.",
        ),
    };
    TaskLine::new(
        TaskUrgency::Due,
        title,
        about.to_owned(),
        (format!("/cases/{}/evidence?state=logged", case.id), "View"),
    )
}
