//! The drafts that somebody asks for with a packet.

use serde::{Deserialize, Serialize};

use crate::forms::{Form, is_day};
use crate::words;

/// The jurisdiction whose templates the program has.
pub const FEDERAL: &str = "federal";
/// Letters of a jurisdiction's name.
const NAME: usize = 40;
/// Letters of a day.
const DAY: usize = 10;

words! {
    /// A rule of Fed. R. Evid. 902 for which there are drafts.
    CertificateRule {
        /// A form for a platform's own certificate of its own records, and never for what the agency captured.
        BusinessRecord = "902-11",
        /// A record made by an electronic system.
        ElectronicSystem = "902-13",
        /// Data copied and identified by hash.
        CopiedData = "902-14",
    }
}

/// The drafts asked for, as the record of the request keeps them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedCertificates {
    /// For which rules, each once, in the order of the rules.
    pub rules: Vec<CertificateRule>,
    /// Whose templates: `federal`, or a folder of the agency's.
    pub jurisdiction: String,
    /// The day of the trial or hearing, before which notice is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hearing_on: Option<String>,
}

impl AskedCertificates {
    /// The rules under which the agency's own records are to be offered: the form for a platform's custodian is blank.
    pub fn drafted(&self) -> Vec<CertificateRule> {
        let own = |rule: &&CertificateRule| **rule != CertificateRule::BusinessRecord;
        self.rules.iter().filter(own).copied().collect()
    }

    /// Reads them. A page sends the jurisdiction also where no box is ticked.
    pub fn read(form: &mut Form) -> Option<Self> {
        let is_page = form.is_page();
        form.object("certificates", |form| {
            let named = form.words::<CertificateRule>("rules", CertificateRule::ALL.len());
            if named.is_empty() && !is_page && form.ok() {
                let message = "names no rule: name 902-11, 902-13 or 902-14, or leave certificates out";
                form.refuse("rules", "not_empty", message);
            }
            let message = "must be a short name in lower-case letters, digits and hyphens, such as federal";
            let jurisdiction = form.text_where("jurisdiction", "form", message, NAME, is_name);
            let message = "must be a day such as 2027-03-01";
            let hearing_on = form.text_where("hearing_on", "date", message, DAY, is_day);
            let all = CertificateRule::ALL.iter().copied();
            let rules: Vec<CertificateRule> = all.filter(|rule| named.contains(rule)).collect();
            (!rules.is_empty()).then(|| Self {
                rules,
                jurisdiction: jurisdiction.unwrap_or_else(|| FEDERAL.into()),
                hearing_on,
            })
        })
        .flatten()
    }
}

/// Whether a jurisdiction, and its folder, may be named so.
pub fn is_name(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=NAME).contains(&text.len()) && text.bytes().all(plain) && text.as_bytes()[0] != b'-'
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(value: Value) -> Result<Option<AskedCertificates>, Vec<(String, String)>> {
        let form = Form::new(json!({"certificates": value})).expect("an object");
        let told = |e: crate::error::Error| e.errors.into_iter().map(|e| (e.field, e.rule)).collect();
        form.read(AskedCertificates::read).map_err(told)
    }

    #[test]
    fn each_rule_counts_once_in_its_order_and_federal_is_meant() {
        let asked = read(json!({"rules": ["902-14", "902-13", "902-14"]}))
            .expect("read")
            .expect("asked");
        assert_eq!(
            asked.rules,
            [CertificateRule::ElectronicSystem, CertificateRule::CopiedData]
        );
        assert_eq!((&*asked.jurisdiction, asked.hearing_on), ("federal", None));
        assert_eq!(read(Value::Null), Ok(None));
    }

    #[test]
    fn every_broken_rule_is_told() {
        let pair = |field: &str, rule: &str| (format!("certificates.{field}"), rule.to_owned());
        assert_eq!(read(json!({"rules": []})), Err(vec![pair("rules", "not_empty")]));
        assert_eq!(
            read(json!({"jurisdiction": "federal"})),
            Err(vec![pair("rules", "not_empty")])
        );
        let broken = json!({"rules": ["902-12"], "jurisdiction": "../etc", "hearing_on": "soon", "signed": true});
        assert_eq!(
            read(broken),
            Err(vec![
                pair("rules[0]", "one_of"),
                pair("jurisdiction", "form"),
                pair("hearing_on", "date"),
                pair("signed", "unknown")
            ])
        );
    }

    #[test]
    fn a_page_without_a_tick_asks_for_none() {
        let sent = [("certificates.jurisdiction".to_owned(), "federal".to_owned())];
        let form = Form::from_pairs(sent.into_iter(), None).expect("a form");
        assert_eq!(form.read(AskedCertificates::read).expect("read"), None);
    }

    #[test]
    fn names_of_jurisdictions_are_names_of_folders() {
        for name in ["federal", "or-circuit", "5th"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "-x", "..", "a/b", "Federal", "a b", "x.typ", &"x".repeat(41)] {
            assert!(!is_name(name), "{name}");
        }
    }
}
