//! Text in the letters of ASCII, for file names and lists that know no others.

/// Letters of U+00C0 to U+017F that Unicode decomposes into a letter of ASCII and marks, by that letter.
const MARKED: &[(char, &str)] = &[
    ('A', "ÀÁÂÃÄÅĀĂĄ"),
    ('C', "ÇĆĈĊČ"),
    ('D', "Ď"),
    ('E', "ÈÉÊËĒĔĖĘĚ"),
    ('G', "ĜĞĠĢ"),
    ('H', "Ĥ"),
    ('I', "ÌÍÎÏĨĪĬĮİ"),
    ('J', "Ĵ"),
    ('K', "Ķ"),
    ('L', "ĹĻĽ"),
    ('N', "ÑŃŅŇ"),
    ('O', "ÒÓÔÕÖŌŎŐ"),
    ('R', "ŔŖŘ"),
    ('S', "ŚŜŞŠ"),
    ('T', "ŢŤ"),
    ('U', "ÙÚÛÜŨŪŬŮŰŲ"),
    ('W', "Ŵ"),
    ('Y', "ÝŶŸ"),
    ('Z', "ŹŻŽ"),
    ('a', "àáâãäåāăą"),
    ('c', "çćĉċč"),
    ('d', "ď"),
    ('e', "èéêëēĕėęě"),
    ('g', "ĝğġģ"),
    ('h', "ĥ"),
    ('i', "ìíîïĩīĭį"),
    ('j', "ĵ"),
    ('k', "ķ"),
    ('l', "ĺļľ"),
    ('n', "ñńņň"),
    ('o', "òóôõöōŏő"),
    ('r', "ŕŗř"),
    ('s', "śŝşš"),
    ('t', "ţť"),
    ('u', "ùúûüũūŭůűų"),
    ('w', "ŵ"),
    ('y', "ýÿŷ"),
    ('z', "źżž"),
];

/// Signs of print, by the sign of ASCII that stands for them.
const SIGNS: &[(char, &str)] = &[
    ('"', "\u{201c}\u{201d}\u{201e}"),
    ('\'', "\u{2018}\u{2019}\u{201a}"),
    ('-', "\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2015}"),
];

/// The letter without its marks, or the sign, where it is one of ASCII then.
fn plain(c: char) -> char {
    let found = MARKED.iter().chain(SIGNS).find(|(_, marked)| marked.contains(c));
    found.map_or(c, |(plain, _)| *plain)
}

/// Letters and digits, at most so many; each run of anything else is one hyphen, and none stands at either end.
pub fn words(text: &str, most: usize) -> String {
    let mut made = String::new();
    for c in text.chars().map(plain) {
        match c.is_ascii_alphanumeric() {
            true => made.push(c),
            false if made.ends_with('-') || made.is_empty() => {}
            false => made.push('-'),
        }
    }
    made.truncate(most);
    made.trim_end_matches('-').to_owned()
}

/// A line of at most so many characters: each run of white space is one blank, `|` is `/`, and what is not of ASCII is `?`.
pub fn line(text: &str, most: usize) -> String {
    let blanks = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let one = |c: char| match plain(c) {
        '|' => '/',
        c if c.is_ascii_graphic() || c == ' ' => c,
        _ => '?',
    };
    let made: String = blanks.chars().map(one).take(most).collect();
    made.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_plain_letters() {
        for (text, name, said) in [
            ("Möwe über dem Pier", "Mowe-uber-dem-Pier", "Mowe uber dem Pier"),
            ("a_b|c.jpg", "a-b-c-jpg", "a_b/c.jpg"),
            (" \u{1f54a} \n x ", "x", "? x"),
            ("Фото", "", "????"),
            ("\u{201c}so\u{201d} \u{2013} it\u{2019}s", "so-it-s", "\"so\" - it's"),
            ("", "", ""),
        ] {
            assert_eq!(words(text, 60), name);
            assert_eq!(line(text, 200), said);
        }
        assert_eq!(words("ab cd", 3), "ab");
        assert_eq!(line("ab cd", 3), "ab");
    }
}
