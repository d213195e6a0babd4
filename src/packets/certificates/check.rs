//! Looks whether templates give certificates, before a packet is asked for: at the server's start, and by hand.

use std::path::Path;
use std::sync::Arc;

use super::folder;
use crate::error::{Error, Result};
use crate::paper::{FontShelf, Fonts, sample_certificates};

/// A jurisdiction that gives no certificates, and why.
pub type Mistake = (String, Error);

/// The certificates that the templates of a jurisdiction give of a sample packet, by their paths.
pub fn samples(folder: &Path, jurisdiction: &str, fonts: &Arc<Fonts>) -> Result<Vec<(String, Vec<u8>)>> {
    let templates = folder::of_jurisdiction(folder, jurisdiction)?;
    sample_certificates(&templates, fonts)
}

/// The mistakes of jurisdictions that have a folder of their own; what is in the program is tested with it.
pub fn mistakes(folder: &Path, fonts: &FontShelf) -> Result<Vec<Mistake>> {
    let mut mistakes = Vec::new();
    for jurisdiction in folder::own(folder)? {
        if let Err(why) = samples(folder, &jurisdiction, &fonts.take()?) {
            mistakes.push((jurisdiction, why));
        }
    }
    Ok(mistakes)
}
