//! What the folders of profiles hold, by hand-made exhibits.

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
