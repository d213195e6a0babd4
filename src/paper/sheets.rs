//! What one volume of a paper is laid out from.

use super::fonts::Fonts;
use super::prints::Prints;
use super::templates::Templates;
use super::volumes::Volume;
use crate::clock::Micros;

/// What is laid out.
pub(super) struct Sheets<'a> {
    /// `report`, `exhibits`, or the rule of a certificate.
    pub paper: &'static str,
    /// The view model, as JSON.
    pub data: String,
    pub fonts: &'a Fonts,
    pub prints: &'a Prints,
    pub volume: &'a Volume,
    /// A certificate's.
    pub templates: Option<&'a Templates>,
    /// What tells this document from every other one, for as long as it exists.
    pub ident: String,
    /// The time that the document says it was made.
    pub at: Micros,
    /// The program.
    pub creator: &'a str,
}
