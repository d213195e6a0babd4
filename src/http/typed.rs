//! What a page's form sent, kept with its request until it is answered.

use actix_web::{HttpMessage, HttpRequest};

/// The token of the session.
pub const FORM_TOKEN: &str = "form_token";
/// What `If-Match` is to the API.
pub const VERSION: &str = "version";
/// What `Idempotency-Key` is to the API.
pub const IDEMPOTENCY_KEY: &str = "idempotency_key";
/// The IANA name of the zone in which the form shows and takes times.
pub const ZONE: &str = "form_zone";
/// The id of the person for whom the form was made.
pub const PERSON: &str = "form_person";
/// A form that was sent after its session had ended, sealed.
pub const CARRIED: &str = "carried";
/// Fields of every page's form that are no field of the thing it is about.
pub const HIDDEN: &[&str] = &[FORM_TOKEN, VERSION, IDEMPOTENCY_KEY, ZONE, PERSON, CARRIED];

/// Names and texts, in the order in which they were sent.
#[derive(Debug, Clone, Default)]
pub struct TypedFields(pub Vec<(String, String)>);

impl TypedFields {
    /// What the form of this request sent; nothing, where it has not been read.
    pub fn of(req: &HttpRequest) -> Self {
        req.extensions().get::<Self>().cloned().unwrap_or_default()
    }

    /// A hidden field.
    pub fn hidden(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

/// A field of the form that this request brought, such as a hidden one.
pub fn hidden(req: &HttpRequest, name: &str) -> Option<String> {
    TypedFields::of(req).hidden(name).map(str::to_owned)
}
