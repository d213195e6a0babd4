//! Who is calling: passwords, sessions, tokens. Roles and revocation are read from the database; an access token only names
//! a session.

mod access_token;
mod attempts;
mod delegated;
mod delegator;
mod form_token;
mod network;
mod password;
mod refresh_token;
mod seals;
pub mod secret;
mod session;

pub use access_token::{AccessTokens, LIFE, ShownToken, TokenUse};
pub use attempts::{SignInAttempt, SignInAttempts};
pub use delegated::{delegated_units, delegates_over};
pub use delegator::delegator;
pub use form_token::FormTokens;
pub use network::Network;
pub use password::{Passwords, one_time, rules};
pub use refresh_token::{RefreshTokens, ShownRefresh};
pub use seals::Seals;
pub use session::{
    Caller, Credential, CredentialKind, LiveCredential, NewSecret, Opened, PastCredential, Person, Refreshed, end,
    end_all, end_perhaps, insert_past, keep_alive, keep_token, last_signed_in, live, name_token, note_use, open, owner,
    refresh, resolve, signed_in_from, unbound_secret,
};
