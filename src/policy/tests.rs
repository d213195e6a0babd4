//! What the rules promise beside the norm: that they load strictly, that each is needed, that refusals have names.

use std::collections::BTreeSet;
use std::path::Path;

use super::decide::{RULES, SCHEMA};
use super::*;

const NONE: Relation = Relation {
    lead: false,
    member: false,
    proposed_lead: false,
    supervises: false,
    granted_read: false,
    granted_export: false,
    granted_decide: false,
    granted_captures: false,
    granted_this_capture: false,
    recused: false,
};
const LEAD: Relation = Relation { lead: true, ..NONE };
const MEMBER: Relation = Relation { member: true, ..NONE };
const PROPOSED: Relation = Relation {
    proposed_lead: true,
    ..NONE
};
const UNIT: Relation = Relation {
    supervises: true,
    ..NONE
};
const READ: Relation = Relation {
    granted_read: true,
    ..NONE
};
const EXPORT: Relation = Relation {
    granted_export: true,
    ..NONE
};
const DECIDE: Relation = Relation {
    granted_decide: true,
    ..NONE
};

const CHOSEN: Relation = Relation {
    granted_captures: true,
    ..NONE
};
const THIS_ONE: Relation = Relation {
    granted_this_capture: true,
    ..CHOSEN
};

const NO_PART: Facts = Facts {
    requester: false,
    holder: false,
    capturer: false,
    former_member: false,
    approver: false,
    referral: false,
};
const REQUESTER: Facts = Facts {
    requester: true,
    ..NO_PART
};
const HOLDER: Facts = Facts {
    holder: true,
    ..NO_PART
};
const CAPTURER: Facts = Facts {
    capturer: true,
    ..NO_PART
};
const APPROVER: Facts = Facts {
    approver: true,
    ..NO_PART
};
const REFERRAL: Facts = Facts {
    referral: true,
    ..NO_PART
};
const FORMER_MEMBER: Facts = Facts {
    former_member: true,
    ..NO_PART
};

fn on_case(act: Act, roles: &[Role], relation: Relation) -> Question<'_> {
    let case = Some(CaseFacts {
        relation,
        handling: Handling::Standard,
        status: CaseStatus::Open,
    });
    Question {
        act,
        roles,
        case,
        facts: NO_PART,
    }
}

fn closed(question: Question<'_>) -> Question<'_> {
    Question {
        case: question.case.map(|case| CaseFacts {
            status: CaseStatus::Closed,
            ..case
        }),
        ..question
    }
}

fn with(facts: Facts, question: Question<'_>) -> Question<'_> {
    Question { facts, ..question }
}

/// The rules but the one with this @id.
fn policy_without(id: &str) -> Policy {
    let all: cedar_policy::PolicySet = RULES.parse().unwrap();
    let kept: String = all
        .policies()
        .filter(|rule| rule.annotation("id") != Some(id))
        .map(|rule| format!("{rule}\n"))
        .collect();
    assert_eq!(
        kept.matches("@id(").count() + 1,
        RULES.matches("\n@id(").count(),
        "{id} is there once"
    );
    Policy::parse(SCHEMA, &kept).unwrap()
}

fn ids(effect: &str) -> BTreeSet<String> {
    let all: cedar_policy::PolicySet = RULES.parse().unwrap();
    let rules = all.policies().filter(|rule| rule.effect().to_string() == effect);
    rules.map(|rule| rule.annotation("id").unwrap().to_owned()).collect()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test has no settings")]
fn the_printed_matrix_is_the_committed_one() {
    let printed = matrix(&Policy::new().unwrap());
    let path = Path::new(file!())
        .parent()
        .unwrap()
        .join("../../schema/authorization-matrix.txt");
    if std::env::var_os("UPDATE_MATRIX").is_some() {
        std::fs::write(&path, &printed).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = printed
        .lines()
        .zip(committed.lines())
        .find(|(printed, committed)| printed != committed);
    assert!(
        printed == committed,
        "the policy no longer prints schema/authorization-matrix.txt; first difference: {differs:?}. \
         If the change of rights is meant, run this test with UPDATE_MATRIX=1 and have the difference reviewed."
    );
}

/// Each forbid with a question that it alone refuses: without it the answer would be yes.
fn refusals() -> Vec<(&'static str, Question<'static>)> {
    use Role::*;
    vec![
        (
            "closed-case-takes-no-writes",
            closed(on_case(Act::CaptureRecord, &[Investigator], LEAD)),
        ),
        (
            "only-requester-amends-or-withdraws",
            on_case(Act::AuthorizationWithdraw, &[Investigator], MEMBER),
        ),
        (
            "only-lead-or-requester-closes-authorization",
            on_case(Act::AuthorizationClose, &[Investigator], MEMBER),
        ),
        (
            "nobody-gives-both-approvals",
            with(APPROVER, on_case(Act::AuthorizationDecide, &[Supervisor], UNIT)),
        ),
        (
            "nobody-decides-own-request",
            with(REQUESTER, on_case(Act::AuthorizationDecide, &[Supervisor], UNIT)),
        ),
        (
            "nobody-decides-what-they-hold",
            with(HOLDER, on_case(Act::AuthorizationDecide, &[Supervisor], UNIT)),
        ),
        (
            "nobody-decides-own-capture",
            with(CAPTURER, on_case(Act::CaptureDecide, &[Supervisor], UNIT)),
        ),
        (
            "nobody-decides-in-a-case-they-work-on",
            on_case(
                Act::AuthorizationDecide,
                &[Supervisor],
                Relation { member: true, ..UNIT },
            ),
        ),
        (
            "nobody-decides-after-working-on-it",
            with(FORMER_MEMBER, on_case(Act::AuthorizationDecide, &[Supervisor], UNIT)),
        ),
        (
            "nobody-decides-after-recusal",
            on_case(
                Act::AuthorizationDecide,
                &[Supervisor],
                Relation { recused: true, ..UNIT },
            ),
        ),
        (
            "nobody-reviews-own-capture",
            with(CAPTURER, on_case(Act::CaptureReview, &[Investigator], MEMBER)),
        ),
        ("auditors-open-no-evidence", on_case(Act::FileRead, &[Auditor], READ)),
        (
            "administrators-see-no-case",
            on_case(Act::CaseRead, &[Administrator], READ),
        ),
    ]
}

#[test]
fn each_forbid_is_needed() {
    let policy = Policy::new().unwrap();
    for (id, question) in refusals() {
        assert_eq!(
            policy.decide(&question),
            Decision {
                allowed: false,
                rules: vec![id.to_owned()]
            }
        );
        assert!(
            policy_without(id).decide(&question).allowed,
            "{id} changes nothing for {question:?}"
        );
    }
    let proven: BTreeSet<String> = refusals().into_iter().map(|(id, _)| id.to_owned()).collect();
    assert_eq!(proven, ids("forbid"));
}

#[test]
fn each_permit_is_needed() {
    use Role::*;
    let policy = Policy::new().unwrap();
    let mut alone = BTreeSet::new();
    let mut ask = |question: Question| {
        let decision = policy.decide(&question);
        if decision.allowed && decision.rules.len() == 1 {
            alone.extend(decision.rules);
        }
    };
    for role in Role::ALL {
        for act in Act::ALL.iter().filter(|act| !act.is_on_case()) {
            ask(Question {
                act: *act,
                roles: &[*role],
                case: None,
                facts: NO_PART,
            });
        }
    }
    for act in Act::ALL.iter().filter(|act| act.is_on_case()) {
        for relation in [LEAD, MEMBER, PROPOSED, UNIT, READ, EXPORT, DECIDE, CHOSEN, THIS_ONE] {
            for role in [Investigator, Supervisor, Prosecutor, Auditor] {
                for handling in [Handling::Standard, Handling::Restricted] {
                    let case = Some(CaseFacts {
                        relation,
                        handling,
                        status: CaseStatus::Open,
                    });
                    ask(Question {
                        act: *act,
                        roles: &[role],
                        case,
                        facts: NO_PART,
                    });
                }
            }
        }
    }
    ask(with(REQUESTER, on_case(Act::PacketRead, &[Investigator], LEAD)));
    ask(with(REFERRAL, on_case(Act::PacketRead, &[Supervisor], UNIT)));
    assert_eq!(alone, ids("permit"));
}

#[test]
fn a_text_in_doubt_does_not_load() {
    let anything = "permit (principal, action == Action::\"CaseRead\", resource)";
    let refused = [
        ("no @id", format!("{anything};")),
        ("an @id in another case", format!("@id(\"Case_Read\") {anything};")),
        (
            "an @id twice",
            format!("@id(\"a\") {anything} when {{ context.holder }}; @id(\"a\") {anything};"),
        ),
        (
            "an unknown attribute",
            format!("@id(\"a\") {anything} when {{ resource.sealed }};"),
        ),
        (
            "an unknown role",
            format!("@id(\"a\") {anything} when {{ principal.roles.contains(Role::\"supervsor\") }};"),
        ),
        (
            "an unknown act",
            "@id(\"a\") permit (principal, action == Action::\"CaseRaed\", resource);".to_owned(),
        ),
        (
            "a handling that is text",
            format!("@id(\"a\") {anything} when {{ resource.handling == \"standard\" }};"),
        ),
        (
            "a rule that never applies",
            format!("@id(\"a\") {anything} when {{ false }};"),
        ),
        (
            "a rule with a gap",
            "@id(\"a\") permit (principal == ?principal, action, resource);".to_owned(),
        ),
        ("a broken rule", "@id(\"a\") permit (principal, action".to_owned()),
    ];
    for (what, rules) in refused {
        assert!(Policy::parse(SCHEMA, &rules).is_err(), "{what}");
    }
    assert!(Policy::parse(SCHEMA, &format!("@id(\"a\") {anything};")).is_ok());
}

#[test]
fn schema_and_program_know_the_same_acts() {
    for (what, schema) in [
        (
            "an act the program has not",
            SCHEMA.replace("action CaseOpen,", "action CaseBurn, CaseOpen,"),
        ),
        (
            "an act missing",
            SCHEMA.replace("action CaseOpen, CaseList,", "action CaseList,"),
        ),
        (
            "an act about something else",
            SCHEMA.replace("resource: Agency };", "resource: Case };"),
        ),
    ] {
        assert_ne!(schema, SCHEMA);
        assert!(
            matches!(Policy::parse(&schema, ""), Err(PolicyError::Acts(_))),
            "{what}"
        );
    }
}

#[test]
fn an_act_without_its_case_is_refused() {
    let policy = Policy::new().unwrap();
    let lead = on_case(Act::CaseRead, &[Role::Investigator], LEAD);
    assert!(policy.decide(&lead).allowed);
    assert_eq!(policy.decide(&Question { case: None, ..lead }), Decision::default());
    assert_eq!(
        policy.decide(&Question {
            act: Act::CaseOpen,
            ..lead
        }),
        Decision::default()
    );
}

#[test]
fn a_decision_names_its_rules() {
    let policy = Policy::new().unwrap();
    let both = on_case(Act::CaseRead, &[Role::Supervisor], Relation { member: true, ..UNIT });
    assert_eq!(
        policy.decide(&both).rules,
        ["lead-or-member-reads-case", "unit-supervisor-reads-standard-case"]
    );
    let stranger = on_case(Act::CaseRead, &[Role::Investigator], NONE);
    assert_eq!(
        policy.decide(&stranger),
        Decision {
            allowed: false,
            rules: vec![]
        }
    );
    let twice = with(
        Facts {
            requester: true,
            ..HOLDER
        },
        on_case(Act::AuthorizationDecide, &[Role::Supervisor], UNIT),
    );
    assert_eq!(
        policy.decide(&twice).rules,
        ["nobody-decides-own-request", "nobody-decides-what-they-hold"]
    );
}

#[test]
fn a_closed_case_is_told_from_a_missing_right() {
    let policy = Policy::new().unwrap();
    let lead = closed(on_case(Act::CaptureRecord, &[Role::Investigator], LEAD));
    let prosecutor = closed(on_case(Act::CaptureRecord, &[Role::Prosecutor], EXPORT));
    let reopening = closed(on_case(Act::CaseClose, &[Role::Investigator], LEAD));
    assert!(policy.only_closed_forbids(&lead));
    assert!(!policy.only_closed_forbids(&prosecutor) && !policy.decide(&prosecutor).allowed);
    assert!(!policy.only_closed_forbids(&reopening) && policy.decide(&reopening).allowed);
    assert!(!policy.only_closed_forbids(&on_case(Act::CaptureRecord, &[Role::Prosecutor], EXPORT)));
}

#[test]
fn every_slice_holds_against_the_schema() {
    let (schema, _) = cedar_policy::Schema::from_cedarschema_str(SCHEMA).unwrap();
    let policy = Policy::new().unwrap();
    let all = Relation {
        member: true,
        proposed_lead: true,
        supervises: true,
        granted_read: true,
        granted_export: true,
        granted_captures: true,
        granted_this_capture: true,
        recused: true,
        ..LEAD
    };
    for act in Act::ALL {
        for (at, status) in CaseStatus::ALL.iter().enumerate() {
            let case = CaseFacts {
                relation: if at == 0 {
                    NONE
                } else {
                    Relation {
                        granted_decide: true,
                        ..all
                    }
                },
                handling: Handling::ALL[at],
                status: *status,
            };
            let roles = if at == 0 { &[] } else { Role::ALL };
            let question = Question {
                act: *act,
                roles,
                case: act.is_on_case().then_some(case),
                facts: HOLDER,
            };
            let (request, slice) = policy.slice(&question).unwrap();
            let (principal, action) = (request.principal().unwrap().clone(), request.action().unwrap().clone());
            let (resource, context) = (request.resource().unwrap().clone(), request.context().unwrap().clone());
            cedar_policy::Request::new(principal, action.clone(), resource, context, Some(&schema)).unwrap();
            let things = slice.iter().filter(|entity| entity.uid() != action).cloned();
            cedar_policy::Entities::from_entities(things, Some(&schema)).unwrap();
        }
    }
}

#[test]
fn the_digest_is_that_of_the_two_texts() {
    use sha2::Digest;
    let texts: [u8; 32] = sha2::Sha256::digest([SCHEMA, RULES].concat()).into();
    assert_eq!(Policy::new().unwrap().digest(), texts);
    assert_ne!(policy_without("anyone-signed-in").digest(), texts);
}

#[test]
fn words_read_back() {
    for act in Act::ALL {
        assert_eq!(act.as_str().parse(), Ok(*act));
        assert_eq!(act.as_str(), format!("{act:?}"));
    }
    for role in Role::ALL {
        assert_eq!(role.as_str().parse(), Ok(*role));
        assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
    }
    assert_eq!("boss".parse::<Role>().unwrap_err().to_string(), "`boss` is no Role");
}

#[test]
fn counsel_is_told_what_each_rule_means() {
    let page = include_str!("../../docs/policy.md");
    for id in ids("permit").into_iter().chain(ids("forbid")) {
        assert_eq!(
            page.matches(&format!("`{id}`")).count(),
            1,
            "{id} is explained once in docs/policy.md"
        );
    }
}
