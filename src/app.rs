//! The server put together: an installation opened, its routes, its start and its stop.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{App as Actix, HttpServer};
use serde_json::{Map, json};

use crate::blobs::{Blobs, Local, Store, hash};
use crate::clock::{self, Clock};
use crate::config::Config;
use crate::db::{Db, Location, migrate};
use crate::error::{Error, Kind, Result};
use crate::gate::{Gate, NewEvent};
use crate::http::upload_slots::UploadSlots;
use crate::http::{App, State, headers, refusal, request_ctx, system};
use crate::identity::secret::Secret;
use crate::identity::{AccessTokens, Passwords};
use crate::ledger::{self, Action, Draft, Journal};
use crate::policy::Policy;
use crate::proof::id::{Digest, hex};
use crate::threads::blocking;
use crate::{authorizations, captures, cases, custody, packets, subjects, users};

/// An open installation: the data folder is locked for this process.
pub struct OpenInstallation {
    /// The state that handlers share.
    pub app: App,
    /// The log as it stood at the start.
    pub log: ledger::TreeState,
    _lock: fs::File,
}

/// What `open` takes beside the settings.
pub struct With {
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Whether a new log becomes that of a demonstration.
    pub demo: bool,
    /// Prints the metrics.
    pub metrics: Option<metrics_exporter_prometheus::PrometheusHandle>,
    /// Where files and packets lie, if not in the folders that the settings name.
    pub store: Option<Arc<dyn Store>>,
}

/// Files, keys and database, opened before the server runs.
struct Storage {
    lock: fs::File,
    db: Db,
    blobs: Blobs,
    swept: u64,
    secret: Secret,
    signer: ledger::LogSigner,
    log: ledger::TreeState,
    policy: Policy,
    passwords: Passwords,
}

/// Opens files, keys and database; blocks.
fn open_storage(config: &Config, with: &With) -> Result<Storage> {
    let now = with.clock.now();
    let data = config.data_dir();
    ["", "keys"].iter().try_for_each(|name| make_folder(&data.join(name)))?;
    let lock = lock(&data)?;
    let location = config.database()?;
    migrate::migrate(&location)?;
    let db = Db::open(&location, config.connections())?;
    let blobs = Blobs::new(match &with.store {
        Some(store) => store.clone(),
        None => local_store(config)?,
    })?;
    let swept = blobs.sweep()?;
    let keys = data.join("keys");
    let secret = Secret::open(&keys.join("secret"))?;
    let log = ledger::start::NewLog {
        origin: config.origin(),
        demo: with.demo,
        now,
        installation: &clock::new_id(now),
    };
    let signer = ledger::start::open(&db, &keys, &log)?;
    let log = db
        .read_blocking(ledger::state)?
        .ok_or_else(|| Error::internal("the log has no state"))?;
    let policy = Policy::new().map_err(|e| Error::internal(format!("policy: {e}")))?;
    Ok(Storage {
        lock,
        db,
        blobs,
        swept,
        secret,
        signer,
        log,
        policy,
        passwords: Passwords::new()?,
    })
}

fn local_store(config: &Config) -> Result<Arc<dyn Store>> {
    let store = Local::at(&config.files(), &config.packets());
    store.make_folders()?;
    Ok(Arc::new(store))
}

/// Opens an installation on the current runtime: folders, database, keys, log, journal. One server a data folder.
pub async fn open(config: &Config, with: With) -> Result<OpenInstallation> {
    let settings = config.clone();
    let (base, with) = blocking(move || Ok((open_storage(&settings, &with)?, with))).await?;
    let signer = Some(base.signer).filter(|_| !base.log.read_only);
    let journal = Journal::start(base.db.clone(), with.clock.clone(), signer);
    let gate = Gate::new(base.db, journal, Arc::new(base.policy), with.clock);
    let state = State {
        access_tokens: AccessTokens::new(&base.secret)?,
        passwords: base.passwords,
        blobs: base.blobs,
        limits: config.limits()?,
        uploads: UploadSlots::default(),
        builder: tokio::sync::Notify::new(),
        metrics: with.metrics,
        metrics_token: config.metrics_token(),
        public_ledger: config.public_ledger(),
        gate,
    };
    let opened = OpenInstallation {
        app: App::new(state),
        log: base.log,
        _lock: base.lock,
    };
    if !opened.log.read_only {
        record_start(&opened, config, base.swept).await?;
    }
    Ok(opened)
}

fn make_folder(path: &Path) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|e| {
            Error::field(
                "data_dir",
                "writable",
                format!("the folder {} cannot be made: {e}", path.display()),
            )
        })
}

/// Temporary files are swept at the start, so two servers must not share a folder.
fn lock(data: &Path) -> Result<fs::File> {
    let file = fs::File::create(data.join("serve.lock")).map_err(|e| {
        Error::field(
            "data_dir",
            "writable",
            format!("the folder {} cannot be written: {e}", data.display()),
        )
    })?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive).map_err(|_| {
        Error::new(
            Kind::Conflict,
            "running",
            format!(
                "another Casetrail runs on {}: stop it first, or name another --data-dir",
                data.display()
            ),
        )
    })?;
    Ok(file)
}

/// Records a start in the ledger: software and configuration, clock, policy, and uploads that a stop cut off.
async fn record_start(opened: &OpenInstallation, config: &Config, swept: u64) -> Result<()> {
    let (gate, origin) = (&opened.app.gate, opened.log.installation.clone());
    let binary = binary_digest();
    let record = json!({"version": env!("CARGO_PKG_VERSION"), "binary": binary, "configuration": config.digest()});
    note(gate, Action::SoftwareStarted, "installation", &origin, record).await?;
    let record = json!({"clock": clock::format(gate.now()), "source": "system clock", "offset": "not measured against an outside source"});
    note(gate, Action::ClockMeasured, "installation", &origin, record).await?;
    let policy = hex(&gate.policy().digest());
    gate.housekeep(ledger::job("start"), move |tx| {
        let known = ledger::read::of_object(tx.conn, ledger::AGENCY, &policy, 0, 1)?;
        if known.is_empty() {
            tx.append(NewEvent::new(
                Action::PolicyActivated,
                ("policy", &policy),
                1,
                json!({"sha256": policy}),
            ))?;
        }
        Ok(())
    })
    .await?;
    if swept > 0 {
        note(
            gate,
            Action::UploadsSwept,
            "installation",
            &origin,
            json!({"count": swept}),
        )
        .await?;
    }
    Ok(())
}

async fn note(
    gate: &Gate,
    action: Action,
    object_type: &'static str,
    object_id: &str,
    record: serde_json::Value,
) -> Result<()> {
    let draft = Draft {
        stream: ledger::AGENCY.into(),
        action,
        object_type,
        object_id: object_id.to_owned(),
        version: 1,
        record,
        attest: Map::new(),
    };
    gate.note(ledger::job("start"), draft).await
}

/// The digest of the running program, so that the ledger names what wrote it.
fn binary_digest() -> Option<Digest> {
    let file = fs::File::open("/proc/self/exe").ok()?;
    Some(hash(file, |_| Ok(())).ok()?.sha256)
}

/// All routes.
pub fn routes(config: &mut ServiceConfig) {
    // In the order in which they are tried: what is asked for most comes first.
    captures::routes(config);
    cases::routes(config);
    authorizations::routes(config);
    subjects::routes(config);
    users::routes(config);
    system::routes(config);
    custody::routes(config);
    packets::routes(config);
    config.default_service(web::to(nowhere));
}

async fn nowhere() -> crate::http::reply::Reply {
    Err(Error::not_found())
}

/// Where and how a server listens.
pub struct Listen {
    /// The bound socket.
    pub socket: TcpListener,
    /// The TLS settings; none for plain HTTP.
    pub tls: Option<rustls::ServerConfig>,
    /// Threads; 0 for one a core.
    pub workers: usize,
    /// Whether signals stop it.
    pub signals: bool,
}

/// Seconds that requests have to finish in once the server is told to stop.
const SHUTDOWN: u64 = 7;
/// Threads that may block, of all workers together.
const BLOCKING: usize = 512;

/// Starts answering. Slow clients time out; a stop lets requests finish.
pub fn listen(app: App, listen: Listen) -> Result<Server> {
    let server = HttpServer::new(move || {
        Actix::new()
            .app_data(app.clone())
            .wrap(from_fn(request_ctx::identify))
            .wrap(from_fn(refusal::as_page))
            .wrap(from_fn(headers::wrap))
            .configure(routes)
    })
    .client_request_timeout(Duration::from_secs(15))
    .client_disconnect_timeout(Duration::from_secs(3))
    .keep_alive(Duration::from_secs(75))
    .shutdown_timeout(SHUTDOWN);
    let server = match BLOCKING.checked_div(listen.workers) {
        Some(each) => server.workers(listen.workers).worker_max_blocking_threads(each.max(1)),
        None => server,
    };
    let server = if listen.signals {
        server
    } else {
        server.disable_signals()
    };
    let server = match listen.tls {
        Some(tls) => server.listen_rustls_0_23(listen.socket, tls)?,
        None => server.listen(listen.socket)?,
    };
    Ok(server.run())
}

/// Binds the address and port of the settings.
pub fn bind(config: &Config) -> Result<TcpListener> {
    let (address, port) = (config.bind(), config.port()?);
    TcpListener::bind((address, port)).map_err(|e| {
        Error::field(
            "port",
            "free",
            format!("cannot listen on {address}:{port} ({e}): choose another with --port"),
        )
    })
}

/// The data folder's certificate and key, made where there are none; with the certificate's SHA-256 fingerprint.
pub fn tls(config: &Config) -> Result<(rustls::ServerConfig, String, PathBuf)> {
    let (cert, key) = match config.tls_pair() {
        Some(pair) => pair,
        None => own_certificate(&config.data_dir().join("tls"))?,
    };
    crate::http::tls::load(&cert, &key)
}

fn own_certificate(folder: &Path) -> Result<(PathBuf, PathBuf)> {
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    if !cert.exists() {
        make_folder(folder)?;
        // A key without its certificate is what a start that was cut off left.
        if key.exists() {
            fs::remove_file(&key)?;
        }
        crate::http::tls::make(&cert, &key)?;
    }
    Ok((cert, key))
}

/// Whether the database is the embedded one.
pub fn is_embedded(config: &Config) -> bool {
    matches!(config.database(), Ok(Location::Sqlite(_)))
}
