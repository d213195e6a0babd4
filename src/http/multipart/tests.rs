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
async fn what_follows_the_end_holds_no_boundary() {
    let whole = body();
    let names: Vec<String> = (0..CONTENTS.len()).map(|n| format!("f{n}")).collect();
    let ended = &whole[..whole.len() - 2];
    for after in ["", "\r\n", "  \r\n\r\n", "\r\nanything", "\t\r\n-- b-b\r\n--b-", "\n\0"] {
        assert_eq!(
            told(&[ended, after.as_bytes()].concat()).await,
            Ok(names.clone()),
            "{after:?}"
        );
    }
    for after in [
        "x",
        " x\r\n",
        "\r\nx\r\n--b-b--",
        "anything\r\n--b-b--\r\n",
        "-\r\n",
        "\r\n--b-b--\r\n",
        "\r\n\r\n--b-b",
    ] {
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

/// Otherwise what lies between the first empty line and the first one with a carriage return, `AAAA`, would be lost.
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

/// A body read as RFC 2046 writes it, whole and with nothing left over: heads and contents.
fn plainly(body: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let split = |text: &[u8], at: &[u8]| {
        let found = memchr::memmem::find(text, at)?;
        Some((text[..found].to_vec(), text[found + at.len()..].to_vec()))
    };
    let mut read = Vec::new();
    let (_, mut rest) = split(body, b"--b-b")?;
    while !rest.starts_with(b"--") {
        let line = rest.iter().position(|b| !b" \t".contains(b))?;
        let (head, content) = split(rest[line..].strip_prefix(b"\r\n")?, b"\r\n\r\n")?;
        let ends = memchr::memmem::find_iter(&head, b"\r\n").count() * 2;
        // In quotes a file's name may hold a carriage return.
        let whole = head.iter().filter(|b| **b == b'\n').count() * 2 == ends;
        let (content, after) = split(&content, b"\r\n--b-b")?;
        read.push((head, content));
        rest = whole.then_some(after)?;
    }
    let after = &rest[2..];
    let blank = after.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let apart = blank == after.len() || after[..blank].contains(&b'\n');
    (apart && memchr::memmem::find(after, b"--b-b").is_none()).then_some(read)
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
        let plain = plainly(&body).map(|parts| parts.into_iter().map(|(_, content)| ("f".to_owned(), content)).collect());
        proptest::prop_assert!(read.is_none() || read == plain, "{:?}: {:?}", String::from_utf8_lossy(&body), read);
    }

    /// However it is cut: it is read as when it comes at once. It is read as it was written, or, once it was bent, as
    /// it is read plainly. Where it is refused, a head is none or there is no plain reading.
    #[test]
    fn bodies_whole_and_bent_are_read_alike_however_they_are_cut(
        parts in proptest::collection::vec((0..HEADS.len(), proptest::collection::vec(fragment(), 0..8)), 0..4),
        preamble in proptest::sample::select(vec!["", "\r\n", "a line\r\n", "--b-", "\r\r\n--b"]),
        padding in proptest::sample::select(vec!["", " ", "\t  "]),
        bends in proptest::collection::vec((proptest::num::usize::ANY, 0..3usize, fragment()), 0..4),
        sizes in proptest::collection::vec(proptest::prop_oneof![1..4usize, 1..90usize], 1..12),
    ) {
        let (mut body, written) = write(preamble, padding, &parts);
        for (at, kind, fragment) in &bends {
            bend(&mut body, *at, *kind, fragment);
        }
        let shown = String::from_utf8_lossy(&body).into_owned();
        let whole = events(std::slice::from_ref(&body));
        let mut rest = &body[..];
        let pieces: Vec<Vec<u8>> = sizes.iter().cycle().map_while(|size| {
            let (piece, after) = rest.split_at_checked(*size).unwrap_or((rest, &[]));
            rest = after;
            (!piece.is_empty()).then(|| piece.to_vec())
        }).collect();
        proptest::prop_assert_eq!(&events(&pieces), &whole, "{:?} in {:?}", shown, sizes);
        if bends.is_empty() {
            proptest::prop_assert_eq!(&whole, &Ok(written), "{:?}", shown);
        }
        let plain = plainly(&body);
        if let Ok(read) = &whole {
            let contents = |parts: Vec<(Vec<u8>, Vec<u8>)>| parts.into_iter().map(|(_, content)| content).collect::<Vec<_>>();
            let read = read.iter().map(|(_, content)| content.clone()).collect::<Vec<_>>();
            proptest::prop_assert_eq!(Some(read), plain.map(contents), "{:?}", shown);
        } else if let Some(plain) = plain {
            let known = |head: &[u8]| HEADS.iter().any(|(known, _)| known.as_bytes() == head);
            proptest::prop_assert!(!plain.iter().all(|(head, _)| known(head)), "{:?}: {:?}", shown, whole);
        }
    }
}

/// Heads and the names that they give.
const HEADS: [(&str, &str); 4] = [
    ("Content-Disposition: form-data; name=\"f\"", "f"),
    (
        "X: y\r\ncontent-disposition:form-data; filename=\"a;name=b\"; name=g",
        "g",
    ),
    (
        "Content-Type: image/png\r\nContent-Disposition: form-data; name=\"\\\"q\\\"\"",
        "\"q\"",
    ),
    (
        "Content-Disposition: form-data; name=\"\u{e9} %22\"\r\nContent-Type: no type",
        "\u{e9} %22",
    ),
];

fn fragment() -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
    let fragments: [&[u8]; 13] = [
        b"\r\n--b-b",
        b"\r\n--b-b--",
        b"\r\n--b-",
        b"\r\n--",
        b"--b-b",
        b"\r\n\r\n",
        b"\r\n",
        b"\r",
        b"\n",
        b"-",
        b"\xff\0",
        b"Content-Disposition: form-data; name=\"f\"",
        &[b'x'; 60],
    ];
    proptest::sample::select(fragments.map(<[u8]>::to_vec).to_vec())
}

/// A body of these parts, and what is to be read of it.
fn write(preamble: &str, padding: &str, parts: &[(usize, Vec<Vec<u8>>)]) -> (Vec<u8>, Vec<(String, Vec<u8>)>) {
    let (mut body, mut written) = (format!("{preamble}--b-b").into_bytes(), Vec::new());
    for (head, fragments) in parts {
        let (head, name) = HEADS[*head];
        let mut content = fragments.concat();
        let all = [&content, &b"\r\n--b-b"[..]].concat();
        content.truncate(memmem::find(&all, b"\r\n--b-b").expect("at its end"));
        body.extend(format!("{padding}\r\n{head}\r\n\r\n").bytes());
        body.extend([&content, &b"\r\n--b-b"[..]].concat());
        written.push((name.to_owned(), content));
    }
    body.extend(b"--\r\n");
    (body, written)
}

/// Cuts a body off, puts something in, or takes a byte out.
fn bend(body: &mut Vec<u8>, at: usize, kind: usize, fragment: &[u8]) {
    let at = at % (body.len() + 1);
    match kind {
        0 => body.truncate(at),
        1 => drop(body.splice(at..at, fragment.iter().copied())),
        _ => drop(body.drain(at..(at + 1).min(body.len()))),
    }
}

/// What the reader finds in these pieces: names and contents, or what is wrong.
fn events(pieces: &[Vec<u8>]) -> std::result::Result<Vec<(String, Vec<u8>)>, String> {
    let (mut reader, mut pieces, mut read) = (BodyReader::new("b-b"), pieces.iter(), Vec::new());
    loop {
        match reader.next().map_err(|e| format!("{:?}", e.errors))? {
            Some(BodyEvent::Part(head)) => read.push((head.name, Vec::new())),
            Some(BodyEvent::Content(content)) => read.last_mut().expect("a part").1.extend_from_slice(&content),
            Some(BodyEvent::End) => return Ok(read),
            None => match pieces.next() {
                Some(piece) => reader.push(Bytes::from(piece.clone())),
                None => reader.ended = true,
            },
        }
    }
}

#[test]
fn content_is_handed_on_without_a_copy_and_no_more_than_a_delimiter_is_kept() {
    let mut reader = BodyReader::new("b-b");
    reader.push(Bytes::from_static(
        b"--b-b\r\nContent-Disposition: form-data; name=f\r\n\r\n",
    ));
    assert!(matches!(reader.next(), Ok(Some(BodyEvent::Part(_)))));
    let piece = Bytes::from(b"\r\n--b-".repeat(10_000));
    reader.push(piece.clone());
    let Ok(Some(BodyEvent::Content(content))) = reader.next() else {
        panic!("content");
    };
    assert_eq!((content.as_ptr(), content.len()), (piece.as_ptr(), piece.len() - 6));
    for n in 0..10_000 {
        while let Some(event) = reader.next().expect("content") {
            assert!(matches!(event, BodyEvent::Content(content) if !content.is_empty()));
        }
        assert!(reader.unread.len() < b"\r\n--b-b".len(), "{n}");
        reader.push(Bytes::copy_from_slice(&b"\r\n--b-\r\r\n"[n % 3..][..1 + n % 6]));
    }
}

#[tokio::test]
async fn a_part_that_is_not_read_is_skipped_and_its_end_is_told_again() {
    let (mut parts, _) = parts(std::iter::once(body()));
    parts.next().await.expect("a head");
    let second = parts.next().await.expect("a head").expect("a part");
    assert_eq!(second.name, "f1");
    while parts.chunk().await.expect("content").is_some() {}
    assert_eq!(parts.chunk().await.expect("its end"), None);
    assert_eq!(parts.next().await.expect("a head").expect("a part").name, "f2");
}

#[tokio::test]
async fn a_connection_that_breaks_behind_the_last_boundary_has_broken_off() {
    let broken = [
        Ok(Bytes::from(body())),
        Err(actix_web::error::PayloadError::Incomplete(None)),
    ];
    let payload: BoxedPayloadStream = Box::pin(stream::iter(broken));
    let mut parts = Parts::of(TYPE, Payload::Stream { payload }, Duration::from_secs(5)).expect("a boundary");
    let told = read(&mut parts).await.expect_err("it broke");
    assert_eq!(told.errors[0].rule, "complete");
}

#[tokio::test]
async fn a_name_is_read_as_senders_write_it() {
    let of = |disposition: &[u8]| {
        let line = [b"Content-Disposition: ", disposition].concat();
        PartHead::parse(&[&line]).map(|head| head.name).ok()
    };
    let named: [(&[u8], &str); 20] = [
        (b"form-data; name  =  my_field  ", "my_field"),
        (b"FORM-DATA;name=my_field; filename=file-name.txt", "my_field"),
        (
            b"form-data; name=\"my;f;ield\"; filename = \"file;name.txt\"",
            "my;f;ield",
        ),
        (b"form-data; name=\";\"; filename=\";\"", ";"),
        (b"form-data; name=\"my\\\"field\\\"name\"", "my\"field\"name"),
        (
            "form-data; filename=\"\u{4f60}.txt\"; name=\"\u{4f60}\"".as_bytes(),
            "\u{4f60}",
        ),
        // As browsers write quotes and line breaks (HTML, section 4.10.21.8): not decoded.
        (b"form-data; name=\"a%22b%0D%0Ac\"", "a%22b%0D%0Ac"),
        (b"form-data; name=\"f\"; filename*=UTF-8''na%C3%AFve.txt", "f"),
        (b"form-data; name=\"f\"; filename=\"caf\xe9.png\"", "f"),
        (b"form-data; filename=\"name=g\"; x-name=h; name=f", "f"),
        (b"form-data; name=\"f\";", "f"),
        (b"form-data; name=\"f\"; filename=\"Icon\r\"", "f"),
        (b"form-data; filename=\"a\x00\x1b[2Jb\x7f\"; name=\"f\"", "f"),
        (b"form-data; filename*=UTF-8''%ff%fe; name=\"f\"", "f"),
        (b"form-data; name=\"f\"; filename*=caf\xe9", "f"),
        (b"form-data; name=\"f\"; filename=a\x01b", "f"),
        (b"form-data; filename=Icon\r; name=\"f\"", "f"),
        (b"form-data; name=\"f\"; filename=", "f"),
        (b"form-data; name=\"f\"; filename=\"unclosed", "f"),
        (b"form-data; filename=\"x\x7f; y; filename*=\"; name=\"f\"", "f"),
    ];
    for (disposition, name) in named {
        assert_eq!(
            of(disposition).as_deref(),
            Some(name),
            "{}",
            String::from_utf8_lossy(disposition)
        );
    }
    let unnamed: [&[u8]; 8] = [
        b"form-data; name=\"f\x00\"",
        b"form-data; name=; filename=filename.txt",
        b"form-data; name*=UTF-8''f",
        b"form-data; name=\"caf\xe9\"",
        b"form-data; name=\"f",
        // A quote behind a backslash ends nothing: is the name `f`, or is it part of the file's?
        b"form-data; filename=\"a\\\"; name=\"f\"",
        b"form-data; name=f; name=g",
        b"",
    ];
    for disposition in unnamed {
        assert_eq!(of(disposition), None, "{}", String::from_utf8_lossy(disposition));
    }
}

#[test]
fn the_lines_of_a_head_are_headers() {
    let name: &[u8] = b"Content-Disposition: form-data; name=f";
    let media_type = |line: &[u8]| {
        PartHead::parse(&[name, line])
            .map(|head| head.media_type)
            .map_err(|_| ())
    };
    assert_eq!(media_type(b"CONTENT-TYPE:\tImage/PNG "), Ok(Some("image/png".into())));
    for other in [
        &b"Content-Type: none"[..],
        b"Content-Type:",
        b"Content-Typ: a/b",
        b"X-\x7e: \xff",
        b"X:",
    ] {
        assert_eq!(media_type(other), Ok(None), "{}", String::from_utf8_lossy(other));
    }
    // Twice, folded, without a colon or a name, or with control characters.
    let wrong: [&[u8]; 9] = [
        b"content-disposition: form-data; name=g",
        b" folded",
        b"\tfolded: too",
        b"x",
        b": x",
        b"X : y",
        b"X: \0",
        b"X: \r",
        b"\xff: y",
    ];
    for wrong in wrong {
        assert_eq!(media_type(wrong), Err(()), "{}", String::from_utf8_lossy(wrong));
    }
    assert!(PartHead::parse(&[name, b"Content-Type: a/b", b"Content-Type: a/b"]).is_err());
    for plain in [
        &b"Content-Transfer-Encoding: BINARY"[..],
        b"content-transfer-encoding: 8bit",
        b"Content-Encoding: identity",
    ] {
        assert_eq!(media_type(plain), Ok(None));
    }
    for coded in [
        &b"Content-Transfer-Encoding: base64"[..],
        b"content-transfer-encoding:Quoted-Printable",
        b"Content-Encoding: gzip",
    ] {
        let told = PartHead::parse(&[name, coded]).expect_err("coded");
        assert_eq!(told.errors[0].rule, "encoding", "{}", String::from_utf8_lossy(coded));
    }
}

/// It is not well-formed whatever would have followed: nobody is told to send it again.
#[tokio::test]
async fn a_body_that_is_wrong_before_it_breaks_off_is_not_well_formed() {
    let begun = &body()[..60];
    for wrong in [
        "\r\n--b-bx",
        "\r\n--b-b --",
        "\r\n--b-b\n",
        "\r\n--b-b\rx",
        "\r\n--b-b\r\nA: b\n",
        "\r\n--b-b--x",
    ] {
        assert_eq!(
            told(&[begun, wrong.as_bytes()].concat()).await,
            Err("multipart".into()),
            "{wrong:?}"
        );
    }
    for short in [
        "\r\n--b-b",
        "\r\n--b-b ",
        "\r\n--b-b\r",
        "\r\n--b-b-",
        "\r\n--b-b\r\nA: b\r",
    ] {
        assert_eq!(
            told(&[begun, short.as_bytes()].concat()).await,
            Err("complete".into()),
            "{short:?}"
        );
    }
}

#[test]
fn the_bound_of_a_head_is_exact_however_it_is_cut() {
    let head = |length: usize| {
        let (start, end) = ("--b-b\r\nA: ", "\r\nContent-Disposition: form-data; name=f\r\n\r\n");
        let filled = "x".repeat(length - start.len() - end.len());
        format!("{start}{filled}{end}content\r\n--b-b--").into_bytes()
    };
    for size in [1, 1000, 2 * HEAD] {
        let pieces = |body: Vec<u8>| body.chunks(size).map(<[u8]>::to_vec).collect::<Vec<_>>();
        assert!(events(&pieces(head(HEAD))).is_ok(), "{size}");
        let told = events(&pieces(head(HEAD + 1))).expect_err("too long");
        assert!(told.contains("16384"), "{size}: {told}");
    }
}

#[test]
fn a_boundary_has_the_characters_of_rfc_2046() {
    for (named, right) in [
        ("boundary=----WebKitFormBoundaryAbC1", true),
        ("charset=utf-8; boundary=\"'()+_,-./:=? x\"", true),
        ("boundary=\"a b \"", false),
        ("boundary=\"a;b\"", false),
        ("boundary=a*b", false),
        ("boundary=\"\u{e9}\"", false),
    ] {
        assert_eq!(
            boundary(&format!("multipart/form-data; {named}")).is_some(),
            right,
            "{named}"
        );
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
}

#[tokio::test]
async fn the_head_of_a_part_and_what_stands_before_all_are_bounded() {
    let named = b"--b-b\r\nContent-Disposition: form-data; name=\"".to_vec();
    for start in [Vec::new(), named] {
        let endless = std::iter::once(start).chain(std::iter::repeat_with(|| vec![b'x'; 1000]));
        let (mut parts, taken) = parts(endless);
        let told = parts.next().await.expect_err("too long");
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
