//! What a paper's templates reach: themselves, the data, the print copies. No disk, no network, no packages, no clock. A
//! jurisdiction's templates reach the files of their own folder, and nothing that makes code of data.

use std::collections::HashMap;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Binding, Bytes, Datetime, Duration, Value};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

use super::fonts::Fonts;
use super::prints::Prints;
use super::sheets::Sheets;

/// What all papers share.
const STYLE: (&str, &str) = ("style.typ", include_str!("style.typ"));
/// The templates of the program's own papers, by their names.
const TEMPLATES: [(&str, &str); 2] = [
    ("exhibits.typ", include_str!("exhibits.typ")),
    ("report.typ", include_str!("report.typ")),
];
/// The data's name.
const DATA: &str = "/data.json";

/// The world of one volume.
pub(super) struct PaperWorld<'a> {
    library: LazyHash<Library>,
    fonts: &'a Fonts,
    sources: HashMap<FileId, Source>,
    /// Every file beside the template.
    files: HashMap<FileId, Bytes>,
    main: FileId,
    data: Bytes,
    pictures: &'a Prints,
    /// The number of the volume's first print copy.
    first: usize,
    /// How many print copies it has.
    count: usize,
}

impl<'a> PaperWorld<'a> {
    /// The world of a volume of a paper, whose template has its name, with this data. `None` where a template is no text, or
    /// there is none of that name.
    pub fn new(sheets: &Sheets<'a>) -> Option<Self> {
        let own = || TEMPLATES.iter().map(|(name, text)| (*name, text.as_bytes()));
        let files: Vec<(&str, &[u8])> = match sheets.templates {
            Some(templates) => templates.files().collect(),
            None => own().collect(),
        };
        let (mut sources, mut files_of_folder) = (HashMap::new(), HashMap::new());
        for (name, bytes) in files.into_iter().chain([(STYLE.0, STYLE.1.as_bytes())]) {
            let id = id(name)?;
            if name.ends_with(".typ") {
                let text = std::str::from_utf8(bytes).ok()?;
                sources.insert(id, Source::new(id, text.to_owned()));
            }
            files_of_folder.insert(id, Bytes::new(bytes.to_vec()));
        }
        let main = id(&format!("{}.typ", sheets.paper)).filter(|main| sources.contains_key(main))?;
        Some(Self {
            library: LazyHash::new(library()),
            fonts: sheets.fonts,
            sources,
            files: files_of_folder,
            main,
            data: Bytes::from_string(sheets.data.clone()),
            pictures: sheets.prints,
            first: sheets.volume.pictures.start,
            count: sheets.volume.pictures.len(),
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

/// What templates may call: everything but `eval`, with which a template could run what a record says.
fn library() -> Library {
    let mut library = Library::default();
    let none = || Binding::detached(Value::None);
    library.global.scope_mut().bind("eval".into(), none());
    if let Ok(Value::Module(std)) = library.std.write() {
        std.scope_mut().bind("eval".into(), none());
    }
    library
}

fn id(name: &str) -> Option<FileId> {
    let path = VirtualPath::new(format!("/{name}")).ok()?;
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
            (VirtualRoot::Project, name) => {
                let beside = self.files.get(&id).cloned();
                beside.or_else(|| self.picture(name)).ok_or_else(|| missing(id))
            }
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
