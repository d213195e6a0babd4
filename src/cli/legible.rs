//! Names of files as text: they may hold anything.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// A name as text: bytes that are none stand as `\xNN`, and a backslash beside them doubled.
pub fn legible(name: &OsStr) -> String {
    if let Some(text) = name.to_str() {
        return text.to_owned();
    }
    let mut out = String::new();
    for chunk in name.as_bytes().utf8_chunks() {
        out += &chunk.valid().replace('\\', "\\\\");
        out.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_with_escapes() {
        for (name, text) in [
            (&b"a.png"[..], "a.png"),
            (b"caf\xe9.jpg", "caf\\xe9.jpg"),
            (b"a\\b\xff", "a\\\\b\\xff"),
            (b"a\\b", "a\\b"),
            (b"Icon\r", "Icon\r"),
        ] {
            assert_eq!(legible(OsStr::from_bytes(name)), text);
        }
    }
}
