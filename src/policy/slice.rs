//! The entity slice of one question: the caller, the case or the agency, the act, and the caller's part in the thing.
//!
//! Names are parsed once, when the policy is loaded; a question only puts them together. It holds no data of any case.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression};

use super::{CaseFacts, CaseStatus, Facts, Handling, PolicyError, Question, Relation, Role};

/// The relations' words in the schema, in the order of `held`.
const RELATIONS: [&str; 6] = [
    "lead",
    "member",
    "supervises",
    "granted_read",
    "granted_export",
    "granted_decide",
];

/// The words of a question as values that rules can be evaluated over.
pub(super) struct Words {
    user: EntityUid,
    case: EntityUid,
    agency: Entity,
    roles: Vec<RestrictedExpression>,
    relations: Vec<RestrictedExpression>,
    handlings: Vec<RestrictedExpression>,
    statuses: Vec<RestrictedExpression>,
    /// The action of each act, in the order of `Act::ALL`, with the families it belongs to.
    actions: Vec<Entity>,
}

impl Words {
    pub(super) fn new(actions: Vec<Entity>) -> Result<Self, PolicyError> {
        Ok(Self {
            user: uid("User", "caller")?,
            case: uid("Case", "case")?,
            agency: Entity::new_no_attrs(uid("Agency", "agency")?, HashSet::new()),
            roles: references("Role", Role::ALL.iter().map(|role| role.as_str()))?,
            relations: references("Relation", RELATIONS.into_iter())?,
            handlings: references("Handling", Handling::ALL.iter().map(|handling| handling.as_str()))?,
            statuses: references("Status", CaseStatus::ALL.iter().map(|status| status.as_str()))?,
            actions,
        })
    }

    /// The question as a request with the few entities it is about; nothing when an act comes without the case it is
    /// about, or with one it is not about.
    ///
    /// The schema is left out here on purpose: the slice is made of our own enums and booleans, and a test holds every
    /// shape of it against the schema. Checking each request again would cost more than deciding it.
    pub(super) fn slice(&self, question: &Question) -> Option<(Request, Entities)> {
        if question.act.is_on_case() != question.case.is_some() {
            return None;
        }
        let action = self.actions.get(question.act as usize)?.clone();
        let user = self.user(
            question.roles,
            question.case.map(|case| case.relation).unwrap_or_default(),
        )?;
        let (resource, context) = match question.case {
            Some(case) => (self.case(case)?, context(question.facts)?),
            None => (self.agency.clone(), Context::empty()),
        };
        let request = Request::new(user.uid(), action.uid(), resource.uid(), context, None).ok()?;
        let entities = Entities::from_entities([user, resource, action], None).ok()?;
        Some((request, entities))
    }

    fn user(&self, roles: &[Role], relation: Relation) -> Option<Entity> {
        let roles = roles
            .iter()
            .map(|role| self.roles.get(*role as usize).cloned())
            .collect::<Option<Vec<_>>>()?;
        let relations = self
            .relations
            .iter()
            .zip(held(relation))
            .filter(|(_, holds)| *holds)
            .map(|(word, _)| word.clone());
        let attributes = HashMap::from([
            ("roles".to_owned(), RestrictedExpression::new_set(roles)),
            ("relations".to_owned(), RestrictedExpression::new_set(relations)),
        ]);
        Entity::new(self.user.clone(), attributes, HashSet::new()).ok()
    }

    fn case(&self, case: CaseFacts) -> Option<Entity> {
        let attributes = HashMap::from([
            (
                "handling".to_owned(),
                self.handlings.get(case.handling as usize)?.clone(),
            ),
            ("status".to_owned(), self.statuses.get(case.status as usize)?.clone()),
        ]);
        Entity::new(self.case.clone(), attributes, HashSet::new()).ok()
    }
}

fn held(relation: Relation) -> [bool; 6] {
    let Relation {
        lead,
        member,
        supervises,
        granted_read,
        granted_export,
        granted_decide,
    } = relation;
    [lead, member, supervises, granted_read, granted_export, granted_decide]
}

fn context(facts: Facts) -> Option<Context> {
    let Facts {
        requester,
        holder,
        capturer,
    } = facts;
    let pairs = [("requester", requester), ("holder", holder), ("capturer", capturer)];
    Context::from_pairs(pairs.map(|(name, value)| (name.to_owned(), RestrictedExpression::new_bool(value)))).ok()
}

fn references<'a>(kind: &str, words: impl Iterator<Item = &'a str>) -> Result<Vec<RestrictedExpression>, PolicyError> {
    words
        .map(|word| Ok(RestrictedExpression::new_entity_uid(uid(kind, word)?)))
        .collect()
}

/// The entity of this kind with this word for a name.
pub(super) fn uid(kind: &str, word: &str) -> Result<EntityUid, PolicyError> {
    let kind: EntityTypeName = kind
        .parse()
        .map_err(|error: cedar_policy::ParseErrors| PolicyError::Syntax(error.to_string()))?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(word)))
}
