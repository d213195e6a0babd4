//! The pages of packets: those of a case with the form that asks for one, and one with its file and its disclosures.

use askama::Template;

use super::model::{Disclosure, NewDisclosure, PacketState, PacketView, Purpose};
use super::{api, ops, reads};
use crate::cases::{CasePage, Tab, words};
use crate::error::Result;
use crate::forms::Word;
use crate::gate::Scope;
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::policy::Act;
use crate::text::{Moment, groups, label, line, size};

/// A packet as a page shows it.
struct ShownPacket {
    id: String,
    purpose: String,
    recipient: Option<String>,
    requested_by: String,
    requested: Moment,
    state: Option<PacketState>,
    state_name: String,
    step: String,
    done: i64,
    total: i64,
    name: String,
    size: Option<String>,
    groups: Vec<String>,
    error: Option<String>,
}

impl ShownPacket {
    fn of(packet: &PacketView, page: &CasePage) -> Self {
        Self {
            id: packet.id.clone(),
            purpose: label(packet.purpose.as_str()),
            recipient: packet.recipient.as_deref().map(line),
            requested_by: line(&packet.requested_by.name),
            requested: page.at(packet.requested_at.0),
            state: PacketState::from_word(&packet.state),
            state_name: label(&packet.state),
            step: label(&packet.step),
            done: packet.done,
            total: packet.total,
            name: line(&packet.name),
            size: packet.size.and_then(|bytes| u64::try_from(bytes).ok()).map(size),
            groups: packet.sha256.as_ref().map(groups).unwrap_or_default(),
            error: packet.error.as_deref().map(line),
        }
    }

    fn is_ready(&self) -> bool {
        self.state == Some(PacketState::Ready)
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
    purposes: Vec<(&'static str, String)>,
    form: FormView,
}

pub(super) async fn list(case: PathId, page: PageRequest) -> Reply {
    list_page(&page, case.0, FormView::default()).await
}

async fn list_page(page: &PageRequest, case: String, form: FormView) -> Reply {
    let query = Page::read(&page.req, &["done"])?;
    let (frame, case_page) = CasePage::of(page, &case, Tab::Packets).await?;
    let found = reads::of_case(&page.app.gate, &page.ctx, case, &query).await?;
    let listed = Listed::of(found, &query, |p| p.id.clone(), |p| ShownPacket::of(&p, &case_page));
    let referral = Purpose::Referral.as_str();
    let shown = PacketListPage {
        next: listed.next.map(|next| query.next_address(page.req.path(), &next)),
        all: listed.items,
        // This version builds no referrals.
        purposes: words::<Purpose>()
            .into_iter()
            .filter(|(word, _)| *word != referral)
            .collect(),
        page: case_page,
        frame,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

pub(super) async fn request(case: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::ask(case.0.clone(), request).await;
    let address = |made: PacketView| format!("/packets/{}?done=packet-asked", made.id);
    let again = async |form| list_page(&page, case.0.clone(), form).await;
    pages::answer(&page.req, made, address, again).await
}

/// A disclosure in words.
struct Disclosed {
    to: String,
    at: Moment,
    by: String,
    how: String,
}

#[derive(Template)]
#[template(path = "packets/pages/one.html")]
struct PacketPage {
    frame: Frame,
    page: CasePage,
    shown: ShownPacket,
    disclosures: Vec<Disclosed>,
    may_disclose: bool,
    form: FormView,
}

pub(super) async fn one(id: PathId, page: PageRequest) -> Reply {
    one_page(&page, id.0, FormView::default()).await
}

async fn one_page(page: &PageRequest, id: String, form: FormView) -> Reply {
    let packet = reads::packet(&page.app.gate, &page.ctx, id.clone()).await?;
    let (mut frame, case_page) = CasePage::of(page, &packet.case_id, Tab::Packets).await?;
    frame.title = format!("Packet {}", packet.name);
    let disclosures = reads::disclosures(&page.app.gate, &page.ctx, id.clone(), &Page::first(100)).await?;
    let shown = PacketPage {
        disclosures: disclosures
            .iter()
            .map(|d| disclosed(d, &case_page))
            .collect::<Result<_>>()?,
        may_disclose: reads::may_disclose(&page.app.gate, &page.ctx, id).await?,
        shown: ShownPacket::of(&packet, &case_page),
        page: case_page,
        frame,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

fn disclosed(d: &Disclosure, page: &CasePage) -> Result<Disclosed> {
    let said = serde_json::to_value(&d.details)?;
    let said = said.as_object().into_iter().flatten();
    let told = said.filter_map(|(name, value)| Some(format!("{}: {}", name.replace('_', " "), value.as_str()?)));
    Ok(Disclosed {
        to: line(&d.to),
        at: page.at(d.disclosed_at.0),
        by: line(&d.recorded_by.name),
        how: line(&told.collect::<Vec<_>>().join("; ")),
    })
}

pub(super) async fn disclose(id: PathId, request: WriteRequest) -> Reply {
    let (page, scope) = (request.page()?, Scope::Packet(id.0.clone()));
    let made = request
        .write_to(Act::PacketDisclose, scope, NewDisclosure::parse, ops::disclose)
        .await;
    let address = |_| format!("/packets/{}?done=disclosed", id.0);
    let again = async |form| one_page(&page, id.0.clone(), form).await;
    pages::answer(&page.req, made, address, again).await
}
