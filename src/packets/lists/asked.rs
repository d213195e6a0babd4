//! What a packet takes from an exhibit list: the part of its request that follows from it.

use super::model::ExhibitList;
use super::requested::{AskedExhibit, ExcludedCapture, MissingCount, NamedList, ScheduledCapture};
use super::{missing, numbers, store};
use crate::db::AnyConn;
use crate::error::{Error, FieldError, Kind, Result};
use crate::packets::model::Purpose;

/// What a packet takes from a list.
pub struct TakenList {
    /// The captures, in the order of the exhibits.
    pub captures: Vec<String>,
    /// What the packet says of each of them.
    pub exhibits: Vec<AskedExhibit>,
    /// Captures that it describes, without being exhibits.
    pub schedule: Vec<ScheduledCapture>,
    /// Captures left out, each with the reason.
    pub excluded: Vec<ExcludedCapture>,
    /// How much was missing when it was asked.
    pub missing: Vec<MissingCount>,
}

/// Takes a list as it is now. It must be in the version that was seen, and for this purpose. The numbers are judged again:
/// another packet may have given one of them since the list was saved.
pub fn take(conn: &mut AnyConn, case: &str, named: &NamedList, purpose: Purpose) -> Result<TakenList> {
    let mut list = store::list(conn, case, &named.id).map_err(|e| match e.kind {
        Kind::NotFound => Error::field(
            "exhibit_list.id",
            "exists",
            "is no exhibit list of this case: check the id",
        ),
        _ => e,
    })?;
    if list.version != named.version {
        let message = format!(
            "is not the list\u{2019}s version now, which is {}: look at what changed, and ask again",
            list.version
        );
        return Err(Error::field("exhibit_list.version", "current", message));
    }
    if list.purpose != purpose {
        let message = format!(
            "is not what the list is for, {}: ask for that, or make a list for this",
            list.purpose
        );
        return Err(Error::field("purpose", "same", message));
    }
    if list.exhibits.is_empty() {
        let message = "has no exhibit: put at least one in";
        return Err(Error::field("exhibit_list.exhibits", "not_empty", message));
    }
    let before = list.clone();
    let errors = numbers::settle(conn, &mut list)?;
    let within = |error: FieldError| FieldError {
        field: format!("exhibit_list.{}", error.field),
        ..error
    };
    FieldError::refuse(errors.into_iter().map(within).collect())?;
    debug_assert_eq!(before, list, "saved numbers are settled");
    let missing = missing::of_list(conn, &list)?;
    Ok(taken(
        list,
        missing
            .iter()
            .map(|one| MissingCount {
                what: one.what,
                count: one.count,
            })
            .collect(),
    ))
}

fn taken(list: ExhibitList, missing: Vec<MissingCount>) -> TakenList {
    let (captures, exhibits) = list
        .exhibits
        .into_iter()
        .map(|row| {
            let number = row.label();
            let exhibit = AskedExhibit {
                number,
                title: row.title,
                description: row.description,
            };
            (row.capture, exhibit)
        })
        .unzip();
    TakenList {
        captures,
        exhibits,
        schedule: list.schedule,
        excluded: list.excluded,
        missing,
    }
}
