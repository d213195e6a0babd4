//! What a page in a browser asks of the verifier: to verify a ZIP that it hands over piece by piece, for a reader who trusts
//! what is said as JSON. The answer is JSON with the words of the command line and the report.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::cli;
use super::source::ZipBytes;
use super::verify_file;
use crate::proof::checkpoint::VerifyingKey;
use crate::verify::Report;
use crate::verify::trust::{Trust, WitnessPolicy};

/// Whom the reader trusts. An empty text is none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedTrust {
    key: String,
    policy: String,
    require_witness: bool,
}

/// The answer: one of the two.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum PageAnswer {
    /// Key or policy cannot be read, and why. Nothing was verified.
    Refused(String),
    Verified {
        /// What `casetrail verify` prints.
        text: String,
        /// What it prints with `--json`.
        report: Box<Report>,
    },
}

/// Verifies a ZIP. `asked` and the answer are JSON.
pub fn answer(zip: Arc<dyn ZipBytes>, asked: &[u8]) -> Vec<u8> {
    let answer = match trust(asked) {
        Err(why) => PageAnswer::Refused(why),
        Ok(trust) => {
            let report = Box::new(verify_file(zip, &trust));
            PageAnswer::Verified {
                text: cli::text(&report),
                report,
            }
        }
    };
    serde_json::to_vec(&answer).unwrap_or_default()
}

fn trust(asked: &[u8]) -> Result<Trust, String> {
    let asked: AskedTrust = serde_json::from_slice(asked).map_err(|error| error.to_string())?;
    let mut trust = Trust {
        require_witness: asked.require_witness,
        ..Trust::default()
    };
    if !asked.key.trim().is_empty() {
        let key = VerifyingKey::parse(asked.key.trim());
        let refused = |error| format!("the key is {error}: compare it with the agency's, letter by letter");
        trust.key = Some(key.map_err(refused)?);
    }
    if !asked.policy.trim().is_empty() {
        trust.policy = Some(WitnessPolicy::parse(&asked.policy)?);
    }
    Ok(trust)
}
