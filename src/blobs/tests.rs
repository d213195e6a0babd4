//! The same bodies on each store.

use std::io::Read;
use std::sync::Arc;

use super::*;
use crate::proof::id::Digest;

/// Runs a body on an empty local folder, and in memory.
fn on_each(body: impl Fn(Blobs)) {
    let folder = tempfile::tempdir().expect("a folder");
    let local = Local::at(
        &folder.path().join("files"),
        &folder.path().join("packets"),
        &folder.path().join("pictures"),
    );
    local.make_folders().expect("folders");
    body(Blobs::new(Arc::new(local)).expect("a store"));
    body(Blobs::new(Arc::new(Memory::default())).expect("a store"));
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(future)
}

fn receive(blobs: &Blobs, bytes: &[u8], reserve: u64) -> Result<Received> {
    block_on(async {
        let mut incoming = blobs.receive(1 << 20, reserve);
        incoming.push(bytes).await?;
        incoming.end().await?.write()
    })
}

fn read(blobs: &Blobs, key: &Key, range: std::ops::Range<u64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut reader = blobs.open(key, range).expect("it is there");
    reader.read_to_end(&mut bytes).expect("it can be read");
    bytes
}

fn keys(blobs: &Blobs, shelf: Shelf) -> Vec<Key> {
    let list = blobs.list(shelf).expect("a list");
    list.filter_map(|found| found.expect("an entry").key).collect()
}

#[test]
fn files_of_one_piece_and_of_more_lie_under_their_hash() {
    on_each(|blobs| {
        for size in [0, 1, PIECE - 1, PIECE, PIECE + 1] {
            let bytes = vec![7; size];
            let received = receive(&blobs, &bytes, 0).expect("written");
            let key = Key::File(Digest::of(&bytes));
            assert_eq!(Key::File(received.sha256), key);
            assert_eq!(blobs.size(&key).expect("a size"), None);
            blobs.keep(vec![received]).expect("kept");
            assert_eq!(blobs.size(&key).expect("a size"), Some(size as u64));
            assert_eq!(read(&blobs, &key, WHOLE), bytes);
            assert_eq!(blobs.sweep().expect("swept"), 0);
        }
        assert_eq!(keys(&blobs, Shelf::Files).len(), 5);
    });
}

#[test]
fn without_room_no_file_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let local = Local::at(
        folder.path(),
        &folder.path().join("packets"),
        &folder.path().join("pictures"),
    );
    local.make_folders().expect("folders");
    let blobs = Blobs::new(Arc::new(local)).expect("a store");
    let refused = receive(&blobs, b"bytes", u64::MAX).expect_err("no room");
    assert_eq!(refused.code, "disk-reserve");
    assert!(keys(&blobs, Shelf::Files).is_empty());
    assert_eq!(blobs.sweep().expect("swept"), 0);
}

#[test]
fn a_pipe_in_place_of_a_file_is_not_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let local = Local::at(
        &folder.path().join("files"),
        &folder.path().join("packets"),
        &folder.path().join("pictures"),
    );
    let key = Digest::of(b"x");
    let place = folder.path().join(format!("files/sha256/{}", &key.to_string()[..2]));
    std::fs::create_dir_all(&place).expect("made");
    let made = std::process::Command::new("mkfifo")
        .arg(place.join(key.to_string()))
        .status();
    assert!(made.expect("mkfifo").success());
    assert!(local.open(&Key::File(key), WHOLE).is_err());
}

#[test]
fn a_range_is_read_alone() {
    on_each(|blobs| {
        let received = receive(&blobs, b"0123456789", 0).expect("written");
        let key = Key::File(received.sha256);
        blobs.keep(vec![received]).expect("kept");
        for (range, wanted) in [
            (0..4, &b"0123"[..]),
            (4..10, b"456789"),
            (8..99, b"89"),
            (10..12, b""),
            (99..100, b""),
        ] {
            assert_eq!(read(&blobs, &key, range), wanted);
        }
    });
}

#[test]
fn a_packet_is_written_put_and_removed() {
    use std::io::Write;
    on_each(|blobs| {
        let key = Key::Packet("p-1".into());
        for bytes in [&b"first"[..], b"second, over the first"] {
            let mut file = blobs.packet_file(0).expect("a file");
            file.write_all(bytes).expect("written");
            let written = file.finish().expect("finished");
            assert_eq!((written.size, written.sha256), (bytes.len() as u64, Digest::of(bytes)));
            blobs.put(&key, written.file).expect("put");
            assert_eq!(read(&blobs, &key, WHOLE), bytes);
        }
        assert_eq!(keys(&blobs, Shelf::Packets), std::slice::from_ref(&key));
        assert!(keys(&blobs, Shelf::Files).is_empty());
        for _ in 0..2 {
            blobs.remove(&key).expect("removed, or not there");
            assert_eq!(blobs.size(&key).expect("a size"), None);
            assert_eq!(
                blobs.open(&key, WHOLE).err().map(|e| e.kind()),
                Some(std::io::ErrorKind::NotFound)
            );
        }
    });
}

#[test]
fn a_temporary_file_is_written_read_and_emptied() {
    use std::io::{Seek, Write};
    on_each(|blobs| {
        let mut file = blobs.temp_file(Shelf::Packets).expect("a file");
        for text in ["a longer text", "short"] {
            file.empty().expect("emptied");
            file.write_all(text.as_bytes()).expect("written");
            file.rewind().expect("rewound");
            let mut read = String::new();
            file.read_to_string(&mut read).expect("read");
            assert_eq!(read, text);
        }
        drop(file);
        assert!(keys(&blobs, Shelf::Packets).is_empty());
    });
}

#[test]
fn what_an_earlier_run_left_is_swept() {
    let folder = tempfile::tempdir().expect("a folder");
    let (files, packets) = (folder.path().join("files"), folder.path().join("packets"));
    let local = Local::at(&files, &packets, &folder.path().join("pictures"));
    local.make_folders().expect("folders");
    let write = |path: std::path::PathBuf| std::fs::write(path, b"left").expect("a file");
    write(files.join("incoming/0000000000000001"));
    for name in ["a.part", "a.spool", "a.zip"] {
        write(packets.join(name));
    }
    write(files.join("sha256/00/stray"));
    assert_eq!(local.sweep().expect("swept"), 1);
    let blobs = Blobs::new(Arc::new(local)).expect("a store");
    assert_eq!(keys(&blobs, Shelf::Packets), [Key::Packet("a".into())]);
    let stray: Vec<Found> = blobs.list(Shelf::Files).expect("a list").flatten().collect();
    assert!(stray.len() == 1 && stray[0].key.is_none() && stray[0].place.ends_with("sha256/00/stray"));
}

#[test]
fn an_upload_goes_on_after_a_restart() {
    let bytes: Vec<u8> = (0..PIECE * 2 + 77).map(|n| (n % 251) as u8).collect();
    on_each(|blobs| {
        let cut = PIECE + 5;
        block_on(async {
            let mut turn = blobs.turn("u").await.expect("a turn");
            let resumed = blobs.resume(&mut turn, "u", 0).expect("a new file");
            let mut incoming = blobs.go_on(resumed, 1 << 20, 0);
            incoming.push(&bytes[..cut]).await.expect("taken");
            turn.keep(incoming.pause().await.expect("kept"));
        });
        // Another process over the same store: nothing is in memory, and the last five bytes were not noted.
        let again = Blobs::new(blobs.store()).expect("a store");
        let whole = block_on(async {
            let mut turn = again.turn("u").await.expect("a turn");
            let resumed = again.resume(&mut turn, "u", PIECE as u64).expect("what is there");
            assert_eq!(resumed.size(), PIECE as u64);
            let mut incoming = again.go_on(resumed, 1 << 20, 0);
            incoming.push(&bytes[PIECE..]).await.expect("taken");
            incoming.pause().await.expect("kept").finish()
        });
        assert_eq!(whole.hashed.sha256, Digest::of(&bytes));
        assert_eq!(again.partials().expect("a list"), ["u"]);
        let kind = whole.media_type.into_owned();
        let arrived = again
            .arrived("u", whole.hashed, kind.clone())
            .expect("read")
            .expect("all of it");
        again.keep(vec![arrived]).expect("stored");
        assert_eq!(read(&again, &Key::File(whole.hashed.sha256), WHOLE), bytes);
        // A retry finds the bytes under their hash.
        assert!(again.arrived("u", whole.hashed, kind).expect("read").is_some());
        again.forget("u").expect("removed");
        assert!(again.partials().expect("a list").is_empty());
    });
}

#[test]
fn who_goes_on_stops_who_wrote_before() {
    let blobs = Blobs::new(Arc::new(Memory::default())).expect("a store");
    block_on(async {
        let before = blobs.turn("u").await.expect("a turn");
        let (stopped, ()) = tokio::join!(
            async {
                let next = blobs.turn("u").await;
                next.is_ok()
            },
            async {
                before.wanted().await;
                drop(before);
            }
        );
        assert!(stopped);
    });
}
