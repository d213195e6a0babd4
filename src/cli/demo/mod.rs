//! `casetrail demo`: a fresh folder, filled with a believable agency, and served.
//!
//! The story is told through the same routes, doors and rules as everything else, in process, with a clock that is set
//! back: so the demo's authorizations have been in effect for days. Then the clock is set to the present.

mod story;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::body::MessageBody;
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
use crate::durable;
use crate::error::{Error, Kind, Result};
use crate::gate::Tx;
use crate::http::request_ctx;
use crate::identity::one_time;
use crate::ledger;
use crate::policy::Role;
use crate::users::{NewUnit, NewUser, ops};

/// What stands on the command line after `demo`.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// One line of JSON on standard output when ready, and nothing else ever
    #[arg(long)]
    json: bool,
}

/// How long ago the story begins.
const BEGINS: i64 = 14 * DAY;
/// How long ago its captures were logged.
const LOGGED: i64 = 9 * DAY;

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
                true => println!("{line}"),
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
    let cases = story.tell().await?;
    story.clock.set_behind(0);
    let shown: Vec<Value> = users.iter().map(User::shown).collect();
    Ok((opened, json!({"users": shown, "cases": cases})))
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
    fn user(&self, username: &str) -> &User {
        self.user_where(|u| u.username == username, 0)
    }

    /// The first and further users of a role.
    fn of_role(&self, role: Role, n: usize) -> &User {
        self.user_where(|u| u.role == role, n)
    }

    fn user_where(&self, is: impl Fn(&User) -> bool, n: usize) -> &User {
        let mut found = self.users.iter().filter(|u| is(u));
        found.nth(n).unwrap_or(&self.users[0])
    }

    async fn tell(&self) -> Result<Vec<Value>> {
        let mut cases = Vec::new();
        for (by, new) in story::cases(|name| self.user(name).id.clone()) {
            cases.push(self.post(self.user(by), "cases", &new).await?);
        }
        let ids: Vec<&str> = cases.iter().map(|c| text(&c["id"])).collect();
        self.authorize(ids[0]).await?;
        self.clock.set_behind(LOGGED);
        let at = clock::format(self.opened.app.gate.now() - clock::MINUTE);
        for found in story::captures(&at) {
            self.log(ids[found.case], &found).await?;
        }
        self.let_in(ids[0]).await?;
        self.forget_tokens().await?;
        let shown = cases
            .iter()
            .map(|c| json!({"id": c["id"], "number": c["number"], "kind": c["kind"], "handling": c["handling"]}));
        Ok(shown.collect())
    }

    async fn authorize(&self, case: &str) -> Result<()> {
        let holder = self.of_role(Role::Investigator, 0);
        let ends = clock::format(self.opened.app.gate.now() + 200 * DAY);
        let asked = story::authorization(&holder.id, &ends);
        let made = self
            .post(holder, &format!("cases/{case}/authorizations"), &asked)
            .await?;
        self.clock.set_behind(BEGINS - HOUR);
        let path = format!("authorizations/{}/decision", text(&made["id"]));
        let word = json!({"decision": "approve", "reason": "missing child, scope fits the predicate"});
        self.post(self.of_role(Role::Supervisor, 0), &path, &word).await?;
        Ok(())
    }

    /// The second prosecutor may read and export the first case.
    async fn let_in(&self, case: &str) -> Result<()> {
        let until = clock::format(self.opened.app.gate.now() + 120 * DAY);
        let grant = json!({"user_id": self.of_role(Role::Prosecutor, 1).id, "until": until, "rights": ["read", "export"], "reason": "grand jury preparation"});
        let path = format!("cases/{case}/grants");
        self.post(self.of_role(Role::Supervisor, 0), &path, &grant).await?;
        Ok(())
    }

    async fn log(&self, case: &str, found: &story::DemoCapture) -> Result<()> {
        let request = request(self.user(found.by), &format!("cases/{case}/captures"));
        let request = match found.file {
            None => request.set_json(&found.json),
            Some((name, bytes)) => request
                .insert_header(("content-type", "multipart/form-data; boundary=demo"))
                .set_payload(multipart(&found.json, name, bytes)),
        };
        self.send(request).await?;
        Ok(())
    }

    async fn post(&self, by: &User, path: &str, body: &Value) -> Result<Value> {
        self.send(request(by, path).set_json(body)).await
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
        Ok(serde_json::from_slice(&body)?)
    }

    async fn forget_tokens(&self) -> Result<()> {
        let ids: Vec<String> = self.users.iter().map(|u| u.token.0.clone()).collect();
        let forget = move |tx: &mut Tx<'_>| ids.iter().try_for_each(|id| ops::revoke_token(tx, id).map(|_| ()));
        self.opened.app.gate.housekeep(ledger::job("demo"), forget).await
    }
}

fn request(by: &User, path: &str) -> TestRequest {
    TestRequest::with_uri(&format!("/api/v1/{path}"))
        .method(Method::POST)
        .insert_header(("authorization", format!("Bearer {}", by.token.1)))
}

/// A text of the fixture or of an answer.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
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
    println!("Casetrail DEMO at {}\n", address.url);
    if let Some((fingerprint, file)) = &address.certificate {
        println!(
            "  certificate  {}\n               SHA-256 {fingerprint}",
            file.display()
        );
    }
    println!(
        "  data         {}\n  log key      {}\n\nWho can sign in (also in demo.json there):",
        text(&line["data_dir"]),
        address.log_vkey
    );
    for user in line["users"].as_array().into_iter().flatten() {
        let [role, username, password] = [&user["roles"][0], &user["username"], &user["password"]].map(text);
        println!("  {role:<14} {username:<14} {password}");
    }
    println!("\nCases:");
    for case in line["cases"].as_array().into_iter().flatten() {
        let [number, kind, handling] = ["number", "kind", "handling"].map(|name| text(&case[name]));
        println!("  {number:<10} {kind:<15} {handling}");
    }
    println!(
        "\nOpen {0} in a browser. The API is described at {0}/api/docs. Stop with Ctrl-C.",
        address.url
    );
}
