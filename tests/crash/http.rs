//! HTTP by hand: a client that can stall, drip, lie and break off, which no good client does.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, String::from_utf8_lossy(&self.body)))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .lines()
            .find_map(|l| l.split_once(':').filter(|(n, _)| n.eq_ignore_ascii_case(name)));
        found.map(|(_, v)| v.trim())
    }

    /// The last word of the problem's type.
    pub fn slug(&self) -> String {
        self.json()["type"]
            .as_str()
            .unwrap_or_default()
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    /// The same answer, if it has this status.
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(
            self.status,
            status,
            "{}\n{}",
            self.headers,
            String::from_utf8_lossy(&self.body)
        );
        self
    }
}

/// One request on a connection of its own.
#[derive(Clone)]
pub struct Client {
    pub addr: SocketAddr,
    pub token: String,
}

impl Client {
    /// Asks for a packet of a case and waits for it; gives its id.
    pub fn packet(&self, case: &str) -> String {
        let wish = serde_json::json!({"purpose": "court_exhibits"});
        let asked = self.post(&format!("/api/v1/cases/{case}/packets"), &wish);
        let id = asked.expect(202).json()["id"].as_str().expect("an id").to_owned();
        let state = || self.get(&format!("/api/v1/packets/{id}")).json()["state"].clone();
        let ready = (0..2400).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            state() == "ready"
        });
        assert!(ready, "the packet is {}", state());
        id
    }

    pub fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&self.addr, Duration::from_secs(5))?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        stream.set_write_timeout(Some(Duration::from_secs(60)))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// The head of a request whose body has so many bytes.
    pub fn head(&self, method: &str, path: &str, more: &[(&str, &str)], length: u64) -> String {
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n",
            self.addr
        );
        if !self.token.is_empty() {
            head += &format!("authorization: Bearer {}\r\n", self.token);
        }
        for (name, value) in more {
            head += &format!("{name}: {value}\r\n");
        }
        if length > 0 || method != "GET" {
            head += &format!("content-length: {length}\r\n");
        }
        head + "\r\n"
    }

    pub fn send(&self, method: &str, path: &str, more: &[(&str, &str)], body: &[u8]) -> io::Result<Answer> {
        let mut stream = self.connect()?;
        let mut all = self.head(method, path, more, body.len() as u64).into_bytes();
        all.extend_from_slice(body);
        // A server that refuses early may close before it has read everything; its answer still counts.
        let sent = stream.write_all(&all);
        read_answer(&mut stream).or_else(|e| sent.and(Err(e)))
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
            .unwrap_or_else(|e| panic!("GET {path}: {e}"))
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        let sent = self.send(
            "POST",
            path,
            &[("content-type", "application/json")],
            body.to_string().as_bytes(),
        );
        sent.unwrap_or_else(|e| panic!("POST {path}: {e}"))
    }

    /// Logs a capture with one file.
    pub fn upload(&self, case: &str, key: Option<&str>, file: &[u8]) -> io::Result<Answer> {
        let (before, after) = multipart(&capture(key.unwrap_or("upload"), 1));
        let mut body = before;
        body.extend_from_slice(file);
        body.extend_from_slice(&after);
        let mut more = vec![("content-type", MULTIPART)];
        more.extend(key.map(|k| ("idempotency-key", k)));
        self.send("POST", &format!("/api/v1/cases/{case}/captures"), &more, &body)
    }

    /// Begins an upload of a file of `size` bytes: the connection after its head and the JSON.
    pub fn begin_upload(&self, case: &str, size: u64) -> io::Result<TcpStream> {
        let (before, after) = multipart(&capture("begun", 1));
        let mut stream = self.connect()?;
        let length = before.len() as u64 + size + after.len() as u64;
        let head = self.head(
            "POST",
            &format!("/api/v1/cases/{case}/captures"),
            &[("content-type", MULTIPART)],
            length,
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(&before)?;
        Ok(stream)
    }
}

pub const MULTIPART: &str = "multipart/form-data; boundary=crash";
/// What ends the body that `begin_upload` began.
pub const END: &[u8] = b"\r\n--crash--\r\n";

/// What surrounds the file of a capture.
fn multipart(json: &Value) -> (Vec<u8>, Vec<u8>) {
    let before = format!(
        "--crash\r\ncontent-disposition: form-data; name=\"capture\"\r\ncontent-type: application/json\r\n\r\n{json}\r\n\
         --crash\r\ncontent-disposition: form-data; name=\"f0\"; filename=\"f0.bin\"\r\ncontent-type: application/octet-stream\r\n\r\n"
    );
    (before.into_bytes(), END.to_vec())
}

/// A capture as the JSON part says it, with so many files.
pub fn capture(text: &str, files: usize) -> Value {
    let files: Vec<Value> = (0..files)
        .map(|n| json!({"part": format!("f{n}"), "name": format!("f{n}.bin"), "role": "screenshot"}))
        .collect();
    json!({
        "kind": "post", "platform": "instagram", "url": "https://www.instagram.com/p/crash", "text": text,
        "captured_at": "2026-11-20T14:07:31.120Z", "method": "manual_screenshot", "tool": {"name": "crash", "version": "1"},
        "level": "overt", "device": "agency", "files": files
    })
}

/// Reads an answer to its end, by its length or by the connection's end.
pub fn read_answer(stream: &mut TcpStream) -> io::Result<Answer> {
    let mut all = Vec::new();
    let mut piece = [0u8; 64 << 10];
    loop {
        if let Some(answer) = parse(&all, false) {
            return Ok(answer);
        }
        match stream.read(&mut piece) {
            Ok(0) => return parse(&all, true).ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "no answer")),
            Ok(n) => all.extend_from_slice(&piece[..n]),
            // A read with a time limit ends so when the machine itself was halted for a moment.
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

fn parse(all: &[u8], ended: bool) -> Option<Answer> {
    let end = all.windows(4).position(|w| w == b"\r\n\r\n")?;
    let headers = String::from_utf8_lossy(&all[..end]).into_owned();
    let status = headers.split(' ').nth(1)?.parse().ok()?;
    let answer = Answer {
        status,
        headers,
        body: all[end + 4..].to_vec(),
    };
    if status == 100 {
        return parse(&all[end + 4..], ended);
    }
    match answer.header("content-length").and_then(|l| l.parse::<usize>().ok()) {
        Some(length) if answer.body.len() >= length => Some(answer),
        Some(_) => None,
        None => ended.then_some(answer),
    }
}
