//! To whom earlier packets went, as far as the records of this packet tell: of the packets that it supplements, and of no
//! other.

use serde_json::Value;

/// A packet that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierDisclosure {
    /// The packet's id.
    pub packet: String,
    /// Its name, where the record tells it.
    pub name: Option<String>,
    /// The recipient, and the agency, office or firm.
    pub to: String,
    pub agency: Option<String>,
    /// When, as the record writes it.
    pub at: String,
}

impl EarlierDisclosure {
    /// From the record of a disclosure; none where it names no recipient.
    pub(super) fn of(record: &Value) -> Option<Self> {
        let said = |at: &str| record.pointer(at).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            packet: said("/packet_id")?,
            name: said("/packet/name"),
            to: said("/to")?,
            agency: said("/agency"),
            at: said("/disclosed_at")?,
        })
    }

    /// The recipient with their agency.
    pub fn whom(&self) -> String {
        match &self.agency {
            Some(agency) => format!("{}, {agency}", self.to),
            None => self.to.clone(),
        }
    }
}
