//! Redactions of videos and sounds: black and silent in ranges of time, and as they were beside them.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::both_databases;
use crate::derivatives::{file_of, holds, logged, path};
use crate::kit::browser::Browser;
use crate::kit::{App, Case};
use crate::packets::{ask, download, ready, verifies};

/// Frames a second of the films that are made here, and samples.
const FRAMES: usize = 25;
const SAMPLES: usize = 8_000;

fn run(program: &str, args: &[&str], folder: &Path) -> Vec<u8> {
    let done = Command::new(program).args(args).current_dir(folder).output();
    let done = done.unwrap_or_else(|e| panic!("{program} is needed, .ci/setup installs it: {e}"));
    assert!(
        done.status.success(),
        "{program} {args:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    done.stdout
}

/// A film of four seconds, white with a tone, with a name in its metadata, a chapter and a subtitle.
fn film(folder: &Path, more: &[&str]) -> Vec<u8> {
    std::fs::write(
        folder.join("said.srt"),
        "1\n00:00:01,000 --> 00:00:02,000\nAnna Kowal says so\n",
    )
    .unwrap();
    let chapters = ";FFMETADATA1\ntitle=Anna Kowal\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1500\ntitle=Anna Kowal\n";
    std::fs::write(folder.join("chapters.txt"), chapters).unwrap();
    let inputs = [
        "-v",
        "error",
        "-y",
        "-f",
        "lavfi",
        "-i",
        "color=white:size=321x181:rate=25:duration=4",
        "-f",
        "lavfi",
        "-i",
        "sine=frequency=440:duration=4:sample_rate=48000",
        "-i",
        "said.srt",
        "-f",
        "ffmetadata",
        "-i",
        "chapters.txt",
    ];
    let out = [
        "-map",
        "0",
        "-map",
        "1",
        "-map",
        "2",
        "-map_metadata",
        "3",
        "-c:v",
        "mpeg4",
        "-c:s",
        "mov_text",
        "-f",
        "mp4",
        "film.mp4",
    ];
    run("ffmpeg", &[&inputs[..], more, &out].concat(), folder);
    std::fs::read(folder.join("film.mp4")).unwrap()
}

/// How bright each frame is as a whole, with its time.
fn brightness(folder: &Path, film: &str) -> Vec<u8> {
    let args = [
        "-v",
        "error",
        "-i",
        film,
        "-map",
        "0:v:0",
        "-vf",
        "scale=1:1",
        "-fps_mode",
        "passthrough",
        "-pix_fmt",
        "gray",
        "-f",
        "rawvideo",
        "-",
    ];
    run("ffmpeg", &args, folder)
}

/// The loudest sample of each hundredth of a second.
fn loudness(folder: &Path, film: &str) -> Vec<u16> {
    let rate = SAMPLES.to_string();
    let args = [
        "-v", "error", "-i", film, "-map", "0:a:0", "-ac", "1", "-ar", &rate, "-f", "s16le", "-",
    ];
    let samples = run("ffmpeg", &args, folder);
    let samples: Vec<u16> = samples
        .chunks_exact(2)
        .map(|pair| i16::from_le_bytes([pair[0], pair[1]]).unsigned_abs())
        .collect();
    let loudest = |piece: &[u16]| piece.iter().copied().max().unwrap();
    samples.chunks(SAMPLES / 100).map(loudest).collect()
}

fn case(app: &App) -> Case {
    let case = app.case();
    app.leave(&case);
    case
}

fn redact(app: &App, made: &Value, times: &Value) -> Value {
    let wanted = json!({"file": made["files"][0]["sha256"], "times": times, "reason": "a voice"});
    app.lead.post(&path(made, "redactions"), wanted).is(201)
}

/// The copy of what was logged, in a file of the folder.
fn copy(app: &App, (made, derivative): (&Value, &Value), folder: &Path) -> Vec<u8> {
    let bytes = file_of(&app.lead, made, derivative);
    std::fs::write(folder.join("copy"), &bytes).unwrap();
    bytes
}

fn room() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    (folder, path)
}

both_databases!(a_film_is_black_and_silent_where_it_is_redacted_and_nowhere_else);
fn a_film_is_black_and_silent_where_it_is_redacted_and_nowhere_else(app: &App) {
    let (_folder, room) = room();
    let case = case(app);
    let original = film(&room, &[]);
    assert!(holds(&original, b"Anna Kowal"));
    let made = logged(app, &case, "clip.mp4", &original);
    let times = json!([{"from_ms": 1000, "to_ms": 2000, "what": "both"}, {"from_ms": 2400, "to_ms": 2800, "what": "sound"},
        {"from_ms": 3200, "to_ms": 3600, "what": "picture"}]);
    let derivative = redact(app, &made, &times);
    assert_eq!(derivative["recipe"]["times"], times);
    let lasts = derivative["recipe"]["duration_ms"].as_u64().unwrap();
    assert!((3950..4100).contains(&lasts), "{lasts}");
    assert_eq!(derivative["file"]["media_type"], "video/mp4");
    let bytes = copy(app, (&made, &derivative), &room);
    for hidden in [&b"Anna"[..], b"Kowal", b"chpl", b"text"] {
        assert!(!holds(&bytes, hidden), "{}", String::from_utf8_lossy(hidden));
    }
    let streams = run(
        "ffprobe",
        &[
            "-v",
            "error",
            "-show_entries",
            "stream=codec_type",
            "-of",
            "csv=p=0",
            "copy",
        ],
        &room,
    );
    assert_eq!(String::from_utf8(streams).unwrap(), "video\naudio\n");
    let frames = brightness(&room, "copy");
    assert_eq!(frames.len(), 4 * FRAMES);
    for (n, bright) in frames.iter().enumerate() {
        let black = (25..50).contains(&n) || (80..90).contains(&n);
        assert!(if black { *bright < 8 } else { *bright > 247 }, "frame {n} is {bright}");
    }
    let sound = loudness(&room, "copy");
    for (n, loud) in sound.iter().enumerate() {
        let inside = |range: std::ops::Range<usize>| range.contains(&n);
        if inside(100..200) || inside(240..280) {
            // An encoder rings for some milliseconds: of the tone, which is 4096 loud, next to nothing is left.
            assert!(*loud < 400, "{n} hundredths: {loud}");
        }
        if inside(103..197) || inside(243..277) {
            assert!(*loud < 8, "{n} hundredths: {loud}");
        }
        if inside(3..97) || inside(203..237) || inside(283..390) {
            assert!(*loud > 3000, "{n} hundredths: {loud}");
        }
    }
    let wanted = json!({"purpose": "discovery", "captures": [made["id"]], "redactions": [derivative["id"]]});
    let packet = ready(&app.exporter, &ask(&app.exporter, &case, wanted));
    let (_folder, file) = download(&app.exporter, &packet);
    verifies(app, &file);
    let whole = std::fs::read(&file).unwrap();
    assert!(holds(&whole, &bytes) && !holds(&whole, b"Kowal"));
    app.audit();
}

both_databases!(a_frame_that_lasts_into_a_range_is_black_as_a_whole);
fn a_frame_that_lasts_into_a_range_is_black_as_a_whole(app: &App) {
    let (_folder, room) = room();
    let case = case(app);
    // One frame is shown for two seconds, and the range begins and ends within it.
    let slides = ["-vf", "select='not(gt(t,1.01)*lt(t,2.99))'", "-fps_mode", "vfr"];
    let made = logged(app, &case, "slides.mp4", &film(&room, &slides));
    let derivative = redact(app, &made, &json!([{"from_ms": 1500, "to_ms": 2500}]));
    copy(app, (&made, &derivative), &room);
    let frames = brightness(&room, "copy");
    let black: Vec<usize> = (0..frames.len()).filter(|n| frames[*n] < 8).collect();
    assert_eq!(black, [25], "{frames:?}");
    assert_eq!(derivative["recipe"]["times"][0]["what"], "both");
}

both_databases!(a_sound_is_silent_where_it_is_redacted);
fn a_sound_is_silent_where_it_is_redacted(app: &App) {
    let (_folder, room) = room();
    let case = case(app);
    let args = [
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        "sine=frequency=440:duration=3",
        "-metadata",
        "title=Anna Kowal",
        "sound.wav",
    ];
    run("ffmpeg", &args, &room);
    let made = logged(app, &case, "sound.wav", &std::fs::read(room.join("sound.wav")).unwrap());
    let derivative = redact(app, &made, &json!([{"from_ms": 1000, "to_ms": 2000}]));
    assert_eq!(derivative["file"]["media_type"], "audio/mpeg");
    let bytes = copy(app, (&made, &derivative), &room);
    assert!(!holds(&bytes, b"Anna") && !holds(&bytes, b"ID3"));
    let sound = loudness(&room, "copy");
    // The frames of an MP3 begin some hundredths late.
    assert!(sound[15..90].iter().all(|loud| *loud > 3000), "{sound:?}");
    assert!(sound[112..195].iter().all(|loud| *loud < 8), "{sound:?}");
    assert!(sound[215..290].iter().all(|loud| *loud > 3000), "{sound:?}");
}

both_databases!(what_is_no_time_of_a_film_is_refused_by_field_and_rule);
fn what_is_no_time_of_a_film_is_refused_by_field_and_rule(app: &App) {
    let (_folder, room) = room();
    let case = case(app);
    let film = film(&room, &[]);
    let made = logged(app, &case, "clip.mp4", &film);
    let cut = logged(app, &case, "cut.mp4", &film[..200]);
    let picture = logged(
        app,
        &case,
        "a.png",
        &crate::pictures::two_halves(40, 20, image::ImageFormat::Png),
    );
    run(
        "ffmpeg",
        &["-v", "error", "-f", "lavfi", "-i", "sine=duration=1", "tone.wav"],
        &room,
    );
    let tone = logged(app, &case, "tone.wav", &std::fs::read(room.join("tone.wav")).unwrap());
    let refuse = |of: &Value, wanted: Value, field: &str, rule: &str| {
        let wanted = crate::kit::with(json!({"file": of["files"][0]["sha256"], "reason": "r"}), wanted);
        let told = app.lead.post(&path(of, "redactions"), wanted).refuses(422, field, rule);
        told.to_string()
    };
    let times = |from_ms: u64, to_ms: u64| json!({"times": [{"from_ms": from_ms, "to_ms": to_ms}]});
    let boxes = json!({"boxes": [{"x": 0, "y": 0, "width": 4, "height": 4}]});
    app.leaves_nothing(&case.stream, || {
        let told = refuse(&made, times(0, 9000), "times[0].to_ms", "within");
        assert!(told.contains("which lasts 40"), "{told}");
        refuse(&made, times(5, 5), "times[0]", "order");
        refuse(&made, json!({}), "boxes", "not_empty");
        refuse(&made, boxes, "times", "not_empty");
        refuse(&picture, times(0, 5), "boxes", "not_empty");
        refuse(&cut, times(0, 5), "file", "readable");
        let part = json!({"times": [{"from_ms": 0, "to_ms": 5, "what": "picture"}]});
        refuse(&tone, part, "times[0].what", "exists");
    });
}

both_databases!(a_page_takes_times_as_people_write_them);
fn a_page_takes_times_as_people_write_them(app: &App) {
    let (_folder, room) = room();
    let case = case(app);
    let made = logged(app, &case, "clip.mp4", &film(&room, &[]));
    let browser = Browser::signed_in(app, "lead");
    let sha256 = made["files"][0]["sha256"].as_str().unwrap();
    let address = format!("/captures/{}/redactions", made["id"].as_str().unwrap());
    let form = browser.get(&address).is(200);
    form.says("Ranges of time");
    form.says("<video controls");
    let typed = [
        ("file", sha256),
        ("begin2", "0:01"),
        ("end2", "1.5"),
        ("cover1", "both"),
        ("cover2", "sound"),
        ("reason", "a voice"),
        ("do", "make"),
    ];
    let send = |more: &[(&'static str, &'static str)]| browser.post(&address, &[&typed[..], more].concat());
    let refused = send(&[("begin4", "0:09"), ("end4", "0:10")]).is(422);
    refused.says("ends after the file, which lasts");
    refused.says("href=\"#f-begin4\"");
    refused.says("value=\"0:01\"");
    send(&[]).is(303);
    let item = browser
        .get(&format!("/captures/{}", made["id"].as_str().unwrap()))
        .is(200);
    item.says("Redaction: 1 range of time");
    let listed = app.lead.get(&path(&made, "derivatives")).is(200);
    let times = json!([{"from_ms": 1000, "to_ms": 1500, "what": "sound"}]);
    assert_eq!(listed["items"][0]["recipe"]["times"], times);
}

both_databases!(a_phone_s_photo_and_film_are_redacted);
fn a_phone_s_photo_and_film_are_redacted(app: &App) {
    let (_folder, room) = room();
    let case = case(app);
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples");
    let (photo, clip) = (samples.join("photos/IMG_5195.HEIC"), samples.join("post/clip.mp4"));
    let (Ok(photo), Ok(clip)) = (std::fs::read(photo), std::fs::read(clip)) else {
        let _ = std::io::Write::write_all(&mut std::io::stderr(), b"SKIPPED: the samples are not there\n");
        return;
    };
    let photo = logged(app, &case, "IMG_5195.HEIC", &photo);
    let boxes = json!([{"x": 10, "y": 20, "width": 300, "height": 400}]);
    let wanted = json!({"file": photo["files"][0]["sha256"], "boxes": boxes, "reason": "a face"});
    let derivative = app.lead.post(&path(&photo, "redactions"), wanted).is(201);
    let bytes = file_of(&app.lead, &photo, &derivative);
    let picture = image::load_from_memory(&bytes).unwrap().to_rgb8();
    let size = json!({"width": picture.width(), "height": picture.height()});
    assert_eq!(derivative["recipe"]["picture"], size);
    assert!(picture.get_pixel(150, 200).0.iter().all(|c| *c < 12));
    for hidden in [&b"Exif"[..], b"Apple", b"GPS"] {
        assert!(!holds(&bytes, hidden));
    }
    let clip = logged(app, &case, "clip.mp4", &clip);
    let derivative = redact(app, &clip, &json!([{"from_ms": 2000, "to_ms": 3000}]));
    copy(app, (&clip, &derivative), &room);
    let frames = brightness(&room, "copy");
    assert_eq!(frames.len(), 6 * 24);
    let black = |n: &usize| frames[*n] < 4;
    assert!(
        (48..72).all(|n| black(&n)) && !(0..48).chain(72..144).any(|n| black(&n)),
        "{frames:?}"
    );
}
