//! The acts that are about no single case: who may, by role.

use crate::policy::{Act, Act::*, Role};

/// Acts, and the roles that may do them.
pub(super) const ON_THE_AGENCY: &[(&[Act], &[Role])] = &[
    // open a case
    (&[CaseOpen], &[Role::Investigator, Role::Supervisor]),
    (
        &[CaseList, Find, AuthorizationList, ColleagueList, AccessRequestOwn],
        &[Role::Investigator, Role::Supervisor, Role::Prosecutor],
    ),
    (&[CaptureList], &[Role::Supervisor]),
    // ledger, verification, reports over all cases
    (&[LedgerRead, AuditRun, AuditRead], &[Role::Auditor]),
    // the same, beyond the table: the annual report, reports of misuse, the review of the access log
    (&[AnnualReportRead, MisuseExamine, AccessLogReview], &[Role::Auditor]),
    // oversight, beyond the table: supervisors over the cases they may read, auditors over all as identifiers
    (
        &[ExceptionList, RegisterList, ReviewList],
        &[Role::Supervisor, Role::Auditor],
    ),
    (&[AccessRightsReview], &[Role::Supervisor]),
    // users, units, trainings, settings, keys, backups
    (
        &[
            UserList,
            UserWrite,
            UnitList,
            UnitWrite,
            TrainingList,
            TrainingWrite,
            InstallationRead,
        ],
        &[Role::Administrator],
    ),
    // the agency's authorization policy, beyond the table: supervisors and administrators write it, a supervisor countersigns
    (&[AuthorizationPolicyPropose], &[Role::Supervisor, Role::Administrator]),
    (&[AuthorizationPolicyCountersign], &[Role::Supervisor]),
    // the registry of aliases, beyond the table: those who work under one and their supervisors; which, the gate decides
    (
        &[AliasRead, AliasRequest, AliasRetire],
        &[Role::Investigator, Role::Supervisor],
    ),
    (&[AliasDecide, AliasReview], &[Role::Supervisor]),
    // access that is asked for
    (&[GlassBreak], &[Role::Supervisor]),
    // the roster, beyond the table: supervisors keep it, everybody reads it
    (&[RosterKeep], &[Role::Supervisor]),
    // what every signed-in person has
    (
        &[
            SessionOwn,
            UserLookup,
            AuthorizationPolicyRead,
            RosterRead,
            LedgerProofs,
            ConductOwn,
            MisuseReport,
        ],
        Role::ALL,
    ),
];
