//! How many captures name an account. Captures that are held or quarantined do not count: what they name is content.

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::handles::{account_key, cut_key, known};
use super::model::AccountFields;
use crate::db::AnyConn;
use crate::db::tables::captures;
use crate::error::Result;

/// An account as captures name it, with how many do.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Mention {
    pub platform: Option<String>,
    /// The handle as handles are compared; the platform's own id where no handle is known.
    pub account: Option<String>,
    /// The platform's own id.
    pub account_id: Option<String>,
    pub captures: i64,
}

/// The accounts that the open captures of a case name.
pub fn mentions(conn: &mut AnyConn, case: &str) -> Result<Vec<Mention>> {
    let named = (captures::platform, captures::account, captures::account_id);
    let query = captures::table
        .filter(captures::case_id.eq(case).and(captures::account.is_not_null()))
        .group_by(named)
        .select((
            captures::platform,
            captures::account,
            captures::account_id,
            count_star(),
        ));
    Ok(query.load(conn)?)
}

/// How many captures name this account: by the platform's own id where both know it, else by one of its handles.
pub fn naming(account: &AccountFields, mentions: &[Mention]) -> i64 {
    let same = mentions.iter().filter(|mention| is_same(account, mention));
    same.map(|mention| mention.captures).sum()
}

fn is_same(account: &AccountFields, mention: &Mention) -> bool {
    if account.platform != mention.platform {
        return false;
    }
    if let (Some(ours), Some(theirs)) = (known(account.platform_id.as_deref()), &mention.account_id) {
        return cut_key(ours) == *theirs;
    }
    let ours = account.handles().filter_map(|handle| known(Some(handle)));
    ours.map(account_key).any(|ours| Some(ours) == mention.account)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mention(account: Option<&str>, account_id: Option<&str>) -> Mention {
        Mention {
            platform: Some("instagram".to_owned()),
            account: account.map(str::to_owned),
            account_id: account_id.map(str::to_owned),
            captures: 1,
        }
    }

    #[test]
    fn an_account_is_named_by_its_id_before_its_handle() {
        let account = AccountFields {
            platform: Some("instagram".to_owned()),
            handle: Some("@River_K".to_owned()),
            platform_id: Some("17".to_owned()),
            ..AccountFields::default()
        };
        for (named, handle, id) in [
            (true, Some("river_k"), None),
            (true, Some("another"), Some("17")),
            (false, Some("river_k"), Some("18")),
            (false, Some("another"), None),
            (false, None, None),
        ] {
            assert_eq!(
                naming(&account, &[mention(handle, id)]) == 1,
                named,
                "{handle:?} {id:?}"
            );
        }
        let elsewhere = Mention {
            platform: Some("web".to_owned()),
            ..mention(Some("river_k"), None)
        };
        assert_eq!(naming(&account, &[elsewhere]), 0);
    }
}
