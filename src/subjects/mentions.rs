//! How many captures name an account. Captures that are held or quarantined do not count: what they name is content.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::model::AccountFields;
use crate::both;
use crate::db::AnyConn;
use crate::error::Result;

/// An account as captures name it, with how many do.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Mention {
    #[diesel(sql_type = Nullable<Text>)]
    pub platform: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub handle: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub platform_id: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub captures: i64,
}

/// The accounts that the open captures of a case name.
pub fn mentions(conn: &mut AnyConn, case: &str) -> Result<Vec<Mention>> {
    let names = match conn {
        AnyConn::Pg(_) => {
            "body::jsonb ->> 'platform' AS platform, body::jsonb #>> '{account,handle}' AS handle, \
             body::jsonb #>> '{account,platform_id}' AS platform_id"
        }
        AnyConn::Sqlite(_) => {
            "json_extract(body, '$.platform') AS platform, json_extract(body, '$.account.handle') AS handle, \
             json_extract(body, '$.account.platform_id') AS platform_id"
        }
    };
    let text = format!(
        "SELECT {names}, COUNT(*) AS captures FROM captures \
         WHERE case_id = $1 AND state IN ('logged', 'reviewed') GROUP BY 1, 2, 3"
    );
    let query = sql_query(text).bind::<Text, _>(case.to_owned());
    Ok(both!(conn, |c| query.load(c))?)
}

/// How many captures name this account: by the platform's own id where both know it, else by the handle.
pub fn naming(account: &AccountFields, mentions: &[Mention]) -> i64 {
    let same = mentions.iter().filter(|mention| is_same(account, mention));
    same.map(|mention| mention.captures).sum()
}

fn is_same(account: &AccountFields, mention: &Mention) -> bool {
    let known = |id: &Option<String>| id.clone().filter(|id| id != "unknown");
    if account.platform != mention.platform {
        return false;
    }
    if let (Some(ours), Some(theirs)) = (known(&account.platform_id), known(&mention.platform_id)) {
        return ours == theirs;
    }
    match (known(&account.handle), known(&mention.handle)) {
        (Some(ours), Some(theirs)) => plain(&ours) == plain(&theirs),
        _ => false,
    }
}

/// Handles are compared without their @ and in lower case, as platforms do.
fn plain(handle: &str) -> String {
    handle.trim().trim_start_matches('@').to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mention(handle: Option<&str>, platform_id: Option<&str>) -> Mention {
        Mention {
            platform: Some("instagram".to_owned()),
            handle: handle.map(str::to_owned),
            platform_id: platform_id.map(str::to_owned),
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
            (true, Some("river_k"), Some("unknown")),
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
