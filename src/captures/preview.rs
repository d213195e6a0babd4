//! What can be said of a capture before it is logged.

use serde::{Deserialize, Serialize};

use super::judge::{JudgedBy, Judgment};
use super::model::{
    AuthorAccount, Basis, CaptureKind, CaptureState, Duplicate, Flag, NewCapture, recognize, tracking_parts,
    without_tracking,
};
use crate::authorizations::{Level, Line};

/// What an address says, what would cover the capture, and what is here already. Nothing of it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapturePreview {
    pub kind: CaptureKind,
    pub platform: Option<String>,
    pub account: Option<AuthorAccount>,
    /// The platform's own id of what lies at the address.
    pub post_id: Option<String>,
    /// The address as seen.
    pub url: Option<String>,
    /// The address without tracking parts, where it has any.
    pub url_without_tracking: Option<String>,
    /// The names of those parts.
    pub tracking: Vec<String>,
    pub level: Option<Level>,
    /// The state that it would have if it were logged now.
    pub state: CaptureState,
    pub basis: Basis,
    /// The authorization against which it was judged: the one that covers it, or the one that comes nearest.
    pub authorization: Option<JudgedBy>,
    pub coverage: Vec<Line>,
    pub flags: Vec<Flag>,
    pub duplicate_of: Vec<Duplicate>,
}

impl CapturePreview {
    /// Of a capture as it was sketched, with the verdict that recording it would give.
    pub fn of(new: NewCapture, verdict: Judgment, duplicate_of: Vec<Duplicate>) -> Self {
        let said = new.particulars;
        let url = said.url.as_deref().unwrap_or_default();
        Self {
            kind: new.kind,
            post_id: recognize(url).post,
            url_without_tracking: without_tracking(url),
            tracking: tracking_parts(url),
            platform: said.platform,
            account: said.account,
            level: said.level,
            url: said.url,
            state: verdict.state,
            basis: verdict.basis,
            authorization: verdict.judged_by,
            coverage: verdict.coverage,
            flags: verdict.flags,
            duplicate_of,
        }
    }
}
