//! Reads the settings. A flag goes before a `CASETRAIL_…` variable, that before `casetrail.toml`, that before the default.
//! Each value keeps its source. No other module reads the environment.

mod proxies;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Serialize;

use crate::db::Location;
use crate::error::{Error, FieldError, Result};
use crate::pictures::Helpers;

pub use proxies::{TrustedProxies, forwarded, x_forwarded_for};

/// One setting: its name in `casetrail.toml`, its default, what it does.
#[derive(Debug)]
pub struct Setting {
    /// The name; the variable is `CASETRAIL_` and the name in capitals.
    pub name: &'static str,
    /// The value where nothing is set.
    pub default: &'static str,
    /// Its purpose, in one sentence.
    pub says: &'static str,
    /// Whether its value is never printed.
    pub secret: bool,
}

const fn setting(name: &'static str, default: &'static str, says: &'static str) -> Setting {
    Setting {
        name,
        default,
        says,
        secret: false,
    }
}

/// All settings.
pub const SETTINGS: &[Setting] = &[
    setting(
        "data_dir",
        "casetrail-data",
        "The folder for database, files, keys and packets.",
    ),
    setting("port", "", "The port to listen on; 8443 with TLS, 8080 with --http."),
    setting("bind", "127.0.0.1", "The address to listen on."),
    setting("http", "false", "Plain HTTP on loopback, for a reverse proxy."),
    Setting {
        name: "database",
        default: "",
        says: "sqlite://PATH or postgres://USER@HOST/NAME; empty: casetrail.db in the data folder.",
        secret: true,
    },
    setting(
        "files",
        "",
        "The folder of evidence files; empty: files in the data folder.",
    ),
    setting(
        "origin",
        "",
        "The log's name, set before the first start and never changed; empty: casetrail.invalid/<installation>.",
    ),
    setting(
        "trusted_proxies",
        "",
        "Addresses and networks of reverse proxies that are believed about a client's address, separated by commas.",
    ),
    setting("tls_cert", "", "The certificate chain, PEM; empty: one is made."),
    setting("tls_key", "", "The certificate's key, PEM."),
    setting("max_file", "68719476736", "Bytes of one file at the most."),
    setting("uploads_per_user", "64", "Uploads at once for one user, at least 64."),
    setting("disk_reserve", "536870912", "Bytes that stay free on the disk."),
    setting(
        "upload_idle",
        "60",
        "Seconds without a byte after which an upload is given up, or an answer that nobody takes.",
    ),
    setting(
        "not_required_levels",
        "",
        "Levels that need no authorization by the agency's policy, separated by commas.",
    ),
    setting(
        "public_ledger",
        "false",
        "Whether hashes of the ledger may be read without signing in.",
    ),
    Setting {
        name: "metrics_token",
        default: "",
        says: "A bearer token with which /metrics answers beyond loopback.",
        secret: true,
    },
    setting(
        "workers",
        "0",
        "Threads that answer requests; 0: one a core, and at least four.",
    ),
    setting("connections", "0", "Database connections; 0: chosen by the database."),
    setting(
        "log",
        "info",
        "What is logged: error, warn, info, debug, or a filter of tracing.",
    ),
    setting("log_format", "auto", "json, text, or auto: text on a terminal."),
];

/// A setting in force, as `casetrail config` and the page of settings show it.
#[derive(Debug, Clone, Serialize)]
pub struct ShownSetting {
    /// Its name in `casetrail.toml`.
    pub name: &'static str,
    /// Its value; none where it is a secret.
    pub value: Option<String>,
    /// Where the value comes from.
    pub source: &'static str,
    /// What it is for.
    pub says: &'static str,
}

/// Limits of uploads, and what the policy of the agency needs no authorization for.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of one file.
    pub file: u64,
    /// Uploads at once for one user.
    pub uploads: usize,
    /// Bytes that stay free on the disk.
    pub reserve: u64,
    /// Seconds without a byte after which an upload is given up, or an answer that nobody takes.
    pub idle: u64,
    /// Levels for which the agency's policy needs no authorization.
    pub not_required: Vec<String>,
}

/// The settings in force, each with its source.
#[derive(Debug, Clone)]
pub struct Config(BTreeMap<&'static str, (String, &'static str)>);

/// The least number of threads that answer requests: on a small machine that also does other work, fewer would make requests
/// wait for a processor.
const WORKERS: usize = 4;

impl Config {
    /// Reads all sources. `flags` holds what the command line set.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn load(flags: &[(&'static str, String)]) -> Result<Self> {
        let mut all = BTreeMap::new();
        let file = read_file(Path::new("casetrail.toml"))?;
        for setting in SETTINGS {
            let flag = flags
                .iter()
                .find(|(n, _)| *n == setting.name)
                .map(|(_, v)| (v.clone(), "flag"));
            let variable = std::env::var(format!("CASETRAIL_{}", setting.name.to_uppercase()))
                .ok()
                .map(|v| (v, "environment"));
            let written = file.get(setting.name).map(|v| (v.clone(), "casetrail.toml"));
            let value = flag
                .or(variable)
                .or(written)
                .unwrap_or((setting.default.to_owned(), "default"));
            all.insert(setting.name, value);
        }
        let config = Self(all);
        config.check()?;
        Ok(config)
    }

    /// A setting's value.
    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |(v, _)| v.as_str())
    }

    /// These settings with one that a command sets.
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.0.insert(name, (value, "command"));
        self
    }

    fn number<N: FromStr>(&self, name: &str) -> Result<N> {
        let text = self.get(name);
        text.parse()
            .map_err(|_| Error::field(name, "whole_number", format!("must be a whole number, not {text:?}")))
    }

    fn flag(&self, name: &str) -> Result<bool> {
        match self.get(name) {
            "true" => Ok(true),
            "false" => Ok(false),
            other => Err(Error::field(
                name,
                "boolean",
                format!("must be true or false, not {other:?}"),
            )),
        }
    }

    /// Checks all settings, before anything starts.
    fn check(&self) -> Result<()> {
        for name in ["max_file", "disk_reserve", "upload_idle", "workers", "connections"] {
            self.number::<u64>(name)?;
        }
        if self.number::<u64>("uploads_per_user")? < 64 {
            return Err(Error::field("uploads_per_user", "range", "must be at least 64"));
        }
        self.flag("public_ledger")?;
        self.trusted_proxies()?;
        self.port()?;
        self.database()?;
        if self.get("files").starts_with("s3://") {
            let message = "an S3-compatible store is not supported yet: name a folder";
            return Err(Error::field("files", "supported", message));
        }
        if self.get("tls_cert").is_empty() != self.get("tls_key").is_empty() {
            let message = "tls_cert and tls_key are set together or not at all";
            return Err(Error::field("tls_key", "together", message));
        }
        if self.http()? && !matches!(self.get("bind"), "127.0.0.1" | "::1" | "localhost") {
            let message = "plain HTTP listens on loopback only: remove bind, or use TLS";
            return Err(Error::field("bind", "loopback", message));
        }
        Ok(())
    }

    /// The data folder.
    pub fn data_dir(&self) -> PathBuf {
        PathBuf::from(self.get("data_dir"))
    }

    /// Whether plain HTTP is spoken.
    pub fn http(&self) -> Result<bool> {
        self.flag("http")
    }

    /// The proxies that are believed about a client's address.
    pub fn trusted_proxies(&self) -> Result<TrustedProxies> {
        let broken = |message| Error::field("trusted_proxies", "networks", message);
        TrustedProxies::parse(self.get("trusted_proxies")).map_err(broken)
    }

    /// The port; 0 lets the system choose.
    pub fn port(&self) -> Result<u16> {
        match self.get("port") {
            "" => Ok(if self.http()? { 8080 } else { 8443 }),
            text => text
                .parse()
                .map_err(|_| Error::field("port", "range", "must be a number from 0 to 65535")),
        }
    }

    /// The database.
    pub fn database(&self) -> Result<Location> {
        match self.get("database") {
            "" => Ok(Location::Sqlite(self.data_dir().join("casetrail.db"))),
            text => Location::parse(text),
        }
    }

    /// The folder of evidence files.
    pub fn files(&self) -> PathBuf {
        match self.get("files") {
            "" => self.data_dir().join("files"),
            text => PathBuf::from(text),
        }
    }

    /// The folder of packets.
    pub fn packets(&self) -> PathBuf {
        self.data_dir().join("packets")
    }

    /// The folder of templates for certificates, a folder in it a jurisdiction.
    pub fn certificates(&self) -> PathBuf {
        self.data_dir().join("certificates")
    }

    /// The folder of the log's key, its last checkpoint and the secret.
    pub fn keys(&self) -> PathBuf {
        self.data_dir().join("keys")
    }

    /// The folder of thumbnails and previews. It may be removed while no server runs.
    pub fn pictures(&self) -> PathBuf {
        self.data_dir().join("pictures")
    }

    /// The programs on the PATH that decode what we do not.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn helpers() -> Helpers {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let find = |name: &str| {
            let mut all = std::env::split_paths(&path).map(|folder| folder.join(name));
            all.find(|program| program.is_absolute() && program.is_file())
        };
        Helpers {
            ffmpeg: find(Helpers::FFMPEG),
            heif_convert: find(Helpers::HEIF_CONVERT),
            ffprobe: find(Helpers::FFPROBE),
        }
    }

    /// The log's name, where it is set.
    pub fn origin(&self) -> Option<&str> {
        Some(self.get("origin")).filter(|o| !o.is_empty())
    }

    /// The address to listen on.
    pub fn bind(&self) -> &str {
        self.get("bind")
    }

    /// The agency's certificate chain and its key, where they are set.
    pub fn tls_pair(&self) -> Option<(PathBuf, PathBuf)> {
        let pair = (self.get("tls_cert").into(), self.get("tls_key").into());
        (!self.get("tls_cert").is_empty()).then_some(pair)
    }

    /// The token with which `/metrics` answers beyond loopback, where it is set.
    pub fn metrics_token(&self) -> Option<String> {
        Some(self.get("metrics_token").to_owned()).filter(|t| !t.is_empty())
    }

    /// What is logged, as a filter of tracing.
    pub fn log_filter(&self) -> &str {
        self.get("log")
    }

    /// `json`, `text` or `auto`.
    pub fn log_format(&self) -> &str {
        self.get("log_format")
    }

    /// The limits of uploads.
    pub fn limits(&self) -> Result<Limits> {
        Ok(Limits {
            file: self.number("max_file")?,
            uploads: self.number("uploads_per_user")?,
            reserve: self.number("disk_reserve")?,
            idle: self.number("upload_idle")?,
            not_required: self
                .get("not_required_levels")
                .split(',')
                .map(|l| l.trim().to_owned())
                .filter(|l| !l.is_empty())
                .collect(),
        })
    }

    /// The certificate that the server shows; none with plain HTTP.
    pub fn certificate(&self) -> Option<PathBuf> {
        let own = || self.data_dir().join("tls").join("cert.pem");
        let shown = self.tls_pair().map_or_else(own, |(cert, _)| cert);
        Some(shown).filter(|_| !self.http().unwrap_or(false))
    }

    /// Whether hashes of the ledger are public.
    pub fn public_ledger(&self) -> bool {
        self.get("public_ledger") == "true"
    }

    /// Threads that answer requests.
    pub fn workers(&self) -> usize {
        match self.number("workers") {
            Ok(n) if n > 0 => n,
            _ => std::thread::available_parallelism()
                .map_or(1, std::num::NonZero::get)
                .max(WORKERS),
        }
    }

    /// Database connections.
    pub fn connections(&self) -> u32 {
        match (self.number("connections"), self.database()) {
            (Ok(n), _) if n > 0 => n,
            (_, Ok(Location::Postgres(_))) => 24,
            _ => 6,
        }
    }

    /// What counts where a setting is left empty or at 0; none where that says it all.
    fn in_force(&self, name: &str) -> Option<String> {
        let path = |path: PathBuf| path.display().to_string();
        let made = |file: &str| path(self.data_dir().join("tls").join(file));
        let with_tls = !self.http().unwrap_or(false);
        match (name, self.get(name)) {
            ("port", "") => Some(self.port().ok()?.to_string()),
            ("database", "") => Some(self.database().ok()?.to_string()),
            ("files", "") => Some(path(self.files())),
            ("tls_cert", "") if with_tls => Some(made("cert.pem")),
            ("tls_key", "") if with_tls => Some(made("key.pem")),
            ("workers", "0") => Some(self.workers().to_string()),
            ("connections", "0") => Some(self.connections().to_string()),
            _ => None,
        }
    }

    /// Every setting with the value in force, its source and purpose; secrets hidden.
    pub fn shown(&self) -> Vec<ShownSetting> {
        let known = SETTINGS
            .iter()
            .filter_map(|setting| Some((setting, self.0.get(setting.name)?)));
        known
            .map(|(setting, (value, source))| ShownSetting {
                name: setting.name,
                value: match setting.secret && !value.is_empty() {
                    true => without_secret(setting.name, value),
                    false => Some(self.in_force(setting.name).unwrap_or_else(|| value.clone())),
                },
                source,
                says: setting.says,
            })
            .collect()
    }

    /// A line for each setting: value, source and purpose; secrets hidden.
    pub fn print(&self) -> String {
        let mut out = String::new();
        for setting in self.shown() {
            let shown = setting
                .value
                .map_or_else(|| "(hidden)".into(), |value| format!("{value:?}"));
            out += &format!(
                "{:<20} = {shown:<34} # {}. {}\n",
                setting.name, setting.source, setting.says
            );
        }
        out
    }

    /// The SHA-256 of what is in force, secrets included, for the event `software.started`.
    pub fn digest(&self) -> crate::proof::id::Digest {
        let all: Vec<String> = self.0.iter().map(|(k, (v, _))| format!("{k}={v}")).collect();
        crate::proof::id::Digest::of(all.join("\n").as_bytes())
    }
}

/// A database's location can be told without its password; no other secret can.
fn without_secret(name: &str, value: &str) -> Option<String> {
    let location = Location::parse(value).ok().filter(|_| name == "database");
    location.map(|location| location.to_string())
}

fn read_file(path: &Path) -> Result<BTreeMap<String, String>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(e) => return Err(Error::field("casetrail.toml", "readable", e.to_string())),
    };
    let table: toml::Table = text
        .parse()
        .map_err(|e: toml::de::Error| Error::field("casetrail.toml", "toml", at_line(&text, &e)))?;
    let unknown: Vec<FieldError> = table
        .keys()
        .filter(|k| !SETTINGS.iter().any(|s| s.name == **k))
        .map(|k| FieldError::new(k, "unknown", "is no setting: `casetrail config` prints them all"))
        .collect();
    FieldError::refuse(unknown)?;
    Ok(table.into_iter().map(|(k, v)| (k, plain(v))).collect())
}

/// One line: where, and what.
fn at_line(text: &str, e: &toml::de::Error) -> String {
    let before = e.span().and_then(|s| text.get(..s.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    format!("line {line}: {}", e.message().replace('\n', ", "))
}

fn plain(value: toml::Value) -> String {
    match value {
        toml::Value::String(text) => text,
        toml::Value::Array(all) => all.into_iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
