//! Drafts of certificates that a packet carries, as `packet.json` names them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Digest;
use super::layout::{CERTIFICATE_COPIES, certificate_path};

/// Drafts of certificates: for which rules, from which words, and what was filled in that the case's own records do not
/// tell. The drafts show nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificatePapers {
    /// Whose templates they were made from: `federal`.
    pub jurisdiction: String,
    /// Volumes of each, by one of `CERTIFICATE_RULES`. There is a copy for print and a fillable one of each volume.
    pub rules: BTreeMap<String, u32>,
    /// The day of the trial or hearing for which they are meant, where it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hearing_on: Option<String>,
    /// The digests of the templates, by file.
    pub templates: BTreeMap<String, Digest>,
    /// The programs that ran since the first exhibit was received, the earliest first.
    pub software: Vec<SoftwareRun>,
    /// What was known of the server's clock when the last of them was started.
    pub clock: Option<ClockReading>,
}

impl CertificatePapers {
    /// What the record of the request says that asked for them.
    pub fn asked(&self) -> Value {
        let rules: Vec<&String> = self.rules.keys().collect();
        let mut asked = json!({"rules": rules, "jurisdiction": self.jurisdiction});
        if let Some(day) = &self.hearing_on {
            asked["hearing_on"] = day.as_str().into();
        }
        asked
    }

    /// The files.
    pub fn paths(&self) -> impl Iterator<Item = String> {
        self.rules.iter().flat_map(|(rule, of)| {
            let volumes = move |copy| (1..=*of).map(move |volume| certificate_path(rule, copy, (volume, *of)));
            CERTIFICATE_COPIES.into_iter().flat_map(volumes)
        })
    }
}

/// Starts of one program with one configuration that follow each other, as events `software.started` tell of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoftwareRun {
    pub version: String,
    /// SHA-256 of the program; null where the system did not let it read itself.
    pub binary: Option<Digest>,
    /// SHA-256 of the settings in force.
    pub configuration: Digest,
    pub first_started_at: String,
    pub last_started_at: String,
    pub starts: u64,
}

/// What an event `clock.measured` tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockReading {
    pub at: String,
    pub source: String,
    pub offset: String,
}
