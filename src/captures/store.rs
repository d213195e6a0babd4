//! Queries over captures, what was said about them, and their files.

use std::collections::HashMap;

use diesel::dsl::not;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
use serde_json::Value;

use super::arrival::Arrived;
use super::model::{Capture, CaptureState, Flag, Remarks, StoredCapture, address_stem};
use crate::authorizations::Level;
use crate::cases::{Case, DecidesIn, decided};
use crate::clock::Micros;
use crate::db::tables::{authorization_holders, authorizations, capture_entries, captures, cases};
use crate::db::{self, AnyConn, canonical};
use crate::error::{Error, Result};
use crate::forms::Word;
use crate::gate::left_since_receipt;
use crate::identity::Caller;
use crate::proof::id::Digest;
use crate::{both, fixed, fixed_insert, words};

fixed_insert! {
    /// A capture's row: what follows from its record and from what was decided since.
    #[derive(Debug, Clone, PartialEq, Queryable, Selectable, AsChangeset)]
    #[diesel(table_name = captures, treat_none_as_null = true)]
    pub CaptureRow into captures {
        id: String as Text,
        case_id: String as Text,
        item: i64 as BigInt,
        kind: String as Text,
        state: String as Text,
        basis: String as Text,
        basis_id: Option<String> as Nullable<Text>,
        capturer_id: String as Text,
        open_question: bool as Bool,
        captured_at: Micros as BigInt,
        received_at: Micros as BigInt,
        version: i64 as BigInt,
        seq: i64 as BigInt,
        leaf: Vec<u8> as Binary,
        body: String as Text,
        platform: Option<String> as Nullable<Text>,
        account: Option<String> as Nullable<Text>,
        account_id: Option<String> as Nullable<Text>,
        posted_at: Micros as BigInt,
        uncovered: bool as Bool,
        address_stem: Option<String> as Nullable<Text>,
        exception: Option<String> as Nullable<Text>,
        covert: bool as Bool,
        corrected_beyond: bool as Bool,
    }
}

impl CaptureRow {
    /// The row of a capture as it stands.
    pub fn of(stored: &StoredCapture) -> Result<Self> {
        let capture = &stored.capture;
        // No filter finds a closed capture by what its reader may not see.
        let shown = Some(&capture.particulars).filter(|_| !stored.state.is_closed());
        Ok(Self {
            id: capture.id.clone(),
            case_id: capture.case_id.clone(),
            item: capture.item,
            kind: capture.kind.as_str().into(),
            state: stored.state.as_str().into(),
            basis: capture.basis.kind.as_str().into(),
            basis_id: capture.basis.id.clone(),
            capturer_id: capture.capturer.id.clone(),
            open_question: stored.awaits_decision,
            captured_at: capture.captured_at.0,
            received_at: capture.received_at.0,
            version: capture.version,
            seq: stored.seq,
            leaf: stored.leaf.as_bytes().to_vec(),
            body: canonical(&capture.record()?)?,
            platform: shown.and_then(|said| said.platform.clone()),
            account: shown.and_then(|said| said.account.as_ref()?.key()),
            account_id: shown.and_then(|said| said.account.as_ref()?.id_key()),
            posted_at: shown.and_then(|said| said.posted_at).map_or(0, |at| at.0),
            uncovered: capture.is_uncovered(),
            address_stem: capture.particulars.url.as_deref().map(address_stem),
            exception: capture.uncovered().map(|how| how.as_str().into()),
            covert: capture.particulars.level == Some(Level::Covert),
            corrected_beyond: capture.flags.contains(&Flag::CorrectedBeyond),
        })
    }

    /// The capture as it stands.
    pub(super) fn stored(self) -> Result<StoredCapture> {
        Ok(StoredCapture {
            capture: serde_json::from_str(&self.body)?,
            state: word(&self.state)?,
            awaits_decision: self.open_question,
            seq: self.seq,
            leaf: digest(&self.leaf)?,
        })
    }
}

/// A stored word of an enumeration.
fn word<W: Word>(text: &str) -> Result<W> {
    W::from_word(text).ok_or_else(|| Error::internal(format!("a stored word is unknown: {text}")))
}

fn digest(bytes: &[u8]) -> Result<Digest> {
    Digest::from_slice(bytes).ok_or_else(|| Error::internal("a stored digest is damaged"))
}

/// Keeps a capture that was just recorded.
pub fn insert(conn: &mut AnyConn, row: CaptureRow) -> Result<()> {
    both!(conn, |c| row.execute(c))?;
    Ok(())
}

/// Replaces the row after a review, decision or correction.
pub fn update(conn: &mut AnyConn, row: &CaptureRow) -> Result<()> {
    diesel::update(captures::table.find(&row.id)).set(row).execute(conn)?;
    Ok(())
}

fixed! {
    Count: "UPDATE cases SET items = ", items: i64 as BigInt, ", held = ", held: i64 as BigInt,
    " WHERE id = ", case: String as Text, ""
}

/// Sets how many items a case has, and how many of them are held. The case's stream is held.
pub fn count(conn: &mut AnyConn, case: &str, items: i64, held: i64) -> Result<()> {
    let counted = Count {
        items,
        held,
        case: case.to_owned(),
    };
    both!(conn, |c| counted.execute(c))?;
    Ok(())
}

/// A capture by id.
pub fn capture(conn: &mut AnyConn, id: &str) -> Result<StoredCapture> {
    let row = captures::table
        .find(id)
        .select(CaptureRow::as_select())
        .first(conn)
        .optional()?;
    row.ok_or_else(Error::not_found)?.stored()
}

/// Keeps something that was said about a version of a capture, with the leaf of its event.
pub fn insert_remark(
    conn: &mut AnyConn,
    capture: &Capture,
    (id, kind): (&str, RemarkKind),
    leaf: &Digest,
    record: &Value,
) -> Result<()> {
    diesel::insert_into(capture_entries::table)
        .values((
            capture_entries::id.eq(id),
            capture_entries::capture_id.eq(&capture.id),
            capture_entries::kind.eq(kind.as_str()),
            capture_entries::version.eq(capture.version),
            capture_entries::leaf.eq(leaf.as_bytes().to_vec()),
            capture_entries::body.eq(canonical(record)?),
        ))
        .execute(conn)?;
    Ok(())
}

words! {
    /// What may be said about a capture.
    RemarkKind {
        /// A note.
        CaptureNote = "note",
        /// A corrected version.
        Correction = "correction",
        /// A second person's finding.
        Review = "review",
        /// A supervisor's decision.
        CaptureDecision = "decision",
        /// That it is graphic, or is not.
        CaptureMark = "mark",
        /// Everything was read again.
        Verification = "verification",
        /// What a program read in its files.
        Examination = "examination",
        /// That it is to read them once more.
        ExaminationRequest = "examination_request",
    }
}

/// What was said about a capture.
pub fn remarks_of(conn: &mut AnyConn, id: &str) -> Result<Remarks> {
    Ok(remarks(conn, &[id.to_owned()])?.remove(id).unwrap_or_default())
}

/// What was said about some captures, oldest first, by the id of each. Corrections are left out, since the row is the
/// corrected version already; verifications stand in the custody, and examinations are long.
pub fn remarks(conn: &mut AnyConn, ids: &[String]) -> Result<HashMap<String, Remarks>> {
    let rows: Vec<(String, String, String)> = capture_entries::table
        .filter(capture_entries::capture_id.eq_any(ids.to_vec()))
        .filter(capture_entries::kind.ne_all([
            RemarkKind::Examination.as_str(),
            RemarkKind::ExaminationRequest.as_str(),
        ]))
        .order((capture_entries::capture_id, capture_entries::id))
        .select((
            capture_entries::capture_id,
            capture_entries::kind,
            capture_entries::body,
        ))
        .load(conn)?;
    let mut all: HashMap<String, Remarks> = HashMap::new();
    for (capture, kind, body) in rows {
        let own = all.entry(capture).or_default();
        match word(&kind)? {
            RemarkKind::CaptureNote => own.notes.push(serde_json::from_str(&body)?),
            RemarkKind::Review => own.reviews.push(serde_json::from_str(&body)?),
            RemarkKind::CaptureMark => own.mark = Some(serde_json::from_str(&body)?),
            RemarkKind::CaptureDecision => own.decision = Some(serde_json::from_str(&body)?),
            RemarkKind::Correction
            | RemarkKind::Verification
            | RemarkKind::Examination
            | RemarkKind::ExaminationRequest => {}
        }
    }
    Ok(all)
}

/// The corrected versions of a capture, oldest first.
pub fn corrections(conn: &mut AnyConn, id: &str) -> Result<Vec<Capture>> {
    let of_it = capture_entries::capture_id.eq(id);
    let corrected = capture_entries::kind.eq(RemarkKind::Correction.as_str());
    let found = capture_entries::table.filter(of_it.and(corrected));
    db::records(conn, found.order(capture_entries::id).select(capture_entries::body))
}

/// What a list of captures to decide is asked for.
#[derive(Debug, Clone, Default)]
pub struct CaptureSearch {
    pub state: Option<String>,
    pub basis: Option<String>,
    pub before: Option<String>,
    /// Only these.
    pub ids: Option<Vec<String>>,
    pub limit: usize,
}

/// Captures in all cases whose captures a caller may decide, newest first. Captures that the caller made are left out,
/// and those of an authorization that the caller asked for or holds. The policy's `CaptureDecide` answers the same.
pub fn to_decide(conn: &mut AnyConn, caller: &Caller, search: &CaptureSearch, now: i64) -> Result<Vec<StoredCapture>> {
    let by = DecidesIn::of(caller, now);
    let mine = cases::table.filter(decided(&by)).select(cases::id);
    let mut query = captures::table
        .filter(
            captures::case_id
                .eq_any(mine)
                .and(captures::capturer_id.ne(&caller.user)),
        )
        .filter(
            captures::basis_id
                .is_null()
                .or(captures::basis_id.ne_all(part_in(caller))),
        )
        .filter(not(left_since_receipt(&caller.user)))
        .order(captures::id.desc())
        .limit(search.limit as i64)
        .select(CaptureRow::as_select())
        .into_boxed();
    if let Some(state) = &search.state {
        query = query.filter(captures::state.eq(state));
    }
    if let Some(basis) = &search.basis {
        query = query.filter(captures::basis.eq(basis));
    }
    if let Some(before) = &search.before {
        query = query.filter(captures::id.lt(before));
    }
    if let Some(ids) = &search.ids {
        query = query.filter(captures::id.eq_any(ids.clone()));
    }
    let rows: Vec<CaptureRow> = query.load(conn)?;
    rows.into_iter().map(CaptureRow::stored).collect()
}

words! {
    /// Why a capture waits for a supervisor.
    WaitingSort {
        /// Nothing covers it.
        Held = "held",
        /// It was self-started for danger to life, and nobody has judged that.
        Emergency = "emergency",
        /// Nobody else has looked whether it shows what it says.
        Review = "review",
    }
}

/// A capture that waits for somebody, with its case.
#[derive(Debug, Clone)]
pub struct WaitingCapture {
    /// The capture.
    pub stored: StoredCapture,
    /// Its case.
    pub case: Case,
}

/// Captures that wait for a caller to decide or to review, oldest first, over the cases in which the caller decides.
/// Captures that the caller made are left out, and those of an authorization that the caller asked for or holds.
pub fn waiting(
    conn: &mut AnyConn,
    caller: &Caller,
    sort: WaitingSort,
    (after, limit): (Option<&str>, usize),
    now: Micros,
) -> Result<Vec<WaitingCapture>> {
    let by = DecidesIn::of(caller, now);
    let mut query = captures::table
        .inner_join(cases::table.on(cases::id.eq(captures::case_id)))
        .filter(decided(&by))
        .filter(captures::capturer_id.ne(&caller.user))
        .filter(
            captures::basis_id
                .is_null()
                .or(captures::basis_id.ne_all(part_in(caller))),
        )
        .filter(not(left_since_receipt(&caller.user)))
        .filter(captures::id.gt(after.unwrap_or_default()))
        .order(captures::id)
        .limit(limit as i64)
        .select((CaptureRow::as_select(), cases::body))
        .into_boxed();
    let (held, logged, reviewed) = (
        CaptureState::Held.as_str(),
        CaptureState::Logged.as_str(),
        CaptureState::Reviewed.as_str(),
    );
    query = match sort {
        WaitingSort::Held => query.filter(captures::state.eq(held)),
        WaitingSort::Emergency => query
            .filter(captures::state.eq_any([logged, reviewed]))
            .filter(captures::open_question.eq(true)),
        WaitingSort::Review => query
            .filter(captures::state.eq(logged))
            .filter(captures::open_question.eq(false)),
    };
    let rows: Vec<(CaptureRow, String)> = query.load(conn)?;
    let read = |(row, case): (CaptureRow, String)| {
        Ok(WaitingCapture {
            stored: row.stored()?,
            case: serde_json::from_str(&case)?,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Whether a user left the case of a capture since that was received.
pub fn left_its_case(conn: &mut AnyConn, capture: &str, user: &str) -> Result<bool> {
    let found = captures::table.find(capture).select(left_since_receipt(user));
    Ok(found.first(conn)?)
}

/// The authorizations in which a person has a part: those they asked for, and those they hold.
#[diesel::dsl::auto_type(no_type_alias)]
fn part_in(caller: &Caller) -> _ {
    let user: &str = caller.user.as_str();
    let held = authorization_holders::table
        .filter(authorization_holders::user_id.eq(user))
        .select(authorization_holders::authorization_id);
    authorizations::table
        .filter(
            authorizations::requester_id
                .eq(user)
                .or(authorizations::id.eq_any(held)),
        )
        .filter(authorizations::case_id.eq(captures::case_id))
        .select(authorizations::id.nullable())
}

/// Those of some captures that are closed: held or quarantined.
pub fn closed(conn: &mut AnyConn, ids: &[String]) -> Result<Vec<StoredCapture>> {
    let rows: Vec<CaptureRow> = captures::table
        .filter(
            captures::id
                .eq_any(ids.to_vec())
                .and(captures::state.eq_any(CaptureState::words_where(CaptureState::is_closed))),
        )
        .select(CaptureRow::as_select())
        .load(conn)?;
    rows.into_iter().map(CaptureRow::stored).collect()
}

/// These captures, in the order of their items.
pub fn of_ids(conn: &mut AnyConn, ids: &[String]) -> Result<Vec<StoredCapture>> {
    let rows: Vec<CaptureRow> = captures::table
        .filter(captures::id.eq_any(ids.to_vec()))
        .order(captures::item)
        .select(CaptureRow::as_select())
        .load(conn)?;
    rows.into_iter().map(CaptureRow::stored).collect()
}

/// Keeps the rows of a capture's files.
pub fn insert_files(conn: &mut AnyConn, capture: &str, arrived: &[Arrived], now: Micros) -> Result<()> {
    for (n, file) in (0i64..).zip(arrived) {
        let sha256 = file.entry.sha256.as_bytes().to_vec();
        let withheld = file.entry.withheld.is_some();
        if !withheld {
            insert_file(conn, file, now)?;
        }
        let row = NewCaptureFile {
            capture_id: capture.to_owned(),
            n,
            sha256,
            withheld,
        };
        both!(conn, |c| row.execute(c))?;
    }
    Ok(())
}

/// The same bytes are kept once, whoever brought them first.
pub(super) fn insert_file(conn: &mut AnyConn, file: &Arrived, now: Micros) -> Result<()> {
    let row = NewFileRow {
        sha256: file.entry.sha256.as_bytes().to_vec(),
        size: i64::try_from(file.entry.size).unwrap_or(i64::MAX),
        crc32: i64::from(file.crc32),
        media_type: file.entry.media_type.clone().unwrap_or_default(),
        state: "stored",
        stored_at: now,
    };
    both!(conn, |c| row.execute(c))?;
    Ok(())
}

fixed_insert! {
    NewCaptureFile into capture_files {
        capture_id: String as Text,
        n: i64 as BigInt,
        sha256: Vec<u8> as Binary,
        withheld: bool as Bool,
    }
}

fixed_insert! {
    NewFileRow into files "ON CONFLICT DO NOTHING" {
        sha256: Vec<u8> as Binary,
        size: i64 as BigInt,
        crc32: i64 as BigInt,
        media_type: String as Text,
        state: &'static str as Text,
        stored_at: Micros as BigInt,
    }
}
