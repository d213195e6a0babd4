//! Events and records: each stream from its beginning, every byte hashed again.

use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};

use super::{Audit, PAGE};
use crate::db::tables::events;
use crate::error::Result;
use crate::proof::Digest;
use crate::proof::chain::Chain;
use crate::proof::event::{self, EventRef};
use crate::proof::record;

#[derive(QueryableByName)]
#[diesel(table_name = events)]
struct EventAuditRow {
    stream: String,
    seq: i64,
    prev: Option<Vec<u8>>,
    leaf: Vec<u8>,
    at: i64,
    actor: Option<String>,
    action: String,
    object: String,
    body: Vec<u8>,
    #[diesel(sql_type = Nullable<Binary>)]
    salt: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Text>)]
    record: Option<String>,
}

const NEXT: &str = "SELECT e.stream, e.seq, e.prev, e.leaf, e.at, e.actor, e.action, e.object, e.body, \
    r.salt, r.body AS record FROM events e LEFT JOIN records r ON r.stream = e.stream AND r.seq = e.seq AND r.leaf = e.leaf \
    WHERE (e.stream, e.seq) > ($1, $2) ORDER BY e.stream, e.seq LIMIT $3";

impl EventAuditRow {
    fn place(&self) -> String {
        format!("event {} seq {}", self.stream, self.seq)
    }
}

impl Audit<'_> {
    pub(super) fn events(&mut self) -> Result<()> {
        let total = self.count("SELECT COUNT(*) FROM events")?;
        let mut chain = None;
        let mut from = (String::new(), -1);
        loop {
            let rows: Vec<EventAuditRow> = sql_query(NEXT)
                .bind::<Text, _>(from.0.clone())
                .bind::<BigInt, _>(from.1)
                .bind::<BigInt, _>(PAGE)
                .load(self.conn)?;
            let Some(last) = rows.last() else { break };
            from = (last.stream.clone(), last.seq);
            for row in rows {
                if self.streams.last() != Some(&row.stream) {
                    self.report.counts.streams += 1;
                    self.streams.push(row.stream.clone());
                    chain = None;
                }
                self.event(chain.get_or_insert_with(|| Chain::new(&row.stream)), &row);
            }
            (self.tell)("events", self.report.counts.events, total)?;
        }
        self.records_without_events()
    }

    fn event(&mut self, chain: &mut Chain, row: &EventAuditRow) {
        self.report.counts.events += 1;
        let stored = Digest::from_slice(&row.leaf);
        let made = event::leaf(&row.body);
        if stored != Some(made) {
            let what = "its bytes do not hash to its leaf: the event or the leaf was changed";
            self.report.fault("event-leaf", row.place(), what);
        }
        // The stored leaf is what record, tree and the next event refer to, so that one fault is one finding.
        let leaf = stored.unwrap_or(made);
        self.unplaced.insert(leaf, (self.streams.len() - 1, row.seq));
        match EventRef::parse(&row.body) {
            Ok(event) => {
                self.columns(row, &event);
                self.record(row, &event);
                if let Err(e) = chain.push(&event, leaf) {
                    self.report.fault("event-chain", row.place(), e.to_string());
                }
            }
            Err(e) => {
                self.report
                    .fault("event-unreadable", row.place(), format!("its bytes are no event: {e}"));
                let seq = u64::try_from(row.seq).unwrap_or(0);
                // What is wrong with its place is told by the event after it.
                let _ = chain.push_withheld(seq, leaf);
            }
        }
    }

    /// The columns repeat what the bytes say, for searching; a search must not tell another story.
    fn columns(&mut self, row: &EventAuditRow, event: &EventRef<'_>) {
        let prev = row.prev.as_deref().and_then(Digest::from_slice);
        let same = [
            ("stream", row.stream == event.stream),
            ("seq", u64::try_from(row.seq) == Ok(event.seq)),
            ("prev", prev == event.prev && row.prev.is_some() == prev.is_some()),
            ("at", row.at == event.at),
            ("actor", row.actor.as_deref() == event.actor_id.as_deref()),
            ("action", row.action == event.action),
            ("object", row.object == event.object_id),
        ];
        for (column, _) in same.iter().filter(|(_, same)| !same) {
            let what = format!("the column `{column}` says something else than the event's bytes");
            self.report.fault("event-columns", row.place(), what);
        }
    }

    fn record(&mut self, row: &EventAuditRow, event: &EventRef<'_>) {
        let Some(body) = &row.record else {
            self.report.fault("record-missing", row.place(), "its record is gone");
            return;
        };
        self.report.counts.records += 1;
        let salt = row.salt.as_deref().and_then(|s| <[u8; 32]>::try_from(s).ok());
        let hash = salt.map(|salt| record::hash_canonical(body.as_bytes(), &salt));
        if hash != Some(event.record) {
            let what = "its record does not hash to what the event binds: the record was changed";
            self.report.fault("record-hash", row.place(), what);
        }
    }

    fn records_without_events(&mut self) -> Result<()> {
        let strays: Vec<(String, i64, Vec<u8>)> = sql::<(Text, BigInt, Binary)>(
            "SELECT r.stream, r.seq, r.leaf FROM records r WHERE NOT EXISTS \
             (SELECT 1 FROM events e WHERE e.stream = r.stream AND e.seq = r.seq AND e.leaf = r.leaf) \
             ORDER BY r.stream, r.seq LIMIT 500",
        )
        .load(self.conn)?;
        for (stream, seq, leaf) in strays {
            let leaf = crate::proof::id::hex(&leaf);
            let what = format!("no event there has its leaf {leaf}: the event was removed or replaced");
            self.report
                .fault("record-stray", format!("record of stream {stream} seq {seq}"), what);
        }
        Ok(())
    }
}
