//! What is odd about what was sent. It is kept all the same, as it came.

use super::{Flag, Particulars, recognize};
use crate::forms::Form;
use crate::subjects::is_address;

/// What is odd about what a form said.
pub(super) fn of_said(form: &Form, said: &Particulars) -> Vec<Flag> {
    let mut odd = Vec::new();
    let addresses = [&said.url, &said.final_url];
    if addresses.into_iter().flatten().any(|text| !is_address(text)) {
        odd.push(Flag::UrlUnparsed);
    }
    if is_elsewhere(said) {
        odd.push(Flag::PlatformDiffers);
    }
    if form.is_repaired() {
        odd.push(Flag::TextRepaired);
    }
    odd
}

/// Whether an address is one of a known platform, and of another than the one that is named. A site that nobody knows may be
/// a mirror, a viewer or a short link, and tells nothing.
pub(super) fn is_elsewhere(said: &Particulars) -> bool {
    let Some(named) = said.platform.as_deref() else {
        return false;
    };
    let addresses = [&said.url, &said.final_url].into_iter().flatten();
    let mut known = addresses.filter_map(|address| recognize(address).platform);
    known.any(|platform| platform != "web" && platform != named)
}
