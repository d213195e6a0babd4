//! Texts as they are compared (contract section 2): NFKC, without characters that nobody sees, without case. What was sent
//! stays beside it as it came.

use unicode_normalization::UnicodeNormalization;

/// A text as it is compared, without the blanks around it.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkc().filter(|c| !is_ignorable(*c)).flat_map(char::to_lowercase) {
        match c {
            // Lower case by themselves, and what capitals of others become.
            'ß' => folded.push_str("ss"),
            'ς' => folded.push('σ'),
            c => folded.push(c),
        }
    }
    folded.nfkc().collect::<String>().trim().to_owned()
}

/// Whether nobody would see anything of it.
pub fn is_blank(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_whitespace() || c.is_control() || c == '\u{2800}' || is_ignorable(c))
}

/// Unicode's `Default_Ignorable_Code_Point`.
fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alikes_are_the_same() {
        for (one, other) in [
            ("river\u{200b}_k", "River_K"),
            ("Zo\u{eb}", "zoe\u{308}"),
            ("e\u{34f}\u{301}", "\u{c9}"),
            ("２６-１", "26-1"),
            ("ﬁ", "FI"),
            ("STRASSE", "straße"),
            ("ΟΔΟΣ", "οδος"),
            ("\u{130}", "i\u{307}"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
            assert_eq!(fold(&fold(one)), fold(one));
        }
        assert_ne!(fold("river-k"), fold("river_k"));
    }

    #[test]
    fn what_nobody_sees_is_blank() {
        for text in ["", " \t", "\u{200b}\u{feff}", "\u{a0}\u{3000}", "\u{2800}", "\r\n"] {
            assert!(is_blank(text), "{text:?}");
        }
        assert!(!is_blank("\u{200b}x"));
    }
}
