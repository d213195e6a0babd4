//! `casetrail serve`: opens the installation, listens, and stops within ten seconds when told to.

use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::output;
use crate::app::{self, OpenInstallation, With};
use crate::bag::terminal::ErrorLines;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::identity::one_time;
use crate::users::ops;
use crate::{background, ledger};

/// Runs the server until it is told to stop.
pub fn run(config: &Config) -> Result<()> {
    log_to_stderr(config);
    actix_web::rt::System::new().block_on(async {
        let door = Door::prepare(config)?;
        let opened = app::open(config, with(Arc::new(SystemClock))?).await?;
        let once = first_start(&opened).await?;
        answer(config, door, opened, move |address| {
            output::complain(greeting(&address, once.as_deref()).trim_end());
        })
        .await
    })
}

/// What `app::open` takes, with metrics on.
pub(super) fn with(clock: Arc<dyn Clock>) -> Result<With> {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    // A second recorder in one process is refused; the first keeps counting.
    let _ = metrics::set_global_recorder(recorder);
    Ok(With {
        clock,
        demo: false,
        metrics: Some(metrics),
        store: None,
        // The image that runs, also where a newer program has taken its place on the disk.
        decoder: "/proc/self/exe".into(),
        program: app::program_digest,
    })
}

/// Structured lines on standard error; standard output belongs to what was asked for.
pub(super) fn log_to_stderr(config: &Config) {
    use std::io::IsTerminal;
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_new(config.log_filter()).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(ErrorLines::default)
        .with_ansi(false);
    let json = match config.log_format() {
        "json" => true,
        "text" => false,
        _ => !std::io::stderr().is_terminal(),
    };
    // Where a subscriber is set already, it stays.
    let _ = if json {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.with_target(false).try_init()
    };
}

/// Makes the first administrator; answers the one-time password, which is printed once.
async fn first_start(opened: &OpenInstallation) -> Result<Option<String>> {
    if opened.log.read_only {
        return Ok(None);
    }
    let once = one_time();
    let hash = opened.app.passwords.hash(once.clone()).await?;
    let made = opened
        .app
        .gate
        .housekeep(ledger::job("start"), move |tx| ops::first_start(tx, "Agency", &hash))
        .await?;
    Ok(made.then_some(once))
}

/// Where a server can be reached, once it listens.
pub(super) struct Address {
    pub url: String,
    pub certificate: Option<(String, std::path::PathBuf)>,
    pub log_vkey: String,
}

/// The bound socket and the handlers of signals, made before the installation opens. So a taken port or a broken
/// certificate does not cost the first administrator's password, which is printed only once, and no signal is lost.
pub(super) struct Door {
    socket: std::net::TcpListener,
    terminate: Signal,
    interrupt: Signal,
}

impl Door {
    /// Takes the port, and reads the certificate that the settings name.
    pub(super) fn prepare(config: &Config) -> Result<Self> {
        let door = Self {
            socket: app::bind(config)?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        };
        if !config.http()? && config.tls_pair().is_some() {
            app::tls(config)?;
        }
        Ok(door)
    }
}

/// How long a start waits until the events that an earlier run left are in the tree and signed. After a crash they may be
/// many: the server then listens, and the rest follows.
const SETTLE_AT_START: Duration = Duration::from_secs(10);
/// How long jobs may still take once the last request has ended. They were told to stop together with the requests.
const JOBS_END: Duration = Duration::from_secs(1);
/// How long the last events may take to get into the tree. Requests have seven seconds before that, and all ends in ten.
const SETTLE_AT_END: Duration = Duration::from_millis(1500);

/// The first signal stops the jobs and lets requests finish, a second one does not wait for them.
async fn stop_when_told(
    mut terminate: Signal,
    mut interrupt: Signal,
    server: ServerHandle,
    stop: tokio::sync::watch::Sender<bool>,
) {
    let mut told = async || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    told().await;
    stop.send_replace(true);
    tokio::select! {
        () = server.stop(true) => {}
        () = told() => server.stop(false).await,
    }
}

/// Listens, tells where, and answers until told to stop.
pub(super) async fn answer(
    config: &Config,
    door: Door,
    opened: OpenInstallation,
    tell: impl FnOnce(Address),
) -> Result<()> {
    let Door {
        socket,
        terminate,
        interrupt,
    } = door;
    let port = socket.local_addr()?.port();
    let (tls, certificate) = match config.http()? {
        true => (None, None),
        false => {
            let (tls, fingerprint, file) = app::tls(config)?;
            (Some(tls), Some((fingerprint, file)))
        }
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let host = match config.bind() {
        "127.0.0.1" if tls.is_some() => "localhost",
        "0.0.0.0" | "::" => "localhost",
        named => named,
    };
    let address = Address {
        url: format!("{scheme}://{host}:{port}"),
        certificate,
        log_vkey: opened.log.vkey.clone(),
    };
    settle(&opened, SETTLE_AT_START).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let jobs = tokio::spawn(background::run(opened.app.clone(), stopped));
    let server = app::listen(opened.app.clone(), socket, tls, config.workers())?;
    tokio::spawn(stop_when_told(terminate, interrupt, server.handle(), stop));
    tell(address);
    if config.http()? && config.trusted_proxies()?.is_empty() {
        tracing::warn!("plain HTTP without trusted_proxies: behind a proxy all clients have the proxy's address");
    }
    let ended = server.await;
    // A job that does not end in time is taken up again when its lease has ended.
    let _ = tokio::time::timeout(JOBS_END, jobs).await;
    // What was refused up to now and only counted.
    opened.app.gate.record_left_refusals(i64::MAX).await;
    settle(&opened, SETTLE_AT_END).await;
    ended.map_err(Error::from)
}

/// Waits until all events are in the tree and signed.
async fn settle(opened: &OpenInstallation, most: Duration) {
    let gate = &opened.app.gate;
    if !opened.log.read_only && !ledger::settle(gate.db(), gate.journal(), most).await {
        tracing::warn!("events still wait for their place in the tree: the next start gives it to them");
    }
}

fn greeting(address: &Address, once: Option<&str>) -> String {
    let mut out = format!("Casetrail {} at {}\n", env!("CARGO_PKG_VERSION"), address.url);
    if let Some((fingerprint, file)) = &address.certificate {
        out += &format!("  certificate  {} (SHA-256 {fingerprint})\n", file.display());
    }
    out += &format!("  log key      {}\n", address.log_vkey);
    if once.is_some() && address.log_vkey.starts_with("casetrail.invalid/") {
        out += "  The log has no name of your agency yet, and a name is for good: before the first case, begin anew in an empty folder with --origin, such as --origin log.agency.example.\n";
    }
    if let Some(once) = once {
        out += &format!(
            "  first administrator: user admin, one-time password {once}\n  It is shown once. Sign in at the address above; the page asks for another (over the API: PUT /api/v1/me/password).\n"
        );
    }
    out
}
