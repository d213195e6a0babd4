//! MHTML (RFC 2557): a page that a browser saved, as a message of MIME (RFC 2045, RFC 2046) whose parts are the page and what it
//! shows. Each part is decoded, searched, and written as it was; one that is another now is written in Base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mail_parser::MessageParser;
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;

use super::scrub::Scrub;
use super::warc::{body, write_head};
use crate::examination::warc::{HeadLines, head_lines};

/// Parts at the most.
const PARTS: usize = 10_000;
/// Messages and parts within each other.
const DEEP: usize = 8;
/// Characters of a line of Base64 (RFC 2045).
const LINE: usize = 76;

/// A sanitized copy of a saved page.
pub(super) fn copy(bytes: &[u8], scrub: &mut Scrub) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(bytes.len());
    entity(bytes, (scrub, &mut out), 0)?;
    Ok(out)
}

/// A message, or a part of one: its head and its body.
fn entity(bytes: &[u8], (scrub, out): (&mut Scrub, &mut Vec<u8>), depth: usize) -> Result<(), String> {
    if depth > DEEP {
        return Err(format!("its parts lie more than {DEEP} deep in each other"));
    }
    let mut rest = bytes;
    let head = head_lines(&mut rest).map_err(|e| e.to_string())?;
    let mut head = head.ok_or("a part of it has no head: the file is damaged, or no MHTML")?;
    let media_type = value(&head, "Content-Type");
    let boundary = parameter(&media_type, "boundary");
    let coding = value(&head, "Content-Transfer-Encoding").to_ascii_lowercase();
    for (name, value) in &mut head {
        *value = cleared(name, value, scrub);
    }
    let kind = media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if kind.starts_with("multipart/") {
        let boundary = boundary.filter(|boundary| !boundary.is_empty());
        let boundary = boundary.ok_or("it does not say where its parts end: the file is damaged, or no MHTML")?;
        if *scrub.text(boundary.as_bytes()) != *boundary.as_bytes() || boundary.len() > 200 {
            return Err("what stands between its parts holds what is to be taken out".into());
        }
        write_head(out, &head);
        return parts(rest, &boundary, (scrub, out), depth);
    }
    if depth == 0 {
        return Err("it has no parts: it is no MHTML".into());
    }
    let Some(decoded) = decoded(rest, &coding) else {
        scrub.counts.unsearched += u64::from(!rest.is_empty());
        write_head(out, &head);
        out.extend_from_slice(rest);
        return Ok(());
    };
    let left = match kind.as_str() {
        "message/rfc822" => {
            let mut inner = Vec::new();
            entity(&decoded, (scrub, &mut inner), depth + 1)?;
            inner
        }
        _ => body(&decoded, &media_type, scrub)?,
    };
    if left == decoded {
        write_head(out, &head);
        out.extend_from_slice(rest);
        return Ok(());
    }
    head.retain(|(name, _)| {
        !["content-transfer-encoding", "content-length", "content-md5"].contains(&&*name.to_ascii_lowercase())
    });
    head.push(("Content-Transfer-Encoding".into(), b"base64".to_vec()));
    write_head(out, &head);
    for line in STANDARD.encode(&left).as_bytes().chunks(LINE) {
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
    }
    Ok(())
}

/// The parts between boundaries. What stands before the first and after the last is shown by nobody, and goes.
fn parts(bytes: &[u8], boundary: &str, (scrub, out): (&mut Scrub, &mut Vec<u8>), depth: usize) -> Result<(), String> {
    let between = format!("--{boundary}");
    let (mut begins, mut count, mut ended) = (None, 0, false);
    let mut place = 0;
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        let end = place + line.len();
        let after = line.strip_prefix(between.as_bytes()).map(<[u8]>::trim_ascii_end);
        if !matches!(after, Some(b"" | b"--")) {
            place = end;
            continue;
        }
        if let Some(begins) = begins {
            count += 1;
            if count > PARTS {
                return Err(format!("it has more than {PARTS} parts"));
            }
            out.extend_from_slice(format!("{between}\r\n").as_bytes());
            // The end of the line before a boundary belongs to the boundary.
            let part = &bytes[begins..place];
            let part = part.strip_suffix(b"\n").unwrap_or(part);
            let part = part.strip_suffix(b"\r").unwrap_or(part);
            entity(part, (scrub, out), depth + 1)?;
            out.extend_from_slice(b"\r\n");
        }
        begins = Some(end);
        place = end;
        if after == Some(b"--") {
            ended = true;
            break;
        }
    }
    if !ended || count == 0 {
        return Err("it ends before its last part does: the file is damaged".into());
    }
    out.extend_from_slice(format!("{between}--\r\n").as_bytes());
    Ok(())
}

/// The value of a head. Words that stand in it encoded (RFC 2047) are read, and written anew where they held what is taken out.
fn cleared(name: &str, value: &[u8], scrub: &mut Scrub) -> Vec<u8> {
    let left = scrub.head(name, value);
    if memchr::memmem::find(&left, b"=?").is_none() {
        return left;
    }
    let message = [b"Subject: ", &left[..], b"\r\n\r\n"].concat();
    let read = MessageParser::default().parse(&message);
    let Some(text) = read.as_ref().and_then(|message| message.subject()) else {
        return left;
    };
    let text_left = scrub.text(text.as_bytes());
    match *text_left == *text.as_bytes() {
        true => left,
        false => format!("=?utf-8?B?{}?=", STANDARD.encode(&text_left)).into_bytes(),
    }
}

fn value(head: &HeadLines, name: &str) -> String {
    let own = head.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
    own.map(|(_, value)| String::from_utf8_lossy(value).trim().to_owned())
        .unwrap_or_default()
}

/// A parameter of a type, such as `boundary`, with or without quotes.
fn parameter(value: &str, name: &str) -> Option<String> {
    let mut rest = value.split_once(';')?.1;
    loop {
        let (own, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (said, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(';').unwrap_or((after, "")),
        };
        if own.trim().trim_start_matches(';').trim().eq_ignore_ascii_case(name) {
            return Some(said.trim_end().to_owned());
        }
        rest = next;
    }
}

/// A body before it was encoded for its transfer; none where that is not known here, or the body is damaged.
fn decoded(bytes: &[u8], coding: &str) -> Option<Vec<u8>> {
    match coding {
        "" | "7bit" | "8bit" | "binary" => Some(bytes.to_vec()),
        "quoted-printable" => quoted_printable_decode(bytes),
        "base64" => base64_decode(bytes),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(page: &str) -> Result<(String, Scrub), String> {
        let mut scrub = Scrub::new(&["Anna Kowal".to_owned()])?;
        let copy = copy(page.as_bytes(), &mut scrub)?;
        Ok((String::from_utf8(copy).expect("text"), scrub))
    }

    #[test]
    fn parts_are_decoded_searched_and_written_anew() {
        let hidden = STANDARD.encode("{\"session_id\": \"s3cret\", \"by\": \"Anna Kowal\"}");
        let page = format!(
            "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://a.example/?access_token=s3cret\r\nSubject: =?utf-8?Q?Feed=20of=20Anna=20Kowal?=\r\nContent-Type: multipart/related;\r\n\ttype=\"text/html\";\r\n\tboundary=\"----B;--\"\r\n\r\nAnna Kowal\r\n------B;--\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Location: https://a.example/?access_token=s3cret\r\n\r\n<p>Seen by An=\r\nna Kowal=20<img src=3D\"cid:1\">\r\n------B;--\r\nContent-Type: application/json\r\nContent-Transfer-Encoding: base64\r\n\r\n{hidden}\r\n------B;--\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\nContent-Location: cid:1\r\n\r\niVBORw0K\r\n------B;----\r\nAnna Kowal\r\n"
        );
        let (left, scrub) = copied(&page).expect("a copy");
        let message = MessageParser::default().parse(left.as_bytes()).expect("a message");
        assert_eq!(message.subject(), Some("Feed of REMOVED"));
        assert_eq!(message.parts.len(), 4);
        let html = message.body_html(0).expect("a page");
        assert_eq!(html.trim_end(), "<p>Seen by REMOVED <img src=\"cid:1\">");
        let json = message.parts[2].contents();
        assert_eq!(json, b"{\"session_id\": \"REMOVED\", \"by\": \"REMOVED\"}");
        assert!(
            left.contains("iVBORw0K") && !left.contains("s3cret") && !left.contains("Kowal"),
            "{left}"
        );
        assert_eq!(
            (scrub.counts.tokens, scrub.counts.names, scrub.counts.unsearched),
            (3, 3, 1)
        );
    }

    #[test]
    fn what_is_no_saved_page_or_is_cut_off_is_refused() {
        let head = "Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>a\r\n";
        for (page, why) in [
            ("no head", "no head"),
            ("Content-Type: text/html\r\n\r\n<p>a", "no parts"),
            ("Content-Type: multipart/related\r\n\r\n", "where its parts end"),
            (head, "ends before"),
            (
                "Content-Type: multipart/related; boundary=\"Anna Kowal\"\r\n\r\n",
                "between its parts",
            ),
        ] {
            let refused = copied(page).err().expect(why);
            assert!(refused.contains(why), "{refused}");
        }
        assert!(copied(&format!("{head}--b--\r\n")).is_ok());
        let deep = "Content-Type: message/rfc822\r\n\r\n".repeat(20);
        let deep = format!("Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\n{deep}\r\n--b--\r\n");
        assert!(copied(&deep).err().expect("refused").contains("deep"));
    }
}
