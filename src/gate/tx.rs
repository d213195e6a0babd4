//! An open transaction, as a verb sees it: nothing is ambient.

use serde::Serialize;
use serde_json::{Map, Value};

use super::relation::{self, CaseContext};
use crate::clock::{self, Clock, Micros};
use crate::db::AnyConn;
use crate::error::{Error, Result};
use crate::identity::{Caller, Person};
use crate::ledger::{self, Action, Appended, Draft, Heads, Home};
use crate::policy::{Act, Policy};
use crate::proof::event::Actor;

/// The answer of a write whose event is appended. Only an appended event makes one:
///
/// ```compile_fail,E0423
/// let change = casetrail::gate::Recorded("a change without its event");
/// ```
pub struct Recorded<T>(T);

impl<T> Recorded<T> {
    /// The answer, before it is committed.
    pub fn peek(&self) -> &T {
        &self.0
    }

    /// The answer, where the transaction that recorded the change ends with it.
    pub fn into_answer(self) -> T {
        self.0
    }

    /// Another answer for the same recorded change.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Recorded<U> {
        Recorded(f(self.0))
    }
}

impl Appended {
    /// The answer of the write that appended this event.
    pub fn answering<T>(self, answer: T) -> Recorded<T> {
        Recorded(answer)
    }
}

/// How a verb ends. One that always records something ends with a `Recorded` alone.
pub enum Change<T> {
    /// It changed something and recorded that.
    Recorded(Recorded<T>),
    /// It wrote nothing. A wall of the tests lists the verbs that may say so.
    Unchanged(T),
}

impl<T> Change<T> {
    /// The answer, once the transaction is done.
    pub(super) fn into_answer(self) -> T {
        match self {
            Self::Recorded(Recorded(answer)) | Self::Unchanged(answer) => answer,
        }
    }
}

impl<T> From<Recorded<T>> for Change<T> {
    fn from(done: Recorded<T>) -> Self {
        Self::Recorded(done)
    }
}

/// The transaction of one write.
pub struct Tx<'a> {
    /// The database.
    pub conn: &'a mut AnyConn,
    /// Who asks.
    pub caller: &'a Caller,
    /// The case concerned, where there is one.
    pub context: Option<&'a CaseContext>,
    /// The time of the change.
    pub now: Micros,
    policy: &'a Policy,
    actor: Actor,
    heads: Heads,
    /// Set if no stream was locked when the transaction began: then each event's time is read after its stream is
    /// locked.
    clock: Option<&'a dyn Clock>,
}

impl<'a> Tx<'a> {
    pub(super) fn new(
        conn: &'a mut AnyConn,
        caller: &'a Caller,
        context: Option<&'a CaseContext>,
        now: Micros,
        policy: &'a Policy,
        heads: Heads,
    ) -> Self {
        let actor = super::actor_of(caller, context);
        Self {
            conn,
            caller,
            context,
            now,
            policy,
            actor,
            heads,
            clock: None,
        }
    }

    pub(super) fn acting_as(self, actor: Actor, clock: &'a dyn Clock) -> Self {
        Self {
            actor,
            clock: Some(clock),
            ..self
        }
    }

    /// Writes the events.
    pub(super) fn flush(self) -> Result<()> {
        self.heads.flush(self.conn)
    }

    /// The case concerned.
    pub fn case(&self) -> Result<&'a CaseContext> {
        self.context.ok_or_else(Error::not_found)
    }

    /// Whether the caller may also do this here.
    pub fn may(&self, act: Act) -> bool {
        relation::may(self.policy, self.caller, act, self.context)
    }

    /// Whether a person may do this where they stand.
    pub(super) fn decides(&self, person: &Caller, act: Act, context: &CaseContext) -> bool {
        relation::may(self.policy, person, act, Some(context))
    }

    /// Locks a stream before its state is read, if the door could not know which stream is meant.
    pub fn lock(&mut self, stream: &str) -> Result<()> {
        self.heads.hold(self.conn, stream)
    }

    /// A new id.
    pub fn new_id(&self) -> String {
        clock::new_id(self.now)
    }

    /// Who asks, as records name people.
    pub fn me(&self) -> Person {
        self.caller.person()
    }

    /// The id of the case concerned.
    pub fn case_id(&self) -> Result<String> {
        Ok(self.case()?.case_id.clone())
    }

    /// Records an event. `Appended::answering` makes the answer of the write from it.
    pub fn append(&mut self, event: NewEvent<'_>) -> Result<Appended> {
        let stream = self.stream_of(&event)?;
        let draft = Draft {
            version: event.version,
            attest: event.attest,
            ..Draft::new(stream, event.action, event.object, event.record)
        };
        self.heads.hold(self.conn, &draft.stream)?;
        let now = self.clock.map_or(self.now, Clock::now);
        self.heads.append(self.conn, &self.actor, now, &draft)
    }

    /// Records an event with the record of its object and nothing to attest.
    pub fn record(
        &mut self,
        action: Action,
        object: (&'static str, &str),
        version: i64,
        record: &impl Serialize,
    ) -> Result<Appended> {
        self.append(NewEvent::new(action, object, version, serde_json::to_value(record)?))
    }

    fn stream_of(&self, event: &NewEvent<'_>) -> Result<String> {
        let case = event
            .case
            .map(str::to_owned)
            .or_else(|| self.context.map(|g| g.case_id.clone()));
        match (event.action.home(), case) {
            (Home::Case | Home::Any, Some(case)) => Ok(ledger::case_stream(&case)),
            (Home::Access, Some(case)) => Ok(ledger::access_stream(&case)),
            (Home::Agency, _) => Ok(ledger::AGENCY.to_owned()),
            (_, None) => Err(Error::internal("an event of a case without its case")),
        }
    }
}

/// An event about to be recorded.
pub struct NewEvent<'e> {
    /// What happened.
    pub action: Action,
    /// The kind and id of what it happened to.
    pub object: (&'static str, &'e str),
    /// The version it made, from 1.
    pub version: i64,
    /// The full content.
    pub record: Value,
    /// What the leaf itself must show for ever.
    pub attest: Map<String, Value>,
    /// The case, where the transaction does not already stand in one.
    pub case: Option<&'e str>,
}

impl<'e> NewEvent<'e> {
    /// An event with its record and nothing to attest.
    pub fn new(action: Action, object: (&'static str, &'e str), version: i64, record: Value) -> Self {
        Self {
            action,
            object,
            version,
            record,
            attest: Map::new(),
            case: None,
        }
    }

    /// In a case that the transaction itself opens.
    pub fn in_case(self, case: &'e str) -> Self {
        Self {
            case: Some(case),
            ..self
        }
    }

    /// With identifiers, digests and integers that the leaf shows for ever.
    pub fn attesting(self, attest: Map<String, Value>) -> Self {
        Self { attest, ..self }
    }
}
