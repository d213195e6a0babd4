//! One capture as its decider or reviewer reads it: why it is held, what it says, and the form of the decision.

use crate::authorizations::Line;
use crate::captures::api;
use crate::captures::model::{
    BasisKind, CaptureDecision, CaptureState, CaptureView, FileEntry, NewDecision, OpenCapture, Remark, Review,
};
use crate::captures::reads::{self, LastWord};
use crate::error::Result;
use crate::gate::Scope;
use crate::http::WriteRequest;
use crate::http::decision::{DecisionChoice, DecisionForm, ReasonChip, with_chosen_reason};
use crate::http::pages::PageRequest;
use crate::policy::Act;
use crate::subjects::platform_name;
use crate::text::{Zone, block, counted, groups, label, line, size};

/// A file, as a decider is told of it.
pub struct FileToSee {
    pub address: Option<String>,
    pub name: String,
    pub about: String,
    pub picture: bool,
    /// The address of its preview.
    pub preview: String,
    pub groups: Vec<String>,
}

impl FileToSee {
    fn of(id: &str, file: &FileEntry) -> Self {
        let media = file.media_type.clone().unwrap_or_default();
        Self {
            address: file.withheld.is_none().then(|| format!("/files/{id}/{}", file.sha256)),
            name: line(file.name.as_deref().unwrap_or("without a name")),
            about: format!("{}, {media}, {}", label(file.role.as_str()), size(file.size)),
            picture: super::is_picture(file),
            preview: super::viewer::preview_address(id, file),
            groups: groups(&file.sha256),
        }
    }
}

/// One capture with all that its decider needs.
pub struct CapturePane {
    pub id: String,
    pub item: i64,
    /// Its kind, or what was searched for and not found.
    pub name: String,
    pub state: CaptureState,
    pub state_name: String,
    pub emergency: bool,
    pub case_id: String,
    pub case_number: String,
    pub case_title: String,
    pub coverage: Vec<Line>,
    /// Whether its content is shown at all.
    pub open: bool,
    pub text: Option<String>,
    /// What stands above the text.
    pub text_heading: &'static str,
    pub facts: Vec<(&'static str, String)>,
    pub files: Vec<FileToSee>,
    /// The last word on it, where there was one.
    pub told: Option<String>,
    pub decision: Option<DecisionForm>,
}

impl CapturePane {
    /// Reads the capture; a decision or a review is sent to `action`.
    pub async fn of(page: &PageRequest, id: &str, action: String) -> Result<Self> {
        let read = reads::weighed(&page.app.gate, &page.ctx, id.to_owned()).await?;
        let (zone, outline) = (Zone::named(Some(&read.case.time_zone)), read.view.outline());
        let open = match &read.view {
            CaptureView::Open(open) => Some(open.as_ref()),
            CaptureView::Withheld(_) => None,
        };
        let files = open.map(|open| open.files.as_slice()).unwrap_or_default();
        Ok(Self {
            id: outline.id.clone(),
            item: outline.item,
            name: open
                .and_then(searched)
                .unwrap_or_else(|| label(outline.kind.as_str()).to_lowercase()),
            text_heading: outline.kind.text_heading(),
            state: outline.state,
            state_name: label(outline.state.as_str()),
            emergency: open.is_some_and(waits_as_emergency),
            case_id: read.case.id.clone(),
            case_number: line(&read.case.number),
            case_title: line(&read.case.title),
            coverage: super::rules(&outline.coverage, zone),
            open: open.is_some(),
            text: open.and_then(|open| open.particulars.text.as_deref()).map(block),
            facts: open
                .map(|open| facts(open, zone))
                .unwrap_or_default()
                .into_iter()
                .chain(of_cut_off(&read, zone))
                .collect(),
            files: files.iter().map(|file| FileToSee::of(&outline.id, file)).collect(),
            told: open.and_then(|open| told(open, zone)),
            decision: open.and_then(|open| form(open, read.rights, action)),
        })
    }

    /// How many rules of its coverage failed, in words.
    pub fn failed(&self) -> Option<String> {
        let failed = self.coverage.iter().filter(|rule| rule.passed == Some(false)).count() as u64;
        (failed > 0).then(|| counted(failed, "rule failed", "rules failed"))
    }
}

/// What became of a capture, for the line after a decision.
///
/// # Errors
/// As a read of the capture.
pub async fn outcome(page: &PageRequest, id: &str) -> Result<String> {
    let fate = reads::fate(&page.app.gate, &page.ctx, id.to_owned()).await?;
    let item = fate.item;
    Ok(match fate.word {
        Some(LastWord::Decided(outcome)) => format!("Item {item}: {}", past(outcome.as_str())),
        Some(LastWord::Reviewed(outcome)) => format!("Item {item}: reviewed ({})", outcome.as_str()),
        None => format!("Item {item} is {}", label(fate.state.as_str()).to_lowercase()),
    })
}

/// That it was made under an authorization which was cut off, and whether before or after that.
fn of_cut_off(read: &reads::WeighedCapture, zone: Zone) -> Option<(&'static str, String)> {
    let (number, what, at) = read.cut_off?;
    let place = match read.view.outline().captured_at.0 < at {
        true => "before",
        false => "after",
    };
    let told = format!(
        "Made under A-{number}, which was {what} at {}: it was captured {place} that.",
        zone.at(at).shown()
    );
    Some(("Its authorization", told))
}

/// What was searched for, where nothing was found.
fn searched(open: &OpenCapture) -> Option<String> {
    open.particulars.searched(open.outline.kind, 60)
}

fn waits_as_emergency(open: &OpenCapture) -> bool {
    let judged = open.remarks.decision.is_some() || open.outline.state.is_closed();
    open.basis.kind == BasisKind::Emergency && !judged
}

fn told(open: &OpenCapture, zone: Zone) -> Option<String> {
    let sentence = |what: String, who: &str, at, why: &str| {
        let at = zone.at(at);
        let why = if why.is_empty() {
            String::new()
        } else {
            format!(": {}", line(why))
        };
        format!("{what} by {}, {}{why}", line(who), at.shown())
    };
    let decided = |d: &Remark<CaptureDecision>| {
        let word = label(&past(d.said.said.outcome.as_str()));
        (d.at, sentence(word, &d.by.name, d.at.0, &d.said.said.reason))
    };
    let reviewed = |r: &Remark<Review>| {
        let word = format!("Reviewed ({})", r.said.outcome.as_str());
        (
            r.at,
            sentence(word, &r.by.name, r.at.0, r.said.note.as_deref().unwrap_or_default()),
        )
    };
    let all = open
        .remarks
        .decision
        .iter()
        .map(decided)
        .chain(open.remarks.reviews.iter().map(reviewed));
    all.max_by_key(|(at, _)| *at).map(|(_, told)| told)
}

/// The past of an outcome's word.
fn past(word: &str) -> String {
    match word {
        "ratify" => "ratified".to_owned(),
        _ => format!("{}ed", word.trim_end_matches('e')),
    }
}

fn facts(open: &OpenCapture, zone: Zone) -> Vec<(&'static str, String)> {
    let said = &open.particulars;
    let mut facts = Vec::new();
    let mut put = |name, value: Option<String>| facts.extend(value.map(|value| (name, line(&value))));
    let at = |at: i64| {
        let moment = zone.at(at);
        match moment.local {
            Some(local) => format!("{local} ({})", moment.utc),
            None => moment.utc,
        }
    };
    put("Platform", said.platform.as_deref().map(platform_name));
    put("Address as seen", said.url.clone());
    let account = said.account.as_ref();
    put(
        "Account",
        account.and_then(|a| a.handle.clone().or(a.platform_id.clone())),
    );
    put("Time as shown", said.platform_time_text.clone());
    put("Captured", Some(at(open.outline.captured_at.0)));
    let how = [
        said.level.map(|level| level.as_str()),
        said.device.map(|device| device.as_str()),
    ];
    let how: Vec<&str> = how.into_iter().flatten().collect();
    put("Captured by", Some(open.captured_by.name.clone()));
    put("Level and device", (!how.is_empty()).then(|| how.join(", ")));
    put("Rests on", Some(super::rests_on(open.basis.kind, open.outline.state)));
    put("Reason given", open.basis.reason.clone());
    put("Note", open.note.clone());
    let flags: Vec<&str> = open.outline.flags.iter().map(|flag| flag.as_str()).collect();
    put(
        "Odd about it",
        (!flags.is_empty()).then(|| flags.join(", ").replace('_', " ")),
    );
    facts
}

const HELD: &[ReasonChip] = &[
    ReasonChip {
        of: "accept",
        word: "Public, found in passing",
        sentence: "Openly visible, and found in the course of authorized work on an agency device.",
    },
    ReasonChip {
        of: "ratify",
        word: "Would have been approved",
        sentence: "It would have been approved if it had been asked for: the same purpose, and no more than it needs.",
    },
    ReasonChip {
        of: "quarantine",
        word: "Outside the case",
        sentence: "Outside the purpose of this case, or more intrusive than the purpose needs.",
    },
];

const EMERGENCY: &[ReasonChip] = &[
    ReasonChip {
        of: "confirm",
        word: "Danger to life at the time",
        sentence: "There was a danger to life when it was captured, and leave could not be waited for.",
    },
    ReasonChip {
        of: "repudiate",
        word: "No danger shown",
        sentence: "Nothing shows a danger to life that could not wait for leave.",
    },
    ReasonChip {
        of: "quarantine",
        word: "More than was needed",
        sentence: "More than the danger needed was captured.",
    },
];

const REVIEW: &[ReasonChip] = &[
    ReasonChip {
        of: "accurate",
        word: "Shows what it says",
        sentence: "The files show what the capture says of them.",
    },
    ReasonChip {
        of: "returned",
        word: "Something does not match",
        sentence: "Address, account or time does not match what the files show: correct it.",
    },
];

/// An answer: its word in the form, on the button, and what it does and does not.
type Answer = (&'static str, &'static str, &'static str);

const QUARANTINE: Answer = (
    "quarantine",
    "Quarantine",
    "Keeps it from use: only its deciders read it, and every inventory still names it. Nothing is deleted.",
);

const OF_HELD: &[Answer] = &[
    (
        "accept",
        "Accept",
        "Takes it into the case, readable and usable from now on. It says nothing of leave: the mark that nothing covered it stays.",
    ),
    (
        "ratify",
        "Ratify afterwards",
        "Approves afterwards what was done without leave, for this capture alone. It stays visible that this was afterwards.",
    ),
    QUARANTINE,
];

const OF_EMERGENCY: &[Answer] = &[
    (
        "confirm",
        "Confirm the emergency",
        "It was one: the capture stays in the case. It gives no leave to go on.",
    ),
    QUARANTINE,
    (
        "repudiate",
        "It was none",
        "It was no emergency: the capture is quarantined, and every inventory still names it. Nothing is deleted.",
    ),
];

const OF_REVIEW: &[Answer] = &[
    (
        "accurate",
        "Accurate",
        "It shows what it says. This gives no leave and judges no coverage.",
    ),
    (
        "returned",
        "Return it",
        "It stays in the case; the capturer is told what to correct. Needs a note.",
    ),
];

/// The form of what this person may decide about it now; none where nothing waits for them.
fn form(open: &OpenCapture, rights: reads::ItemRights, action: String) -> Option<DecisionForm> {
    let (state, version) = (open.outline.state, open.outline.version);
    let of = |chips, answers| decision((action.clone(), version), chips, answers);
    if rights.decides && state == CaptureState::Held {
        Some(of(HELD, OF_HELD))
    } else if rights.decides && waits_as_emergency(open) {
        Some(of(EMERGENCY, OF_EMERGENCY))
    } else if rights.reviews && state == CaptureState::Logged {
        Some(DecisionForm {
            reason: "note",
            label: "What you found",
            hint: "Needed where you return it.",
            ..of(REVIEW, OF_REVIEW)
        })
    } else {
        None
    }
}

fn decision(
    (action, version): (String, i64),
    chips: &'static [ReasonChip],
    answers: &'static [Answer],
) -> DecisionForm {
    let choice = |(n, (value, word, says)): (usize, &Answer)| DecisionChoice {
        value,
        word: (*word).to_owned(),
        says: (*says).to_owned(),
        look: match (n, *value) {
            (0, _) => " btn--primary",
            (_, "quarantine" | "repudiate") => " btn--danger",
            _ => "",
        },
    };
    DecisionForm {
        action,
        version,
        field: "outcome",
        reason: "reason",
        label: "Reason, kept on the record",
        hint: "Needed for each of these.",
        chips,
        choices: answers.iter().enumerate().map(choice).collect(),
        confirms: None,
        also: None,
    }
}

/// Decides about a capture, or reviews it, in the version that a page showed: what the form names tells which.
///
/// # Errors
/// As the API's decision and review; stale where it was corrected meanwhile.
pub async fn decide_shown(id: String, mut request: WriteRequest) -> Result<()> {
    let scope = Scope::Capture(id.clone());
    request.check(Act::CaptureRead, &scope).await?;
    let form = request.form().await?;
    if matches!(form.peek("outcome"), Some("accurate" | "returned")) {
        let review = Review::parse(with_chosen_reason(form, "note"))?;
        return api::record_review(request, id, review).await.map(drop);
    }
    let decision = NewDecision::parse(with_chosen_reason(form, "reason"))?;
    api::record_decision(request, id, decision).await.map(drop)
}
