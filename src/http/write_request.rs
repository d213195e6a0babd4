//! The one front end of writes: who asks, and a body that is read only after the door let them in.
//!
//! Routes of the API take a JSON object. Pages take what an HTML form sends. Both become a `Form`, which the model
//! parses; both end in the same `Gate::write`.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::pages::PageRequest;
use super::{App, body, browser, request_ctx};
use crate::error::{Error, Kind, Result};
use crate::forms::Form;
use crate::gate::{Authorized, Change, IdempotencyHeader, RequestCtx, Scope, Tx};
use crate::policy::Act;
use crate::versions::SeenVersions;

/// A request that may change something.
pub struct WriteRequest {
    /// Who asks.
    pub ctx: RequestCtx,
    /// What handlers reach.
    pub app: App,
    req: HttpRequest,
    payload: web::Payload,
}

impl FromRequest for WriteRequest {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Self::of(req, payload))
    }
}

impl WriteRequest {
    fn of(req: &HttpRequest, payload: &mut Payload) -> Result<Self> {
        let app = req.app_data::<App>().ok_or_else(|| Error::internal("no state"))?;
        Ok(Self {
            ctx: request_ctx::request_ctx(req)?,
            app: app.clone(),
            req: req.clone(),
            payload: web::Payload::from_request(req, payload)
                .into_inner()
                .map_err(Error::internal)?,
        })
    }

    /// Whether the caller may do this at all, and who they are. `write` asks again inside its transaction.
    pub async fn check(&self, act: Act, scope: &Scope) -> Result<Authorized> {
        self.app.gate.check(&self.ctx, act, scope.clone()).await
    }

    /// The body, whose `Idempotency-Key` then makes a retry harmless.
    pub async fn form(&mut self) -> Result<Form> {
        body::form(&self.req, &mut self.payload, &mut self.ctx).await
    }

    /// The body, where it may be left out.
    pub async fn optional_form(&mut self) -> Result<Form> {
        body::optional_form(&self.req, &mut self.payload, &mut self.ctx).await
    }

    /// The body, without reading `Idempotency-Key`: `If-Match` protects it, or repeating it is harmless.
    pub async fn plain_form(&mut self) -> Result<Form> {
        body::plain_form(&self.req, &mut self.payload).await
    }

    /// The form of a page's button, which says nothing of its own. It is read before anybody is asked who sends it.
    pub async fn button_form(&mut self) -> Result<Form> {
        body::open_form(&self.req, &mut self.payload).await
    }

    /// The same request as that of a page, which shows its form again where it is refused.
    pub fn page(&self) -> Result<PageRequest> {
        PageRequest::of(&self.req)
    }

    /// The client's idempotency key; of a page, after its form was read.
    pub fn idempotency_header(&self) -> Result<Option<IdempotencyHeader>> {
        request_ctx::idempotency_header(&self.req)
    }

    /// The versions that `If-Match` names; of a page, after its form was read.
    pub fn version(&self) -> Result<SeenVersions> {
        request_ctx::if_match(&self.req)
    }

    /// The same, where none need be named.
    pub fn version_seen(&self) -> Result<SeenVersions> {
        match self.version() {
            Err(e) if e.kind == Kind::VersionRequired => Ok(SeenVersions::Any),
            seen => seen,
        }
    }

    /// The version to change and the body, parsed. The API names the version in a header, which is looked at before the
    /// body; a page names it in its form.
    pub async fn versioned<X>(&mut self, parse: impl FnOnce(Form) -> Result<X>) -> Result<(SeenVersions, X)> {
        let named = (!browser::is_page(self.req.path()))
            .then(|| self.version())
            .transpose()?;
        let form = self.plain_form().await?;
        let version = named.map_or_else(|| self.version(), Ok)?;
        Ok((version, parse(form)?))
    }

    /// Door, body, parsing, transaction: for what makes something. `Idempotency-Key` makes a retry harmless.
    pub async fn write<X, T, C, P, F>(mut self, act: Act, scope: Scope, parse: P, verb: F) -> Result<T>
    where
        X: Send + Sync + 'static,
        T: Serialize + DeserializeOwned + Send + 'static,
        C: Into<Change<T>>,
        P: FnOnce(Form) -> Result<X>,
        F: Fn(&mut Tx<'_>, &X) -> Result<C> + Send + Sync + 'static,
    {
        self.check(act, &scope).await?;
        let wanted = parse(self.form().await?)?;
        self.transact(act, scope, move |tx| verb(tx, &wanted)).await
    }

    /// The same for a verb that takes the id of what the scope names.
    pub async fn write_to<X, T, C, P, F>(self, act: Act, scope: Scope, parse: P, verb: F) -> Result<T>
    where
        X: Send + Sync + 'static,
        T: Serialize + DeserializeOwned + Send + 'static,
        C: Into<Change<T>>,
        P: FnOnce(Form) -> Result<X>,
        F: Fn(&mut Tx<'_>, &str, &X) -> Result<C> + Send + Sync + 'static,
    {
        let id = scope.object().1.to_owned();
        self.write(act, scope, parse, move |tx, wanted| verb(tx, &id, wanted))
            .await
    }

    /// Door, version, body, parsing, transaction: for what changes the version that `If-Match` names.
    pub async fn change<X, T, C, P, F>(mut self, act: Act, scope: Scope, parse: P, verb: F) -> Result<T>
    where
        X: Send + Sync + 'static,
        T: Serialize + DeserializeOwned + Send + 'static,
        C: Into<Change<T>>,
        P: FnOnce(Form) -> Result<X>,
        F: Fn(&mut Tx<'_>, &SeenVersions, &X) -> Result<C> + Send + Sync + 'static,
    {
        self.check(act, &scope).await?;
        let (version, wanted) = self.versioned(parse).await?;
        self.transact(act, scope, move |tx| verb(tx, &version, &wanted)).await
    }

    /// The transaction alone: for what has no body, or one that is parsed already.
    pub async fn transact<T, C, F>(self, act: Act, scope: Scope, verb: F) -> Result<T>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        C: Into<Change<T>>,
        F: Fn(&mut Tx<'_>) -> Result<C> + Send + Sync + 'static,
    {
        self.app.gate.write(&self.ctx, act, scope, verb).await
    }
}
