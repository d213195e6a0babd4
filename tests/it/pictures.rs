//! Thumbnails and previews: made of hostile bytes by a job, shown to those who may read the file, and no evidence.

use std::io::Write;
use std::path::Path;

use casetrail::captures;
use casetrail::clock::MINUTE;
use casetrail::error::Error;
use casetrail::pictures::{Helpers, PictureMaker, Unmade};
use casetrail::proof::Digest;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{Answer, App, Case, Client, Jobs, days};

/// The jobs of pictures, beside a test's server.
pub fn studio(app: &App) -> Jobs {
    Jobs::run(app, captures::run_pictures)
}

/// A picture, its left half red and its right half blue.
pub fn two_halves(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, height, |x, _| match x < width / 2 {
        true => Rgb([200, 20, 20]),
        false => Rgb([20, 20, 200]),
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// The same JPEG with EXIF that says how it is turned, and a secret.
pub fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([
        orientation,
        0,
        0,
        0x01,
        0x0e,
        0,
        2,
        0,
        0,
        0,
        16,
        0,
        0,
        0,
        0x26,
        0,
        0,
        0,
        0,
    ]);
    exif.extend(b"SECRET-LOCATION\0");
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    let mut all = vec![0xff, 0xd8, 0xff, 0xe1];
    all.extend(length);
    all.extend(exif);
    all.extend(&jpeg[2..]);
    all
}

/// A PNG of these dimensions in its head, and next to nothing after it.
fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |kind: &[u8], content: &[u8]| {
        png.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
        let mut both = kind.to_vec();
        both.extend(content);
        png.extend(&both);
        png.extend(crc32(&both).to_be_bytes());
    };
    let mut head = width.to_be_bytes().to_vec();
    head.extend(height.to_be_bytes());
    head.extend([8, 2, 0, 0, 0]);
    chunk(b"IHDR", &head);
    chunk(b"IDAT", &[0x78, 0x9c, 0x63, 0, 0, 0, 1, 0, 1]);
    chunk(b"IEND", b"");
    png
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| {
            (c >> 1) ^ (0xedb8_8320 & (c & 1).wrapping_neg())
        })
    };
    !bytes.iter().fold(u32::MAX, step)
}

fn logged(app: &App, case: &Case, name: &str, bytes: &[u8]) -> Value {
    let capture = app.post_with(json!({"files": [{"part": "f", "role": "original", "name": name}]}));
    app.lead.upload(case, &capture, &[("f", bytes)]).is(201)
}

fn path(made: &Value, size: &str) -> String {
    let (id, sha256) = (
        made["id"].as_str().unwrap(),
        made["files"][0]["sha256"].as_str().unwrap(),
    );
    format!("/api/v1/pictures/{id}/{sha256}?size={size}")
}

fn case(app: &App) -> Case {
    let case = app.case();
    app.leave(&case);
    case
}

/// The picture, or what is drawn in its place once nobody works on it any more: the tests share a busy machine.
fn seen(client: &Client, path: &str) -> Answer {
    for _ in 0..20 {
        let answer = client.get(path);
        if !String::from_utf8_lossy(&answer.body).contains("is being made") {
            return answer;
        }
    }
    panic!("{path} is not made in time");
}

fn opened(answer: &Answer) -> RgbImage {
    assert_eq!((answer.status, answer.header("content-type")), (200, "image/jpeg"));
    image::load_from_memory_with_format(&answer.body, ImageFormat::Jpeg)
        .unwrap()
        .to_rgb8()
}

fn drawn(answer: &Answer) -> String {
    assert_eq!((answer.status, answer.header("content-type")), (200, "image/svg+xml"));
    String::from_utf8(answer.body.clone()).unwrap()
}

/// What the page of the item says.
fn page_of(app: &App, made: &Value) -> String {
    let page = Browser::signed_in(app, "lead").get(&format!("/captures/{}", made["id"].as_str().unwrap()));
    page.is(200).text
}

both_databases!(a_picture_is_small_turned_and_without_metadata);
fn a_picture_is_small_turned_and_without_metadata(app: &App) {
    let (case, _studio) = (case(app), studio(app));
    let jpeg = with_exif(&two_halves(2400, 1200, ImageFormat::Jpeg), 6);
    let made = logged(app, &case, "turned.jpg", &jpeg);
    for (size, width, height) in [("thumbnail", 240, 480), ("preview", 800, 1600)] {
        let answer = seen(&app.lead, &path(&made, size));
        let picture = opened(&answer);
        assert_eq!(picture.dimensions(), (width, height), "{size}");
        // Turned to the right, what was left is above.
        let red =
            |y: u32| i32::from(picture.get_pixel(width / 2, y)[0]) - i32::from(picture.get_pixel(width / 2, y)[2]);
        assert!(red(height / 4) > 100 && red(height * 3 / 4) < -100, "{size}");
        for hidden in [&b"Exif"[..], b"SECRET"] {
            assert!(!answer.body.windows(hidden.len()).any(|w| w == hidden), "{size}");
        }
        assert_eq!(answer.header("content-security-policy"), "sandbox; default-src 'none'");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    app.lead.get(&path(&made, "huge")).refuses(422, "size", "one_of");
    assert!(page_of(app, &made).contains("1200 × 2400"));
}

both_databases!(every_format_gives_a_picture);
fn every_format_gives_a_picture(app: &App) {
    let (case, _studio) = (case(app), studio(app));
    for (format, name) in [
        (ImageFormat::Jpeg, "a.jpg"),
        (ImageFormat::Png, "a.png"),
        // What a file is called says nothing.
        (ImageFormat::Png, "png.jpg"),
        (ImageFormat::Gif, "a.gif"),
        (ImageFormat::WebP, "a.webp"),
        (ImageFormat::Tiff, "a.tiff"),
        (ImageFormat::Bmp, "a.bmp"),
    ] {
        let made = logged(app, &case, name, &two_halves(600, 300, format));
        let picture = opened(&seen(&app.lead, &path(&made, "thumbnail")));
        assert_eq!(picture.dimensions(), (480, 240), "{name}");
        let page = page_of(app, &made);
        assert!(
            page.contains("A preview made by Casetrail, not the evidence."),
            "{name}"
        );
    }
}

both_databases!(a_bad_file_stops_nothing_and_says_so);
fn a_bad_file_stops_nothing_and_says_so(app: &App) {
    let (case, _studio) = (case(app), studio(app));
    let whole = two_halves(2000, 2000, ImageFormat::Png);
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    for (name, bytes, why) in [
        ("bomb.png", bomb(60_000, 60_000), "60000 × 60000 pixels"),
        ("wide.png", bomb(2_000_000_000, 1), "No preview could be made"),
        ("cut.png", whole[..whole.len() / 2].to_vec(), "No preview could be made"),
        (
            "head.jpg",
            two_halves(900, 900, ImageFormat::Jpeg)[..300].to_vec(),
            "No preview could be made",
        ),
        (
            "noise.gif",
            [b"GIF89a".as_slice(), &[0xff; 5000]].concat(),
            "No preview could be made",
        ),
        ("drawing.png", svg.to_vec(), "&#60;script&#62;"),
    ] {
        let made = logged(app, &case, name, &bytes);
        let text = drawn(&seen(&app.lead, &path(&made, "thumbnail")));
        assert!(!text.contains("script"), "{name}: {text}");
        let page = page_of(app, &made);
        assert!(page.contains(why), "{name}: {why} is not in {page}");
        assert!(!page.contains("<script>alert"), "{name}");
    }
    let good = logged(app, &case, "good.png", &whole);
    opened(&seen(&app.lead, &path(&good, "preview")));
    // Whatever they said they were: the largest process that ended took less than its limit.
    // Linux counts for a child also what its parent had when it began.
    let (most, own) = (most_kb(libc::RUSAGE_CHILDREN), most_kb(libc::RUSAGE_SELF));
    assert!(most <= own.max(3 * 512 * 1024), "{most} kB");
}

/// The most memory that this process took, or one of its children that ended, in kB.
fn most_kb(whose: libc::c_int) -> i64 {
    // SAFETY: it fills the structure that it is given.
    unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::getrusage(whose, &raw mut usage), 0);
        usage.ru_maxrss
    }
}

both_databases!(a_failure_is_remembered_and_a_lost_picture_is_made_again);
fn a_failure_is_remembered_and_a_lost_picture_is_made_again(app: &App) {
    let case = case(app);
    let good = logged(app, &case, "good.png", &two_halves(700, 700, ImageFormat::Png));
    let bad = logged(app, &case, "bad.png", &bomb(60_000, 60_000));
    // Both were here before anybody made pictures.
    assert!(drawn(&app.lead.get(&path(&good, "thumbnail"))).contains("is being made"));
    let _studio = studio(app);
    let first = seen(&app.lead, &path(&good, "thumbnail"));
    opened(&first);
    let folder = app.folder().join("pictures");
    let hex = good["files"][0]["sha256"].as_str().unwrap();
    let file = folder.join(&hex[..2]).join(format!("{hex}-thumbnail.jpg"));
    assert_eq!(std::fs::read(&file).unwrap(), first.body);
    std::fs::remove_dir_all(folder.join(&hex[..2])).unwrap();
    assert_eq!(seen(&app.lead, &path(&good, "thumbnail")).body, first.body);
    assert!(file.exists());
    // A failure stands: nobody tries again, however often it is asked for.
    assert!(drawn(&seen(&app.lead, &path(&bad, "thumbnail"))).contains("no preview could be made"));
    let tried = || {
        use casetrail::db::tables::pictures;
        use diesel::prelude::*;
        let hex = bad["files"][0]["sha256"].as_str().unwrap();
        let digest: Digest = hex.parse().unwrap();
        let of = |conn: &mut casetrail::db::AnyConn| {
            let row = pictures::table.find(digest.as_bytes().to_vec());
            Ok(row.select(pictures::ended_at).first::<i64>(conn)?)
        };
        app.state.gate.db().read_blocking(of).unwrap()
    };
    let before = tried();
    app.advance(30 * MINUTE);
    drawn(&seen(&app.lead, &path(&bad, "preview")));
    assert_eq!(tried(), before);
}

both_databases!(pictures_are_seen_by_whoever_may_read_the_file);
fn pictures_are_seen_by_whoever_may_read_the_file(app: &App) {
    let (case, _studio) = (case(app), studio(app));
    let made = logged(app, &case, "a.png", &two_halves(100, 100, ImageFormat::Png));
    for size in ["thumbnail", "preview"] {
        for client in [
            &app.stranger,
            &app.far,
            &app.prosecutor,
            &app.auditor,
            &app.administrator,
        ] {
            client.get(&path(&made, size)).problem(404, "not-found");
        }
        assert_eq!(app.nobody.get(&path(&made, size)).status, 401);
        for client in [&app.lead, &app.member, &app.supervisor, &app.exporter] {
            opened(&seen(client, &path(&made, size)));
        }
    }
    // A digest of another capture opens nothing.
    let other = logged(app, &case, "b.png", &two_halves(90, 90, ImageFormat::Png));
    let mixed = format!(
        "/api/v1/pictures/{}/{}",
        made["id"].as_str().unwrap(),
        other["files"][0]["sha256"].as_str().unwrap()
    );
    app.lead.get(&mixed).problem(404, "not-found");
}

both_databases!(what_is_held_shows_no_picture);
fn what_is_held_shows_no_picture(app: &App) {
    let (case, _studio) = (case(app), studio(app));
    let file = json!([{"part": "f", "role": "original"}]);
    let capture = app.post_with(json!({"platform": "tiktok", "files": file}));
    let bytes = two_halves(100, 100, ImageFormat::Png);
    let held = app.lead.upload(&case, &capture, &[("f", &bytes)]).is(201);
    assert_eq!(held["state"], "held");
    let original = |made: &Value| path(made, "").replace("/pictures/", "/files/").replace("?size=", "");
    for size in ["thumbnail", "preview"] {
        for client in [&app.lead, &app.member, &app.exporter, &app.stranger, &app.auditor] {
            let (picture, file) = (client.get(&path(&held, size)), client.get(&original(&held)));
            assert!(
                picture.status == file.status && picture.status >= 403,
                "{size}: {}",
                picture.status
            );
            assert_ne!(picture.header("content-type"), "image/jpeg");
        }
        app.advance(11 * MINUTE);
        app.leaves(&case.accesses, "preview.viewed", &app.supervisor, || {
            opened(&seen(&app.supervisor, &path(&held, size)));
        });
    }
    let page = Browser::signed_in(app, "lead")
        .get(&format!("/cases/{}/evidence", case.id))
        .is(200);
    page.does_not_say("/pictures/");
}

both_databases!(a_preview_is_told_from_a_read_of_the_file_and_thumbnails_are_one_look_at_the_list);
fn a_preview_is_told_from_a_read_of_the_file_and_thumbnails_are_one_look_at_the_list(app: &App) {
    let (case, _studio) = (case(app), studio(app));
    let one = logged(app, &case, "a.png", &two_halves(100, 100, ImageFormat::Png));
    let other = logged(app, &case, "b.png", &two_halves(110, 100, ImageFormat::Png));
    app.leaves(&case.accesses, "captures.listed", &app.lead, || {
        for made in [&one, &other, &one] {
            opened(&seen(&app.lead, &path(made, "thumbnail")));
        }
    });
    assert_eq!(app.last_record(&case.accesses)["thumbnails"], true);
    app.leaves(&case.accesses, "preview.viewed", &app.lead, || {
        opened(&seen(&app.lead, &path(&one, "preview")));
        opened(&seen(&app.lead, &path(&one, "preview")));
    });
    // The original is another thing: its bytes leave.
    app.leaves(&case.accesses, "file.viewed", &app.lead, || {
        app.lead
            .get(&path(&one, "").replace("/pictures/", "/files/").replace("?size=", ""));
    });
    app.leaves_nothing(&case.stream, || opened(&seen(&app.lead, &path(&other, "thumbnail"))));
}

fn mark(client: &Client, made: &Value, mark: &str) -> Answer {
    let path = format!("/api/v1/captures/{}/marks", made["id"].as_str().unwrap());
    client.post(&path, json!({"mark": mark}))
}

both_databases!(what_is_marked_graphic_is_shown_to_nobody_who_does_not_ask);
fn what_is_marked_graphic_is_shown_to_nobody_who_does_not_ask(app: &App) {
    let (case, _studio) = (case(app), studio(app));
    let made = logged(app, &case, "a.png", &two_halves(700, 350, ImageFormat::Png));
    let id = made["id"].as_str().unwrap();
    for client in [&app.exporter, &app.supervisor] {
        assert_eq!(mark(client, &made, "graphic").status, 403);
    }
    mark(&app.stranger, &made, "graphic").problem(404, "not-found");
    mark(&app.lead, &made, "gory").refuses(422, "mark", "one_of");
    mark(&app.lead, &made, "not_graphic").problem(409, "conflict");
    app.leaves(&case.stream, "capture.marked", &app.member, || {
        mark(&app.member, &made, "graphic").is(201)
    });
    assert_eq!(app.last_record(&case.stream)["mark"], "graphic");
    mark(&app.lead, &made, "graphic").problem(409, "conflict");
    let shown = app.lead.get(&format!("/api/v1/captures/{id}")).is(200);
    assert_eq!(shown["mark"]["mark"], "graphic");
    // The thumbnail stays here; the preview comes to whoever asks for it, and that is recorded.
    assert!(drawn(&seen(&app.lead, &path(&made, "thumbnail"))).contains("Graphic"));
    let lead = Browser::signed_in(app, "lead");
    app.advance(days(1));
    let lead = Browser {
        cookie: Browser::signed_in(app, "lead").cookie,
        ..lead
    };
    // Opening the page leaves a look at the capture and its case, and none at the file.
    let reads = || app.count(&case.accesses, "preview.viewed") + app.count(&case.accesses, "file.viewed");
    let before = reads();
    {
        let shut = lead.get(&format!("/captures/{id}")).is(200);
        shut.says("Graphic: shut until you ask for it");
        shut.does_not_say("size=preview");
        shut.does_not_say("<img");
    }
    assert_eq!(reads(), before);
    let open = lead.get(&format!("/captures/{id}?file=1&show=yes")).is(200);
    open.says("class=\"blur grey\"");
    open.says("size=preview");
    let clear = lead.get(&format!("/captures/{id}?file=1&show=clear")).is(200);
    clear.says("class=\"grey\"");
    // A person's own settings, and nobody else's.
    lead.post("/viewing", &[("capture", id), ("mute", "yes")]).is(303);
    let own = app.lead.get("/api/v1/me/viewing").is(200);
    assert_eq!(own, json!({"blur": false, "grey": false, "mute": true}));
    assert_eq!(app.member.get("/api/v1/me/viewing").is(200)["blur"], true);
    app.lead
        .put("/api/v1/me/viewing", json!({"blur": true}))
        .refuses(422, "grey", "required");
    let open = lead.get(&format!("/captures/{id}?file=1&show=yes")).is(200);
    open.does_not_say("class=\"blur");
    open.says("size=preview");
    // Taken back on a page, by whoever may annotate.
    let back = lead
        .post(&format!("/captures/{id}/marks"), &[("mark", "not_graphic")])
        .is(303);
    assert_eq!(back.location, format!("/captures/{id}?done=marked"));
    opened(&seen(&app.lead, &path(&made, "thumbnail")));
}

both_databases!(no_packet_holds_a_picture_of_ours);
fn no_packet_holds_a_picture_of_ours(app: &App) {
    let (case, _studio) = (case(app), studio(app));
    let made = logged(app, &case, "a.png", &two_halves(700, 350, ImageFormat::Png));
    let (thumbnail, preview) = (
        seen(&app.lead, &path(&made, "thumbnail")),
        seen(&app.lead, &path(&made, "preview")),
    );
    mark(&app.lead, &made, "graphic").is(201);
    let packet = crate::packets::ask(&app.exporter, &case, json!({"purpose": "internal"}));
    let ready = crate::packets::ready(&app.exporter, &packet);
    let (_folder, file) = crate::packets::download(&app.exporter, &ready);
    let bytes = std::fs::read(&file).unwrap();
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|w| w == part);
    assert!(holds(&two_halves(700, 350, ImageFormat::Png)));
    assert!(!holds(&opened_bytes(&thumbnail)[..200]) && !holds(&opened_bytes(&preview)[..200]));
    crate::packets::verifies(app, &file);
}

fn opened_bytes(answer: &Answer) -> Vec<u8> {
    opened(answer);
    // Behind the tables that every JPEG of ours has.
    answer.body[answer.body.len() - 300..].to_vec()
}

both_databases!(a_text_is_shown_as_text_and_cut);
fn a_text_is_shown_as_text_and_cut(app: &App) {
    let case = case(app);
    let long = format!(
        "first <script>alert(1)</script>\n{}LAST",
        "line of a log\n".repeat(6000)
    );
    let made = logged(app, &case, "log.txt", long.as_bytes());
    let lead = Browser::signed_in(app, "lead");
    app.advance(days(1));
    let lead = Browser {
        cookie: Browser::signed_in(app, "lead").cookie,
        ..lead
    };
    let before = app.count(&case.accesses, "file.viewed");
    let page = lead.get(&format!("/captures/{}", made["id"].as_str().unwrap())).is(200);
    assert_eq!(app.count(&case.accesses, "file.viewed"), before + 1);
    page.says("first &#60;script&#62;alert(1)");
    page.says("These are the first 64 KB");
    page.does_not_say("<script>alert");
    page.does_not_say("LAST");
}

both_databases!(real_photos_and_videos_give_pictures);
fn real_photos_and_videos_give_pictures(app: &App) {
    let (case, _studio) = (case(app), studio(app));
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples");
    let helpers = casetrail::config::Config::helpers();
    for (name, helper) in [
        ("photos/DSCN0010.jpg", true),
        ("photos/jolla.jpg", true),
        ("photos/iphone_hdr_YES.jpg", true),
        ("photos/no_exif.jpg", true),
        ("photos/IMG_5195.HEIC", helpers.heif_convert.is_some()),
        ("post/post.png", true),
        ("post/clip.mp4", helpers.ffmpeg.is_some()),
    ] {
        let Ok(bytes) = std::fs::read(samples.join(name)) else {
            let _ = writeln!(std::io::stderr(), "SKIPPED: the sample {name} is not there");
            continue;
        };
        let made = logged(app, &case, name.rsplit('/').next().unwrap(), &bytes);
        let answer = seen(&app.lead, &path(&made, "preview"));
        if helper {
            let (width, height) = opened(&answer).dimensions();
            assert!(
                width.max(height) <= 1600 && width.max(height) > 400,
                "{name}: {width} × {height}"
            );
        } else {
            let text = drawn(&answer);
            assert!(text.contains("which is not installed"), "{name}: {text}");
            // Browsers play such a video all the same.
            let says = ["is not installed on this server", "<video"][usize::from(name.ends_with(".mp4"))];
            assert!(page_of(app, &made).contains(says), "{name}");
        }
    }
}

/// A maker whose decoder is this script.
fn maker(folder: &Path, script: &str) -> PictureMaker {
    use std::os::unix::fs::PermissionsExt;
    let program = folder.join("decoder");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o700)).unwrap();
    PictureMaker::open(program, folder.join("work"), Helpers::default()).unwrap()
}

#[test]
fn a_decoder_that_breaks_lies_or_hangs_is_ended_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let make = |script: &str| maker(folder.path(), script).make(&b"x"[..], ("image/png", 1), &|| Ok(()));
    let Ok(Err(Unmade::Failed(broken))) = make("kill -SEGV $$") else {
        panic!()
    };
    assert!(broken.contains("signal 11"), "{broken}");
    let Ok(Err(Unmade::Failed(damaged))) = make("exit 1") else {
        panic!()
    };
    assert!(damaged.contains("damaged"), "{damaged}");
    make("echo made 1 1 100 100").unwrap_err();
    make("true").unwrap_err();
    // It is ended when the server stops, long before its own end.
    let start = std::time::Instant::now();
    let stop = || Err(Error::not_found());
    maker(folder.path(), "exec sleep 60")
        .make(&b"x"[..], ("image/png", 1), &stop)
        .unwrap_err();
    assert!(start.elapsed().as_secs() < 20);
    // Many files are ended like one that is too large, long before the deadline.
    for writes in ["head -c 50000000 /dev/zero > $n", ": > $n"] {
        let script = format!("mkdir photos; cd photos; n=0; while true; do {writes}; n=$((n+1)); done");
        let Ok(Err(Unmade::Failed(full))) = make(&script) else {
            panic!()
        };
        assert!(full.contains("wrote more than a picture may take"), "{full}");
    }
    assert_eq!(std::fs::read_dir(folder.path().join("work")).unwrap().count(), 0);
    // Without a program for it, it is said which.
    let heic = maker(folder.path(), "true")
        .make(&b"x"[..], ("image/heif", 1), &|| Ok(()))
        .unwrap();
    assert_eq!(heic.unwrap_err(), Unmade::Lacks("heif-convert"));
}
