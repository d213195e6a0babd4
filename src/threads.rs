//! Work that blocks, handed from async code to a thread that may block.

use tokio::task::{JoinHandle, spawn_blocking};

use crate::error::{Error, Result};

/// Runs what blocks on a thread made for it.
pub async fn blocking<T: Send + 'static>(f: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    finished(spawn_blocking(f)).await
}

/// The result of such a thread; a panic there is an internal error here.
pub async fn finished<T>(task: JoinHandle<Result<T>>) -> Result<T> {
    task.await
        .unwrap_or_else(|e| Err(Error::internal(format!("a task ended badly: {e}"))))
}
