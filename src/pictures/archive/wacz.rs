//! WACZ 1.1: a ZIP of WARCs with an index, pages and a description. The copy has an index and digests of its own, and no
//! signature: that was over other bytes.

use std::collections::HashMap;
use std::io::{Cursor, Read, Write};

use flate2::bufread::MultiGzDecoder;
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::parts::{ALL_UNPACKED, read_all};
use super::scrub::Scrub;
use super::warc::{self, WarcCopy};
use crate::proof::id::Digest;

/// Files of a WACZ at the most.
const FILES: usize = 10_000;
const DESCRIPTION: &str = "datapackage.json";
const SIGNED: &str = "datapackage-digest.json";
/// The index of the copy.
const INDEX: &str = "indexes/index.cdx";

/// A sanitized copy of a WACZ.
pub(super) fn copy(bytes: &[u8], scrub: &mut Scrub) -> Result<Vec<u8>, String> {
    let damaged = |_| "the file is damaged, or no ZIP".to_owned();
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    if zip.len() > FILES {
        return Err(format!("it has more than {FILES} files"));
    }
    let (mut out, mut total) = (Vec::<(String, Vec<u8>)>::new(), 0);
    let (mut warcs, mut index) = (HashMap::<String, WarcCopy>::new(), Vec::new());
    let mut description = None;
    for place in 0..zip.len() {
        let file = zip.by_index(place).map_err(damaged)?;
        let name = file.name().map_err(damaged)?.into_owned();
        if file.is_dir() {
            continue;
        }
        let bytes = read_all(file)?;
        total += bytes.len() as u64;
        if total > ALL_UNPACKED {
            return Err(format!("it is larger than {} MB unpacked", ALL_UNPACKED >> 20));
        }
        let new_name = String::from_utf8_lossy(&scrub.text(name.as_bytes())).into_owned();
        let last = name.rsplit('/').next().unwrap_or_default();
        match name.as_str() {
            DESCRIPTION => description = Some(bytes),
            // It signs what is no longer there.
            SIGNED => {}
            _ if name.starts_with("archive/") => {
                let made = warc::copy(&bytes, scrub).map_err(|e| format!("{name}: {e}"))?;
                out.push((new_name, made.bytes.clone()));
                warcs.insert(last.to_owned(), made);
            }
            _ if name.starts_with("indexes/") => index.extend(lines(last, bytes)?),
            _ => {
                let media_type = kind(last);
                out.push((new_name, warc::body(&bytes, media_type, scrub)?));
            }
        }
    }
    let description = description.ok_or("it has no datapackage.json: it is no WACZ")?;
    out.push((INDEX.to_owned(), indexed(&index, &warcs, scrub)));
    let description = described(&description, &out, scrub)?;
    let digest = json!({"path": DESCRIPTION, "hash": format!("sha256:{}", Digest::of(&description))});
    out.push((DESCRIPTION.to_owned(), description));
    out.push((SIGNED.to_owned(), digest.to_string().into_bytes()));
    write(&out).map_err(|e| e.to_string())
}

fn write(files: &[(String, Vec<u8>)]) -> zip::result::ZipResult<Vec<u8>> {
    // Those who replay read parts of the WARCs where they lie, so that nothing is packed twice.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(name.as_str(), options)?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// The lines of a file of the index that name records. What only leads to other lines is made anew, and needed no more.
fn lines(name: &str, bytes: Vec<u8>) -> Result<Vec<String>, String> {
    let text = match name {
        _ if name.ends_with(".idx") => Vec::new(),
        _ if name.ends_with(".gz") => {
            let mut text = Vec::new();
            MultiGzDecoder::new(&bytes[..])
                .take(ALL_UNPACKED)
                .read_to_end(&mut text)
                .map_err(|_| format!("{name} cannot be unpacked"))?;
            text
        }
        _ => bytes,
    };
    let text = String::from_utf8_lossy(&text);
    let is_line = |line: &&str| !line.is_empty() && !line.starts_with('!') && !line.starts_with(" CDX");
    Ok(text.lines().filter(is_line).map(str::to_owned).collect())
}

/// The index of the copy: what each line says of a record, with its place, length and digest of now. A line of a record that is
/// not there leads nowhere, and goes.
fn indexed(lines: &[String], warcs: &HashMap<String, WarcCopy>, scrub: &mut Scrub) -> Vec<u8> {
    let one = |line: &String| -> Option<String> {
        let begins = line.find('{')?;
        let mut of: Value = serde_json::from_str(&line[begins..]).ok()?;
        let file = of["filename"].as_str()?;
        let file = file.rsplit('/').next().unwrap_or(file).to_owned();
        let warc = warcs.get(&file)?;
        let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
        let (place, length) = warc.places.get(&number(&of["offset"])?)?;
        for (name, now) in [("offset", place), ("length", length)] {
            of[name] = match of[name].is_number() {
                true => json!(now),
                false => json!(now.to_string()),
            };
        }
        if let Some(now) = of["digest"].as_str().and_then(|old| new_digest(warc, old)) {
            of["digest"] = now.into();
        }
        if let Some(old) = of["recordDigest"].as_str() {
            // Of the record's bytes as they lie in the archive.
            let (begin, length) = (usize::try_from(*place).ok()?, usize::try_from(*length).ok()?);
            of["recordDigest"] = warc::again(old, warc.bytes.get(begin..begin + length)?).into();
        }
        let line = format!("{}{of}", &line[..begins]);
        Some(String::from_utf8_lossy(&scrub.text(line.as_bytes())).into_owned())
    };
    let mut made: Vec<String> = lines.iter().filter_map(one).collect();
    made.sort();
    made.iter().flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect()
}

/// What became of the digest of a payload; an index may name it without its algorithm.
fn new_digest(warc: &WarcCopy, old: &str) -> Option<String> {
    if let Some(new) = warc.digests.get(old) {
        return Some(new.clone());
    }
    let bare = |(was, is): (&String, &String)| {
        let (was, is) = (was.split_once(':')?.1, is.split_once(':')?.1);
        (was == old).then(|| is.to_owned())
    };
    warc.digests.iter().find_map(bare)
}

/// The description, with digests and sizes of now.
fn described(bytes: &[u8], files: &[(String, Vec<u8>)], scrub: &mut Scrub) -> Result<Vec<u8>, String> {
    let mut of: Value = serde_json::from_slice(&scrub.text(bytes)).map_err(|_| "its datapackage.json is none")?;
    let resource = |(path, bytes): &(String, Vec<u8>)| {
        let name = path.rsplit('/').next().unwrap_or(path);
        json!({"name": name, "path": path, "hash": format!("sha256:{}", Digest::of(bytes)), "bytes": bytes.len()})
    };
    let all = of.as_object_mut().ok_or("its datapackage.json is none")?;
    all.insert("resources".into(), files.iter().map(resource).collect());
    all.insert("wacz_version".into(), "1.1.1".into());
    serde_json::to_vec_pretty(&of).map_err(|e| e.to_string())
}

/// What a file of a WACZ is, by its ending.
fn kind(name: &str) -> &'static str {
    let ending = name.rsplit('.').next().unwrap_or_default();
    match ending {
        "json" | "jsonl" | "cdxj" => "application/json",
        "html" | "htm" => "text/html",
        "txt" | "log" | "yaml" | "yml" | "csv" | "md" => "text/plain",
        _ => "application/octet-stream",
    }
}
