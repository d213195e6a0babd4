//! The decision: a question in our words, put to the rules, answered with the names of the rules that decided.
//!
//! Whatever goes wrong on the way is a refusal: an act without the case it is about, a rule that fails to evaluate.

use std::collections::{HashMap, HashSet};
use std::sync::RwLock;

use cedar_policy::{
    ActionConstraint, Authorizer, Entities, Entity, EntityUid, PolicyId, PolicySet, Request, Schema, ValidationMode,
    Validator,
};
use sha2::{Digest, Sha256};

use super::question::{CaseFacts, Decision, Facts, PolicyError, Question};
use super::slice::Kinds;
use super::{Act, CaseStatus, Role};

/// The text of the words that the rules may use.
pub(super) const SCHEMA: &str = include_str!("casetrail.cedarschema");
/// The text of the rules.
pub(super) const RULES: &str = include_str!("casetrail.cedar");

/// The rules, read once and held for every decision.
pub struct Policy {
    authorizer: Authorizer,
    /// For each act, in the order of `Act::ALL`, its action with the families it belongs to, and the rules that speak of
    /// it. The others could only cost time.
    acts: Vec<(Entity, PolicySet)>,
    kinds: Kinds,
    digest: [u8; 32],
    /// Answers given before. The answer follows from the question alone, and few questions are ever asked.
    answers: RwLock<HashMap<Asked, Decision>>,
}

/// A question, kept.
type Asked = (Act, Vec<Role>, Option<CaseFacts>, Facts);

/// Answers kept at the most, far more than an agency's people, cases and acts come to.
const ANSWERS: usize = 16_384;

impl Policy {
    /// Loads the rules that are built into the program.
    pub fn new() -> Result<Self, PolicyError> {
        Self::parse(SCHEMA, RULES)
    }

    /// Answers a question. Nothing is allowed that no rule allows, and what cannot be answered is refused.
    pub fn decide(&self, question: &Question) -> Decision {
        let asked = (question.act, question.roles.to_vec(), question.case, question.facts);
        if let Ok(answers) = self.answers.read()
            && let Some(decision) = answers.get(&asked)
        {
            return decision.clone();
        }
        let decision = self.ask(question);
        if let Ok(mut answers) = self.answers.write()
            && answers.len() < ANSWERS
        {
            answers.insert(asked, decision.clone());
        }
        decision
    }

    /// Puts a question to the rules.
    fn ask(&self, question: &Question) -> Decision {
        let Some((request, slice)) = self.slice(question) else {
            return Decision::default();
        };
        let response = self
            .authorizer
            .is_authorized(&request, self.rules(question.act), &slice);
        // Cedar leaves out a rule that fails to evaluate. A forbid must not get lost that way.
        if response.diagnostics().errors().next().is_some() {
            return Decision::default();
        }
        let mut rules: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
        rules.sort_unstable();
        Decision {
            allowed: response.decision() == cedar_policy::Decision::Allow,
            rules,
        }
    }

    /// Whether nothing but the case being closed stands in the way: then the answer is "conflicting state", since
    /// reopening would help, and not "you may not".
    pub fn only_closed_forbids(&self, question: &Question) -> bool {
        let Some(case) = question.case.filter(|case| case.status == CaseStatus::Closed) else {
            return false;
        };
        let reopened = Question {
            case: Some(CaseFacts {
                status: CaseStatus::Open,
                ..case
            }),
            ..*question
        };
        !self.decide(question).allowed && self.decide(&reopened).allowed
    }

    /// The SHA-256 of schema and rules, one after the other, for the event `policy.activated`. Anyone gets the same
    /// with `cat casetrail.cedarschema casetrail.cedar | sha256sum`.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Whether any rule about this act looks at the caller's part in the thing concerned.
    pub(super) fn minds_facts(&self, act: Act) -> bool {
        let mut rules = self.rules(act).policies();
        rules.any(|rule| rule.to_string().contains("context"))
    }

    pub(super) fn slice(&self, question: &Question) -> Option<(Request, Entities)> {
        let (action, _) = &self.acts[question.act as usize];
        self.kinds.slice(question, action)
    }

    /// The rules that speak of an act.
    fn rules(&self, act: Act) -> &PolicySet {
        &self.acts[act as usize].1
    }

    /// Reads and validates a policy. Warnings are refused as errors are: this text is ours, and must leave no doubt.
    pub(super) fn parse(schema_text: &str, rules_text: &str) -> Result<Self, PolicyError> {
        let (schema, warnings) =
            Schema::from_cedarschema_str(schema_text).map_err(|error| PolicyError::Syntax(error.to_string()))?;
        let doubts: Vec<String> = warnings.map(|warning| warning.to_string()).collect();
        let rules = named_by_id(rules_text.parse()?)?;
        validate(&schema, &rules, doubts)?;
        let known = schema
            .action_entities()
            .map_err(|error| PolicyError::Acts(error.to_string()))?;
        let kinds = Kinds::new()?;
        let acts = actions(&schema, &known, &kinds)?.into_iter().map(|action| {
            let rules = about(&known, &action.uid(), &rules)?;
            Ok((action, rules))
        });
        let acts = acts.collect::<Result<_, PolicyError>>()?;
        let digest = Sha256::new()
            .chain_update(schema_text)
            .chain_update(rules_text)
            .finalize()
            .into();
        Ok(Self {
            authorizer: Authorizer::new(),
            acts,
            kinds,
            digest,
            answers: RwLock::default(),
        })
    }
}

/// Holds the rules against the schema, and lets nothing pass that Cedar finds doubtful.
fn validate(schema: &Schema, rules: &PolicySet, mut faults: Vec<String>) -> Result<(), PolicyError> {
    let verdict = Validator::new(schema.clone()).validate(rules, ValidationMode::Strict);
    faults.extend(verdict.validation_errors().map(ToString::to_string));
    faults.extend(verdict.validation_warnings().map(ToString::to_string));
    if faults.is_empty() {
        Ok(())
    } else {
        Err(PolicyError::Invalid(faults.join("; ")))
    }
}

/// The same rules, each under the name its @id gives, so that reasons can be read. A rule with a gap to fill in later
/// (a template) never applies by itself and would look like one that does, so that none is taken.
fn named_by_id(rules: PolicySet) -> Result<PolicySet, PolicyError> {
    let mut named = PolicySet::new();
    if let Some(template) = rules.templates().next() {
        return Err(PolicyError::RuleName(template.to_string()));
    }
    for rule in rules.policies() {
        let name = rule.annotation("id").unwrap_or_default();
        let shown = if name.is_empty() {
            rule.to_string()
        } else {
            name.to_owned()
        };
        let refuse = || PolicyError::RuleName(shown.clone());
        if !is_kebab_case(name) {
            return Err(refuse());
        }
        named.add(rule.new_id(PolicyId::new(name))).map_err(|_| refuse())?;
    }
    Ok(named)
}

fn is_kebab_case(name: &str) -> bool {
    name.split('-')
        .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}

/// The action entity of each act, after making sure that the schema and `Act` name the same acts for the same things.
fn actions(schema: &Schema, known: &Entities, kinds: &Kinds) -> Result<Vec<Entity>, PolicyError> {
    let families: HashSet<&EntityUid> = schema.action_groups().collect();
    for action in schema.actions().filter(|action| !families.contains(action)) {
        let word = action.id().unescaped();
        word.parse::<Act>()
            .map_err(|_| PolicyError::Acts(format!("`{word}` is no Act")))?;
    }
    let (user, case, agency) = ("User".parse()?, "Case".parse()?, "Agency".parse()?);
    let on = |thing| -> HashSet<&EntityUid> { schema.actions_for_principal_and_resource(&user, thing).collect() };
    let (on_case, on_agency) = (on(&case), on(&agency));
    Act::ALL
        .iter()
        .map(|act| {
            let refuse = || PolicyError::Acts(format!("`{act}` is missing, or is about something else"));
            let action = kinds.uid("Action", act.as_str()).ok_or_else(refuse)?;
            if (on_case.contains(&action), on_agency.contains(&action)) != (act.is_on_case(), !act.is_on_case()) {
                return Err(refuse());
            }
            known.get(&action).cloned().ok_or_else(refuse)
        })
        .collect()
}

/// The rules whose scope includes this action, by its own name or by a family's.
fn about(known: &Entities, action: &EntityUid, rules: &PolicySet) -> Result<PolicySet, PolicyError> {
    let takes_in = |name: &EntityUid| name == action || known.is_ancestor_of(name, action);
    let speaks = |rule: &&cedar_policy::Policy| match rule.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(name) => takes_in(&name),
        ActionConstraint::In(names) => names.iter().any(takes_in),
    };
    PolicySet::from_policies(rules.policies().filter(speaks).cloned())
        .map_err(|error| PolicyError::Syntax(error.to_string()))
}
