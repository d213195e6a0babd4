//! What the recipient of a link does, who has no account: the actor of these events is the job `disclosure-link`, and their
//! records name the disclosure and its recipient.
//!
//! Whoever has no right code is told the same, and costs the same work, whether the link never was, ended, was used up,
//! taken back or locked: one transaction with one event.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::link::{LinkRow, LinkState, TRIES, code_digest};
use super::model::{Acknowledgement, Disclosure};
use super::store;
use crate::clock::{DAY, HOUR, Micros, Timestamp};
use crate::error::{Error, Result};
use crate::forms::{Form, LINE};
use crate::gate::{NewEvent, Scope, Tx};
use crate::ledger::{self, Action};
use crate::packets::model::Packet;
use crate::packets::ops::{ready, refuse_read_only};
use crate::policy::Act;
use crate::proof::event::Actor;
use crate::proof::id::Digest;

/// The actor of what happens through links.
pub const JOB: &str = "disclosure-link";
/// How long an opened page's buttons work.
const VISIT: Micros = HOUR;
/// How long a download that was counted may be taken up again after a break.
const RESUMED: Micros = DAY;
/// Receipts that one link takes.
const RECEIPTS: usize = 3;
/// What begins a sealed ticket, so that no other sealed text passes for one.
const TICKET: &str = "casetrail disclosure ticket v1 ";

/// The actor of what happens through links.
pub fn actor() -> Actor {
    ledger::job(JOB)
}

/// Who tries what, from where.
#[derive(Debug, Clone)]
pub struct Knock {
    pub token: Digest,
    pub code: String,
    pub address: String,
}

/// What a ticket lets its bearer do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketUse {
    /// Press the buttons of an opened page.
    Visit,
    /// Take the bytes of a download that was counted.
    Bytes,
}

/// A sealed word of the server that the bearer had the right code, and for how long it counts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LinkTicket {
    token: Digest,
    used_for: TicketUse,
    until: Micros,
}

impl LinkTicket {
    /// One for this link from now on.
    pub fn from(now: Micros, token: Digest, used_for: TicketUse) -> Self {
        let life = match used_for {
            TicketUse::Visit => VISIT,
            TicketUse::Bytes => RESUMED,
        };
        Self {
            token,
            used_for,
            until: now + life,
        }
    }

    /// The text that is sealed.
    pub fn text(&self) -> Result<String> {
        Ok(format!("{TICKET}{}", serde_json::to_string(self)?))
    }

    /// Whether a text that was sealed is a ticket for this link and use that still counts.
    pub fn is_good(text: &str, (token, used_for): (Digest, TicketUse), now: Micros) -> bool {
        let ticket: Option<Self> = text
            .strip_prefix(TICKET)
            .and_then(|ticket| serde_json::from_str(ticket).ok());
        ticket.is_some_and(|it| it.token == token && it.used_for == used_for && now < it.until)
    }
}

/// A link and what it leads to.
#[derive(Debug, Clone)]
pub struct OpenedLink {
    pub row: LinkRow,
    pub state: LinkState,
    pub disclosure: Disclosure,
    pub packet: Packet,
    pub acknowledged: Vec<Acknowledgement>,
}

/// What came of a knock.
#[derive(Debug, Clone)]
pub enum KnockAnswer {
    /// Nothing that this code opens.
    Nothing,
    /// The code is right, and the link is over.
    Over(LinkState),
    /// The page is open.
    Opened(Box<OpenedLink>),
}

/// Opens a link with its code.
pub fn open(tx: &mut Tx<'_>, knock: &Knock) -> Result<KnockAnswer> {
    refuse_read_only(tx.conn)?;
    let Some(row) = held(tx, &knock.token)? else {
        // The same work as for a link that is there.
        let _ = code_digest("", &knock.code);
        tx.lock(ledger::AGENCY)?;
        let record = json!({"address": knock.address});
        let missed = NewEvent::new(Action::DisclosureMissed, ("disclosure_link", "unknown"), 1, record);
        tx.append(missed)?;
        return Ok(KnockAnswer::Nothing);
    };
    if !row.is_code(&knock.code) {
        refuse(tx, &row, knock, "wrong_code")?;
        return Ok(KnockAnswer::Nothing);
    }
    let state = standing(tx, &row)?;
    if matches!(state, LinkState::Open | LinkState::UsedUp) {
        let (opened, record) = (opened(tx, row, state)?, json!({"address": knock.address}));
        note(tx, Action::DisclosureOpened, &opened.row, record)?;
        return Ok(KnockAnswer::Opened(Box::new(opened)));
    }
    refuse(tx, &row, knock, state.as_str())?;
    Ok(KnockAnswer::Over(state))
}

/// The link of an address, with its case's stream held, so that its counts are those of the last event.
fn held(tx: &mut Tx<'_>, token: &Digest) -> Result<Option<LinkRow>> {
    let Some(row) = store::link_of_token(tx.conn, token)? else {
        return Ok(None);
    };
    tx.lock(&ledger::case_stream(&row.case_id))?;
    let row = store::link_of_token(tx.conn, token)?;
    Ok(row)
}

/// Where a link stands; it is over, too, where whoever made it may not disclose any more, or the ledger does not stand
/// behind its row.
fn standing(tx: &mut Tx<'_>, row: &LinkRow) -> Result<LinkState> {
    let state = row.state(tx.now);
    let maker = row.record()?.made_by.id;
    let scope = Scope::Packet(row.packet_id.clone());
    let good = store::is_recorded(tx.conn, row)? && tx.may_on_behalf(&maker, Act::PacketDisclose, &scope)?;
    Ok(if good { state } else { LinkState::Ended })
}

fn opened(tx: &mut Tx<'_>, row: LinkRow, state: LinkState) -> Result<OpenedLink> {
    let acknowledged = store::acknowledgements_of(tx.conn, &row.packet_id)?;
    Ok(OpenedLink {
        disclosure: store::one(tx.conn, &row.packet_id, &row.disclosure_id)?,
        packet: ready(tx.conn, &row.packet_id)?,
        acknowledged: acknowledged
            .into_iter()
            .filter(|given| given.link_id.as_ref() == Some(&row.id))
            .collect(),
        state,
        row,
    })
}

/// Records that a link was tried in vain. A wrong code counts, and the last of them locks the link.
fn refuse(tx: &mut Tx<'_>, row: &LinkRow, knock: &Knock, why: &str) -> Result<()> {
    note(
        tx,
        Action::DisclosureRefused,
        row,
        json!({"why": why, "address": knock.address}),
    )?;
    if why != "wrong_code" || row.refused >= TRIES {
        return Ok(());
    }
    store::count_refused(tx.conn, &row.id)?;
    if row.refused + 1 == TRIES && row.locked_at.is_none() {
        let at = note(tx, Action::DisclosureLocked, row, json!({"wrong_codes": TRIES}))?;
        store::lock(tx.conn, &row.id, at)?;
    }
    Ok(())
}

/// Records something of a link, and says when: beside what is said, its disclosure, packet and recipient.
fn note(tx: &mut Tx<'_>, action: Action, row: &LinkRow, said: serde_json::Value) -> Result<Micros> {
    let mut record = json!({
        "link_id": row.id, "disclosure_id": row.disclosure_id, "packet_id": row.packet_id, "to": row.record()?.to,
    });
    if let (Some(record), Some(said)) = (record.as_object_mut(), said.as_object()) {
        record.extend(said.clone());
    }
    let event = NewEvent::new(action, ("disclosure_link", &row.id), 1, record);
    Ok(tx.append(event.in_case(&row.case_id))?.at)
}

/// Counts a download, before its first byte leaves; the link as it was before. What breaks off may be taken up again for
/// a day, and counts no more.
pub fn download(tx: &mut Tx<'_>, knock: &Knock) -> Result<OpenedLink> {
    refuse_read_only(tx.conn)?;
    let row = held(tx, &knock.token)?.ok_or_else(Error::not_found)?;
    let state = standing(tx, &row)?;
    if state != LinkState::Open {
        return Err(over(state));
    }
    let opened = opened(tx, row, state)?;
    let (row, packet) = (&opened.row, &opened.packet);
    let said = json!({
        "download": row.downloaded + 1, "of": row.downloads, "size": packet.size, "sha256": packet.digest(),
        "age_recipients": row.record()?.age_recipients, "address": knock.address,
    });
    let at = note(tx, Action::DisclosureDownloaded, row, said)?;
    store::count_download(tx.conn, &row.id, at)?;
    Ok(opened)
}

/// The link of bytes that were counted, as long as it is not over; `None` where it is.
pub fn resumed(tx: &mut Tx<'_>, token: &Digest) -> Result<Option<OpenedLink>> {
    let Some(row) = store::link_of_token(tx.conn, token)? else {
        return Ok(None);
    };
    let state = standing(tx, &row)?;
    let counted = row.downloaded > 0 && matches!(state, LinkState::Open | LinkState::UsedUp);
    counted.then(|| opened(tx, row, state)).transpose()
}

/// The page of an opened link once more, after one of its buttons.
pub fn again(tx: &mut Tx<'_>, token: &Digest) -> Result<OpenedLink> {
    let row = store::link_of_token(tx.conn, token)?.ok_or_else(Error::not_found)?;
    let state = standing(tx, &row)?;
    opened(tx, row, state)
}

/// What a recipient fills in.
#[derive(Debug, Clone)]
pub struct Receipt {
    pub name: String,
    pub capacity: String,
}

impl Receipt {
    /// Reads it: a name, a capacity, and that the digest shown was compared.
    pub fn parse(form: &mut Form) -> Self {
        let receipt = Self {
            name: form.required("name", LINE),
            capacity: form.required("capacity", LINE),
        };
        if form.flag("confirmed") != Some(true) && !form.is_refused("confirmed") {
            let message = "must be ticked: compare the SHA-256 of your file with the one shown, or leave the form";
            form.refuse("confirmed", "required", message);
        }
        receipt
    }
}

/// Records a recipient's receipt. It is taken once something was downloaded.
pub fn acknowledge(tx: &mut Tx<'_>, knock: &Knock, receipt: &Receipt) -> Result<OpenedLink> {
    refuse_read_only(tx.conn)?;
    let row = held(tx, &knock.token)?.ok_or_else(Error::not_found)?;
    let state = standing(tx, &row)?;
    if !matches!(state, LinkState::Open | LinkState::UsedUp) {
        return Err(over(state));
    }
    if row.downloaded == 0 {
        let detail = "Nothing was downloaded through this link yet: download the packet, compare its SHA-256, then acknowledge it.";
        return Err(Error::conflict(detail));
    }
    let before = opened(tx, row.clone(), state)?;
    if before.acknowledged.len() >= RECEIPTS {
        return Err(Error::conflict(
            "This link was acknowledged already: there is nothing more to do.",
        ));
    }
    let given = Acknowledgement {
        id: tx.new_id(),
        disclosure_id: row.disclosure_id.clone(),
        packet_id: row.packet_id.clone(),
        case_id: row.case_id.clone(),
        name: receipt.name.clone(),
        capacity: receipt.capacity.clone(),
        sha256: before.packet.digest(),
        acknowledged_at: Timestamp(tx.now),
        how: None,
        link_id: Some(row.id.clone()),
        recorded_by: None,
    };
    let record = serde_json::to_value(&given)?;
    let event = NewEvent::new(
        Action::DisclosureAcknowledged,
        ("acknowledgement", &given.id),
        1,
        record,
    );
    let made = tx.append(event.in_case(&row.case_id))?;
    store::insert_acknowledgement(tx.conn, &given, &made.leaf)?;
    opened(tx, row, state)
}

/// What somebody with the right code is told of a link that is over.
pub fn says(state: LinkState) -> &'static str {
    match state {
        LinkState::Open => "This link is open.",
        LinkState::Ended => "This link has ended.",
        LinkState::UsedUp => "Every download that this link allows was taken.",
        LinkState::Locked => "This link was locked after several wrong codes.",
        LinkState::Revoked => "This link was taken back by the agency.",
    }
}

fn over(state: LinkState) -> Error {
    Error::conflict(format!("{} Ask the person who sent it for another.", says(state)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_counts_for_its_link_its_use_and_its_time() {
        let (token, now) = (Digest::of(b"token"), 1_000 * DAY);
        let text = LinkTicket::from(now, token, TicketUse::Visit).text().expect("a text");
        let good = |text: &str, token, used_for, at| LinkTicket::is_good(text, (token, used_for), at);
        assert!(good(&text, token, TicketUse::Visit, now + VISIT - 1));
        assert!(!good(&text, token, TicketUse::Visit, now + VISIT));
        assert!(!good(&text, token, TicketUse::Bytes, now));
        assert!(!good(&text, Digest::of(b"other"), TicketUse::Visit, now));
        assert!(!good(text.trim_start_matches(TICKET), token, TicketUse::Visit, now));
    }
}
