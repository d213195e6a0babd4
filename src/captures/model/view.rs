//! A capture as it is stored, and as its readers see it.

use serde::{Deserialize, Serialize};

use super::{
    Basis, Capture, CaptureDecision, CaptureKind, CaptureMark, CaptureNote, CaptureState, CapturedBasis, Correction,
    EventPlace, Examination, ExaminationWish, FileDigest, FileEntry, Flag, Mark, Particulars, Remark, Review,
    ReviewOutcome,
};
use crate::authorizations::Line;
use crate::clock::Timestamp;
use crate::identity::Person;
use crate::ledger;
use crate::proof::id::Digest;

/// A capture's current version, with what later decisions made of it and where its recording stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCapture {
    pub capture: Capture,
    /// The state now.
    pub state: CaptureState,
    /// Whether a supervisor is to decide.
    pub awaits_decision: bool,
    /// Where `capture.recorded` stands in the case's stream.
    pub seq: i64,
    /// Its leaf.
    pub leaf: Digest,
}

/// A capture as one reader sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CaptureView {
    /// All of it.
    Open(Box<OpenCapture>),
    /// That it is there, without its content: for people who may read the case but not decide about the capture.
    Withheld(Box<WithheldCapture>),
}

/// What everyone sees who may read the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    pub id: String,
    pub item: i64,
    pub case_id: String,
    pub state: CaptureState,
    pub kind: CaptureKind,
    pub captured_at: Timestamp,
    /// How that time is known.
    #[serde(default = "stated")]
    pub captured_at_basis: CapturedBasis,
    pub received_at: Timestamp,
    pub coverage: Vec<Line>,
    pub flags: Vec<Flag>,
    pub version: i64,
    /// Where its recording stands.
    pub event: EventPlace,
}

/// A capture of the same case that shows the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duplicate {
    pub id: String,
    /// Its number in the case.
    pub item: i64,
    /// Whether its address is the same.
    pub address: bool,
    /// The files that it has too.
    pub sha256: Vec<Digest>,
}

/// Answers kept for retries by an earlier version say nothing of it.
fn stated() -> CapturedBasis {
    CapturedBasis::Stated
}

/// All of a capture, with what was said about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenCapture {
    #[serde(flatten)]
    pub outline: Outline,
    #[serde(flatten)]
    pub particulars: Particulars,
    pub note: Option<String>,
    pub captured_by: Person,
    pub files: Vec<FileEntry>,
    pub basis: Basis,
    pub correction: Option<Correction>,
    pub withheld: Option<()>,
    #[serde(flatten)]
    pub remarks: Remarks,
    /// What was here already when it was logged; told in that answer alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duplicate_of: Vec<Duplicate>,
}

impl OpenCapture {
    /// The last review, where it returned the capture.
    pub fn returned(&self) -> Option<&Remark<Review>> {
        let last = self.remarks.reviews.last();
        last.filter(|review| review.said.outcome == ReviewOutcome::Returned)
    }

    /// Whether somebody corrected it after the last review.
    pub fn is_corrected_since_review(&self) -> bool {
        let corrected = self.correction.as_ref().map(|correction| correction.at);
        corrected > self.remarks.reviews.last().map(|review| review.at)
    }
}

/// A closed capture without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithheldCapture {
    #[serde(flatten)]
    pub outline: Outline,
    pub files: Vec<FileDigest>,
    /// Without its reason.
    pub basis: Basis,
    pub withheld: WithheldNotice,
    /// What was here already when it was logged; told in that answer alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duplicate_of: Vec<Duplicate>,
}

/// Why a capture's content is not shown, and whom to ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithheldNotice {
    pub class: CaptureState,
    pub ask: String,
}

/// What was said about a capture, in the order in which it was said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remarks {
    pub notes: Vec<Remark<CaptureNote>>,
    pub reviews: Vec<Remark<Review>>,
    /// The last one.
    pub decision: Option<Remark<CaptureDecision>>,
    /// The last one.
    #[serde(default)]
    pub mark: Option<Remark<CaptureMark>>,
    /// The last one; lists leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub examination: Option<Examination>,
    /// That another one was asked for, and is not made yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub examination_request: Option<Remark<ExaminationWish>>,
}

impl Remarks {
    /// Whether the last review returned the capture, and nobody has corrected it since; `corrected` is when somebody last did.
    pub fn is_returned(&self, corrected: Option<Timestamp>) -> bool {
        let last = self.reviews.last();
        last.is_some_and(|review| review.said.outcome == ReviewOutcome::Returned && corrected <= Some(review.at))
    }

    /// Whether it is shown to nobody who does not ask for it.
    pub fn is_graphic(&self) -> bool {
        self.mark.as_ref().is_some_and(|mark| mark.said.mark == Mark::Graphic)
    }
}

impl CaptureView {
    /// The digests of its files.
    pub fn digests(&self) -> Vec<Digest> {
        match self {
            Self::Open(open) => open.files.iter().map(|file| file.sha256).collect(),
            Self::Withheld(withheld) => withheld.files.iter().map(|file| file.sha256).collect(),
        }
    }
}

impl StoredCapture {
    /// All of it. Every field of the record is named here, so that none is forgotten.
    pub fn open(self, remarks: Remarks) -> CaptureView {
        let outline = self.outline();
        let Capture {
            id: _,
            case_id: _,
            item: _,
            version: _,
            kind: _,
            captured_at: _,
            captured_at_basis: _,
            received_at: _,
            state: _,
            coverage: _,
            flags: _,
            capturer,
            basis,
            files,
            particulars,
            note,
            correction,
        } = self.capture;
        CaptureView::Open(Box::new(OpenCapture {
            outline,
            particulars,
            note,
            captured_by: capturer,
            files,
            basis,
            correction,
            withheld: None,
            remarks,
            duplicate_of: Vec::new(),
        }))
    }

    /// Without its content.
    pub fn withheld(&self) -> CaptureView {
        CaptureView::Withheld(Box::new(WithheldCapture {
            outline: self.closed_outline(),
            files: self.capture.files.iter().map(FileDigest::of).collect(),
            basis: Basis {
                reason: None,
                ..self.capture.basis.clone()
            },
            withheld: WithheldNotice {
                class: self.state,
                ask: "a supervisor of the case's unit who does not work on it".into(),
            },
            duplicate_of: Vec::new(),
        }))
    }

    /// What everyone sees of it, where its content is closed: which handle it shows is content.
    fn closed_outline(&self) -> Outline {
        let mut outline = self.outline();
        for rule in outline.coverage.iter_mut().filter(|rule| rule.rule == "account") {
            rule.why = rule.why.split(", as “").next().unwrap_or_default().to_owned();
        }
        outline
    }

    fn outline(&self) -> Outline {
        let capture = &self.capture;
        Outline {
            id: capture.id.clone(),
            item: capture.item,
            case_id: capture.case_id.clone(),
            state: self.state,
            kind: capture.kind,
            captured_at: capture.captured_at,
            captured_at_basis: capture.captured_at_basis.unwrap_or(CapturedBasis::Stated),
            received_at: capture.received_at,
            coverage: capture.coverage.clone(),
            flags: capture.flags.clone(),
            version: capture.version,
            event: EventPlace {
                stream: ledger::case_stream(&capture.case_id),
                seq: self.seq,
                leaf: self.leaf,
            },
        }
    }
}

impl CaptureView {
    /// The same, naming what was here already.
    #[must_use]
    pub fn with_duplicates(mut self, found: Vec<Duplicate>) -> Self {
        match &mut self {
            Self::Open(open) => open.duplicate_of = found,
            Self::Withheld(withheld) => withheld.duplicate_of = found,
        }
        self
    }

    /// What everyone sees who may read the case.
    pub fn outline(&self) -> &Outline {
        match self {
            Self::Open(open) => &open.outline,
            Self::Withheld(withheld) => &withheld.outline,
        }
    }
}
