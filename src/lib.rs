#[cfg(feature = "server")]
pub mod policy;
