//! The arguments of one capture in `casetrail log`, from flags or a row of a manifest, and the capture made from them.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::legible::legible;
use crate::captures::{CaptureKind, CapturedBasis, kind_of, recognize};
use crate::clock::{self, Micros};
use crate::error::{Error, FieldError, Result};
use crate::forms::Word;
use crate::proof::{Digest, canon};

/// The fields of one capture as text; what is absent is guessed or left to the server.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Capture")]
pub struct CaptureArgs {
    /// post, photo, video, profile, page, link, message, document or lookup [default: guessed from file or URL]
    #[arg(long)]
    pub kind: Option<String>,
    /// instagram, facebook, x, … [default: guessed from the URL]
    #[arg(long)]
    pub platform: Option<String>,
    /// The address as seen, for a file
    #[arg(long)]
    pub url: Option<String>,
    /// When it was captured, RFC 3339 with zone [default: a file's time of change, for a URL now, both marked as guessed]
    #[arg(long, value_name = "TIME")]
    pub captured_at: Option<String>,
    /// The text that was seen
    #[arg(long)]
    pub text: Option<String>,
    /// overt, discreet or covert; asked for where nothing says it
    #[arg(long, env = "CASETRAIL_LEVEL")]
    pub level: Option<String>,
    /// agency, personal or other; asked for where nothing says it
    #[arg(long, env = "CASETRAIL_DEVICE")]
    pub device: Option<String>,
    /// manual_screenshot, browser_extension, server_fetch, crawler, api, platform_return, device_photo, third_party or import [default: import]
    #[arg(long)]
    pub method: Option<String>,
    /// original, screenshot, archive, attachment or derivative [default: original; screenshot with method manual_screenshot]
    #[arg(long)]
    pub role: Option<String>,
    /// The author's handle
    #[arg(long, value_name = "HANDLE")]
    pub account: Option<String>,
    /// A note about the capture
    #[arg(long)]
    pub note: Option<String>,
    /// An authorization's id, or emergency, exception, legal_process, consent, third_party, not_required [default: the server finds the authorization]
    #[arg(long)]
    pub basis: Option<String>,
    /// Why, for every basis but an authorization
    #[arg(long = "basis-reason", value_name = "TEXT")]
    pub reason: Option<String>,
    /// The id of your alias under which it was made, for covert captures [default: none]
    #[arg(long, value_name = "ID")]
    pub alias: Option<String>,
    /// NAME/VERSION of the tool it was captured with [default: casetrail and its version]
    #[arg(long)]
    pub tool: Option<String>,
}

impl CaptureArgs {
    /// Whether somebody else took it, so that level and device are not ours to say.
    pub fn is_handed_over(&self) -> bool {
        matches!(self.basis.as_deref(), Some("legal_process" | "consent" | "third_party"))
    }

    /// The fields for which a manifest has a column, by the column's name.
    pub fn columns(&mut self) -> [(&'static str, &mut Option<String>); 13] {
        [
            ("kind", &mut self.kind),
            ("platform", &mut self.platform),
            ("url", &mut self.url),
            ("captured_at", &mut self.captured_at),
            ("text", &mut self.text),
            ("level", &mut self.level),
            ("device", &mut self.device),
            ("method", &mut self.method),
            ("role", &mut self.role),
            ("account", &mut self.account),
            ("note", &mut self.note),
            ("basis", &mut self.basis),
            ("reason", &mut self.reason),
        ]
    }
}

/// One capture to be logged.
#[derive(Debug)]
pub struct LogTask {
    /// Its place among the items or rows, from 1.
    pub number: usize,
    /// What it is called in results.
    pub what: String,
    /// Its file, where it has one.
    pub file: Option<PathBuf>,
    /// The rest of it, or why it cannot be read.
    pub row: std::result::Result<CaptureArgs, Failure>,
}

/// A file to be logged, hashed before it is sent.
#[derive(Debug, Clone)]
pub struct Source {
    /// Where it lies.
    pub path: PathBuf,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// How many.
    pub size: u64,
    /// When it last changed.
    pub changed_at: Micros,
}

/// A capture about to be sent.
#[derive(Debug, Clone)]
pub struct PreparedCapture {
    /// The part `capture`.
    pub capture: Value,
    /// Its file.
    pub source: Option<Source>,
    /// The key that makes sending it twice harmless.
    pub key: String,
    /// Whether its time is that of this run, so that a second run says another.
    pub timed_now: bool,
}

/// The name of the file's part.
pub const PART: &str = "file";

/// Makes a capture from its arguments and its file.
pub fn prepare(case: &str, row: &CaptureArgs, source: Option<Source>, now: Micros) -> Result<PreparedCapture> {
    let mut broken = Vec::new();
    let name = source.as_ref().map(|s| file_name(&s.path));
    let method = row.method.as_deref().unwrap_or("import");
    let platform = row
        .platform
        .clone()
        .or_else(|| row.url.as_deref().map(|url| platform_of(url).to_owned()));
    let kind = row.kind.as_deref().unwrap_or_else(|| kind(name.as_deref()));
    let stands_alone = CaptureKind::from_word(kind).is_some_and(CaptureKind::stands_alone);
    if row.url.is_none() && !stands_alone {
        broken.push(FieldError::new(
            "url",
            "required",
            format!(
                "a {kind} needs the address where it was seen: --url, or a manifest's column `url`; if it was seen at none, --kind document or --kind message"
            ),
        ));
    }
    let (captured_at, time_basis) = match (&row.captured_at, &source) {
        (Some(said), _) => (said.clone(), None),
        (None, Some(file)) => (clock::format(file.changed_at), Some(CapturedBasis::FileDate)),
        (None, None) => (clock::format(now), Some(CapturedBasis::Guessed)),
    };
    let timed_now = time_basis == Some(CapturedBasis::Guessed);
    if clock::parse(&captured_at).is_none() {
        broken.push(FieldError::new(
            "captured_at",
            "format",
            "must be RFC 3339 with a zone, such as 2026-11-22T14:07:31Z",
        ));
    }
    let (basis, tool) = (basis(row, &mut broken), tool(row.tool.as_deref(), &mut broken));
    FieldError::refuse(broken)?;
    let account = row.account.as_ref().map(|handle| json!({"handle": handle}));
    let fields = [
        ("kind", json!(kind)),
        ("platform", json!(platform)),
        ("url", json!(row.url)),
        ("captured_at", json!(captured_at)),
        ("text", json!(row.text)),
        ("captured_at_basis", json!(time_basis.map(|basis| basis.as_str()))),
        ("level", json!(row.level)),
        ("device", json!(row.device)),
        ("account", json!(account)),
        ("note", json!(row.note)),
        ("alias_id", json!(row.alias)),
        ("basis", json!(basis)),
        ("tool", tool),
        ("files", json!(source.as_ref().map(|s| [file_entry(s, row, method)]))),
        ("method", json!(method)),
    ];
    // What is not said is left out.
    let said = fields.into_iter().filter(|(_, value)| !value.is_null());
    let capture: Map<String, Value> = said.map(|(name, value)| (name.to_owned(), value)).collect();
    let mut keyed = capture.clone();
    // A time that was set by this run would be another one in the next.
    if timed_now {
        keyed.remove("captured_at");
    }
    let key = key(case, &keyed)?;
    Ok(PreparedCapture {
        capture: Value::Object(capture),
        source,
        key,
        timed_now,
    })
}

fn file_entry(source: &Source, row: &CaptureArgs, method: &str) -> Value {
    let usual = if method == "manual_screenshot" {
        "screenshot"
    } else {
        "original"
    };
    let role = row.role.as_deref().unwrap_or(usual);
    json!({"part": PART, "name": file_name(&source.path), "role": role, "sha256": source.sha256})
}

fn basis(row: &CaptureArgs, broken: &mut Vec<FieldError>) -> Option<Value> {
    let kind = row.basis.as_deref()?;
    if uuid::Uuid::parse_str(kind).is_ok() {
        return Some(json!({"kind": "authorization", "id": kind}));
    }
    match &row.reason {
        Some(reason) => Some(json!({"kind": kind, "reason": reason})),
        None => {
            broken.push(FieldError::new(
                "basis.reason",
                "required",
                "this basis needs a reason: --basis-reason, or the column `reason`",
            ));
            None
        }
    }
}

fn tool(said: Option<&str>, broken: &mut Vec<FieldError>) -> Value {
    let split = said.map_or(Some(("casetrail", env!("CARGO_PKG_VERSION"))), |t| t.rsplit_once('/'));
    match split {
        Some((name, version)) if !name.is_empty() && !version.is_empty() => json!({"name": name, "version": version}),
        _ => {
            broken.push(FieldError::new(
                "tool",
                "format",
                "must be NAME/VERSION, such as Chromium/156.0",
            ));
            Value::Null
        }
    }
}

/// The same case, file and row give the same key, whenever they are sent.
fn key(case: &str, capture: &Map<String, Value>) -> Result<String> {
    let bytes = canon::to_jcs(&json!({"case": case, "capture": capture})).map_err(Error::internal)?;
    Ok(format!("casetrail-log-{}", Digest::of(&bytes)))
}

/// Whether a word on the command line is an address.
pub fn is_url(text: &str) -> bool {
    let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    lower.starts_with("https://") || lower.starts_with("http://")
}

fn file_name(path: &Path) -> String {
    path.file_name().map(legible).unwrap_or_default()
}

/// The kind that a file's name suggests; without a file, a link.
fn kind(name: Option<&str>) -> &'static str {
    name.map_or(CaptureKind::Link, |name| kind_of(name, None)).as_str()
}

/// The platform that an address suggests.
fn platform_of(url: &str) -> &'static str {
    recognize(url).platform.unwrap_or("web")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = 1_795_000_000_000_000;

    fn source(name: &str) -> Source {
        Source {
            path: PathBuf::from("/in").join(name),
            sha256: Digest::of(b"x"),
            size: 1,
            changed_at: NOW - 1,
        }
    }

    fn url_row(url: &str) -> CaptureArgs {
        CaptureArgs {
            url: Some(url.into()),
            ..CaptureArgs::default()
        }
    }

    #[test]
    fn kinds_and_platforms_are_guessed() {
        for (name, kind) in [
            ("a.JPG", "photo"),
            ("a.mov", "video"),
            ("a.pdf", "document"),
            ("a", "document"),
            ("a.wacz", "page"),
            ("crawl.warc.gz", "page"),
        ] {
            assert_eq!(super::kind(Some(name)), kind, "{name}");
        }
        assert_eq!(super::kind(None), "link");
        for (url, platform) in [
            ("https://www.instagram.com/p/1", "instagram"),
            ("https://twitter.com/a", "x"),
            ("https://notx.com/a", "web"),
            ("https://youtu.be/1", "youtube"),
            ("https://example.org", "web"),
        ] {
            assert_eq!(platform_of(url), platform, "{url}");
        }
        assert!(is_url("HTTPS://example.org") && !is_url("httpsfile") && !is_url("é.jpg"));
    }

    #[test]
    fn a_file_declares_its_digest_and_time() {
        let made = prepare("c", &url_row("https://x.com/1"), Some(source("a.png")), NOW).unwrap();
        let c = &made.capture;
        assert_eq!((c["kind"].as_str(), c["platform"].as_str()), (Some("photo"), Some("x")));
        assert_eq!((c.get("level"), &c["captured_at_basis"]), (None, &json!("file_date")));
        assert_eq!(c["files"][0]["sha256"], Digest::of(b"x").to_string());
        assert_eq!(c["files"][0]["role"], "original");
        assert_eq!(c["captured_at"], clock::format(NOW - 1));
        assert!(!made.timed_now);
    }

    #[test]
    fn the_key_is_the_same_on_every_run() {
        let key = |row: &CaptureArgs, file: Option<Source>, now| prepare("c", row, file, now).unwrap().key;
        let row = url_row("https://example.org");
        assert_eq!(key(&row, None, NOW), key(&row, None, NOW + 5));
        assert_ne!(key(&row, None, NOW), key(&url_row("https://example.com"), None, NOW));
        assert_ne!(key(&row, None, NOW), prepare("d", &row, None, NOW).unwrap().key);
        let other = Source {
            sha256: Digest::of(b"y"),
            ..source("a.png")
        };
        assert_ne!(key(&row, Some(source("a.png")), NOW), key(&row, Some(other), NOW));
        assert!(key(&row, None, NOW).len() < 256);
    }

    #[test]
    fn what_is_guessed_is_marked() {
        let basis = |row: &CaptureArgs, file| {
            prepare("c", row, file, NOW)
                .unwrap()
                .capture
                .get("captured_at_basis")
                .cloned()
        };
        let row = url_row("https://example.org");
        assert_eq!(basis(&row, None), Some(json!("guessed")));
        assert_eq!(basis(&row, Some(source("a.png"))), Some(json!("file_date")));
        let stated = CaptureArgs {
            captured_at: Some("2026-11-22T14:07:31Z".into()),
            ..row
        };
        assert_eq!(basis(&stated, None), None);
    }

    #[test]
    fn what_is_missing_or_broken_is_named() {
        let row = CaptureArgs {
            basis: Some("emergency".into()),
            captured_at: Some("yesterday".into()),
            tool: Some("Chromium".into()),
            ..CaptureArgs::default()
        };
        let e = prepare("c", &row, Some(source("a.png")), NOW).unwrap_err();
        let fields: Vec<&str> = e.errors.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(fields, ["url", "captured_at", "basis.reason", "tool"]);
        let told = |row: &CaptureArgs, name| prepare("c", row, Some(source(name)), NOW).is_ok();
        let bare = CaptureArgs::default();
        let message = CaptureArgs {
            kind: Some("message".into()),
            ..CaptureArgs::default()
        };
        assert!(told(&bare, "a.pdf") && told(&message, "a.png") && !told(&bare, "a.png"));
    }

    #[test]
    fn what_was_handed_over_needs_no_level() {
        let row = CaptureArgs {
            basis: Some("third_party".into()),
            reason: Some("tip 7".into()),
            ..url_row("https://example.org")
        };
        let made = prepare("c", &row, None, NOW).unwrap().capture;
        assert!(made.get("level").is_none() && made.get("device").is_none());
        let named = CaptureArgs {
            basis: Some("019ab1c4-7000-7008-8f21-3c5a7e90f778".into()),
            ..url_row("https://example.org")
        };
        assert_eq!(
            prepare("c", &named, None, NOW).unwrap().capture["basis"]["kind"],
            "authorization"
        );
    }
}
