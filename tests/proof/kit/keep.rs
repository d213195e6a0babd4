//! Keeps the packets that these tests make, each with what was said of it, so that other verifiers can be held to the same:
//! `tests/verify_agrees.py`, and the page in Chromium. Where `CASETRAIL_KEEP_PACKETS` names no folder, nothing is kept.

use std::path::Path;
use std::{env, fs, io, thread};

use casetrail::proof::Digest;
use casetrail::verify::Report;
use casetrail::verify::trust::Trust;
use serde_json::json;

/// Copies the packet to `<digest>.zip`, or to the folder `<digest>`, and writes `<digest>.json` beside it.
#[expect(clippy::disallowed_methods, reason = "a test has no settings")]
pub fn keep(packet: &Path, trust: &Trust, report: &Report) {
    let Some(folder) = env::var_os("CASETRAIL_KEEP_PACKETS") else {
        return;
    };
    // What a policy asks for is tried by the tests of policies; a packet that is not there cannot be kept.
    if trust.policy.is_some() || trust.require_witness || trust.require_time || !packet.exists() {
        return;
    }
    let key = trust.key.as_ref().map(ToString::to_string);
    let mut what = Vec::new();
    listed(packet, &mut what).unwrap();
    let name = Digest::of(format!("{key:?}{}", Digest::of(&what)).as_bytes()).to_string();
    let file = format!("{}{}", &name[..16], if packet.is_dir() { "" } else { ".zip" });
    let folder = Path::new(&folder);
    let kept = folder.join(&file);
    if !kept.exists() {
        copy(packet, &kept).unwrap();
    }
    let test = thread::current().name().unwrap_or_default().to_owned();
    let said = json!({"packet": file, "key": key, "test": test, "report": report});
    fs::write(folder.join(format!("{}.json", &name[..16])), said.to_string()).unwrap();
}

/// Everything by which a packet differs from another.
fn listed(path: &Path, out: &mut Vec<u8>) -> io::Result<()> {
    if path.is_symlink() {
        out.extend(fs::read_link(path)?.as_os_str().as_encoded_bytes());
    } else if path.is_dir() {
        let mut items: Vec<_> = fs::read_dir(path)?.collect::<io::Result<_>>()?;
        items.sort_by_key(fs::DirEntry::file_name);
        for item in items {
            out.extend(format!("\n{:?} ", item.file_name()).as_bytes());
            listed(&item.path(), out)?;
        }
    } else if path.is_file() {
        out.extend(Digest::of(&fs::read(path)?).0);
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_symlink() {
        return std::os::unix::fs::symlink(fs::read_link(from)?, to);
    }
    if !from.is_dir() {
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir_all(to)?;
    for item in fs::read_dir(from)? {
        let item = item?;
        copy(&item.path(), &to.join(item.file_name()))?;
    }
    Ok(())
}
