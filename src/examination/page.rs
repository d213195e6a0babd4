//! HTML and MHTML (RFC 2557): a page's title and text, and whether it only says that the page is not there.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::rc::Rc;

use lol_html::html_content::TextChunk;
use lol_html::{HtmlRewriter, Settings, doc_text, element, end_tag, text};
use mail_parser::{MessageParser, MimeHeaders};

use super::model::{FactSource, FileFlag, Findings, TEXT};

/// Bytes of a page that are read.
const LONGEST: u64 = 32 << 20;
/// What is not looked for, in words for a page.
pub const NOT_SEARCHED: &str = "Words in pictures are not read";

/// How platforms say that a page is not there, in lower case. Each is looked for in the title, and in the text of a page that
/// says little else.
const UNAVAILABLE: [&str; 16] = [
    "this page isn't available",
    "this page isn’t available",
    "page isn't available right now",
    "page isn’t available right now",
    "this content isn't available",
    "this content isn’t available",
    "this account doesn't exist",
    "this account doesn’t exist",
    "this post was deleted",
    "this video isn't available",
    "this video isn’t available",
    "video unavailable",
    "page not found",
    "404 not found",
    "this page doesn't exist",
    "this page doesn’t exist",
];
/// A page with more text than this, in characters, is about something.
const LITTLE: usize = 1_500;

/// Reads an HTML file.
pub(super) fn read_html(file: &mut File, found: &mut Findings) -> io::Result<()> {
    read_html_bytes(&all(file)?, found);
    Ok(())
}

/// Reads a page that a browser saved as MHTML: its headers, its parts and its first page.
pub(super) fn read_mhtml(file: &mut File, found: &mut Findings) -> io::Result<()> {
    let bytes = all(file)?;
    let Some(message) = MessageParser::default().parse(&bytes) else {
        found.flag(FileFlag::Unreadable, "the MHTML has no readable head");
        return Ok(());
    };
    let mut fact = |name: &str, value: &str| found.fact(FactSource::Page, name, value);
    let header = |name: &'static str| message.header_raw(name).unwrap_or_default().trim();
    fact("Address when it was saved", header("Snapshot-Content-Location"));
    fact("Date in its head", header("Date"));
    fact("Saved by", header("From"));
    fact("Parts", &message.parts.len().saturating_sub(1).to_string());
    let located = message.parts.iter().filter(|part| part.content_location().is_some());
    fact("Parts with an address", &located.count().to_string());
    match message.body_html(0) {
        Some(html) => read_html_bytes(html.as_bytes(), found),
        None => found.flag(FileFlag::Unreadable, "the MHTML holds no page"),
    }
    Ok(())
}

fn all(file: &mut File) -> io::Result<Vec<u8>> {
    file.rewind()?;
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a page.
pub(super) fn read_html_bytes(html: &[u8], found: &mut Findings) {
    let (title, text) = match words(html) {
        Ok(words) => words,
        Err(why) => {
            found.flag(FileFlag::Unreadable, format!("the page cannot be read: {why}"));
            return;
        }
    };
    let (low_title, low) = (title.to_lowercase(), text.to_lowercase());
    let little = text.chars().count() <= LITTLE;
    let says = |phrase: &&&str| low_title.contains(**phrase) || (little && low.contains(**phrase));
    if let Some(phrase) = UNAVAILABLE.iter().find(says) {
        found.flag(FileFlag::PageUnavailable, format!("the page says “{phrase}”"));
    }
    found.title = found.title.take().or(Some(title));
    found.text = found.text.take().or(Some(text));
}

/// The title, and the text that a reader may see, each piece on a line of its own.
fn words(html: &[u8]) -> std::result::Result<(String, String), String> {
    let title = Rc::new(RefCell::new(String::new()));
    let shown = Rc::new(RefCell::new(ShownText::default()));
    let (in_title, in_body, hides) = (title.clone(), shown.clone(), shown.clone());
    let hidden = element!("title, script, style, noscript, template", move |found| {
        hides.borrow_mut().hidden += 1;
        let shows = hides.clone();
        if let Some(handlers) = found.end_tag_handlers() {
            handlers.push(end_tag!(move |_end| {
                let mut shown = shows.borrow_mut();
                shown.hidden = shown.hidden.saturating_sub(1);
                Ok(())
            }));
        }
        Ok(())
    });
    let titled = text!("title", move |chunk: &mut TextChunk<'_>| {
        in_title.borrow_mut().push_str(chunk.as_str());
        Ok(())
    });
    // Many pages have no element `body` of their own.
    let read = doc_text!(move |chunk: &mut TextChunk<'_>| {
        in_body.borrow_mut().take(chunk);
        Ok(())
    });
    let settings = Settings::new()
        .with_strict(false)
        .with_adjust_charset_on_meta_tag(true)
        .append_element_content_handler(hidden)
        .append_element_content_handler(titled)
        .append_document_content_handler(read);
    let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
    rewriter.write(html).map_err(|e| e.to_string())?;
    rewriter.end().map_err(|e| e.to_string())?;
    let title = entities(title.borrow().trim());
    let text = shown.borrow().lines.join("\n");
    Ok((title, entities(&text)))
}

/// What a reader may see of a page.
#[derive(Default)]
struct ShownText {
    hidden: u32,
    piece: String,
    lines: Vec<String>,
    long: usize,
}

impl ShownText {
    fn take(&mut self, chunk: &TextChunk<'_>) {
        if self.hidden > 0 || self.long > 4 * TEXT {
            return;
        }
        self.piece.push_str(chunk.as_str());
        if chunk.last_in_text_node() {
            let line = self.piece.split_whitespace().collect::<Vec<_>>().join(" ");
            self.piece.clear();
            if !line.is_empty() {
                self.long += line.len();
                self.lines.push(line);
            }
        }
    }
}

/// The five named entities that pages need, and numbers.
fn entities(text: &str) -> String {
    htmlize::unescape(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_with_and_without_a_body_of_its_own() {
        let shown = "<p>Bring the ladder</p><script>hidden()</script>to stop 14";
        for page in [
            format!("<title>Skate &amp; park</title>{shown}"),
            format!(
                "<html><head><title>Skate &amp; park</title><style>p {{}}</style></head><body>{shown}</body></html>"
            ),
        ] {
            let mut found = Findings::default();
            read_html_bytes(page.as_bytes(), &mut found);
            assert_eq!(found.title.as_deref(), Some("Skate & park"));
            assert_eq!(found.text.as_deref(), Some("Bring the ladder\nto stop 14"), "{page}");
        }
    }
}
