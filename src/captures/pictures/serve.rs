//! A picture as an answer: what was made, or a drawn box that says in words why there is nothing to see.

use std::io::Read;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use tokio::time::{Instant, sleep};

use super::job::TO_MAKE;
use super::store::{self, PictureRow, PictureState};
use crate::blobs::{Key, WHOLE};
use crate::captures::download::named;
use crate::captures::model::FileEntry;
use crate::captures::reads::{self, FileLook};
use crate::clock::Micros;
use crate::db::blocking;
use crate::error::{Error, Result};
use crate::gate::{RequestCtx, Tx};
use crate::http::App;
use crate::http::head::is_head;
use crate::http::paging::parameters;
use crate::http::reply::Reply;
use crate::jobs;
use crate::ledger;
use crate::pictures::{DRAWN_KIND, ThumbSize, drawn, drawn_words, is_shown};
use crate::proof::id::Digest;

/// How long an answer waits for a picture that is being made.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(100);

pub async fn show(req: HttpRequest, path: Path<(String, String)>, requester: RequestCtx, app: App) -> Reply {
    let (id, sha256) = named(&path)?;
    let size = wanted_size(&req)?;
    let look = match (size, is_head(&req)) {
        (ThumbSize::Thumbnail, _) => None,
        (ThumbSize::Preview, false) => Some(FileLook::Preview),
        (ThumbSize::Preview, true) => Some(FileLook::Head),
    };
    let asked = asked(&app, &requester, (id, sha256), look).await?;
    match asked {
        PictureAsked::Graphic => Ok(as_drawn(&["Graphic"])),
        PictureAsked::File(file) => picture(&app, &file, size).await,
    }
}

fn wanted_size(req: &HttpRequest) -> Result<ThumbSize> {
    let asked = parameters(req, &["size"])?.pop();
    let word = asked.map_or_else(|| ThumbSize::Thumbnail.as_str().to_owned(), |(_, word)| word);
    word.parse()
        .map_err(|_| Error::field("size", "one_of", "must be thumbnail or preview"))
}

/// What may be shown to the caller.
enum PictureAsked {
    /// A box that says so: the thumbnail stays here.
    Graphic,
    /// The picture of this file.
    File(FileEntry),
}

/// Whoever sees a preview reads evidence, and it is recorded as a preview of the file; thumbnails are recorded with the list.
async fn asked(
    app: &App,
    requester: &RequestCtx,
    (id, sha256): (String, Digest),
    look: Option<FileLook>,
) -> Result<PictureAsked> {
    if let Some(look) = look {
        let found = reads::file(&app.gate, requester, (id, sha256), look).await?;
        return Ok(PictureAsked::File(found.file));
    }
    let found = reads::thumbnail(&app.gate, requester, id, sha256).await?;
    Ok(if found.graphic {
        PictureAsked::Graphic
    } else {
        PictureAsked::File(found.file)
    })
}

async fn picture(app: &App, file: &FileEntry, size: ThumbSize) -> Reply {
    let media_type = file.media_type.as_deref().unwrap_or_default();
    let words = drawn_words(media_type);
    if !is_shown(media_type) {
        return Ok(as_drawn(&[words]));
    }
    Ok(match made(app, file.sha256, size).await? {
        PictureFound::Bytes(bytes) => answer("image/jpeg", bytes),
        PictureFound::Without(row) if row.state == PictureState::Lacking => {
            as_drawn(&[words, &format!("needs {}, which is not installed", row.reason)])
        }
        PictureFound::Without(_) => as_drawn(&[words, "no preview could be made"]),
        PictureFound::NotYet => as_drawn(&[words, "the preview is being made"]),
    })
}

/// What lies there of a picture.
enum PictureFound {
    Bytes(Vec<u8>),
    Without(PictureRow),
    NotYet,
}

/// The picture, asked for where it is missing, and waited for a little.
async fn made(app: &App, sha256: Digest, size: ThumbSize) -> Result<PictureFound> {
    let until = Instant::now() + PATIENCE;
    let mut asks = true;
    loop {
        match look(app, sha256, size).await? {
            PictureFound::NotYet if asks => ask(app, sha256).await?,
            PictureFound::NotYet => {}
            found => return Ok(found),
        }
        asks = false;
        if !app.pictures.is_open() || Instant::now() > until {
            return Ok(PictureFound::NotYet);
        }
        sleep(LOOK).await;
    }
}

async fn look(app: &App, sha256: Digest, size: ThumbSize) -> Result<PictureFound> {
    let Some(row) = app.gate.db().read(move |conn| store::of(conn, &sha256)).await? else {
        return Ok(PictureFound::NotYet);
    };
    if row.state != PictureState::Made {
        return Ok(PictureFound::Without(row));
    }
    let (blobs, key) = (app.blobs.clone(), Key::Picture(sha256, size));
    blocking(move || {
        let mut bytes = Vec::new();
        match blobs.open(&key, WHOLE) {
            Ok(mut reader) => reader.read_to_end(&mut bytes)?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(PictureFound::NotYet),
            Err(e) => return Err(e.into()),
        };
        Ok(PictureFound::Bytes(bytes))
    })
    .await
}

/// Somebody waits: before all that is due at a time.
const AT_ONCE: Micros = 0;

/// Asks for a picture that nobody made, or whose bytes were removed. One that failed stays as it is.
async fn ask(app: &App, sha256: Digest) -> Result<()> {
    let order = move |tx: &mut Tx<'_>| {
        store::forget(tx.conn, &sha256)?;
        jobs::again(tx.conn, TO_MAKE, &sha256.to_string(), AT_ONCE)
    };
    app.gate.housekeep(ledger::job(TO_MAKE), order).await?;
    app.pictures.job.notify_one();
    Ok(())
}

fn as_drawn(lines: &[&str]) -> HttpResponse {
    answer(DRAWN_KIND, drawn(lines).into_bytes())
}

/// Made by us, and held like evidence all the same: it is made from it. The other headers are those of every answer.
fn answer(kind: &'static str, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CONTENT_DISPOSITION, "inline"))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(bytes)
}
