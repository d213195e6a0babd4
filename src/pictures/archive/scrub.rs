//! What is looked for in heads, addresses and texts, and what stands in its place.

use std::borrow::Cow;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::bytes::{Captures, Regex};

use super::parts::{REMOVED, SanitizedCounts};

/// Names of fields whose values let somebody into an account, in addresses, forms and JSON.
const FIELDS: &str = r"[\w.\-]*(?:token|csrf|xsrf|session|sessid|passw(?:or)?d|passphrase|secret|api[_\-]?key|jwt|credential)[\w.\-]*|sid|auth|oauth[\w.\-]*|authorization|pwd";

/// Parts of the names of heads that carry sessions.
const HEADS: [&str; 9] = [
    "cookie",
    "authorization",
    "authentication-info",
    "token",
    "csrf",
    "xsrf",
    "session",
    "api-key",
    "x-auth",
];

/// Replaces what it looks for, and counts.
pub(super) struct Scrub {
    names: Option<AhoCorasick>,
    fields: [Regex; 4],
    pub counts: SanitizedCounts,
}

impl Scrub {
    pub fn new(names: &[String]) -> Result<Self, String> {
        let mut patterns: Vec<Vec<u8>> = names.iter().flat_map(|name| spellings(name)).collect();
        patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.len()));
        patterns.dedup();
        let search = || {
            AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .match_kind(aho_corasick::MatchKind::LeftmostLongest)
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .build(&patterns)
        };
        let names = (!patterns.is_empty()).then(search).transpose();
        let regex = |text: String| Regex::new(&text).map_err(|e| e.to_string());
        Ok(Self {
            names: names.map_err(|e| e.to_string())?,
            fields: [
                // In an address or a form, also one that is written into another address.
                regex(format!(r#"(?i-u)((?:^|[?&;])(?:{FIELDS})=)([^&#;\s"'<>\\]+)()"#))?,
                regex(format!(r#"(?i-u)(%(?:3F|26)(?:{FIELDS})%3D)([^&%#\s"'<>\\]+)()"#))?,
                // In JSON, also as it stands within a string of a script.
                regex(format!(r#"(?i-u)("(?:{FIELDS})"\s*:\s*")((?:[^"\\]|\\.)+)(")"#))?,
                regex(format!(r#"(?i-u)(\\"(?:{FIELDS})\\"\s*:\s*\\")([^"\\]+)(\\")"#))?,
            ],
            counts: SanitizedCounts::default(),
        })
    }

    /// A text without the values of such fields, and without the names.
    pub fn text<'t>(&mut self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let mut left = Cow::Borrowed(text);
        for fields in &self.fields {
            let mut found = 0;
            let replaced = fields.replace_all(&left, |parts: &Captures<'_>| {
                found += u64::from(&parts[2] != REMOVED.as_bytes());
                [&parts[1], REMOVED.as_bytes(), &parts[3]].concat()
            });
            if let Cow::Owned(replaced) = replaced {
                left = Cow::Owned(replaced);
            }
            self.counts.tokens += found;
        }
        let Some(names) = &self.names else { return left };
        let found = names.find_iter(&*left).count() as u64;
        if found > 0 {
            self.counts.names += found;
            let mut without = Vec::with_capacity(left.len());
            names.replace_all_with_bytes(&left, &mut without, |_, _, to| {
                to.extend_from_slice(REMOVED.as_bytes());
                true
            });
            left = Cow::Owned(without);
        }
        left
    }

    /// The value of a head by its name, without what carries a session.
    pub fn head(&mut self, name: &str, value: &[u8]) -> Vec<u8> {
        let own = name.to_ascii_lowercase();
        if HEADS.iter().any(|part| own.contains(part)) && !value.is_empty() {
            self.counts.headers += 1;
            return REMOVED.into();
        }
        self.text(value).into_owned()
    }
}

/// A name as it may be written: as it is, in addresses, in JSON, in HTML, and in the older alphabet of the west.
fn spellings(name: &str) -> Vec<Vec<u8>> {
    let lower = name.to_lowercase();
    let upper = name.to_uppercase();
    let mut all = Vec::new();
    for name in [name, &lower, &upper] {
        let in_address: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let each = |odd: &dyn Fn(char) -> String| -> String {
            let one = |c: char| if c.is_ascii() { c.to_string() } else { odd(c) };
            name.chars().map(one).collect()
        };
        let in_json = each(&|c| {
            c.encode_utf16(&mut [0; 2])
                .iter()
                .map(|unit| format!("\\u{unit:04x}"))
                .collect()
        });
        let in_html = [
            each(&|c| format!("&#{};", c as u32)),
            each(&|c| format!("&#x{:x};", c as u32)),
        ];
        let escaped = name.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        let texts = [
            name.to_owned(),
            in_address.replace('+', "%20"),
            in_address,
            in_json,
            escaped,
        ];
        all.extend(texts.into_iter().chain(in_html).map(String::into_bytes));
        let latin: Option<Vec<u8>> = name.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
        all.extend(latin);
    }
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(names: &[&str], text: &str) -> String {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut scrub = Scrub::new(&names).expect("patterns");
        String::from_utf8(scrub.text(text.as_bytes()).into_owned()).expect("text")
    }

    #[test]
    fn tokens_are_found_where_they_stand() {
        for (text, wanted) in [
            (
                "https://a.example/?id=7&access_token=s3cret#x",
                "https://a.example/?id=7&access_token=REMOVED#x",
            ),
            ("href=\"/p?a=1&amp;sid=s3cret\"", "href=\"/p?a=1&amp;sid=REMOVED\""),
            ("password=hunter2&user=x", "password=REMOVED&user=x"),
            (
                "next=https%3A%2F%2Fa.example%3Ftoken%3Ds3cret",
                "next=https%3A%2F%2Fa.example%3Ftoken%3DREMOVED",
            ),
            (
                r#"{"csrfToken": "s3c\"ret", "id": "7"}"#,
                r#"{"csrfToken": "REMOVED", "id": "7"}"#,
            ),
            (
                r#"x = "{\"api_key\":\"s3cret\"}""#,
                r#"x = "{\"api_key\":\"REMOVED\"}""#,
            ),
            ("/?author=bob&side=left&authors=2", "/?author=bob&side=left&authors=2"),
        ] {
            assert_eq!(left(&[], text), wanted);
        }
    }

    #[test]
    fn names_are_found_however_they_are_written() {
        for text in [
            "Jörg Weiß",
            "JÖRG WEISS",
            "J%C3%B6rg%20Wei%C3%9F",
            "J%c3%b6rg+Wei%c3%9f",
            "J\\u00f6rg Wei\\u00DF",
            "J&#246;rg Wei&#223;",
            "J&#xf6;rg Wei&#xDF;",
        ] {
            assert_eq!(left(&["Jörg Weiß"], &format!("by {text}.")), "by REMOVED.", "{text}");
        }
        let latin: Vec<u8> = "Jörg Weiß"
            .chars()
            .map(|c| u8::try_from(u32::from(c)).expect("latin"))
            .collect();
        let mut scrub = Scrub::new(&["Jörg Weiß".to_owned()]).expect("patterns");
        assert_eq!(&*scrub.text(&latin), REMOVED.as_bytes());
        assert_eq!(scrub.counts.names, 1);
    }

    #[test]
    fn heads_that_carry_sessions_lose_their_values() {
        let mut scrub = Scrub::new(&[]).expect("patterns");
        for name in [
            "Cookie",
            "set-cookie",
            "Authorization",
            "Proxy-Authorization",
            "X-CSRF-Token",
            "x-auth-id",
            "X-Guest-Token",
        ] {
            assert_eq!(scrub.head(name, b"s3cret"), REMOVED.as_bytes(), "{name}");
        }
        assert_eq!(scrub.head("Location", b"/?sid=s3cret"), b"/?sid=REMOVED");
        assert_eq!(scrub.head("Content-Type", b"text/html"), b"text/html");
        assert_eq!((scrub.counts.headers, scrub.counts.tokens), (7, 1));
    }
}
