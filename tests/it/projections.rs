//! Every table is of one kind; every row and column that the ledger decides is compared with it; and all of them are made
//! anew in an empty database of either kind.

use std::sync::Arc;

use casetrail::audit::{self, AuditReport, Places};
use casetrail::db::rows::TableShape;
use casetrail::db::{self, AnyConn, Db, Location, Reader, migrate};
use casetrail::error::Error;
use casetrail::projections::{self, Difference, TABLES, TableKind, Told};
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use serde_json::json;

use crate::both_databases;
use crate::kit::{App, Case, Database, PASSWORD, TestDatabase, has_postgres};
use crate::packets::{ask, ready};

/// Something of every kind is done, so that every projection has rows.
fn a_busy_day(app: &App) {
    let (admin, case) = (&app.administrator, app.case());
    let training = json!({"name": "Open sources", "completed_on": "2026-03-01"});
    admin
        .post(&format!("/api/v1/users/{}/trainings", app.lead.id), training)
        .is(201);
    let token = json!({"name": "a program", "until": app.at(crate::kit::days(1))});
    let session = app.sign_in("lead", PASSWORD).is(201);
    let session = app.bearing_as(&app.lead.id, session["access_token"].as_str().unwrap());
    session.post("/api/v1/me/tokens", token).is(201);
    let (leave, revoked) = (app.leave(&case), app.leave(&case));
    let why = json!({"reason": "no longer needed"});
    app.supervisor
        .post(&format!("/api/v1/authorizations/{revoked}/revocation"), why)
        .is(200);
    crate::authorization_policies::adopt(app, |terms| terms["closing_days"] = json!(7));
    let ended = json!({"outcome": "not_used", "report": "Nobody looked."});
    app.lead
        .post(&format!("/api/v1/authorizations/{revoked}/closing"), ended)
        .is(200);
    let alias = crate::aliases::approved(app);
    app.leave_of(&case, crate::aliases::covert(app, &[&alias]));
    let under = app.post_with(json!({"level": "covert", "alias_id": alias}));
    app.lead.log(&case, under).is(201);
    let included = json!({"alias_id": alias, "reason": "counsel agreed"});
    app.supervisor.post(&case.path("alias-disclosures"), included).is(200);
    outside_hours(app, &case);
    app.grant(&case, &app.exporter, &["read", "export"]);
    crate::chosen_captures::give(app, &case, &app.prosecutor, &["1"]);
    let member = case.path(&format!("members/{}", app.deputy.id));
    app.lead.put(&member, json!({})).is(200);
    app.lead.delete(&member).is(204);
    app.lead
        .post(&case.path("subjects"), json!({"role": "suspect", "name": "unknown"}))
        .is(201);
    app.lead
        .post(
            &case.path("accounts"),
            json!({"platform": "instagram", "handle": "@dana"}),
        )
        .is(201);
    let capture = app.post_with(json!({"files": [{"part": "f", "role": "original"}]}));
    let made = app.lead.upload(&case, &capture, &[("f", b"what was found")]).is(201);
    let path = format!("/api/v1/captures/{}", made["id"].as_str().unwrap());
    let correction = json!({"text": "what it says", "reason": "misread"});
    app.lead.post(&format!("{path}/corrections"), correction).is(201);
    app.lead.post(&format!("{path}/notes"), json!({"text": "seen"})).is(201);
    let capture = app.post_with(json!({"files": [{"part": "f", "role": "screenshot"}]}));
    let picture = crate::pictures::two_halves(8, 4, image::ImageFormat::Png);
    let shot = app.lead.upload(&case, &capture, &[("f", &picture)]).is(201);
    let boxes = json!([{"x": 0, "y": 0, "width": 4, "height": 4}]);
    crate::derivatives::redact(&app.lead, &shot, boxes);
    let list = json!({"purpose": "discovery", "name": "A list", "exhibits": [{"capture": made["id"]}]});
    let list = app.exporter.post(&case.path("exhibit-lists"), list).is(201);
    let wanted = json!({"purpose": "discovery", "exhibit_list": {"id": list["id"], "version": 1}});
    let packet = ready(&app.exporter, &ask(&app.exporter, &case, wanted));
    let referral = json!({"purpose": "referral", "captures": [made["id"]]});
    let referral = ready(&app.lead, &ask(&app.lead, &case, referral));
    let release = format!("/api/v1/packets/{}/release", referral["id"].as_str().unwrap());
    app.supervisor.post(&release, json!({"reason": "in order"})).is(200);
    let wanted = json!({"what": "the thread", "due_on": "2031-01-31"});
    app.exporter
        .post(&case.path("evidence-requests"), wanted.clone())
        .is(201);
    let asked = app.exporter.post(&case.path("evidence-requests"), wanted).is(201);
    let answer = case.path(&format!("evidence-requests/{}/answer", asked["id"].as_str().unwrap()));
    app.lead.post(&answer, json!({"text": "item 1"})).is(200);
    crate::case_access::breaks_the_glass(app, &case);
    let path = format!("/api/v1/packets/{}/disclosures", packet["id"].as_str().unwrap());
    let body = json!({"to": "Counsel", "need": "trial", "under": "Brady", "request": "motion 4"});
    let disclosed = app.exporter.post(&path, body).is(201);
    let notices = path.replace("disclosures", "notices");
    let path = format!("{path}/{}", disclosed["id"].as_str().unwrap());
    app.exporter.post(&format!("{path}/links"), json!({"days": 2})).is(201);
    let receipt = json!({"name": "Counsel", "capacity": "defence", "how": "letter"});
    app.exporter.post(&format!("{path}/acknowledgements"), receipt).is(201);
    let notice = json!({"to": "Counsel", "means": "mail", "available": "the packet", "place": "our office"});
    let notice = app.exporter.post(&notices, notice).is(201);
    let path = format!("{notices}/{}", notice["id"].as_str().unwrap());
    app.exporter
        .patch(&path, 1, json!({"objection": true, "text": "foundation"}))
        .is(200);
    assert_ne!(leave, revoked);
    overseen(app, &case, &leave);
}

/// What supervisors and auditors look at, and what anybody reports.
fn overseen(app: &App, case: &Case, leave: &str) {
    let odd = app.lead.log(case, app.post_with(json!({"platform": "tiktok"}))).is(201);
    let path = format!("/api/v1/captures/{}/exceptions", odd["id"].as_str().unwrap());
    let signed = json!({"class": "beyond", "note": "looked at"});
    app.auditor.post(&path, signed).is(200);
    let errors = format!("/api/v1/authorizations/{leave}/errors");
    let reported = app.member.post(&errors, json!({"note": "a wrong day"})).is(200);
    app.member.post(&errors, json!({"note": "another one"})).is(200);
    let answer = format!("{errors}/{}/answer", reported["id"].as_str().unwrap());
    let right = json!({"finding": "entry_right", "text": "as it was asked for"});
    app.supervisor.post(&answer, right).is(200);
    let misuse = json!({"text": "looked up a neighbour", "usernames": ["far", "member"]});
    let report = app.lead.post("/api/v1/misuse-reports", misuse).is(201);
    let examination = format!("/api/v1/misuse-reports/{}/examination", report["id"].as_str().unwrap());
    app.auditor.post(&examination, json!({})).is(200);
    let rules = json!([{"word": "no_comment", "says": "I say nothing of guilt."}]);
    crate::authorization_policies::adopt(app, |terms| terms["conduct"] = rules);
    let sha256 = app.lead.get("/api/v1/conduct").is(200)["sha256"].clone();
    let acknowledged = json!({"sha256": sha256});
    app.lead.post("/api/v1/conduct/acknowledgements", acknowledged).is(200);
    let flags = case.path("impeachment-flags");
    let flag = json!({"item": odd["item"], "reason": "a false report"});
    let flag = app.lead.post(&flags, flag).is(200);
    app.lead
        .post(&flags, json!({"person": "Officer Marsh", "reason": "reprimanded"}))
        .is(200);
    let clear = format!("{flags}/{}/clearing", flag["id"].as_str().unwrap());
    app.exporter.post(&clear, json!({"reason": "disclosed"})).is(200);
    let review = json!({"kind": "access_rights", "period": "2026", "note": "nobody too many"});
    app.supervisor.post("/api/v1/reviews", review).is(200);
}

/// An emergency, a recusal, and a delegation that ended.
fn outside_hours(app: &App, case: &crate::kit::Case) {
    crate::emergencies::started(app, case);
    let recused = app.case();
    app.deputy
        .post(&recused.path("recusals"), json!({"reason": "a neighbour"}))
        .is(201);
    let delegated = crate::roster::delegated(app, &app.supervisor, &app.far, "north");
    app.far
        .post(&format!("{delegated}/end"), json!({"reason": "back at work"}))
        .is(200);
}

fn shapes() -> Vec<(TableShape, TableKind)> {
    let folder = tempfile::tempdir().unwrap();
    let mut scratch = db::scratch(folder.path()).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it has no name");
    let shape = |(table, kind): &(&'static str, TableKind)| (TableShape::of(&mut scratch, table).unwrap(), *kind);
    TABLES.iter().map(shape).collect()
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

both_databases!(every_table_is_of_one_kind);
fn every_table_is_of_one_kind(app: &App) {
    let found = app.db().read_blocking(|conn| {
        let catalogue = match conn {
            AnyConn::Pg(_) => {
                "SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = 'public'"
            }
            AnyConn::Sqlite(_) => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        };
        Ok(sql_query(catalogue).load::<Name>(conn)?)
    });
    let mut found: Vec<String> = found.unwrap().into_iter().map(|row| row.name).collect();
    found.retain(|name| name != "__diesel_schema_migrations");
    found.sort_unstable();
    let mut listed: Vec<&str> = TABLES.iter().map(|(table, _)| *table).collect();
    listed.sort_unstable();
    assert_eq!(found, listed);
    for (shape, kind) in shapes() {
        if let TableKind::Projection(but) = kind {
            let unknown: Vec<_> = but.iter().filter(|(name, _)| shape.place(name).is_none()).collect();
            assert!(unknown.is_empty(), "{}: {unknown:?}", shape.table);
        }
    }
}

/// What a comparison tells after a change that is taken back.
fn told_after(app: &App, change: &str) -> Vec<String> {
    let (change, folder) = (change.to_owned(), app.folder().to_owned());
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = told.clone();
    let back = app.db().write_blocking(move |conn| -> casetrail::error::Result<()> {
        conn.batch_execute("PRAGMA defer_foreign_keys = ON")?;
        let changed = sql_query(&change).execute(conn)?;
        assert!(changed > 0, "{change}: changes nothing");
        projections::compare(conn, &folder, &mut |_, _, _| Ok(()), &mut |found| {
            if !matches!(found, Difference::Read { .. }) {
                kept.lock().unwrap().push(format!("{found:?}"));
            }
        })?;
        Err(Error::conflict("taken back"))
    });
    assert_eq!(back.unwrap_err().detail, "taken back");
    let found = told.lock().unwrap();
    found.clone()
}

/// Columns that are held to more than equality, each with the change that is found.
const OTHERWISE: &[(&str, &str, &str)] = &[
    ("packets", "state", "UPDATE packets SET state = 'failed'"),
    // Times that earlier releases took a moment before those of their events are compared to the minute.
    (
        "users",
        "failures_since",
        "UPDATE users SET failures_since = 1000000000",
    ),
    // A session has no secret here; a token's is bound by its record.
    (
        "sessions",
        "secret_hash",
        "UPDATE sessions SET secret_hash = randomblob(32) WHERE kind = 'token' AND name IS NOT NULL",
    ),
];

#[test]
fn every_column_that_the_ledger_decides_is_compared() {
    let app = App::with(Database::Sqlite, &[]);
    a_busy_day(&app);
    let (mut missed, mut changed) = (Vec::new(), 0);
    for (shape, kind) in shapes() {
        let (table, TableKind::Projection(but)) = (shape.table, kind) else {
            continue;
        };
        for column in shape.columns.iter().map(|column| column.name.as_str()) {
            if but.iter().any(|(name, _)| *name == column) {
                continue;
            }
            let otherwise = OTHERWISE.iter().find(|(of, name, _)| (*of, *name) == (table, column));
            let sql = otherwise.map_or_else(
                || {
                    format!(
                        "UPDATE {table} SET {column} = CASE typeof({column}) WHEN 'blob' THEN randomblob(32) \
                         WHEN 'text' THEN {column} || 'x' WHEN 'null' THEN 7 \
                         ELSE CASE WHEN {column} IN (0, 1) THEN 1 - {column} ELSE {column} + 1000000000 END END"
                    )
                },
                |(.., sql)| (*sql).to_owned(),
            );
            changed += 1;
            if told_after(&app, &sql).is_empty() {
                missed.push(sql);
            }
        }
        let sql = format!("DELETE FROM {table}");
        changed += 1;
        if !told_after(&app, &sql).iter().any(|found| found.starts_with("Gone")) {
            missed.push(sql);
        }
    }
    println!("{changed} changes");
    assert!(missed.is_empty(), "not found: {missed:#?}");
}

#[test]
fn what_a_revoked_authorization_was_is_not_put_back() {
    let app = App::with(Database::Sqlite, &[]);
    a_busy_day(&app);
    let event =
        "(SELECT e.seq FROM events e WHERE e.object = authorizations.id AND e.action = 'authorization.approved')";
    let sql = format!(
        "UPDATE authorizations SET state = 'approved', \
         leaf = (SELECT leaf FROM events WHERE stream = 'case:' || case_id AND seq = {event}), \
         body = (SELECT body FROM records WHERE stream = 'case:' || case_id AND seq = {event}) WHERE state = 'revoked'"
    );
    let told = told_after(&app, &sql);
    assert!(told.len() == 1 && told[0].contains("revoked"), "{told:?}");
    // What a migration lowered by SQL is the same.
    let told = told_after(
        &app,
        "UPDATE captures SET account = upper(account), address_stem = upper(address_stem)",
    );
    assert!(told.is_empty(), "{told:?}");
    let told = told_after(&app, "UPDATE files SET state = 'disposed'");
    assert!(
        !told.is_empty() && told.iter().all(|found| found.contains("state")),
        "{told:?}"
    );
}

/// Rebuilds into an empty database, and audits that with the files of the same installation. The key is not that of the
/// tests' template.
fn rebuilt(app: &App, into: &Location) -> (Db, AuditReport) {
    migrate::migrate(into).unwrap();
    let target = Db::open(into, 2).unwrap();
    let quiet: Told = Arc::new(|_, _, _| {});
    let places = Places {
        store: app.store(),
        keys: app.folder().join("keys"),
        scratch: app.folder().to_owned(),
        known: Vec::new(),
    };
    let source: Reader = app.db().reader();
    projections::rebuild(&source, &target, &places.scratch, &*places.store, &quiet).unwrap();
    let mut report = audit::run(&target.reader(), &places, &mut |_, _, _| Ok(())).unwrap();
    report
        .faults
        .retain(|f| !["checkpoint", "last-checkpoint"].contains(&f.rule));
    (target, report)
}

/// Every row of a table, in one order for both databases.
fn rows(db: &Reader, shape: &TableShape) -> Vec<String> {
    let mut all = Vec::new();
    db.read_blocking(|conn| {
        shape.each_page(conn, &mut |_, rows| {
            all.extend(rows.iter().map(|row| json!(row).to_string()));
            Ok(())
        })
    })
    .unwrap();
    all.sort_unstable();
    all
}

fn is_rebuilt(app: &App, into: &Location) {
    a_busy_day(app);
    let (target, report) = rebuilt(app, into);
    assert!(report.faults.is_empty(), "{}", report.text());
    // The server goes on with its tree meanwhile, and with what find knows.
    let moves = [
        "outbox",
        "leaves",
        "tiles",
        "checkpoints",
        "log_state",
        "find_keys",
        "find_progress",
    ];
    for (shape, _) in shapes().iter().filter(|(shape, _)| !moves.contains(&shape.table)) {
        let (was, is) = (rows(&app.db().reader(), shape), rows(&target.reader(), shape));
        assert_eq!(was, is, "{}", shape.table);
        assert!(
            !was.is_empty()
                || !matches!(
                    TABLES.iter().find(|(t, _)| *t == shape.table),
                    Some((_, TableKind::Projection(_)))
                ),
            "{} has no rows",
            shape.table
        );
    }
    let again = projections::rebuild(
        &app.db().reader(),
        &target,
        app.folder(),
        &*app.store(),
        &(Arc::new(|_, _, _| {}) as Told),
    );
    assert!(again.unwrap_err().detail.contains("not empty"));
}

both_databases!(a_database_is_rebuilt_in_sqlite);
fn a_database_is_rebuilt_in_sqlite(app: &App) {
    is_rebuilt(app, &Location::Sqlite(app.folder().join("rebuilt.db")));
}

both_databases!(a_database_is_rebuilt_in_postgres);
fn a_database_is_rebuilt_in_postgres(app: &App) {
    if !has_postgres() {
        return;
    }
    let database = TestDatabase::new();
    is_rebuilt(app, &Location::parse(&database.url()).unwrap());
}

both_databases!(a_damaged_database_is_rebuilt);
fn a_damaged_database_is_rebuilt(app: &App) {
    a_busy_day(app);
    app.goes_behind();
    let broken = app.db().write_blocking(|conn| {
        for sql in [
            "DELETE FROM acknowledgements",
            "DELETE FROM disclosure_links",
            "DELETE FROM disclosures",
            "DELETE FROM notices",
            "DELETE FROM capture_entries",
            "DELETE FROM capture_files",
            "UPDATE files SET crc32 = 7, state = 'disposed'",
            "UPDATE users SET roles = '[\"administrator\"]'",
            "UPDATE packets SET state = 'failed'",
            "UPDATE authorizations SET state = 'approved'",
        ] {
            sql_query(sql).execute(conn)?;
        }
        Ok(())
    });
    broken.unwrap();
    assert!(!app.report().clean);
    let (_, report) = rebuilt(app, &Location::Sqlite(app.folder().join("rebuilt.db")));
    assert!(report.faults.is_empty(), "{}", report.text());
}

/// Changes rows behind the ledger.
fn change(app: &App, sql: &str) {
    app.goes_behind();
    let sql = sql.to_owned();
    let changed = app.db().write_blocking(move |conn| Ok(sql_query(&sql).execute(conn)?));
    assert!(changed.unwrap() > 0);
}

/// What a row was at an earlier event: its leaf, its record and its version.
fn put_back(app: &App, table: &str, action: &str, columns: &str) {
    let event = format!("FROM events e WHERE e.object = {table}.id AND e.action = '{action}'");
    let record = format!(
        "SELECT r.body FROM events e JOIN records r ON r.stream = e.stream AND r.seq = e.seq \
         WHERE e.object = {table}.id AND e.action = '{action}'"
    );
    let body = if table == "users" {
        String::new()
    } else {
        format!(", body = ({record})")
    };
    let exists = format!("EXISTS (SELECT 1 {event})");
    change(
        app,
        &format!("UPDATE {table} SET leaf = (SELECT e.leaf {event}){body}, {columns} WHERE {exists} AND version > 1"),
    );
}

both_databases!(what_was_put_back_is_not_used);
fn what_was_put_back_is_not_used(app: &App) {
    let case = app.case();
    let revoked = app.leave(&case);
    let why = json!({"reason": "no longer needed"});
    app.supervisor
        .post(&format!("/api/v1/authorizations/{revoked}/revocation"), why.clone())
        .is(200);
    assert_eq!(app.lead.log(&case, app.post()).is(201)["state"], "held");
    put_back(
        app,
        "authorizations",
        "authorization.approved",
        "state = 'approved', version = 2",
    );
    assert_eq!(app.lead.log(&case, app.post()).is(201)["state"], "held");

    let grant = app.grant(&case, &app.prosecutor, &["read"]);
    app.prosecutor.get(&case.path("")).is(200);
    app.supervisor.delete(&format!("/api/v1/grants/{grant}")).is(204);
    app.prosecutor.get(&case.path("")).problem(404, "not-found");
    put_back(app, "grants", "grant.given", "ended_at = NULL, version = 1");
    app.prosecutor.get(&case.path("")).problem(404, "not-found");
}

both_databases!(who_was_made_more_is_nobody);
fn who_was_made_more_is_nobody(app: &App) {
    let admin = &app.administrator;
    let path = format!("/api/v1/users/{}", app.double.id);
    let version = admin.get(&path).is(200)["version"].as_i64().unwrap();
    admin.patch(&path, version, json!({"roles": ["investigator"]})).is(200);
    app.double.get("/api/v1/me").is(200);
    put_back(app, "users", "user.created", "roles = '[\"supervisor\"]', version = 1");
    app.double.get("/api/v1/me").problem(401, "not-signed-in");
    app.lead.get("/api/v1/me").is(200);
}

both_databases!(a_token_that_ended_stays_ended);
fn a_token_that_ended_stays_ended(app: &App) {
    let session = app.sign_in("lead", PASSWORD).is(201);
    let session = app.bearing_as(&app.lead.id, session["access_token"].as_str().unwrap());
    let token = json!({"name": "a program", "until": app.at(crate::kit::days(1))});
    let made = session.post("/api/v1/me/tokens", token).is(201);
    let program = app.bearing_as(&app.lead.id, made["token"].as_str().unwrap());
    program.get("/api/v1/me").is(200);
    session
        .delete(&format!("/api/v1/me/tokens/{}", made["id"].as_str().unwrap()))
        .is(204);
    program.get("/api/v1/me").problem(401, "not-signed-in");
    change(app, "UPDATE sessions SET ended_at = NULL WHERE ended_at IS NOT NULL");
    program.get("/api/v1/me").problem(401, "not-signed-in");
}
