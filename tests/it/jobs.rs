//! Jobs as packets show them: taken up again, given up, called off.

use casetrail::ledger;
use casetrail::packets;
use diesel::{RunQueryDsl, sql_query};
use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::App;
use crate::packets::{download, ended, ready, verifies};

/// A packet that is ready.
pub fn built(app: &App) -> (crate::kit::Case, Value) {
    let case = app.case();
    app.leave(&case);
    app.lead.log(&case, app.post()).is(201);
    let asked = app
        .exporter
        .post(&case.path("packets"), json!({"purpose": "internal"}))
        .is(202);
    let packet = ready(&app.exporter, &asked);
    (case, packet)
}

/// Makes the packet's job look as a server leaves it, and its packet as one that is being built.
pub fn leave_as(app: &App, packet: &Value, job: &'static str) {
    let id = packet["id"].as_str().unwrap().to_owned();
    let change = move |conn: &mut casetrail::db::AnyConn| {
        let set = format!(
            "UPDATE packets SET state = 'building', size = NULL, sha256 = NULL, finished_at = NULL WHERE id = '{id}'"
        );
        sql_query(set).execute(conn)?;
        sql_query(format!("UPDATE jobs SET {job} WHERE object = '{id}'")).execute(conn)?;
        Ok(())
    };
    app.db().write_blocking(change).unwrap();
    app.state.builder.notify_one();
}

fn job_state(app: &App, packet: &Value) -> String {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        state: String,
    }
    let query = format!(
        "SELECT state FROM jobs WHERE object = '{}'",
        packet["id"].as_str().unwrap()
    );
    let read = move |conn: &mut casetrail::db::AnyConn| Ok(sql_query(query).get_result::<Row>(conn)?.state);
    app.state.gate.db().read_blocking(read).unwrap()
}

both_databases!(a_packet_whose_server_died_is_built_by_another_even_after_it_was_issued);
fn a_packet_whose_server_died_is_built_by_another_even_after_it_was_issued(app: &App) {
    let (case, packet) = built(app);
    assert_eq!(job_state(app, &packet), "done");
    leave_as(app, &packet, "state = 'running', lease = 'dead', leased_until = 1");
    let again = ready(&app.exporter, &packet);
    assert_eq!((&again["error"], &again["step"]), (&Value::Null, &json!("")));
    let (_folder, file) = download(&app.exporter, &again);
    verifies(app, &file);
    assert_eq!(
        (
            app.count(&case.stream, "packet.issued"),
            app.count(&case.stream, "packet.failed")
        ),
        (2, 0)
    );
}

both_databases!(a_packet_whose_server_dies_each_time_is_given_up_with_its_reason);
fn a_packet_whose_server_dies_each_time_is_given_up_with_its_reason(app: &App) {
    let (case, packet) = built(app);
    leave_as(
        app,
        &packet,
        "state = 'running', lease = 'dead', leased_until = 1, attempts = 3",
    );
    let shown = ended(&app.exporter, &packet);
    assert_eq!(shown["state"], "failed");
    assert!(shown["error"].as_str().unwrap().contains("3 times"), "{shown}");
    assert_eq!(
        (
            job_state(app, &packet).as_str(),
            app.count(&case.stream, "packet.failed")
        ),
        ("failed", 1)
    );
}

both_databases!(a_packet_that_another_server_builds_is_left_alone);
fn a_packet_that_another_server_builds_is_left_alone(app: &App) {
    let (case, packet) = built(app);
    leave_as(
        app,
        &packet,
        "state = 'running', lease = 'alive', leased_until = 9000000000000000",
    );
    // The builder looks once, and takes what else there is.
    ready(
        &app.exporter,
        &app.exporter
            .post(&case.path("packets"), json!({"purpose": "internal"}))
            .is(202),
    );
    let shown = app
        .exporter
        .get(&format!("/api/v1/packets/{}", packet["id"].as_str().unwrap()))
        .is(200);
    assert_eq!(shown["state"], "building", "{shown}");
}

both_databases!(a_packet_that_is_called_off_fails_and_says_so);
fn a_packet_that_is_called_off_fails_and_says_so(app: &App) {
    let (case, packet) = built(app);
    leave_as(
        app,
        &packet,
        "state = 'running', lease = 'dead', leased_until = 9000000000000000",
    );
    let id = packet["id"].as_str().unwrap().to_owned();
    let cancel = move |tx: &mut casetrail::gate::Tx<'_>| packets::cancel(tx.conn, &id);
    assert!(
        app.state
            .gate
            .housekeep_blocking(ledger::operator("tests"), cancel.clone())
            .unwrap()
    );
    leave_as(app, &packet, "leased_until = 1");
    let shown = ended(&app.exporter, &packet);
    assert_eq!(
        (&shown["state"], &shown["error"]),
        (&json!("failed"), &json!("it was cancelled"))
    );
    assert_eq!(
        (
            job_state(app, &packet).as_str(),
            app.count(&case.stream, "packet.failed")
        ),
        ("cancelled", 1)
    );
    assert!(
        !app.state
            .gate
            .housekeep_blocking(ledger::operator("tests"), cancel)
            .unwrap()
    );
}
