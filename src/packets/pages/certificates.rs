//! The part of a form that asks for drafts of certificates with a packet.

use crate::error::Result;
use crate::http::pages::PageRequest;
use crate::packets::certificates::asked::CertificateRule;
use crate::packets::certificates::folder;
use crate::text::label;

/// What can be asked for; nothing on a server that makes no papers.
pub struct DraftChoices {
    pub rules: Vec<(&'static str, &'static str)>,
    pub jurisdictions: Vec<(String, String)>,
}

impl DraftChoices {
    pub fn of(page: &PageRequest) -> Result<Self> {
        if cfg!(not(feature = "pdf")) {
            let (rules, jurisdictions) = (Vec::new(), Vec::new());
            return Ok(Self { rules, jurisdictions });
        }
        let all = folder::jurisdictions(&page.app.settings.certificates())?;
        let named = all
            .into_iter()
            .map(|name| (name.clone(), label(&name.replace('-', "_"))));
        Ok(Self {
            rules: rules(),
            jurisdictions: named.collect(),
        })
    }
}

/// The rules, and what each is for.
pub fn rules() -> Vec<(&'static str, &'static str)> {
    let all = CertificateRule::ALL.iter();
    all.map(|rule| (rule.as_str(), says(*rule))).collect()
}

/// What a rule is for.
pub fn says(rule: CertificateRule) -> &'static str {
    match rule {
        CertificateRule::BusinessRecord => "902(11): a blank form for a platform\u{2019}s own certificate",
        CertificateRule::ElectronicSystem => "902(13): records that this system made",
        CertificateRule::CopiedData => "902(14): files copied and identified by hash",
    }
}
