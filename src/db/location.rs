//! The address of a database: parsed, and shown without its password.

use std::fmt;
use std::path::PathBuf;

use crate::error::{Error, Result};

/// Where a database lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// A `postgres://` URL, as PostgreSQL's own programs read it: the server may also be a Unix-domain socket, and the
    /// user may be left out.
    Postgres(String),
}

impl Location {
    /// Parses `sqlite://path` or `postgres://…`. Refuses a URL whose password would be taken for a part of the host,
    /// because later messages would show it.
    pub fn parse(text: &str) -> Result<Self> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            if is_ambiguous(&without_password(text).0) {
                let way_out = "has an @ where none may be: in a name or password write @ as %40, / as %2F, : as %3A";
                return Err(Error::field("database", "encoding", way_out));
            }
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err(Error::field(
            "database",
            "scheme",
            "must be sqlite://PATH or postgres://USER@HOST/NAME",
        ))
    }
}

impl Location {
    /// The kind of database, in a word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }
}

impl fmt::Display for Location {
    /// Without passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => {
                let url = SECRETS
                    .iter()
                    .fold(without_password(url).0, |url, name| without(&url, name).0);
                f.write_str(if is_ambiguous(&url) { "postgres://…" } else { &url })
            }
        }
    }
}

/// Parameters that are shown to nobody.
const SECRETS: [&str; 4] = [
    "sslpassword",
    "oauth_client_secret",
    "scram_client_key",
    "scram_server_key",
];

/// A PostgreSQL URL without its password, and the password. It may stand before the host or among the parameters; where
/// it stands in both, the parameter counts (libpq, section "Connection URIs").
pub fn without_password(url: &str) -> (String, Option<String>) {
    let start = start(url);
    let Some((user_info, rest)) = user_info(&url[start..]) else {
        return without(url, "password");
    };
    let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    let (url, named) = without(&format!("{}{user}@{rest}", &url[..start]), "password");
    // An empty one is none: libpq then looks elsewhere.
    let password = Some(decoded(password)).filter(|p| !p.is_empty());
    (url, named.or(password))
}

fn start(url: &str) -> usize {
    url.find("://").map_or(0, |at| at + 3)
}

/// What stands before the first `@`, where no slash comes before it, and what stands behind.
fn user_info(text: &str) -> Option<(&str, &str)> {
    let at = text.find(['@', '/'])?;
    text[at..].strip_prefix('@').map(|rest| (&text[..at], rest))
}

/// Whether there is one more `@` outside the parameters, which then belongs to a password that nobody finds.
fn is_ambiguous(url: &str) -> bool {
    let text = &url[start(url)..];
    let rest = user_info(text).map_or(text, |(_, rest)| rest);
    rest.split('?').next().is_some_and(|place| place.contains('@'))
}

/// The same without one of its parameters, and that one's last value.
fn without(url: &str, name: &str) -> (String, Option<String>) {
    let Some((before, parameters)) = url.split_once('?') else {
        return (url.to_owned(), None);
    };
    let is_it = |pair: &&str| pair.split('=').next().is_some_and(|key| decoded(key) == name);
    let (out, kept): (Vec<&str>, Vec<&str>) = parameters.split('&').partition(is_it);
    let value = out
        .last()
        .map(|pair| decoded(pair.split_once('=').map_or("", |(_, value)| value)));
    let mark = if kept.is_empty() { "" } else { "?" };
    (format!("{before}{mark}{}", kept.join("&")), value)
}

/// Percent signs undone; a plus stays a plus, as libpq reads it.
fn decoded(text: &str) -> String {
    let query = format!("p={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(query.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_found_wherever_it_stands() {
        let some = |text: &str| Some(text.to_owned());
        for (url, kept, password) in [
            (
                "postgres://u:p%40+s@host/db?sslmode=require",
                "postgres://u@host/db?sslmode=require",
                some("p@+s"),
            ),
            ("postgres://u@host/db", "postgres://u@host/db", None),
            ("postgres://host:5432/db", "postgres://host:5432/db", None),
            ("postgres://u:x@[::1]:5432/db", "postgres://u@[::1]:5432/db", some("x")),
            (
                "postgres://u:x@/db?host=/run/postgresql",
                "postgres://u@/db?host=/run/postgresql",
                some("x"),
            ),
            (
                "postgres:///db?host=/tmp&password=a%26b&port=1",
                "postgres:///db?host=/tmp&port=1",
                some("a&b"),
            ),
            ("postgres://u:x@h/db?password=y", "postgres://u@h/db", some("y")),
            ("postgres://u:@h/db", "postgres://u@h/db", None),
            ("postgres://u:p?x&y@h/db?a=b", "postgres://u@h/db?a=b", some("p?x&y")),
            ("postgres://u:a:b@h:1,g:2/db", "postgres://u@h:1,g:2/db", some("a:b")),
            ("postgres://u@h/db?p%61ssword=x@y", "postgres://u@h/db", some("x@y")),
            ("postgres://%2Ftmp/db", "postgres://%2Ftmp/db", None),
        ] {
            assert_eq!(without_password(url), (kept.to_owned(), password), "{url}");
        }
    }

    #[test]
    fn nothing_secret_is_shown() {
        let shown = |url: &str| Location::parse(url).expect("a location").to_string();
        assert_eq!(
            shown("postgres://u:x@h/db?password=y&sslpassword=z&sslmode=require"),
            "postgres://u@h/db?sslmode=require"
        );
        assert_eq!(shown("sqlite:///srv/c.db"), "sqlite:///srv/c.db");
        for ambiguous in [
            "postgres://u:ab/cd@h/db",
            "postgres://u:p@q@h/db",
            "postgres://u:p@x/y@h/db",
        ] {
            let refused = Location::parse(ambiguous).expect_err(ambiguous);
            assert!(refused.to_string().contains("%2F") || format!("{refused:?}").contains("%2F"));
            assert_eq!(Location::Postgres(ambiguous.into()).to_string(), "postgres://…");
        }
    }
}
