//! The page of one packet: its build step by step, then the file, what is in it, how its recipient checks it, and to whom
//! it went.

use askama::Template;

use super::notices::NoticeSummary;
use super::{ShownPacket, release};
use crate::cases::{CasePage, Tab};
use crate::forms::Word;
use crate::http::decision::DecisionForm;
use crate::http::pages::{self, Frame, PageRequest};
use crate::http::paging::Page;
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::packets::disclosures::pages::{FormOutcome, HandedOver, RECEIPT_FIELDS, after};
use crate::packets::model::{PacketIssue, PacketState, PacketView};
use crate::packets::output::IssuedExtras;
use crate::packets::selection::Selection;
use crate::packets::{api, reads};
use crate::proof::Digest;
use crate::text::{Moment, Zone, count, counted, groups, label, line, size};

/// The steps of a build: the job's word, what it does, and what that is when nothing more is known.
const STEPS: [(&str, &str, &str); 10] = [
    ("", "Wait", "for the builder"),
    ("duplicates", "Make duplicates", "in formats that courts play"),
    ("exhibits", "Read and hash", "every file again"),
    ("custody", "Collect", "events and records"),
    ("prints", "Copy pictures", "for print"),
    ("pages", "Write pages", "index and inventory"),
    ("papers", "Lay out papers", "report and exhibits"),
    ("profiles", "Copy profiles", "named for other systems"),
    ("issue", "Sign", "and wait for a checkpoint"),
    ("sync", "Pack", "one ZIP, no compression"),
];

/// A step of the build, as the page shows it.
struct BuildStep {
    class: &'static str,
    icon: &'static str,
    name: &'static str,
    detail: String,
    now: bool,
}

/// How far the build is.
struct Build {
    steps: Vec<BuildStep>,
    /// What the live region says when it changes.
    told: String,
    /// How much of this step is done.
    share: Option<(i64, i64)>,
}

impl Build {
    fn of(packet: &PacketView) -> Self {
        let state = PacketState::from_word(&packet.state);
        let at = match state {
            Some(PacketState::Ready) => STEPS.len(),
            Some(PacketState::Queued) => 0,
            _ => STEPS
                .iter()
                .rposition(|(word, ..)| *word == packet.step && !word.is_empty())
                .unwrap_or(1),
        };
        let failed = state == Some(PacketState::Failed);
        let step = |(n, (_, name, what)): (usize, &(&str, &'static str, &'static str))| BuildStep {
            class: match n.cmp(&at) {
                std::cmp::Ordering::Less => "is-done",
                std::cmp::Ordering::Equal if failed => "is-bad",
                std::cmp::Ordering::Equal => "is-now",
                std::cmp::Ordering::Greater => "",
            },
            icon: match n.cmp(&at) {
                std::cmp::Ordering::Less => "check",
                std::cmp::Ordering::Equal if failed => "x",
                std::cmp::Ordering::Equal => "sync",
                std::cmp::Ordering::Greater => "dash",
            },
            name,
            detail: match n == at {
                true => progress(packet).unwrap_or_else(|| (*what).to_owned()),
                false => (*what).to_owned(),
            },
            now: n == at,
        };
        let name = STEPS.get(at).map_or("Ready", |(_, name, _)| name);
        Self {
            steps: STEPS.iter().enumerate().map(step).collect(),
            told: format!("Step {} of {}: {name}.", at + 1, STEPS.len()),
            share: (packet.total > 0).then_some((packet.done.min(packet.total), packet.total)),
        }
    }
}

/// How much of the step is done, in words.
fn progress(packet: &PacketView) -> Option<String> {
    let (done, total) = (packet.done.min(packet.total), packet.total);
    if total < 2 {
        return None;
    }
    let number = |n: i64| u64::try_from(n).unwrap_or(0);
    let (done, percent) = (number(done), number(done) * 100 / number(total));
    Some(match packet.step.as_str() {
        "exhibits" | "profiles" => format!("{} of {}, {percent} %", size(done), size(number(total))),
        "papers" => format!("{} of {}", count(done), counted(number(total), "volume", "volumes")),
        "duplicates" | "pages" | "prints" => {
            format!("{} of {}", count(done), counted(number(total), "exhibit", "exhibits"))
        }
        _ => format!("{percent} %"),
    })
}

/// What is known of a packet that was issued.
struct ShownIssue {
    at: Moment,
    exhibits: String,
    files: String,
    seq: i64,
    leaf: String,
    index: Option<String>,
    checkpoint: Option<String>,
    inventory: Vec<(String, String)>,
    extras: Option<ShownExtras>,
    captures: String,
    downloads: Option<String>,
}

/// What lies beside the originals, and what is lacking of it.
struct ShownExtras {
    duplicates: String,
    /// How often something is lacking or cannot be taken, and the first of it.
    lacking: Option<String>,
    told: Vec<String>,
    more: u64,
}

impl ShownExtras {
    fn of(extras: &IssuedExtras) -> Self {
        let all = extras.lacking + extras.unfit;
        let told = extras.told.iter().map(|one| {
            let file = one.of.map(|of| format!(", file {of}")).unwrap_or_default();
            format!("Item {}{file}: {}", one.item, line(&one.says))
        });
        Self {
            duplicates: counted(extras.duplicates, "standard duplicate", "standard duplicates"),
            lacking: (all > 0).then(|| counted(all, "remark", "remarks")),
            told: told.collect(),
            more: all.saturating_sub(extras.told.len() as u64),
        }
    }
}

impl ShownIssue {
    fn of(issued: &PacketIssue, page: &CasePage) -> Self {
        let content = &issued.content;
        let inventory = content.inventory.iter();
        let times = issued.downloads.len() as u64;
        let last = issued.downloads.last().map(|at| page.at(*at));
        Self {
            at: page.at(issued.at),
            exhibits: counted(content.exhibits, "exhibit", "exhibits"),
            files: counted(content.payload.files, "file", "files"),
            seq: issued.seq,
            leaf: issued.leaf.to_string(),
            index: issued.index.map(count),
            checkpoint: issued.checkpoint.map(|size| count(size.unsigned_abs())),
            inventory: inventory
                .map(|(status, n)| (count(*n), label(status).to_lowercase()))
                .collect(),
            extras: content.extras.as_ref().map(ShownExtras::of),
            captures: counted(content.captures, "capture", "captures"),
            downloads: last.map(|at| format!("{}, last {}", counted(times, "time", "times"), at.shown())),
        }
    }
}

#[derive(Template)]
#[template(path = "packets/pages/one.html")]
struct PacketPage {
    frame: Frame,
    page: CasePage,
    shown: ShownPacket,
    build: Build,
    issue: Option<ShownIssue>,
    /// The log's key as recipients take it, and its fingerprint.
    key: String,
    fingerprint: Vec<String>,
    /// The items that were named, so that they can be picked again.
    items: String,
    notices: NoticeSummary,
    may_cancel: bool,
    /// Whether the reader may download it now.
    may_download: bool,
    /// What was decided about its release, and the form of that decision.
    release: Option<String>,
    decision: Option<DecisionForm>,
    all: Vec<ShownPacket>,
    handed: HandedOver,
}

impl PacketPage {
    fn told(&self) -> &str {
        match self.shown.state {
            Some(PacketState::Ready) if self.shown.waits_for_release() => {
                "The packet is built and waits for its release."
            }
            Some(PacketState::Ready) => "The packet is ready.",
            Some(PacketState::Failed) => "The packet was not built.",
            _ => &self.build.told,
        }
    }

    fn receipt_fields(&self) -> &'static [(&'static str, &'static str, &'static str)] {
        RECEIPT_FIELDS
    }
}

pub async fn one(id: PathId, page: PageRequest) -> Reply {
    packet_page(&page, id.0, FormOutcome::default()).await
}

/// The page of a packet, with what a form of it came to.
pub async fn packet_page(page: &PageRequest, id: String, shown: FormOutcome) -> Reply {
    let (gate, ctx) = (&page.app.gate, &page.ctx);
    let packet = reads::packet(gate, ctx, id.clone()).await?;
    let (mut frame, case_page) = CasePage::of(page, &packet.case_id, Tab::Packets).await?;
    frame.title = format!("Packet {}", packet.name);
    let others = reads::of_case(gate, ctx, packet.case_id.clone(), &Page::first(100)).await?;
    let items = Selection::of(reads::items_named(gate, ctx, id.clone()).await?);
    let issued = reads::issued(gate, ctx, id.clone()).await?;
    let key = reads::log_key(gate, ctx).await?;
    let may_release = reads::may_release(gate, ctx, id.clone()).await?;
    let may_leave = ShownPacket::of(&packet, &case_page).may_leave();
    let handed = HandedOver::of(page, &case_page, (&packet, issued.as_ref()), shown).await?;
    let shown = PacketPage {
        handed: HandedOver {
            may: handed.may && may_leave,
            ..handed
        },
        all: others.iter().rev().map(|p| ShownPacket::of(p, &case_page)).collect(),
        issue: issued.map(|issued| ShownIssue::of(&issued, &case_page)),
        fingerprint: groups(&Digest::of(format!("{key}\n").as_bytes())),
        key,
        items: items.text(),
        notices: NoticeSummary::of(page, &packet, &case_page).await?,
        may_cancel: reads::may_cancel(gate, ctx, id.clone()).await?,
        may_download: may_leave || (packet.state == PacketState::Ready.as_str() && may_release),
        release: release::told(&packet, Zone::named(Some(&case_page.case.time_zone))),
        decision: release::form(&packet, format!("/packets/{id}/release")).filter(|_| may_release),
        build: Build::of(&packet),
        shown: ShownPacket::of(&packet, &case_page),
        page: case_page,
        frame,
    };
    pages::show(&shown, Some(&shown.handed.form))
}

pub async fn cancel(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::call_off(id.0.clone(), request).await;
    after(&page, (id.0, None), "packet-cancelled", made.map(drop)).await
}
