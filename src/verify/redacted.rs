//! The files of a redacted exhibit, which follow from what its capture's event attests and from its redactions. The builder
//! writes these rows; the verifier makes them again and compares.

use serde_json::{Value, json};

use super::endings::ending;
use crate::proof::Digest;
use crate::proof::packet::{FileRow, Shown, exhibit_path};

/// Why a file is withheld of which no redaction stands in the exhibit.
const WITH_THE_REST: &str = "withheld with the rest of the exhibit, which is redacted";
/// The role of what stands in the place of a file.
const ROLE: &str = "derivative";

/// The rows: each file of the capture, its bytes, name and type withheld; then each redacted copy. Of `attested` digest, size
/// and role count, in the order of the event.
pub fn file_rows((exhibit, papers): (u32, Option<u32>), attested: &[FileRow], redactions: &[Shown]) -> Vec<FileRow> {
    let withheld = attested.iter().map(|file| FileRow {
        path: None,
        sha256: file.sha256,
        size: file.size,
        role: file.role.clone(),
        name: None,
        media_type: None,
        withheld: Some(reason(redactions, file.sha256)),
    });
    let copies = redactions.iter().filter_map(|redaction| {
        let file = &redaction.record["file"];
        let parent = digest(&file["parent"])?;
        let place = attested.iter().position(|own| own.sha256 == parent)? + 1;
        let media_type = file["media_type"].as_str()?;
        Some(FileRow {
            path: Some(exhibit_path(exhibit, place, ROLE, ending(papers, media_type, None))),
            sha256: digest(&file["sha256"])?,
            size: file["size"].as_u64()?,
            role: ROLE.to_owned(),
            name: None,
            media_type: Some(media_type.to_owned()),
            withheld: None,
        })
    });
    withheld.chain(copies).collect()
}

/// Why a file is withheld: the reason of its redaction, and the digest of the copy.
fn reason(redactions: &[Shown], sha256: Digest) -> Value {
    let records = redactions.iter().map(|redaction| &redaction.record);
    let own = records
        .into_iter()
        .find(|record| digest(&record["file"]["parent"]) == Some(sha256));
    match own {
        Some(record) => json!({"reason": record["reason"], "derivative": record["file"]["sha256"]}),
        None => json!({"reason": WITH_THE_REST}),
    }
}

/// Whether the recipe of a redaction can be that of its copy: boxes that lie in the picture or in their page, ranges of time in
/// their order within the film, or what was taken out of a web archive; one of these alone, and of a copy of that type.
pub fn recipe_fits(record: &Value) -> bool {
    let (recipe, file) = (&record["recipe"], &record["file"]);
    let media_type = file["media_type"].as_str().unwrap_or_default();
    let has = |name: &str| recipe.get(name).is_some();
    let fits = match ["picture", "pages", "times", "sanitized"].map(has) {
        [false, false, false, false] => file.is_null() && !has("boxes"),
        [true, false, false, false] => media_type.starts_with("image/") && boxes_fit(recipe, |_| &recipe["picture"]),
        [false, true, false, false] => {
            let size = |page: u64| {
                let place = page.checked_sub(1).and_then(|place| usize::try_from(place).ok());
                place.map_or(&Value::Null, |place| &recipe["pages"][place])
            };
            let of_page = |one: &Value| size(one["page"].as_u64().unwrap_or_default());
            media_type == "application/pdf" && recipe["dpi"].as_u64() > Some(0) && boxes_fit(recipe, of_page)
        }
        [false, false, true, false] => {
            let is_film = media_type.starts_with("video/") || media_type.starts_with("audio/");
            is_film && !has("boxes") && times_fit(recipe)
        }
        [false, false, false, true] => !file.is_null() && !has("boxes"),
        _ => false,
    };
    let kind = if has("sanitized") { "sanitized" } else { "redaction" };
    fits && record["kind"] == kind
}

fn boxes_fit<'v>(recipe: &'v Value, size: impl Fn(&'v Value) -> &'v Value) -> bool {
    let within = |one: &Value, of: &Value, [at, long]: [&str; 2]| {
        let (at, extent) = (one[at].as_u64(), one[long].as_u64());
        let end = at.zip(extent).and_then(|(at, extent)| at.checked_add(extent));
        extent > Some(0) && end.is_some_and(|end| Some(end) <= of[long].as_u64())
    };
    let fits = |one: &'v Value| {
        let of = size(one);
        let is_paged = recipe.get("pages").is_some() == one.get("page").is_some();
        is_paged && within(one, of, ["x", "width"]) && within(one, of, ["y", "height"])
    };
    recipe["boxes"]
        .as_array()
        .is_some_and(|all| !all.is_empty() && all.iter().all(fits))
}

fn times_fit(recipe: &Value) -> bool {
    let mut last = 0;
    let mut follows = |range: &Value| {
        let ends = range["from_ms"].as_u64().zip(range["to_ms"].as_u64());
        let what = ["both", "picture", "sound"].iter().any(|word| range["what"] == *word);
        let fits = ends.is_some_and(|(from, to)| last <= from && from < to);
        last = ends.map_or(0, |(_, to)| to);
        what && fits && Some(last) <= recipe["duration_ms"].as_u64()
    };
    recipe["times"]
        .as_array()
        .is_some_and(|all| !all.is_empty() && all.iter().all(&mut follows))
}

fn digest(value: &Value) -> Option<Digest> {
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(byte: u8, role: &str) -> FileRow {
        FileRow {
            path: None,
            sha256: Digest([byte; 32]),
            size: 7,
            role: role.into(),
            name: Some("Anna K.jpg".into()),
            media_type: Some("image/jpeg".into()),
            withheld: None,
        }
    }

    #[test]
    fn copies_stand_behind_what_they_stand_for() {
        let files = [own(1, "archive"), own(2, "original")];
        let file = json!({"parent": Digest([2; 32]), "sha256": Digest([9; 32]), "size": 5, "media_type": "image/png"});
        let redaction = |record: Value| Shown {
            leaf: Digest([0; 32]),
            record,
        };
        let text = redaction(json!({"reason": "a name", "told": {}}));
        let copy = redaction(json!({"reason": "a face", "file": file}));
        let rows = file_rows((12, Some(3)), &files, &[text, copy]);
        let paths: Vec<Option<&str>> = rows.iter().map(|row| row.path.as_deref()).collect();
        assert_eq!(paths, [None, None, Some("data/exhibits/012/02-derivative.png")]);
        let why: Vec<&Value> = rows.iter().filter_map(|row| row.withheld.as_ref()).collect();
        assert_eq!(why[0]["reason"], WITH_THE_REST);
        assert_eq!(why[1], &json!({"reason": "a face", "derivative": Digest([9; 32])}));
        assert!(rows.iter().all(|row| row.name.is_none()));
        assert_eq!((rows[2].size, rows[2].role.as_str()), (5, "derivative"));
    }
}
