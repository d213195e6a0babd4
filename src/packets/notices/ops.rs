//! Recording notices and what was answered.

use super::model::{NewAnswer, NewNotice, Notice, NoticeAnswer};
use super::store;
use crate::clock::Timestamp;
use crate::db::canonical;
use crate::error::{Error, Result};
use crate::gate::{Recorded, Tx};
use crate::ledger::Action;
use crate::packets::certificates::asked::{AskedCertificates, CertificateRule};
use crate::packets::ops::ready;
use crate::versions::SeenVersions;

/// The object of a notice's events.
pub const NOUN: &str = "notice";
/// Bytes of a notice's record: a later packet holds it on one line, which has at most 1 MB.
const RECORD: usize = 500_000;

/// Records that notice was given of a packet.
pub fn give(tx: &mut Tx<'_>, packet: &str, new: &NewNotice) -> Result<Recorded<Notice>> {
    let packet = ready(tx.conn, packet)?;
    let asked = packet.request()?.certificates;
    let all = CertificateRule::ALL.iter().copied();
    let named: Vec<CertificateRule> = all.filter(|rule| new.rules.contains(rule)).collect();
    let drafted = asked.as_ref().map(AskedCertificates::drafted).unwrap_or_default();
    let notice = Notice {
        id: tx.new_id(),
        packet_id: packet.id,
        case_id: packet.case_id,
        version: 1,
        to: new.to.clone(),
        means: new.means.clone(),
        available: new.available.clone(),
        place: new.place.clone(),
        rules: if named.is_empty() { drafted } else { named },
        hearing_on: new.hearing_on.clone().or(asked.and_then(|asked| asked.hearing_on)),
        note: new.note.clone(),
        given_at: Timestamp(new.at(tx.now)?),
        recorded_by: tx.me(),
        recorded_at: Timestamp(tx.now),
        answer: None,
    };
    save(tx, Action::NoticeGiven, notice)
}

/// Records what was answered, in place of an answer that was recorded before.
pub fn answer(
    tx: &mut Tx<'_>,
    (packet, id): (&str, &str),
    seen: &SeenVersions,
    new: &NewAnswer,
) -> Result<Recorded<Notice>> {
    let before = store::notice(tx.conn, packet, id)?;
    seen.check(before.version)?;
    let notice = Notice {
        version: before.version + 1,
        answer: Some(NoticeAnswer {
            objection: new.objection,
            answered_at: Timestamp(new.at(before.given_at.0, tx.now)?),
            text: new.text.clone(),
            recorded_by: tx.me(),
            recorded_at: Timestamp(tx.now),
        }),
        ..before
    };
    save(tx, Action::NoticeAnswered, notice)
}

fn save(tx: &mut Tx<'_>, action: Action, notice: Notice) -> Result<Recorded<Notice>> {
    if canonical(&notice)?.len() > RECORD {
        let field = if action == Action::NoticeGiven { "note" } else { "text" };
        let message = "makes the record too long: say it in fewer words";
        return Err(Error::field(field, "too_long", message));
    }
    let made = tx.record(action, (NOUN, &notice.id), notice.version, &notice)?;
    store::save(tx.conn, &notice, &made.leaf)?;
    Ok(made.answering(notice))
}
