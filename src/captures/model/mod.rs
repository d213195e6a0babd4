//! What a capture is, and how it is read from what was sent.

mod examination;
mod file_names;
mod filter;
mod new;
mod odd;
mod page_form;
mod platforms;
mod remark;
mod title;
mod uncovered;
mod view;
mod viewing;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub use examination::{Examination, ExaminedFile};
pub use file_names::{is_unfinished, kind_of};
pub use filter::{CaptureFilter, CaptureQuery, NewTo, Place, Sort};
pub use new::{NewCapture, NewCorrection, NewFile};
pub use page_form::{NO_PLATFORM, PageArrival, choose_platform};
pub use platforms::{address_stem, recognize, same_address, tracking_parts, without_tracking};
pub use remark::{
    CaptureDecision, CaptureMark, CaptureNote, Check, CheckOutcome, DecisionOutcome, EventPlace, ExaminationWish, Mark,
    NewDecision, Remark, Review, ReviewOutcome, Verification,
};
pub use uncovered::{STANDING_ORDER, Uncovered};
pub use view::{CaptureView, Duplicate, OpenCapture, Remarks, StoredCapture};
pub use viewing::Viewing;

use crate::authorizations::{Device, Level, Line};
use crate::clock::{Micros, Timestamp};
use crate::error::Result;
use crate::forms::{FieldSet, Form, LINE, TEXT, URL, Word};
use crate::identity::Person;
use crate::proof::id::Digest;
use crate::subjects::{account_key, cut_key, known, platform};
use crate::text::label;
use crate::{page, particulars, words};

/// Files of one capture at the most.
pub const FILES: usize = 100;

words! {
    /// What was found.
    CaptureKind {
        /// A post.
        Post = "post",
        /// A photo.
        Photo = "photo",
        /// A video.
        Video = "video",
        /// A profile.
        Profile = "profile",
        /// A page.
        Page = "page",
        /// A link.
        Link = "link",
        /// A message.
        Message = "message",
        /// A document.
        Document = "document",
        /// Searched, and found nothing.
        Lookup = "lookup",
    }
}

words! {
    /// How it was taken.
    Method {
        /// A screenshot by hand.
        ManualScreenshot = "manual_screenshot",
        /// A browser extension.
        BrowserExtension = "browser_extension",
        /// Fetched by the server.
        ServerFetch = "server_fetch",
        /// A crawler.
        Crawler = "crawler",
        /// The platform's API.
        Api = "api",
        /// A platform's return.
        PlatformReturn = "platform_return",
        /// A photo of a device.
        DevicePhoto = "device_photo",
        /// A third party.
        ThirdParty = "third_party",
        /// Imported.
        Import = "import",
    }
}

words! {
    /// What a file is to its capture.
    FileRole {
        /// As found.
        Original = "original",
        /// What the screen showed.
        Screenshot = "screenshot",
        /// A web archive.
        Archive = "archive",
        /// Something beside it.
        Attachment = "attachment",
        /// Made from another.
        Derivative = "derivative",
    }
}

words! {
    /// What a capture rests on.
    BasisKind {
        /// An authorization.
        Authorization = "authorization",
        /// Danger to life, self-started.
        Emergency = "emergency",
        /// Legal process.
        LegalProcess = "legal_process",
        /// Consent.
        Consent = "consent",
        /// Handed over.
        ThirdParty = "third_party",
        /// The agency's policy needs none.
        NotRequired = "not_required",
        /// None of these.
        Exception = "exception",
    }
}

impl BasisKind {
    /// What a capture rests on, as people read it.
    pub fn says(self) -> String {
        match self {
            Self::Exception => "Nothing".to_owned(),
            _ => label(self.as_str()),
        }
    }
}

words! {
    /// How the time of posting is known.
    PostedBasis {
        /// The platform showed it.
        Shown = "shown",
        /// Worked out.
        Inferred = "inferred",
        /// Not known.
        Unknown = "unknown",
    }
}

impl PostedBasis {
    /// How the time of posting is known, as people read it: a platform seldom shows year and zone.
    pub fn says(self) -> &'static str {
        page::words::posted_basis(self.as_str()).unwrap_or_default()
    }
}

words! {
    /// How the time of capture is known.
    CapturedBasis {
        /// The capturer says it.
        Stated = "stated",
        /// A file's date: a guess.
        FileDate = "file_date",
        /// Guessed.
        Guessed = "guessed",
    }
}

impl CapturedBasis {
    /// What stands beside a time that is guessed, wherever it is shown.
    pub fn mark(self) -> Option<&'static str> {
        page::words::guessed(self.as_str())
    }

    /// How a time of capture is known, in words. One that nobody gave is that of the receipt, to the microsecond.
    pub fn says(self, captured: Timestamp, received: Timestamp) -> &'static str {
        page::words::captured_basis(self.as_str(), captured, received)
    }
}

words! {
    /// Where a capture stands.
    CaptureState {
        /// Nothing covers it: kept, and unreadable until a supervisor decides.
        Held = "held",
        /// Logged.
        Logged = "logged",
        /// Reviewed by a second person.
        Reviewed = "reviewed",
        /// Kept from use.
        Quarantined = "quarantined",
    }
}

impl CaptureState {
    /// Held or quarantined: only people who may decide about it read its content.
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Held | Self::Quarantined)
    }

    /// Whether it may go into a packet.
    pub fn may_leave(self) -> bool {
        matches!(self, Self::Logged | Self::Reviewed)
    }

    /// The words of the states for which `is` holds; queries need them.
    pub fn words_where(is: fn(Self) -> bool) -> Vec<&'static str> {
        let those = Self::WORDS.iter().filter(|(_, state)| is(*state));
        those.map(|(word, _)| *word).collect()
    }
}

words! {
    /// What is odd about a capture. It is kept all the same.
    Flag {
        /// The sender's clock lies in the future.
        FutureClock = "future_clock",
        /// It came long after it was captured, or after its authorization ended.
        LateEntry = "late_entry",
        /// It says that it was posted after it was captured.
        PostedAfterCapture = "posted_after_capture",
        /// A covert capture names no alias.
        AliasMissing = "alias_missing",
        /// The time of capture is a guess.
        GuessedTime = "guessed_time",
        /// An address that it gives is none.
        UrlUnparsed = "url_unparsed",
        /// A file of no bytes.
        EmptyFile = "empty_file",
        /// A file that ends before its format says, or whose name says that it was still coming.
        IncompleteFile = "incomplete_file",
        /// An address is one of another platform than the one that is named.
        PlatformDiffers = "platform_differs",
        /// As it was corrected, it goes beyond the leave or the decision on which it rests.
        CorrectedBeyond = "corrected_beyond",
        /// Something that was sent was no character; U+FFFD stands in its place.
        TextRepaired = "text_repaired",
    }
}

/// What a capture rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    pub kind: BasisKind,
    /// The authorization's id.
    pub id: Option<String>,
    pub reason: Option<String>,
}

/// Why the bytes of a file are not kept, and where they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithheldFile {
    pub reason: String,
    pub referral: Option<String>,
}

/// The account that a capture shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorAccount {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform_id: Option<String>,
}

impl AuthorAccount {
    /// What a list of captures is filtered by: the handle as handles are compared, else the platform's own id.
    pub fn key(&self) -> Option<String> {
        let named = known(self.handle.as_deref()).or_else(|| known(self.platform_id.as_deref()));
        named.map(account_key)
    }

    /// The platform's own id, as far as an index holds it.
    pub fn id_key(&self) -> Option<String> {
        known(self.platform_id.as_deref()).map(cut_key)
    }
}

/// What a capture was taken with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    pub name: String,
    pub version: String,
}

particulars! {
    /// What the capturer says of what was found. All of it may be corrected later.
    pub struct Particulars {
        platform: String = platform,
        url: String = |form, field| form.filled(field, URL),
        final_url: String = |form, field| form.filled(field, URL),
        account: AuthorAccount = |form, field| form.object(field, new::account),
        visibility: String = |form, field| form.filled(field, 40),
        access_means: String = |form, field| form.filled(field, 40),
        text: String = |form, field| form.text(field, TEXT),
        /// The time as the platform showed it.
        platform_time_text: String = |form, field| form.filled(field, LINE),
        posted_at: Timestamp = |form, field| form.time(field).map(Timestamp),
        posted_at_basis: PostedBasis = Form::word,
        method: Method = Form::word,
        tool: Tool = |form, field| form.object(field, new::tool),
        level: Level = Form::word,
        device: Device = Form::word,
    }
}

/// A file of a capture, as the record keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    pub sha256: Digest,
    pub size: u64,
    pub role: FileRole,
    pub name: Option<String>,
    pub media_type: Option<String>,
    pub declared_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<WithheldFile>,
}

/// Who corrected a capture, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    pub by: Person,
    pub at: Timestamp,
    pub reason: String,
}

/// A capture: the record of one of its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    pub id: String,
    pub case_id: String,
    /// Its number in the case.
    pub item: i64,
    pub version: i64,
    pub kind: CaptureKind,
    pub captured_at: Timestamp,
    /// How that time is known; stated, where nothing is said.
    #[serde(default)]
    pub captured_at_basis: Option<CapturedBasis>,
    pub received_at: Timestamp,
    pub capturer: Person,
    /// The state when it was recorded. Decisions and reviews change the row later, not this record.
    pub state: CaptureState,
    pub basis: Basis,
    /// The verdict of each rule of the authorization against which it was judged.
    pub coverage: Vec<Line>,
    pub flags: Vec<Flag>,
    pub files: Vec<FileEntry>,
    #[serde(flatten)]
    pub particulars: Particulars,
    #[serde(default)]
    pub note: Option<String>,
    /// Who corrected it, when and why; none in version 1.
    #[serde(default)]
    pub correction: Option<Correction>,
}

impl Capture {
    /// The record: what was not said is left out.
    pub fn record(&self) -> Result<Value> {
        let mut record = serde_json::to_value(self)?;
        if let Value::Object(fields) = &mut record {
            fields.retain(|_, value| !value.is_null());
        }
        Ok(record)
    }

    /// Whether this version may be new to a person: others' captures, and what became of their own.
    pub fn is_news_to(&self, user: &str) -> bool {
        self.capturer.id != user || self.version > 1
    }

    /// Whether nothing covered it when it was logged. Later decisions do not change that.
    pub fn is_uncovered(&self) -> bool {
        self.state == CaptureState::Held
    }

    /// Whether a supervisor is to decide about it when it is recorded: held, or an emergency.
    pub fn awaits_decision(&self) -> bool {
        self.state == CaptureState::Held || self.basis.kind == BasisKind::Emergency
    }

    /// The id of the entry that keeps this corrected version.
    pub fn correction_id(&self) -> String {
        format!("{}-v{:06}", self.id, self.version)
    }

    /// Whether the time of capture is a guess.
    pub fn is_time_guessed(&self) -> bool {
        self.captured_at_basis.and_then(CapturedBasis::mark).is_some()
    }

    /// What the leaf shows for ever: digest, size and role of each file.
    pub fn attested(&self) -> Map<String, Value> {
        let files: Value = self.files.iter().map(|f| json!(FileDigest::of(f))).collect();
        Map::from_iter([("files".to_owned(), files)])
    }

    /// The version that a correction makes.
    pub fn corrected(self, change: &NewCorrection, by: Person, now: Micros) -> Self {
        let mut flags = self.flags;
        let particulars = change.particulars.clone().or(self.particulars);
        // One field of a correction may no longer go with another one that stays.
        let differs = odd::is_elsewhere(&particulars).then_some(Flag::PlatformDiffers);
        // What was noticed once stays.
        for flag in change.noticed.iter().copied().chain(differs) {
            if !flags.contains(&flag) {
                flags.push(flag);
            }
        }
        Self {
            flags,
            version: self.version + 1,
            captured_at: change.captured_at.map_or(self.captured_at, Timestamp),
            // Another time is stated, unless the correction says otherwise.
            captured_at_basis: match change.captured_at {
                Some(_) => change.captured_at_basis,
                None => change.captured_at_basis.or(self.captured_at_basis),
            },
            particulars,
            correction: Some(Correction {
                by,
                at: Timestamp(now),
                reason: change.reason.clone(),
            }),
            ..self
        }
    }
}

/// A file as everyone who may read the case knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDigest {
    pub sha256: Digest,
    pub size: u64,
    pub role: FileRole,
}

impl FileDigest {
    /// Of a file.
    pub fn of(file: &FileEntry) -> Self {
        Self {
            sha256: file.sha256,
            size: file.size,
            role: file.role,
        }
    }
}
