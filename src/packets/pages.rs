//! The pages of packets: those of a case, the form that asks for one, and one with its file and its disclosures.

mod certificates;
mod choose;
mod exhibits;
mod missing;
mod notices;
mod one;
mod release;
mod schedule;
mod verify;

pub(super) use choose::{new_form, step};
pub(super) use exhibits::{add as add_list, list as exhibit_list, save as save_list};
pub(super) use notices::{answer_notice, give_notice, notice, notices};
pub(super) use one::{cancel, one, packet_page};
pub(super) use release::release;
pub use release::{ReferralPane, decide_shown};
pub(super) use schedule::{save_schedule, schedule};
pub(super) use verify::{verify, verify_form};

use askama::Template;

use super::lists::model::ListOutline;
use super::model::{PacketState, PacketView};
use super::output::OutputProfile;
use super::released::ReleaseView;
use super::{api, lists, reads};
use crate::cases::{CasePage, Tab};
use crate::forms::Form;
use crate::forms::Word;
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::text::{Moment, groups, label, line, short_size, size};

/// Exhibit lists of a case that its page shows.
const LISTS: usize = 200;

/// A packet as a page shows it.
struct ShownPacket {
    id: String,
    purpose: String,
    purpose_word: &'static str,
    recipient: Option<String>,
    requested_by: String,
    requested: Moment,
    state: Option<PacketState>,
    state_name: String,
    name: String,
    size: Option<String>,
    short_size: Option<String>,
    groups: Vec<String>,
    error: Option<String>,
    /// How many captures were named.
    selected: Option<usize>,
    /// The words of its output profiles.
    profiles: Vec<String>,
    /// The earlier packet to which a supplement adds: id and name.
    adds_to: Option<(String, String)>,
    /// Whether it waits for a supervisor's release, or was refused; none where it may leave.
    stopped: Option<StoppedBy>,
}

/// Why a packet that is built does not leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StoppedBy {
    /// No supervisor has decided.
    Waiting,
    /// A supervisor refused.
    Refusal,
}

impl ShownPacket {
    fn of(packet: &PacketView, page: &CasePage) -> Self {
        let bytes = packet.size.and_then(|bytes| u64::try_from(bytes).ok());
        Self {
            id: packet.id.clone(),
            purpose: label(packet.purpose.as_str()),
            purpose_word: packet.purpose.as_str(),
            recipient: packet.recipient.as_deref().map(line),
            requested_by: line(&packet.requested_by.name),
            requested: page.at(packet.requested_at.0),
            state: PacketState::from_word(&packet.state),
            state_name: label(&packet.state),
            name: line(&packet.name),
            size: bytes.map(size),
            short_size: bytes.map(short_size),
            groups: packet.sha256.as_ref().map(groups).unwrap_or_default(),
            error: packet.error.as_deref().map(line),
            selected: packet.selected,
            profiles: OutputProfile::words(&packet.profiles),
            adds_to: packet
                .supplement_of
                .as_ref()
                .map(|earlier| (earlier.id.clone(), line(&earlier.name))),
            stopped: match &packet.release {
                Some(ReleaseView::Waiting) => Some(StoppedBy::Waiting),
                Some(ReleaseView::Refused(_)) => Some(StoppedBy::Refusal),
                Some(ReleaseView::Released(_)) | None => None,
            },
        }
    }

    fn is_ready(&self) -> bool {
        self.state == Some(PacketState::Ready)
    }

    /// Whether it is built and waits for its release.
    fn waits_for_release(&self) -> bool {
        self.is_ready() && self.stopped == Some(StoppedBy::Waiting)
    }

    /// Whether a supervisor refused to release it.
    fn is_refused(&self) -> bool {
        self.stopped == Some(StoppedBy::Refusal)
    }

    /// Whether it is built and may leave.
    fn may_leave(&self) -> bool {
        self.is_ready() && self.stopped.is_none()
    }

    fn is_under_way(&self) -> bool {
        matches!(self.state, Some(PacketState::Queued | PacketState::Building))
    }
}

#[derive(Template)]
#[template(path = "packets/pages/list.html")]
struct PacketListPage {
    frame: Frame,
    page: CasePage,
    all: Vec<ShownPacket>,
    next: Option<String>,
    /// The exhibit lists that the reader keeps.
    lists: Vec<ShownList>,
}

/// An exhibit list as the page of packets shows it.
struct ShownList {
    id: String,
    name: String,
    purpose: String,
    version: i64,
    exhibits: usize,
    numbers: String,
    changed: Moment,
    changed_by: String,
}

impl ShownList {
    fn of(list: &ListOutline, page: &CasePage) -> Self {
        Self {
            id: list.id.clone(),
            name: line(&list.name),
            purpose: label(list.purpose.as_str()),
            version: list.version,
            exhibits: list.exhibits,
            numbers: line(&list.scheme.says()),
            changed: page.at(list.changed_at.0),
            changed_by: line(&list.changed_by.name),
        }
    }
}

pub(super) async fn list(case: PathId, page: PageRequest) -> Reply {
    let query = Page::read(&page.req, &["done"])?;
    let (frame, case_page) = CasePage::of(&page, &case.0, Tab::Packets).await?;
    let found = reads::of_case(&page.app.gate, &page.ctx, case.0, &query).await?;
    let listed = Listed::of(found, &query, |p| p.id.clone(), |p| ShownPacket::of(&p, &case_page));
    let lists = match case_page.rights.exports || case_page.rights.refers {
        true => {
            lists::reads::of_case(
                &page.app.gate,
                &page.ctx,
                case_page.case.id.clone(),
                &Page::first(LISTS),
            )
            .await?
        }
        false => Vec::new(),
    };
    let shown = PacketListPage {
        lists: lists.iter().map(|list| ShownList::of(list, &case_page)).collect(),
        next: listed.next.map(|next| query.next_address(page.req.path(), &next)),
        all: listed.items,
        page: case_page,
        frame,
    };
    pages::show(&shown, None)
}

pub(super) async fn request(case: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    // A list names its captures itself.
    let list = async |form: Form| match form.has("exhibit_list") {
        true => Ok(form),
        false => choose::name_captures(&page, &case.0, form).await,
    };
    let made = api::ask(case.0.clone(), request, list).await;
    let made = made.map_err(|e| choose::told_by_items(&page, e));
    let address = |made: PacketView| format!("/packets/{}?done=packet-asked", made.id);
    let again = async |form: FormView| match form.value("exhibit_list.id").to_owned() {
        id if id.is_empty() => choose::choose_page(&page, case.0.clone(), form).await,
        id => exhibits::refused(&page, (case.0.clone(), id), form).await,
    };
    pages::answer(&page.req, made, address, again).await
}
