//! The one way in which words leave for a terminal. What could steer it, or turn the direction in which it is read, is
//! written as an escape of JSON: a person sees that it is there, and who reads JSON gets what was meant.

use std::io::Write;

/// Whether a character could steer a terminal, or turn the direction in which it is read.
pub fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A word from elsewhere, as part of a line.
pub fn word(text: &str) -> String {
    escaped(text, steers)
}

/// Lines that are ready.
fn lines(text: &str) -> String {
    escaped(text, |c| c != '\n' && steers(c))
}

fn escaped(text: &str, steers: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match steers(c) {
            // All of them have one unit.
            true => out += &format!("\\u{:04x}", u32::from(c)),
            false => out.push(c),
        }
    }
    out
}

/// Writes lines to standard output; a reader that has gone away is no failure.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(lines(text).as_bytes()).and_then(|()| out.flush()).ok();
}

/// Writes lines and an end of line to standard error.
pub fn complain(text: &str) {
    writeln!(std::io::stderr(), "{}", lines(text)).ok();
}

/// Asks on standard error; what is typed follows on the same line.
pub fn prompt(text: &str) {
    let mut out = std::io::stderr();
    write!(out, "{} ", lines(text)).and_then(|()| out.flush()).ok();
}

/// Standard error for whoever writes there line by line.
#[derive(Debug, Clone, Copy, Default)]
pub struct ErrorLines;

impl Write for ErrorLines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let text = lines(&String::from_utf8_lossy(bytes));
        std::io::stderr().write_all(text.as_bytes()).map(|()| bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_a_terminal() {
        let hostile = "a\u{1b}[2Jb\rc\u{9b}d\u{7f}e\u{202e}f\u{2066}g\u{200f}h\u{2028}i\0j\t";
        let shown = "a\\u001b[2Jb\\u000dc\\u009bd\\u007fe\\u202ef\\u2066g\\u200fh\\u2028i\\u0000j\\u0009";
        assert_eq!(word(hostile), shown);
        assert_eq!(lines(&format!("{hostile}\n{hostile}")), format!("{shown}\n{shown}"));
        assert_eq!(word("PASSED\nPASSED"), "PASSED\\u000aPASSED");
        let json = serde_json::json!({ "name": hostile }).to_string();
        let read: serde_json::Value = serde_json::from_str(&lines(&json)).expect("still JSON");
        assert_eq!(read["name"], hostile);
        assert_eq!(word("Zoë, 東京, ключ 👩‍👧"), "Zoë, 東京, ключ 👩‍👧");
    }
}
