//! The pages of a link, for a recipient who has no account, no session and no script: the code, then what the packet is,
//! its download, and the receipt.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{Bytes, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use askama::Template;
use futures_util::{Stream, StreamExt};

use super::super::link::{LinkState, token_digest};
use super::super::model::Acknowledgement;
use super::super::visit::{self, Knock, KnockAnswer, LinkTicket, OpenedLink, Receipt, TicketUse};
use super::super::wrapped::{self, PieceWrapper};
use crate::error::{Error, Kind, Result};
use crate::forms::{Form, LINE};
use crate::gate::Tx;
use crate::http::head::is_head;
use crate::http::pages::{self, FormView, Frame};
use crate::http::paging::refuse_parameters;
use crate::http::ranges::{self, StoredBytes};
use crate::http::reply::Reply;
use crate::http::{App, body, client_address};
use crate::identity::Network;
use crate::packets::api::stored;
use crate::text::{Moment, Zone, counted, groups, label, line, size};

/// What somebody is told whose code opens nothing: the same whatever the reason.
const NOTHING: &str = "opens nothing here. Compare it with what you were told, letter by letter. A link also ends by itself, with its last \
    download, and after five wrong codes: ask the person who sent it";

#[derive(Template)]
#[template(path = "packets/disclosures/pages/knock.html")]
struct KnockPage {
    frame: Frame,
    form: FormView,
    /// The path of this page.
    path: String,
    /// What holds of a link that is over, for whoever had the right code.
    over: Option<&'static str>,
}

/// A receipt as its giver sees it again.
struct ShownReceipt {
    name: String,
    capacity: String,
    at: Moment,
}

#[derive(Template)]
#[template(path = "packets/disclosures/pages/opened.html")]
struct OpenedPage {
    frame: Frame,
    form: FormView,
    path: String,
    /// Sealed: that the code was right.
    visit: String,
    to: String,
    by: String,
    unit: Option<String>,
    facts: Vec<(&'static str, String)>,
    labels: Vec<String>,
    file: String,
    size: String,
    hash: Vec<String>,
    name: String,
    /// How many downloads are left, and when the link ends.
    left: String,
    ends: Moment,
    may_download: bool,
    is_encrypted: bool,
    receipts: Vec<ShownReceipt>,
}

/// `GET /d/{token}`: asks for the code. Nothing is looked up, so that nothing of the link shows.
pub async fn form(req: HttpRequest, token: Path<String>) -> Reply {
    refuse_parameters(&req)?;
    knock_page(&req, &token, FormView::default(), None)
}

fn knock_page(req: &HttpRequest, token: &str, form: FormView, over: Option<&'static str>) -> Reply {
    let page = KnockPage {
        frame: Frame::outside(req, "A packet for you"),
        path: path_of(token),
        form,
        over,
    };
    pages::show(&page, Some(&page.form))
}

fn path_of(token: &str) -> String {
    let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
    format!("/d/{token}")
}

/// `POST /d/{token}`: the code. The page that it opens is the answer itself, because a stranger has no session.
pub async fn knock(req: HttpRequest, mut payload: Payload, (token, app): (Path<String>, App)) -> Reply {
    let mut form = body::open_form(&req, &mut payload).await?;
    let code = form.required("code", LINE);
    if let Err(e) = form.done() {
        return knock_page(&req, &token, FormView::refused(&req, e)?, None);
    }
    match knocked(&req, &app, &token, code).await {
        Ok(KnockAnswer::Opened(opened)) => opened_page(&req, &app, &opened, FormView::default()),
        Ok(KnockAnswer::Over(state)) => knock_page(&req, &token, FormView::default(), Some(visit::says(state))),
        Ok(KnockAnswer::Nothing) => {
            let e = Error::field("code", "right", NOTHING);
            knock_page(&req, &token, FormView::refused(&req, e)?.without("code"), None)
        }
        Err(e) => knock_page(&req, &token, FormView::refused(&req, e)?, None),
    }
}

async fn knocked(req: &HttpRequest, app: &App, token: &str, code: String) -> Result<KnockAnswer> {
    let knock = Knock {
        token: token_digest(token),
        code,
        address: client_address::address(req),
    };
    let place = Network::of(&knock.address);
    let attempt = app.link_attempts.enter(place, app.gate.now()).map_err(slowed)?;
    let answer = app
        .gate
        .housekeep(visit::actor(), move |tx| visit::open(tx, &knock))
        .await?;
    if !matches!(answer, KnockAnswer::Nothing) {
        attempt.succeeded();
    }
    Ok(answer)
}

/// The same whatever was tried: it is the place that waits.
fn slowed(seconds: u32) -> Error {
    let detail = "Too many wrong codes came from where you are. Wait a little before the next one.";
    Error {
        retry_after: Some(seconds),
        ..Error::new(Kind::TooMany, "too-many-sign-ins", detail)
    }
}

fn opened_page(req: &HttpRequest, app: &App, opened: &OpenedLink, form: FormView) -> Reply {
    let token = req.match_info().get("token").unwrap_or_default();
    let page = OpenedPage::of(req, (app, token), opened, form)?;
    pages::show(&page, Some(&page.form))
}

impl OpenedPage {
    fn of(req: &HttpRequest, (app, token): (&App, &str), opened: &OpenedLink, form: FormView) -> Result<Self> {
        let (row, packet, disclosure) = (&opened.row, &opened.packet, &opened.disclosure);
        let record = row.record()?;
        let (utc, request) = (Zone::named(None), packet.request()?);
        let ending = if record.age_recipients.is_empty() {
            ""
        } else {
            wrapped::ENDING
        };
        let left = (row.downloads - row.downloaded).max(0).unsigned_abs();
        let receipt = |given: &Acknowledgement| ShownReceipt {
            name: line(&given.name),
            capacity: line(&given.capacity),
            at: utc.at(given.acknowledged_at.0),
        };
        Ok(Self {
            frame: Frame::outside(req, "A packet for you"),
            path: path_of(token),
            visit: sealed(app, token, TicketUse::Visit)?,
            to: named(&disclosure.to, disclosure.details.agency.as_deref()),
            by: line(&disclosure.recorded_by.name),
            unit: request.organization.as_deref().map(line),
            facts: facts(opened),
            labels: super::labels(disclosure),
            file: line(&format!("{}.zip{ending}", packet.name)),
            name: line(&packet.name),
            size: size(packet.size.unwrap_or(0).unsigned_abs()),
            hash: packet.digest().as_ref().map(groups).unwrap_or_default(),
            left: counted(left, "download", "downloads"),
            ends: utc.at(row.ends_at),
            may_download: opened.state == LinkState::Open,
            is_encrypted: !record.age_recipients.is_empty(),
            receipts: opened.acknowledged.iter().map(receipt).collect(),
            form,
        })
    }
}

fn named(name: &str, office: Option<&str>) -> String {
    match office {
        Some(office) => line(&format!("{name}, {office}")),
        None => line(name),
    }
}

fn facts(opened: &OpenedLink) -> Vec<(&'static str, String)> {
    let details = &opened.disclosure.details;
    let told = [
        ("For", details.need.as_deref()),
        ("Under", details.under.as_deref()),
        ("Request", details.request.as_deref()),
        ("Statute", details.statute.as_deref()),
    ];
    let mut facts: Vec<_> = told
        .into_iter()
        .filter_map(|(name, text)| Some((name, line(text?))))
        .collect();
    let inventory = &opened.disclosure.inventory;
    let each: Vec<String> = inventory
        .iter()
        .map(|(class, n)| format!("{n} {}", label(class).to_lowercase()))
        .collect();
    if !each.is_empty() {
        facts.push(("Captures of the case", each.join(", ")));
    }
    facts
}

/// A ticket for this link from now on.
fn sealed(app: &App, token: &str, used_for: TicketUse) -> Result<String> {
    app.seals
        .seal(&LinkTicket::from(app.gate.now(), token_digest(token), used_for).text()?)
}

/// Whether a ticket is one of ours, for this link and use.
fn is_good(app: &App, (token, ticket): (&str, &str), used_for: TicketUse) -> bool {
    let text = app.seals.open(ticket);
    text.is_some_and(|text| LinkTicket::is_good(&text, (token_digest(token), used_for), app.gate.now()))
}

/// A button of an opened page: what its form holds, once its ticket is good. A page that lay open too long asks for the
/// code again.
async fn pressed(req: &HttpRequest, payload: &mut Payload, app: &App, token: &str) -> Result<Form> {
    let mut form = body::open_form(req, payload).await?;
    let ticket = form.text("visit", 2_000).unwrap_or_default();
    match is_good(app, (token, &ticket), TicketUse::Visit) {
        true => Ok(form),
        false => Err(Error::conflict(
            "This page lay open for too long. Type the code once more.",
        )),
    }
}

/// `POST /d/{token}/download`: counts a download, and leads to its bytes.
pub async fn download(req: HttpRequest, mut payload: Payload, (token, app): (Path<String>, App)) -> Reply {
    let form = match pressed(&req, &mut payload, &app, &token).await {
        Ok(form) => form,
        Err(e) => return knock_page(&req, &token, FormView::refused(&req, e)?, None),
    };
    form.done()?;
    let knock = knock_with_ticket(&req, &token);
    let counted = app
        .gate
        .housekeep(visit::actor(), move |tx| visit::download(tx, &knock))
        .await;
    match counted {
        Ok(_) => {
            let ticket = sealed(&app, &token, TicketUse::Bytes)?;
            Ok(pages::see_other(&format!("{}/file/{ticket}", path_of(&token))))
        }
        Err(e) => refused_page(&req, &app, &token, e).await,
    }
}

fn knock_with_ticket(req: &HttpRequest, token: &str) -> Knock {
    Knock {
        token: token_digest(token),
        code: String::new(),
        address: client_address::address(req),
    }
}

/// The opened page again, with what was wrong.
async fn refused_page(req: &HttpRequest, app: &App, token: &str, e: Error) -> Reply {
    let form = FormView::refused(req, e)?;
    let digest = token_digest(token);
    let opened = app
        .gate
        .housekeep(visit::actor(), move |tx: &mut Tx<'_>| visit::again(tx, &digest))
        .await?;
    match opened.state {
        LinkState::Open | LinkState::UsedUp => opened_page(req, app, &opened, form),
        over => knock_page(req, token, FormView::default(), Some(visit::says(over))),
    }
}

/// `POST /d/{token}/acknowledgement`
pub async fn acknowledge(req: HttpRequest, mut payload: Payload, (token, app): (Path<String>, App)) -> Reply {
    let mut form = match pressed(&req, &mut payload, &app, &token).await {
        Ok(form) => form,
        Err(e) => return knock_page(&req, &token, FormView::refused(&req, e)?, None),
    };
    let receipt = Receipt::parse(&mut form);
    if let Err(e) = form.done() {
        return refused_page(&req, &app, &token, e).await;
    }
    let knock = knock_with_ticket(&req, &token);
    let given = app
        .gate
        .housekeep(visit::actor(), move |tx| visit::acknowledge(tx, &knock, &receipt))
        .await;
    match given {
        Ok(opened) => opened_page(&req, &app, &opened, FormView::default()),
        Err(e) => refused_page(&req, &app, &token, e).await,
    }
}

/// `GET /d/{token}/file/{ticket}`: the bytes of a download that was counted, whole or in ranges; encrypted ones whole.
pub async fn file(req: HttpRequest, address: Path<(String, String)>, app: App) -> Reply {
    let (token, ticket) = address.into_inner();
    let digest = token_digest(&token);
    if !is_good(&app, (&token, &ticket), TicketUse::Bytes) {
        return Err(Error::not_found());
    }
    let opened = app
        .gate
        .housekeep(visit::actor(), move |tx| visit::resumed(tx, &digest))
        .await?;
    let opened = opened.ok_or_else(Error::not_found)?;
    let (bytes, keys) = (stored(&opened.packet)?, opened.row.record()?.age_recipients);
    let name = format!("{}.zip", opened.packet.name);
    if !keys.is_empty() {
        return encrypted(&req, &app, (bytes, format!("{name}{}", wrapped::ENDING)), &keys).await;
    }
    let describe = |response: &mut HttpResponseBuilder| {
        response.insert_header((CONTENT_DISPOSITION, attachment(&name)));
    };
    ranges::send(&req, &app, bytes, describe, async || Ok(())).await
}

fn attachment(name: &str) -> String {
    format!("attachment; filename=\"{name}\"")
}

/// The packet for the owners of these keys. It is another file each time, so that there are no ranges of it.
async fn encrypted(req: &HttpRequest, app: &App, (bytes, name): (StoredBytes, String), keys: &[String]) -> Reply {
    let mut response = HttpResponse::build(StatusCode::OK);
    response
        .insert_header((CONTENT_TYPE, "application/octet-stream"))
        .insert_header((CONTENT_DISPOSITION, attachment(&name)));
    if is_head(req) {
        return Ok(response.finish());
    }
    let plain = ranges::whole(app, bytes).await?;
    Ok(response.streaming(wrap(plain, PieceWrapper::new(keys)?)))
}

/// The pieces, encrypted. Where one fails the stream ends without age's last chunk, so that nobody takes it for whole.
fn wrap(
    plain: impl Stream<Item = Result<Bytes>> + 'static,
    wrapper: PieceWrapper,
) -> impl Stream<Item = Result<Bytes>> {
    let begun = (Box::pin(plain), wrapper);
    futures_util::stream::try_unfold(begun, |(mut plain, mut wrapper)| async move {
        let piece = plain.next().await.transpose()?;
        let out = wrapper.next(piece.as_deref())?;
        Ok(out.map(|out| (Bytes::from(out), (plain, wrapper))))
    })
}
