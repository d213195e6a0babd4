//! Who is calling: passwords, sessions, tokens. The session's row decides roles and revocation; what the bearer
//! carries is an envelope.

mod envelope;
mod password;
pub mod secret;
mod session;

pub use envelope::Envelopes;
pub use password::{Passwords, one_time, rules};
pub use session::{Caller, Credential, Opened, Person, Refreshed, end, end_all, open, refresh, resolve, token};
