//! The registry of actions: every event's `action`, once. `docs/actions.md` and `schema/actions.json` are printed from it.

/// Which stream an action belongs to (contract section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// Custody that goes to court: what changes the case, and what leaves it.
    Case,
    /// Views, searches, refusals, dropped uploads about a case.
    Access,
    /// The rest.
    Agency,
    /// Any stream: what concerns the stream itself.
    Any,
}

macro_rules! actions {
    ($($variant:ident $text:literal $home:ident $says:literal;)*) => {
        /// What happened, `noun.verb-in-the-past`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action { $(#[doc = $says] $variant,)* }

        impl Action {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Action] = &[$(Action::$variant,)*];

            /// The word in the event.
            pub const fn as_str(self) -> &'static str {
                match self { $(Action::$variant => $text,)* }
            }

            /// The stream it belongs to.
            pub fn home(self) -> Home {
                match self { $(Action::$variant => Home::$home,)* }
            }

            /// What it means, one sentence.
            pub fn says(self) -> &'static str {
                match self { $(Action::$variant => $says,)* }
            }
        }
    };
}

actions! {
    CaseOpened "case.opened" Case "A case was opened; the opener became its lead.";
    CaseChanged "case.changed" Case "A new version of the case was recorded.";
    CaseSuspended "case.suspended" Case "The case was suspended.";
    CaseClosed "case.closed" Case "The case was closed with a disposition.";
    CaseReopened "case.reopened" Case "The case was opened again.";
    LeadProposed "case.lead_proposed" Case "Another person was proposed to lead the case, which keeps its lead until they accept.";
    LeadAccepted "case.lead_accepted" Case "The person who was proposed accepted, and leads the case from here on.";
    LeadDeclined "case.lead_declined" Case "The person who was proposed declined; the case keeps its lead.";
    LeadWithdrawn "case.lead_withdrawn" Case "It was taken back that another person was proposed to lead the case.";
    MemberAdded "member.added" Case "A person became a member of the case.";
    MemberRemoved "member.removed" Case "A person ceased to be a member of the case.";
    GrantGiven "grant.given" Case "A person was given access to the case, or to chosen captures of it, that ends by itself.";
    GrantEnded "grant.ended" Case "A grant was ended before its time.";
    AliasDisclosureRecorded "alias_disclosure.recorded" Case "A supervisor included an alias in what leaves with the case, with the reason.";
    RecusalDeclared "recusal.declared" Case "A supervisor recused themselves from the case, and decides nothing in it from here on.";
    SubjectAdded "subject.added" Case "A person the case is about was recorded.";
    SubjectChanged "subject.changed" Case "A new version of a subject was recorded.";
    AccountAdded "account.added" Case "An account was recorded.";
    AccountChanged "account.changed" Case "A new version of an account was recorded.";
    AccountRenamed "account.renamed" Case "An account took another handle; the one before is kept with the time until which it was the account's.";
    AuthorizationRequested "authorization.requested" Case "Leave to use social media was asked for.";
    AuthorizationAmended "authorization.amended" Case "A returned request was mended and asked for again.";
    AuthorizationApproved "authorization.approved" Case "A supervisor approved an authorization.";
    AuthorizationPartApproved "authorization.part_approved" Case "A supervisor gave the first of two approvals; nothing is covered by it yet.";
    AuthorizationDenied "authorization.denied" Case "A supervisor denied an authorization.";
    AuthorizationReturned "authorization.returned" Case "A supervisor returned a request to be mended.";
    AuthorizationWithdrawn "authorization.withdrawn" Case "The requester withdrew a request.";
    AuthorizationRevoked "authorization.revoked" Case "A supervisor revoked an authorization.";
    AuthorizationExpired "authorization.expired" Case "An authorization came to its end.";
    AuthorizationClosed "authorization.closed" Case "Those who had asked for an authorization reported how it ended; one that still ran ended by it.";
    AdditionRequested "authorization.addition_requested" Case "It was asked that an approved authorization cover another account, which had turned up.";
    AdditionApproved "authorization.addition_approved" Case "A supervisor approved that an authorization cover another account, from here on.";
    AdditionDenied "authorization.addition_denied" Case "A supervisor denied that an authorization cover another account.";
    AuthorizationStarted "authorization.started" Case "An emergency authorization was started for danger to life, without a supervisor; its record names whom it pages.";
    AuthorizationConfirmed "authorization.confirmed" Case "A supervisor confirmed an emergency authorization.";
    AuthorizationRepudiated "authorization.repudiated" Case "A supervisor repudiated an emergency authorization, which covers nothing from here on.";
    AuthorizationLapsed "authorization.lapsed" Case "An emergency authorization came to its end, and no supervisor had confirmed it.";
    AuthorizationOrallyApproved "authorization.orally_approved" Case "The requester recorded that a supervisor approved by word of mouth; nothing is covered before that supervisor confirms it in writing.";
    AuthorizationReviewed "authorization.reviewed" Case "A supervisor looked again at a running authorization, which continues.";
    CaptureRecorded "capture.recorded" Case "A capture was recorded with its files; the one action that makes a capture.";
    CaptureCorrected "capture.corrected" Case "A corrected version of a capture's particulars was recorded beside the first.";
    CaptureAnnotated "capture.annotated" Case "A note was added to a capture.";
    CaptureMarked "capture.marked" Case "A capture was marked graphic, or the mark was taken back.";
    CaptureReviewed "capture.reviewed" Case "A second person reviewed a capture's accuracy.";
    CaptureAccepted "capture.accepted" Case "A supervisor accepted a held capture.";
    CaptureRatified "capture.ratified" Case "A supervisor approved afterwards what nothing had covered.";
    CaptureQuarantined "capture.quarantined" Case "A supervisor quarantined a capture.";
    CaptureConfirmed "capture.confirmed" Case "A supervisor confirmed an emergency.";
    CaptureRepudiated "capture.repudiated" Case "A supervisor repudiated an emergency.";
    CaptureVerified "capture.verified" Case "A capture's files were read again and hashed.";
    CaptureExaminationRequested "capture.examination_requested" Case "Somebody asked that a program read once more what a capture's files say of themselves.";
    CaptureExamined "capture.examined" Case "A program read what a capture's files say of themselves; what it found is derived.";
    DerivativeMade "derivative.made" Case "A redacted copy of a capture, or a standard duplicate of its file, was made; the original stays.";
    ExhibitListSaved "exhibit_list.saved" Case "A version of an exhibit list was saved: what is an exhibit, under which number, and what is not.";
    AccessRequested "access_request.made" Agency "Somebody asked for access to the case of a number, whether or not there is one.";
    AccessRequestGranted "access_request.granted" Agency "A request for access was granted; the grant is an event of the case.";
    AccessRequestDenied "access_request.denied" Agency "A request for access was denied, or the second person of a break-glass request declined.";
    AccessRequestWithdrawn "access_request.withdrawn" Agency "A request for access was taken back.";
    GlassBroken "access_request.glass_broken" Agency "A second person confirmed a break-glass request: where a case has the number, it is open to the one who asked for an hour.";
    EvidenceRequestMade "evidence_request.made" Case "A prosecutor asked those who work on the case for something, by a day.";
    EvidenceRequestAnswered "evidence_request.answered" Case "An evidence request was answered.";
    EvidenceRequestDeclined "evidence_request.declined" Case "An evidence request was declined, with the reason.";
    EvidenceRequestWithdrawn "evidence_request.withdrawn" Case "An evidence request was taken back.";
    ImpeachmentFlagRaised "impeachment_flag.raised" Case "Something was flagged that may impeach a witness.";
    ImpeachmentFlagCleared "impeachment_flag.cleared" Case "A prosecutor cleared an impeachment flag, with the reason.";
    PacketRequested "packet.requested" Case "A packet was asked for.";
    PacketIssued "packet.issued" Case "A packet was made; the event binds its manifest.";
    PacketCancelled "packet.cancelled" Case "A person called off the build of a packet.";
    PacketFailed "packet.failed" Case "A packet could not be made.";
    PacketReleased "packet.released" Case "A supervisor released a referral: it may leave.";
    PacketRefused "packet.refused" Case "A supervisor refused to release a referral.";
    PacketDownloaded "packet.downloaded" Case "A packet left the installation.";
    PacketDisclosed "packet.disclosed" Case "A disclosure of a packet was recorded.";
    NoticeGiven "notice.given" Case "Notice of intent to offer certified records was given.";
    NoticeAnswered "notice.answered" Case "What was answered to a notice was recorded.";
    DisclosureLinked "disclosure.linked" Case "A link was made by which the recipient of a disclosure downloads the packet without an account.";
    DisclosureDownloaded "disclosure.downloaded" Case "A packet left the installation through a link; its record names the recipient.";
    DisclosureLocked "disclosure.locked" Case "A link was locked after wrong codes.";
    DisclosureRevoked "disclosure.revoked" Case "A link was taken back.";
    DisclosureAcknowledged "disclosure.acknowledged" Case "A recipient acknowledged a packet, through a link or otherwise.";
    CaseViewed "case.viewed" Access "A case was read.";
    CaseSearched "case.searched" Access "A search led to the case or to something in it.";
    CapturesListed "captures.listed" Access "A page of captures was read.";
    CaptureViewed "capture.viewed" Access "A capture was read.";
    PreviewViewed "preview.viewed" Access "A preview of a file was seen, which the server made; the file's own bytes stayed.";
    FileViewed "file.viewed" Access "A file's bytes were read.";
    FileDownloaded "file.downloaded" Access "A file was taken out: its bytes were asked for as a download.";
    CustodyViewed "custody.viewed" Access "The custody of a case or capture was read.";
    PacketViewed "packet.viewed" Access "A packet's state was read.";
    DisclosureOpened "disclosure.opened" Access "The page of a link was opened with its code.";
    DisclosureRefused "disclosure.refused" Access "A link was tried with a wrong code, or with the right one when it was over.";
    AccessRefused "access.refused" Access "A person was refused.";
    UploadRefused "upload.refused" Access "Bytes were refused; nothing was kept.";
    UploadDropped "upload.dropped" Access "An upload ended before its end; nothing was kept.";
    UploadsSwept "uploads.swept" Agency "Uploads were removed that a stop had cut off, or that no capture named within a day.";
    SoftwareStarted "software.started" Agency "The server started, with this version and configuration.";
    ClockMeasured "clock.measured" Agency "The machine's clock was compared with its own monotonic course.";
    ClockClamped "clock.clamped" Any "The clock stood behind the stream's last event; that event's time was used.";
    PolicyActivated "policy.activated" Agency "A policy text came into force.";
    AuthorizationPolicyProposed "authorization_policy.proposed" Agency "A version of the agency's authorization policy was proposed.";
    AuthorizationPolicyAdopted "authorization_policy.adopted" Agency "A supervisor other than its author countersigned a version of the authorization policy, which counts from here on.";
    AuthorizationPolicyDeclined "authorization_policy.declined" Agency "A supervisor declined a version of the authorization policy.";
    AuthorizationPolicyWithdrawn "authorization_policy.withdrawn" Agency "Its author took a version of the authorization policy back.";
    AliasRequested "alias.requested" Agency "An alias was asked for.";
    AliasApproved "alias.approved" Agency "A supervisor of the holder's unit approved an alias, which may be used from here on.";
    AliasDeclined "alias.declined" Agency "A supervisor of the holder's unit declined an alias.";
    AliasReviewed "alias.reviewed" Agency "A supervisor of the holder's unit reviewed an alias.";
    AliasRetired "alias.retired" Agency "An alias was retired: nothing is covered under it from here on.";
    AliasNamingRecorded "alias_naming.recorded" Agency "An authorization was asked for that names aliases; no record of the case tells which.";
    AliasUseRecorded "alias_use.recorded" Agency "A capture was recorded that was made under an alias; no record of the case tells which.";
    RosterEntered "roster.entered" Agency "A supervisor was put on call for a unit, or a supervisor delegated their reach over a unit to another.";
    RosterEnded "roster.ended" Agency "A duty on call or a delegation was ended before its time.";
    ExceptionSignedOff "exception.signed_off" Agency "Somebody who had no part in an exception looked at it and signed it off.";
    RegisterErrorReported "register_error.reported" Agency "An error in an entry of the register of authorizations was reported.";
    RegisterErrorAnswered "register_error.answered" Agency "A supervisor answered the report of an error in the register.";
    MisuseReported "misuse_report.received" Agency "Somebody reported misuse to the auditors.";
    MisuseExamined "misuse_report.examined" Agency "An auditor began to examine a report of misuse.";
    MisuseClosed "misuse_report.closed" Agency "An auditor closed a report of misuse with its outcome.";
    ConductAcknowledged "conduct.acknowledged" Agency "A person acknowledged the rules of conduct of a version of the authorization policy.";
    ReviewSigned "review.signed_off" Agency "A review of a week of the access log, or of a year of who may see what, was signed off.";
    KeyCreated "key.created" Agency "The log's signing key was made.";
    LogSucceeded "log.succeeded" Agency "This log continues an older one under a new origin and key.";
    SessionOpened "session.opened" Agency "A person signed in.";
    SessionRefused "session.refused" Agency "A sign-in was refused.";
    DisclosureMissed "disclosure.missed" Agency "The address of a link was tried that leads to none.";
    SessionClosed "session.closed" Agency "A person signed out, or a session was ended.";
    UnitCreated "unit.created" Agency "A unit was made.";
    UnitChanged "unit.changed" Agency "A unit was renamed.";
    UserCreated "user.created" Agency "A user was made.";
    UserChanged "user.changed" Agency "A user's name, roles or unit changed.";
    UserDisabled "user.disabled" Agency "A user was disabled; all sessions ended.";
    UserEnabled "user.enabled" Agency "A user was enabled again.";
    UserLocked "user.locked" Agency "A user was locked after failed sign-ins.";
    UserUnlocked "user.unlocked" Agency "An administrator or the operator released a locked user.";
    PasswordChanged "password.changed" Agency "A person changed their own password.";
    PasswordReset "password.reset" Agency "A one-time password was set for a user.";
    TrainingRecorded "training.recorded" Agency "A training of a user was recorded.";
    TrainingEnded "training.ended" Agency "A training of a user was ended before its time.";
    TokenIssued "token.issued" Agency "A token was issued for a user.";
    TokenRevoked "token.revoked" Agency "A token was revoked.";
    CasesListed "cases.listed" Agency "A page of cases was read.";
    FileDamaged "file.damaged" Agency "A stored file or packet is not what was recorded: it was asked for, and not given out whole.";
    FileVerified "file.verified" Agency "A person had a packet or another file verified; it was not kept.";
    CasesSearched "cases.searched" Agency "A search over the cases led to nothing.";
    LedgerViewed "ledger.viewed" Agency "The ledger of all cases was read.";
    BackupMade "backup.made" Agency "A backup was made.";
    AuditRequested "audit.requested" Agency "An audit of the installation was asked for.";
    AuditCompleted "audit.completed" Agency "An audit came to its end; its record holds the report.";
    AuditFailed "audit.failed" Agency "An audit could not be carried out.";
    AuditCancelled "audit.cancelled" Agency "An audit was called off.";
    AuditViewed "audit.viewed" Agency "The list of audits or a report was read.";
}
