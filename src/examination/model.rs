//! What an examination finds in a file, as it is recorded.

use serde::{Deserialize, Serialize};

use crate::words;

/// Facts of one file at the most.
pub const FACTS: usize = 80;
/// Characters of a fact's name and of its value.
const NAME: usize = 80;
const VALUE: usize = 500;
/// Characters of a page's text, and of its title.
pub const TEXT: usize = 4_000;
const TITLE: usize = 300;
/// Characters of a flag's reason where there is no room for more.
const SHORT: usize = 40;

words! {
    /// What is wrong with a file, or looks wrong. A flagged file is kept as it is.
    FileFlag {
        /// It cannot be read to its end: something is missing in it.
        CutOff = "cut_off",
        /// It cannot be read without a key or a password.
        Encrypted = "encrypted",
        /// Its name or its sender calls it another type than its bytes are.
        TypeDiffers = "type_differs",
        /// It shows that a page was not there, and not what stood on it.
        PageUnavailable = "page_unavailable",
        /// A digest that it carries is not that of its content.
        DigestDiffers = "digest_differs",
        /// A signature that it carries does not hold.
        SignatureDiffers = "signature_differs",
        /// It says that it was made later than it was received.
        LaterThanReceipt = "later_than_receipt",
        /// It opens without a password, and says that it is not to be printed, copied or changed.
        Restricted = "restricted",
        /// It names a place that is none on Earth.
        Implausible = "implausible",
        /// Reading it stopped at a limit before its end.
        Stopped = "stopped",
        /// It could not be examined, or a part of it could not.
        Unreadable = "unreadable",
    }
}

words! {
    /// Where in a file a fact was found.
    FactSource {
        /// Exif 3.0, in photos.
        Exif = "exif",
        /// XMP (ISO 16684-1), in photos and videos.
        Xmp = "xmp",
        /// The streams of a video or a sound.
        Media = "media",
        /// WARC or WACZ.
        Archive = "archive",
        /// HTML or MHTML.
        Page = "page",
        /// Content credentials (C2PA), in photos, videos and sounds.
        Credentials = "credentials",
    }
}

/// A flag, and why it was raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaisedFlag {
    pub flag: FileFlag,
    pub why: String,
}

/// Something that a file says of itself, as found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundFact {
    pub source: FactSource,
    pub name: String,
    pub value: String,
}

/// A hash of what a picture shows: pictures that look alike have hashes that differ in few bits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerceptualHash {
    /// How it is computed.
    pub algorithm: String,
    /// Hex.
    pub hash: String,
    /// From 0 to 100: how much the picture shows that a hash can tell apart. Below 50 its hash says little.
    pub quality: u8,
}

/// A place that a file names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedPlace {
    pub source: FactSource,
    /// Degrees as a decimal number, north and east positive.
    pub latitude: String,
    pub longitude: String,
    /// Meters above the sea, where it is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub altitude: Option<String>,
}

/// What was found in one file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Findings {
    /// Pixels, as it is shown upright.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perceptual_hash: Option<PerceptualHash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<NamedPlace>,
    /// A page's title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// A page's text, or its beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<FoundFact>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<RaisedFlag>,
    /// Files of this type are not read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unread: bool,
    /// What the server lacks, without which a part was not read: programs that are not installed, and `c2pa` where the program
    /// was built without it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
}

impl Findings {
    /// Adds a fact, unless its value is empty.
    pub fn fact(&mut self, source: FactSource, name: impl Into<String>, value: impl AsRef<str>) {
        let value = clean(value.as_ref(), VALUE);
        if !value.is_empty() && self.facts.len() < FACTS {
            let name = clean(&name.into(), NAME);
            self.facts.push(FoundFact { source, name, value });
        }
    }

    /// Raises a flag. The first reason for each stands.
    pub fn flag(&mut self, flag: FileFlag, why: impl AsRef<str>) {
        if self.flags.iter().all(|raised| raised.flag != flag) {
            let why = clean(why.as_ref(), VALUE);
            self.flags.push(RaisedFlag { flag, why });
        }
    }

    /// Whether it carries content credentials that can be read.
    pub fn has_credentials(&self) -> bool {
        self.facts.iter().any(|fact| fact.source == FactSource::Credentials)
    }

    /// Puts what its content credentials say before all else that was found: of the rest there may be more than is kept.
    pub fn put_credentials(&mut self, read: Self) {
        if !read.facts.is_empty() {
            self.facts.retain(|fact| fact.source != FactSource::Credentials);
        }
        self.facts.splice(0..0, read.facts);
        self.facts.truncate(FACTS);
        for raised in read.flags {
            self.flag(raised.flag, raised.why);
        }
    }

    /// Sizes, hash and which flags were raised: a few hundred bytes.
    #[must_use]
    pub fn in_short(&self) -> Self {
        let flags = self.flags.iter().map(|raised| RaisedFlag {
            flag: raised.flag,
            why: shortened(&raised.why, SHORT),
        });
        Self {
            width: self.width,
            height: self.height,
            duration_ms: self.duration_ms,
            perceptual_hash: self.perceptual_hash.clone(),
            flags: flags.collect(),
            unread: self.unread,
            ..Self::default()
        }
    }

    /// Whether this flag was raised.
    pub fn is_flagged(&self, flag: FileFlag) -> bool {
        self.flags.iter().any(|raised| raised.flag == flag)
    }

    /// Everything as short as it may be, whoever made it: a process that read hostile bytes is not believed.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        self.facts.truncate(FACTS);
        for fact in &mut self.facts {
            fact.name = clean(&fact.name, NAME);
            fact.value = clean(&fact.value, VALUE);
        }
        let mut seen = Vec::new();
        self.flags.retain(|raised| {
            let is_new = !seen.contains(&raised.flag);
            seen.push(raised.flag);
            is_new
        });
        for raised in &mut self.flags {
            raised.why = clean(&raised.why, VALUE);
        }
        self.title = self.title.map(|title| clean(&title, TITLE)).filter(|t| !t.is_empty());
        self.text = self.text.map(|text| shortened(&text, TEXT)).filter(|t| !t.is_empty());
        self.perceptual_hash = self.perceptual_hash.filter(|made| {
            made.hash.len() <= 128
                && made.hash.bytes().all(|b| b.is_ascii_hexdigit())
                && made.algorithm.len() <= NAME
                && made.quality <= 100
        });
        let short = |word: &String| word.len() <= 20 && word.parse::<f64>().is_ok_and(f64::is_finite);
        self.place = self
            .place
            .filter(|place| short(&place.latitude) && short(&place.longitude) && place.altitude.iter().all(short));
        self.lacks.retain(|name| name.len() <= NAME);
        self.lacks.truncate(4);
        self
    }
}

/// One line without control characters, cut to so many characters with an ellipsis.
fn clean(text: &str, most: usize) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    shortened(line.trim(), most)
}

/// The beginning of a text, cut to so many characters with an ellipsis.
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
