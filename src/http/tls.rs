//! TLS: the agency's certificate, or one made at the first start.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::durable::write_secret;
use crate::error::{Error, Result};
use crate::proof::id::Digest;

/// Makes a self-signed certificate for this machine's names.
pub fn make(cert: &Path, key: &Path) -> Result<()> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".into(), "::1".into()];
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if !host.is_empty() && host != "localhost" && host.is_ascii() {
        names.push(host);
    }
    let broken = |e: rcgen::Error| Error::internal(format!("certificate: {e}"));
    let mut params = CertificateParams::new(names).map_err(broken)?;
    params.distinguished_name.push(DnType::CommonName, "Casetrail");
    params.not_before = rcgen::date_time_ymd(2025, 1, 1);
    params.not_after = rcgen::date_time_ymd(2045, 1, 1);
    let pair = KeyPair::generate().map_err(broken)?;
    let signed = params.self_signed(&pair).map_err(broken)?;
    // A key without its certificate belongs to a start that was cut off.
    if key.exists() {
        fs::remove_file(key)?;
    }
    write_secret(key, pair.serialize_pem().as_bytes())?;
    fs::write(cert, signed.pem())?;
    Ok(())
}

/// Loads a certificate chain and its key; answers with the fingerprint and the certificate's place.
pub fn load(cert: &Path, key: &Path) -> Result<(rustls::ServerConfig, String, PathBuf)> {
    let unreadable = |field: &str, path: &Path, e: String| {
        Error::field(field, "pem", format!("{} cannot be used: {e}", path.display()))
    };
    let chain: std::result::Result<Vec<_>, _> = CertificateDer::pem_file_iter(cert)
        .map_err(|e| unreadable("tls_cert", cert, e.to_string()))?
        .collect();
    let chain = chain.map_err(|e| unreadable("tls_cert", cert, e.to_string()))?;
    let first = chain
        .first()
        .ok_or_else(|| unreadable("tls_cert", cert, "it holds no certificate".into()))?;
    let fingerprint = Digest::of(first).to_string();
    let private = PrivateKeyDer::from_pem_file(key).map_err(|e| unreadable("tls_key", key, e.to_string()))?;
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|e| unreadable("tls_key", key, e.to_string()))?;
    Ok((config, fingerprint, cert.to_owned()))
}
