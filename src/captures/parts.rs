//! The parts of a multipart body, one after another as they arrive (RFC 7578).
//!
//! `multer` finds the boundaries. Left to itself it takes in whatever is ready, and keeps a part's head, or what stands
//! before the first boundary, however long that grows. So it is given one piece of the body at a time, only where it
//! cannot go on without, and the head of a part has a bound. And it is held to more than it asks itself, so that no file
//! is taken for shorter than it was sent: each part has a name, the lines of its head end as lines do, and nothing
//! follows the last (`watch`).

mod watch;

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{ContentDisposition, HeaderValue};
use bytes::Bytes;
use futures_util::future::poll_fn;
use futures_util::{Stream, StreamExt};

use crate::error::{Error, Result};
use crate::http::body;
use watch::Watch;

/// Bytes after which no other piece is taken without a part or some of its content coming of them: of a part's head, or
/// of what stands before all.
const HEAD: usize = 16 << 10;
/// Characters of a boundary at the most (RFC 2046, section 5.1.1).
const BOUNDARY: usize = 70;
/// A refused sender that is silent for so long is waited for no more.
const SILENT: Duration = Duration::from_secs(1);
/// Bytes of a refused body that are read and dropped, so that the sender can read the answer.
const DRAIN: usize = 64 << 20;

/// A multipart body on its way in.
pub(super) struct Parts {
    payload: Payload,
    /// Whether the body has ended, or broken off.
    over: bool,
    /// Bytes given since something came out.
    given: usize,
    /// Whether a part has come.
    begun: bool,
    idle: Duration,
    next: Arc<Mutex<Next>>,
    watch: Watch,
    body: multer::Multipart<'static>,
    field: Option<multer::Field<'static>>,
}

/// What the head of a part says.
pub(super) struct Head {
    /// The name of the form's field.
    pub name: String,
    /// The part's media type, where one is told.
    pub media_type: Option<String>,
}

/// What `multer` is given when it asks.
enum Next {
    Nothing,
    Piece(Bytes),
    End,
}

/// `multer`'s end of it: what lies there, and no more.
struct Feed(Arc<Mutex<Next>>);

impl Stream for Feed {
    type Item = std::io::Result<Bytes>;

    // No waker is kept: `Parts` asks again when it has put something there.
    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut next = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *next, Next::Nothing) {
            Next::Nothing => Poll::Pending,
            Next::Piece(piece) => Poll::Ready(Some(Ok(piece))),
            Next::End => {
                *next = Next::End;
                Poll::Ready(None)
            }
        }
    }
}

impl Parts {
    /// The parts of a body whose `Content-Type` names the boundary. A sender who is silent for `idle` is not waited for.
    pub fn of(content_type: &str, payload: Payload, idle: Duration) -> Result<Self> {
        let boundary = multer::parse_boundary(content_type).map_err(malformed)?;
        if !(1..=BOUNDARY).contains(&boundary.len()) {
            return Err(malformed(format!("its boundary has 1 to {BOUNDARY} characters")));
        }
        let next = Arc::new(Mutex::new(Next::Nothing));
        Ok(Self {
            payload,
            over: false,
            given: 0,
            begun: false,
            idle,
            watch: Watch::of(&boundary),
            body: multer::Multipart::new(Feed(next.clone()), boundary),
            next,
            field: None,
        })
    }

    /// The next part, after the one before was read to its end. `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Head>> {
        self.field = None;
        let field = self.step(|me, cx| me.body.poll_next_field(cx)).await?;
        self.begun = true;
        let Some(field) = field else {
            self.read_to_end().await?;
            return Ok(None);
        };
        let head = Head {
            name: name(&field).ok_or_else(|| malformed("a part has no Content-Disposition: form-data with a name"))?,
            media_type: field.content_type().map(ToString::to_string),
        };
        self.field = Some(field);
        Ok(Some(head))
    }

    /// Reads what is left: nothing.
    async fn read_to_end(&mut self) -> Result<()> {
        let idle = self.idle;
        while !self.over {
            let given = tokio::time::timeout(idle, poll_fn(|cx| self.give(cx))).await;
            given.map_err(|_| body::silent())??;
        }
        Ok(())
    }

    /// Some more of this part's content. `None` at its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        let chunk = self.step(|me, cx| match &mut me.field {
            Some(field) => field.poll_next_unpin(cx).map(Option::transpose),
            None => Poll::Ready(Ok(None)),
        });
        chunk.await
    }

    async fn step<T>(
        &mut self,
        mut ask: impl FnMut(&mut Self, &mut Context<'_>) -> Poll<multer::Result<T>>,
    ) -> Result<T> {
        let idle = self.idle;
        let step = poll_fn(|cx| {
            loop {
                if let Poll::Ready(done) = ask(self, cx) {
                    self.given = 0;
                    return Poll::Ready(done.map_err(|e| self.broken(&e)));
                }
                ready!(self.give(cx))?;
            }
        });
        tokio::time::timeout(idle, step).await.map_err(|_| body::silent())?
    }

    /// Puts the next piece of the body where `multer` finds it.
    fn give(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        if self.over {
            return Poll::Ready(Err(body::cut_off()));
        }
        if self.given > HEAD {
            let message = format!("has more than {HEAD} bytes before a part, or in a part's head");
            return Poll::Ready(Err(Error::field("body", "multipart", message)));
        }
        let next = match ready!(self.payload.poll_next_unpin(cx)) {
            Some(Ok(piece)) => {
                self.given += piece.len();
                self.watch.follow(&piece).map_err(malformed)?;
                Next::Piece(piece)
            }
            Some(Err(_)) => {
                self.over = true;
                return Poll::Ready(Err(body::cut_off()));
            }
            None => {
                self.over = true;
                Next::End
            }
        };
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = next;
        Poll::Ready(Ok(()))
    }

    /// What was wrong: a body that ended too early, or one that is not what it says.
    fn broken(&self, e: &multer::Error) -> Error {
        use multer::Error::{IncompleteFieldData, IncompleteStream};
        match e {
            IncompleteFieldData { .. } | IncompleteStream if self.over && self.begun => body::cut_off(),
            e => malformed(e),
        }
    }

    /// Reads what is still on its way, within bounds: a sender in the middle of a body reads no answer.
    pub async fn drain(mut self) {
        let mut left = DRAIN;
        let all = async {
            while left > 0
                && !self.over
                && let Ok(Some(Ok(piece))) = tokio::time::timeout(SILENT, self.payload.next()).await
            {
                left = left.saturating_sub(piece.len());
            }
        };
        // A sender that takes longer than this is cut off.
        let _ = tokio::time::timeout(Duration::from_secs(10), all).await;
    }
}

/// The name that a part's head gives it.
fn name(field: &multer::Field<'_>) -> Option<String> {
    let value = field.headers().get("content-disposition")?.as_bytes();
    let disposition = ContentDisposition::from_raw(&HeaderValue::from_bytes(value).ok()?).ok()?;
    let name = disposition.get_name().filter(|name| !name.is_empty())?;
    disposition.is_form_data().then(|| name.to_owned())
}

fn malformed(e: impl std::fmt::Display) -> Error {
    let short: String = e.to_string().chars().take(80).collect();
    Error::field(
        "body",
        "multipart",
        format!("is not well-formed multipart/form-data ({short}): send the part `capture`, then one part a file"),
    )
}

#[cfg(test)]
mod tests;
