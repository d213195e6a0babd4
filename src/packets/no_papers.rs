//! In place of `papers.rs` in a server without the feature `pdf`: its packets have no papers in PDF, and say none.

use std::convert::Infallible;

use super::pick::Pick;
use super::work::Work;
use super::zip::Bag;
use crate::error::Result;
use crate::http;
use crate::proof::packet::PdfPapers;

/// There are none.
pub struct NoPapers(Infallible);

impl NoPapers {
    pub fn plan(_: &http::State, _: &Work<'_>, _: &[Pick]) -> Result<Option<Self>> {
        Ok(None)
    }

    pub fn named(&self) -> Result<PdfPapers> {
        match self.0 {}
    }

    pub fn draft(self, _: &Work<'_>, _: &str, _: &mut Bag<'_>) -> Result<Self> {
        match self.0 {}
    }

    pub fn certificates(&self, _: &Work<'_>, _: &mut Bag<'_>) -> Result<()> {
        match self.0 {}
    }

    pub fn exhibits(&self, _: &Work<'_>, _: &mut Bag<'_>) -> Result<()> {
        match self.0 {}
    }

    pub fn report(&self, _: &Work<'_>, _: &mut Bag<'_>) -> Result<()> {
        match self.0 {}
    }
}
