//! The rows of a section on their way: into `index.html`, or onto pages of their own.

use std::io::Write;

use askama::Template;

use super::paging::{PageSection, Paging, name};
use super::story::PacketStory;
use super::{PageError, PageWriter};
use crate::proof::packet::{Head, PAGES};
use crate::text::{count, counted, label, line};

/// Exhibits of a page: their numbers and titles.
type ExhibitsOfPage = Vec<(u32, String)>;

/// The head of a page of its own.
#[derive(Template)]
#[template(path = "page/part_top.html")]
struct PartTop<'a> {
    head: &'a Head,
    case: String,
    number: String,
    handling: Option<String>,
    title: &'static str,
    rows: &'static str,
    word: &'static str,
    first: String,
    last: String,
    part: u64,
    parts: u64,
    before: Option<String>,
    next: Option<String>,
}

/// Its end.
#[derive(Template)]
#[template(path = "page/part_bottom.html")]
struct PartBottom<'a> {
    head: &'a Head,
    handling: Option<String>,
    word: &'static str,
    before: Option<String>,
    next: Option<String>,
}

/// The pages of a section, as `index.html` lists them.
#[derive(Template)]
#[template(path = "page/part_list.html")]
struct PartList {
    title: &'static str,
    total: String,
    links: Vec<(String, String)>,
}

/// The exhibits of a page.
#[derive(Template)]
#[template(path = "page/part_index.html")]
struct PartIndex {
    exhibits: ExhibitsOfPage,
}

/// What opens and closes a section: its heading, and a table's beginning and end where its rows are a table's.
struct SectionFrame {
    heading: &'static str,
    table: &'static str,
    end: &'static str,
}

const END_TABLE: &str = "</tbody></table></div></section>\n";
const END: &str = "</section>\n";

fn frame(section: PageSection) -> SectionFrame {
    let (heading, table) = match section {
        PageSection::Exhibits => (include_str!("section_exhibits.html"), ""),
        PageSection::Timeline => (
            include_str!("section_timeline.html"),
            include_str!("table_timeline.html"),
        ),
        PageSection::Exceptions => (
            include_str!("section_exceptions.html"),
            include_str!("table_exceptions.html"),
        ),
        PageSection::Custody => (include_str!("section_custody.html"), include_str!("table_custody.html")),
        PageSection::Inventory => (
            include_str!("section_inventory.html"),
            include_str!("table_inventory.html"),
        ),
    };
    let end = if table.is_empty() { END } else { END_TABLE };
    SectionFrame { heading, table, end }
}

/// The rows of one section.
pub(super) struct SectionRows<'s> {
    story: &'s PacketStory,
    paging: Paging,
    section: PageSection,
    /// Rows so far.
    row: u64,
    /// The page that grows, and the exhibits on it.
    body: String,
    exhibits: ExhibitsOfPage,
    /// What stands between a section's heading and its rows.
    before: String,
}

impl<'s> SectionRows<'s> {
    /// Those of `section`; `before` stands above them on each page.
    pub fn of(story: &'s PacketStory, section: PageSection, before: String) -> Self {
        Self {
            story,
            paging: story.paging(),
            section,
            row: 0,
            body: String::new(),
            exhibits: Vec::new(),
            before,
        }
    }

    /// The same, cut into pages by these counts.
    pub fn paged(self, paging: Paging) -> Self {
        Self { paging, ..self }
    }

    /// Names the exhibit that comes next.
    pub fn exhibit(&mut self, number: u32, title: &str) {
        self.exhibits.push((number, title.to_owned()));
    }

    /// Adds a row.
    pub fn put(&mut self, row: &impl Template, out: &mut PageWriter<'_>) -> Result<(), PageError> {
        self.body += &row.render()?;
        self.count(out)
    }

    /// Counts a row that is not shown.
    pub fn count(&mut self, out: &mut PageWriter<'_>) -> Result<(), PageError> {
        let (paging, section) = (self.paging, self.section);
        self.row += 1;
        match paging.part(section, self.row) {
            Some(part) if self.row == *paging.range(section, part).end() => self.page(part, out),
            _ => Ok(()),
        }
    }

    /// Ends the section, where it stands in `index.html`: its whole text. Elsewhere it is the list of its pages.
    pub fn end(mut self, out: &mut PageWriter<'_>) -> Result<String, PageError> {
        let (paging, frame) = (self.paging, frame(self.section));
        if paging.parts(self.section) == 0 {
            return Ok([frame.heading, &self.before, frame.table, &self.body, frame.end].concat());
        }
        if let Some(part) = paging.part(self.section, self.row).filter(|_| !self.body.is_empty()) {
            self.page(part, out)?;
        }
        Ok([frame.heading, &self.list().render()?, END].concat())
    }

    /// Writes a page of its own.
    fn page(&mut self, part: u64, out: &mut PageWriter<'_>) -> Result<(), PageError> {
        let (story, section) = (self.story, self.section);
        let (paging, frame) = (self.paging, frame(section));
        let (range, parts) = (paging.range(section, part), paging.parts(section));
        let before = (part > 1).then(|| name(section, part - 1));
        let next = (part < parts).then(|| name(section, part + 1));
        let top = PartTop {
            head: &story.head,
            case: line(story.case["title"].as_str().unwrap_or_default()),
            number: line(story.case["number"].as_str().unwrap_or_default()),
            handling: story.kept().map(label),
            title: section.title(),
            rows: section.rows_are(),
            word: section.word(),
            first: count(*range.start()),
            last: count(*range.end()),
            part,
            parts,
            before: before.clone(),
            next: next.clone(),
        };
        let bottom = PartBottom {
            head: &story.head,
            handling: story.kept().map(label),
            word: section.word(),
            before,
            next,
        };
        let exhibits = std::mem::take(&mut self.exhibits);
        let index = match exhibits.is_empty() {
            true => String::new(),
            false => PartIndex { exhibits }.render()?,
        };
        out.begin(&format!("{PAGES}{}", name(section, part)))?;
        for text in [
            &top.render()?,
            frame.heading,
            &self.before,
            &index,
            frame.table,
            &self.body,
            frame.end,
            &bottom.render()?,
        ] {
            out.write_all(text.as_bytes())?;
        }
        self.body.clear();
        Ok(())
    }

    fn list(&self) -> PartList {
        let (paging, section) = (self.paging, self.section);
        let link = |part| {
            let range = paging.range(section, part);
            let words = format!(
                "{} {} to {}",
                section.rows_are(),
                count(*range.start()),
                count(*range.end())
            );
            (format!("pages/{}", name(section, part)), words)
        };
        PartList {
            title: section.title(),
            total: counted(
                self.row,
                &section.rows_are().to_lowercase(),
                &section.rows_are().to_lowercase(),
            ),
            links: (1..=paging.parts(section)).map(link).collect(),
        }
    }
}
