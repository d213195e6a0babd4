//! What a paper's templates reach: themselves, the data, the print copies. No disk, no network, no packages, no clock.

use std::collections::HashMap;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

use super::fonts::Fonts;
use super::prints::Prints;
use super::volumes::Volume;

/// The templates, by their names.
const TEMPLATES: [(&str, &str); 3] = [
    ("/style.typ", include_str!("style.typ")),
    ("/exhibits.typ", include_str!("exhibits.typ")),
    ("/report.typ", include_str!("report.typ")),
];
/// The data's name.
const DATA: &str = "/data.json";

/// The world of one volume.
pub(super) struct PaperWorld<'a> {
    library: LazyHash<Library>,
    fonts: &'a Fonts,
    sources: HashMap<FileId, Source>,
    main: FileId,
    data: Bytes,
    pictures: &'a Prints,
    /// The number of the volume's first print copy.
    first: usize,
    /// How many print copies it has.
    count: usize,
}

impl<'a> PaperWorld<'a> {
    /// The world of a volume of a paper, whose template has its name. `None` for another name.
    pub fn new(paper: &str, data: String, fonts: &'a Fonts, (pictures, volume): (&'a Prints, &Volume)) -> Option<Self> {
        let named = |name: &str, text: &str| Some((id(name)?, text.to_owned()));
        let sources = TEMPLATES.iter().map(|(name, text)| named(name, text));
        let sources: Option<HashMap<FileId, Source>> = sources
            .map(|named| named.map(|(id, text)| (id, Source::new(id, text))))
            .collect();
        let sources = sources?;
        let main = id(&format!("/{paper}.typ")).filter(|main| sources.contains_key(main))?;
        Some(Self {
            library: LazyHash::new(Library::default()),
            fonts,
            sources,
            main,
            data: Bytes::from_string(data),
            pictures,
            first: volume.pictures.start,
            count: volume.pictures.len(),
        })
    }

    /// A print copy. Its number counts within the volume, because Typst keeps every name of a file for as long as the server
    /// runs, and takes 65,535 of them.
    fn picture(&self, name: &str) -> Option<Bytes> {
        let (number, kind) = name.strip_prefix("/img/")?.split_once('.')?;
        let number: usize = number.parse().ok().filter(|number| *number < self.count)?;
        match kind {
            "jpg" => self.pictures.read(self.first + number).ok().map(Bytes::new),
            // Typst keeps a picture decoded in memory, but not one inside an SVG.
            "svg" => {
                let (width, height) = self.pictures.size(self.first + number)?;
                let svg = format!(
                    r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"><image href="{number}.jpg" width="{width}" height="{height}"/></svg>"#
                );
                Some(Bytes::from_string(svg))
            }
            _ => None,
        }
    }
}

fn id(name: &str) -> Option<FileId> {
    let path = VirtualPath::new(name).ok()?;
    Some(RootedPath::new(VirtualRoot::Project, path).intern())
}

impl World for PaperWorld<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.book()
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.sources.get(&id).cloned().ok_or_else(|| missing(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let path = id.get();
        let name = path.vpath().get_with_slash();
        match (path.root(), name) {
            (VirtualRoot::Package(_), _) => Err(FileError::AccessDenied),
            (VirtualRoot::Project, DATA) => Ok(self.data.clone()),
            (VirtualRoot::Project, name) => self.picture(name).ok_or_else(|| missing(id)),
        }
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.font(index)
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn missing(id: FileId) -> FileError {
    FileError::NotFound(id.get().vpath().get_with_slash().into())
}
