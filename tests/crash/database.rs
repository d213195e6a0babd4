//! What a home's database holds, read past the program.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};

use crate::kit::Sql;

#[derive(QueryableByName)]
struct Link {
    #[diesel(sql_type = Text)]
    stream: String,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Nullable<Binary>)]
    prev: Option<Vec<u8>>,
    #[diesel(sql_type = Binary)]
    leaf: Vec<u8>,
}

/// No chain has a hole or a fork: each event stands one above the one whose leaf it names.
pub fn assert_chains(sql: &mut Sql) {
    let links: Vec<Link> = sql.load("SELECT stream, seq, prev, leaf FROM events ORDER BY stream, seq");
    let mut before: Option<&Link> = None;
    for link in &links {
        let last = before.filter(|b| b.stream == link.stream);
        assert_eq!(
            link.seq,
            last.map_or(0, |l| l.seq + 1),
            "a hole or a fork in {}",
            link.stream
        );
        assert_eq!(
            link.prev,
            last.map(|l| l.leaf.clone()),
            "{} {} names another event than the one before it",
            link.stream,
            link.seq
        );
        before = Some(link);
    }
    assert!(!links.is_empty());
}

pub fn events(sql: &mut Sql, action: &str) -> i64 {
    sql.number(&format!("SELECT COUNT(*) AS n FROM events WHERE action = '{action}'"))
}

pub fn captures(sql: &mut Sql) -> i64 {
    sql.number("SELECT COUNT(*) AS n FROM captures")
}
