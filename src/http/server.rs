//! The server over the application: what `actix_web::HttpServer` does, with a door for `Expect: 100-continue`.
//!
//! A client that sends this header waits until it is told to go on. Actix tells it so before anybody has looked at the
//! request. Here the request is begun, and the client is told to go on when its body is asked for. What is answered before
//! that, such as a refusal, is all that it gets.

use std::cell::{Cell, OnceCell, RefCell};
use std::fmt::Debug;
use std::future::{Future, poll_fn};
use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use actix_http::body::{BoxBody, MessageBody};
use actix_http::error::DispatchError;
use actix_http::{HttpMessage, HttpServiceBuilder, KeepAlive, Request, Response};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, boxed, fn_factory, fn_service};
use actix_web::dev::{AppConfig, Payload, Server, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt, TryFutureExt};

use super::listener::{ClientStream, Listening};
use super::unread;

/// How long a client may take for the head of a request.
const HEAD: Duration = Duration::from_secs(15);
/// How long a connection stays open without a request.
const IDLE: Duration = Duration::from_secs(75);
/// Threads that may block, of all workers together.
const BLOCKING: usize = 512;

/// Where and how a server answers.
pub struct Serving {
    /// The bound socket.
    pub socket: TcpListener,
    /// How connections come in.
    pub listening: Listening,
    /// Threads.
    pub workers: usize,
    /// Seconds that requests have to finish in once the server is told to stop.
    pub shutdown: u64,
}

/// Serves what `app` makes, one for each worker. Slow clients time out; a stop lets requests finish.
pub fn serve<I, S, B>(serving: Serving, app: impl Fn() -> I + Send + Clone + 'static) -> io::Result<Server>
where
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    S::InitError: Debug,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let server = Server::build()
        .shutdown_timeout(serving.shutdown)
        .workers(serving.workers)
        .worker_max_blocking_threads((BLOCKING / serving.workers.max(1)).max(1))
        .disable_signals();
    let stopping = server.graceful_shutdown_signal();
    let http = move || {
        let stopping = stopping.clone();
        let stopped = move || {
            let stopping = stopping.clone();
            async move { stopping.notified().await }
        };
        let (worker, made) = (WorkerApp::default(), app().into_factory());
        let expecting = worker.clone();
        let expects = fn_factory(move || {
            let worker = expecting.clone();
            async move { Ok::<_, ()>(fn_service(move |req| worker.clone().when_wanted(req))) }
        });
        let answers = fn_factory(move || {
            let (worker, made) = (worker.clone(), made.new_service(AppConfig::default()));
            async move {
                let service = made.await;
                worker.takes(service.map_err(|e| tracing::error!("the application cannot begin: {e:?}"))?);
                Ok::<_, ()>(fn_service(move |req| worker.answer(req)))
            }
        });
        (stopped, boxed::factory(expects), boxed::factory(answers))
    };
    let listening = serving.listening;
    let server = server.listen("casetrail", serving.socket, move || {
        let ((stopped, expects, answers), listening) = (http(), listening.clone());
        let opens = fn_service(move |tcp| listening.clone().open(tcp).map_err(DispatchError::Io));
        opens.and_then(settings(stopped).expect(expects).finish(answers))
    })?;
    Ok(server.run())
}

/// What holds for every connection.
fn settings<S, F>(stopped: impl Fn() -> F + 'static) -> HttpServiceBuilder<ClientStream, S>
where
    S: ServiceFactory<Request, Config = ()>,
    S::Error: Into<Response<BoxBody>> + 'static,
    S::InitError: Debug,
    F: Future<Output = ()> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
{
    HttpServiceBuilder::default()
        .graceful_shutdown_signal(stopped)
        .keep_alive(KeepAlive::Timeout(IDLE))
        .client_request_timeout(HEAD)
        .client_disconnect_timeout(unread::LINGER)
        .on_connect_ext(|stream: &ClientStream, known| drop(known.insert(stream.connection())))
}

type DoorAnswer = Result<Response<BoxBody>, Response<BoxBody>>;
type Answering = Pin<Box<dyn Future<Output = DoorAnswer>>>;
type AnswerTo = Box<dyn Fn(Request) -> Answering>;

/// The application of one worker, as both its doors ask it.
#[derive(Clone, Default)]
struct WorkerApp(Rc<OnceCell<AnswerTo>>);

/// A request that was begun before its client was told to go on.
struct Begun(Answering);

impl WorkerApp {
    fn takes<S, B>(&self, service: S)
    where
        S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
        B: MessageBody + 'static,
    {
        let answer = move |req| -> Answering {
            let answering = service.call(req);
            Box::pin(async move {
                match answering.await {
                    Ok(answer) => Ok(Response::from(answer).map_into_boxed_body()),
                    Err(e) => Err(Response::from(e.error_response())),
                }
            })
        };
        // One application is made for each worker, and its doors after it.
        let _ = self.0.set(Box::new(answer));
    }

    fn answer(&self, req: Request) -> Answering {
        let begun = req.extensions_mut().remove::<Begun>();
        match (begun, self.0.get()) {
            (Some(Begun(answering)), _) => answering,
            (None, Some(answer)) => answer(req),
            (None, None) => Box::pin(async { Err(Response::internal_server_error()) }),
        }
    }

    /// Begins a request whose client waits. It comes back when its body is wanted; an answer before that is the error.
    async fn when_wanted(self, mut req: Request) -> Result<Request, Response<BoxBody>> {
        let wanted = Rc::new(BodyWanted::default());
        let payload = req.take_payload();
        *req.payload() = Payload::Stream {
            payload: Box::pin(WatchedBody(payload, wanted.clone())),
        };
        let mut answering = self.answer(req);
        let answer = poll_fn(|cx| match answering.as_mut().poll(cx) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => wanted.poll(cx).map(|()| None),
        });
        match answer.await {
            Some(Ok(answer) | Err(answer)) => Err(answer),
            None => {
                let again = Request::new();
                again.extensions_mut().insert(Begun(answering));
                Ok(again)
            }
        }
    }
}

/// Whether somebody has asked for a body, and who waits for that.
#[derive(Default)]
struct BodyWanted {
    is: Cell<bool>,
    waiting: RefCell<Option<Waker>>,
}

impl BodyWanted {
    fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        if self.is.get() {
            return Poll::Ready(());
        }
        self.waiting.replace(Some(cx.waker().clone()));
        Poll::Pending
    }
}

struct WatchedBody(Payload, Rc<BodyWanted>);

impl Stream for WatchedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.1.is.set(true);
        if let Some(waiting) = self.1.waiting.take() {
            waiting.wake();
        }
        self.0.poll_next_unpin(cx)
    }
}
