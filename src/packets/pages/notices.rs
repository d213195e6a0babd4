//! Notices of certified records: those of a packet with the form that records one, and one with what was answered.

use askama::Template;

use super::certificates::{rules, says};
use crate::cases::{CasePage, Tab};
use crate::error::Result;
use crate::gate::Scope;
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::paging::Page;
use crate::http::reply::Reply;
use crate::http::{PathId, PathIds, WriteRequest};
use crate::packets::model::PacketView;
use crate::packets::notices::model::{NewNotice, Notice};
use crate::packets::notices::{api, ops, reads};
use crate::packets::reads::packet;
use crate::policy::Act;
use crate::text::{Moment, block, line};

/// Notices of a packet that its page shows.
const SHOWN: usize = 100;

/// A notice as a page shows it.
pub(super) struct ShownNotice {
    pub id: String,
    pub version: i64,
    pub to: String,
    pub means: String,
    pub available: String,
    pub place: String,
    pub rules: Vec<&'static str>,
    pub hearing_on: Option<String>,
    pub note: Option<String>,
    pub given: Moment,
    pub by: String,
    pub answer: Option<ShownAnswer>,
}

/// What was answered.
pub(super) struct ShownAnswer {
    pub objection: bool,
    pub at: Moment,
    pub text: Option<String>,
    pub by: String,
}

impl ShownNotice {
    fn of(notice: &Notice, page: &CasePage) -> Self {
        let answer = notice.answer.as_ref().map(|answer| ShownAnswer {
            objection: answer.objection,
            at: page.at(answer.answered_at.0),
            text: answer.text.as_deref().map(block),
            by: line(&answer.recorded_by.name),
        });
        Self {
            id: notice.id.clone(),
            version: notice.version,
            to: line(&notice.to),
            means: line(&notice.means),
            available: line(&notice.available),
            place: line(&notice.place),
            rules: notice.rules.iter().map(|rule| says(*rule)).collect(),
            hearing_on: notice.hearing_on.clone(),
            note: notice.note.as_deref().map(block),
            given: page.at(notice.given_at.0),
            by: line(&notice.recorded_by.name),
            answer,
        }
    }
}

/// What a packet's page says of its notices.
pub(super) struct NoticeSummary {
    /// Whether drafts of certificates went with the packet.
    pub certified: bool,
    /// The day before which notice is due, where it is known.
    pub hearing_on: Option<String>,
    pub notices: Vec<ShownNotice>,
}

impl NoticeSummary {
    pub async fn of(page: &PageRequest, packet: &PacketView, case: &CasePage) -> Result<Self> {
        let found = reads::of_packet(&page.app.gate, &page.ctx, packet.id.clone(), &Page::first(SHOWN)).await?;
        let asked = packet.certificates.as_ref();
        Ok(Self {
            certified: asked.is_some(),
            hearing_on: asked.and_then(|asked| asked.hearing_on.clone()),
            notices: found.iter().map(|notice| ShownNotice::of(notice, case)).collect(),
        })
    }

    /// Whether notice is still to be given.
    pub fn is_due(&self) -> bool {
        self.certified && self.notices.is_empty()
    }

    /// Notices to which no answer is recorded.
    pub fn open(&self) -> usize {
        self.notices.iter().filter(|notice| notice.answer.is_none()).count()
    }
}

#[derive(Template)]
#[template(path = "packets/pages/notices.html")]
struct NoticesPage {
    frame: Frame,
    page: CasePage,
    form: FormView,
    packet: PacketView,
    summary: NoticeSummary,
    rules: Vec<(&'static str, &'static str)>,
    may_give: bool,
}

/// `GET /packets/{id}/notices`
pub async fn notices(id: PathId, page: PageRequest) -> Reply {
    notices_page(&page, id.0, None).await
}

async fn notices_page(page: &PageRequest, id: String, form: Option<FormView>) -> Reply {
    let packet = packet(&page.app.gate, &page.ctx, id.clone()).await?;
    let (mut frame, case) = CasePage::of(page, &packet.case_id, Tab::Packets).await?;
    frame.title = format!("Notices, packet {}", packet.name);
    let summary = NoticeSummary::of(page, &packet, &case).await?;
    let shown = NoticesPage {
        form: form.unwrap_or_else(|| first(&packet)),
        may_give: reads::may_give(&page.app.gate, &page.ctx, id).await?,
        rules: rules(),
        summary,
        packet,
        page: case,
        frame,
    };
    pages::show(&shown, Some(&shown.form))
}

/// The form as the request of the packet fills it.
fn first(packet: &PacketView) -> FormView {
    let form = FormView::default();
    let Some(asked) = &packet.certificates else { return form };
    let day = asked.hearing_on.as_deref().unwrap_or_default();
    let form = form.with_value("hearing_on", day);
    asked
        .drafted()
        .into_iter()
        .fold(form, |form, rule| form.with_value("rules[]", rule.as_str()))
}

/// `POST /packets/{id}/notices`
pub async fn give_notice(PathId(id): PathId, request: WriteRequest) -> Reply {
    let (page, scope) = (request.page()?, Scope::Packet(id.clone()));
    let made = request
        .write_to(Act::PacketNotice, scope, NewNotice::parse, ops::give)
        .await;
    let address = |_: Notice| format!("/packets/{id}/notices?done=notice-given");
    let again = async |form| notices_page(&page, id.clone(), Some(form)).await;
    pages::answer(&page.req, made, address, again).await
}

#[derive(Template)]
#[template(path = "packets/pages/notice.html")]
struct NoticePage {
    frame: Frame,
    page: CasePage,
    form: FormView,
    packet: PacketView,
    notice: ShownNotice,
    may_give: bool,
}

/// `GET /packets/{id}/notices/{notice_id}`
pub async fn notice(ids: PathIds, page: PageRequest) -> Reply {
    notice_page(&page, (ids.0, ids.1), FormView::default()).await
}

async fn notice_page(page: &PageRequest, (id, notice): (String, String), form: FormView) -> Reply {
    let packet = packet(&page.app.gate, &page.ctx, id.clone()).await?;
    let found = reads::notice(&page.app.gate, &page.ctx, (id.clone(), notice)).await?;
    let (mut frame, case) = CasePage::of(page, &packet.case_id, Tab::Packets).await?;
    frame.title = format!("Notice to {}, packet {}", line(&found.to), packet.name);
    let shown = NoticePage {
        notice: ShownNotice::of(&found, &case),
        may_give: reads::may_give(&page.app.gate, &page.ctx, id).await?,
        packet,
        page: case,
        frame,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

/// `POST /packets/{id}/notices/{notice_id}`
pub async fn answer_notice(PathIds(id, notice): PathIds, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::record_answer(PathIds(id.clone(), notice.clone()), request).await;
    let address = |_: Notice| format!("/packets/{id}/notices?done=notice-answered");
    let again = async |form| notice_page(&page, (id.clone(), notice.clone()), form).await;
    pages::answer(&page.req, made, address, again).await
}
