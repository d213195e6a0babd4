//! The type of a file, told by its first bytes.

/// What the first bytes say a file is. It decides nothing but how the file is shown.
pub fn sniff(head: &[u8]) -> &'static str {
    if is_mhtml(head) {
        return "multipart/related";
    }
    if head.starts_with(b"WARC/") {
        return "application/warc";
    }
    match infer::get(head) {
        Some(kind) => kind.mime_type(),
        None if head.is_empty() => "application/x-empty",
        None if is_text(head) => "text/plain",
        None => "application/octet-stream",
    }
}

/// A mail by its first header, and one of several parts by another.
fn is_mhtml(head: &[u8]) -> bool {
    let starts = |word: &str| {
        head.get(..word.len())
            .is_some_and(|h| h.eq_ignore_ascii_case(word.as_bytes()))
    };
    let mail = starts("from:") || starts("mime-version:") || starts("content-type:");
    let lower = || head[..head.len().min(2048)].to_ascii_lowercase();
    mail && lower().windows(17).any(|w| w == b"multipart/related")
}

fn is_text(head: &[u8]) -> bool {
    let whole = match std::str::from_utf8(head) {
        Ok(_) => true,
        // The head may end within a character.
        Err(e) => e.error_len().is_none(),
    };
    whole && !head.contains(&0)
}
