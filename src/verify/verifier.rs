//! `verify.html`: the verifier as one page, which lies in packets and is given out by servers. Which one lies in a packet
//! proves nothing of the packet; its reader is told whether it is the one that this program gives out.

use super::{Walk, rule};
use crate::proof::packet::{VERIFY_PAGE, VERIFY_PAGE_SINCE};
use crate::verify::Verdict;

/// The page, made by `verify-page/make`. Inside the page itself there is none, for it cannot hold itself.
#[cfg(not(target_arch = "wasm32"))]
pub const PAGE: Option<&[u8]> = Some(include_bytes!("../../verify-page/verify.html"));
#[cfg(target_arch = "wasm32")]
pub const PAGE: Option<&[u8]> = None;

impl Walk<'_> {
    /// The page is there where the papers are of a version that has it, and nowhere else.
    pub(super) fn verifier(&mut self) {
        let Some(head) = &self.report.packet else { return };
        let due = head.papers >= Some(VERIFY_PAGE_SINCE);
        let (verdict, rule) = match (self.files.digest(VERIFY_PAGE), due, PAGE) {
            (None, false, _) => return,
            (None, true, _) => (Verdict::Failed, rule::MISSING),
            (Some(_), false, _) => (Verdict::Failed, rule::UNEXPECTED),
            (Some(_), true, None) => (Verdict::NotChecked, rule::SAME_KIND_OF_PAGE),
            (Some(found), true, Some(own)) if found == crate::proof::Digest::of(own) => {
                (Verdict::Passed, rule::OWN_VERIFIER)
            }
            (Some(_), true, Some(_)) => (Verdict::NotChecked, rule::OTHER_VERIFIER),
        };
        self.report.tell(verdict, VERIFY_PAGE, rule);
    }
}
