//! The parts of a multipart body, one after another as they arrive (RFC 7578).
//!
//! `multer` finds the boundaries. Left to itself it takes in whatever is ready, and keeps a part's head, or what stands
//! before the first boundary, however long that grows. So it is given one piece of the body at a time, only where it
//! cannot go on without, and the head of a part has a bound.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use bytes::Bytes;
use futures_util::future::poll_fn;
use futures_util::{Stream, StreamExt};

use crate::error::{Error, Result};
use crate::http::body;

/// Bytes that may come without a part or some of its content coming of them: a part's head, or what stands before all.
const HEAD: usize = 16 << 10;
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
    body: multer::Multipart<'static>,
    field: Option<multer::Field<'static>>,
}

/// What the head of a part says.
pub(super) struct Head {
    /// The name of the form's field.
    pub name: Option<String>,
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
        let next = Arc::new(Mutex::new(Next::Nothing));
        Ok(Self {
            payload,
            over: false,
            given: 0,
            begun: false,
            idle,
            body: multer::Multipart::new(Feed(next.clone()), boundary),
            next,
            field: None,
        })
    }

    /// The next part, after the one before was read to its end. `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Head>> {
        self.field = None;
        let field = self.step(|me, cx| me.body.poll_next_field(cx)).await?;
        let head = field.as_ref().map(|field| Head {
            name: field.name().map(ToOwned::to_owned),
            media_type: field.content_type().map(ToString::to_string),
        });
        self.begun = true;
        self.field = field;
        Ok(head)
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
                && let Some(Ok(piece)) = self.payload.next().await
            {
                left = left.saturating_sub(piece.len());
            }
        };
        // A sender that takes longer than this is cut off.
        let _ = tokio::time::timeout(Duration::from_secs(10), all).await;
    }
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
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use actix_http::BoxedPayloadStream;
    use futures_util::stream;

    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=b-b";
    /// Contents that look like a boundary, in part.
    const CONTENTS: [&[u8]; 5] = [
        b"{}",
        b"\r\n--b-\r\n--b\r\r\n-",
        b"",
        b"--b-b\n--b-b--",
        b"\r\n\r--b-b\r\n--b-B\r",
    ];

    fn body() -> Vec<u8> {
        let mut body = Vec::new();
        for (n, content) in CONTENTS.iter().enumerate() {
            body.extend(format!("--b-b\r\nContent-Disposition: form-data; name=\"f{n}\"\r\n\r\n").bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--b-b--\r\n");
        body
    }

    /// The parts of what comes in these pieces, and how many pieces were taken.
    fn parts(pieces: impl Iterator<Item = Vec<u8>> + 'static) -> (Parts, Rc<Cell<usize>>) {
        let taken = Rc::new(Cell::new(0));
        let count = taken.clone();
        let pieces = stream::iter(pieces.map(move |piece| {
            count.set(count.get() + 1);
            Ok(Bytes::from(piece))
        }));
        let payload: BoxedPayloadStream = Box::pin(pieces);
        let payload = Payload::Stream { payload };
        (
            Parts::of(TYPE, payload, Duration::from_secs(5)).expect("a boundary"),
            taken,
        )
    }

    async fn read(parts: &mut Parts) -> Result<Vec<(String, Vec<u8>)>> {
        let mut read = Vec::new();
        while let Some(head) = parts.next().await? {
            let mut content = Vec::new();
            while let Some(chunk) = parts.chunk().await? {
                content.extend_from_slice(&chunk);
            }
            read.push((head.name.unwrap_or_default(), content));
        }
        Ok(read)
    }

    #[tokio::test]
    async fn parts_are_the_same_however_the_body_is_cut_into_pieces() {
        for size in 1..=body().len() {
            let pieces: Vec<Vec<u8>> = body().chunks(size).map(<[u8]>::to_vec).collect();
            let (mut parts, _) = parts(pieces.into_iter());
            let read = read(&mut parts).await.expect("well-formed");
            let named = |(n, content): (usize, &&[u8])| (format!("f{n}"), content.to_vec());
            assert_eq!(
                read,
                CONTENTS.iter().enumerate().map(named).collect::<Vec<_>>(),
                "{size}"
            );
        }
    }

    #[tokio::test]
    async fn a_body_that_ends_before_its_end_is_told_so_wherever_that_is() {
        let whole = body();
        for end in 0..whole.len() - "--\r\n".len() {
            let (mut parts, _) = parts(std::iter::once(whole[..end].to_vec()));
            let told = read(&mut parts).await.expect_err("it is cut off");
            let rules: Vec<&str> = told.errors.iter().map(|e| e.rule.as_ref()).collect();
            assert!(["complete", "multipart"].contains(&rules[0]), "{end}: {rules:?}");
            // Once a part has come, it is known for what it is.
            assert!(end < 60 || rules[0] == "complete", "{end}: {rules:?}");
        }
    }

    #[tokio::test]
    async fn no_more_of_an_endless_body_is_taken_than_is_used() {
        let head = b"--b-b\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n".to_vec();
        let endless = std::iter::once(head).chain(std::iter::repeat_with(|| vec![7; 1000]));
        let (mut parts, taken) = parts(endless);
        parts.next().await.expect("a part");
        for n in 0..50 {
            assert_eq!(taken.get(), n + 1);
            parts.chunk().await.expect("content");
        }
        parts.drain().await;
        assert!((DRAIN..DRAIN + 100_000).contains(&(taken.get() * 1000)));
    }

    #[tokio::test]
    async fn the_head_of_a_part_and_what_stands_before_all_are_bounded() {
        let named = b"--b-b\r\nContent-Disposition: form-data; name=\"".to_vec();
        for start in [Vec::new(), named] {
            let endless = std::iter::once(start).chain(std::iter::repeat_with(|| vec![b'x'; 1000]));
            let (mut parts, taken) = parts(endless);
            let told = parts.next().await.err().expect("too long");
            assert_eq!(told.errors[0].rule, "multipart");
            assert!(taken.get() <= HEAD / 1000 + 2, "{}", taken.get());
        }
    }
}
