//! Bodies whole, cut, cut off and hostile.

use std::cell::Cell;
use std::rc::Rc;

use actix_http::BoxedPayloadStream;
use futures_util::stream;

use super::*;

const TYPE: &str = "multipart/form-data; boundary=b-b";
/// Contents that look like a boundary, in part.
const CONTENTS: [&[u8]; 5] = [
    b"{}",
    b"\r\n--b-\r\n--b\r\r\n-",
    b"",
    b"--b-b\n--b-b--",
    b"\r\n\r--b-b\r\n--b-B\r",
];

fn body() -> Vec<u8> {
    let mut body = Vec::new();
    for (n, content) in CONTENTS.iter().enumerate() {
        body.extend(format!("--b-b\r\nContent-Disposition: form-data; name=\"f{n}\"\r\n\r\n").bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--b-b--\r\n");
    body
}

/// The parts of what comes in these pieces, and how many pieces were taken.
fn parts(pieces: impl Iterator<Item = Vec<u8>> + 'static) -> (Parts, Rc<Cell<usize>>) {
    let taken = Rc::new(Cell::new(0));
    let count = taken.clone();
    let pieces = stream::iter(pieces.map(move |piece| {
        count.set(count.get() + 1);
        Ok(Bytes::from(piece))
    }));
    let payload: BoxedPayloadStream = Box::pin(pieces);
    let payload = Payload::Stream { payload };
    (
        Parts::of(TYPE, payload, Duration::from_secs(5)).expect("a boundary"),
        taken,
    )
}

async fn read(parts: &mut Parts) -> Result<Vec<(String, Vec<u8>)>> {
    let mut read = Vec::new();
    while let Some(head) = parts.next().await? {
        let mut content = Vec::new();
        while let Some(chunk) = parts.chunk().await? {
            content.extend_from_slice(&chunk);
        }
        read.push((head.name, content));
    }
    Ok(read)
}

#[tokio::test]
async fn parts_are_the_same_however_the_body_is_cut_into_pieces() {
    for size in 1..=body().len() {
        let pieces: Vec<Vec<u8>> = body().chunks(size).map(<[u8]>::to_vec).collect();
        let (mut parts, _) = parts(pieces.into_iter());
        let read = read(&mut parts).await.expect("well-formed");
        let named = |(n, content): (usize, &&[u8])| (format!("f{n}"), content.to_vec());
        assert_eq!(
            read,
            CONTENTS.iter().enumerate().map(named).collect::<Vec<_>>(),
            "{size}"
        );
    }
}

#[tokio::test]
async fn a_body_that_ends_before_its_end_is_told_so_wherever_that_is() {
    let whole = body();
    for end in 0..whole.len() - "--\r\n".len() {
        let (mut parts, _) = parts(std::iter::once(whole[..end].to_vec()));
        let told = read(&mut parts).await.expect_err("it is cut off");
        let rules: Vec<&str> = told.errors.iter().map(|e| e.rule.as_ref()).collect();
        assert!(["complete", "multipart"].contains(&rules[0]), "{end}: {rules:?}");
        // Once a part has come, it is known for what it is.
        assert!(end < 60 || rules[0] == "complete", "{end}: {rules:?}");
    }
}

/// What is told of a body, whole and cut into pieces of every size: the same.
async fn told(body: &[u8]) -> std::result::Result<Vec<String>, String> {
    let mut told = None;
    for size in 1..=body.len() {
        let pieces: Vec<Vec<u8>> = body.chunks(size).map(<[u8]>::to_vec).collect();
        let (mut parts, _) = parts(pieces.into_iter());
        let read = read(&mut parts)
            .await
            .map(|read| read.into_iter().map(|(name, _)| name).collect());
        let now = read.map_err(|e| e.errors[0].rule.to_string());
        assert_eq!(told.get_or_insert_with(|| now.clone()), &now, "{size}");
    }
    told.expect("told")
}

#[tokio::test]
async fn nothing_follows_the_end() {
    let whole = body();
    let names: Vec<String> = (0..CONTENTS.len()).map(|n| format!("f{n}")).collect();
    let ended = &whole[..whole.len() - 2];
    for after in ["", "\r\n", "  \r\n\r\n"] {
        assert_eq!(
            told(&[ended, after.as_bytes()].concat()).await,
            Ok(names.clone()),
            "{after:?}"
        );
    }
    for after in ["x", "\r\nx", "anything\r\n--b-b--\r\n", "-\r\n", "\r\n--b-b--\r\n"] {
        assert_eq!(
            told(&[ended, after.as_bytes()].concat()).await,
            Err("multipart".into()),
            "{after:?}"
        );
    }
}

#[tokio::test]
async fn every_part_has_a_name() {
    let with = |head: &str| format!("--b-b\r\n{head}\r\n\r\nAAAA\r\n\r\nBBBB\r\n--b-b--").into_bytes();
    for (head, name) in [
        ("Content-Disposition: form-data; name=\"f\"", "f"),
        (
            "content-disposition: form-data; filename=\"my name is.png\"; name=\"f\"",
            "f",
        ),
        (
            "Content-Type: text/plain\r\nContent-Disposition: form-data; Name=f",
            "f",
        ),
        ("Content-Disposition: form-data; name=\"a\\\\b\"", "a\\b"),
    ] {
        assert_eq!(told(&with(head)).await, Ok(vec![name.to_owned()]), "{head}");
    }
    for head in [
        "Content-Type: text/plain",
        "Content-Disposition: attachment; name=\"f\"",
        "Content-Disposition: form-data",
        "Content-Disposition: form-data; name=\"\"",
    ] {
        assert_eq!(told(&with(head)).await, Err("multipart".into()), "{head}");
    }
    let headless = b"--b-b\r\n\r\nAAAA\r\n\r\nBBBB\r\n--b-b--";
    assert_eq!(told(headless).await, Err("multipart".into()));
}

/// `multer` would drop what lies between the head's empty line and the first one with a carriage return, `AAAA`.
#[tokio::test]
async fn the_lines_of_a_head_end_with_a_carriage_return() {
    let name = "Content-Disposition: form-data; name=\"f\"";
    let after = |line: &str, end: &str| {
        format!("anything--b-b\r\n{line}\r\n\r\n\n\r\n--b-b \r\n{line}{end}AAAA\r\n\r\nBBBB\r\n--b-b--").into_bytes()
    };
    assert_eq!(told(&after(name, "\r\n\r\n")).await, Ok(vec!["f".into(), "f".into()]));
    for end in ["\n\n", "\r\n\n", "\n\r\n", "\nContent-Type: a/b\r\n\r\n"] {
        let body = after(name, end);
        assert_eq!(told(&body).await, Err("multipart".into()), "{end:?}");
        // The first part's head as well.
        let alone = format!("x--b-b\r\n{name}{end}AAAA\r\n\r\nBBBB\r\n--b-b--");
        assert_eq!(told(alone.as_bytes()).await, Err("multipart".into()), "{end:?}");
    }
}

/// A body read as RFC 2046 writes it, whole and with nothing left over.
fn plainly(body: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let split = |text: &[u8], at: &[u8]| {
        let found = memchr::memmem::find(text, at)?;
        Some((text[..found].to_vec(), text[found + at.len()..].to_vec()))
    };
    let mut read = Vec::new();
    let (_, mut rest) = split(body, b"--b-b")?;
    while !rest.starts_with(b"--") {
        let line = rest.iter().position(|b| !b" \t".contains(b))?;
        let (head, content) = split(rest[line..].strip_prefix(b"\r\n")?, b"\r\n\r\n")?;
        let head = String::from_utf8(head).ok()?;
        let whole = head.split("\r\n").all(|line| !line.contains(['\r', '\n']));
        let (content, after) = split(&content, b"\r\n--b-b")?;
        read.push(("f".to_owned(), content));
        rest = whole.then_some(after)?;
    }
    rest[2..].iter().all(u8::is_ascii_whitespace).then_some(read)
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4000))]
    /// However odd a body is: it is read so, or refused.
    #[test]
    fn nothing_of_a_body_is_lost(
        tokens in proptest::collection::vec(proptest::sample::select(vec![
            "\r\n--b-b\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n", "\r\n--b-b--", "\r\n--b-b",
            "\r\n--b-b\r\nContent-Disposition: form-data; name=\"f\"\n", "Content-Disposition: form-data; name=\"f\"", "A: b", "\r\n\r\n", "\r\n", "\n", "\r", "--", "b-b", "-", " ", "x",
        ]), 0..12),
        ended in proptest::bool::weighted(0.8),
        size in 1..80usize,
    ) {
        let body = [tokens.concat().as_bytes(), if ended { b"\r\n--b-b--\r\n" } else { b"" }].concat();
        let pieces: Vec<Vec<u8>> = body.chunks(size).map(<[u8]>::to_vec).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let (mut parts, _) = parts(pieces.into_iter());
        let read = runtime.block_on(read(&mut parts)).ok();
        proptest::prop_assert!(read.is_none() || read == plainly(&body), "{:?}: {:?}", String::from_utf8_lossy(&body), read);
    }
}

#[test]
fn a_boundary_has_1_to_70_characters() {
    for (length, right) in [(0, false), (1, true), (70, true), (71, false)] {
        let named = format!("multipart/form-data; boundary={}", "b".repeat(length));
        assert_eq!(
            Parts::of(&named, Payload::None, Duration::ZERO).is_ok(),
            right,
            "{length}"
        );
    }
    for other in [
        "multipart/form-data",
        "multipart/form-data-x; boundary=b",
        "multipart/mixed; boundary=b",
    ] {
        assert!(Parts::of(other, Payload::None, Duration::ZERO).is_err(), "{other}");
    }
}

#[tokio::test]
async fn no_more_of_an_endless_body_is_taken_than_is_used() {
    let head = b"--b-b\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n".to_vec();
    let endless = std::iter::once(head).chain(std::iter::repeat_with(|| vec![7; 1000]));
    let (mut parts, taken) = parts(endless);
    parts.next().await.expect("a part");
    for n in 0..50 {
        assert_eq!(taken.get(), n + 1);
        parts.chunk().await.expect("content");
    }
    parts.drain().await;
    assert!((DRAIN..DRAIN + 100_000).contains(&(taken.get() * 1000)));
}

#[tokio::test]
async fn the_head_of_a_part_and_what_stands_before_all_are_bounded() {
    let named = b"--b-b\r\nContent-Disposition: form-data; name=\"".to_vec();
    for start in [Vec::new(), named] {
        let endless = std::iter::once(start).chain(std::iter::repeat_with(|| vec![b'x'; 1000]));
        let (mut parts, taken) = parts(endless);
        let told = parts.next().await.err().expect("too long");
        assert_eq!(told.errors[0].rule, "multipart");
        assert!(taken.get() <= HEAD / 1000 + 2, "{}", taken.get());
    }
}

#[tokio::test]
async fn blanks_after_the_end_have_an_end_too() {
    let endless = std::iter::once(body()).chain(std::iter::repeat_with(|| vec![b' '; 1000]));
    let (mut parts, taken) = parts(endless);
    let told = read(&mut parts).await.expect_err("too long");
    assert_eq!(told.errors[0].rule, "multipart");
    assert!(taken.get() <= HEAD / 1000 + 3, "{}", taken.get());
}
