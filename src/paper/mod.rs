//! The papers of a packet in PDF, laid out by Typst as a library: `report.pdf` for court and defence, `exhibits.pdf` for a jury
//! (docs/adr/0060), and drafts of certificates.
//!
//! They are made from the packet's documents and from print copies of its pictures, and from nothing else: no disk, no clock,
//! no fonts of the system. What stands in them is passed as data, never as markup. The same documents give the same bytes.

mod certificate;
mod fonts;
mod form;
mod lay;
mod letters;
mod prints;
mod qr;
mod sample;
mod sheets;
mod templates;
mod view;
mod volumes;
mod world;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use certificate::DraftCopies;
pub use fonts::{FontShelf, Fonts};
pub use prints::{DraftFile, Prints};
pub use sample::sample_certificates;
pub use templates::{SHIPPED, Templates};
pub use view::{DraftMeans, PaperDraft};
pub use volumes::{Load, Plan, Volume};

use crate::error::Result;
use crate::proof::Digest;
use sheets::Sheets;
use view::EvidenceCode;

/// What lays the papers out, as packets name it.
pub const TYPESETTER: &str = "typst 0.15.1";

/// With what the papers of a packet are made.
pub struct Press<'a> {
    pub fonts: Arc<Fonts>,
    pub prints: &'a Prints,
    pub draft: &'a PaperDraft,
    pub plan: &'a Plan,
}

impl Press<'_> {
    /// A volume of `exhibits.pdf`.
    pub fn exhibits(&self, volume: &Volume) -> Result<Vec<u8>> {
        self.lay("exhibits", (&self.plan.exhibits, volume), None)
    }

    /// A volume of `report.pdf`, with the evidence hash and the number of the manifest's lines that it covers.
    pub fn report(&self, volume: &Volume, (sha256, lines): (Digest, usize)) -> Result<Vec<u8>> {
        self.lay(
            "report",
            (&self.plan.report, volume),
            Some(EvidenceCode { sha256, lines }),
        )
    }

    fn lay(
        &self,
        paper: &'static str,
        (volumes, volume): (&[Volume], &Volume),
        code: Option<EvidenceCode>,
    ) -> Result<Vec<u8>> {
        let laid = lay::pdf(Sheets {
            paper,
            data: self.draft.data(volumes, volume, code)?,
            fonts: &self.fonts,
            prints: self.prints,
            volume,
            templates: None,
            ident: format!("{}/{paper}/{}", self.draft.id, volume.number),
            at: self.draft.at,
            creator: &self.draft.product,
        })?;
        Ok(laid.flat)
    }
}
