//! A packet or any other file that somebody has verified here. It streams into a temporary file, is verified on a thread
//! that may block by the same code as `casetrail verify`, and is gone afterwards. What is kept is an entry in the access
//! log: digest, size and outcome, and neither name nor content.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::json;

use crate::bag;
use crate::blobs::Scratch;
use crate::captures::by_digest::{self, DigestMatch};
use crate::error::{Error, Kind, Result};
use crate::gate::{ReadCtx, RequestCtx, Scope, View};
use crate::http::multipart::{PartHead, Parts};
use crate::http::reply::Reply;
use crate::http::{App, body, browser};
use crate::ledger::{self, Action};
use crate::policy::Act;
use crate::proof::checkpoint::VerifyingKey;
use crate::proof::id::Digest;
use crate::threads::blocking;
use crate::verify::Report;
use crate::verify::trust::Trust;
use crate::words;

/// Bytes of all that is said beside the file.
const BESIDE: usize = 16 << 10;
/// Files that are verified at the same moment: each takes memory and a processor for as long as it takes.
pub const PLACES: usize = 2;
/// How long a file waits for its turn.
const TURN: Duration = Duration::from_secs(30);
/// Entries of a ZIP that is verified here. Larger ones are verified on the reader's own machine.
const ENTRIES: u64 = 200_000;
/// Fields beside the file.
const FIELDS: usize = 20;

words! {
    /// Whose key a packet's signer was compared with.
    KeySource {
        /// That of this installation's own log, which the packet names.
        Agency = "agency",
        /// One that the person gave.
        Given = "given",
    }
}

/// The key that a packet's signer was compared with.
#[derive(Debug, Clone, Serialize)]
pub struct TrustedKey {
    /// Whose it is.
    pub source: KeySource,
    /// The key as a C2SP vkey.
    pub vkey: String,
}

/// What came of a file.
#[derive(Debug, Clone, Serialize)]
pub struct CheckedFile {
    pub sha256: Digest,
    pub size: u64,
    /// What its bytes say it is.
    pub media_type: std::borrow::Cow<'static, str>,
    /// The verifier's report, where the file is a ZIP and so may be a packet.
    pub report: Option<Report>,
    /// The key that the signer was compared with; none where no key of the packet's log is known here.
    pub key: Option<TrustedKey>,
    /// Captures with a file of these bytes, among those that the caller may see.
    pub captures: Vec<DigestMatch>,
    /// Whether there are more of them.
    pub more: bool,
}

impl CheckedFile {
    /// The word of the outcome in the access log.
    fn outcome(&self) -> serde_json::Value {
        self.report
            .as_ref()
            .map_or(json!("no_packet"), |report| json!(report.outcome))
    }
}

/// A file on its way, and what was said beside it.
struct Sent {
    key: Option<VerifyingKey>,
    file: Scratch,
    /// The sender's name of the file, shown back and kept nowhere.
    name: String,
}

/// `POST /verifications`
pub async fn verify(req: HttpRequest, payload: Payload, requester: RequestCtx, app: App) -> Reply {
    let (checked, _) = take(&req, payload, &requester, &app).await?;
    Ok(HttpResponse::Ok().json(checked))
}

/// Takes a file and verifies it, from the API or from a page's form; gives its name too.
pub async fn take(
    req: &HttpRequest,
    payload: Payload,
    requester: &RequestCtx,
    app: &App,
) -> Result<(CheckedFile, String)> {
    let allowed = app.gate.check(requester, Act::LedgerProofs, Scope::Agency).await?;
    let _place = app.uploads.enter(&allowed.caller.user, app.limits.uploads)?;
    let mut parts = parts(req, payload, app)?;
    let sent = receive(req, &mut parts, app).await?;
    let name = sent.name.clone();
    let vkey = app.gate.db().read(ledger::state).await?.map(|state| state.vkey);
    // The place goes along to the thread, which goes on where the sender no longer waits.
    let place = app.verifications.wait(TURN).await.ok_or_else(busy)?;
    let checked = blocking(move || {
        let _place = place;
        inspect(sent, vkey)
    })
    .await?;
    Ok((found(requester, app, checked).await?, name))
}

fn busy() -> Error {
    let detail = "Other files are being verified. Nothing was kept of this one; send it again, or verify it on your own machine with casetrail verify.";
    Error::unavailable("busy", detail, 30)
}

fn parts(req: &HttpRequest, payload: Payload, app: &App) -> Result<Parts> {
    let content_type = req.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default();
    if !content_type.to_ascii_lowercase().starts_with("multipart/form-data") {
        let message = "is multipart/form-data: a part `key` where you have one, then the part `file`";
        return Err(Error::field("body", "multipart", message));
    }
    Parts::of(content_type, payload.into_inner(), Duration::from_secs(app.limits.idle))
}

/// Reads what is said beside the file, then the file. A page's form shows its token first.
async fn receive(req: &HttpRequest, parts: &mut Parts, app: &App) -> Result<Sent> {
    let (fields, head) = fields(parts).await?;
    let mut form = match browser::is_page(req.path()) {
        true => body::page_form(req, fields)?,
        false => crate::forms::Form::from_pairs(fields.into_iter(), None)?,
    };
    let typed = form.text("key", 2_000).filter(|key| !key.trim().is_empty());
    form.done()?;
    let key = typed.map(|text| read_key(&text)).transpose()?;
    let name = head.and_then(|head| head.file_name).filter(|name| !name.is_empty());
    let name =
        name.ok_or_else(|| Error::field("file", "required", "must be given: choose a packet or another file"))?;
    let mut incoming = app.blobs.receive(app.limits.file, app.limits.reserve);
    while let Some(chunk) = parts.chunk().await? {
        incoming.push(&chunk).await?;
    }
    let last = incoming.end().await?;
    if parts.next().await?.is_some() {
        return Err(Error::field(
            "file",
            "once",
            "comes last and alone: send one file at a time",
        ));
    }
    let file = blocking(move || last.look()).await?;
    Ok(Sent { key, file, name })
}

/// The fields before the file, and the head of the file's part.
async fn fields(parts: &mut Parts) -> Result<(Vec<(String, String)>, Option<PartHead>)> {
    let (mut fields, mut length) = (Vec::new(), 0);
    while let Some(head) = parts.next().await? {
        if head.name == "file" {
            return Ok((fields, Some(head)));
        }
        let mut text = Vec::new();
        while let Some(chunk) = parts.chunk().await? {
            length += chunk.len();
            if length > BESIDE || fields.len() == FIELDS {
                let detail = format!("What is said beside the file has at most {BESIDE} bytes and {FIELDS} fields.");
                return Err(Error::new(Kind::TooLarge, "too-large", detail));
            }
            text.extend_from_slice(&chunk);
        }
        fields.push((head.name, String::from_utf8_lossy(&text).into_owned()));
    }
    Ok((fields, None))
}

/// A key as somebody types or pastes it.
fn read_key(text: &str) -> Result<VerifyingKey> {
    VerifyingKey::parse(text.trim()).map_err(|e| {
        let message = format!("is no key of a log ({e}): paste the whole line that the agency gave you, such as agency.example+1a2b3c4d+AQ…");
        Error::field("key", "form", message)
    })
}

/// Verifies a file against the key given, else against this log's own where the packet names this log.
fn inspect(sent: Sent, own: Option<String>) -> Result<CheckedFile> {
    let Sent { key, file, .. } = sent;
    let is_zip = starts_as_zip(&file)?;
    if is_zip && bag::zip::claimed_entries(&file.open()?).is_some_and(|count| count > ENTRIES) {
        let message = "has more than 200000 files inside, the most that is verified here: verify it on your own machine with casetrail verify, which has no limit";
        return Err(Error::field("file", "too_many", message));
    }
    let key = match (key, is_zip) {
        (_, false) => None,
        (Some(key), true) => Some((KeySource::Given, key)),
        (None, true) => own_key(&file, own)?.map(|key| (KeySource::Agency, key)),
    };
    let trust = Trust {
        key: key.as_ref().map(|(_, key)| key.clone()),
        ..Trust::default()
    };
    let report = is_zip
        .then(|| Ok::<_, Error>(bag::verify_file(Arc::new(file.open()?), &trust)))
        .transpose()?;
    Ok(CheckedFile {
        sha256: file.sha256,
        size: file.size,
        media_type: file.media_type,
        report,
        key: key.map(|(source, key)| TrustedKey {
            source,
            vkey: key.to_string(),
        }),
        captures: Vec::new(),
        more: false,
    })
}

/// Whether the file begins as a ZIP does that has entries.
fn starts_as_zip(file: &Scratch) -> Result<bool> {
    let mut magic = [0; 4];
    let read = std::os::unix::fs::FileExt::read_exact_at(&file.open()?, &mut magic, 0);
    Ok(read.is_ok() && &magic == b"PK\x03\x04")
}

fn own_key(file: &Scratch, own: Option<String>) -> Result<Option<VerifyingKey>> {
    let named = bag::named_log(file.open()?);
    let own = own
        .map(|vkey| VerifyingKey::parse(&vkey))
        .transpose()
        .map_err(Error::internal)?;
    Ok(own.filter(|key| Some(key.name()) == named.as_deref()))
}

/// Looks for captures with these bytes, and notes in the access log that somebody asked.
async fn found(requester: &RequestCtx, app: &App, mut checked: CheckedFile) -> Result<CheckedFile> {
    let detail = json!({"size": checked.size, "outcome": checked.outcome()});
    let view = View::new(Action::FileVerified, "file", &checked.sha256.to_string(), detail);
    let sha256 = checked.sha256;
    let read = move |ctx: &mut ReadCtx<'_>| by_digest::matches(ctx, &sha256);
    let mut captures = app
        .gate
        .view(requester, Act::LedgerProofs, Scope::Agency, view, read)
        .await?;
    checked.more = captures.len() > by_digest::MOST;
    captures.truncate(by_digest::MOST);
    checked.captures = captures;
    Ok(checked)
}
