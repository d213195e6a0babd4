//! The power fails: what of an answered capture is on the disk then, and not only in memory.
//!
//! A kill leaves the page cache alone. So the data lies on a disk of its own, an image, and what the disk holds right after
//! an answer is copied, checked as a machine does that starts again, and looked at.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::kit::{self, Database, Home};
use crate::skip::skip;

#[test]
fn the_power_fails_on_ext4() {
    power_fails("has_journal");
}

/// Where nothing writes down again what was about to be written, only what was synced is there.
#[test]
fn the_power_fails_on_ext4_without_a_journal() {
    power_fails("^has_journal");
}

fn power_fails(feature: &str) {
    let dir = tempfile::tempdir().expect("a folder");
    let at = |name: &str| dir.path().join(name);
    let (image, copied) = (at("image"), at("copied"));
    let Some(disk) = Disk::make(&image, &at("disk"), feature) else {
        let why = "they need mkfs.ext4, e2fsck and the right to mount an image (root)";
        return skip("power failures", why);
    };
    let (before, after) = (at("disk/data"), at("after"));
    let home = Home::at(Database::Sqlite, dir, before);
    let known = captures(&home.data);
    // What was laid there for the test is not what it is about.
    let synced = Command::new("sync").arg("-f").arg(&home.data).status();
    assert!(synced.is_ok_and(|s| s.success()), "the disk is synced");
    let mut server = home.serve();
    let client = home.sign_in(&server, "investigator", 0);
    // Small ones, one of several pieces, and one that comes over the copy that is there.
    let files = [(1, 0), (2, 1000), (3, 200_000), (4, 900_000), (3, 200_000)];
    let sha256s = files.map(|(seed, size)| {
        let file = kit::bytes(seed, size);
        client.upload(home.case(0), None, &file).expect("an answer").expect(201);
        kit::sha256(&file)
    });
    server.kill();
    fs::copy(&image, &copied).expect("what the disk holds");
    drop(disk);
    let checked = Command::new("e2fsck")
        .args(["-fy"])
        .arg(&copied)
        .output()
        .expect("e2fsck");
    let disk = Disk::mount(&copied, &after).expect("mounted again");
    for sha256 in sha256s {
        let file = after.join("data/files/sha256").join(&sha256[..2]).join(&sha256);
        let stored = fs::read(&file).unwrap_or_else(|e| {
            let told = String::from_utf8_lossy(&checked.stdout);
            panic!("an acknowledged file is gone: {e}; the disk's check said: {told}")
        });
        assert_eq!(kit::sha256(&stored), sha256, "an acknowledged file has other bytes");
    }
    assert_eq!(captures(&after.join("data")), known + files.len(), "captures after it");
    drop(disk);
}

/// How many captures an audit finds, which must find nothing wrong.
fn captures(data: &Path) -> usize {
    let mut audit = Command::new(kit::CASETRAIL);
    let audited = audit
        .args(["audit", "--data-dir"])
        .arg(data)
        .output()
        .expect("an audit");
    let told = String::from_utf8_lossy(&audited.stdout);
    assert!(audited.status.success() && told.starts_with("CLEAN"), "{told}");
    let words: Vec<&str> = told.split_whitespace().collect();
    let at = words
        .iter()
        .position(|w| w.starts_with("captures"))
        .expect("how many captures");
    words[at - 1].parse().expect("a number")
}

/// An image with a file system, mounted.
struct Disk(PathBuf);

impl Disk {
    fn make(image: &Path, folder: &Path, feature: &str) -> Option<Self> {
        let file = fs::File::create(image).expect("an image");
        file.set_len(128 << 20).expect("its size");
        let made = Command::new("mkfs.ext4")
            .args(["-q", "-O", feature])
            .arg(image)
            .stderr(Stdio::null())
            .status();
        if !made.is_ok_and(|s| s.success()) || !kit::has("e2fsck") {
            return None;
        }
        Self::mount(image, folder)
    }

    fn mount(image: &Path, folder: &Path) -> Option<Self> {
        fs::create_dir_all(folder).expect("a folder");
        let mut mount = Command::new("mount");
        mount.args(["-o", "loop"]).arg(image).arg(folder).stderr(Stdio::null());
        let done = mount.status().is_ok_and(|s| s.success());
        done.then(|| Self(folder.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // What still holds it lets go with its process.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
