//! What was asked for, from which statuses, exhibits and papers follow.

use std::collections::HashMap;

use serde_json::Value;

use super::papers::parse_ranges;

/// What was asked for: the record of this packet's `packet.requested`.
pub(super) struct AskedPacket {
    pub seq: u64,
    /// The case's number when it was asked.
    pub number: String,
    /// Ids of the captures named, in the order of the exhibits; none where all were asked for.
    pub captures: Option<Vec<String>>,
    /// Items that might leave when it was asked, as ranges; none where its record does not say.
    may_leave: Option<Vec<(u64, u64)>>,
    /// Ids of the redactions that stand in the place of a capture, by its id.
    pub redactions: HashMap<String, Vec<String>>,
    pub record: Value,
}

impl AskedPacket {
    /// From its record, and the case's number then.
    pub fn new(seq: u64, number: &str, record: Value) -> Self {
        let ids = record["captures"].as_array();
        let named = |ids: &Vec<Value>| {
            ids.iter()
                .map(|id| id.as_str().unwrap_or_default().to_owned())
                .collect()
        };
        Self {
            seq,
            number: number.to_owned(),
            captures: ids.map(named),
            may_leave: record["may_leave"].as_str().and_then(parse_ranges),
            redactions: redactions(&record),
            record,
        }
    }

    /// What the request says of the exhibit at this place: number, title and description, each of which may be missing.
    pub fn exhibit(&self, place: usize) -> &Value {
        &self.record["exhibits"][place]
    }

    /// Whether a capture might leave when it was asked; none where the record does not say, or for one that came later.
    pub fn might_leave(&self, item: u64, recorded: u64) -> Option<bool> {
        let runs = self.may_leave.as_ref().filter(|_| recorded < self.seq)?;
        let place = runs.partition_point(|(_, last)| *last < item);
        Some(runs.get(place).is_some_and(|(first, _)| *first <= item))
    }

    /// The unit's name; requests of 0.1.0 have none, and nothing that hangs on the papers is bound by them.
    pub fn organization(&self) -> Option<&str> {
        self.record["organization"].as_str()
    }

    /// The version of the papers that the request binds; the first did not say so.
    pub fn papers(&self) -> Option<u32> {
        let said = self.record["papers"].as_u64();
        let version = said.map_or(Some(1), |version| u32::try_from(version).ok());
        self.organization().and(version)
    }
}

fn redactions(record: &Value) -> HashMap<String, Vec<String>> {
    let rows = record["redactions"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let ids = |row: &Value| row["derivatives"].as_array().into_iter().flatten().map(text).collect();
    rows.map(|row| (text(&row["capture"]), ids(row))).collect()
}
