//! `casetrail demo`: a fresh folder, filled with a believable agency, and served.
//!
//! The story is told through the same routes, doors and rules as everything else, in process, with a clock that is set
//! back: so the demo's authorizations have been in effect for days. Then the clock is set to the present.

mod story;

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, init_service, read_body};
use actix_web::{App as Actix, Error as ActixError};
use serde_json::{Value, json};

use super::serve::{self, Address};
use crate::app::{self, OpenInstallation, With};
use crate::clock::{self, DAY, HOUR, ShiftedClock};
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::http::request_ctx;
use crate::identity::one_time;
use crate::ledger;
use crate::policy::Role;
use crate::users::{NewUnit, NewUser, ops};

/// What stands on the command line after `demo`.
#[derive(Debug, clap::Args)]
pub struct DemoFlags {
    /// One line of JSON on standard output when ready, and nothing else ever
    #[arg(long)]
    json: bool,
}

/// What a demonstration is told.
#[derive(Debug, Clone)]
pub struct DemoArgs {
    /// Whether a program reads standard output.
    pub json: bool,
    /// The fresh folder.
    pub data_dir: PathBuf,
}

impl DemoFlags {
    /// With the folder of `--data-dir`, or one of the demonstration's own.
    pub fn into_args(self, data_dir: Option<PathBuf>) -> DemoArgs {
        DemoArgs {
            json: self.json,
            data_dir: data_dir.unwrap_or_else(|| PathBuf::from("casetrail-demo")),
        }
    }
}

/// How long ago the story begins.
const BEGINS: i64 = 14 * DAY;
/// How long ago its captures were logged.
const LOGGED: i64 = 9 * DAY;

/// Fills a fresh folder and serves it.
pub fn run(config: &Config, args: &DemoArgs) -> Result<()> {
    let config = config.clone().with("data_dir", args.data_dir.display().to_string());
    serve::log_to_stderr(&config);
    refuse_used(&args.data_dir)?;
    actix_web::rt::System::new().block_on(async {
        let door = serve::Door::prepare(&config)?;
        let (opened, fixture) = fill(&config).await?;
        let (json, data_dir) = (args.json, args.data_dir.clone());
        serve::answer(&config, door, opened, move |address| {
            let line = described(&fixture, &address, &data_dir);
            match json {
                true => println!("{line}"),
                false => print_text(&fixture, &address, &data_dir),
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
    let detail = format!(
        "{} is not empty: a demonstration needs a fresh folder. Name another with --data-dir, or go on with `casetrail serve --data-dir {}`",
        folder.display(),
        folder.display()
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
    let story = Story {
        opened: &opened,
        users: &users,
        clock,
    };
    let cases = story.tell().await?;
    story.clock.set_behind(0);
    let shown: Vec<Value> = users.iter().map(User::shown).collect();
    Ok((opened, json!({"users": shown, "cases": cases})))
}

/// Somebody who can sign in, and the token by which the story acts for them.
struct User {
    id: String,
    username: &'static str,
    role: &'static str,
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
        let role_value: Role = role.parse().map_err(|_| Error::internal("a role of the story"))?;
        let new = NewUser {
            username: username.into(),
            name: name.into(),
            roles: vec![role_value],
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

struct Story<'a> {
    opened: &'a OpenInstallation,
    users: &'a [User],
    clock: ShiftedClock,
}

impl Story<'_> {
    fn id(&self, username: &str) -> String {
        self.users
            .iter()
            .find(|u| u.username == username)
            .map(|u| u.id.clone())
            .unwrap_or_default()
    }

    /// The first and further users of a role.
    fn of_role(&self, role: &str, n: usize) -> &User {
        self.users
            .iter()
            .filter(|u| u.role == role)
            .nth(n)
            .unwrap_or(&self.users[0])
    }

    async fn tell(&self) -> Result<Vec<Value>> {
        let service = init_service(
            Actix::new()
                .app_data(self.opened.app.clone())
                .wrap(from_fn(request_ctx::identify))
                .configure(app::routes),
        )
        .await;
        let mut cases = Vec::new();
        for (by, new) in story::cases(|name| self.id(name)) {
            cases.push(self.post(&service, by, "/api/v1/cases", &new).await?);
        }
        let ids: Vec<String> = cases
            .iter()
            .map(|c| c["id"].as_str().unwrap_or_default().to_owned())
            .collect();
        self.authorize(&service, &ids[0]).await?;
        self.clock.set_behind(LOGGED);
        let at = clock::format(self.opened.app.gate.now() - clock::MINUTE);
        for found in story::captures(&at) {
            self.log(&service, &ids[found.case], &found).await?;
        }
        self.let_in(&service, &ids[0]).await?;
        self.forget_tokens().await?;
        let shown = cases
            .iter()
            .map(|c| json!({"id": c["id"], "number": c["number"], "kind": c["kind"], "handling": c["handling"]}));
        Ok(shown.collect())
    }

    async fn authorize<S: Answers>(&self, service: &S, case: &str) -> Result<()> {
        let holder = self.of_role("investigator", 0);
        let ends = clock::format(self.opened.app.gate.now() + 200 * DAY);
        let asked = story::authorization(&holder.id, &ends);
        let made = self
            .post(
                service,
                holder.username,
                &format!("/api/v1/cases/{case}/authorizations"),
                &asked,
            )
            .await?;
        self.clock.set_behind(BEGINS - HOUR);
        let path = format!(
            "/api/v1/authorizations/{}/decision",
            made["id"].as_str().unwrap_or_default()
        );
        let word = json!({"decision": "approve", "reason": "missing child, scope fits the predicate"});
        self.post(service, self.of_role("supervisor", 0).username, &path, &word)
            .await
            .map(|_| ())
    }

    /// The second prosecutor may read and export the first case.
    async fn let_in<S: Answers>(&self, service: &S, case: &str) -> Result<()> {
        let until = clock::format(self.opened.app.gate.now() + 120 * DAY);
        let grant = json!({"user_id": self.of_role("prosecutor", 1).id, "until": until, "rights": ["read", "export"], "reason": "grand jury preparation"});
        self.post(
            service,
            self.of_role("supervisor", 0).username,
            &format!("/api/v1/cases/{case}/grants"),
            &grant,
        )
        .await
        .map(|_| ())
    }

    async fn log<S: Answers>(&self, service: &S, case: &str, found: &story::DemoCapture) -> Result<()> {
        let path = format!("/api/v1/cases/{case}/captures");
        let Some((name, bytes)) = found.file else {
            return self.post(service, found.by, &path, &found.json).await.map(|_| ());
        };
        let request = self
            .request(found.by, &path)
            .insert_header(("content-type", "multipart/form-data; boundary=demo"));
        self.send(service, request.set_payload(multipart(&found.json, name, bytes)))
            .await
            .map(|_| ())
    }

    fn request(&self, by: &str, path: &str) -> TestRequest {
        let token = self
            .users
            .iter()
            .find(|u| u.username == by)
            .map(|u| u.token.1.clone())
            .unwrap_or_default();
        TestRequest::with_uri(path)
            .method(Method::POST)
            .insert_header(("authorization", format!("Bearer {token}")))
    }

    async fn post<S: Answers>(&self, service: &S, by: &str, path: &str, body: &Value) -> Result<Value> {
        self.send(service, self.request(by, path).set_json(body)).await
    }

    async fn send<S: Answers>(&self, service: &S, request: TestRequest) -> Result<Value> {
        let response = service.call(request.to_request()).await.map_err(Error::internal)?;
        let (status, path) = (response.status(), response.request().path().to_owned());
        let body = read_body(response).await;
        if !status.is_success() {
            return Err(Error::internal(format!(
                "the story stopped at {path}: {status} {}",
                String::from_utf8_lossy(&body)
            )));
        }
        Ok(serde_json::from_slice(&body)?)
    }

    async fn forget_tokens(&self) -> Result<()> {
        let ids: Vec<String> = self.users.iter().map(|u| u.token.0.clone()).collect();
        let forget =
            move |tx: &mut crate::gate::Tx<'_>| ids.iter().try_for_each(|id| ops::revoke_token(tx, id).map(|_| ()));
        self.opened.app.gate.housekeep(ledger::job("demo"), forget).await
    }
}

/// The routes in process.
trait Answers: Service<actix_http::Request, Response = ServiceResponse<Self::Out>, Error = ActixError> {
    type Out: actix_web::body::MessageBody;
}

impl<S, B> Answers for S
where
    S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = ActixError>,
    B: actix_web::body::MessageBody,
{
    type Out = B;
}

fn multipart(json: &Value, name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut out = format!(
        "--demo\r\ncontent-disposition: form-data; name=\"capture\"\r\ncontent-type: application/json\r\n\r\n{json}\r\n\
         --demo\r\ncontent-disposition: form-data; name=\"shot\"; filename=\"{name}\"\r\ncontent-type: image/png\r\n\r\n"
    )
    .into_bytes();
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n--demo--\r\n");
    out
}

/// The sign-ins stand in the folder too, for a script, readable for their owner alone: they are of a demonstration.
fn keep(line: &Value, data_dir: &Path) -> Result<()> {
    let file = data_dir.join("demo.json");
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    Ok(writeln!(out, "{line}")?)
}

/// Keeps the sign-ins, and answers what there is to tell as one line of JSON.
fn described(fixture: &Value, address: &Address, data_dir: &Path) -> Value {
    let shown = data_dir.canonicalize().unwrap_or_else(|_| data_dir.to_owned());
    let mut line = fixture.clone();
    line["url"] = json!(address.url);
    line["data_dir"] = json!(shown);
    line["log_vkey"] = json!(address.log_vkey);
    if let Err(e) = keep(&line, data_dir) {
        tracing::warn!(%e, "demo.json was not written; the demonstration runs on");
    }
    line
}

fn print_text(fixture: &Value, address: &Address, data_dir: &Path) {
    println!("Casetrail DEMO at {}\n", address.url);
    if let Some((fingerprint, file)) = &address.certificate {
        println!(
            "  certificate  {}\n               SHA-256 {fingerprint}",
            file.display()
        );
    }
    println!(
        "  data         {}\n  log key      {}\n\nWho can sign in (also in demo.json there):",
        data_dir
            .canonicalize()
            .unwrap_or_else(|_| data_dir.to_owned())
            .display(),
        address.log_vkey
    );
    for user in fixture["users"].as_array().into_iter().flatten() {
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        println!(
            "  {:<14} {:<14} {}",
            text(&user["roles"][0]),
            text(&user["username"]),
            text(&user["password"])
        );
    }
    println!("\nCases:");
    for case in fixture["cases"].as_array().into_iter().flatten() {
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        println!(
            "  {:<10} {:<15} {}",
            text(&case["number"]),
            text(&case["kind"]),
            text(&case["handling"])
        );
    }
    println!("\nThe API is described at {}/api/docs. Stop with Ctrl-C.", address.url);
}
