//! The table "Who may" of the product's description, written down a second time and without a look at the rules.
//!
//! Each row stands under the table's own words. The test asks the policy about every world it can be in and compares.
//! It is slow to write twice on purpose: a slip in one of the two shows as a difference.

use super::*;
use agency::ON_THE_AGENCY;

mod agency;

/// Everything a question depends on.
#[derive(Debug, Clone, Copy)]
struct World<'a> {
    roles: &'a [Role],
    relation: Relation,
    handling: Handling,
    status: CaseStatus,
    facts: Facts,
}

/// Those whom the table names.
#[derive(Debug, Clone, Copy)]
enum Who {
    /// "lead"
    Lead,
    /// "member", to read or to review
    Member,
    /// "member", to write: an investigator's work
    MemberAtWork,
    /// whoever was proposed as lead, beyond the table: they answer, and must know what about
    ProposedLead,
    /// "supervisor of its unit", to read: handling standard
    UnitSupervisorReading,
    /// "supervisor of its unit", to change
    UnitSupervisorChanging,
    /// "supervisor of the unit who is neither requester, holder, capturer nor member (… the one to whom the lead gave
    /// `decide` on record)"
    ThatSupervisor,
    /// the same, who has not given the first of two approvals
    SupervisorNotYetApproving,
    /// the same, whatever their part or work, who has not recused themselves, to do so
    SupervisorNotYetRecused,
    /// the same, whatever their part, where a packet is a referral
    SupervisorOfReferral,
    /// the same, or the one to whom the lead gave `decide`, to propose another lead
    SupervisorProposing,
    /// "access given on record": the supervisor who was given `decide`
    GivenDecide,
    /// "grantee with `read`", which `export` includes
    GranteeRead,
    /// "grantee with `export` (prosecutor)"
    GranteeExport,
    /// the lead, where the thing is their own request
    LeadRequester,
    /// the member at work, where the thing is their own request
    MemberRequester,
    /// the lead of a restricted or confidential case, about another person's grant
    LeadOfKeptCase,
    /// "auditor"
    Auditor,
    /// the same, who neither works on the case nor had a part in the thing
    AuditorWithoutPart,
    /// a grantee, of whatever right to read, who is a prosecutor
    GranteeProsecutor,
    /// a grantee of chosen captures, about the case
    GranteeOfCaptures,
    /// the same, about one of these captures
    GranteeOfThisCapture,
}

struct Row {
    acts: &'static [Act],
    who: &'static [Who],
    /// Whether it is a write, which a closed case refuses.
    write: bool,
}

use Act::*;
use Who::*;

const ON_CASES: &[Row] = &[
    // read a case, its captures, files, records, authorizations, custody
    Row {
        acts: &[CaseRead],
        who: &[
            Lead,
            Member,
            UnitSupervisorReading,
            GivenDecide,
            GranteeRead,
            ProposedLead,
        ],
        write: false,
    },
    // the same for the case's number, title, kind and status; beyond the table: and whoever was given chosen captures of it
    Row {
        acts: &[CaseHeadRead],
        who: &[
            Lead,
            Member,
            UnitSupervisorReading,
            GivenDecide,
            GranteeRead,
            ProposedLead,
            GranteeOfCaptures,
        ],
        write: false,
    },
    Row {
        acts: &[CaseCaptureList],
        who: &[
            Lead,
            Member,
            UnitSupervisorReading,
            GivenDecide,
            GranteeRead,
            GranteeOfCaptures,
        ],
        write: false,
    },
    Row {
        acts: &[CaptureRead, FileRead, CustodyRead],
        who: &[
            Lead,
            Member,
            UnitSupervisorReading,
            GivenDecide,
            GranteeRead,
            GranteeOfThisCapture,
        ],
        write: false,
    },
    Row {
        acts: &[
            SubjectRead,
            AccountRead,
            AuthorizationRead,
            EvidenceRequestRead,
            // beyond the table: whoever reads a case flags what may impeach a witness
            ImpeachmentFlagRead,
            ImpeachmentFlagMake,
        ],
        who: &[Lead, Member, UnitSupervisorReading, GivenDecide, GranteeRead],
        write: false,
    },
    // the same, and: ledger, verification over all cases: auditor
    // the same, and who may see it and why: auditor too
    Row {
        acts: &[
            CaseEventsRead,
            CaptureVerify,
            CaseAccessExplain,
            // beyond the table: whoever reads a case, and the auditor, reads its exceptions and its entries of the register,
            // and reports errors in them
            ExceptionRead,
            RegisterRead,
            RegisterErrorReport,
        ],
        who: &[Lead, Member, UnitSupervisorReading, GivenDecide, GranteeRead, Auditor],
        write: false,
    },
    // change a case, its subjects and accounts, members
    Row {
        acts: &[CaseChange, MemberChange],
        who: &[Lead, UnitSupervisorChanging],
        write: true,
    },
    Row {
        acts: &[LeadPropose],
        who: &[Lead, SupervisorProposing],
        write: true,
    },
    Row {
        acts: &[LeadAnswer],
        who: &[ProposedLead],
        write: true,
    },
    Row {
        acts: &[CaseClose],
        who: &[Lead, UnitSupervisorChanging],
        write: false,
    },
    Row {
        acts: &[SubjectWrite, AccountWrite],
        who: &[Lead, UnitSupervisorChanging, MemberAtWork],
        write: true,
    },
    // request an authorization; log, annotate, correct a capture
    Row {
        acts: &[
            AuthorizationRequest,
            AdditionRequest,
            EmergencyStart,
            CaptureRecord,
            CaptureAnnotate,
            CaptureCorrect,
        ],
        who: &[Lead, MemberAtWork],
        write: true,
    },
    Row {
        acts: &[AuthorizationAmend, OralApprovalRecord],
        who: &[LeadRequester, MemberRequester],
        write: true,
    },
    Row {
        acts: &[AuthorizationWithdraw],
        who: &[LeadRequester, MemberRequester],
        write: false,
    },
    // beyond the table: how an authorization ended is told by the lead, or by who asked for it
    Row {
        acts: &[AuthorizationClose],
        who: &[Lead, MemberRequester],
        write: false,
    },
    // the same as below; and where two approvals are needed, two people give them
    Row {
        acts: &[AuthorizationDecide],
        who: &[SupervisorNotYetApproving],
        write: false,
    },
    // decide, return, revoke an authorization; decide held captures; confirm emergencies; grant; hold; restrict
    Row {
        acts: &[
            AuthorizationReview,
            AuthorizationRevoke,
            AdditionDecide,
            CaptureDecide,
            CaptureReadHeld,
            GrantGive,
            GrantEnd,
            CaseRestrict,
            PacketRelease,
            RegisterErrorAnswer,
            AliasDisclose,
        ],
        who: &[ThatSupervisor],
        write: false,
    },
    // beyond the table: an exception is signed off by somebody who had no part in it
    Row {
        acts: &[ExceptionSignOff],
        who: &[ThatSupervisor, AuditorWithoutPart],
        write: false,
    },
    Row {
        acts: &[GrantDecide],
        who: &[LeadOfKeptCase],
        write: false,
    },
    // beyond the table: that supervisor recuses themselves, whatever their part, once
    Row {
        acts: &[CaseRecuse],
        who: &[SupervisorNotYetRecused],
        write: false,
    },
    // review a capture's accuracy: another member or that supervisor, never the capturer
    Row {
        acts: &[CaptureReview],
        who: &[Lead, Member, ThatSupervisor],
        write: false,
    },
    // export a packet, record its disclosure and notice of it; purpose referral: lead builds, that supervisor releases
    Row {
        acts: &[PacketRequest, PacketNotice],
        who: &[GranteeExport],
        write: false,
    },
    // make a redacted copy for a packet, beyond the table: whoever does the work, and whoever exports
    Row {
        acts: &[DerivativeMake],
        who: &[Lead, MemberAtWork, GranteeExport],
        write: false,
    },
    Row {
        acts: &[PacketDisclose],
        who: &[GranteeExport, LeadRequester],
        write: false,
    },
    Row {
        acts: &[PacketRead],
        who: &[GranteeExport, LeadRequester, SupervisorOfReferral],
        write: false,
    },
    Row {
        acts: &[PacketReferral],
        who: &[Lead],
        write: false,
    },
    // beyond the table: whoever exports asks for what is still needed, and those who do the case's work answer
    Row {
        acts: &[EvidenceRequestMake],
        who: &[GranteeExport],
        write: false,
    },
    Row {
        acts: &[EvidenceRequestAnswer],
        who: &[Lead, MemberAtWork],
        write: false,
    },
    // beyond the table: an impeachment flag is cleared by a prosecutor who was let into the case
    Row {
        acts: &[ImpeachmentFlagClear],
        who: &[GranteeProsecutor],
        write: false,
    },
    // see the access log of a case
    Row {
        acts: &[CaseAccessesRead],
        who: &[ThatSupervisor, Auditor],
        write: false,
    },
];

impl Who {
    fn is(self, world: &World) -> bool {
        let World {
            relation,
            handling,
            facts,
            ..
        } = *world;
        let supervisor = world.has(Role::Supervisor);
        let on_staff = supervisor || world.has(Role::Investigator);
        let standard = handling == Handling::Standard;
        match self {
            Lead => on_staff && relation.lead,
            Member => on_staff && relation.member,
            ProposedLead => on_staff && relation.proposed_lead,
            SupervisorProposing => {
                UnitSupervisorChanging.is(world) || (supervisor && !standard && relation.granted_decide)
            }
            MemberAtWork => world.has(Role::Investigator) && relation.member,
            UnitSupervisorReading => supervisor && relation.supervises && standard,
            UnitSupervisorChanging => {
                supervisor && relation.supervises && (standard || relation.member || relation.granted_decide)
            }
            ThatSupervisor => {
                let in_charge = if standard {
                    relation.supervises
                } else {
                    relation.granted_decide
                };
                let works_on_it = relation.lead || relation.member;
                let part = Facts {
                    referral: false,
                    approver: false,
                    ..facts
                };
                supervisor && in_charge && !works_on_it && !relation.recused && part == Facts::default()
            }
            SupervisorNotYetRecused => {
                let in_charge = if standard {
                    relation.supervises
                } else {
                    relation.granted_decide
                };
                supervisor && in_charge && !relation.recused
            }
            SupervisorNotYetApproving => ThatSupervisor.is(world) && !facts.approver,
            SupervisorOfReferral => {
                let without_part = World {
                    facts: Facts::default(),
                    relation: Relation {
                        recused: false,
                        ..relation
                    },
                    ..*world
                };
                facts.referral && ThatSupervisor.is(&without_part)
            }
            GivenDecide => supervisor && relation.granted_decide,
            GranteeRead => {
                (on_staff || world.has(Role::Prosecutor)) && (relation.granted_read || relation.granted_export)
            }
            GranteeExport => world.has(Role::Prosecutor) && relation.granted_export,
            LeadRequester => Lead.is(world) && facts.requester,
            MemberRequester => MemberAtWork.is(world) && facts.requester,
            LeadOfKeptCase => Lead.is(world) && !standard && !facts.requester,
            Auditor => world.has(Role::Auditor),
            AuditorWithoutPart => {
                let part = Facts {
                    referral: false,
                    approver: false,
                    ..facts
                };
                let works = relation.lead || relation.member;
                world.has(Role::Auditor) && !works && !relation.recused && part == Facts::default()
            }
            GranteeProsecutor => world.has(Role::Prosecutor) && (relation.granted_read || relation.granted_export),
            GranteeOfCaptures => (on_staff || world.has(Role::Prosecutor)) && relation.granted_captures,
            GranteeOfThisCapture => (on_staff || world.has(Role::Prosecutor)) && relation.granted_this_capture,
        }
    }
}

impl World<'_> {
    fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// What the table says. The access log is about no one thing, so that the caller's part in one cannot matter; and to look
    /// at it decides nothing.
    fn may(&self, row: &Row, act: Act) -> bool {
        let (facts, recused) = if act == CaseAccessesRead {
            (Facts::default(), false)
        } else {
            (self.facts, self.relation.recused)
        };
        let relation = Relation {
            recused,
            ..self.relation
        };
        let world = World {
            facts,
            relation,
            ..*self
        };
        let refused =
            (row.write && self.status == CaseStatus::Closed) || (act == CaptureReview && (facts.capturer || recused));
        !refused && row.who.iter().any(|who| who.is(&world))
    }

    fn ask(&self, policy: &Policy, act: Act) -> bool {
        let case = Some(CaseFacts {
            relation: self.relation,
            handling: self.handling,
            status: self.status,
        });
        policy
            .decide(&Question {
                act,
                roles: self.roles,
                case,
                facts: self.facts,
            })
            .allowed
    }
}

fn relation(bits: usize) -> Relation {
    let bit = |at: usize| bits >> at & 1 == 1;
    Relation {
        lead: bit(0),
        member: bit(1),
        supervises: bit(2),
        granted_read: bit(3),
        granted_export: bit(4),
        granted_decide: bit(5),
        proposed_lead: bit(6),
        recused: bit(7),
        granted_captures: bit(8),
        granted_this_capture: bit(9),
    }
}

/// Every mixture of the relations to a case as a whole; and those to chosen captures of it, alone and beside each of the others.
fn relations() -> impl Iterator<Item = Relation> {
    let beside = |chosen: usize| (0..8).map(move |at| chosen | 1 << at).chain([chosen]);
    (0..256)
        .chain([256, 512, 768].into_iter().flat_map(beside))
        .map(relation)
}

fn facts(bits: usize) -> Facts {
    Facts {
        requester: bits & 1 == 1,
        holder: bits & 2 == 2,
        capturer: bits & 4 == 4,
        former_member: bits & 8 == 8,
        referral: bits & 16 == 16,
        approver: bits & 32 == 32,
    }
}

fn roles(bits: usize) -> Vec<Role> {
    Role::ALL
        .iter()
        .copied()
        .enumerate()
        .filter(|(at, _)| bits >> at & 1 == 1)
        .map(|(_, role)| role)
        .collect()
}

fn compare(policy: &Policy, world: &World, row: &Row, act: Act) {
    assert_eq!(
        world.ask(policy, act),
        world.may(row, act),
        "{act}: policy against norm, in {world:?}"
    );
}

fn rows() -> impl Iterator<Item = (&'static Row, Act)> {
    ON_CASES
        .iter()
        .flat_map(|row| row.acts.iter().map(move |act| (row, *act)))
}

#[test]
fn the_norm_speaks_of_every_act_once() {
    let mut named: Vec<Act> = rows().map(|(_, act)| act).collect();
    named.extend(ON_THE_AGENCY.iter().flat_map(|(acts, _)| acts.iter().copied()));
    named.sort_unstable();
    assert_eq!(named, Act::ALL);
}

#[test]
fn every_single_role_may_what_the_norm_says() {
    let policy = Policy::new().unwrap();
    std::thread::scope(|threads| {
        for bits in [0, 1, 2, 4, 8, 16] {
            let policy = &policy;
            threads.spawn(move || {
                let roles = roles(bits);
                for relation in relations() {
                    for (at, (row, act)) in rows().enumerate() {
                        let plain = World {
                            roles: &roles,
                            relation,
                            handling: Handling::ALL[at % 3],
                            status: CaseStatus::Closed,
                            facts: Facts::default(),
                        };
                        compare(policy, &plain, row, act);
                        for handling in Handling::ALL {
                            let open = World {
                                handling: *handling,
                                status: CaseStatus::Open,
                                ..plain
                            };
                            compare(policy, &open, row, act);
                        }
                    }
                }
            });
        }
    });
}

/// Roles in any mixture, with any relations, handling, status and parts: too many to try each in a test that runs
/// often, so a fixed stride walks through them; 800 steps meet every combination of any three of these.
#[test]
fn any_mixture_of_roles_may_what_the_norm_says() {
    let policy = Policy::new().unwrap();
    let mut at: usize = 0;
    for _ in 0..800 {
        at = (at + 104_729) % (32 * 1024 * 9 * 64);
        let roles = roles(at % 32);
        let world = World {
            roles: &roles,
            relation: relation(at / 32 % 1024),
            handling: Handling::ALL[at / 32_768 % 3],
            status: CaseStatus::ALL[at / 98_304 % 3],
            facts: facts(at / 294_912),
        };
        for (row, act) in rows() {
            compare(&policy, &world, row, act);
        }
    }
}

#[test]
fn acts_on_the_agency_go_by_role() {
    let policy = Policy::new().unwrap();
    for (acts, who) in ON_THE_AGENCY {
        for act in *acts {
            for roles in (0..32).map(roles) {
                let expected = who.len() == Role::ALL.len() || roles.iter().any(|role| who.contains(role));
                let question = Question {
                    act: *act,
                    roles: &roles,
                    case: None,
                    facts: Facts::default(),
                };
                assert_eq!(policy.decide(&question).allowed, expected, "{act} for {roles:?}");
            }
        }
    }
}
