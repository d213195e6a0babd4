//! An examination as pages show it: the product's and the packet's alike.

use serde_json::Value;

use crate::text::{Fact, block, label, line, short};

/// What was found in one file.
pub struct ExaminedView {
    /// Which file.
    pub heading: String,
    /// What looks wrong with it, and why.
    pub flags: Vec<Fact>,
    /// What most people look for.
    pub facts: Vec<Fact>,
    /// Everything that it says of itself.
    pub found: Vec<Fact>,
    /// The text of a page, or its beginning.
    pub text: Option<String>,
}

/// What stands above every examination.
pub const EXAMINED: &str = "Derived by a program from the files, and no evidence itself: the file says more, and anybody can read it again. What a file says of itself may be wrong or made up.";

/// The name of the hash of what a picture shows.
pub const PERCEPTUAL_HASH: &str = "Perceptual hash";

/// What an examination's record says of each file. `name` gives what a file is called.
pub fn examined(record: &Value, name: impl Fn(&str) -> Option<String>) -> Vec<ExaminedView> {
    let files = record["files"].as_array().into_iter().flatten();
    files
        .zip(1..)
        .map(|(file, number): (&Value, usize)| {
            let own = file["sha256"].as_str().and_then(&name);
            let heading = own.map_or_else(|| format!("File {number}"), |own| format!("File {number}, {own}"));
            one(file, heading)
        })
        .collect()
}

/// With which program, such as `casetrail 0.1.0`.
pub fn examined_with(record: &Value) -> String {
    let said = |at: &str| record.pointer(at).and_then(Value::as_str).map(line).unwrap_or_default();
    format!("{} {}", said("/tool/name"), said("/tool/version"))
}

fn one(file: &Value, heading: String) -> ExaminedView {
    let said = |name: &str| file[name].as_str();
    let raised = file["flags"].as_array().into_iter().flatten();
    let skipped = said("not_examined").map(|why| Fact::new("Not examined", why));
    let flags = raised.map(|raised| {
        let word = raised["flag"].as_str().unwrap_or_default();
        Fact::new(&flagged(word), raised["why"].as_str().unwrap_or_default())
    });
    let found = file["facts"].as_array().into_iter().flatten().map(|fact| {
        let text = |name: &str| fact[name].as_str().unwrap_or_default();
        Fact::new(
            &format!("{}: {}", source(text("source")), line(text("name"))),
            text("value"),
        )
    });
    ExaminedView {
        heading,
        flags: skipped.into_iter().chain(flags).collect(),
        facts: measured(file).into_iter().chain(looked_for(file)).collect(),
        found: found.chain(left_out(file)).collect(),
        text: said("text").filter(|text| !text.trim().is_empty()).map(block),
    }
}

fn measured(file: &Value) -> Vec<Fact> {
    let number = |name: &str| file[name].as_u64();
    let mut facts = Vec::new();
    let mut add = |name: &str, value: String| facts.push(Fact::new(name, value));
    if let (Some(width), Some(height)) = (number("width"), number("height")) {
        add("Size", format!("{width} × {height} pixels"));
    }
    if let Some(long) = number("duration_ms") {
        add("Duration", format!("{}.{:03} seconds", long / 1000, long % 1000));
    }
    if let Some(title) = file["title"].as_str() {
        add("Title", short(title, 200));
    }
    let place = &file["place"];
    if let (Some(latitude), Some(longitude)) = (place["latitude"].as_str(), place["longitude"].as_str()) {
        let above = place["altitude"]
            .as_str()
            .map(|meters| format!(", {meters} m above the sea"));
        let above = above.unwrap_or_default();
        add("Place that it names", format!("{latitude}, {longitude}{above}"));
    }
    if file["unread"] == true {
        add("Not read", "files of this type are not read".into());
    }
    let hash = &file["perceptual_hash"];
    if let (Some(value), Some(quality)) = (hash["hash"].as_str(), hash["quality"].as_u64()) {
        let named = hash["algorithm"].as_str().unwrap_or_default();
        let weak = if quality < 50 {
            "; too little structure to compare by"
        } else {
            ""
        };
        add(
            PERCEPTUAL_HASH,
            format!("{value} ({named}, quality {quality} of 100{weak})"),
        );
    }
    facts
}

/// What it says of itself that most people look for: when, with what, where from, and under whose signature.
const LOOKED_FOR: [(&str, &str, &str); 12] = [
    ("exif", "DateTimeOriginal", "Taken, by its own clock"),
    ("exif", "OffsetTimeOriginal", "Zone of that clock"),
    ("exif", "Make", "Make"),
    ("exif", "Model", "Model"),
    ("media", "creation_time", "Made, by its own word"),
    ("page", "Address when it was saved", "Address when it was saved"),
    ("page", "Date in its head", "Saved, by its own word"),
    ("archive", "First record", "First record in it"),
    ("archive", "Signature", "Signature in it"),
    ("credentials", "State", "Content credentials"),
    (
        "credentials",
        "Signed by, as its certificate says",
        "Signed by, as its certificate says",
    ),
    ("credentials", "Signed at, as it says", "Signed, by its own word"),
];

fn looked_for(file: &Value) -> Vec<Fact> {
    let facts = || file["facts"].as_array().into_iter().flatten();
    let found = LOOKED_FOR.iter().filter_map(|(source, name, says)| {
        let fact = facts().find(|fact| fact["source"] == *source && fact["name"] == *name)?;
        Some(Fact::new(says, fact["value"].as_str()?))
    });
    found.collect()
}

fn left_out(file: &Value) -> Vec<Fact> {
    let lacks = file["lacks"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let lacks = lacks.map(|program| {
        let why = match program {
            "c2pa" => "content credentials are not read by this build".to_owned(),
            program => format!("{program} is not installed on the server"),
        };
        Fact::new("Not read", why)
    });
    let shortened = file["shortened"] == true;
    let shortened = shortened.then(|| Fact::new("Left out", "what else it says: the files before it say much"));
    lacks.chain(shortened).collect()
}

fn flagged(word: &str) -> String {
    match word {
        "type_differs" => "Another type".into(),
        "page_unavailable" => "No page".into(),
        "digest_differs" => "Digest differs".into(),
        "signature_differs" => "Signature differs".into(),
        "cut_off" => "Incomplete".into(),
        "later_than_receipt" => "Later than its receipt".into(),
        "unreadable" => "Unreadable in part".into(),
        "restricted" => "Restricts use".into(),
        "implausible" => "Implausible place".into(),
        "stopped" => "Stopped at a limit".into(),
        other => label(other),
    }
}

fn source(word: &str) -> &'static str {
    match word {
        "exif" => "EXIF",
        "xmp" => "XMP",
        "media" => "Streams",
        "archive" => "Archive",
        "page" => "Page",
        "credentials" => "Content credentials",
        _ => "File",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_examination_is_told_whatever_its_record_holds() {
        let file = json!({"sha256": "ab", "width": 640, "height": 480, "duration_ms": 6026, "title": "t",
            "place": {"latitude": "1.0", "longitude": "-2.0", "altitude": "3.0"}, "lacks": ["ffprobe"], "shortened": true,
            "perceptual_hash": {"algorithm": "a", "hash": "ff", "quality": 12}, "text": "seen",
            "flags": [{"flag": "type_differs", "why": "named .jpg"}, {"flag": "encrypted", "why": "w"}],
            "facts": [{"source": "exif", "name": "Make", "value": "NIKON\u{202e}"},
                {"source": "exif", "name": "DateTimeOriginal", "value": "2008:10:22 16:28:39"}]});
        let record =
            json!({"tool": {"name": "casetrail", "version": "9"}, "files": [file, {"not_examined": "why"}, 7]});
        let seen = examined(&record, |sha256| (sha256 == "ab").then(|| "a.jpg".to_owned()));
        assert_eq!(examined_with(&record), "casetrail 9");
        assert_eq!(seen[0].heading, "File 1, a.jpg");
        let told = |facts: &[Fact]| {
            facts
                .iter()
                .map(|f| format!("{} = {}", f.label, f.value))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            told(&seen[0].facts),
            [
                "Size = 640 × 480 pixels",
                "Duration = 6.026 seconds",
                "Title = t",
                "Place that it names = 1.0, -2.0, 3.0 m above the sea",
                "Perceptual hash = ff (a, quality 12 of 100; too little structure to compare by)",
                "Taken, by its own clock = 2008:10:22 16:28:39",
                "Make = NIKON⟨U+202E⟩",
            ]
        );
        assert_eq!(told(&seen[0].flags), ["Another type = named .jpg", "Encrypted = w"]);
        let found = told(&seen[0].found);
        assert!(
            found[0].starts_with("EXIF: Make = NIKON") && !found[0].contains('\u{202e}'),
            "{found:?}"
        );
        assert_eq!(found.len(), 4);
        assert_eq!(seen[0].text.as_deref(), Some("seen"));
        assert_eq!(told(&seen[1].flags), ["Not examined = why"]);
        assert_eq!(seen[2].heading, "File 3");
        assert!(examined(&Value::Null, |_| None).is_empty());
    }
}
