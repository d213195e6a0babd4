//! The files of a capture as they arrive. The JSON names each file; each comes once and as declared, or nothing is
//! kept.

use serde_json::{Value, json};

use super::model::{FileEntry, NewCapture, NewFile};
use crate::blobs::{LastChunk, Received};
use crate::error::{Error, FieldError, Result};
use crate::proof::canon;
use crate::proof::id::Digest;

/// A file whose bytes lie in the store, or that is hash-only.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub entry: FileEntry,
    /// CRC-32 of the bytes; 0 of a hash-only one.
    pub crc32: u32,
    /// Whether it ends before its format says.
    pub cut_off: bool,
}

/// The files of one capture on their way in.
pub(super) struct Arriving {
    /// What each file's part said of its type, in the order of the JSON; `None` where the part has not come.
    declared: Vec<Option<Option<String>>>,
    /// Files that have come whole, with their places in the JSON.
    whole: Vec<(usize, Received)>,
    /// The last one, whose end is still to be written.
    last: Option<(usize, LastChunk)>,
}

impl Arriving {
    /// None has come yet.
    pub fn of(new: &NewCapture) -> Self {
        Self {
            declared: vec![None; new.files.len()],
            whole: Vec::new(),
            last: None,
        }
    }

    /// One file more than was announced, from a page: its place.
    pub fn add(&mut self, media_type: Option<String>) -> usize {
        self.declared.push(Some(media_type));
        self.declared.len() - 1
    }

    /// A file that came before, as an upload of its own: it must be what was declared.
    pub fn bring(&mut self, new: &NewCapture, place: usize, brought: (Received, Option<String>)) -> Result<()> {
        let (received, media_type) = brought;
        as_declared(place, &new.files[place], &received)?;
        self.declared[place] = Some(media_type);
        self.whole.push((place, received));
        Ok(())
    }

    /// A part begins: the place of its file in the JSON.
    pub fn begin(&mut self, new: &NewCapture, part: &str, media_type: Option<String>) -> Result<usize> {
        let place = new.files.iter().position(|f| f.part.as_deref() == Some(part));
        let place = place.ok_or_else(|| part_error(part, "named", "is not named by files[].part of the JSON"))?;
        if self.declared[place].is_some() {
            return Err(part_error(part, "once", "came twice"));
        }
        self.declared[place] = Some(media_type);
        Ok(place)
    }

    /// Writes the last file to its end, because another part follows. It must be what was declared.
    pub async fn complete(&mut self, new: &NewCapture) -> Result<()> {
        if let Some((place, chunk)) = self.last.take() {
            let received = chunk.finish().await?;
            as_declared(place, &new.files[place], &received)?;
            self.whole.push((place, received));
        }
        Ok(())
    }

    /// The part of a file has ended.
    pub fn end(&mut self, place: usize, chunk: LastChunk) {
        self.last = Some((place, chunk));
    }

    /// Refuses where a file has not come that the JSON announced.
    pub fn check_all_came(&self, new: &NewCapture) -> Result<()> {
        for (i, (file, declared)) in new.files.iter().zip(&self.declared).enumerate() {
            if declared.is_none() && !is_hash_only(file) {
                return Err(never_came(i, file));
            }
        }
        Ok(())
    }

    /// Writes the last file's end; blocks. Gives all files in the order of the JSON, those named as hashes only among
    /// them, and what has come, which is still to be put under its hashes.
    pub fn write(mut self, new: &NewCapture) -> Result<(Vec<Arrived>, Vec<Received>)> {
        if let Some((place, chunk)) = self.last.take() {
            let received = chunk.write()?;
            as_declared(place, &new.files[place], &received)?;
            self.whole.push((place, received));
        }
        let mut come: Vec<Option<&Received>> = vec![None; new.files.len()];
        for (place, received) in &self.whole {
            come[*place] = Some(received);
        }
        let both = come.into_iter().zip(self.declared);
        let all = new.files.iter().zip(both).enumerate();
        let arrived = all
            .map(|(i, (file, (come, declared)))| arrived(i, file, come, declared.flatten()))
            .collect::<Result<_>>()?;
        Ok((arrived, self.whole.into_iter().map(|(_, received)| received).collect()))
    }
}

/// The files of a capture that brings none: each is named as a hash only.
pub(super) fn hashes_only(new: &NewCapture) -> Result<Vec<Arrived>> {
    let all = new.files.iter().enumerate();
    all.map(|(i, file)| arrived(i, file, None, None)).collect()
}

fn part_error(name: &str, rule: &str, message: &str) -> Error {
    let shown: String = name.chars().take(100).collect();
    Error::field(shown, rule, format!("{message}; nothing was kept"))
}

/// Refuses what is not as declared, and tells both values. Nothing is kept.
fn as_declared(i: usize, file: &NewFile, received: &Received) -> Result<()> {
    let mut errors = Vec::new();
    if let Some(declared) = file.sha256.filter(|d| *d != received.sha256) {
        let message = format!(
            "declared {declared}, received {}: the bytes changed on the way, or another file was sent; nothing was kept",
            received.sha256
        );
        errors.push(FieldError::new(format!("files[{i}].sha256"), "matches", message));
    }
    if let Some(declared) = file.size.filter(|s| *s != received.size) {
        let received = received.size;
        let message = format!("declared {declared} bytes, received {received}; nothing was kept");
        errors.push(FieldError::new(format!("files[{i}].size"), "matches", message));
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(Error {
        code: "digest-mismatch",
        ..Error::invalid(errors)
    })
}

fn arrived(i: usize, file: &NewFile, come: Option<&Received>, declared_type: Option<String>) -> Result<Arrived> {
    let fixed = |sha256, size, media_type, declared_type| FileEntry {
        sha256,
        size,
        role: file.role,
        name: file.name.clone(),
        media_type,
        declared_type,
        withheld: file.withheld.clone(),
    };
    match (come, file.sha256, file.size) {
        (Some(came), ..) => Ok(Arrived {
            entry: fixed(came.sha256, came.size, Some(came.media_type.to_string()), declared_type),
            crc32: came.crc32,
            cut_off: came.cut_off,
        }),
        (None, Some(sha256), Some(size)) if is_hash_only(file) => Ok(Arrived {
            entry: fixed(sha256, size, None, None),
            crc32: 0,
            cut_off: false,
        }),
        _ => Err(never_came(i, file)),
    }
}

/// Whether only the digest of a file is recorded, its bytes staying elsewhere.
fn is_hash_only(file: &NewFile) -> bool {
    file.withheld.is_some() && file.sha256.is_some() && file.size.is_some()
}

fn never_came(i: usize, file: &NewFile) -> Error {
    let part = file.part.as_deref().unwrap_or_default();
    Error::field(
        format!("files[{i}].part"),
        "arrives",
        format!("names the part {part}, which never came; nothing was kept"),
    )
}

/// Two uploads are the same where this is: the JSON, and the digests of what came.
pub(super) fn fingerprint(json: Value, files: &[Arrived]) -> Result<Digest> {
    let digests: Vec<String> = files.iter().map(|f| f.entry.sha256.to_string()).collect();
    let both = json!({"capture": json, "files": digests});
    let bytes = canon::to_jcs(&both).map_err(|e| Error::field("capture", "json", e.to_string()))?;
    Ok(Digest::of(&bytes))
}
