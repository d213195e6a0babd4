//! What is odd about what was sent. It is kept all the same, as it came.

use super::{Flag, Particulars};
use crate::forms::Form;
use crate::subjects::is_address;

/// What is odd about what a form said.
pub(super) fn of_said(form: &Form, said: &Particulars) -> Vec<Flag> {
    let mut odd = Vec::new();
    let addresses = [&said.url, &said.final_url];
    if addresses.into_iter().flatten().any(|text| !is_address(text)) {
        odd.push(Flag::UrlUnparsed);
    }
    if form.is_repaired() {
        odd.push(Flag::TextRepaired);
    }
    odd
}
