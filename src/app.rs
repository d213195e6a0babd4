//! The server put together: an installation opened, its routes, its start and its stop.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::App as Actix;
use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use serde_json::{Value, json};

use crate::blobs::{Blobs, Local, Store, hash};
use crate::clock::{self, Clock};
use crate::config::Config;
use crate::db::{Db, migrate};
use crate::error::{Error, Kind, Result};
use crate::gate::{Gate, NewEvent};
use crate::http::damage::Damages;
use crate::http::listener::Listening;
use crate::http::token_uses::TokenUses;
use crate::http::upload_slots::UploadSlots;
use crate::http::work_slots::WorkSlots;
use crate::http::{App, State, carried, head, headers, refusal, request_ctx, server, system, unread};
use crate::identity::secret::Secret;
use crate::identity::{AccessTokens, FormTokens, Passwords, RefreshTokens, Seals, SignInAttempts, TokenUse};
use crate::ledger::{self, Action, Journal};
use crate::pictures::{ExaminationDesk, PictureDesk, PictureMaker};
use crate::policy::Policy;
use crate::proof::id::{Digest, hex};
use crate::threads::blocking;
use crate::{
    aliases, annual_reports, audits, authorization_policies, authorizations, captures, case_access, cases, conduct,
    custody, durable, evidence_requests, exceptions, find, home, impeachment, installation, misuse, packets, register,
    reviews, roster, subjects, timeline, users,
};

/// An open installation: the data folder is locked for this process.
pub struct OpenInstallation {
    /// The state that handlers share.
    pub app: App,
    /// The log as it stood at the start.
    pub log: ledger::TreeState,
    /// The digest of the running program, where it could be read.
    program: Option<Digest>,
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
    /// The program that decodes pictures in processes of its own: this one.
    pub decoder: PathBuf,
    /// Reads its digest, once the data folder is this process's own: [`program_digest`].
    pub program: fn() -> Option<Digest>,
}

/// Opens an installation on the current runtime: folders, database, keys, log, journal. One server a data folder.
pub async fn open(config: &Config, with: With) -> Result<OpenInstallation> {
    let settings = config.clone();
    let (opened, swept) = blocking(move || open_blocking(&settings, with)).await?;
    if !opened.log.read_only {
        record_start(&opened, config, swept).await?;
    }
    Ok(opened)
}

/// Opens everything, and says how many cut-off uploads were swept away.
fn open_blocking(config: &Config, with: With) -> Result<(OpenInstallation, u64)> {
    let now = with.clock.now();
    let (data, keys) = (config.data_dir(), config.data_dir().join("keys"));
    make_folder(&data)?;
    make_folder(&keys)?;
    let lock = lock(&data)?;
    let location = config.database()?;
    migrate::migrate(&location)?;
    let db = Db::open(&location, config.connections())?;
    let blobs = Blobs::new(match with.store {
        Some(store) => store,
        None => local_store(config)?,
    })?;
    let swept = blobs.sweep()?;
    let maker = PictureMaker::open(with.decoder, config.pictures().join("work"), Config::helpers())?;
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
    let journal = Journal::start(db.clone(), with.clock.clone(), Some(signer).filter(|_| !log.read_only));
    let state = State {
        access_tokens: AccessTokens::new(&secret, TokenUse::Bearer)?,
        cookie_tokens: AccessTokens::new(&secret, TokenUse::Cookie)?,
        seals: Seals::new(&secret)?,
        refresh_tokens: RefreshTokens::new(&secret),
        form_tokens: FormTokens::new(secret),
        demo: log.demo,
        passwords: Passwords::new()?,
        attempts: SignInAttempts::default(),
        link_attempts: SignInAttempts::default(),
        machine_sign_ins: WorkSlots::new(1),
        blobs,
        limits: config.limits()?,
        uploads: UploadSlots::default(),
        forms: WorkSlots::new(carried::PLACES),
        damages: Damages::default(),
        verifications: WorkSlots::new(packets::VERIFICATIONS),
        redactions: WorkSlots::new(1),
        long_redactions: WorkSlots::new(1),
        token_uses: TokenUses::default(),
        builder: tokio::sync::Notify::new(),
        audits: tokio::sync::Notify::new(),
        settings: config.clone(),
        pictures: PictureDesk::new(maker),
        examinations: ExaminationDesk::new(),
        #[cfg(feature = "pdf")]
        fonts: Default::default(),
        metrics: with.metrics,
        metrics_token: config.metrics_token(),
        public_ledger: config.public_ledger(),
        trusted_proxies: config.trusted_proxies()?,
        gate: Gate::new(db, journal, Arc::new(policy), with.clock),
    };
    let app = App::new(state);
    let opened = OpenInstallation {
        app,
        log,
        program: (with.program)(),
        _lock: lock,
    };
    Ok((opened, swept))
}

fn local_store(config: &Config) -> Result<Arc<dyn Store>> {
    let store = Local::at(&config.files(), &config.packets(), &config.pictures());
    store.make_folders()?;
    Ok(Arc::new(store))
}

fn make_folder(path: &Path) -> Result<()> {
    durable::make_folder(path).map_err(|e| unwritable(path, "made", &e))
}

fn unwritable(folder: &Path, done: &str, e: &io::Error) -> Error {
    let message = format!("the folder {} cannot be {done}: {e}", folder.display());
    Error::field("data_dir", "writable", message)
}

/// Temporary files are swept at the start, so two servers must not share a folder.
fn lock(data: &Path) -> Result<fs::File> {
    let file = fs::File::create(data.join("serve.lock")).map_err(|e| unwritable(data, "written", &e))?;
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
pub async fn record_start(opened: &OpenInstallation, config: &Config, swept: u64) -> Result<()> {
    let (gate, id) = (&opened.app.gate, opened.log.installation.clone());
    let policy = hex(&gate.policy().digest());
    let software =
        json!({"version": env!("CARGO_PKG_VERSION"), "binary": opened.program, "configuration": config.digest()});
    let clock = json!({"clock": clock::format(gate.now()), "source": "system clock", "offset": "not measured against an outside source"});
    gate.housekeep(ledger::job("start"), move |tx| {
        let known = ledger::read::of_object(tx.conn, ledger::AGENCY, &policy, 0, 1)?;
        let mut note = |action, object, record: Value| tx.append(NewEvent::new(action, object, 1, record)).map(|_| ());
        note(Action::SoftwareStarted, ("installation", &id), software.clone())?;
        note(Action::ClockMeasured, ("installation", &id), clock.clone())?;
        if known.is_empty() {
            note(Action::PolicyActivated, ("policy", &policy), json!({"sha256": policy}))?;
        }
        if swept > 0 {
            note(Action::UploadsSwept, ("installation", &id), json!({"count": swept}))?;
        }
        Ok(())
    })
    .await
}

/// The digest of the running program, so that the ledger names what wrote it. It reads all of it.
pub fn program_digest() -> Option<Digest> {
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
    timeline::routes(config);
    packets::routes(config);
    aliases::routes(config);
    authorization_policies::routes(config);
    roster::routes(config);
    evidence_requests::routes(config);
    case_access::routes(config);
    exceptions::routes(config);
    register::routes(config);
    annual_reports::routes(config);
    misuse::routes(config);
    conduct::routes(config);
    impeachment::routes(config);
    reviews::routes(config);
    audits::routes(config);
    installation::routes(config);
    home::routes(config);
    find::routes(config);
    config.default_service(web::to(nowhere));
}

async fn nowhere() -> crate::http::reply::Reply {
    Err(Error::not_found())
}

/// Seconds that requests have to finish in once the server is told to stop.
const SHUTDOWN: u64 = 7;

/// Starts answering on a bound socket, with TLS or without. Signals are the caller's.
pub fn listen(app: App, socket: TcpListener, tls: Option<rustls::ServerConfig>, workers: usize) -> Result<Server> {
    let serving = server::Serving {
        socket,
        workers,
        shutdown: SHUTDOWN,
        listening: Listening::new(&app, tls),
    };
    let made = move || {
        Actix::new()
            .app_data(app.clone())
            .wrap(from_fn(request_ctx::identify))
            .wrap(from_fn(refusal::as_page))
            .wrap(from_fn(head::as_get))
            .wrap(from_fn(headers::wrap))
            .wrap(from_fn(unread::discard))
            .configure(routes)
    };
    Ok(server::serve(serving, made)?)
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
        crate::http::tls::make(&cert, &key)?;
    }
    Ok((cert, key))
}
