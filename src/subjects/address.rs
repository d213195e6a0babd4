//! Addresses, as far as a text is one.

use url::Url;

/// Whether a text is one absolute address. Parsers take blanks and line breaks out of it without a word.
pub fn is_address(text: &str) -> bool {
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
