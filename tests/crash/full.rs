//! A full disk: a small one of its own, which needs the right to mount.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::both_databases;
use crate::database;
use crate::http::{Answer, Client, capture};
use crate::kit::{self, Database, Home, Server, Sql};
use crate::skip::skip;

both_databases!(full_of_files);
both_databases!(reserve_is_kept);

/// A file system in memory, of a fixed size.
struct Small(PathBuf);

impl Small {
    fn mount(folder: &Path, size: &str) -> Option<Self> {
        fs::create_dir_all(folder).expect("a folder");
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "casetrail-crash"])
            .arg(folder)
            .stderr(Stdio::null())
            .status();
        if done.is_ok_and(|s| s.success()) {
            return Some(Self(folder.to_owned()));
        }
        skip("full disks", "mounting a tmpfs is not permitted here (it takes root)");
        None
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // What still holds it lets go with its process.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn small_home(base: Database, size: &str, reserve: &str) -> Option<(Home, Small)> {
    let dir = tempfile::tempdir().expect("a folder");
    let disk = dir.path().join("disk");
    let small = Small::mount(&disk, size)?;
    Some((
        Home::at(base, dir, disk.join("data")).with("disk_reserve", reserve),
        small,
    ))
}

/// Uploads until one is refused: what was kept, and the refusal.
fn fill(home: &Home, client: &Client, size: usize) -> (Vec<(String, String)>, Answer) {
    let mut kept = Vec::new();
    for n in 0..200 {
        let file = kit::bytes(5000 + n, size);
        let answer = client.upload(home.case(0), None, &file).expect("an answer");
        if answer.status != 201 {
            return (kept, answer);
        }
        kept.push((
            answer.json()["id"].as_str().expect("an id").to_owned(),
            kit::sha256(&file),
        ));
    }
    panic!("the disk does not fill");
}

fn assert_kept(home: &Home, kept: &[(String, String)]) {
    for (_, sha256) in kept {
        let stored = fs::read(home.file(sha256)).expect("an acknowledged file");
        assert_eq!(&kit::sha256(&stored), sha256);
    }
}

/// Space is made, and all goes on as if nothing had been.
fn goes_on(home: &Home, server: Server, client: &Client, kept: &[(String, String)]) {
    client
        .upload(home.case(0), None, &kit::bytes(9, 5000))
        .expect("an answer")
        .expect(201);
    for (id, _) in kept {
        client.get(&format!("/api/v1/captures/{id}")).expect(200);
    }
    server.stop();
    assert_kept(home, kept);
    database::assert_chains(&mut Sql::open(home));
    home.assert_clean();
}

fn reserve_is_kept(base: Database) {
    let Some((home, _small)) = small_home(base, "40m", "16000000") else {
        return;
    };
    let server = home.serve();
    let client = home.sign_in(&server, "investigator", 0);
    let (kept, refused) = fill(&home, &client, 2_000_000);
    assert!(!kept.is_empty());
    assert_eq!(refused.expect(503).slug(), "disk-reserve");
    // What is in reserve is for the ledger: reads are recorded, and JSON goes in.
    client.get(&format!("/api/v1/captures/{}", kept[0].0)).expect(200);
    client
        .post(
            &format!("/api/v1/cases/{}/captures", home.case(0)),
            &capture("no file", 0),
        )
        .expect(201);
    let ready = server.nobody().get("/readyz");
    assert!(matches!(ready.status, 200 | 503), "{}", ready.status);
    server.stop();
    assert_kept(&home, &kept);
    home.assert_clean();
}

fn full_of_files(base: Database) {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    let home = Home::at(base, dir, data).with("disk_reserve", "0");
    // Only the files are on the small disk.
    let aside = home.dir.path().join("aside");
    fs::rename(home.files(), &aside).expect("files aside");
    let Some(_small) = Small::mount(&home.files(), "24m") else {
        return;
    };
    kit::copy(&aside, &home.files());
    let server = home.serve();
    let client = home.sign_in(&server, "investigator", 0);
    let ballast = home.files().join("ballast");
    fs::write(&ballast, kit::bytes(3, 4_000_000)).expect("ballast");
    let (kept, refused) = fill(&home, &client, 1_500_000);
    assert!(!kept.is_empty());
    let slug = refused.expect(503).slug();
    assert!(matches!(slug.as_str(), "disk-full" | "disk-reserve"), "{slug}");
    client.get(&format!("/api/v1/captures/{}", kept[0].0)).expect(200);
    let read = client
        .get(&format!("/api/v1/files/{}/{}", kept[0].0, kept[0].1))
        .expect(200);
    assert_eq!(kit::sha256(&read.body), kept[0].1);
    assert_eq!(
        fs::read_dir(home.files().join("incoming")).expect("incoming").count(),
        0
    );
    fs::remove_file(ballast).expect("ballast");
    goes_on(&home, server, &client, &kept);
}

/// Files and database share the full disk.
#[test]
fn full_with_its_database() {
    let Some((home, small)) = small_home(Database::Sqlite, "32m", "0") else {
        return;
    };
    let server = home.serve();
    let client = home.sign_in(&server, "investigator", 0);
    let free = rustix::fs::statvfs(&small.0)
        .map(|s| s.f_bavail * s.f_frsize)
        .expect("statvfs");
    let ballast = small.0.join("ballast");
    fs::write(
        &ballast,
        kit::bytes(3, usize::try_from(free.saturating_sub(1_500_000)).expect("a size")),
    )
    .expect("ballast");
    let (mut kept, refused) = fill(&home, &client, 150_000);
    refused.expect(503);
    // Small ones until not even a page fits.
    let mut slug = String::new();
    for n in 0..3000 {
        let answer = client.post(
            &format!("/api/v1/cases/{}/captures", home.case(0)),
            &capture(&format!("{n} {}", "x".repeat(15_000)), 0),
        );
        if answer.status != 201 {
            slug = answer.expect(503).slug();
            break;
        }
        kept.push((answer.json()["id"].as_str().expect("an id").to_owned(), String::new()));
    }
    assert_eq!(slug, "disk-full");
    client.get("/api/v1/me").expect(200);
    server.nobody().get("/healthz").expect(200);
    // A view that cannot be recorded is not shown: it fails closed.
    let view = client.get(&format!("/api/v1/captures/{}", kept[0].0));
    assert!(matches!(view.status, 200 | 503), "{}", view.status);
    fs::remove_file(ballast).expect("ballast");
    for (id, _) in &kept {
        client.get(&format!("/api/v1/captures/{id}")).expect(200);
    }
    kept.retain(|(_, sha256)| !sha256.is_empty());
    goes_on(&home, server, &client, &kept);
}
