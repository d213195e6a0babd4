//! TLS: the agency's certificate, or one made at the first start. A pair that is replaced on the disk is taken up without a
//! restart.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use simple_asn1::ASN1Block;

use crate::clock::{Micros, SECOND};
use crate::durable::write_secret;
use crate::error::{Error, Result};
use crate::proof::id::Digest;

/// Time between two looks at the files of the certificate and its key.
const LOOK: Duration = Duration::from_secs(2);

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

/// The settings of TLS for a certificate chain and its key; with the fingerprint and the certificate's place.
pub fn load(cert: &Path, key: &Path) -> Result<(rustls::ServerConfig, String, PathBuf)> {
    let files = CertificateFiles::open(cert, key)?;
    let fingerprint = fingerprint(&files.pair());
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(files));
    Ok((config, fingerprint, cert.to_owned()))
}

/// A certificate chain and its key, read again when their files change. New connections get the newest complete pair.
#[derive(Debug)]
struct CertificateFiles {
    cert: PathBuf,
    key: PathBuf,
    current: Mutex<CurrentPair>,
}

/// The pair in use.
#[derive(Debug)]
struct CurrentPair {
    pair: Arc<CertifiedKey>,
    /// The files that were read last, whether they were usable or not.
    seen: FileVersions,
    looked_at: Instant,
}

/// The state of the two files: inode, size and time of change of each; `None` for a missing one.
type FileVersions = [Option<(u64, u64, i64, i64)>; 2];

impl CertificateFiles {
    fn open(cert: &Path, key: &Path) -> Result<Self> {
        let current = CurrentPair {
            seen: versions(cert, key),
            pair: Arc::new(read_pair(cert, key)?),
            looked_at: Instant::now(),
        };
        Ok(Self {
            cert: cert.to_owned(),
            key: key.to_owned(),
            current: Mutex::new(current),
        })
    }

    /// The pair for a new connection.
    fn pair(&self) -> Arc<CertifiedKey> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.looked_at.elapsed() >= LOOK {
            current.looked_at = Instant::now();
            self.look(&mut current);
        }
        current.pair.clone()
    }

    /// Reads the files again if they changed. While a pair is being replaced, certificate and key do not match; the old
    /// pair stays in use until they do.
    fn look(&self, current: &mut CurrentPair) {
        let versions = versions(&self.cert, &self.key);
        if versions == current.seen {
            return;
        }
        current.seen = versions;
        match read_pair(&self.cert, &self.key) {
            Ok(pair) => {
                current.pair = Arc::new(pair);
                tracing::info!(
                    fingerprint = fingerprint(&current.pair),
                    "a new TLS certificate is in use"
                );
            }
            Err(e) => tracing::warn!(error = %e, "the new TLS certificate cannot be used; the old one stays in use"),
        }
    }
}

impl ResolvesServerCert for CertificateFiles {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.pair())
    }
}

/// When a certificate file's first certificate ends; `None` where none can be read.
pub fn ends(cert: &Path) -> Option<Micros> {
    let first = CertificateDer::pem_file_iter(cert).ok()?.next()?.ok()?;
    validity_end(&simple_asn1::from_der(&first).ok()?)
}

/// The end of a validity (RFC 5280, section 4.1.2.5): the first sequence that holds two times and nothing else.
fn validity_end(blocks: &[ASN1Block]) -> Option<Micros> {
    if let [begins, ends] = blocks
        && time_of(begins).is_some()
        && let Some(ends) = time_of(ends)
    {
        return Some(ends);
    }
    blocks.iter().find_map(|block| match block {
        ASN1Block::Sequence(_, inner) => validity_end(inner),
        _ => None,
    })
}

fn time_of(block: &ASN1Block) -> Option<Micros> {
    match block {
        ASN1Block::UTCTime(_, at) | ASN1Block::GeneralizedTime(_, at) => {
            at.assume_utc().unix_timestamp().checked_mul(SECOND)
        }
        _ => None,
    }
}

fn versions(cert: &Path, key: &Path) -> FileVersions {
    [cert, key].map(|file| {
        let about = fs::metadata(file).ok()?;
        Some((about.ino(), about.size(), about.mtime(), about.mtime_nsec()))
    })
}

fn fingerprint(pair: &CertifiedKey) -> String {
    pair.cert
        .first()
        .map_or_else(String::new, |first| Digest::of(first).to_string())
}

fn read_pair(cert: &Path, key: &Path) -> Result<CertifiedKey> {
    let unreadable = |field: &str, path: &Path, e: String| {
        Error::field(field, "pem", format!("{} cannot be used: {e}", path.display()))
    };
    let chain = CertificateDer::pem_file_iter(cert).and_then(|all| all.collect::<std::result::Result<Vec<_>, _>>());
    let chain = chain.map_err(|e| unreadable("tls_cert", cert, e.to_string()))?;
    if chain.is_empty() {
        return Err(unreadable("tls_cert", cert, "it holds no certificate".into()));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|e| unreadable("tls_key", key, e.to_string()))?;
    CertifiedKey::from_der(chain, private, &default_provider()).map_err(|e| unreadable("tls_key", key, e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_tells_when_it_ends() {
        let folder = tempfile::tempdir().expect("a folder");
        let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        assert_eq!(ends(&cert), None);
        make(&cert, &key).expect("made");
        assert_eq!(ends(&cert), crate::clock::parse("2045-01-01T00:00:00Z"));
        fs::write(&cert, "no certificate").expect("written");
        assert_eq!(ends(&cert), None);
    }
}
