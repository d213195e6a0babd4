//! An answer that has to be taken in time: its connection ends where it is not. Over HTTP/2 a client may leave one answer
//! lying while the connection goes on, and its bytes lie in memory as long.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::rt;
use actix_web::web::Bytes;
use tokio::task::JoinHandle;

use super::App;
use super::listener::Connection;

/// Bytes that a connection takes in without asking for more.
const FREE: u64 = 16 << 10;
/// Bytes that may lie in memory; what is longer comes in pieces.
const WHOLE: u64 = 8 << 20;
/// Bytes a second that a client takes at the least, on the whole.
const PACE: u64 = 32 << 10;

/// A body whose connection is cut when it is not taken in time.
pub struct PacedBody {
    body: BoxBody,
    watch: Option<JoinHandle<()>>,
}

impl PacedBody {
    /// The body of an answer to this request.
    pub fn of(req: &HttpRequest, body: BoxBody) -> Self {
        let sized = match body.size() {
            BodySize::Sized(bytes) => Some(bytes).filter(|bytes| (FREE..WHOLE).contains(bytes)),
            _ => None,
        };
        let (connection, app) = (req.conn_data::<Connection>().cloned(), req.app_data::<App>());
        let watch = sized.zip(connection).zip(app).map(|((bytes, connection), app)| {
            let longest = Duration::from_secs(app.limits.idle + bytes / PACE);
            rt::spawn(async move {
                tokio::time::sleep(longest).await;
                connection.cut();
            })
        });
        Self { body, watch }
    }
}

impl MessageBody for PacedBody {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}

impl Drop for PacedBody {
    fn drop(&mut self) {
        if let Some(watch) = &self.watch {
            watch.abort();
        }
    }
}
