//! Bodies that nobody reads to their end. A refusal is answered at once; what its sender still sends is taken and thrown
//! away, within bounds, because many clients read no answer before they have sent all, and HTTP/2 would reset their stream
//! meanwhile.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::HttpMessage;
use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::middleware::Next;
use actix_web::rt::time::timeout;
use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt};

/// Bytes that are thrown away of a body at the most.
const MOST: usize = 256 << 20;
/// How long bytes are thrown away.
const LONGEST: Duration = Duration::from_secs(30);
/// How long nothing may come.
const SILENT: Duration = Duration::from_secs(5);
/// How long the server itself throws away what comes over HTTP/1.1 after an answer, before it closes the connection.
pub const LINGER: Duration = Duration::from_secs(10);

/// Answers at once, and then throws away what is left of the body.
pub async fn discard<B: MessageBody>(
    mut req: ServiceRequest,
    next: Next<B>,
) -> std::result::Result<ServiceResponse<B>, actix_web::Error> {
    let payload = req.take_payload();
    if matches!(payload, Payload::None) {
        return next.call(req).await;
    }
    let body = SharedBody(Rc::new(RefCell::new(Some(payload))));
    req.set_payload(Payload::Stream {
        payload: Box::pin(body.clone()),
    });
    let answer = next.call(req).await;
    if body.0.borrow().is_some() {
        actix_web::rt::spawn(body.throw_away());
    }
    answer
}

/// A body as its reader has it, and whoever throws away what is left; nothing, once it has ended.
#[derive(Clone)]
struct SharedBody(Rc<RefCell<Option<Payload>>>);

impl Stream for SharedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut body = self.0.borrow_mut();
        let Some(payload) = body.as_mut() else {
            return Poll::Ready(None);
        };
        let next = Pin::new(payload).poll_next(cx);
        if matches!(next, Poll::Ready(None | Some(Err(_)))) {
            *body = None;
        }
        next
    }
}

impl SharedBody {
    async fn throw_away(mut self) {
        let mut left = MOST;
        let all = async {
            while left > 0
                && let Ok(Some(Ok(piece))) = timeout(SILENT, self.next()).await
            {
                left = left.saturating_sub(piece.len());
            }
        };
        // A sender that takes longer is cut off.
        let _ = timeout(LONGEST, all).await;
    }
}
