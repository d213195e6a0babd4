//! Drawn in place of a picture: a grey box that says in words what it stands for.

use std::fmt::Write;

/// The type of what is drawn.
pub const KIND: &str = "image/svg+xml";

/// What a file is, in words for a box.
pub fn drawn_words(media_type: &str) -> &'static str {
    match media_type {
        "application/pdf" => "PDF document",
        "multipart/related" => "Saved page (MHTML)",
        "application/warc" => "Web archive (WARC)",
        "text/html" => "Saved page (HTML)",
        "text/plain" => "Text",
        "image/heif" | "image/heic" => "HEIC photo",
        "image/avif" => "AVIF photo",
        "image/svg+xml" => "Drawing (SVG)",
        kind if kind.starts_with("video/") => "Video",
        kind if kind.starts_with("audio/") => "Sound",
        kind if kind.starts_with("image/") => "Picture",
        _ => "File",
    }
}

/// A grey box of 480 by 320 with these lines.
pub fn drawn(lines: &[&str]) -> String {
    let mut text = String::new();
    for (n, line) in lines.iter().enumerate() {
        let (y, size) = (168 - 18 * (lines.len() - 1) + 36 * n, if n == 0 { 30 } else { 20 });
        let line = line.replace('&', "&amp;").replace('<', "&lt;");
        // Writing to a String cannot fail.
        let _ = write!(text, r##"<text x="240" y="{y}" font-size="{size}">{line}</text>"##);
    }
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 320" width="480" height="320"><rect width="480" height="320" fill="#e3e6ea"/><g fill="#3d4551" font-family="sans-serif" text-anchor="middle">{text}</g></svg>"##
    )
}
