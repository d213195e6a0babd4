//! What a capture is, how it is read from what was sent, and how it is shown.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::authorizations::{Device, Level};
use crate::clock::{self, Micros};
use crate::error::Result;
use crate::forms::{Form, LINE, REASON, TEXT, URL};
use crate::proof::id::Digest;
use crate::subjects::platform;
use crate::words;

/// Files of one capture at the most.
pub const FILES: usize = 100;

words! {
    /// What was found.
    Kind {
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
    Role {
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

words! {
    /// Whence the time of posting is known.
    PostedBasis {
        /// The platform showed it.
        Shown = "shown",
        /// Worked out.
        Inferred = "inferred",
        /// Not known.
        Unknown = "unknown",
    }
}

words! {
    /// Where a capture stands.
    State {
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

/// A basis as it was claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub kind: BasisKind,
    pub id: Option<String>,
    pub reason: Option<String>,
}

/// A file that was announced.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// The part that brings it; none for a hash-only entry.
    pub part: Option<String>,
    pub name: Option<String>,
    pub role: Role,
    pub sha256: Option<Digest>,
    pub size: Option<u64>,
    pub withheld: Option<Value>,
}

/// A capture about to be recorded.
#[derive(Debug, Clone)]
pub struct NewCapture {
    pub kind: Kind,
    pub platform: Option<String>,
    pub level: Option<Level>,
    pub device: Option<Device>,
    pub captured_at: Micros,
    pub posted_at: Option<Micros>,
    pub account: Option<Map<String, Value>>,
    pub basis: Option<Claim>,
    pub files: Vec<NewFile>,
    /// The other particulars, as they go into the record.
    pub rest: Map<String, Value>,
}

impl NewCapture {
    /// Reads and checks it.
    pub fn parse(mut form: Form) -> Result<Self> {
        let basis = form.object("basis", claim);
        let kind = form.required_word::<Kind>("kind").unwrap_or(Kind::Link);
        let handed = basis.as_ref().is_some_and(|b| is_handed_over(b.kind));
        let loose = matches!(kind, Kind::Message | Kind::Document);
        required_unless(
            &mut form,
            "level",
            handed,
            "unless the basis is legal_process, consent or third_party",
        );
        required_unless(
            &mut form,
            "device",
            handed,
            "unless the basis is legal_process, consent or third_party",
        );
        required_unless(&mut form, "url", loose, "unless the kind is message or document");
        required_unless(
            &mut form,
            "platform",
            loose || handed,
            "unless the kind is message or document",
        );
        let new = Self {
            kind,
            basis,
            platform: platform(&mut form, "platform"),
            level: form.word("level"),
            device: form.word("device"),
            captured_at: form.required_time("captured_at"),
            posted_at: form.time("posted_at"),
            account: form.object("account", account),
            files: form.objects("files", FILES, file),
            rest: rest(&mut form, true),
        };
        distinct_parts(&mut form, &new.files);
        form.done()?;
        Ok(new)
    }

    /// A part of the account, such as its handle.
    pub fn account_part(&self, name: &str) -> Option<&str> {
        self.account.as_ref()?.get(name)?.as_str()
    }
}

fn is_handed_over(kind: BasisKind) -> bool {
    matches!(
        kind,
        BasisKind::LegalProcess | BasisKind::Consent | BasisKind::ThirdParty
    )
}

fn required_unless(form: &mut Form, field: &str, not: bool, unless: &str) {
    if !not && !form.has(field) {
        form.refuse(field, "required", format!("must be given, {unless}"));
    }
}

fn claim(form: &mut Form) -> Claim {
    let kind = form.required_word::<BasisKind>("kind").unwrap_or(BasisKind::Exception);
    let claim = Claim {
        kind,
        id: form.id("id"),
        reason: form.text("reason", REASON),
    };
    if kind == BasisKind::Authorization && claim.id.is_none() {
        form.refuse(
            "id",
            "required",
            "must be the authorization's id; leave basis out to have the covering one found",
        );
    }
    if kind != BasisKind::Authorization && claim.reason.as_deref().is_none_or(|r| r.trim().is_empty()) {
        form.refuse("reason", "required", "must say why");
    }
    claim
}

fn account(form: &mut Form) -> Map<String, Value> {
    let mut out = Map::new();
    put(&mut out, "handle", form.text("handle", LINE));
    put(&mut out, "platform_id", form.text("platform_id", LINE));
    out
}

fn put(out: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        out.insert(name.to_owned(), value.into());
    }
}

/// Particulars that nothing is decided by.
fn rest(form: &mut Form, whole: bool) -> Map<String, Value> {
    let mut out = Map::new();
    put(&mut out, "url", form.text("url", URL));
    put(&mut out, "final_url", form.text("final_url", URL));
    put(&mut out, "visibility", form.text("visibility", 40));
    put(&mut out, "access_means", form.text("access_means", 40));
    put(&mut out, "text", form.text("text", TEXT));
    put(&mut out, "platform_time_text", form.text("platform_time_text", LINE));
    put(
        &mut out,
        "posted_at_basis",
        form.word::<PostedBasis>("posted_at_basis").map(|b| b.as_str()),
    );
    let method = if whole {
        form.required_word::<Method>("method")
    } else {
        form.word("method")
    };
    put(&mut out, "method", method.map(|m| m.as_str()));
    if whole && !form.has("tool") {
        form.refuse(
            "tool",
            "required",
            "must name what took it: {\"name\": …, \"version\": …}",
        );
    }
    let tool = form.object(
        "tool",
        |f| json!({"name": f.required("name", LINE), "version": f.required("version", LINE)}),
    );
    put(&mut out, "tool", tool);
    if whole {
        put(&mut out, "note", form.text("note", TEXT));
    }
    out
}

fn file(form: &mut Form) -> NewFile {
    let sha256 = form.text("sha256", 64).and_then(|t| {
        let digest = t.to_lowercase().parse().ok();
        if digest.is_none() {
            form.refuse("sha256", "form", "must be 64 hexadecimal digits");
        }
        digest
    });
    let withheld = form.object(
        "withheld",
        |f| json!({"reason": f.required("reason", REASON), "referral": f.text("referral", LINE)}),
    );
    let file = NewFile {
        part: form.text("part", 200),
        name: form.text("name", LINE),
        role: form.required_word("role").unwrap_or(Role::Original),
        size: form.count("size"),
        sha256,
        withheld,
    };
    match (&file.withheld, &file.part) {
        (None, None) => form.refuse(
            "part",
            "required",
            "must name the part that brings the bytes; for a hash-only entry give withheld",
        ),
        (Some(_), Some(_)) => form.refuse(
            "part",
            "not_with_withheld",
            "must be left out: what is withheld brings no bytes",
        ),
        (Some(_), None) if file.sha256.is_none() || file.size.is_none() => {
            form.refuse(
                "sha256",
                "required",
                "sha256 and size must be given for a hash-only entry",
            );
        }
        _ => {}
    }
    file
}

fn distinct_parts(form: &mut Form, files: &[NewFile]) {
    for (i, file) in files.iter().enumerate() {
        let Some(part) = &file.part else { continue };
        if part == "capture" || files[..i].iter().any(|f| f.part.as_ref() == Some(part)) {
            form.refuse(
                &format!("files[{i}].part"),
                "unique",
                "must be another than the parts before it, and not `capture`",
            );
        }
    }
}

/// A file of a capture, as the record keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    pub sha256: Digest,
    pub size: u64,
    pub role: Role,
    pub name: Option<String>,
    pub media_type: Option<String>,
    pub declared_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Value>,
}

/// What the leaf shows for ever of a capture's files.
pub fn attested(files: &[FileEntry]) -> Map<String, Value> {
    let rows: Value = files
        .iter()
        .map(|f| json!({"sha256": f.sha256, "size": f.size, "role": f.role}))
        .collect();
    Map::from_iter([("files".to_owned(), rows)])
}

/// The record of a new capture.
pub fn record(new: &NewCapture, made: &Made<'_>) -> Result<Value> {
    let mut out = new.rest.clone();
    put(&mut out, "platform", new.platform.clone());
    put(&mut out, "level", new.level.map(Level::as_str));
    put(&mut out, "device", new.device.map(Device::as_str));
    put(&mut out, "posted_at", new.posted_at.map(clock::format));
    put(&mut out, "account", new.account.clone().map(Value::Object));
    let fixed = json!({
        "id": made.id, "case_id": made.case_id, "item": made.item, "version": 1, "kind": new.kind,
        "captured_at": clock::format(new.captured_at), "received_at": clock::format(made.received_at),
        "capturer": made.capturer, "state": made.verdict.state, "basis": made.verdict.basis,
        "coverage": made.verdict.coverage, "flags": made.verdict.flags, "files": made.files,
    });
    if let Value::Object(fields) = fixed {
        out.extend(fields);
    }
    Ok(Value::Object(out))
}

/// What the server adds to what was sent.
pub struct Made<'a> {
    pub id: &'a str,
    pub case_id: &'a str,
    pub item: i64,
    pub received_at: Micros,
    pub capturer: Value,
    pub verdict: &'a super::judge::Verdict,
    pub files: &'a [FileEntry],
}

/// What a correction changes: everything but kind, files and what was decided.
pub fn correction(mut form: Form) -> Result<(Map<String, Value>, String)> {
    let mut out = Map::new();
    put(&mut out, "platform", platform(&mut form, "platform"));
    put(&mut out, "level", form.word::<Level>("level").map(Level::as_str));
    put(&mut out, "device", form.word::<Device>("device").map(Device::as_str));
    put(&mut out, "captured_at", form.time("captured_at").map(clock::format));
    put(&mut out, "posted_at", form.time("posted_at").map(clock::format));
    put(&mut out, "account", form.object("account", account).map(Value::Object));
    out.extend(rest(&mut form, false));
    let reason = form.required("reason", REASON);
    if out.is_empty() && form.ok() {
        form.refuse(
            "body",
            "something",
            "must change at least one particular; to add words, use notes",
        );
    }
    form.done()?;
    Ok((out, reason))
}

words! {
    /// What a reviewer finds.
    ReviewOutcome {
        /// It shows what it says.
        Accurate = "accurate",
        /// It does not, or not enough.
        Returned = "returned",
    }
}

words! {
    /// What a supervisor decides about a held capture or an emergency.
    DecisionOutcome {
        /// A held capture is taken in.
        Accept = "accept",
        /// What nothing covered is approved afterwards, and stays visible as that.
        Ratify = "ratify",
        /// It is kept from use.
        Quarantine = "quarantine",
        /// An emergency was one.
        Confirm = "confirm",
        /// An emergency was none.
        Repudiate = "repudiate",
    }
}
