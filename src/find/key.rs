//! The keys by which something is found: texts as the contract compares them (section 2), hashed, so that each is as long.

use url::Url;

use crate::captures::{Capture, Examination, recognize, without_tracking};
use crate::lookalike::fold;
use crate::proof::id::Digest;
use crate::subjects::{Account, plain_handle};
use crate::words;

words! {
    /// What led to something.
    FoundBy {
        /// A case's number.
        Number = "number",
        /// An item's number in its case.
        Item = "item",
        /// An authorization's number in its case.
        AuthorizationNumber = "authorization",
        /// An address, without its tracking parts.
        Address = "address",
        /// A handle.
        Handle = "handle",
        /// The platform's own id of a post or an account.
        PlatformId = "platform_id",
        /// Words in what files say of themselves: titles and texts of pages, camera, type, flags.
        Words = "words",
        /// A file's digest, or its beginning.
        Sha256 = "sha256",
        /// The id of the thing.
        Id = "id",
    }
}

/// Words of one capture that it is found by.
const WORDS: usize = 600;
/// Words that are looked up together.
const TOGETHER: usize = 8;
/// Shorter words lead to nothing.
const SHORTEST: usize = 2;
/// What a camera is called in EXIF, and in the tags of a video.
const CAMERA: [&str; 5] = [
    "Make",
    "Model",
    "Software",
    "com.apple.quicktime.make",
    "com.apple.quicktime.model",
];

/// Bytes of a key: enough that no two texts share one by chance.
const LENGTH: usize = 16;

/// A key as the table holds it.
pub type FindKey = Vec<u8>;

/// The key of a text that was said as this.
pub fn key(by: FoundBy, text: &str) -> FindKey {
    let plain = match by {
        FoundBy::Address => address(text),
        FoundBy::Handle => plain_handle(text),
        _ => fold(text),
    };
    let digest = Digest::of_parts(&[by.as_str().as_bytes(), b"\0", plain.as_bytes()]);
    digest.as_bytes()[..LENGTH].to_vec()
}

/// An address as it is compared: without tracking parts, scheme, `www.` and a slash at the end.
fn address(text: &str) -> String {
    let text = text.trim();
    let full = without_tracking(text).unwrap_or_else(|| text.to_owned());
    let Ok(url) = Url::parse(&full) else { return fold(text) };
    let Some(host) = url.host_str() else { return full };
    let host = host.strip_prefix("www.").unwrap_or(host);
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let rest = &url[url::Position::BeforePath..];
    format!("{host}{port}{}", rest.trim_end_matches('/'))
}

/// A text that is an address, or would be one with `https://` before it.
pub fn as_address(text: &str) -> Option<String> {
    let is_web = |url: &Url| matches!(url.scheme(), "http" | "https");
    if Url::parse(text).is_ok_and(|url| is_web(&url)) {
        return Some(text.to_owned());
    }
    let (host, _) = text.split_once('/')?;
    let plain = !text.contains(char::is_whitespace) && host.contains('.') && !host.contains(':');
    let full = format!("https://{text}");
    (plain && Url::parse(&full).is_ok()).then_some(full)
}

/// Adds the key of what was said, where it was; `unknown` is an answer and no name.
fn push(keys: &mut Vec<FindKey>, by: FoundBy, said: Option<&str>) {
    if let Some(text) = said.filter(|text| !text.trim().is_empty() && *text != "unknown") {
        keys.push(key(by, text));
    }
}

/// What a capture is found by.
pub fn of_capture(capture: &Capture) -> Vec<FindKey> {
    let (said, mut keys) = (&capture.particulars, Vec::new());
    for address in [&said.url, &said.final_url].into_iter().flatten() {
        push(&mut keys, FoundBy::Address, Some(address));
        push(&mut keys, FoundBy::PlatformId, recognize(address).post.as_deref());
    }
    if let Some(account) = &said.account {
        push(&mut keys, FoundBy::Handle, account.handle.as_deref());
        push(&mut keys, FoundBy::PlatformId, account.platform_id.as_deref());
    }
    once(keys)
}

/// What an account is found by.
pub fn of_account(account: &Account) -> Vec<FindKey> {
    let (said, mut keys) = (&account.fields, Vec::new());
    for handle in said.handles() {
        push(&mut keys, FoundBy::Handle, Some(handle));
    }
    push(&mut keys, FoundBy::PlatformId, said.platform_id.as_deref());
    push(&mut keys, FoundBy::Address, said.url.as_deref());
    once(keys)
}

/// What a capture is found by of what its files say of themselves.
pub fn of_examination(capture: &Capture, made: &Examination) -> Vec<FindKey> {
    let (mut found, mut pages) = (Vec::new(), Vec::new());
    for file in &made.files {
        let media_type = capture.files.iter().find(|own| own.sha256 == file.sha256);
        let media_type = media_type.and_then(|own| own.media_type.as_deref());
        found.extend(media_type.map(|kind| format!("type:{kind}")));
        found.extend(
            file.found
                .flags
                .iter()
                .map(|raised| format!("flag:{}", raised.flag.as_str())),
        );
        found.extend(file.found.place.iter().map(|_| "has:place".to_owned()));
        let is_camera = |name: &str| CAMERA.contains(&name);
        let cameras = file.found.facts.iter().filter(|fact| is_camera(&fact.name));
        found.extend(cameras.flat_map(|fact| words_of(&fact.value)));
        pages.extend(file.found.title.as_deref().into_iter().flat_map(words_of));
        pages.extend(file.found.text.as_deref().into_iter().flat_map(words_of));
    }
    let all = found.into_iter().chain(pages).map(|word| key(FoundBy::Words, &word));
    let mut seen = std::collections::HashSet::new();
    once(all.filter(|key| seen.insert(key.clone())).take(WORDS).collect())
}

/// The keys of the words that are looked for, which all have to be there: none where a text has none, or too many.
pub fn sought_words(text: &str) -> Vec<FindKey> {
    let mut words: Vec<String> = Vec::new();
    for part in text.split_whitespace() {
        match part.split_once(':') {
            Some(("flag" | "type" | "has", _)) => words.push(part.to_owned()),
            _ => words.extend(words_of(part)),
        }
    }
    words.sort();
    words.dedup();
    let is_sought = !words.is_empty() && words.len() <= TOGETHER;
    let keys = words.iter().filter(|_| is_sought);
    once(keys.map(|word| key(FoundBy::Words, word)).collect())
}

/// The words of a text, as they are compared.
fn words_of(text: &str) -> Vec<String> {
    let folded = fold(text);
    let words = folded.split(|c: char| !c.is_alphanumeric());
    words
        .filter(|word| word.chars().count() >= SHORTEST)
        .map(str::to_owned)
        .collect()
}

fn once(mut keys: Vec<FindKey>) -> Vec<FindKey> {
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_compared_as_the_contract_says() {
        let same = [
            (FoundBy::Handle, "@River_K", "ｒiver_k\u{200d}"),
            (FoundBy::Number, "26-004417", "２６-００４４１７ "),
            (FoundBy::Number, "HC-ﬁ-1", "hc-FI-1"),
            (
                FoundBy::Address,
                "https://www.Example.com/a?utm_source=x&b=1",
                "http://example.com/a?b=1",
            ),
            (
                FoundBy::Address,
                "https://instagram.com/p/C81/?igsh=abc",
                "https://www.instagram.com/p/C81",
            ),
        ];
        for (by, one, other) in same {
            assert_eq!(key(by, one), key(by, other), "{one}, {other}");
        }
        let apart = [
            (FoundBy::Handle, "river_k", "river-k"),
            (FoundBy::Address, "https://example.com/a", "https://example.com/A"),
            (FoundBy::Address, "https://example.com:8443/", "https://example.com/"),
        ];
        for (by, one, other) in apart {
            assert_ne!(key(by, one), key(by, other), "{one}, {other}");
        }
        assert_ne!(key(FoundBy::Handle, "7"), key(FoundBy::PlatformId, "7"));
    }

    #[test]
    fn what_is_an_address() {
        for text in ["https://example.com/a", "example.com/a", "http://10.0.0.1/"] {
            assert!(as_address(text).is_some(), "{text}");
        }
        for text in [
            "26-004417",
            "26-004417/7",
            "@river_k",
            "javascript:alert(1)",
            "a b.c/d",
            "data:text/html,x",
        ] {
            assert!(as_address(text).is_none(), "{text}");
        }
    }
}
