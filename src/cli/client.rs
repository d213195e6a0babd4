//! The HTTP client of the commands: one server, one bearer token; problems become failures.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::blocking::{Client as Http, RequestBuilder, Response};
use reqwest::{Certificate, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::failure::Failure;
use crate::error::FieldError;

/// How often a busy server is asked again.
const TRIES: u32 = 6;
/// The longest wait before that.
const LONGEST_WAIT: u64 = 60;

/// Where the server is and who asks.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Server")]
pub struct ClientArgs {
    /// The server's address [default: https://127.0.0.1:8443]
    #[arg(long, env = "CASETRAIL_SERVER", value_name = "URL")]
    pub server: Option<String>,
    /// The bearer token, from `casetrail token add` or signing in; better in the variable than on the command line
    #[arg(long, env = "CASETRAIL_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub token: Option<String>,
    /// Trust this certificate (PEM) and no other; a server's own lies in tls/cert.pem of its data folder
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

/// A server and a bearer.
pub struct Client {
    http: Http,
    base: String,
    token: String,
}

/// A case as commands name it.
#[derive(Debug, Clone, Deserialize)]
pub struct CaseRef {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: String,
}

type ClientResult<T> = Result<T, Failure>;

impl Client {
    /// A client for the server of the flags, or the one on this machine.
    pub fn new(args: &ClientArgs, here: &str) -> ClientResult<Self> {
        let base = args.server.as_deref().unwrap_or(here).trim_end_matches('/').to_owned();
        let bare =
            |u: &url::Url| u.query().or(u.fragment()).is_none() && u.username().is_empty() && u.password().is_none();
        let sound =
            url::Url::parse(&base).is_ok_and(|u| matches!(u.scheme(), "https" | "http") && u.has_host() && bare(&u));
        if !sound {
            let message = format!("must be an address such as https://casetrail.example:8443, not {base:?}");
            return Err(Failure::field("--server", "format", message));
        }
        // Files and clipboards put a line end behind it.
        let token = args
            .token
            .as_deref()
            .map(str::trim)
            .filter(|t| !t.is_empty())
            .ok_or_else(|| {
                Failure::field(
                    "CASETRAIL_TOKEN",
                    "required",
                    "no token: set CASETRAIL_TOKEN to one from `casetrail token add <username>`",
                )
            })?;
        if token.contains(|c: char| !c.is_ascii_graphic()) {
            let message = "holds blanks, line breaks or other characters that no token has: copy it again, whole";
            return Err(Failure::field("CASETRAIL_TOKEN", "form", message));
        }
        // Uploads and packets take as long as they take; a dead peer is noticed by TCP.
        let mut http = Http::builder()
            .user_agent(concat!("casetrail/", env!("CARGO_PKG_VERSION")))
            .timeout(None)
            .connect_timeout(Duration::from_secs(10))
            .tcp_keepalive(Duration::from_secs(30));
        if let Some(file) = &args.ca {
            http = http.tls_certs_only(certificates(file)?);
        }
        let http = http
            .build()
            .map_err(|e| Failure::unreadable(format!("no HTTPS here: {}", chain(&e))))?;
        Ok(Self {
            http,
            base,
            token: token.to_owned(),
        })
    }

    /// A path below `/api/v1` as an address.
    pub fn url(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.base)
    }

    /// The address of a page, by its path.
    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The HTTP client, to build requests for `send`.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// GET, as JSON.
    pub fn get(&self, path: &str) -> ClientResult<Value> {
        json(self.send(|| Ok(self.http.get(self.url(path))))?)
    }

    /// POST of JSON, as JSON.
    pub fn post(&self, path: &str, body: &Value) -> ClientResult<Value> {
        json(self.send(|| Ok(self.http.post(self.url(path)).json(body)))?)
    }

    /// Sends what `make` builds; a server that is too busy is asked again after the time it names.
    pub fn send(&self, mut make: impl FnMut() -> ClientResult<RequestBuilder>) -> ClientResult<Response> {
        let mut tries = 1;
        loop {
            let answer = make()?
                .bearer_auth(&self.token)
                .send()
                .map_err(|e| self.unreachable(&e))?;
            let busy = matches!(
                answer.status(),
                StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS
            );
            match retry_after(&answer) {
                Some(seconds) if busy && tries < TRIES => std::thread::sleep(Duration::from_secs(seconds)),
                _ if answer.status().is_success() => return Ok(answer),
                _ => return Err(refused(answer)),
            }
            tries += 1;
        }
    }

    /// A case by its id or number.
    pub fn case(&self, name: &str) -> ClientResult<CaseRef> {
        if uuid::Uuid::parse_str(name).is_ok() {
            return case_of(&self.get(&format!("/cases/{name}"))?);
        }
        let mut path = url::Url::parse(&self.url("/cases")).map_err(|e| Failure::unreadable(e.to_string()))?;
        path.query_pairs_mut().append_pair("number", name);
        let found = json(self.send(|| Ok(self.http.get(path.clone())))?)?;
        if !found["items"].is_array() {
            return Err(no_casetrail());
        }
        match items(&found["items"]).next() {
            Some(case) => case_of(case),
            None => Err(Failure::new(
                1,
                "not-found",
                format!("there is no case {name:?} that you may see"),
            )),
        }
    }

    fn unreachable(&self, e: &reqwest::Error) -> Failure {
        let (text, base) = (chain(e), &self.base);
        let detail = if text.contains("UnknownIssuer") || text.contains("certificate") {
            format!(
                "the certificate of {base} is not known here: name it with --ca FILE (tls/cert.pem in the server's data folder; compare the fingerprint that the server prints). {text}"
            )
        } else if text.contains("InvalidContentType") || text.contains("corrupt message") {
            format!("{base} does not speak TLS: is this the address of a server without it, http://…? {text}")
        } else if e.is_connect() {
            format!("nothing answers at {base}: is the server running, and is this its address and port? {text}")
        } else if base.starts_with("http://") && e.is_request() {
            format!("{base} does not answer plain HTTP: a server with TLS is asked by https://…. {text}")
        } else {
            format!("the connection to {base} broke off: {text}. Running the same command again is safe.")
        };
        Failure::new(1, "unreachable", detail)
    }
}

fn certificates(file: &PathBuf) -> ClientResult<Vec<Certificate>> {
    let unusable = |why: String| Failure::field("--ca", "certificate", format!("{}: {why}", file.display()));
    super::items::regular(file, "--ca")?;
    let pem = std::fs::read(file).map_err(|e| unusable(e.to_string()))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|e| unusable(chain(&e)))?;
    if found.is_empty() {
        Err(unusable("holds no certificate in PEM form".into()))
    } else {
        Ok(found)
    }
}

fn case_of(case: &Value) -> ClientResult<CaseRef> {
    CaseRef::deserialize(case).map_err(|_| no_casetrail())
}

/// Whatever answers there is something else.
pub fn no_casetrail() -> Failure {
    Failure::new(
        1,
        "no-casetrail",
        "what answers there is no Casetrail server of this version, and nothing was done: check --server or CASETRAIL_SERVER",
    )
}

/// The elements of an array in an answer; of anything else, none.
pub fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn json(answer: Response) -> ClientResult<Value> {
    answer.json().map_err(|_| no_casetrail())
}

fn retry_after(answer: &Response) -> Option<u64> {
    let seconds: u64 = answer.headers().get("retry-after")?.to_str().ok()?.parse().ok()?;
    Some(seconds.clamp(1, LONGEST_WAIT))
}

/// A problem (RFC 9457) as a failure; an answer that is none, as what it is.
fn refused(answer: Response) -> Failure {
    let status = answer.status();
    match answer.json::<Value>() {
        Ok(problem) => read_problem(status, &problem),
        Err(_) => Failure::failed(format!(
            "the server answered {status} without saying why: is it a Casetrail server?"
        )),
    }
}

fn read_problem(status: StatusCode, problem: &Value) -> Failure {
    let text = |name: &str| problem[name].as_str().unwrap_or_default();
    let detail = [text("detail"), text("title")].into_iter().find(|t| !t.is_empty());
    let errors = items(&problem["errors"]).filter_map(|e| FieldError::deserialize(e).ok());
    if status == StatusCode::UNAUTHORIZED {
        let detail = "the server does not know this token: it has ended, was revoked, or is another installation's; `casetrail token add <username>` makes a new one for CASETRAIL_TOKEN";
        return Failure::new(1, "not-signed-in", detail);
    }
    Failure {
        code: 1,
        problem: text("type").rsplit('/').next().unwrap_or_default().to_owned(),
        detail: detail.map_or_else(|| format!("the server answered {status}"), str::to_owned),
        errors: errors.collect(),
    }
}

/// An error with what caused it, and what caused that.
fn chain(e: &dyn std::error::Error) -> String {
    let mut out = e.to_string();
    let mut cause = e.source();
    while let Some(e) = cause {
        let _ = write!(out, ": {e}");
        cause = e.source();
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn args(server: &str, token: Option<&str>) -> ClientArgs {
        ClientArgs {
            server: Some(server.into()),
            token: token.map(str::to_owned),
            ca: None,
        }
    }

    #[test]
    fn problems_are_read_with_their_fields() {
        let problem = json!({"type": "/problems/invalid", "detail": "1 field", "errors": [{"field": "url", "rule": "required", "message": "is missing"}, {"field": 3}]});
        let failure = read_problem(StatusCode::UNPROCESSABLE_ENTITY, &problem);
        assert_eq!((failure.problem.as_str(), failure.errors.len()), ("invalid", 1));
        assert_eq!(failure.text(), "1 field\n  url: is missing (required)");
        let bare = read_problem(StatusCode::BAD_GATEWAY, &json!({}));
        assert_eq!(bare.detail, "the server answered 502 Bad Gateway");
    }

    #[test]
    fn a_client_needs_an_address_and_a_token() {
        let no = |args: &ClientArgs| {
            Client::new(args, "https://127.0.0.1:8443")
                .err()
                .map(|f| f.text())
                .unwrap_or_default()
        };
        assert!(no(&args("example", Some("t"))).contains("--server"));
        for server in [
            "ftp://example",
            "https://example?x",
            "https://example#a",
            "https://user:pw@example",
        ] {
            assert!(no(&args(server, Some("t"))).contains("--server"), "{server}");
        }
        assert!(no(&args("https://example", None)).contains("CASETRAIL_TOKEN"));
        assert!(
            no(&ClientArgs {
                ca: Some("/nowhere".into()),
                ..args("https://example", Some("t"))
            })
            .contains("--ca")
        );
    }
}
