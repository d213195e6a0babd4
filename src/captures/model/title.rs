//! What a capture is called in headings and lists. A search that found nothing never reads like a find.

use super::{CaptureKind, Particulars};
use crate::text::short;

impl Particulars {
    /// What a capture of this kind says first, in so many characters of it at the most: its text, or its address.
    pub fn title(&self, kind: CaptureKind, most: usize) -> Option<String> {
        self.searched(kind, most).or_else(|| self.first_words(most))
    }

    /// The same of a search that found nothing, and of nothing else.
    pub fn searched(&self, kind: CaptureKind, most: usize) -> Option<String> {
        (kind == CaptureKind::Lookup).then(|| match self.first_words(most) {
            Some(words) => format!("Searched for “{words}”: nothing found"),
            None => "Searched: nothing found".to_owned(),
        })
    }

    fn first_words(&self, most: usize) -> Option<String> {
        let all = [self.text.as_deref(), self.url.as_deref()];
        let first = all.into_iter().flatten().find(|text| !text.trim().is_empty());
        first.map(|text| short(text, most))
    }
}

impl CaptureKind {
    /// What stands above the text of a capture.
    pub fn text_heading(self) -> &'static str {
        match self {
            Self::Lookup => "Searched for",
            _ => "Text as found",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_that_found_nothing_says_so_first() {
        let said = |text: &str| Particulars {
            text: Some(text.to_owned()),
            url: Some("https://a.example/".to_owned()),
            ..Particulars::default()
        };
        let title = |kind, text| said(text).title(kind, 10);
        assert_eq!(title(CaptureKind::Post, "found it").as_deref(), Some("found it"));
        assert_eq!(title(CaptureKind::Post, " ").as_deref(), Some("https://a.…"));
        assert_eq!(
            title(CaptureKind::Lookup, "river k, harbor").as_deref(),
            Some("Searched for “river k, h…”: nothing found")
        );
        let nothing = Particulars::default();
        assert_eq!(nothing.title(CaptureKind::Page, 10), None);
        assert_eq!(
            nothing.title(CaptureKind::Lookup, 10).as_deref(),
            Some("Searched: nothing found")
        );
    }
}
