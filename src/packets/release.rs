//! The release of a referral: a supervisor looks at what the lead built, and lets it leave or refuses to. Each packet is
//! decided once; after a refusal the lead builds another.

use diesel::dsl::not;
use diesel::prelude::*;

use super::model::{Packet, PacketState, Purpose};
use super::released::{Release, ReleaseOutcome, ReleaseView, ReleasedFile};
use super::{ops, store};
use crate::cases::{Case, DecidesIn, decided};
use crate::clock::{Micros, Timestamp};
use crate::db::tables::{cases, packet_releases, packets};
use crate::db::{AnyConn, canonical};
use crate::error::{Error, Result};
use crate::forms::{Form, REASON};
use crate::gate::{NewEvent, Recorded, Tx, left_since_packet};
use crate::identity::Caller;
use crate::ledger::Action;
use crate::proof::id::Digest;

/// A decision about to be recorded.
#[derive(Debug, Clone)]
pub struct NewRelease {
    outcome: ReleaseOutcome,
    reason: Option<String>,
}

impl NewRelease {
    /// Reads one. Without an outcome the packet is released.
    pub fn parse(mut form: Form) -> Result<Self> {
        let outcome = form
            .word::<ReleaseOutcome>("outcome")
            .unwrap_or(ReleaseOutcome::Released);
        let reason = match outcome {
            ReleaseOutcome::Released => form.filled("reason", REASON),
            ReleaseOutcome::Refused => Some(form.required("reason", REASON)),
        };
        form.done()?;
        Ok(Self { outcome, reason })
    }
}

/// Records what a supervisor decided about a referral that is built.
pub fn decide(tx: &mut Tx<'_>, id: &str, new: &NewRelease) -> Result<Recorded<Release>> {
    let packet = ops::ready(tx.conn, id)?;
    match packet.release()? {
        Some(ReleaseView::Waiting) => {}
        Some(_) => {
            let detail =
                "This referral is decided already, once and for all: build another where it has to be otherwise.";
            return Err(Error::conflict(detail));
        }
        None => {
            let detail = "This packet is no referral: it leaves without a release.";
            return Err(Error::conflict(detail));
        }
    }
    let release = Release {
        packet_id: id.to_owned(),
        case_id: packet.case_id.clone(),
        outcome: new.outcome,
        reason: new.reason.clone(),
        packet: ReleasedFile {
            size: packet.size,
            sha256: packet.digest(),
            name: packet.name,
        },
        decided_by: tx.me(),
        decided_at: Timestamp(tx.now),
    };
    let action = match new.outcome {
        ReleaseOutcome::Released => Action::PacketReleased,
        ReleaseOutcome::Refused => Action::PacketRefused,
    };
    let record = serde_json::to_value(&release)?;
    let made = tx.append(NewEvent::new(action, ("packet", id), 1, record))?;
    keep(tx.conn, &release, &made.leaf)?;
    Ok(made.answering(release))
}

/// Keeps what an event with this leaf recorded.
pub fn keep(conn: &mut AnyConn, release: &Release, leaf: &Digest) -> Result<()> {
    diesel::insert_into(packet_releases::table)
        .values((
            packet_releases::packet_id.eq(&release.packet_id),
            packet_releases::leaf.eq(leaf.as_bytes().to_vec()),
            packet_releases::body.eq(canonical(release)?),
        ))
        .execute(conn)?;
    Ok(())
}

/// A referral that waits for its release, with its case.
pub struct WaitingReferral {
    /// The packet.
    pub packet: Packet,
    /// The case from which it was built.
    pub case: Case,
}

/// Referrals that a caller may release, oldest first. The policy's `PacketRelease` answers the same.
pub fn waiting(
    conn: &mut AnyConn,
    caller: &Caller,
    (after, limit): (Option<&str>, usize),
    now: Micros,
) -> Result<Vec<WaitingReferral>> {
    let by = DecidesIn::of(caller, now);
    let rows: Vec<(Packet, String)> = store::with_jobs()
        .inner_join(cases::table.on(cases::id.eq(packets::case_id)))
        .filter(packets::purpose.eq(Purpose::Referral.as_str()))
        .filter(packets::state.eq(PacketState::Ready.as_str()))
        .filter(packet_releases::packet_id.nullable().is_null())
        .filter(decided(&by))
        .filter(packets::requested_by.ne(&caller.user))
        .filter(not(left_since_packet(&caller.user)))
        .filter(packets::id.gt(after.unwrap_or_default()))
        .order(packets::id)
        .limit(limit as i64)
        .select((Packet::as_select(), cases::body))
        .load(conn)?;
    let read = |(packet, case): (Packet, String)| {
        Ok(WaitingReferral {
            packet,
            case: serde_json::from_str(&case)?,
        })
    };
    rows.into_iter().map(read).collect()
}
