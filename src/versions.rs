//! The versions of a thing that a caller has seen, which `If-Match` names (RFC 9110, section 13.1.1). A tag is a version, so
//! a weak one says as much.

use crate::error::{Error, Result};

/// What a change was made on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SeenVersions {
    /// Whatever is there.
    #[default]
    Any,
    /// One of these.
    These(Vec<i64>),
}

impl SeenVersions {
    /// Reads a list of tags, or `*`. A tag that is no version of ours matches none.
    pub fn parse(text: &str) -> Self {
        let tags = text.split(',').map(str::trim);
        match text.trim() {
            "*" => Self::Any,
            _ => Self::These(tags.filter_map(version).collect()),
        }
    }

    /// Refuses where the present version is none of these.
    pub fn check(&self, present: i64) -> Result<()> {
        match self {
            Self::These(seen) if !seen.contains(&present) => Err(Error::stale()),
            _ => Ok(()),
        }
    }
}

fn version(tag: &str) -> Option<i64> {
    let strong = tag.strip_prefix("W/").unwrap_or(tag);
    let digits = strong.strip_prefix('"')?.strip_suffix('"')?;
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    plain.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_by_version() {
        for text in [
            "\"2\"",
            "W/\"2\"",
            "\"1\", \"2\"",
            "W/\"9\" ,,W/\"2\"",
            " * ",
            "\"a\",\"2\"",
        ] {
            assert!(SeenVersions::parse(text).check(2).is_ok(), "{text}");
        }
        for text in [
            "\"3\"",
            "2",
            "",
            "\"2",
            "w/\"2\"",
            "\"1\", \"3\"",
            "\"*\"",
            "*, \"3\"",
            "\"+2\"",
            "\"02\"",
            "\"2-gzip\"",
        ] {
            assert!(SeenVersions::parse(text).check(2).is_err(), "{text}");
        }
    }
}
