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
mod tests {
    use serde_json::json;

    use super::*;
    use crate::proof::packet::{DuplicateRow, Shown};

    fn row(path: &str, size: u64, media_type: &str) -> FileRow {
        FileRow {
            path: Some(path.into()),
            sha256: Digest([1; 32]),
            size,
            role: "original".into(),
            name: None,
            media_type: Some(media_type.into()),
            withheld: None,
        }
    }

    fn exhibit(place: u32, number: Option<&str>, title: Option<&str>, files: Vec<FileRow>) -> Exhibit {
        Exhibit {
            exhibit: place,
            number: number.map(str::to_owned),
            title: title.map(str::to_owned),
            description: None,
            since: None,
            capture: String::new(),
            item: 7,
            leaf: Digest([0; 32]),
            record: json!({"kind": "photo", "captured_at": "2026-11-22T14:07:31Z"}),
            current: None,
            examination: None,
            events: vec![],
            files,
            redactions: None,
            duplicates: None,
            unfit: None,
        }
    }

    fn jpeg() -> FileRow {
        row("data/exhibits/001/01-original.jpg", 5, "image/jpeg")
    }

    #[test]
    fn names_for_jers_have_one_underscore_and_stand_once() {
        let mut folders = ProfileFolders::new(&[JERS.to_owned()]);
        for (place, number, title) in [
            (1, Some("P-12-A"), Some("At the pier")),
            (2, Some("P-12-B"), Some("_under_ score_")),
            (3, Some("State.007"), None),
            // Another prefix comes to the same letters.
            (4, Some("P.12-A"), Some("at the Pier")),
            (5, None, Some("Фото")),
        ] {
            folders.add(&exhibit(place, number, title, vec![jpeg()]));
        }
        let names: Vec<&str> = folders
            .copies
            .keys()
            .filter_map(|path| path.rsplit('/').next())
            .collect();
        assert_eq!(
            names,
            [
                "5_photo-item-7.jpg",
                "P12-A_At-the-pier.jpg",
                "P12-A_at-the-Pier-2.jpg",
                "P12-B_under-score.jpg",
                "State007_photo-item-7.jpg"
            ]
        );
        assert!(names.iter().all(|name| name.matches('_').count() == 1));
    }

    #[test]
    fn what_nobody_described_is_told_from_its_record_and_what_is_left_out_is_listed() {
        let mut folders = ProfileFolders::new(&[JERS.to_owned(), LOADFILE.to_owned()]);
        let webm = row("data/exhibits/001/02-original.webm", 5, "video/webm");
        let mut told = exhibit(1, None, None, vec![jpeg(), webm]);
        told.record = json!({"kind": "post", "platform": "instagram", "account": {"handle": "@mö|w"}, "url": "https://e.example/p",
            "text": "two\nlines", "captured_at": "2026-11-22T14:07:31Z"});
        folders.add(&told);
        folders.add(&exhibit(2, Some("P-2"), Some("Nothing to play"), vec![]));
        let lists: BTreeMap<&String, String> = folders
            .lists()
            .map(|(path, bytes)| (path, String::from_utf8_lossy(bytes).into_owned()))
            .collect();
        let list = |name: &str| lists[&path(JERS, name)].as_str();
        let said = "post on instagram by @mo/w, captured 2026-11-22, item 7";
        assert_eq!(list("Exhibits.txt"), format!("1|{said}|1_post-item-7.jpg\r\n"));
        assert_eq!(
            list(LEFT_OUT),
            format!("1|{said}|file 2: {NOT_TAKEN}\r\nP2|Nothing to play|{NO_FILE}\r\n")
        );
        let dat = &lists[&path(LOADFILE, "loadfile.dat")];
        for value in [
            "post on instagram by @mö|w, captured 2026-11-22, item 7",
            "two®lines",
            "https://e.example/p",
            "@mö|w",
        ] {
            assert!(dat.contains(&format!("þ{value}þ")), "{value}: {dat}");
        }
        let mut whole = ProfileFolders::new(&[JERS.to_owned()]);
        whole.add(&exhibit(1, None, None, vec![jpeg()]));
        assert!(!whole.holds(&path(JERS, LEFT_OUT)));
    }

    #[test]
    fn a_redacted_exhibit_is_called_redacted() {
        let mut folders = ProfileFolders::new(&[JERS.to_owned(), LOADFILE.to_owned()]);
        for (place, title) in [(1, Some("At the pier")), (2, None)] {
            let mut redacted = exhibit(place, None, title, vec![jpeg()]);
            let told = json!({"told": {"kind": "photo", "captured_at": "2026-11-22T14:07:31Z"}});
            let (leaf, record) = (Digest([2; 32]), told);
            redacted.redactions = Some(vec![Shown { leaf, record }]);
            folders.add(&redacted);
        }
        folders.add(&exhibit(3, None, Some("Whole"), vec![jpeg()]));
        let list = |name: String| {
            let (_, bytes) = folders.lists().find(|(own, _)| **own == name).expect("a list");
            String::from_utf8_lossy(bytes).into_owned()
        };
        assert_eq!(
            list(path(JERS, "Exhibits.txt")),
            "1|REDACTED At the pier|1_REDACTED-At-the-pier.jpg\r\n\
             2|REDACTED photo, captured 2026-11-22, item 7|2_REDACTED-photo-item-7.jpg\r\n\
             3|Whole|3_Whole.jpg\r\n"
        );
        let dat = list(path(LOADFILE, "loadfile.dat"));
        let last: Vec<&str> = dat.lines().filter_map(|line| line.rsplit('\u{14}').next()).collect();
        assert_eq!(last, ["þREDACTEDþ", "þYþ", "þYþ", "þþ"]);
    }

    #[test]
    fn what_was_corrected_last_counts() {
        let mut folders = ProfileFolders::new(&[JERS.to_owned(), LOADFILE.to_owned()]);
        let mut corrected = exhibit(1, None, None, vec![jpeg()]);
        corrected.record = json!({"kind": "post", "platform": "x", "account": {"handle": "@wrong"}});
        let record = json!({"kind": "post", "platform": "tiktok", "account": {"handle": "@right"}});
        let leaf = Digest([3; 32]);
        corrected.current = Some(Shown { leaf, record });
        folders.add(&corrected);
        let lists: Vec<String> = folders
            .lists()
            .map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned())
            .collect();
        let lists = lists.concat();
        assert!(
            lists.contains("1|post on tiktok by @right, item 7|1_post-item-7.jpg"),
            "{lists}"
        );
        assert!(lists.contains("þ@rightþ") && !lists.contains("@wrong"), "{lists}");
    }

    #[test]
    fn what_jers_does_not_take_is_said() {
        let webm = row("data/exhibits/001/02-original.webm", 5, "video/webm");
        let large = row("data/exhibits/001/03-original.pdf", DOCUMENT + 1, "application/pdf");
        let long = row("data/exhibits/001/04-original.mp4", DOCUMENT + 1, "video/mp4");
        let longer = row("data/exhibits/001/05-original.mp4", RECORDING + 1, "video/mp4");
        let mut all = exhibit(1, None, None, vec![jpeg(), webm, large, long, longer]);
        let said = |exhibit: &Exhibit| {
            let all = unfit(&[JERS.to_owned(), LOADFILE.to_owned()], exhibit).unwrap_or_default();
            all.into_iter().map(|one| (one.of, one.says)).collect::<Vec<_>>()
        };
        let size = |of: u32, what: &str| (Some(of), what.to_owned());
        let sizes = [
            size(3, "JERS takes documents of at most 50 MB"),
            size(5, "JERS takes sound and video of at most 500 MB"),
        ];
        assert_eq!(said(&all), [&[size(2, NOT_TAKEN)], &sizes[..]].concat());
        let copy = row("data/exhibits/001/02-duplicate.mp4", 4, "video/mp4");
        all.duplicates = Some(vec![DuplicateRow {
            of: 2,
            file: Some(copy),
            made: None,
            lacks: None,
        }]);
        assert_eq!(said(&all), sizes);
        all.files.clear();
        let none = (None, NO_FILE.to_owned());
        assert_eq!(said(&all), [none.clone(), none]);
        assert_eq!(unfit(&[], &all), None);
    }

    #[test]
    fn values_of_a_load_file_end_where_they_end() {
        let mut values = [const { String::new() }; 19];
        values[0] = "one\r\ntwo\nthree\u{14}þ".into();
        let line = dat_line(values);
        assert!(line.starts_with("þone®two®three thþ\u{14}þþ\u{14}"), "{line:?}");
        assert_eq!((line.matches('þ').count(), line.matches('\u{14}').count()), (38, 18));
    }
}
