//! Jobs of the server, which run beside a test's requests until they are dropped.

use std::thread::JoinHandle;

use casetrail::http;
use tokio::sync::watch;

use super::App;

/// Some jobs at work.
pub struct Jobs {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Jobs {
    /// Runs jobs, such as `captures::run_pictures`.
    pub fn run<F: Future<Output = ()>>(
        app: &App,
        jobs: impl FnOnce(http::App, watch::Receiver<bool>) -> F + Send + 'static,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let state: http::App = app.state.clone();
        let work = move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build();
            runtime.unwrap().block_on(jobs(state, stopped));
        };
        Self {
            stop,
            thread: Some(std::thread::spawn(work)),
        }
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.stop.send(true).unwrap();
        self.thread.take().unwrap().join().unwrap();
    }
}
