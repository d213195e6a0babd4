//! Texts as they are compared (contract section 2): by NFKC_Casefold (Unicode Standard, section 3.13; UAX 44), without the
//! blanks around them. What was sent stays beside it as it came. The tables are those of `unicode-normalization` and, for
//! lower case, of the compiler; `docs/inputs.md` names their versions.

use unicode_normalization::UnicodeNormalization;

/// A text as it is compared, without the blanks around it: Unicode's `NFKC_Casefold`. It decomposes first, so that folding
/// meets every letter and mark by itself.
pub fn fold(text: &str) -> String {
    let seen = text.nfkd().filter(|c| !is_ignorable(*c));
    let mut folded = String::with_capacity(text.len());
    seen.flat_map(char::to_lowercase)
        .for_each(|c| push_folded(&mut folded, c));
    folded.nfkc().collect::<String>().trim().to_owned()
}

/// Where full case folding (Unicode's `CaseFolding.txt`, C and F) differs from lower case, of letters that are decomposed.
fn push_folded(folded: &mut String, c: char) {
    match c {
        'ß' => folded.push_str("ss"),
        'ς' => folded.push('σ'),
        // The iota that is written below.
        '\u{345}' => folded.push('ι'),
        // Forms of Cyrillic letters in old Slavonic books.
        '\u{1c80}' => folded.push('в'),
        '\u{1c81}' => folded.push('д'),
        '\u{1c82}' => folded.push('о'),
        '\u{1c83}' => folded.push('с'),
        '\u{1c84}' | '\u{1c85}' => folded.push('т'),
        '\u{1c86}' => folded.push('ъ'),
        '\u{1c87}' => folded.push('ѣ'),
        '\u{1c88}' => folded.push('\u{a64b}'),
        // Cherokee is folded to its capitals, which are older than its small letters.
        '\u{ab70}'..='\u{abbf}' => folded.extend(char::from_u32(u32::from(c) - 0xab70 + 0x13a0)),
        '\u{13f8}'..='\u{13fd}' => folded.extend(char::from_u32(u32::from(c) - 8)),
        c => folded.push(c),
    }
}

/// Whether nobody would see anything of it.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_unseen)
}

/// A text without what nobody sees at its end.
pub fn without_unseen_end(text: &str) -> &str {
    text.trim_end_matches(is_unseen)
}

fn is_unseen(c: char) -> bool {
    c.is_whitespace() || c.is_control() || c == '\u{2800}' || is_ignorable(c)
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
            ("ᾳ", "ΑΙ"),
            ("ᾼ", "αι"),
            ("ῴ", "ώι"),
            ("α\u{345}\u{301}", "άι"),
            ("\u{1c80}", "В"),
            ("\u{1c88}", "\u{a64a}"),
            ("\u{ab70}", "Ꭰ"),
            ("ẞ", "SS"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
            assert_eq!(fold(&fold(one)), fold(one));
        }
        assert_ne!(fold("river-k"), fold("river_k"));
    }

    #[test]
    fn folding_is_that_of_nfkc_casefold() {
        // From Unicode's DerivedNormalizationProps.txt, NFKC_CF.
        for (text, folded) in [
            ("\u{1fb3}", "\u{3b1}\u{3b9}"),
            ("\u{1f80}", "\u{1f00}\u{3b9}"),
            ("\u{1fb4}", "\u{3ac}\u{3b9}"),
            ("\u{345}", "\u{3b9}"),
            ("\u{13a0}", "\u{13a0}"),
            ("\u{ab70}", "\u{13a0}"),
            ("\u{13f8}", "\u{13f0}"),
            ("\u{1c84}", "\u{442}"),
            ("\u{130}", "i\u{307}"),
            ("\u{fb03}", "ffi"),
            ("\u{ad}", ""),
        ] {
            assert_eq!(fold(text), folded, "{text:?}");
        }
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let once = fold(&c.to_string());
            assert_eq!(fold(&once), once, "{c:?}");
        }
        // docs/inputs.md says so.
        let versions = (char::UNICODE_VERSION.0, unicode_normalization::UNICODE_VERSION.0);
        assert_eq!(versions, (17, 18));
    }

    #[test]
    fn what_nobody_sees_is_blank() {
        for text in ["", " \t", "\u{200b}\u{feff}", "\u{a0}\u{3000}", "\u{2800}", "\r\n"] {
            assert!(is_blank(text), "{text:?}");
        }
        assert!(!is_blank("\u{200b}x"));
    }
}
