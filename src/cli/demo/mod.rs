//! `casetrail demo`: a fresh folder, filled with a believable agency, and served.
//!
//! The story is told through the same routes, doors and rules as everything else, in process, with a clock that is set
//! back: so the demo's authorizations have been in effect for days. Then the clock is set to the present.

mod story;

use story::{Names, StoryFile, StoryStep};

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, init_service, read_body};
use actix_web::{App as Actix, Error as ActixError};
use serde_json::{Value, json};

use super::output;
use super::serve::{self, Address};
use crate::app::{self, OpenInstallation, With};
use crate::clock::{self, DAY, ShiftedClock};
use crate::config::Config;
use crate::durable;
use crate::error::{Error, Kind, Result};
use crate::gate::Tx;
use crate::http::request_ctx;
use crate::identity::one_time;
use crate::ledger;
use crate::packets;
use crate::policy::Role;
use crate::users::{self, NewUnit, NewUser, ops};

/// What stands on the command line after `demo`.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// One line of JSON on standard output when ready, and nothing else ever
    #[arg(long)]
    json: bool,
}

/// How long ago the story begins.
const BEGINS: i64 = 15 * DAY;
/// Time between two looks at a packet that is being built.
const LOOK: Duration = Duration::from_millis(50);

/// Fills the folder of `--data-dir`, or one of the demonstration's own, and serves it.
pub fn run(config: &Config, data_dir: Option<PathBuf>, args: &DemoArgs) -> Result<()> {
    let data_dir = data_dir.unwrap_or_else(|| "casetrail-demo".into());
    let config = config.clone().with("data_dir", data_dir.display().to_string());
    serve::log_to_stderr(&config);
    refuse_used(&data_dir)?;
    actix_web::rt::System::new().block_on(async {
        let door = serve::Door::prepare(&config)?;
        let (opened, fixture) = fill(&config).await?;
        let json = args.json;
        serve::answer(&config, door, opened, move |address| {
            let line = described(fixture, &address, &data_dir);
            match json {
                true => output::print(&format!("{line}\n")),
                false => print_text(&line, &address),
            }
        })
        .await
    })
}

fn refuse_used(folder: &Path) -> Result<()> {
    let used = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if !used {
        return Ok(());
    }
    let folder = folder.display();
    let detail = format!(
        "{folder} is not empty: a demonstration needs a fresh folder. Name another with --data-dir, or go on with `casetrail serve --data-dir {folder}`"
    );
    Err(Error::new(Kind::Conflict, "not-empty", detail))
}

/// Opens the folder and tells the story into it.
pub async fn fill(config: &Config) -> Result<(OpenInstallation, Value)> {
    let clock = ShiftedClock::behind(BEGINS);
    let with = With {
        demo: true,
        ..serve::with(Arc::new(clock.clone()))?
    };
    let opened = app::open(config, with).await?;
    if !opened.log.demo {
        return Err(Error::new(
            Kind::Conflict,
            "not-empty",
            "The database holds a log already: a demonstration needs a fresh one.",
        ));
    }
    let users = people(&opened).await?;
    let routes = Actix::new()
        .app_data(opened.app.clone())
        .wrap(from_fn(request_ctx::identify))
        .configure(app::routes);
    let story = Story {
        opened: &opened,
        users: &users,
        clock,
        routes: init_service(routes).await,
    };
    let mut told = story.tell().await?;
    story.clock.set_behind(0);
    // The story began days ago; the server starts now.
    app::record_start(&opened, config, 0).await?;
    let shown: Vec<Value> = users.iter().map(User::shown).collect();
    told["users"] = shown.into();
    Ok((opened, told))
}

/// Somebody who can sign in, and the token by which the story acts for them.
struct User {
    id: String,
    username: &'static str,
    role: Role,
    password: String,
    token: (String, String),
}

impl User {
    fn shown(&self) -> Value {
        json!({"id": self.id, "username": self.username, "roles": [self.role], "password": self.password, "totp_secret": null})
    }
}

async fn people(opened: &OpenInstallation) -> Result<Vec<User>> {
    let gate = &opened.app.gate;
    let units = gate
        .housekeep(ledger::job("demo"), |tx| {
            let mut ids: Vec<String> = Vec::new();
            for name in story::UNITS {
                let new = NewUnit {
                    name: name.to_owned(),
                    parent_id: ids.first().cloned(),
                };
                ids.push(ops::create_unit(tx, &new)?.peek().id.clone());
            }
            Ok(ids)
        })
        .await?;
    let mut users = Vec::new();
    for story::DemoPerson(username, name, role, unit) in story::PEOPLE {
        let password = one_time();
        let hash = opened.app.passwords.hash(password.clone()).await?;
        let new = NewUser {
            username: username.into(),
            name: name.into(),
            roles: vec![role],
            unit_id: units.get(unit).cloned(),
        };
        let (id, token) = gate
            .housekeep(ledger::job("demo"), move |tx| {
                let made = ops::create(tx, &new, &hash, ops::Password::ToKeep)?;
                let id = made.peek().found.id.clone();
                let token = ops::token(tx, &id, None)?.peek().clone();
                Ok((id, token))
            })
            .await?;
        users.push(User {
            id,
            username,
            role,
            password,
            token,
        });
    }
    Ok(users)
}

struct Story<'a, S> {
    opened: &'a OpenInstallation,
    users: &'a [User],
    clock: ShiftedClock,
    /// The routes, called in process.
    routes: S,
}

impl<S, B> Story<'_, S>
where
    S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = ActixError>,
    B: MessageBody,
{
    /// Tells it, and answers what whoever looks at it is told: the cases, and the links with their codes.
    async fn tell(&self) -> Result<Value> {
        let now = self.opened.app.gate.now() + BEGINS;
        let people = self
            .users
            .iter()
            .map(|user| (user.username.to_owned(), user.id.clone()));
        let units = self
            .opened
            .app
            .gate
            .db()
            .read_blocking(|conn| users::store::units(conn, None, 10))?;
        let units = units.into_iter().map(|unit| (format!("unit {}", unit.name), unit.id));
        let mut names = Names {
            ids: people.chain(units).collect(),
            now,
        };
        let (mut cases, mut links) = (Vec::new(), Vec::new());
        for (place, step) in story::steps()?.iter().enumerate() {
            let seconds = i64::try_from(place % 53).unwrap_or(0) * clock::SECOND;
            self.clock.set_behind(now - story::time(&step.at, now)? - seconds);
            let made = self.take(step, &names).await?;
            if let Some(name) = &step.name {
                names.ids.insert(name.clone(), text(&made["id"]).to_owned());
            }
            if step.call == "POST cases" {
                cases.push(json!({"id": made["id"], "number": made["number"], "kind": made["kind"], "handling": made["handling"]}));
            }
            if step.call.ends_with("/links") {
                links.push(json!({"to": made["to"], "path": made["path"], "code": made["code"]}));
            }
        }
        self.forget_tokens().await?;
        Ok(json!({"cases": cases, "links": links}))
    }

    /// Sends a request of the story.
    async fn take(&self, step: &StoryStep, names: &Names) -> Result<Value> {
        let (method, path) = step.call.split_once(' ').unwrap_or(("GET", &step.call));
        let path = names.fill(path)?;
        let mut said = names.fill_all(&Value::Object(step.send.clone()))?;
        // A server that makes no papers takes no request for certificates.
        if cfg!(not(feature = "pdf"))
            && let Value::Object(fields) = &mut said
        {
            fields.remove("certificates");
        }
        let by = self.user(&step.by)?;
        if path.ends_with("/captures") {
            let said = story::capture(self.opened.app.gate.now() - 2 * clock::MINUTE, said, &step.files);
            return self.send(capture(by, &path, said, &step.files)?).await;
        }
        match method {
            "READY" => self.until_ready(by, &path).await,
            "GET" => self.send(request(by, Method::GET, &path)).await,
            "PATCH" => self.change(by, &path, &said).await,
            "PUT" => self.send(request(by, Method::PUT, &path)).await,
            _ => self.send(request(by, Method::POST, &path).set_json(&said)).await,
        }
    }

    /// Runs the builder until a packet is built.
    async fn until_ready(&self, by: &User, path: &str) -> Result<Value> {
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let building = packets::run_builder(self.opened.app.clone(), stopped);
        let looking = async {
            loop {
                let packet = self.send(request(by, Method::GET, path)).await?;
                match text(&packet["state"]) {
                    "ready" => break Ok(packet),
                    "failed" => break Err(Error::internal(format!("the story's packet was not built: {packet}"))),
                    _ => tokio::time::sleep(LOOK).await,
                }
            }
        };
        let look_and_stop = async {
            let found = looking.await;
            stop.send(true).ok();
            found
        };
        let ((), found) = tokio::join!(building, look_and_stop);
        found
    }

    /// Changes what is there now.
    async fn change(&self, by: &User, path: &str, said: &Value) -> Result<Value> {
        let before = self.send(request(by, Method::GET, path)).await?;
        let version = format!("\"{}\"", before["version"]);
        let change = request(by, Method::PATCH, path).insert_header(("if-match", version));
        self.send(change.set_json(said)).await
    }

    fn user(&self, username: &str) -> Result<&User> {
        let found = self.users.iter().find(|user| user.username == username);
        found.ok_or_else(|| Error::internal(format!("the story knows nobody called {username}")))
    }

    async fn send(&self, request: TestRequest) -> Result<Value> {
        let response = self.routes.call(request.to_request()).await.map_err(Error::internal)?;
        let (status, path) = (response.status(), response.request().path().to_owned());
        let body = read_body(response).await;
        if !status.is_success() {
            return Err(Error::internal(format!(
                "the story stopped at {path}: {status} {}",
                String::from_utf8_lossy(&body)
            )));
        }
        Ok(serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn forget_tokens(&self) -> Result<()> {
        let ids: Vec<String> = self.users.iter().map(|u| u.token.0.clone()).collect();
        let forget = move |tx: &mut Tx<'_>| ids.iter().try_for_each(|id| ops::revoke_token(tx, id).map(|_| ()));
        self.opened.app.gate.housekeep(ledger::job("demo"), forget).await
    }
}

fn request(by: &User, method: Method, path: &str) -> TestRequest {
    TestRequest::with_uri(&format!("/api/v1/{path}"))
        .method(method)
        .insert_header(("authorization", format!("Bearer {}", by.token.1)))
}

/// The request that logs a capture with its files.
fn capture(by: &User, path: &str, mut said: Value, files: &[StoryFile]) -> Result<TestRequest> {
    if files.is_empty() {
        return Ok(request(by, Method::POST, path).set_json(&said));
    }
    let named = |file: &StoryFile| json!({"part": file.file, "name": file.file, "role": file.role});
    said["files"] = files.iter().map(named).collect();
    let mut body = part("capture", "application/json", said.to_string().as_bytes());
    for StoryFile { file, .. } in files {
        body.extend(part(file, "application/octet-stream", story::file(file)?));
    }
    body.extend_from_slice(b"--demo--\r\n");
    let multipart = ("content-type", "multipart/form-data; boundary=demo");
    Ok(request(by, Method::POST, path)
        .insert_header(multipart)
        .set_payload(body))
}

fn part(name: &str, media_type: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!(
        "--demo\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\ncontent-type: {media_type}\r\n\r\n"
    );
    [head.as_bytes(), bytes, b"\r\n"].concat()
}

/// A text of the fixture or of an answer.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The sign-ins stand in the folder too, for a script, readable for their owner alone: they are of a demonstration.
fn keep(line: &Value, data_dir: &Path) -> Result<()> {
    let mut out = durable::new_file(&data_dir.join("demo.json"))?;
    Ok(writeln!(out, "{line}")?)
}

/// Keeps the sign-ins, and answers what there is to tell as one line of JSON.
fn described(mut line: Value, address: &Address, data_dir: &Path) -> Value {
    line["url"] = json!(address.url);
    line["data_dir"] = json!(data_dir.canonicalize().unwrap_or_else(|_| data_dir.to_owned()));
    line["log_vkey"] = json!(address.log_vkey);
    if let Err(e) = keep(&line, data_dir) {
        tracing::warn!(%e, "demo.json was not written; the demonstration runs on");
    }
    line
}

fn print_text(line: &Value, address: &Address) {
    let mut out = format!("Casetrail DEMO at {}\n\n", address.url);
    if let Some((fingerprint, file)) = &address.certificate {
        out += &format!(
            "  certificate  {}\n               SHA-256 {fingerprint}\n",
            file.display()
        );
    }
    out += &format!(
        "  data         {}\n  log key      {}\n\nWho can sign in (also in demo.json there):\n",
        text(&line["data_dir"]),
        address.log_vkey
    );
    for user in line["users"].as_array().into_iter().flatten() {
        let [role, username, password] = [&user["roles"][0], &user["username"], &user["password"]].map(text);
        out += &format!("  {role:<14} {username:<14} {password}\n");
    }
    out += "\nCases:\n";
    for case in line["cases"].as_array().into_iter().flatten() {
        let [number, kind, handling] = ["number", "kind", "handling"].map(|name| text(&case[name]));
        out += &format!("  {number:<10} {kind:<15} {handling}\n");
    }
    for link in line["links"].as_array().into_iter().flatten() {
        let [to, path, code] = ["to", "path", "code"].map(|name| text(&link[name]));
        out += &format!(
            "\nA link for the {to}, who has no account:\n  {}{path}\n  code {code}\n",
            address.url
        );
    }
    output::print(&format!(
        "{out}\nOpen {0} in a browser. The API is described at {0}/api/docs. Stop with Ctrl-C.\n",
        address.url
    ));
}
