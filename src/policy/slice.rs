//! The entity slice of one question: the caller, the case or the agency, the act, and the caller's part in the thing.
//!
//! Names of kinds are parsed once, when the policy is loaded; a question only puts them together. It holds no data of any
//! case.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression};

use super::{Facts, PolicyError, Question};

/// The kinds of things that rules speak of, by their names in the schema.
pub(super) struct Kinds(HashMap<&'static str, EntityTypeName>);

impl Kinds {
    pub(super) fn new() -> Result<Self, PolicyError> {
        let names = [
            "Action", "Agency", "Case", "Handling", "Relation", "Role", "Status", "User",
        ];
        let kinds = names.into_iter().map(|name| Ok((name, name.parse()?)));
        kinds.collect::<Result<_, PolicyError>>().map(Self)
    }

    /// The question as a request with the few entities it is about; nothing when an act comes without the case it is
    /// about, or with one it is not about. `action` is the act's entity, with the families it belongs to.
    ///
    /// The schema is left out here on purpose: the slice is made of our own enums and booleans, and a test holds every
    /// shape of it against the schema. Checking each request again would cost more than deciding it.
    pub(super) fn slice(&self, question: &Question, action: &Entity) -> Option<(Request, Entities)> {
        if question.act.is_on_case() != question.case.is_some() {
            return None;
        }
        let relation = question.case.map(|case| case.relation).unwrap_or_default();
        let roles = question.roles.iter().map(|role| self.word("Role", role.as_str()));
        let relations = relation.words().map(|word| self.word("Relation", word));
        let user = self.entity("User", [("roles", set(roles)?), ("relations", set(relations)?)])?;
        let (thing, context) = match question.case {
            Some(case) => {
                let handling = self.word("Handling", case.handling.as_str())?;
                let status = self.word("Status", case.status.as_str())?;
                let thing = self.entity("Case", [("handling", handling), ("status", status)])?;
                (thing, context(question.facts)?)
            }
            None => (self.entity("Agency", [])?, Context::empty()),
        };
        let request = Request::new(user.uid(), action.uid(), thing.uid(), context, None).ok()?;
        let entities = Entities::from_entities([user, thing, action.clone()], None).ok()?;
        Some((request, entities))
    }

    /// The entity of this kind with this word for a name.
    pub(super) fn uid(&self, kind: &str, word: &str) -> Option<EntityUid> {
        let kind = self.0.get(kind)?.clone();
        Some(EntityUid::from_type_name_and_id(kind, EntityId::new(word)))
    }

    fn word(&self, kind: &str, word: &str) -> Option<RestrictedExpression> {
        self.uid(kind, word).map(RestrictedExpression::new_entity_uid)
    }

    /// The one entity of a kind that a question has.
    fn entity<const N: usize>(&self, kind: &str, attributes: [(&str, RestrictedExpression); N]) -> Option<Entity> {
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value));
        Entity::new(self.uid(kind, "this")?, HashMap::from(attributes), HashSet::new()).ok()
    }
}

fn set(words: impl Iterator<Item = Option<RestrictedExpression>>) -> Option<RestrictedExpression> {
    words.collect::<Option<Vec<_>>>().map(RestrictedExpression::new_set)
}

fn context(facts: Facts) -> Option<Context> {
    let Facts {
        requester,
        holder,
        capturer,
        former_member,
        approver,
        referral,
    } = facts;
    let pairs = [
        ("requester", requester),
        ("holder", holder),
        ("capturer", capturer),
        ("former_member", former_member),
        ("approver", approver),
        ("referral", referral),
    ];
    Context::from_pairs(pairs.map(|(name, value)| (name.to_owned(), RestrictedExpression::new_bool(value)))).ok()
}
