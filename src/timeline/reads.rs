//! What may be looked at of the timeline: the same captures and events that their lists show.

use serde_json::{Value, json};

use super::store::{self, CaseMark, TimeRange};
use crate::authorizations::Authorization;
use crate::captures::Capture;
use crate::clock::Micros;
use crate::error::Result;
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope, View};
use crate::ledger::Action;
use crate::policy::Act;

/// Authorizations and packets of a case that its timeline takes in.
const THINGS: i64 = 100;

/// What happened to a case that its timeline tells.
const TOLD: &[Action] = &[
    Action::CaseOpened,
    Action::CaseSuspended,
    Action::CaseClosed,
    Action::CaseReopened,
    Action::AuthorizationApproved,
    Action::AuthorizationStarted,
    Action::AuthorizationConfirmed,
    Action::AuthorizationRepudiated,
    Action::AuthorizationLapsed,
    Action::AuthorizationDenied,
    Action::AuthorizationReturned,
    Action::AuthorizationRevoked,
    Action::CaptureAccepted,
    Action::CaptureRatified,
    Action::CaptureQuarantined,
    Action::CaptureConfirmed,
    Action::CaptureRepudiated,
    Action::PacketIssued,
    Action::PacketDisclosed,
    Action::NoticeGiven,
    Action::NoticeAnswered,
];

/// What is asked of a timeline.
#[derive(Debug, Clone)]
pub struct TimelineSearch {
    pub range: TimeRange,
    /// Of captures without a time: those of a smaller number than this.
    pub unknown_before: i64,
    pub unknown_limit: i64,
}

impl TimelineSearch {
    /// The same for the access log.
    fn detail(&self) -> Value {
        let range = &self.range;
        let after = range.after.map(|(at, item)| [View::number(at), View::number(item)]);
        json!({
            "list": "timeline", "from": range.from, "to": range.to, "after": after, "limit": range.limit,
            "unknown_before": View::number(self.unknown_before), "unknown_limit": self.unknown_limit,
        })
    }
}

/// A page of the timeline.
pub struct FoundTimes {
    /// Every known time of posting in the case.
    pub times: Vec<Micros>,
    /// One more than the page shows, where more follow.
    pub known: Vec<Capture>,
    pub unknown: Vec<Capture>,
    /// How many captures have no time, and how many are closed.
    pub without_time: i64,
    pub closed: i64,
    pub authorizations: Vec<Authorization>,
    pub marks: Vec<CaseMark>,
    pub packets: Vec<String>,
    /// Whether the reader may open packets.
    pub opens_packets: bool,
}

/// A page of the timeline of a case.
pub async fn timeline(gate: &Gate, requester: &RequestCtx, case: String, search: TimelineSearch) -> Result<FoundTimes> {
    let detail = search.detail();
    let view = View::new(Action::CapturesListed, "case", &case, detail);
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| found(ctx, &case, &search);
    gate.view(requester, Act::CaptureRead, scope, view, read).await
}

fn found(ctx: &mut ReadCtx<'_>, case: &str, search: &TimelineSearch) -> Result<FoundTimes> {
    let known = store::known(ctx.conn, case, &search.range)?;
    let (unknown, without_time) = store::unknown(ctx.conn, case, search.unknown_before, search.unknown_limit)?;
    let bodies = store::authorizations(ctx.conn, case, THINGS)?;
    let authorizations: Vec<Authorization> = bodies
        .iter()
        .map(|body| Ok(serde_json::from_str(body)?))
        .collect::<Result<_>>()?;
    let packets = store::packets(ctx.conn, case, THINGS)?;
    let mut things = vec![case.to_owned()];
    things.extend(authorizations.iter().map(|a| a.id.clone()));
    things.extend(packets.iter().cloned());
    things.extend(known.iter().chain(&unknown).map(|capture| capture.id.clone()));
    let told: Vec<&str> = TOLD.iter().map(|action| action.as_str()).collect();
    Ok(FoundTimes {
        times: store::times(ctx.conn, case)?,
        marks: store::marks(ctx.conn, case, &things, &told)?,
        closed: store::closed(ctx.conn, case)?,
        opens_packets: ctx.may(Act::PacketRead),
        known,
        unknown,
        without_time,
        authorizations,
        packets,
    })
}
