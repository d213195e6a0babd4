//! Reads an unpacked packet. Links, devices and empty folders have no place in one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::{digest, in_parallel};
use crate::proof::Digest;
use crate::verify::{Finding, PacketEntry, PacketSource};

/// Folders of a packet lie at most this deep.
const MAX_DEPTH: usize = 16;

/// A packet's top folder, which may have been renamed.
#[derive(Debug)]
pub struct Folder {
    top: PathBuf,
    entries: Vec<PacketEntry>,
    findings: Mutex<Vec<Finding>>,
}

impl Folder {
    /// Lists the files; what is no regular file becomes a finding.
    pub fn open(top: &Path) -> Self {
        let mut folder = Self {
            top: top.to_owned(),
            entries: Vec::new(),
            findings: Mutex::default(),
        };
        folder.walk("", 0);
        folder.entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        folder
    }

    fn walk(&mut self, path: &str, depth: usize) {
        let listed = fs::read_dir(self.top.join(path)).and_then(|list| list.collect::<io::Result<Vec<_>>>());
        match listed {
            Err(error) => self.say(path, "container", format!("cannot be read: {error}")),
            Ok(list) if list.is_empty() => self.say(path, "folder.empty", "is an empty folder".into()),
            Ok(_) if depth > MAX_DEPTH => self.say(path, "folder.depth", "lies too deep".into()),
            Ok(list) => list.iter().for_each(|item| self.item(path, item, depth)),
        }
    }

    fn item(&mut self, path: &str, item: &fs::DirEntry, depth: usize) {
        let name = item.file_name().to_string_lossy().into_owned();
        let path = if path.is_empty() {
            name
        } else {
            format!("{path}/{name}")
        };
        match fs::symlink_metadata(item.path()) {
            Ok(found) if found.is_dir() => self.walk(&path, depth + 1),
            Ok(found) if found.is_file() => self.entries.push(PacketEntry {
                path,
                size: found.len(),
            }),
            Ok(_) => self.say(&path, "folder.special", "is a link or device, not a file".into()),
            Err(error) => self.say(&path, "container", format!("cannot be read: {error}")),
        }
    }

    fn one(&self, index: usize, sink: &mut dyn FnMut(&[u8])) -> Option<Digest> {
        let entry = &self.entries[index];
        let read = File::open(self.top.join(&entry.path)).and_then(|file| digest(file, entry.size, sink));
        let message = match read {
            Ok((digest, _, size)) if size == entry.size => return Some(digest),
            Ok(_) => "changed while it was read".into(),
            Err(error) => format!("cannot be read: {error}"),
        };
        self.say(&entry.path, "container", message);
        None
    }

    fn say(&self, path: &str, rule: &'static str, message: String) {
        if let Ok(mut findings) = self.findings.lock() {
            findings.push(Finding::of_container(path, rule, message));
        }
    }
}

impl PacketSource for Folder {
    fn name(&self) -> Option<&str> {
        None
    }

    fn entries(&self) -> &[PacketEntry] {
        &self.entries
    }

    fn digests(&mut self, which: &[usize]) -> Vec<Option<Digest>> {
        in_parallel(which, |index| self.one(index, &mut |_| {}))
    }

    fn read(&mut self, index: usize, sink: &mut dyn FnMut(&[u8])) -> Option<Digest> {
        self.one(index, sink)
    }

    fn findings(&mut self) -> Vec<Finding> {
        self.findings.get_mut().map(std::mem::take).unwrap_or_default()
    }
}
