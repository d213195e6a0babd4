//! What a person may do now who is not at the door: a link is never stronger than whoever made it.

use diesel::prelude::*;

use super::relation::{self, Scope};
use super::tx::Tx;
use crate::db::tables::{units, users};
use crate::error::Result;
use crate::identity::Caller;
use crate::policy::{Act, Role};

impl Tx<'_> {
    /// Whether this person, were they at the door now, might do this here. Nobody who is disabled may.
    pub fn may_on_behalf(&mut self, user: &str, act: Act, scope: &Scope) -> Result<bool> {
        let row: Option<(String, String, String, String)> = users::table
            .inner_join(units::table.on(units::id.eq(users::unit_id)))
            .filter(users::id.eq(user).and(users::disabled.eq(false)))
            .select((users::roles, users::name, units::id, units::path))
            .first(self.conn)
            .optional()?;
        let Some((roles, name, unit_id, unit_path)) = row else {
            return Ok(false);
        };
        let roles: Vec<Role> = serde_json::from_str(&roles)?;
        let person = Caller {
            user: user.to_owned(),
            name,
            roles,
            unit_id,
            unit_path,
            ..Caller::nobody()
        };
        let person = person.with_delegations(self.conn, self.now)?;
        let Some(standing) = relation::standing(self.conn, &person, scope, self.now)? else {
            return Ok(false);
        };
        if !standing.exists {
            return Ok(false);
        }
        let mut context = standing.context;
        context.facts = relation::facts(self.conn, &person, scope)?;
        Ok(self.decides(&person, act, &context))
    }
}
