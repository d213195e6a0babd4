//! A person's own settings for graphic material, over API and pages. No event tells of them: they are nobody else's.

use actix_web::HttpResponse;

use super::model::Viewing;
use super::pictures::store;
use crate::error::Result;
use crate::forms::Form;
use crate::gate::{Gate, RequestCtx, Scope, Tx, actor_of};
use crate::http::reply::Reply;
use crate::http::{App, WriteRequest, pages};
use crate::policy::Act;

/// The settings of the caller.
pub async fn own(gate: &Gate, requester: &RequestCtx) -> Result<Viewing> {
    let authorized = gate.check(requester, Act::SessionOwn, Scope::Agency).await?;
    let user = authorized.caller.user;
    gate.db().read(move |conn| store::viewing(conn, &user)).await
}

pub(super) async fn read(requester: RequestCtx, app: App) -> Reply {
    Ok(HttpResponse::Ok().json(own(&app.gate, &requester).await?))
}

pub(super) async fn replace(request: WriteRequest) -> Reply {
    let wanted = |form| Viewing::parse(form).map(|viewing| (viewing, None));
    let (kept, _) = keep(request, wanted).await?;
    Ok(HttpResponse::Ok().json(kept))
}

/// From a page: back to the capture that was looked at.
pub(super) async fn save(request: WriteRequest) -> Reply {
    let (_, capture) = keep(request, Viewing::of_page).await?;
    let address = capture.map_or_else(|| "/?done=saved".to_owned(), |id| format!("/captures/{id}?done=saved"));
    Ok(pages::see_other(&address))
}

type ViewingWanted = (Viewing, Option<String>);

async fn keep(mut request: WriteRequest, parse: impl FnOnce(Form) -> Result<ViewingWanted>) -> Result<ViewingWanted> {
    let caller = request.check(Act::SessionOwn, &Scope::Agency).await?.caller;
    let wanted = parse(request.plain_form().await?)?;
    let (actor, viewing) = (actor_of(&caller, None), wanted.0);
    let keep = move |tx: &mut Tx<'_>| store::keep_viewing(tx.conn, &caller.user, viewing);
    request.app.gate.housekeep(actor, keep).await?;
    Ok(wanted)
}
