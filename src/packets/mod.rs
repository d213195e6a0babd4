//! Stub until merged.
pub fn routes(_: &mut actix_web::web::ServiceConfig) {}

/// Nothing to build until merged.
pub async fn run_builder(_: crate::http::App, mut stop: tokio::sync::watch::Receiver<bool>) {
    let _ = stop.changed().await;
}
