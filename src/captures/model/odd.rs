//! What is odd about what was sent. It is kept all the same, as it came.

use url::Url;

use super::{Flag, Particulars};
use crate::forms::Form;

/// What is odd about what a form said.
pub(super) fn of_said(form: &Form, said: &Particulars) -> Vec<Flag> {
    let mut odd = Vec::new();
    let addresses = [&said.url, &said.final_url];
    if addresses.into_iter().flatten().any(|text| !is_address(text)) {
        odd.push(Flag::UrlUnparsed);
    }
    if form.is_repaired() {
        odd.push(Flag::TextRepaired);
    }
    odd
}

/// Whether a text is one absolute address. Parsers take blanks and line breaks out of it without a word.
fn is_address(text: &str) -> bool {
    let inside = text.trim();
    !inside.contains(|c: char| c.is_whitespace() || c.is_control()) && Url::parse(inside).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_known() {
        for text in [
            "https://a.example/ü?q=1",
            " http://10.0.0.1:8080/ ",
            "tg://resolve?domain=x",
            "mailto:a@b.example",
        ] {
            assert!(is_address(text), "{text}");
        }
        for text in [
            "not a url",
            "instagram.com/p/1",
            "https://a.example/\r\nb",
            "https://",
            "http://a b.example",
            "/p/1",
            "https://[::1",
        ] {
            assert!(!is_address(text), "{text}");
        }
    }
}
