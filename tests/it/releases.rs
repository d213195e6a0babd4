//! What earlier versions wrote lies in `tests/packets`, a folder for each version. This version opens and migrates their
//! installations, audits them clean and serves them, and their packets still verify. How a release adds a folder of its
//! own is told in `tests/packets/README.md`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use casetrail::bag::verify_path;
use casetrail::clock::{self, Clock, HOUR, Micros, SetClock};
use casetrail::proof::Digest;
use casetrail::proof::checkpoint::VerifyingKey;
use casetrail::verify::trust::Trust;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::kit::{Case, Client, Server, at, config};
use crate::packets::{ask, download, ready};

/// A version as numbers, so that versions have an order.
type Version = [u64; 3];

/// What one version left.
struct Release {
    version: Version,
    folder: PathBuf,
    /// Its people, its cases and its key.
    told: Value,
}

fn version(text: &str) -> Version {
    let parts: Vec<u64> = text
        .split('.')
        .map(|n| n.parse().unwrap_or_else(|_| panic!("{text} is no version")))
        .collect();
    parts.try_into().unwrap_or_else(|_| panic!("{text} is no version"))
}

/// All of them, the oldest first.
fn releases() -> Vec<Release> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packets");
    let folders = fs::read_dir(all)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.is_dir());
    let mut releases: Vec<Release> = folders
        .map(|folder| Release {
            version: version(folder.file_name().unwrap().to_str().unwrap()),
            told: serde_json::from_slice(&fs::read(folder.join("installation.json")).unwrap()).unwrap(),
            folder,
        })
        .collect();
    releases.sort_by_key(|r| r.version);
    releases
}

impl Release {
    /// Shortly after it was made, so that what was granted for a time holds for ever.
    fn clock(&self) -> SetClock {
        let made: Micros = clock::parse(self.told["made_at"].as_str().unwrap()).unwrap();
        SetClock::at(made + HOUR)
    }

    /// A copy of its data folder.
    fn installation(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let archive = self.folder.join("installation.tar.gz");
        let done = Command::new("tar")
            .arg("-xzf")
            .arg(archive)
            .arg("-C")
            .arg(folder.path())
            .status();
        assert!(done.is_ok_and(|s| s.success()), "{:?}: tar", self.version);
        folder
    }

    #[track_caller]
    fn verifies(&self, packet: &Path) {
        let key = VerifyingKey::parse(self.told["log_vkey"].as_str().unwrap()).unwrap();
        let trust = Trust {
            key: Some(key),
            ..Trust::default()
        };
        let report = verify_path(packet, &trust);
        assert_eq!(
            report.exit_code,
            0,
            "{:?}: {}",
            self.version,
            serde_json::to_string_pretty(&report).unwrap()
        );
    }

    fn packet(&self) -> PathBuf {
        self.folder.join("packet.zip")
    }

    /// Everybody of a role, signed in with the password of then.
    fn sign_in(&self, served: &Served, role: &str) -> Vec<Client> {
        let users = self.told["users"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|u| u["roles"][0] == role);
        users
            .map(|user| {
                let words = json!({"username": user["username"], "password": user["password"]});
                let mut client = Client::nobody(&served.server.url, &served.clock);
                let session = client.post("/api/v1/sessions", words).is(201);
                client.id = id(user);
                client.token = Some(session["access_token"].as_str().unwrap().to_owned());
                client
            })
            .collect()
    }
}

/// An installation of an earlier version, served by this one.
struct Served {
    server: Server,
    clock: SetClock,
}

impl Served {
    fn new(release: &Release, data: &Path) -> Self {
        let clock = release.clock();
        let server = Server::start(config(data, None, &[]), at(&clock));
        Self { server, clock }
    }
}

/// `casetrail audit` finds nothing wrong. Answers the report.
#[track_caller]
fn audited_clean(data: &Path) -> Value {
    let mut audit = Command::new(env!("CARGO_BIN_EXE_casetrail"));
    audit.env_clear().args(["audit", "--json", "--data-dir"]).arg(data);
    let done = audit.output().unwrap();
    let (told, failure) = (
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr),
    );
    assert!(done.status.success(), "{told}{failure}");
    serde_json::from_str(&told).unwrap()
}

/// All items of a list that fits on one page.
fn items(client: &Client, path: &str) -> Vec<Value> {
    let listed = client.get(path).is(200);
    listed["items"].as_array().unwrap().clone()
}

fn id(of: &Value) -> String {
    of["id"].as_str().unwrap().to_owned()
}

/// Reads a case with its captures and their files; answers how many captures and files there were.
fn read(client: &Client, case: &Case) -> [usize; 2] {
    client.get(&case.path("")).is(200);
    let captures = items(client, &case.path("captures"));
    let mut files = 0;
    for capture in &captures {
        let shown = client.get(&format!("/api/v1/captures/{}", id(capture))).is(200);
        // What is withheld was never there.
        let all = shown["files"].as_array().into_iter().flatten();
        for file in all.filter(|f| f["withheld"].is_null()) {
            let sha256 = file["sha256"].as_str().unwrap();
            let answer = client.get(&format!("/api/v1/files/{}/{sha256}", id(capture)));
            assert_eq!(
                (answer.status, Digest::of(&answer.body).to_string().as_str()),
                (200, sha256),
                "{file}"
            );
            files += 1;
        }
    }
    [captures.len(), files]
}

/// Those who work on cases sign in, find all of them, and read what is in them.
fn serves_what_it_holds(release: &Release, served: &Served) {
    let (mut found, mut most) = (BTreeSet::new(), [0, 0]);
    for client in ["investigator", "supervisor"]
        .iter()
        .flat_map(|role| release.sign_in(served, role))
    {
        for case in items(&client, "/api/v1/cases") {
            let [captures, files] = read(&client, &Case::named(&id(&case)));
            most = [most[0].max(captures), most[1].max(files)];
            found.insert(id(&case));
        }
    }
    let told: BTreeSet<String> = release.told["cases"].as_array().unwrap().iter().map(id).collect();
    assert_eq!(found, told, "{:?}", release.version);
    assert!(
        most[0] > 0 && most[1] > 0,
        "{:?}: {most:?} captures and files",
        release.version
    );
}

/// Its first case takes a capture under an authorization of then.
fn takes_a_capture(release: &Release, served: &Served) {
    let lead = &release.sign_in(served, "investigator")[0];
    let case = Case::named(&id(&release.told["cases"][0]));
    let capture = json!({
        "kind": "post", "platform": "instagram", "url": "https://instagram.example/p/1", "text": "a later post",
        "captured_at": clock::format(served.clock.now()), "method": "manual_screenshot",
        "tool": {"name": "Chromium", "version": "156.0"}, "level": "overt", "device": "agency",
        "files": [{"part": "f", "role": "screenshot", "name": "later.png"}],
    });
    let made = lead
        .upload(&case, &capture, &[("f", b"\x89PNG\r\n\x1a\n later")])
        .is(201);
    assert_eq!(
        lead.get(&format!("/api/v1/captures/{}", id(&made))).is(200)["text"],
        "a later post"
    );
}

/// The packet of then is downloaded as it was, and a new one of the same case verifies with the same key.
fn exports(release: &Release, served: &Served) {
    let mut exported = 0;
    for client in release.sign_in(served, "prosecutor") {
        for case in items(&client, "/api/v1/cases").iter().map(|c| Case::named(&id(c))) {
            for old in items(&client, &case.path("packets")) {
                let (_keep, file) = download(&client, &old);
                assert_eq!(fs::read(file).unwrap(), fs::read(release.packet()).unwrap(), "{old}");
                let new = ready(&client, &ask(&client, &case, json!({"purpose": "court_exhibits"})));
                let (_keep, file) = download(&client, &new);
                release.verifies(&file);
                exported += 1;
            }
        }
    }
    assert_ne!(exported, 0, "{:?}: nobody finds its packet", release.version);
}

#[test]
fn this_version_opens_what_earlier_versions_wrote() {
    for release in releases() {
        release.verifies(&release.packet());
        let data = release.installation();
        // Starting brings it to the schema of this version.
        drop(Served::new(&release, data.path()));
        let before = audited_clean(data.path());
        let served = Served::new(&release, data.path());
        serves_what_it_holds(&release, &served);
        takes_a_capture(&release, &served);
        exports(&release, &served);
        drop(served);
        let after = audited_clean(data.path());
        let events = |report: &Value| report["counts"]["events"].as_u64().unwrap();
        assert!(events(&after) > events(&before), "{:?}", release.version);
    }
}

/// The version in Cargo.toml is that of the last folder or the next after it: whoever goes further has released a version
/// that left nothing here.
#[test]
fn every_release_left_its_installation() {
    let versions: Vec<Version> = releases().iter().map(|r| r.version).collect();
    let [major, minor, patch] = *versions.last().expect("a release");
    let next = [
        [major, minor, patch],
        [major, minor, patch + 1],
        [major, minor + 1, 0],
        [major + 1, 0, 0],
    ];
    let own = version(env!("CARGO_PKG_VERSION").split('-').next().unwrap());
    assert!(
        next.contains(&own),
        "{own:?} follows a release that is not among {versions:?}: see tests/packets/README.md"
    );
}
