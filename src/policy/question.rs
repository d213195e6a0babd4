//! A question to the policy, its answer, and why a policy may not be accepted.

use super::{Act, CaseStatus, Handling, Role};

/// What ties a caller to a case now. Whoever fills it in leaves out grants that have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Relation {
    /// Leads the case.
    pub lead: bool,
    /// Is a member of it.
    pub member: bool,
    /// Was proposed as its next lead, and has not answered.
    pub proposed_lead: bool,
    /// The case's unit is one of the caller's, or below one, or one over which a supervisor's reach is delegated to them.
    /// Without the role supervisor it gives nothing.
    pub supervises: bool,
    /// Was given `read` on record.
    pub granted_read: bool,
    /// Was given `export` on record, which includes reading.
    pub granted_export: bool,
    /// Was given `decide` on record by the lead, for a restricted or confidential case.
    pub granted_decide: bool,
    /// Was given `read` of chosen captures on record, and of nothing else. About one thing of the case, whether it is one of them.
    pub granted_captures: bool,
    /// The question is about one capture, and it is one of those.
    pub granted_this_capture: bool,
    /// Recused themselves from it.
    pub recused: bool,
}

impl Relation {
    /// What holds, in the schema's words.
    pub(super) fn words(self) -> impl Iterator<Item = &'static str> {
        let words = [
            ("lead", self.lead),
            ("member", self.member),
            ("proposed_lead", self.proposed_lead),
            ("supervises", self.supervises),
            ("granted_read", self.granted_read),
            ("granted_export", self.granted_export),
            ("granted_decide", self.granted_decide),
            ("granted_captures", self.granted_captures),
            ("granted_this_capture", self.granted_this_capture),
            ("recused", self.recused),
        ];
        words.into_iter().filter(|(_, holds)| *holds).map(|(word, _)| word)
    }
}

/// What the rules see of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CaseFacts {
    /// The caller's relation to it.
    pub relation: Relation,
    /// How closely it is kept.
    pub handling: Handling,
    /// Where it stands.
    pub status: CaseStatus,
}

/// The caller's part in the one thing acted on; all false where the act is about none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Facts {
    /// Asked for the authorization or the packet concerned, or would receive the grant concerned.
    pub requester: bool,
    /// Is a holder of the authorization concerned, or of the one a capture concerned names.
    pub holder: bool,
    /// Made the capture concerned.
    pub capturer: bool,
    /// Was lead or member of the case when the authorization concerned was asked for, when the capture concerned came in,
    /// or later, and is so no more.
    pub former_member: bool,
    /// Gave the first of two approvals of the authorization concerned.
    pub approver: bool,
    /// The packet concerned is a referral.
    pub referral: bool,
}

/// Whether a caller with these roles and this relation to the case may do this.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What they would do.
    pub act: Act,
    /// What they are.
    pub roles: &'a [Role],
    /// The case, exactly when the act is about one.
    pub case: Option<CaseFacts>,
    /// Their part in the thing concerned.
    pub facts: Facts,
}

/// The answer, with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    /// Whether they may.
    pub allowed: bool,
    /// The @ids of the rules that decided, sorted. Empty when no rule allows it. For the ledger and for those who may
    /// read the case: to anyone else even the name of a rule would say that the case is there.
    pub rules: Vec<String>,
}

/// Why a policy's text was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The text is not well formed.
    #[error("the policy cannot be read: {0}")]
    Syntax(String),
    /// A rule has no @id, or one that is not kebab-case or not unique, or has a gap to fill in.
    #[error("the rule `{0}` needs an @id of its own in kebab-case, and no gaps")]
    RuleName(String),
    /// A rule speaks of what the schema doesn't know.
    #[error("the policy does not hold against its schema: {0}")]
    Invalid(String),
    /// The schema and the enum `Act` name different acts.
    #[error("the schema and the program know different acts: {0}")]
    Acts(String),
}

impl From<cedar_policy::ParseErrors> for PolicyError {
    fn from(error: cedar_policy::ParseErrors) -> Self {
        Self::Syntax(error.to_string())
    }
}
