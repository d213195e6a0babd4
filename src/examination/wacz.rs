//! WACZ 1.1.1 and other ZIP files: what lies in them, whether the digests in `datapackage.json` hold, and whether the
//! signature of WACZ Signing and Verification 0.1.0 does.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use flate2::bufread::MultiGzDecoder;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use serde_json::Value;
use webpki::{EndEntityCert, KeyUsage};
use zip::ZipArchive;
use zip::result::ZipError;

use super::archive::{Archive, tell_end};
use super::model::{FactSource, FileFlag, Findings, shortened};
use super::timed::{LONGEST, ReadingTime, TimedReader, stopped};
use super::warc::WarcError;

/// Files of an archive that are looked at.
const ENTRIES: usize = 50_000;
/// Bytes of a document in it that are read.
const DOCUMENT: u64 = 4 << 20;
/// Pages that are listed.
const PAGES: usize = 20;
/// WARC files that are read.
const WARCS: usize = 100;
const PACKAGE: &str = "datapackage.json";
const DIGEST: &str = "datapackage-digest.json";

type OpenZip<'a> = ZipArchive<BufReader<TimedReader<&'a mut File>>>;

/// Reads a ZIP; one with a `datapackage.json` is read as WACZ.
pub(super) fn read(file: &mut File, found: &mut Findings) -> io::Result<()> {
    file.rewind()?;
    let time = ReadingTime::from_now(LONGEST);
    let mut zip = match ZipArchive::new(BufReader::new(TimedReader::new(&mut *file, time))) {
        Ok(zip) => zip,
        Err(_) if time.is_over() => {
            found.flag(FileFlag::Stopped, stopped());
            return Ok(());
        }
        Err(ZipError::Io(e)) => {
            found.flag(FileFlag::CutOff, format!("the ZIP cannot be read: {e}"));
            return Ok(());
        }
        Err(e) => {
            found.flag(FileFlag::CutOff, format!("the ZIP has no readable directory: {e}"));
            return Ok(());
        }
    };
    let (mut size, mut encrypted) = (0_u64, 0_u64);
    for at in 0..zip.len().min(ENTRIES) {
        // What is encrypted opens in its raw form alone.
        if let Ok(entry) = zip.by_index_raw(at) {
            size = size.saturating_add(entry.size());
            encrypted += u64::from(entry.encrypted());
        }
    }
    let told = format!("{} files, {size} bytes unpacked", zip.len());
    found.fact(FactSource::Archive, "In the ZIP", told);
    if encrypted > 0 {
        let why = format!("{encrypted} files in the ZIP are encrypted");
        found.flag(FileFlag::Encrypted, why);
    }
    if let Some(package) = document(&mut zip, PACKAGE) {
        wacz(&mut zip, (&package, time), found);
    }
    Ok(())
}

fn wacz(zip: &mut OpenZip<'_>, (package, time): (&[u8], ReadingTime), found: &mut Findings) {
    let Ok(described) = serde_json::from_slice::<Value>(package) else {
        found.flag(FileFlag::Unreadable, "datapackage.json is no JSON");
        return;
    };
    let said = |name: &str| described[name].as_str().unwrap_or_default().to_owned();
    for (fact, name) in [
        ("WACZ version", "wacz_version"),
        ("Title", "title"),
        ("Created", "created"),
        ("Software", "software"),
        ("Main page", "mainPageUrl"),
        ("Main page taken", "mainPageDate"),
    ] {
        found.fact(FactSource::Archive, fact, said(name));
    }
    // What is small comes first; the signature holds over all of it only where all of it was compared.
    pages(zip, time, found);
    resources(zip, (&described, time), found);
    signed(zip, package, found);
    let mut archive = Archive::default();
    let names = zip.file_names().filter_map(|name| Some(name.ok()?.into_owned()));
    let names: Vec<String> = names.filter(|name| is_warc(name)).take(WARCS).collect();
    for name in names {
        if let Err(why) = warc(zip, &name, &mut archive) {
            tell_end(&why, &name, found);
        }
        if time.is_over() {
            found.flag(FileFlag::Stopped, stopped());
            break;
        }
    }
    archive.tell(found);
}

/// Reads a WARC of the ZIP, gzipped or not, whatever its name says.
fn warc(zip: &mut OpenZip<'_>, name: &str, archive: &mut Archive) -> std::result::Result<(), WarcError> {
    let mut entry = BufReader::new(zip.by_name(name).map_err(io::Error::from)?);
    let gzipped = entry.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    match gzipped {
        true => archive.records(BufReader::new(MultiGzDecoder::new(entry))),
        false => archive.records(entry),
    }
}

fn is_warc(name: &str) -> bool {
    name.starts_with("archive/") && (name.ends_with(".warc") || name.ends_with(".warc.gz"))
}

/// A small file of the ZIP.
fn document(zip: &mut OpenZip<'_>, name: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    zip.by_name(name).ok()?.take(DOCUMENT).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Compares what `datapackage.json` lists with what is there.
fn resources(zip: &mut OpenZip<'_>, (described, time): (&Value, ReadingTime), found: &mut Findings) {
    let (mut right, mut wrong, mut missing) = (0_u64, Vec::new(), Vec::new());
    for resource in described["resources"].as_array().into_iter().flatten().take(ENTRIES) {
        let path = resource["path"].as_str().unwrap_or_default();
        let declared = resource["hash"].as_str().or_else(|| resource["stats"]["hash"].as_str());
        let declared = declared.unwrap_or_default();
        let declared = declared.strip_prefix("sha256:").unwrap_or(declared);
        let made = digest_of(zip, path);
        if time.is_over() {
            found.flag(FileFlag::Stopped, stopped());
            break;
        }
        match made {
            None => missing.push(shortened(path, 100)),
            Some(made) if made.eq_ignore_ascii_case(declared) => right += 1,
            Some(_) => wrong.push(shortened(path, 100)),
        }
    }
    found.fact(FactSource::Archive, "Files as described", right.to_string());
    let listed = described["resources"].as_array().into_iter().flatten();
    let listed: HashSet<&str> = listed.filter_map(|one| one["path"].as_str()).collect();
    let names = zip.file_names().filter_map(|name| Some(name.ok()?.into_owned()));
    let own = |name: &String| [PACKAGE, DIGEST].contains(&name.as_str()) || name.ends_with('/');
    let unlisted: Vec<String> = names
        .filter(|name| !own(name) && !listed.contains(name.as_str()))
        .collect();
    if !unlisted.is_empty() {
        let first = unlisted.iter().take(5).map(|name| shortened(name, 100));
        let first = first.collect::<Vec<_>>().join(", ");
        let why = format!(
            "{} files in the ZIP are not described in datapackage.json: {first}",
            unlisted.len()
        );
        found.flag(FileFlag::DigestDiffers, why);
    }
    let listed = |names: &[String]| names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    if !wrong.is_empty() {
        let why = format!(
            "{} files are other than datapackage.json says: {}",
            wrong.len(),
            listed(&wrong)
        );
        found.flag(FileFlag::DigestDiffers, why);
    }
    if !missing.is_empty() {
        let why = format!(
            "{} files of datapackage.json are not there: {}",
            missing.len(),
            listed(&missing)
        );
        found.flag(FileFlag::CutOff, why);
    }
}

fn digest_of(zip: &mut OpenZip<'_>, path: &str) -> Option<String> {
    let mut entry = zip.by_name(path).ok()?;
    let (mut context, mut chunk) = (Context::new(&SHA256), vec![0; 64 << 10]);
    loop {
        match entry.read(&mut chunk) {
            Ok(0) => return Some(crate::proof::id::hex(context.finish().as_ref())),
            Ok(read) => context.update(&chunk[..read]),
            // A file whose CRC is wrong is there, and is not what it says.
            Err(_) => return Some("unreadable".into()),
        }
    }
}

fn pages(zip: &mut OpenZip<'_>, time: ReadingTime, found: &mut Findings) {
    let list = document(zip, "pages/pages.jsonl");
    if time.is_over() {
        return;
    }
    let Some(list) = list else {
        found.flag(FileFlag::CutOff, "the WACZ has no pages/pages.jsonl");
        return;
    };
    let list = String::from_utf8_lossy(&list);
    let pages = list.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    for page in pages.filter(|page| page["url"].is_string()).take(PAGES) {
        let said = |name: &str| page[name].as_str().unwrap_or_default();
        let told = format!("{} {} {}", said("ts"), said("url"), said("title"));
        found.fact(FactSource::Archive, "Page", told.trim());
    }
}

/// Checks `datapackage-digest.json`, and the signature in it.
fn signed(zip: &mut OpenZip<'_>, package: &[u8], found: &mut Findings) {
    let Some(digest) = document(zip, DIGEST) else {
        found.fact(FactSource::Archive, "Signature", "none");
        return;
    };
    let digest: Value = serde_json::from_slice(&digest).unwrap_or_default();
    let mut context = Context::new(&SHA256);
    context.update(package);
    let made = format!("sha256:{}", crate::proof::id::hex(context.finish().as_ref()));
    if digest["hash"].as_str() != Some(&made) {
        found.flag(
            FileFlag::DigestDiffers,
            "datapackage.json is another than datapackage-digest.json says",
        );
    }
    let signed = &digest["signedData"];
    if signed.is_null() {
        found.fact(FactSource::Archive, "Signature", "none");
        return;
    }
    let said = |name: &str| signed[name].as_str().unwrap_or_default();
    let signer = match said("domain") {
        "" => "a key without a name",
        domain => domain,
    };
    found.fact(FactSource::Archive, "Signed by", signer);
    found.fact(FactSource::Archive, "Signed at, by its own word", said("created"));
    let doubts = [FileFlag::DigestDiffers, FileFlag::CutOff, FileFlag::Stopped];
    let whole = doubts.iter().all(|flag| !found.is_flagged(*flag));
    match signature(signed) {
        _ if said("hash") != made => found.flag(FileFlag::SignatureDiffers, "the signature is over another content"),
        Err(why) => found.flag(FileFlag::SignatureDiffers, why),
        Ok(_) if !whole => {
            let told = "holds over datapackage.json, and not over all that lies in the ZIP";
            found.fact(FactSource::Archive, "Signature", told);
        }
        Ok(told) => found.fact(FactSource::Archive, "Signature", told),
    }
}

/// Whether a signature holds, and what that says; or why it does not.
fn signature(signed: &Value) -> std::result::Result<&'static str, &'static str> {
    let said = |name: &str| signed[name].as_str().unwrap_or_default();
    const WRONG: &str = "the signature of the WACZ is not one over its content by the key that it names";
    let (Ok(signature), hash) = (STANDARD.decode(said("signature")), said("hash").as_bytes()) else {
        return Err(WRONG);
    };
    let signature = as_der(signature);
    let Some(chain) = chain(said("domainCert")) else {
        let key = STANDARD.decode(said("publicKey")).map_err(|_| WRONG)?;
        let mut kinds = [
            &ECDSA_P256_SHA256_ASN1,
            &ECDSA_P384_SHA384_ASN1,
            &ECDSA_P384_SHA256_ASN1,
        ]
        .into_iter();
        let holds = kinds.any(|kind| UnparsedPublicKey::new(kind, &key).verify(hash, &signature).is_ok());
        return holds.then_some("holds, by a key that nobody vouches for").ok_or(WRONG);
    };
    let own = EndEntityCert::try_from(&chain[0]).map_err(|_| WRONG)?;
    let mut kinds = [
        webpki::aws_lc_rs::ECDSA_P256_SHA256,
        webpki::aws_lc_rs::ECDSA_P384_SHA384,
    ]
    .into_iter();
    if !kinds.any(|kind| own.verify_signature(kind, hash, &signature).is_ok()) {
        return Err(WRONG);
    }
    match is_trusted(&own, &chain[1..], signed) {
        true => Ok(
            "holds: the domain that it names signed this content, by a certificate that leads to a root that this program knows, at the time that it states; revocation and its time token are not checked here",
        ),
        false => Err(
            "the signature is by a certificate that was not one of this domain, or that leads to no root that this program knows, at the time that it states",
        ),
    }
}

/// Browsers write both numbers of a signature side by side; here they stand in DER (X.690).
fn as_der(signature: Vec<u8>) -> Vec<u8> {
    if ![64, 96].contains(&signature.len()) {
        return signature;
    }
    let number = |bytes: &[u8]| {
        let start = bytes.iter().position(|b| *b != 0).unwrap_or(bytes.len() - 1);
        let mut value = bytes[start..].to_vec();
        if value[0] >= 0x80 {
            value.insert(0, 0);
        }
        [vec![2, value.len() as u8], value].concat()
    };
    let (r, s) = signature.split_at(signature.len() / 2);
    let both = [number(r), number(s)].concat();
    [vec![0x30, both.len() as u8], both].concat()
}

/// The certificates of a PEM text, the signer's own first; none where there is none.
fn chain(pem: &str) -> Option<Vec<CertificateDer<'static>>> {
    let all: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .filter_map(Result::ok)
        .take(8)
        .collect();
    (!all.is_empty()).then_some(all)
}

/// Whether the certificate is of the domain that is named, and leads to a root that browsers trust, at the time stated.
fn is_trusted(own: &EndEntityCert<'_>, others: &[CertificateDer<'_>], signed: &Value) -> bool {
    let said = |name: &str| signed[name].as_str().unwrap_or_default();
    let (Ok(domain), Ok(at)) = (
        ServerName::try_from(said("domain")),
        DateTime::parse_from_rfc3339(said("created")),
    ) else {
        return false;
    };
    let Ok(seconds) = u64::try_from(at.timestamp()) else {
        return false;
    };
    let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let leads = own.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        webpki_roots::TLS_SERVER_ROOTS,
        others,
        at,
        KeyUsage::server_auth(),
        None,
        None,
    );
    leads.is_ok() && own.verify_is_valid_for_subject_name(&domain).is_ok()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use serde_json::json;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    /// A WACZ whose package lists its pages, signed as browsers sign, with more files.
    fn wacz(more: &[&str]) -> Findings {
        let pages = "{\"format\":\"json-pages-1.0\",\"id\":\"pages\"}\n";
        let digest = |bytes: &[u8]| {
            let mut context = Context::new(&SHA256);
            context.update(bytes);
            format!("sha256:{}", crate::proof::id::hex(context.finish().as_ref()))
        };
        let package = json!({"wacz_version": "1.1.1", "resources": [{"path": "pages/pages.jsonl", "hash": digest(pages.as_bytes())}]});
        let package = package.to_string();
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        let hash = digest(package.as_bytes());
        let signature = key.sign(&SystemRandom::new(), hash.as_bytes()).expect("a signature");
        let signed = json!({"hash": hash, "created": "2026-11-22T00:00:00Z", "signature": STANDARD.encode(signature),
            "publicKey": STANDARD.encode(key.public_key())});
        let sealed = json!({"path": PACKAGE, "hash": hash, "signedData": signed}).to_string();
        let mut file = tempfile::tempfile().expect("a file");
        let mut zip = ZipWriter::new(&mut file);
        let own = [
            ("pages/pages.jsonl", pages),
            (PACKAGE, package.as_str()),
            (DIGEST, sealed.as_str()),
        ];
        for (name, text) in own.into_iter().chain(more.iter().map(|name| (*name, "more"))) {
            zip.start_file(name, SimpleFileOptions::default()).expect("an entry");
            zip.write_all(text.as_bytes()).expect("bytes");
        }
        zip.finish().expect("a ZIP");
        let mut found = Findings::default();
        read(&mut file, &mut found).expect("read");
        found
    }

    fn said(found: &Findings) -> &str {
        let signature = found.facts.iter().find(|fact| fact.name == "Signature");
        signature.map_or("nothing", |fact| fact.value.as_str())
    }

    #[test]
    fn a_signature_as_browsers_write_it_holds_and_not_over_what_was_added() {
        let found = wacz(&[]);
        assert_eq!(said(&found), "holds, by a key that nobody vouches for");
        assert!(!found.is_flagged(FileFlag::SignatureDiffers) && !found.is_flagged(FileFlag::DigestDiffers));
        let found = wacz(&["archive/0.warc.gz"]);
        assert!(found.is_flagged(FileFlag::DigestDiffers));
        assert_eq!(
            said(&found),
            "holds over datapackage.json, and not over all that lies in the ZIP"
        );
    }
}
