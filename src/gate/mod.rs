//! The doors. Everything that belongs to somebody is reached through `check`, `admit_upload`, `read`, `view`, `search`,
//! `write`, `write_prepared` or `note`. `housekeep` may write only the tables in `OPERATIONAL`; tests on PostgreSQL enforce that.
//!
//! `write` is the only place that begins a transaction with an event in it: the stream is held first, then
//! session, user, relation and state are read, then policy decides, then the verb runs, then the event goes in, then
//! COMMIT. What policy saw is what commits. Nobody is answered before. `write_prepared` is the same for content
//! that is durable before the write is queued; `admit_upload` decides, before a body is read, whether the caller may upload.

mod admission_cache;
mod authorize;
mod former_member;
mod idempotency;
mod on_behalf;
mod operational;
mod read_ctx;
mod refusals;
mod relation;
mod tx;
mod views;
mod whom;

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use authorize::actor_of;
pub use former_member::{left_since_packet, left_since_receipt, left_since_request};
pub use idempotency::{IdempotencyHeader, IdempotencyKey, Replayed};
pub use operational::OPERATIONAL;
pub use read_ctx::{Authorized, ReadCtx};
pub use relation::{CaseContext, Scope, part_in_authorization};
pub use tx::{Change, NewEvent, Recorded, Tx};
pub use views::View;
pub use whom::{WhomToAsk, whom_to_ask};

use crate::clock::{Clock, Micros};
use crate::db::{AnyConn, Db, Reader};
use crate::error::{Kind, Result};
use crate::identity::{self, Caller, Credential};
use crate::ledger::{self, Heads, Journal, PendingAppend};
use crate::policy::{Act, Policy};
use crate::proof::event::Actor;
use admission_cache::AdmissionCache;
use authorize::{authorize, refuse_read_only};
use refusals::{LeftRefusal, Refusal, Refusals};
use views::{NewView, Views};

/// A person at the door, with what they carry.
#[derive(Debug, Clone)]
pub struct RequestCtx {
    /// What the bearer showed.
    pub credential: Credential,
    /// Where the request came from.
    pub address: String,
    /// Set where the client asked for a harmless retry.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// What `prepare` made durable, and the idempotency key computed from it.
pub struct Prepared<X> {
    /// The content.
    pub content: X,
    /// Where the client asked for a harmless retry, for this content.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// The doors of one installation.
#[derive(Clone)]
pub struct Gate(Arc<GateState>);

struct GateState {
    db: Db,
    reader: Reader,
    journal: Journal,
    policy: Arc<Policy>,
    clock: Arc<dyn Clock>,
    refusals: Refusals,
    views: Views,
    admissions: AdmissionCache,
}

impl Gate {
    /// Over a database, its journal, the rules and a clock.
    pub fn new(db: Db, journal: Journal, policy: Arc<Policy>, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(GateState {
            reader: db.reader(),
            db,
            journal,
            policy,
            clock,
            refusals: Refusals::default(),
            views: Views::default(),
            admissions: AdmissionCache::default(),
        }))
    }

    /// The time now.
    pub fn now(&self) -> Micros {
        self.0.clock.now()
    }

    /// The journal, for what waits on integration.
    pub fn journal(&self) -> &Journal {
        &self.0.journal
    }

    /// The database, for reading what belongs to nobody: the state of the log, a job's work.
    pub fn db(&self) -> &Reader {
        &self.0.reader
    }

    /// The rules.
    pub fn policy(&self) -> &Arc<Policy> {
        &self.0.policy
    }

    /// May this person do this here at all? For what must be known before a body is read; `write` asks again.
    pub async fn check(&self, request: &RequestCtx, act: Act, scope: Scope) -> Result<Authorized> {
        self.read(request, act, scope, |ctx| Ok(ctx.authorized())).await
    }

    /// Reads what is not evidence.
    pub async fn read<T, F>(&self, request: &RequestCtx, act: Act, scope: Scope, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut ReadCtx<'_>) -> Result<T> + Send + 'static,
    {
        Ok(self.read_then(request, act, scope, f, |_| Ok(())).await?.0)
    }

    /// Reads evidence: the view is in the access log before the first byte is answered, or nothing is answered.
    pub async fn view<T, F>(&self, request: &RequestCtx, act: Act, scope: Scope, view: View, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut ReadCtx<'_>) -> Result<T> + Send + 'static,
    {
        let (inner, address) = (self.0.clone(), request.address.clone());
        let record = move |authorized: &Authorized| inner.begin_view(authorized, &view, &address);
        let (seen, begun) = self.read_then(request, act, scope, f, record).await?;
        if let Some((begun, new)) = begun {
            begun.committed().await?;
            self.0.views.remember(new);
        }
        Ok(seen)
    }

    /// Looks something up over all cases: every view that `f` names stands in the access log before anything is answered,
    /// or nothing is answered.
    pub async fn search<T, F>(&self, request: &RequestCtx, act: Act, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut ReadCtx<'_>) -> Result<(T, Vec<View>)> + Send + 'static,
    {
        let (inner, address) = (self.0.clone(), request.address.clone());
        let asked = self
            .read_then(request, act, Scope::Agency, f, |to| Ok(to.clone()))
            .await?;
        let ((seen, views), authorized) = asked;
        let record = move || {
            let each = views.iter().map(|view| inner.begin_view(&authorized, view, &address));
            each.collect::<Result<Vec<_>>>()
        };
        for (begun, new) in crate::db::blocking(record).await?.into_iter().flatten() {
            begun.committed().await?;
            self.0.views.remember(new);
        }
        Ok(seen)
    }

    /// Reads, gives the connection back, then runs `next` on the same blocking thread.
    async fn read_then<T, F, N, X>(&self, request: &RequestCtx, act: Act, scope: Scope, f: F, next: N) -> Result<(T, X)>
    where
        T: Send + 'static,
        F: FnOnce(&mut ReadCtx<'_>) -> Result<T> + Send + 'static,
        N: FnOnce(&Authorized) -> Result<X> + Send + 'static,
        X: Send + 'static,
    {
        let (inner, credential, place) = (self.0.clone(), request.credential.clone(), scope.clone());
        let done = crate::db::blocking(move || {
            let (seen, authorized) = inner.read_as(&credential, act, &place, f)?;
            Ok((seen, next(&authorized)?))
        })
        .await;
        self.note_refusal(request, act, &scope, done).await
    }

    /// Changes something: one transaction with its event. `f` may run more than once.
    pub async fn write<T, C, F>(&self, request: &RequestCtx, act: Act, scope: Scope, f: F) -> Result<T>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        C: Into<Change<T>>,
        F: Fn(&mut Tx<'_>) -> Result<C> + Send + Sync + 'static,
    {
        let (inner, asked, place) = (self.0.clone(), request.clone(), scope.clone());
        let write = move |conn: &mut AnyConn| {
            let credentials = (&asked.credential, asked.idempotency_key.as_ref());
            inner.transact(conn, credentials, act, &place, &f)
        };
        let done = self.0.db.write_in_turn(Some(scope.object().1), write).await;
        self.0.changed(act);
        self.note_refusal(request, act, &scope, done).await
    }

    /// Changes something with content that `prepare` makes durable, on a thread that may block: nothing is asked of the
    /// database before that is done. Where it fails, nothing is written.
    pub async fn write_prepared<X, T, P, F>(
        &self,
        request: &RequestCtx,
        act: Act,
        scope: Scope,
        prepare: P,
        f: F,
    ) -> Result<T>
    where
        X: Send + Sync + 'static,
        T: Serialize + DeserializeOwned + Send + 'static,
        P: FnOnce() -> Result<Prepared<X>> + Send + 'static,
        F: Fn(&mut Tx<'_>, &X) -> Result<Recorded<T>> + Send + Sync + 'static,
    {
        let (inner, credential, place) = (self.0.clone(), request.credential.clone(), scope.clone());
        let write = move |conn: &mut AnyConn, prepared: &Prepared<X>| {
            let credentials = (&credential, prepared.idempotency_key.as_ref());
            inner.transact(conn, credentials, act, &place, &|tx| f(tx, &prepared.content))
        };
        let thing = Some(scope.object().1);
        let done = self.0.db.write_prepared(thing, prepare, write).await;
        self.0.changed(act);
        if done.is_err() {
            self.0.admissions.forget(&request.credential, &scope);
        }
        self.note_refusal(request, act, &scope, done).await
    }

    /// Keeps operational tables (sessions, jobs' progress, retries) and records an event where `f` makes one.
    pub async fn housekeep<T, F>(&self, actor: Actor, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + Sync + 'static,
    {
        let inner = self.0.clone();
        let done = self.0.db.write(move |conn| inner.keep_house(conn, &actor, &f)).await;
        self.0.admissions.changed();
        done
    }

    /// The same from a thread that may block.
    pub fn housekeep_blocking<T, F>(&self, actor: Actor, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + Sync + 'static,
    {
        let inner = self.0.clone();
        let done = self.0.db.write_blocking(move |conn| inner.keep_house(conn, &actor, &f));
        self.0.admissions.changed();
        done
    }

    /// Records an event that changes nothing else.
    pub async fn note(&self, actor: Actor, draft: ledger::Draft) -> Result<()> {
        self.0.journal.append(actor, draft).await
    }

    /// A refusal is an event too (product.md, rule 4), and costs the same for what exists and what doesn't.
    async fn note_refusal<T>(&self, request: &RequestCtx, act: Act, scope: &Scope, done: Result<T>) -> Result<T> {
        let Err(e) = &done else { return done };
        if !matches!(e.kind, Kind::NotFound | Kind::Forbidden) || e.code == "password-change-first" {
            return done;
        }
        let now = self.now();
        let refusal = Refusal {
            act,
            scope: scope.clone(),
            address: request.address.clone(),
            answer: e.clone(),
        };
        if let Some(unrecorded) = self.0.refusals.is_new(&request.credential, &refusal, now) {
            let recorded = self.record_refusal((request.credential.clone(), refusal, unrecorded));
            if recorded.await.is_err() {
                self.0.refusals.forget(&request.credential, act, scope);
            }
        }
        done
    }

    /// Records refusals that were only counted, and whose minute was over then: no later one told of them.
    pub async fn record_left_refusals(&self, now: Micros) {
        for left in self.0.refusals.left(now) {
            // What cannot be recorded stands in the log of the server.
            self.record_refusal(left).await.ok();
        }
    }

    async fn record_refusal(&self, left: LeftRefusal) -> Result<()> {
        let inner = self.0.clone();
        let recorded = match crate::db::blocking(move || inner.begin_refusal(&left)).await {
            Ok(Some(begun)) => begun.committed().await,
            Ok(None) => Ok(()),
            Err(e) => Err(e),
        };
        recorded.inspect_err(|lost| tracing::error!(error = %lost, "a refusal could not be recorded"))
    }
}

impl GateState {
    /// Logging a capture changes nobody's rights. Any other write may, so it ends all cached admissions.
    fn changed(&self, act: Act) {
        if act != Act::CaptureRecord {
            self.admissions.changed();
        }
    }

    fn read_as<T>(
        &self,
        credential: &Credential,
        act: Act,
        place: &Scope,
        f: impl FnOnce(&mut ReadCtx<'_>) -> Result<T>,
    ) -> Result<(T, Authorized)> {
        let now = self.clock.now();
        self.db.read_blocking(|conn| {
            let caller = identity::resolve(conn, credential, now)?;
            let context = authorize(conn, &self.policy, &caller, act, place, now)?;
            let mut ctx = ReadCtx {
                conn,
                caller: &caller,
                context: context.as_ref(),
                now,
                policy: &self.policy,
            };
            let seen = f(&mut ctx)?;
            Ok((seen, Authorized { caller, context }))
        })
    }

    /// Puts a view into the access log, unless it stands there already.
    fn begin_view(&self, to: &Authorized, view: &View, address: &str) -> Result<Option<(PendingAppend, NewView)>> {
        let Some(new) = self.views.unseen(&to.caller.session, view, self.clock.now()) else {
            return Ok(None);
        };
        let context = to.context.as_ref();
        let draft = view.draft(context.map(|c| c.case_id.as_str()), address);
        let begun = self.journal.begin(actor_of(&to.caller, context), draft)?;
        Ok(Some((begun, new)))
    }

    /// Puts a refusal into the access log, if the credential still resolves to a caller.
    fn begin_refusal(&self, (credential, refusal, before): &LeftRefusal) -> Result<Option<PendingAppend>> {
        let now = self.clock.now();
        let found = self.db.read_blocking(|conn| {
            Ok((
                identity::resolve(conn, credential, now)?,
                relation::case_of(conn, &refusal.scope)?,
            ))
        });
        let Ok((caller, case)) = found else { return Ok(None) };
        let draft = refusals::draft(case.as_deref(), refusal, *before);
        self.journal.begin(actor_of(&caller, None), draft).map(Some)
    }

    fn transact<T, C, F>(
        &self,
        conn: &mut AnyConn,
        (credential, repeat): (&Credential, Option<&IdempotencyKey>),
        act: Act,
        scope: &Scope,
        f: &F,
    ) -> Result<T>
    where
        T: Serialize + DeserializeOwned,
        C: Into<Change<T>>,
        F: Fn(&mut Tx<'_>) -> Result<C>,
    {
        // A case that does not exist is answered 404 by `authorize` below.
        let case = match scope.named_case() {
            Some(case) => Some(case),
            None => relation::case_of(conn, scope)?,
        };
        let stream = match case {
            Some(case) => ledger::case_stream(&case),
            None => ledger::AGENCY.to_owned(),
        };
        let heads = Heads::lock(conn, &[&stream])?;
        let now = self.clock.now();
        let caller = identity::resolve(conn, credential, now)?;
        let context = authorize(conn, &self.policy, &caller, act, scope, now)?;
        refuse_read_only(conn, act)?;
        if let Some(answer) = idempotency::known(conn, &caller, repeat, now)? {
            return serde_json::from_str(&answer).map_err(|_| idempotency::answered_by_another_version());
        }
        let mut tx = Tx::new(conn, &caller, context.as_ref(), now, &self.policy, heads);
        let concluded = f(&mut tx)?;
        tx.flush()?;
        let answer = concluded.into().into_answer();
        idempotency::remember(conn, &caller, repeat, &answer, now)?;
        // `write` does this again after COMMIT. It is done here too, because the request may be dropped before that.
        self.changed(act);
        Ok(answer)
    }

    fn keep_house<T>(&self, conn: &mut AnyConn, actor: &Actor, f: &dyn Fn(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let nobody = Caller::nobody();
        let now = self.clock.now();
        let tx = Tx::new(conn, &nobody, None, now, &self.policy, Heads::default());
        let mut tx = tx.acting_as(actor.clone(), &*self.clock);
        let done = f(&mut tx)?;
        tx.flush()?;
        Ok(done)
    }
}
