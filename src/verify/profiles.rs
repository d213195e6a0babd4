//! Output profiles: the exhibits' files once more, named and listed as a court's system or a review program takes them.
//!
//! A profile is a folder beside the canonical layout, and holds nothing of its own: each file is a copy of one that the
//! layout has, and its lists follow from `packet.json`. The builder writes what is said here; the verifier makes it again
//! and compares.

use std::collections::{BTreeMap, HashSet};

use super::ascii;
use super::papers::PAPERS;
use crate::proof::Digest;
use crate::proof::packet::{Exhibit, FileRow, JERS, LOADFILE, PROFILES, ProfileWarning};

/// Characters of a description in a file's name, and in a list.
const NAME: usize = 60;
const DESCRIPTION: usize = 200;
/// Characters of a text as recorded, where it stands for a description that nobody gave.
const QUOTED: usize = 1000;
/// Bytes of a document that JERS takes, and of sound or video.
const DOCUMENT: u64 = 50 << 20;
const RECORDING: u64 = 500 << 20;
/// The list of what the list of JERS does not have; there only where something is left out.
const LEFT_OUT: &str = "Left-out.txt";
/// Before what an exhibit is, where a redacted copy stands in its place.
const REDACTED: &str = "REDACTED ";
/// The name of the load file's one volume.
const VOLUME: &str = "CT001";
/// The fields of a record of the load file.
const FIELDS: [&str; 19] = [
    "BEGDOC",
    "ENDDOC",
    "BEGATTACH",
    "ENDATTACH",
    "EXHIBIT",
    "TITLE",
    "DESCRIPTION",
    "ITEM",
    "KIND",
    "CAPTURED",
    "URL",
    "AUTHOR",
    "FILENAME",
    "MEDIATYPE",
    "SIZE",
    "SHA256",
    "NATIVE",
    "DUPLICATE",
    "REDACTED",
];

/// A copy of a file of the canonical layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileCopy {
    pub sha256: Digest,
    pub size: u64,
}

/// What the profiles of a packet hold, exhibit by exhibit.
#[derive(Debug, Default)]
pub struct ProfileFolders {
    /// By path.
    pub copies: BTreeMap<String, ProfileCopy>,
    /// The lists, which exist for each profile that was asked for.
    lists: BTreeMap<String, String>,
    /// Names of JERS in lower case, each once.
    names: HashSet<String>,
}

fn path(profile: &str, name: &str) -> String {
    format!("{PROFILES}{profile}/{name}")
}

impl ProfileFolders {
    /// With these profiles, by their words; others are left out.
    pub fn new(profiles: &[String]) -> Self {
        let mut folders = Self::default();
        for profile in profiles {
            match profile.as_str() {
                JERS => drop(folders.lists.insert(path(JERS, "Exhibits.txt"), String::new())),
                LOADFILE => {
                    let header = format!("\u{feff}{}", dat_line(FIELDS.map(str::to_owned)));
                    folders.lists.insert(path(LOADFILE, "loadfile.dat"), header);
                    folders.lists.insert(path(LOADFILE, "loadfile.opt"), String::new());
                }
                _ => {}
            }
        }
        folders
    }

    /// Takes in an exhibit. Those of a packet come in their order.
    pub fn add(&mut self, exhibit: &Exhibit) {
        if self.lists.contains_key(&path(JERS, "Exhibits.txt")) {
            self.jers(exhibit);
        }
        if self.lists.contains_key(&path(LOADFILE, "loadfile.dat")) {
            self.loadfile(exhibit);
        }
    }

    /// The lists, by path.
    pub fn lists(&self) -> impl Iterator<Item = (&String, &[u8])> {
        self.lists.iter().map(|(path, text)| (path, text.as_bytes()))
    }

    /// Whether a profile has a file of this path.
    pub fn holds(&self, path: &str) -> bool {
        self.copies.contains_key(path) || self.lists.contains_key(path)
    }

    fn list(&mut self, profile: &str, name: &str, line: &str) {
        if let Some(list) = self.lists.get_mut(&path(profile, name)) {
            list.push_str(line);
            list.push_str("\r\n");
        }
    }

    fn copy(&mut self, path: String, file: &FileRow) {
        let (sha256, size) = (file.sha256, file.size);
        self.copies.insert(path, ProfileCopy { sha256, size });
    }

    fn jers(&mut self, exhibit: &Exhibit) {
        let taken: Vec<(&FileRow, &str)> = jers_files(exhibit).into_iter().filter_map(|(_, taken)| taken).collect();
        let (number, part) = jers_number(exhibit);
        let (name, said) = described(exhibit);
        let many = taken.len() > 1;
        for ((file, ending), place) in taken.into_iter().zip(1..) {
            let part = match many {
                true => format!("{part}{place}"),
                false => part.clone(),
            };
            let hyphen = if part.is_empty() { "" } else { "-" };
            let start = format!("{number}{hyphen}{part}_{name}");
            let file_name = self.unused(&start, ending);
            let shown = match part.is_empty() {
                true => number.clone(),
                false => format!("{number}({part})"),
            };
            self.copy(path(JERS, &file_name), file);
            self.list(JERS, "Exhibits.txt", &format!("{shown}|{said}|{file_name}"));
        }
        self.left_out(exhibit, &said);
    }

    /// Says of each exhibit and file that is not in the list of JERS why it is not.
    fn left_out(&mut self, exhibit: &Exhibit, said: &str) {
        let (number, part) = jers_number(exhibit);
        let shown = match part.is_empty() {
            true => number,
            false => format!("{number}({part})"),
        };
        let all = unfit(&[JERS.to_owned()], exhibit).unwrap_or_default();
        for warning in all
            .iter()
            .filter(|one| [NO_FILE, NOT_TAKEN].contains(&one.says.as_str()))
        {
            let of = warning.of.map(|of| format!("file {of}: ")).unwrap_or_default();
            self.lists.entry(path(JERS, LEFT_OUT)).or_default();
            self.list(JERS, LEFT_OUT, &format!("{shown}|{said}|{of}{}", warning.says));
        }
    }

    /// A name that no other file has in any case of letters.
    fn unused(&mut self, start: &str, ending: &str) -> String {
        let more = (2..).map(|n| format!("{start}-{n}.{ending}"));
        let mut names = std::iter::once(format!("{start}.{ending}")).chain(more);
        let free = |name: &String| self.names.insert(name.to_ascii_lowercase());
        names.find(free).unwrap_or_default()
    }

    fn loadfile(&mut self, exhibit: &Exhibit) {
        let files: Vec<(usize, &FileRow, &str)> = (1..)
            .zip(&exhibit.files)
            .filter_map(|(place, file)| Some((place, file, file.path.as_deref()?)))
            .collect();
        let id = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or_default();
            format!("EX{:03}-{}", exhibit.exhibit, &name[..name.find('-').unwrap_or(0)])
        };
        let family = (
            files.first().map(|(.., path)| id(path)).unwrap_or_default(),
            files.last().map(|(.., path)| id(path)).unwrap_or_default(),
        );
        for (place, file, at) in files {
            let id = id(at);
            let native = format!("natives/{id}.{}", ending(at));
            self.copy(path(LOADFILE, &native), file);
            let duplicate = exhibit.duplicate(place).and_then(|row| row.file.as_ref());
            let beside = duplicate.map(|copy| (copy, ending(copy.path.as_deref().unwrap_or_default())));
            let beside = beside.map(|(copy, ending)| (copy, format!("natives/{id}-duplicate.{ending}")));
            if let Some((copy, name)) = &beside {
                self.copy(path(LOADFILE, name), copy);
            }
            let duplicate = beside.as_ref().map(|(_, name)| backslashed(name)).unwrap_or_default();
            let record = record(exhibit, (&id, &family), file, [backslashed(&native), duplicate]);
            self.list(LOADFILE, "loadfile.dat", dat_line(record).trim_end());
            let picture = match &beside {
                Some((copy, name)) if is_image(copy) => Some(name),
                _ => Some(&native).filter(|_| is_image(file)),
            };
            if let Some(name) = picture {
                let line = format!("{id},{VOLUME},{},Y,,,1", backslashed(name));
                self.list(LOADFILE, "loadfile.opt", &line);
            }
        }
    }
}

/// Whether a review program shows these bytes as the image of a page.
fn is_image(file: &FileRow) -> bool {
    let images = ["image/bmp", "image/gif", "image/jpeg", "image/png", "image/tiff"];
    file.media_type.as_deref().is_some_and(|kind| images.contains(&kind))
}

fn backslashed(path: &str) -> String {
    path.replace('/', "\\")
}

fn ending(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split_once('.').map_or("", |(_, ending)| ending)
}

/// The values of a record, in the order of [`FIELDS`].
fn record(
    exhibit: &Exhibit,
    (id, family): (&str, &(String, String)),
    file: &FileRow,
    [native, duplicate]: [String; 2],
) -> [String; 19] {
    let told = exhibit.now();
    let said = |field: &str| told[field].as_str().unwrap_or_default().to_owned();
    let captured = said("captured_at");
    [
        id.to_owned(),
        id.to_owned(),
        family.0.clone(),
        family.1.clone(),
        exhibit.number.clone().unwrap_or_else(|| exhibit.exhibit.to_string()),
        exhibit.title.clone().unwrap_or_else(|| untitled(exhibit)),
        exhibit
            .description
            .clone()
            .unwrap_or_else(|| said("text").chars().take(QUOTED).collect()),
        exhibit.item.to_string(),
        said("kind"),
        captured.chars().take(10).filter(char::is_ascii_digit).collect(),
        said("url"),
        told["account"]["handle"].as_str().unwrap_or_default().to_owned(),
        file.name.clone().unwrap_or_default(),
        file.media_type.clone().unwrap_or_default(),
        file.size.to_string(),
        file.sha256.to_string(),
        native,
        duplicate,
        exhibit.redactions.as_ref().map_or("", |_| "Y").to_owned(),
    ]
}

/// A line of the load file: each value between þ, DC4 between the values, ® for a line break.
fn dat_line(values: [String; 19]) -> String {
    let value = |text: &String| {
        let text = text.replace("\r\n", "\n").replace('þ', "th");
        let one = |c: char| match c {
            '\n' | '\r' => '®',
            c if c.is_control() => ' ',
            c => c,
        };
        format!("þ{}þ", text.chars().map(one).collect::<String>())
    };
    let values: Vec<String> = values.iter().map(value).collect();
    format!("{}\r\n", values.join("\u{14}"))
}

/// The ending under which JERS takes a file of the canonical layout.
fn jers_ending(path: &str) -> Option<&'static str> {
    let known = [
        ("3gp", "3gpp"),
        ("avi", "avi"),
        ("bmp", "bmp"),
        ("gif", "gif"),
        ("jpeg", "jpg"),
        ("jpg", "jpg"),
        ("mp3", "mp3"),
        ("mp4", "mp4"),
        ("mpg", "mpg"),
        ("pdf", "pdf"),
        ("tif", "tif"),
        ("tiff", "tif"),
        ("wav", "wav"),
        ("wma", "wma"),
        ("wmv", "wmv"),
    ];
    let found = known.iter().find(|(own, _)| *own == ending(path));
    found.map(|(_, jers)| *jers)
}

/// The files of an exhibit that lie in the packet, by their places, and what JERS takes of each: the file itself, else its
/// duplicate, else nothing.
fn jers_files(exhibit: &Exhibit) -> Vec<(u32, Option<(&FileRow, &'static str)>)> {
    let taken = |file: Option<&'_ FileRow>| {
        let path = file?.path.as_deref()?;
        jers_ending(path)
    };
    let files = (1..).zip(&exhibit.files).filter(|(_, file)| file.path.is_some());
    files
        .map(|(place, file)| {
            let duplicate = exhibit.duplicate(place as usize).and_then(|row| row.file.as_ref());
            // An MP4 that courts do not play has another one beside it.
            let replaced = duplicate.is_some_and(|copy| copy.media_type == file.media_type);
            let own = taken(Some(file)).filter(|_| !replaced).map(|ending| (file, ending));
            let other = || Some((duplicate?, taken(duplicate)?));
            (place, own.or_else(other))
        })
        .collect()
}

/// The exhibit's number for JERS, letters and digits alone, and its part.
fn jers_number(exhibit: &Exhibit) -> (String, String) {
    let own = exhibit.exhibit.to_string();
    let number = exhibit.number.as_deref().unwrap_or(&own);
    let first = number.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
    let (prefix, rest) = number.split_at(first);
    let (digits, part) = rest.split_once('-').unwrap_or((rest, ""));
    let letters = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    (letters(prefix) + &letters(digits), letters(part))
}

/// What an exhibit is, for the name of a file and for a list: its title, else what its record says of it. Both begin with
/// the word where a redacted copy stands in its place, because a jury sees nothing else of the packet.
fn described(exhibit: &Exhibit) -> (String, String) {
    let mark = exhibit.redactions.as_ref().map_or("", |_| REDACTED);
    let title = exhibit.title.as_deref().unwrap_or_default();
    let (name, said) = match ascii::words(title, NAME).is_empty() {
        true => (format!("{} item {}", kind(exhibit), exhibit.item), untitled(exhibit)),
        false => (title.to_owned(), title.to_owned()),
    };
    (
        ascii::words(&format!("{mark}{name}"), NAME),
        ascii::line(&format!("{mark}{said}"), DESCRIPTION),
    )
}

fn kind(exhibit: &Exhibit) -> &str {
    exhibit.now()["kind"].as_str().unwrap_or("exhibit")
}

/// An exhibit that nobody gave a title, such as `post on instagram by @river_k, captured 2026-11-22, item 7`.
fn untitled(exhibit: &Exhibit) -> String {
    let told = exhibit.now();
    let platform = told["platform"].as_str().filter(|platform| *platform != "other");
    let platform = platform.map(|platform| format!(" on {platform}")).unwrap_or_default();
    let by = told["account"]["handle"].as_str().map(|handle| format!(" by {handle}"));
    let day = told["captured_at"].as_str().and_then(|at| at.get(..10));
    let day = day.map(|day| format!(", captured {day}")).unwrap_or_default();
    format!(
        "{}{platform}{}{day}, item {}",
        kind(exhibit),
        by.unwrap_or_default(),
        exhibit.item
    )
}

/// What these profiles cannot take of an exhibit, in the order of profiles and files.
pub fn unfit(profiles: &[String], exhibit: &Exhibit) -> Option<Vec<ProfileWarning>> {
    let mut all = Vec::new();
    for profile in profiles {
        let warn = |of: Option<u32>, says: &str| ProfileWarning {
            profile: profile.clone(),
            of,
            says: says.to_owned(),
        };
        if exhibit.files.iter().all(|file| file.path.is_none()) {
            all.push(warn(None, NO_FILE));
        }
        if profile != JERS {
            continue;
        }
        for (place, taken) in jers_files(exhibit) {
            match taken {
                None => all.push(warn(Some(place), NOT_TAKEN)),
                Some((file, ending)) => all.extend(too_large(file, ending).map(|says| warn(Some(place), says))),
            }
        }
    }
    Some(all).filter(|all| !all.is_empty())
}

/// What is said of an exhibit without a file.
const NO_FILE: &str = "no file of the exhibit lies in the packet";
/// What is said of a file that JERS does not take.
const NOT_TAKEN: &str =
    "JERS takes no file of this format, and no duplicate of it lies in the packet: it is left out there";

fn too_large(file: &FileRow, ending: &str) -> Option<&'static str> {
    if file.size <= most(ending) {
        return None;
    }
    Some(match most(ending) {
        DOCUMENT => "JERS takes documents of at most 50 MB",
        _ => "JERS takes sound and video of at most 500 MB",
    })
}

/// Bytes that JERS takes under an ending.
fn most(ending: &str) -> u64 {
    match ["bmp", "gif", "jpg", "pdf", "tif"].contains(&ending) {
        true => DOCUMENT,
        false => RECORDING,
    }
}

/// How many bytes JERS takes of a file of this type and name, as packets made now name it; none where it takes no such file.
pub fn jers_takes(media_type: Option<&str>, name: Option<&str>) -> Option<u64> {
    let own = super::endings::ending(Some(PAPERS), media_type.unwrap_or_default(), name);
    jers_ending(&format!("1.{own}")).map(most)
}

#[cfg(test)]
mod tests;
