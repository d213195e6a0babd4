//! Everything a caller can ask to do, one capability per act at the level of a route.
//!
//! The word of an act is the same here, in the policy's text and in a refusal, so that one search finds them all.
//! An act says what is done, never who may: that stands in `casetrail.cedar` alone.

use crate::words;

words! {
    /// One thing a caller may be allowed to do.
    Act {
        /// Open a case; the opener becomes its lead.
        CaseOpen = "CaseOpen",
        /// List the cases one may read.
        CaseList = "CaseList",
        /// Find what one may read by its number, address, handle or digest, over all cases.
        Find = "Find",
        /// Read a case's head: its number, title, kind and status.
        CaseHeadRead = "CaseHeadRead",
        /// Read a case: its particulars, members, what is due.
        CaseRead = "CaseRead",
        /// Change a case's own fields, but neither status nor handling.
        CaseChange = "CaseChange",
        /// Change a case's status: suspend, close, reopen.
        CaseClose = "CaseClose",
        /// Change a case's handling, in either direction.
        CaseRestrict = "CaseRestrict",
        /// Add or remove a member.
        MemberChange = "MemberChange",
        /// Propose another lead, or take that back.
        LeadPropose = "LeadPropose",
        /// Accept or decline the lead that one was proposed for.
        LeadAnswer = "LeadAnswer",
        /// Read the subjects of a case.
        SubjectRead = "SubjectRead",
        /// Add or change a subject.
        SubjectWrite = "SubjectWrite",
        /// Read the accounts of a case.
        AccountRead = "AccountRead",
        /// Add or change an account and its attribution.
        AccountWrite = "AccountWrite",
        /// List authorizations over the cases one may read.
        AuthorizationList = "AuthorizationList",
        /// Read the authorizations of a case.
        AuthorizationRead = "AuthorizationRead",
        /// Ask for an authorization.
        AuthorizationRequest = "AuthorizationRequest",
        /// Start an emergency authorization.
        EmergencyStart = "EmergencyStart",
        /// Record that a supervisor approved one's request by word of mouth.
        OralApprovalRecord = "OralApprovalRecord",
        /// Change one's request after it was returned.
        AuthorizationAmend = "AuthorizationAmend",
        /// Take one's request back.
        AuthorizationWithdraw = "AuthorizationWithdraw",
        /// Report how an authorization ended; one that still runs ends by it.
        AuthorizationClose = "AuthorizationClose",
        /// Approve, deny or return a request; confirm or repudiate an emergency authorization.
        AuthorizationDecide = "AuthorizationDecide",
        /// Record that a running authorization is still needed.
        AuthorizationReview = "AuthorizationReview",
        /// Revoke an approved authorization.
        AuthorizationRevoke = "AuthorizationRevoke",
        /// Ask that an approved authorization cover another account, which turned up.
        AdditionRequest = "AdditionRequest",
        /// Approve or deny that it does.
        AdditionDecide = "AdditionDecide",
        /// List captures that wait for a decision, over the cases where one decides.
        CaptureList = "CaptureList",
        /// List those captures of a case that one may read.
        CaseCaptureList = "CaseCaptureList",
        /// Log a capture.
        CaptureRecord = "CaptureRecord",
        /// Read captures; of a held one only what does not show its content.
        CaptureRead = "CaptureRead",
        /// Read the text, address and files of a held or quarantined capture.
        CaptureReadHeld = "CaptureReadHeld",
        /// Add a note to a capture.
        CaptureAnnotate = "CaptureAnnotate",
        /// Add a corrected version of a capture.
        CaptureCorrect = "CaptureCorrect",
        /// Review a capture's accuracy.
        CaptureReview = "CaptureReview",
        /// Decide a held capture or an exception; confirm or repudiate an emergency.
        CaptureDecide = "CaptureDecide",
        /// Have a capture's files and records read and hashed again; answers verdicts only.
        CaptureVerify = "CaptureVerify",
        /// Read the bytes of a file of a capture that is not held.
        FileRead = "FileRead",
        /// Make a redacted copy of what a capture shows, for a packet.
        DerivativeMake = "DerivativeMake",
        /// Give a person `read` or `export` on a case.
        GrantGive = "GrantGive",
        /// Give a supervisor `decide` on a restricted or confidential case.
        GrantDecide = "GrantDecide",
        /// Recuse oneself from a case.
        CaseRecuse = "CaseRecuse",
        /// End a grant before its time.
        GrantEnd = "GrantEnd",
        /// Ask for a packet of any purpose but referral, and keep the exhibit lists for it.
        PacketRequest = "PacketRequest",
        /// Follow a packet and download it.
        PacketRead = "PacketRead",
        /// Ask for a packet of purpose referral, and keep the exhibit lists for it.
        PacketReferral = "PacketReferral",
        /// Release a packet of purpose referral, or refuse to.
        PacketRelease = "PacketRelease",
        /// Record to whom a packet went; make and revoke links by which it goes; record its receipt.
        PacketDisclose = "PacketDisclose",
        /// Read what a prosecutor asked of those who work on a case.
        EvidenceRequestRead = "EvidenceRequestRead",
        /// Ask for something, or take that back.
        EvidenceRequestMake = "EvidenceRequestMake",
        /// Answer what was asked for, or decline it.
        EvidenceRequestAnswer = "EvidenceRequestAnswer",
        /// Record that notice was given of certified records, and what was answered.
        PacketNotice = "PacketNotice",
        /// Read the custody of a capture or file, and the receipt of its recording.
        CustodyRead = "CustodyRead",
        /// Read the events of a case.
        CaseEventsRead = "CaseEventsRead",
        /// Read the access log of a case.
        CaseAccessesRead = "CaseAccessesRead",
        /// See who may read a case, what a person may do in it, and by which rules; also on a past day.
        CaseAccessExplain = "CaseAccessExplain",
        /// Ask for access to a case by its number, and take that back; see one's own requests and those one answers.
        AccessRequestOwn = "AccessRequestOwn",
        /// Confirm or decline a break-glass request as its second person.
        GlassBreak = "GlassBreak",
        /// Read the events of the whole agency.
        LedgerRead = "LedgerRead",
        /// Read the log's key, checkpoints, proofs and hash tiles; have a file verified against them.
        LedgerProofs = "LedgerProofs",
        /// Start an audit of the installation, or call one off.
        AuditRun = "AuditRun",
        /// Read the list of audits and their reports.
        AuditRead = "AuditRead",
        /// Read the settings in force and the state of the installation.
        InstallationRead = "InstallationRead",
        /// Find a person by user name.
        UserLookup = "UserLookup",
        /// List those who can sign in, by name, to name one of them in a form.
        ColleagueList = "ColleagueList",
        /// List and read users.
        UserList = "UserList",
        /// Add, change, reset or disable a user.
        UserWrite = "UserWrite",
        /// List and read units.
        UnitList = "UnitList",
        /// Add or change a unit.
        UnitWrite = "UnitWrite",
        /// List trainings.
        TrainingList = "TrainingList",
        /// Record a training.
        TrainingWrite = "TrainingWrite",
        /// Read the agency's authorization policy, in all its versions.
        AuthorizationPolicyRead = "AuthorizationPolicyRead",
        /// Propose a version of the authorization policy, and take one's own back.
        AuthorizationPolicyPropose = "AuthorizationPolicyPropose",
        /// Countersign or decline a version of the authorization policy that somebody else wrote.
        AuthorizationPolicyCountersign = "AuthorizationPolicyCountersign",
        /// Read the aliases that one holds, and as a supervisor those held in one's units.
        AliasRead = "AliasRead",
        /// Include an alias in what leaves with a case.
        AliasDisclose = "AliasDisclose",
        /// Ask for an alias.
        AliasRequest = "AliasRequest",
        /// Approve or decline an alias that somebody else asked for and holds.
        AliasDecide = "AliasDecide",
        /// Review an alias that somebody else holds.
        AliasReview = "AliasReview",
        /// Retire an alias.
        AliasRetire = "AliasRetire",
        /// Read who is on call, and to whom a supervisor's reach is delegated.
        RosterRead = "RosterRead",
        /// Put a supervisor on call for a unit, delegate one's reach over a unit, and end either.
        RosterKeep = "RosterKeep",
        /// List exceptions over the cases one may read; as identifiers, over all.
        ExceptionList = "ExceptionList",
        /// Read which exceptions there are to a capture or an authorization, and who signed them off.
        ExceptionRead = "ExceptionRead",
        /// Sign off an exception in which one has no part.
        ExceptionSignOff = "ExceptionSignOff",
        /// List the register of authorizations over the cases one may read; as identifiers, over all.
        RegisterList = "RegisterList",
        /// Read an entry of the register, and the errors reported in it.
        RegisterRead = "RegisterRead",
        /// Report an error in an entry of the register.
        RegisterErrorReport = "RegisterErrorReport",
        /// Answer the report of an error in the register.
        RegisterErrorAnswer = "RegisterErrorAnswer",
        /// Read the annual report.
        AnnualReportRead = "AnnualReportRead",
        /// Report misuse, and follow one's own reports.
        MisuseReport = "MisuseReport",
        /// Read and examine the reports of misuse that do not name one.
        MisuseExamine = "MisuseExamine",
        /// Read the rules of conduct, and acknowledge them.
        ConductOwn = "ConductOwn",
        /// Read the impeachment flags of a case.
        ImpeachmentFlagRead = "ImpeachmentFlagRead",
        /// Flag what may impeach a witness.
        ImpeachmentFlagMake = "ImpeachmentFlagMake",
        /// Clear an impeachment flag.
        ImpeachmentFlagClear = "ImpeachmentFlagClear",
        /// List the reviews that are due and those that were signed.
        ReviewList = "ReviewList",
        /// Sign the review of a week of the access log.
        AccessLogReview = "AccessLogReview",
        /// Sign the review of who may see the cases of one's units, and read what is reviewed.
        AccessRightsReview = "AccessRightsReview",
        /// See who one is, change one's password, sign out.
        SessionOwn = "SessionOwn",
    }
}

impl Act {
    /// Whether the act is about one case. The others are about the agency, and are asked without a case.
    pub const fn is_on_case(self) -> bool {
        use Act::*;
        !matches!(
            self,
            CaseOpen
                | CaseList
                | Find
                | AuthorizationList
                | CaptureList
                | LedgerRead
                | LedgerProofs
                | AuditRun
                | AuditRead
                | InstallationRead
                | UserLookup
                | ColleagueList
                | UserList
                | UserWrite
                | UnitList
                | UnitWrite
                | TrainingList
                | TrainingWrite
                | AuthorizationPolicyRead
                | AuthorizationPolicyPropose
                | AuthorizationPolicyCountersign
                | AliasRead
                | AliasRequest
                | AliasDecide
                | AliasReview
                | AliasRetire
                | AccessRequestOwn
                | GlassBreak
                | RosterRead
                | RosterKeep
                | ExceptionList
                | RegisterList
                | AnnualReportRead
                | MisuseReport
                | MisuseExamine
                | ConductOwn
                | ReviewList
                | AccessLogReview
                | AccessRightsReview
                | SessionOwn
        )
    }
}
