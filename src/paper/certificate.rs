//! Drafts of certificates for Fed. R. Evid. 902(11), (13) and (14) (docs/adr/0061): filled in from what the packet's documents
//! say, never signed, never saying who wrote anything. Their words are templates that counsel edits.

use crate::error::{Error, Result};
use crate::proof::packet::CERTIFICATE_RULES;

use super::lay::{self, LaidPaper};
use super::sheets::Sheets;
use super::templates::Templates;
use super::volumes::{Plan, Volume};
use super::{PaperDraft, Press};

/// The rule under which a platform's custodian certifies the platform's own records.
const CUSTODIAN: &str = CERTIFICATE_RULES[0];

impl Plan {
    /// The volumes of the draft for a rule. A form for a platform's custodian has one and lists no exhibit.
    pub fn drafts(&self, rule: &str) -> Vec<Volume> {
        match rule == CUSTODIAN {
            true => vec![Volume {
                number: 1,
                of: 1,
                exhibits: 0..0,
                pictures: 0..0,
                rest: None,
            }],
            false => self.certificates.clone(),
        }
    }
}

/// A volume of a draft: for print, and to be filled in.
#[derive(Debug)]
pub struct DraftCopies {
    /// PDF/A-2a and PDF/UA-1.
    pub flat: Vec<u8>,
    /// With form fields; no PDF/A, which forbids the fonts of forms.
    pub form: Vec<u8>,
}

impl Press<'_> {
    /// A volume of the draft for a rule, one of [`CERTIFICATE_RULES`].
    ///
    /// # Errors
    /// Where a template is wrong: which file, which line, and the way out.
    pub fn certificate(&self, rule: &'static str, volume: &Volume, templates: &Templates) -> Result<DraftCopies> {
        let LaidPaper { flat, form } = lay::pdf(Sheets {
            paper: rule,
            data: self.draft.certificate_data(volume)?,
            fonts: &self.fonts,
            prints: self.prints,
            volume,
            templates: Some(templates),
            ident: format!("{}/{rule}/{}", self.draft.id, volume.number),
            at: self.draft.at,
            creator: &self.draft.product,
        })?;
        Ok(DraftCopies {
            flat,
            form: form.ok_or_else(|| Error::internal("a certificate without its form"))?,
        })
    }
}

impl PaperDraft {
    /// Whether its packet has drafts of certificates.
    pub fn has_certificates(&self) -> bool {
        self.certificates.is_some()
    }
}
