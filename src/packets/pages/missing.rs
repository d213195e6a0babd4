//! What is missing before a packet is built: what stops it, and what its readers will ask about.

use crate::captures::{BasisKind, CaptureState, CaptureView, FileEntry};
use crate::cases::{CasePage, Stage};
use crate::error::Result;
use crate::forms::Word;
use crate::http::pages::{FormView, PageRequest};
use crate::impeachment;
use crate::packets::model::Purpose;
use crate::proof::packet::JERS;
use crate::text::{counted, label};
use crate::verify::duplicates::{DuplicateNeed, need};
use crate::verify::profiles::jers_takes;

/// Items named in one line.
const NAMED: usize = 12;

/// One thing that is missing, or that its reader should know.
pub struct MissingTask {
    /// How it looks: `is-bad`, `is-warn`, `is-held`, `is-ok`.
    pub class: &'static str,
    pub icon: &'static str,
    pub what: String,
    pub how: &'static str,
    /// Where it is mended, with the words of the link.
    pub link: Option<(String, &'static str)>,
    /// Whether the packet would be refused.
    pub stops: bool,
}

/// What is picked, by what may be missing of it.
#[derive(Default)]
pub struct Picked<'a> {
    open: usize,
    closed: Vec<PickedItem<'a>>,
    unreviewed: Vec<PickedItem<'a>>,
    returned: Vec<PickedItem<'a>>,
    uncovered: Vec<PickedItem<'a>>,
    unjudged: Vec<PickedItem<'a>>,
}

/// A capture by its item's number and id.
type PickedItem<'a> = (i64, &'a str);

impl<'a> Picked<'a> {
    /// Sorts what is picked.
    pub fn of(picked: &'a [CaptureView]) -> Self {
        let mut sorted = Self::default();
        for view in picked {
            sorted.put(view);
        }
        sorted
    }

    /// How many may leave.
    pub fn open(&self) -> usize {
        self.open
    }

    fn put(&mut self, view: &'a CaptureView) {
        let outline = view.outline();
        let named = (outline.item, outline.id.as_str());
        let CaptureView::Open(open) = view else {
            return self.closed.push(named);
        };
        if !outline.state.may_leave() {
            return self.closed.push(named);
        }
        self.open += 1;
        let corrected = open.correction.as_ref().map(|c| c.at);
        let review = open.remarks.reviews.last();
        let returned =
            review.is_some_and(|r| r.said.outcome.as_str() == "returned" && corrected.is_none_or(|at| at < r.at));
        if returned {
            self.returned.push(named);
        } else if outline.state == CaptureState::Logged {
            self.unreviewed.push(named);
        }
        match open.basis.kind {
            BasisKind::Exception => self.uncovered.push(named),
            BasisKind::Emergency if open.remarks.decision.is_none() => self.unjudged.push(named),
            _ => {}
        }
    }
}

/// What is missing, worst first.
pub fn tasks(page: &CasePage, picked: &Picked<'_>, recipient: &str) -> Vec<MissingTask> {
    let mut tasks = due(page);
    if picked.open == 0 {
        tasks.push(MissingTask {
            class: "is-due",
            icon: "box",
            what: "No exhibit is chosen".into(),
            how: "Tick items, or choose all that the filter shows.",
            link: None,
            stops: true,
        });
    }
    if recipient.trim().is_empty() {
        tasks.push(MissingTask {
            class: "is-warn",
            icon: "help",
            what: "Nobody is named as recipient".into(),
            how: "The packet is built all the same; its page names nobody.",
            link: Some(("#f-recipient".into(), "Name one")),
            stops: false,
        });
    }
    tasks.extend(about(picked));
    tasks
}

/// What may impeach a witness and no prosecutor has cleared.
pub async fn flagged(page: &PageRequest, case: String) -> Result<Vec<MissingTask>> {
    let open = impeachment::open_in_case(&page.app.gate, &page.ctx, case.clone()).await?;
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let flags = u64::try_from(open.len()).unwrap_or(u64::MAX);
    Ok(vec![MissingTask {
        class: "is-warn",
        icon: "alert",
        what: format!(
            "{} not cleared",
            counted(flags, "impeachment flag is", "impeachment flags are")
        ),
        how: "A prosecutor says what becomes of each: disclosed, or nothing that impeaches. The packet shows them.",
        link: Some((format!("/cases/{case}/impeachment-flags"), "The flags")),
        stops: false,
    }])
}

/// The particulars without which a packet is refused.
fn due(page: &CasePage) -> Vec<MissingTask> {
    let due = page.due().into_iter();
    let owed = due.filter(|due| matches!(due.before, Stage::Packet | Stage::Authorization));
    let task = |due: crate::cases::Due| {
        let path = due.field.trim_start_matches("particulars.").replace('.', " ");
        MissingTask {
            class: "is-bad",
            icon: "alert",
            what: format!("{} is due before a packet", label(&path)),
            how: match page.rights.changes {
                true => "The packet is refused until it is answered. \u{201c}unknown\u{201d} is an answer.",
                false => {
                    "The packet is refused until the case\u{2019}s lead answers it. \u{201c}unknown\u{201d} is an answer."
                }
            },
            link: Some((format!("/cases/{}", page.case.id), "The case")),
            stops: true,
        }
    };
    owed.map(task).collect()
}

/// What readers of the packet will ask about: class, icon, items, of one item, of several, what follows, whether it stops.
type AboutItems<'p> = (
    &'static str,
    &'static str,
    &'p [PickedItem<'p>],
    [&'static str; 2],
    &'static str,
    bool,
);

fn about(picked: &Picked<'_>) -> Vec<MissingTask> {
    let kinds: [AboutItems<'_>; 5] = [
        (
            "is-bad",
            "hand",
            &picked.closed,
            ["cannot leave", "cannot leave"],
            "Held or quarantined: take it out. The inventory lists it all the same.",
            true,
        ),
        (
            "is-warn",
            "rotate",
            &picked.returned,
            ["came back from review", "came back from review"],
            "Nothing was corrected since. The packet shows the review.",
            false,
        ),
        (
            "is-warn",
            "alert",
            &picked.uncovered,
            [
                "was covered by nothing when it was logged",
                "were covered by nothing when they were logged",
            ],
            "That stays visible in the packet, with what a supervisor decided.",
            false,
        ),
        (
            "is-warn",
            "bolt",
            &picked.unjudged,
            [
                "rests on an emergency that nobody has judged",
                "rest on an emergency that nobody has judged",
            ],
            "A supervisor confirms it, or says that it was none.",
            false,
        ),
        (
            "is-warn",
            "eye",
            &picked.unreviewed,
            ["is not reviewed", "are not reviewed"],
            "The packet shows who reviewed what; here it shows nobody.",
            false,
        ),
    ];
    kinds.into_iter().filter_map(task).collect()
}

/// What the federal courts' system does not take of what is picked, where its folder is asked for.
pub fn for_jers(picked: &[CaptureView], form: &FormView) -> Vec<MissingTask> {
    if !form.chose_of("profiles", JERS) {
        return Vec::new();
    }
    let by_purpose = Purpose::from_word(form.value("purpose")).is_none_or(Purpose::has_duplicates);
    let duplicates = match form.value("duplicates") {
        "true" => true,
        "false" => false,
        _ => by_purpose,
    };
    let open = picked.iter().filter_map(|view| match view {
        CaptureView::Open(open) if open.outline.state.may_leave() => Some(open),
        _ => None,
    });
    let (mut left_out, mut large) = (Vec::new(), Vec::new());
    for open in open {
        let named = (open.outline.item, open.outline.id.as_str());
        let files = || open.files.iter().filter(|file| file.withheld.is_none());
        let taken = |file: &FileEntry| jers_takes(file.media_type.as_deref(), file.name.as_deref());
        let made = |file: &FileEntry| {
            let wants = need(file.media_type.as_deref().unwrap_or_default(), &[JERS.to_owned()]);
            duplicates && matches!(wants, DuplicateNeed::Made(_))
        };
        if files().any(|file| taken(file).is_none() && !made(file)) {
            left_out.push(named);
        }
        if files().any(|file| taken(file).is_some_and(|most| file.size > most)) {
            large.push(named);
        }
    }
    let kinds: [AboutItems<'_>; 2] = [
        (
            "is-warn",
            "file",
            &left_out,
            [
                "has a file that JERS does not take",
                "have files that JERS does not take",
            ],
            "Its folder leaves that file out. The original goes in the packet all the same.",
            false,
        ),
        (
            "is-warn",
            "alert",
            &large,
            [
                "has a file that is too large for JERS",
                "have files that are too large for JERS",
            ],
            "JERS takes documents of at most 50 MB, sound and video of at most 500 MB.",
            false,
        ),
    ];
    kinds.into_iter().filter_map(task).collect()
}

fn task((class, icon, items, [one, many], how, stops): AboutItems<'_>) -> Option<MissingTask> {
    let (_, id) = items.first()?;
    let what = if items.len() == 1 { one } else { many };
    Some(MissingTask {
        class,
        icon,
        what: format!("{} {what}", named(items)),
        how,
        link: Some((format!("/captures/{id}"), "Look")),
        stops,
    })
}

/// Items in words.
fn named(items: &[PickedItem<'_>]) -> String {
    let mut numbers: Vec<String> = items.iter().take(NAMED).map(|(item, _)| item.to_string()).collect();
    let more = items.len().saturating_sub(NAMED);
    match (items.len(), more) {
        (1, _) => format!("Item {}", numbers.concat()),
        (_, 0) => {
            let last = numbers.pop().unwrap_or_default();
            format!("Items {} and {last}", numbers.join(", "))
        }
        (_, more) => format!("Items {} and {more} more", numbers.join(", ")),
    }
}
