//! Somebody who calls, and what was answered.

use std::net::IpAddr;
use std::sync::LazyLock;
use std::time::Duration;

use casetrail::clock::SetClock;
use reqwest::blocking::{Client as Http, RequestBuilder, multipart};
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::Case;
use crate::contract;

/// Somebody who calls.
#[derive(Clone)]
pub struct Client {
    pub id: String,
    pub token: Option<String>,
    /// Where it calls from, if not from 127.0.0.1.
    pub(super) from: Option<Http>,
    pub(super) url: String,
    pub(super) clock: SetClock,
}

fn http() -> &'static Http {
    static HTTP: LazyLock<Http> = LazyLock::new(|| calling_from(None));
    &HTTP
}

fn calling_from(address: Option<IpAddr>) -> Http {
    // As the program does: one provider of cryptography, chosen before anything asks for one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Http::builder()
        .timeout(Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::none())
        .local_address(address)
        .build()
        .unwrap()
}

impl Client {
    pub fn nobody(url: &str, clock: &SetClock) -> Self {
        Self {
            id: String::new(),
            token: None,
            from: None,
            url: url.to_owned(),
            clock: clock.clone(),
        }
    }

    fn http(&self) -> &Http {
        self.from.as_ref().unwrap_or_else(|| http())
    }

    /// The same, calling from another address of this machine.
    pub fn from(&self, address: &str) -> Self {
        Self {
            from: Some(calling_from(Some(address.parse().unwrap()))),
            ..self.clone()
        }
    }

    /// A request, not sent yet. A millisecond passes, so that ids and events have an order.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.clock.advance(1000);
        let request = self
            .http()
            .request(method.parse().unwrap(), format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends it; what answers is held against the API's description.
    pub fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.build().unwrap();
        let (method, path) = (request.method().to_string(), request.url().path().to_owned());
        let answer = Answer::of(self.http().execute(request).unwrap());
        contract::hold(&method, &path, &answer);
        answer
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path))
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.send(self.request("DELETE", path))
    }

    pub fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request("POST", path).json(&body))
    }

    /// The same with a key that makes a retry harmless.
    pub fn post_keyed(&self, path: &str, key: &str, body: &Value) -> Answer {
        self.send(self.request("POST", path).header("Idempotency-Key", key).json(body))
    }

    pub fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request("PUT", path).json(&body))
    }

    pub fn patch(&self, path: &str, version: i64, body: Value) -> Answer {
        self.send(
            self.request("PATCH", path)
                .header("If-Match", format!("\"{version}\""))
                .json(&body),
        )
    }

    /// Logs a capture without files.
    pub fn log(&self, case: &Case, capture: Value) -> Answer {
        self.post(&case.path("captures"), capture)
    }

    /// Logs a capture with files: part name and bytes, in the order given.
    pub fn upload(&self, case: &Case, capture: &Value, files: &[(&str, &[u8])]) -> Answer {
        self.send(self.uploading(case, capture, files))
    }

    /// That request, not sent yet.
    pub fn uploading(&self, case: &Case, capture: &Value, files: &[(&str, &[u8])]) -> RequestBuilder {
        let mut form = multipart::Form::new().part("capture", multipart::Part::text(capture.to_string()));
        for (name, bytes) in files {
            let part = multipart::Part::bytes(bytes.to_vec())
                .file_name("upload.bin")
                .mime_str("image/png")
                .unwrap();
            form = form.part((*name).to_owned(), part);
        }
        self.request("POST", &case.path("captures")).multipart(form)
    }
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    fn of(response: reqwest::blocking::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self {
            status,
            headers,
            body: response.bytes().unwrap().to_vec(),
        }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The answer's JSON, after asserting its status.
    #[track_caller]
    pub fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }

    /// A problem of this status and code.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.is(status);
        assert_eq!(problem["type"], format!("/problems/{code}"), "{problem}");
        assert_eq!(problem["status"], status);
        assert!(!problem["title"].as_str().unwrap().is_empty() && !problem["detail"].as_str().unwrap().is_empty());
        problem
    }

    /// A refusal that names this field and this rule, and the way out.
    #[track_caller]
    pub fn refuses(self, status: u16, field: &str, rule: &str) -> Value {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        let problem = self.is(status);
        let found = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .find(|e| e["field"] == field && e["rule"] == rule);
        let found = found.unwrap_or_else(|| panic!("no {field}: {rule} in {problem}"));
        assert!(found["message"].as_str().is_some_and(|m| m.len() > 5), "{found}");
        problem
    }
}
