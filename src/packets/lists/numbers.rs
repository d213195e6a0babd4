//! Numbers of exhibits: filled in where they are left out, and never given a second time. A number that a packet gave stays
//! with its capture for ever (Nebraska's rule; standards 1.6). All of it runs in the transaction that holds the case's
//! stream, so that two requests never give the same number.

use std::collections::{HashMap, HashSet};

use super::model::{ExhibitList, ListedExhibit};
use super::scheme::{NumberScheme, number_key};
use super::store::{self, GivenNumber};
use crate::db::AnyConn;
use crate::error::{FieldError, Result};

/// What is known of the numbers of a case.
struct KnownNumbers<'l> {
    scheme: &'l NumberScheme,
    /// Numbers that packets gave, by key.
    given: HashMap<String, GivenNumber>,
    /// The first label of this scheme that a packet gave to a capture.
    kept: HashMap<String, String>,
    /// The numbers taken, whatever their parts.
    taken: HashSet<u64>,
    /// Where the search for a free number goes on.
    next: u64,
}

impl<'l> KnownNumbers<'l> {
    fn of(scheme: &'l NumberScheme, given: Vec<GivenNumber>) -> Self {
        let mut known = Self {
            scheme,
            given: HashMap::new(),
            kept: HashMap::new(),
            taken: HashSet::new(),
            next: scheme.first,
        };
        for number in given {
            if let Some((n, _)) = scheme.number_of(&number.number) {
                known.taken.insert(n);
                known
                    .kept
                    .entry(number.capture.clone())
                    .or_insert_with(|| number.number.clone());
            }
            known.given.insert(number.key.clone(), number);
        }
        known
    }

    /// The next number that nothing has; none where the range is used up.
    fn free(&mut self) -> Option<u64> {
        let end = self.scheme.end();
        while self.next <= end && self.taken.contains(&self.next) {
            self.next += 1;
        }
        (self.next <= end).then_some(self.next)
    }

    /// The next free number in words.
    fn way_out(&mut self) -> String {
        match self.free() {
            Some(n) => format!("the next free number is {}", self.scheme.number(n)),
            None => format!("the range {} has no free number left: widen it", self.scheme.says()),
        }
    }
}

/// Fills in the numbers that a list leaves out, writes all of them as the scheme does, and gives back what is wrong with
/// them. A capture keeps the number that a packet gave it.
pub fn settle(conn: &mut AnyConn, list: &mut ExhibitList) -> Result<Vec<FieldError>> {
    let scheme = list.scheme.clone();
    let mut known = KnownNumbers::of(&scheme, store::given(conn, &list.case_id)?);
    let mut errors = Vec::new();
    for (i, row) in list.exhibits.iter_mut().enumerate() {
        if let Err(error) = read(&mut known, row, i) {
            errors.push(error);
        }
    }
    for (i, row) in list.exhibits.iter_mut().enumerate() {
        if row.number.is_empty()
            && let Err(error) = fill(&mut known, row, i)
        {
            errors.push(error);
        }
    }
    if errors.is_empty() {
        errors = refused(&mut known, &list.exhibits);
    }
    Ok(errors)
}

/// Reads a number that was given, as the scheme writes it.
fn read(known: &mut KnownNumbers<'_>, row: &mut ListedExhibit, i: usize) -> std::result::Result<(), FieldError> {
    let field = |name: &str| format!("exhibits[{i}].{name}");
    if row.part.is_some() && !known.scheme.parts {
        let message = "is a part, and the scheme has none: set scheme.parts, or leave it out";
        return Err(FieldError::new(field("part"), "parts", message));
    }
    if row.number.is_empty() {
        return Ok(());
    }
    let Some(n) = known.scheme.read_number(&row.number) else {
        let shown: String = row.number.chars().take(40).collect();
        let message = format!(
            "is \u{201c}{shown}\u{201d}, which is no number of the scheme, {}: {}",
            known.scheme.says(),
            known.way_out()
        );
        return Err(FieldError::new(field("number"), "scheme", message));
    };
    known.taken.insert(n);
    row.number = known.scheme.number(n);
    Ok(())
}

/// Gives a number to a capture that has none: the one that it had in a packet, else the next free one.
fn fill(known: &mut KnownNumbers<'_>, row: &mut ListedExhibit, i: usize) -> std::result::Result<(), FieldError> {
    let kept = known
        .kept
        .get(&row.capture)
        .and_then(|label| known.scheme.number_of(label));
    if let Some((n, part)) = kept {
        row.number = known.scheme.number(n);
        row.part = row.part.take().or(part);
        return Ok(());
    }
    let Some(n) = known.free() else {
        let message = format!("is left out, and {}", known.way_out());
        return Err(FieldError::new(format!("exhibits[{i}].number"), "range", message));
    };
    known.taken.insert(n);
    row.number = known.scheme.number(n);
    Ok(())
}

/// Numbers that stand twice, and those that a packet gave to another capture.
fn refused(known: &mut KnownNumbers<'_>, exhibits: &[ListedExhibit]) -> Vec<FieldError> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut errors = Vec::new();
    for (i, row) in exhibits.iter().enumerate() {
        let label = row.label();
        let key = number_key(&label);
        let field = format!("exhibits[{i}].number");
        if let Some(first) = seen.insert(key.clone(), i) {
            let message = format!("is {label}, which exhibits[{first}] has too: {}", known.way_out());
            errors.push(FieldError::new(field, "unique", message));
        } else if let Some(given) = known.given.get(&key).filter(|given| given.capture != row.capture) {
            let (item, packet) = (given.item, given.packet.clone());
            let message = format!(
                "is {label}, which packet {packet} gave to item {item}, and a number is never given again: {}",
                known.way_out()
            );
            errors.push(FieldError::new(field, "given", message));
        }
    }
    errors
}

/// Refuses ranges that two sides share.
pub fn sides(conn: &mut AnyConn, list: &ExhibitList) -> Result<Option<FieldError>> {
    let others = store::others(conn, list)?;
    let other = others.into_iter().find(|other| list.scheme.collides(&other.scheme));
    Ok(other.map(|other| {
        let message = format!(
            "gives {}, and the list \u{201c}{}\u{201d} of another side gives {}: give each side a prefix or a range of its own",
            list.scheme.says(),
            other.name,
            other.scheme.says()
        );
        FieldError::new("scheme", "sides", message)
    }))
}
