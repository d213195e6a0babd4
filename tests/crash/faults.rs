//! A disk that fails: system calls answer EIO or ENOSPC on demand, by a small library that is loaded before libc.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::both_databases;
use crate::database;
use crate::http::{Client, capture};
use crate::kit::{self, Database, Home, SERVE, Server, Sql};
use crate::skip::skip;

both_databases!(a_file_that_cannot_be_synced);
both_databases!(a_file_that_cannot_be_written);
both_databases!(a_file_whose_sync_takes_long_holds_up_nobody_else);

/// The file named by CRASH_FAULT holds `fsync WORD` or `write WORD`: such calls on paths with that word fail. With
/// `stall WORD` such a sync waits until that is gone.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int faulty(const char *call, int fd) {
    const char *named = getenv("CRASH_FAULT");
    char want[256], kind[16] = "", word[200] = "", link[64], path[1024];
    int f = named ? syscall(SYS_open, named, O_RDONLY | O_CLOEXEC) : -1;
    if (f < 0) return 0;
    ssize_t n = syscall(SYS_read, f, want, sizeof want - 1);
    syscall(SYS_close, f);
    if (n <= 0) return 0;
    want[n] = 0;
    if (sscanf(want, "%15s %199s", kind, word) != 2 || strcmp(kind, call)) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t m = syscall(SYS_readlink, link, path, sizeof path - 1);
    if (m <= 0) return 0;
    path[m] = 0;
    return strstr(path, word) != NULL;
}
#define REAL(name) static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name)
static void stall(int fd) {
    char seen[1024];
    if (!faulty("stall", fd)) return;
    snprintf(seen, sizeof seen, "%s.seen", getenv("CRASH_FAULT"));
    close(syscall(SYS_open, seen, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    while (faulty("stall", fd)) usleep(2000);
    unlink(seen);
}
int fsync(int fd) { REAL(fsync); stall(fd); if (faulty("fsync", fd)) { errno = EIO; return -1; } return real(fd); }
int fdatasync(int fd) { REAL(fdatasync); if (faulty("fsync", fd)) { errno = EIO; return -1; } return real(fd); }
ssize_t write(int fd, const void *b, size_t n) { REAL(write); if (faulty("write", fd)) { errno = ENOSPC; return -1; } return real(fd, b, n); }
ssize_t writev(int fd, const struct iovec *v, int n) { REAL(writev); if (faulty("write", fd)) { errno = ENOSPC; return -1; } return real(fd, v, n); }
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t o) { REAL(pwrite64); if (faulty("write", fd)) { errno = ENOSPC; return -1; } return real(fd, b, n, o); }
ssize_t pwrite(int fd, const void *b, size_t n, off_t o) { REAL(pwrite); if (faulty("write", fd)) { errno = ENOSPC; return -1; } return real(fd, b, n, o); }
"#;

/// A server whose disk fails when the test says so.
struct Faulty {
    home: Home,
    server: Server,
    client: Client,
    fault: PathBuf,
}

impl Faulty {
    fn start(base: Database) -> Option<Self> {
        let home = Home::new(base);
        let Some(shim) = compile(home.dir.path()) else {
            skip("faults of the disk", "gcc is missing or cannot build a shared library");
            return None;
        };
        let fault = home.dir.path().join("fault");
        let mut command = home.command(SERVE);
        command.env("LD_PRELOAD", shim).env("CRASH_FAULT", &fault);
        let server = Server::start(command, home.dir.path());
        let client = home.sign_in(&server, "investigator", 0);
        Some(Self {
            home,
            server,
            client,
            fault,
        })
    }

    fn break_at(&self, what: &str) {
        let beside = self.fault.with_extension("new");
        fs::write(&beside, what)
            .and_then(|()| fs::rename(&beside, &self.fault))
            .expect("a fault");
    }

    /// Waits until a sync waits for the end of the fault.
    fn await_stall(&self) {
        let until = Instant::now() + Duration::from_secs(20);
        while !self.fault.with_extension("seen").exists() {
            assert!(Instant::now() < until, "no file was synced");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn mend(&self) {
        fs::remove_file(&self.fault).expect("a fault");
    }

    fn captures(&self) -> i64 {
        database::captures(&mut Sql::open(&self.home))
    }

    /// It still answers, takes uploads again, and nothing is wrong.
    fn survived(self) {
        self.client
            .upload(self.home.case(0), None, &kit::bytes(99, 5000))
            .expect("an answer")
            .expect(201);
        self.server.stop();
        database::assert_chains(&mut Sql::open(&self.home));
        self.home.assert_clean();
    }
}

fn compile(folder: &Path) -> Option<PathBuf> {
    let (source, shim) = (folder.join("fault.c"), folder.join("fault.so"));
    fs::write(&source, SHIM).expect("a source");
    let built = Command::new("gcc")
        .args(["-shared", "-fPIC", "-O1", "-w", "-o"])
        .arg(&shim)
        .arg(&source)
        .arg("-ldl")
        .output()
        .ok()?;
    built.status.success().then_some(shim)
}

fn a_file_that_cannot_be_synced(base: Database) {
    let Some(it) = Faulty::start(base) else { return };
    let before = it.captures();
    // The file itself, and then the folder that holds its name.
    for (n, place) in ["fsync files/incoming/", "fsync files/sha256/"].into_iter().enumerate() {
        it.break_at(place);
        let answer = it
            .client
            .upload(
                it.home.case(0),
                Some(&format!("eio-{n}")),
                &kit::bytes(n as u64, 200_000),
            )
            .expect("an answer");
        assert_eq!(answer.status, 500, "{place}");
        assert_eq!(answer.slug(), "internal");
        assert!(
            it.server.log().contains("Input/output error"),
            "the log says what broke"
        );
        it.client.get("/api/v1/me").expect(200);
        it.mend();
        assert_eq!(it.captures(), before + n as i64, "nothing of it was kept");
        it.client
            .upload(
                it.home.case(0),
                Some(&format!("eio-{n}")),
                &kit::bytes(n as u64, 200_000),
            )
            .expect("an answer")
            .expect(201);
    }
    assert_eq!(
        fs::read_dir(it.home.files().join("incoming"))
            .expect("incoming")
            .count(),
        0
    );
    it.survived();
}

fn a_file_whose_sync_takes_long_holds_up_nobody_else(base: Database) {
    let Some(it) = Faulty::start(base) else { return };
    for (n, place) in ["files/incoming/", "files/sha256/"].into_iter().enumerate() {
        let (before, bytes) = (it.captures(), kit::bytes(8 + n as u64, 200_000));
        it.break_at(&format!("stall {place}"));
        std::thread::scope(|scope| {
            let upload = scope.spawn(|| it.client.upload(it.home.case(0), None, &bytes));
            it.await_stall();
            for n in 0..8 {
                let path = format!("/api/v1/cases/{}/captures", it.home.case(0));
                it.client.post(&path, &capture(&format!("beside {n}"), 0)).expect(201);
            }
            assert!(!upload.is_finished(), "it is answered when its file is safe");
            assert_eq!(it.captures(), before + 8, "and recorded then");
            it.mend();
            upload.join().expect("no panic").expect("an answer").expect(201);
        });
        assert_eq!(it.captures(), before + 9);
    }
    it.survived();
}

fn a_file_that_cannot_be_written(base: Database) {
    let Some(it) = Faulty::start(base) else { return };
    let before = it.captures();
    it.break_at("write files/incoming/");
    let answer = it
        .client
        .upload(it.home.case(0), None, &kit::bytes(7, 900_000))
        .expect("an answer")
        .expect(503);
    assert_eq!(answer.slug(), "disk-full");
    assert_eq!(answer.header("retry-after"), Some("60"));
    it.client.get("/api/v1/me").expect(200);
    assert_eq!(
        fs::read_dir(it.home.files().join("incoming"))
            .expect("incoming")
            .count(),
        0
    );
    it.mend();
    assert_eq!(it.captures(), before);
    it.survived();
}

/// The database's own writes and syncs fail: each of many at once is refused, none is answered for work that was
/// rolled back under it, and reads go on.
#[test]
fn a_database_that_cannot_be_written() {
    for (fault, status, slug) in [
        ("fsync casetrail.db-wal", 500, "internal"),
        ("write casetrail.db-wal", 503, "disk-full"),
    ] {
        let Some(it) = Faulty::start(Database::Sqlite) else {
            return;
        };
        let before = it.captures();
        it.break_at(fault);
        std::thread::scope(|scope| {
            for n in 0..12 {
                let it = &it;
                scope.spawn(move || {
                    let answer = it.client.post(
                        &format!("/api/v1/cases/{}/captures", it.home.case(0)),
                        &capture(&format!("full {n}"), 0),
                    );
                    assert_eq!((answer.status, answer.slug().as_str()), (status, slug), "{fault}");
                });
            }
        });
        it.client.get("/api/v1/me").expect(200);
        it.client.get("/healthz").expect(200);
        it.mend();
        assert_eq!(it.captures(), before, "nothing was kept that was refused");
        // The sequencer, too, goes on.
        kit::await_signed(&it.home.data, &mut Sql::open(&it.home));
        it.survived();
    }
}
