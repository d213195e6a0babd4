//! Drafts: what somebody has typed into a long form and not sent, kept on the server for them alone. A draft is known by
//! the path to which its form is sent. It is gone once the form is sent, or after thirty days.

use actix_web::{HttpRequest, HttpResponse};
use diesel::prelude::*;

use super::pages::{self, FormView, PageRequest};
use super::reply::Reply;
use super::typed::{self, TypedFields};
use super::write_request::WriteRequest;
use crate::clock::{DAY, Micros};
use crate::db::AnyConn;
use crate::db::tables::drafts;
use crate::error::{Error, Kind, Result};
use crate::forms::parse_id;
use crate::gate::{ReadCtx, Scope, Tx, actor_of};
use crate::policy::Act;
use crate::text::Zone;

/// Bytes of a draft at the most.
const LONGEST: usize = 400 << 10;
/// Drafts of one person. A further one is refused, and none that they typed is dropped for it.
const MOST: i64 = 50;
/// How long a draft is kept.
const LIFE: Micros = 30 * DAY;
/// What no draft holds: files, and what only the page itself says.
const LEFT_OUT: &[&str] = &["file", "upload", "discard", "check"];

/// A draft that is offered when its form is opened.
pub struct OfferedDraft {
    /// When it was begun, in UTC.
    pub begun: String,
    /// Where it is kept and discarded.
    pub path: String,
}

/// The draft of a form as it is opened: offered, or taken up (`?draft=1`) in place of the form's first values.
pub async fn open(page: &PageRequest, form: &str, first: FormView) -> Result<(FormView, Option<OfferedDraft>)> {
    let Some((begun, body)) = find(page, form).await? else {
        return Ok((first, None));
    };
    if page.query("draft").is_some() {
        return Ok((FormView::kept(serde_json::from_str(&body)?), None));
    }
    let offered = OfferedDraft {
        begun: Zone::named(None).at(begun).shown().to_owned(),
        path: format!("{form}/draft"),
    };
    Ok((first, Some(offered)))
}

async fn find(page: &PageRequest, form: &str) -> Result<Option<(Micros, String)>> {
    let form = form.to_owned();
    let read = move |ctx: &mut ReadCtx<'_>| {
        let found = drafts::table.find((&ctx.caller.user, &form));
        Ok(found
            .select((drafts::begun_at, drafts::body))
            .first(ctx.conn)
            .optional()?)
    };
    page.app
        .gate
        .read(&page.ctx, Act::SessionOwn, Scope::Agency, read)
        .await
}

/// Keeps or discards the draft of a form, for whoever may send that form; then back to its page. A script asks for no page.
pub async fn keep(mut request: WriteRequest, act: Act, scope: Scope, back: &str) -> Reply {
    let authorized = request.check(act, &scope).await?;
    request.plain_form().await?;
    let page = request.page()?;
    let (user, form) = (authorized.caller.user.clone(), form_of(&page.req)?);
    let actor = actor_of(&authorized.caller, authorized.context.as_ref());
    let TypedFields(all) = TypedFields::of(&page.req);
    let discarded = all.iter().any(|(name, _)| name == "discard");
    let body = serde_json::to_string(&all.into_iter().filter(is_typed).collect::<Vec<_>>())?;
    if body.len() > LONGEST {
        let detail = format!("A draft has at most {LONGEST} bytes: send the form, or shorten it.");
        return Err(Error::new(Kind::TooLarge, "too-large", detail));
    }
    let change = move |tx: &mut Tx<'_>| match discarded {
        true => remove(tx.conn, &user, &form),
        false => save(tx, &user, &form, &body),
    };
    page.app.gate.housekeep(actor, change).await?;
    if pages::is_partial(&page.req) {
        return Ok(HttpResponse::NoContent().finish());
    }
    let done = if discarded { "draft-discarded" } else { "draft-kept" };
    Ok(pages::see_other(&format!("{back}?done={done}")))
}

/// The path to which the form is sent whose draft this request is about, however the address spells the ids in it.
fn form_of(req: &HttpRequest) -> Result<String> {
    let route = req.match_pattern().ok_or_else(Error::not_found)?;
    let form = route.strip_suffix("/draft").unwrap_or(&route).to_owned();
    req.match_info().iter().try_fold(form, |form, (name, text)| {
        let id = parse_id(text).ok_or_else(Error::not_found)?;
        Ok(form.replace(&format!("{{{name}}}"), &id))
    })
}

fn is_typed((name, text): &(String, String)) -> bool {
    let own = typed::HIDDEN.contains(&name.as_str()) || LEFT_OUT.contains(&name.as_str());
    !own && !name.contains("password") && !text.is_empty()
}

fn save(tx: &mut Tx<'_>, user: &str, form: &str, body: &str) -> Result<()> {
    let known = drafts::table.find((user, form));
    let set = (drafts::body.eq(body), drafts::changed_at.eq(tx.now));
    if diesel::update(known).set(set).execute(tx.conn)? == 1 {
        return Ok(());
    }
    let own: i64 = drafts::table
        .filter(drafts::user_id.eq(user))
        .count()
        .get_result(tx.conn)?;
    if own >= MOST {
        let detail =
            format!("You have {MOST} drafts, the most that are kept: send or discard one. This one is not kept.");
        return Err(Error::conflict(detail));
    }
    diesel::insert_into(drafts::table)
        .values((
            drafts::user_id.eq(user),
            drafts::form.eq(form),
            drafts::begun_at.eq(tx.now),
            set,
        ))
        .execute(tx.conn)?;
    Ok(())
}

fn remove(conn: &mut AnyConn, user: &str, form: &str) -> Result<()> {
    diesel::delete(drafts::table.find((user, form))).execute(conn)?;
    Ok(())
}

/// Forgets the draft of the form that this request sent. Where that fails, the draft is offered once more.
pub async fn sent(page: &PageRequest) {
    let done = async {
        let caller = page.app.gate.check(&page.ctx, Act::SessionOwn, Scope::Agency).await?;
        let (user, form) = (caller.caller.user.clone(), form_of(&page.req)?);
        let forget = move |tx: &mut Tx<'_>| remove(tx.conn, &user, &form);
        page.app.gate.housekeep(actor_of(&caller.caller, None), forget).await
    };
    if let Err(e) = done.await {
        tracing::warn!(error = %e, "the draft of a form that was sent could not be forgotten");
    }
}

/// Forgets drafts that nobody has changed for thirty days; how many.
pub fn forget_old(conn: &mut AnyConn, now: Micros) -> Result<usize> {
    let old = drafts::table.filter(drafts::changed_at.lt(now - LIFE));
    Ok(diesel::delete(old).execute(conn)?)
}
