//! Whom to ask: the lead of a case, and who decides in it. Whoever may see a case may know that (product.md, rule 5).

use diesel::prelude::*;

use super::relation::CaseContext;
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::db::tables::{grants, members, recusals, units, users};
use crate::error::Result;
use crate::identity::{Person, delegates_over};
use crate::policy::{Handling, Role};

/// Deciders that are named at most.
const NAMED: i64 = 20;

/// Who may help in a case.
#[derive(Debug, Clone, Default)]
pub struct WhomToAsk {
    /// Its lead; a lead who can sign in no more is not named.
    pub lead: Option<Person>,
    /// The supervisors who decide in it, by name.
    pub deciders: Vec<Person>,
}

impl WhomToAsk {
    /// In a sentence; nothing where nobody is left.
    pub fn says(&self) -> Option<String> {
        let deciders: Vec<&str> = self.deciders.iter().map(|person| person.name.as_str()).collect();
        let lead = self.lead.iter().map(|lead| format!("the lead, {}", lead.name));
        let decides = (!deciders.is_empty()).then(|| format!("who decides in it: {}", deciders.join(", ")));
        let told: Vec<String> = lead.chain(decides).collect();
        (!told.is_empty()).then(|| format!("Ask {}.", told.join(", or ")))
    }
}

/// Who may help in a case, whoever asks.
///
/// # Errors
/// Where the database fails.
pub fn whom_to_ask(conn: &mut AnyConn, case: &CaseContext, now: Micros) -> Result<WhomToAsk> {
    let lead: Option<(String, String)> = users::table
        .find(&case.lead_id)
        .filter(users::disabled.eq(false))
        .select((users::id, users::name))
        .first(conn)
        .optional()?;
    let works = members::table
        .filter(members::case_id.eq(&case.case_id).and(members::ended_at.is_null()))
        .select(members::user_id);
    let recused = recusals::table
        .filter(recusals::case_id.eq(&case.case_id))
        .select(recusals::user_id);
    let supervisor = format!("%\"{}\"%", Role::Supervisor);
    let mut query = users::table
        .inner_join(units::table.on(units::id.eq(users::unit_id)))
        .filter(users::disabled.eq(false).and(users::roles.like(supervisor)))
        .filter(users::id.ne(&case.lead_id).and(users::id.ne_all(works)))
        .filter(users::id.ne_all(recused))
        .order((users::name, users::id))
        .limit(NAMED)
        .select((users::id, users::name))
        .into_boxed();
    query = match case.handling {
        Handling::Standard => {
            let delegates = delegates_over(conn, &case.unit_id, now)?;
            query.filter(
                units::path
                    .eq_any(above(&case.unit_path))
                    .or(users::id.eq_any(delegates)),
            )
        }
        _ => {
            let named = grants::table
                .filter(grants::case_id.eq(&case.case_id).and(grants::can_decide.eq(true)))
                .filter(grants::ended_at.is_null().and(grants::until.gt(now)))
                .select(grants::user_id);
            query.filter(users::id.eq_any(named))
        }
    };
    let deciders: Vec<(String, String)> = query.load(conn)?;
    let person = |(id, name)| Person { id, name };
    Ok(WhomToAsk {
        lead: lead.map(person),
        deciders: deciders.into_iter().map(person).collect(),
    })
}

/// A unit's path, and those of the units above it.
fn above(path: &str) -> Vec<String> {
    let ends = path.match_indices('/').skip(1);
    ends.map(|(end, _)| path[..=end].to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_units_above_are_those_that_a_path_begins_with() {
        assert_eq!(above("/a/b/c/"), ["/a/", "/a/b/", "/a/b/c/"]);
    }

    #[test]
    fn it_is_told_in_a_sentence() {
        let person = |name: &str| Person {
            id: String::new(),
            name: name.into(),
        };
        let whom = WhomToAsk {
            lead: Some(person("Ana")),
            deciders: vec![person("Bo"), person("Cy")],
        };
        assert_eq!(
            whom.says().expect("somebody"),
            "Ask the lead, Ana, or who decides in it: Bo, Cy."
        );
        assert_eq!(WhomToAsk::default().says(), None);
    }
}
