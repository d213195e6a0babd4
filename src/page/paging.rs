//! How a long packet is cut into pages: a section with more rows than a page takes has pages of its own under
//! `data/pages/`, and `index.html` lists them.

use std::ops::RangeInclusive;

use crate::proof::packet::PAGES;

/// The style that the pages of sections share.
pub(super) const STYLE: &str = "data/pages/style.css";

/// The sections that may be long.
const SECTIONS: [PageSection; 5] = [
    PageSection::Exhibits,
    PageSection::Timeline,
    PageSection::Exceptions,
    PageSection::Custody,
    PageSection::Inventory,
];

/// A section that may have pages of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageSection {
    Exhibits,
    Timeline,
    Exceptions,
    Custody,
    Inventory,
}

impl PageSection {
    /// The word in the names of its pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Exhibits => "exhibits",
            Self::Timeline => "timeline",
            Self::Exceptions => "exceptions",
            Self::Custody => "custody",
            Self::Inventory => "inventory",
        }
    }

    /// What its pages are called.
    pub fn title(self) -> &'static str {
        match self {
            Self::Exhibits => "Exhibits",
            Self::Timeline => "Timeline",
            Self::Exceptions => "Exceptions",
            Self::Custody => "Custody",
            Self::Inventory => "Inventory",
        }
    }

    /// What a page says its rows are.
    pub fn rows_are(self) -> &'static str {
        match self {
            Self::Exhibits => "Exhibits",
            Self::Timeline => "Moments",
            Self::Exceptions => "Exceptions",
            Self::Custody => "Events",
            Self::Inventory => "Items",
        }
    }

    /// Rows up to which it stands in `index.html`, and rows a page has beyond that. An exhibit is some hundred lines long, a
    /// row of the others one.
    fn limits(self) -> (u64, u64) {
        match self {
            Self::Exhibits => (100, 50),
            _ => (1000, 1000),
        }
    }
}

/// How many rows each section has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paging {
    pub exhibits: u64,
    pub exceptions: u64,
    pub events: u64,
    pub captures: u64,
}

impl Paging {
    fn count(&self, section: PageSection) -> u64 {
        match section {
            PageSection::Exhibits | PageSection::Timeline => self.exhibits,
            PageSection::Exceptions => self.exceptions,
            PageSection::Custody => self.events,
            PageSection::Inventory => self.captures,
        }
    }

    /// Pages of its own that a section has; none where it stands in `index.html`.
    pub fn parts(&self, section: PageSection) -> u64 {
        let (inline, a_page) = section.limits();
        let rows = self.count(section);
        if rows <= inline { 0 } else { rows.div_ceil(a_page) }
    }

    /// The page on which a row stands, both counted from 1; none where the section stands in `index.html`.
    pub fn part(&self, section: PageSection, row: u64) -> Option<u64> {
        (self.parts(section) > 0).then(|| row.saturating_sub(1) / section.limits().1 + 1)
    }

    /// The rows of a page.
    pub fn range(&self, section: PageSection, part: u64) -> RangeInclusive<u64> {
        let a_page = section.limits().1;
        (part - 1) * a_page + 1..=(part * a_page).min(self.count(section))
    }

    /// The way from a page of a section back to `data/`; empty where the section stands in `index.html`.
    pub fn up(&self, section: PageSection) -> &'static str {
        if self.parts(section) > 0 { "../" } else { "" }
    }

    /// The link to an exhibit from the page where rows of `section` stand.
    pub fn exhibit(&self, exhibit: u32, section: PageSection) -> String {
        let (up, here) = (self.up(section), self.part(PageSection::Exhibits, exhibit.into()));
        let page = match here {
            Some(part) if up.is_empty() => format!("pages/{}", name(PageSection::Exhibits, part)),
            Some(part) => name(PageSection::Exhibits, part),
            None if up.is_empty() => String::new(),
            None => format!("{up}index.html"),
        };
        format!("{page}#exhibit-{exhibit}")
    }
}

/// The name of a page in its folder.
pub(super) fn name(section: PageSection, part: u64) -> String {
    format!("{}-{part:03}.html", section.word())
}

/// Whether the path is one that a page under `data/pages/` may have.
pub(super) fn is_part(path: &str) -> bool {
    let number = |section: &PageSection| {
        let rest = path.strip_prefix(PAGES)?.strip_prefix(section.word())?;
        rest.strip_prefix('-')?.strip_suffix(".html")
    };
    path == STYLE
        || SECTIONS
            .iter()
            .filter_map(number)
            .any(|number| number.len() >= 3 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_section_has_pages_and_each_row_one_of_them() {
        let paging = Paging {
            exhibits: 101,
            exceptions: 0,
            events: 1000,
            captures: 2001,
        };
        assert_eq!(paging.parts(PageSection::Exhibits), 3);
        assert_eq!(paging.range(PageSection::Exhibits, 3), 101..=101);
        assert_eq!(paging.part(PageSection::Exhibits, 50), Some(1));
        assert_eq!(paging.part(PageSection::Exhibits, 51), Some(2));
        assert_eq!(
            (paging.parts(PageSection::Custody), paging.part(PageSection::Custody, 7)),
            (0, None)
        );
        assert_eq!(paging.parts(PageSection::Inventory), 3);
        assert_eq!(
            paging.exhibit(51, PageSection::Timeline),
            "pages/exhibits-002.html#exhibit-51"
        );
        assert_eq!(
            paging.exhibit(51, PageSection::Inventory),
            "exhibits-002.html#exhibit-51"
        );
        let short = Paging { exhibits: 3, ..paging };
        assert_eq!(short.exhibit(3, PageSection::Timeline), "#exhibit-3");
        assert_eq!(short.exhibit(3, PageSection::Inventory), "../index.html#exhibit-3");
    }

    #[test]
    fn only_such_names_are_pages() {
        for path in ["data/pages/exhibits-001.html", "data/pages/custody-1000.html", STYLE] {
            assert!(is_part(path), "{path}");
        }
        for path in [
            "data/pages/exhibits-01.html",
            "data/pages/exhibits-001.htm",
            "data/pages/other-001.html",
            "data/exhibits-001.html",
            "data/pages/exhibits-0x1.html",
        ] {
            assert!(!is_part(path), "{path}");
        }
    }
}
