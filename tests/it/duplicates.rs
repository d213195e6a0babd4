//! Standard duplicates and output profiles: what courts may not play stands beside the original in a format that they do, and
//! the exhibits' files once more under the names that other systems want.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use casetrail::bag::verify_path;
use casetrail::error::Error;
use casetrail::pictures::{Helpers, PictureMaker, StandardJob, Unmade};
use casetrail::proof::Digest;
use casetrail::proof::packet::StandardFormat;
use casetrail::verify::trust::Trust;
use image::ImageFormat;
use serde_json::{Value, json};

use crate::both_databases;
use crate::derivatives::redact;
use crate::kit::browser::Browser;
use crate::kit::{App, Case};
use crate::packets::{ask, download, ended, ready, unpack, verifies};
use crate::pictures::{two_halves, with_exif};
use crate::skip::skip;

fn case(app: &App) -> Case {
    let case = app.case();
    app.leave(&case);
    case
}

fn logged(app: &App, case: &Case, files: &[(&str, &[u8])]) -> Value {
    let parts: Vec<String> = (0..files.len()).map(|n| format!("f{n}")).collect();
    let rows: Vec<Value> = parts
        .iter()
        .zip(files)
        .map(|(part, (name, _))| json!({"part": part, "role": "original", "name": name}))
        .collect();
    let capture = app.post_with(json!({"text": "what stood there", "files": rows}));
    let bytes: Vec<(&str, &[u8])> = parts
        .iter()
        .map(String::as_str)
        .zip(files.iter().map(|f| f.1))
        .collect();
    app.lead.upload(case, &capture, &bytes).is(201)
}

/// A sound or video of a second, made by `ffmpeg` with these arguments; none where it is not installed.
fn recorded(name: &str, args: &[&str]) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    let made = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error"])
        .args(["-f", "lavfi", "-i", "testsrc=size=161x121:rate=5:duration=1"])
        .args(["-f", "lavfi", "-i", "sine=440:duration=1"])
        .args(args)
        .arg(&file)
        .status();
    if !made.is_ok_and(|status| status.success()) {
        skip(name, "ffmpeg is not there, or cannot make it");
        return None;
    }
    fs::read(file).ok()
}

fn sample(name: &str) -> Option<Vec<u8>> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples");
    let found = fs::read(samples.join(name)).ok();
    if found.is_none() {
        skip(name, "the sample is not there");
    }
    found
}

fn document(top: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(top.join("data/packet.json")).unwrap()).unwrap()
}

/// The programs that a duplicate's record names.
fn programs(row: &Value) -> Vec<&str> {
    let all = row["made"]["record"]["recipe"]["programs"].as_array().unwrap();
    all.iter().map(|one| one["name"].as_str().unwrap()).collect()
}

both_databases!(what_courts_may_not_play_has_a_duplicate_beside_it);
fn what_courts_may_not_play_has_a_duplicate_beside_it(app: &App) {
    let case = case(app);
    let tiff = two_halves(40, 20, ImageFormat::Tiff);
    let stills = logged(
        app,
        &case,
        &[("a.tiff", &tiff), ("b.png", &two_halves(40, 20, ImageFormat::Png))],
    );
    let page = logged(app, &case, &[("c.html", b"<!doctype html><p>hello")]);
    let mut all = vec![stills.clone(), page];
    let webm = recorded("d.webm", &["-c:v", "libvpx", "-c:a", "libvorbis"]);
    let ogg = recorded("e.ogg", &["-map", "1:a", "-c:a", "libvorbis"]);
    let heic = sample("photos/IMG_5195.HEIC");
    let converted = [
        ("d.webm", &webm, "mp4"),
        ("e.ogg", &ogg, "mp3"),
        ("f.heic", &heic, "jpg"),
    ];
    let converted: Vec<_> = converted
        .into_iter()
        .filter_map(|(name, bytes, ending)| Some((name, bytes.as_ref()?, ending)))
        .collect();
    for (name, bytes, _) in &converted {
        all.push(logged(app, &case, &[(name, bytes)]));
    }
    let ids: Vec<&Value> = all.iter().map(|made| &made["id"]).collect();
    let before = app.count(&case.stream, "derivative.made");
    let wanted = json!({"purpose": "court_exhibits", "captures": ids});
    let packet = ready(&app.exporter, &ask(&app.exporter, &case, wanted.clone()));
    assert_eq!(packet["duplicates"], true);
    let (_folder, file) = download(&app.exporter, &packet);
    verifies(app, &file);
    let made = app.count(&case.stream, "derivative.made") - before;
    assert_eq!(made, 1 + converted.len());
    let Some(top) = unpack(&file) else { return };
    let shown = document(&top);
    let exhibits = shown["exhibits"].as_array().unwrap();
    // The TIFF has a JPEG; the PNG needs none.
    let rows = exhibits[0]["duplicates"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["of"]), (1, &json!(1)));
    assert_eq!(rows[0]["file"]["path"], "data/exhibits/001/01-duplicate.jpg");
    assert_eq!(rows[0]["file"]["role"], "derivative");
    let record = &rows[0]["made"]["record"];
    assert_eq!(
        (&record["kind"], programs(&rows[0])),
        (&json!("duplicate"), vec!["casetrail"])
    );
    assert_eq!(record["file"]["parent"], stills["files"][0]["sha256"]);
    assert_eq!(record["made_by"]["id"], packet["requested_by"]["id"]);
    assert_eq!(fs::read(top.join("data/exhibits/001/01-original.tiff")).unwrap(), tiff);
    let jpeg = image::open(top.join("data/exhibits/001/01-duplicate.jpg")).unwrap();
    assert_eq!((jpeg.width(), jpeg.height()), (40, 20));
    // The page has none, and it is said why.
    let rows = &exhibits[1]["duplicates"];
    assert!(
        rows[0]["lacks"].as_str().unwrap().contains("are not converted"),
        "{rows}"
    );
    let index = fs::read_to_string(top.join("data/index.html")).unwrap();
    assert!(
        index.contains("<img src=\"exhibits/001/01-duplicate.jpg\""),
        "the page shows no duplicate"
    );
    assert!(index.contains("No standard duplicate: files of this type are not converted"));
    for (n, (name, bytes, ending)) in converted.iter().enumerate() {
        let folder = format!("data/exhibits/{:03}", n + 3);
        let row = &exhibits[n + 2]["duplicates"][0];
        assert_eq!(
            row["file"]["path"],
            format!("{folder}/01-duplicate.{ending}"),
            "{name}: {row}"
        );
        let original = exhibits[n + 2]["files"][0]["path"].as_str().unwrap();
        assert_eq!(&fs::read(top.join(original)).unwrap(), *bytes);
        let version = row["made"]["record"]["recipe"]["programs"][0]["version"]
            .as_str()
            .unwrap();
        assert!(version.contains('.'), "{version}");
        let copy = fs::read(top.join(row["file"]["path"].as_str().unwrap())).unwrap();
        let says = |what: &str| copy.windows(what.len()).any(|window| window == what.as_bytes());
        match *ending {
            "mp4" => assert!(says("avc1") && says("mp4a") && !says("Lavf5")),
            "mp3" => assert!(says("Xing") || says("Info")),
            _ => assert!(!says("Exif") && image::load_from_memory(&copy).is_ok()),
        }
    }
    // They are made once: another packet takes them again, byte for byte.
    let again = ready(&app.exporter, &ask(&app.exporter, &case, wanted));
    assert_eq!(app.count(&case.stream, "derivative.made") - before, made);
    let (_folder, file) = download(&app.exporter, &again);
    verifies(app, &file);
    // Without them the packet says nothing of them, and withholds their records.
    let none = json!({"purpose": "court_exhibits", "captures": ids, "duplicates": false});
    let none = ready(&app.exporter, &ask(&app.exporter, &case, none));
    let (_folder, file) = download(&app.exporter, &none);
    verifies(app, &file);
    let top = unpack(&file).unwrap();
    assert_eq!(document(&top)["exhibits"][0].get("duplicates"), None);
    assert!(!top.join("data/exhibits/001/01-duplicate.jpg").exists());
    let records = fs::read_to_string(top.join("data/custody/records.jsonl")).unwrap();
    assert!(!records.contains("\"duplicate\""), "a record of a duplicate is shown");
    app.audit();
}

both_databases!(a_duplicate_that_cannot_be_made_fails_no_packet);
fn a_duplicate_that_cannot_be_made_fails_no_packet(app: &App) {
    let case = case(app);
    let mut broken = two_halves(40, 20, ImageFormat::Tiff);
    broken.truncate(60);
    let mut webm = b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm".to_vec();
    webm.resize(400, 7);
    logged(app, &case, &[("a.tiff", &broken), ("b.webm", &webm)]);
    let packet = ready(
        &app.exporter,
        &ask(&app.exporter, &case, json!({"purpose": "discovery"})),
    );
    let (_folder, file) = download(&app.exporter, &packet);
    verifies(app, &file);
    assert_eq!(app.count(&case.stream, "derivative.made"), 0);
    let Some(top) = unpack(&file) else { return };
    let rows = document(&top)["exhibits"][0]["duplicates"].clone();
    for (n, row) in rows.as_array().unwrap().iter().enumerate() {
        assert_eq!(row["of"], n + 1);
        assert!(
            row["lacks"].as_str().unwrap().starts_with("it could not be made"),
            "{row}"
        );
    }
    assert_eq!(rows.as_array().unwrap().len(), 2);
    let page = Browser::signed_in(app, "exporter");
    let page = page
        .get(&format!("/packets/{}", packet["id"].as_str().unwrap()))
        .is(200);
    page.says("Beside the originals");
    page.says("2 remarks on what could not be made or taken");
}

#[test]
fn without_its_program_a_duplicate_is_absent_with_the_program_s_name() {
    let folder = tempfile::tempdir().unwrap();
    let program = PathBuf::from("/bin/true");
    let maker = PictureMaker::open(program, folder.path().join("work"), Helpers::default()).unwrap();
    for (media_type, format, lacks) in [
        ("image/heic", StandardFormat::Jpeg, "heif-convert"),
        ("video/webm", StandardFormat::Mp4, "ffmpeg"),
        ("audio/ogg", StandardFormat::Mp3, "ffmpeg"),
    ] {
        let wanted = StandardJob {
            media_type,
            size: 1,
            format,
            go_on: &|| Ok(()),
        };
        let unmade = maker.duplicate(&b"x"[..], &wanted, |_| Ok(())).unwrap().unwrap_err();
        assert_eq!(unmade, Unmade::Lacks(lacks));
    }
}

#[test]
fn making_a_duplicate_is_ended_when_its_job_is() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("decoder");
    fs::write(&program, "#!/bin/sh\nexec sleep 60\n").unwrap();
    fs::set_permissions(&program, PermissionsExt::from_mode(0o700)).unwrap();
    let helpers = Helpers {
        ffmpeg: Some("/bin/true".into()),
        heif_convert: None,
        ffprobe: None,
    };
    let maker = PictureMaker::open(program, folder.path().join("work"), helpers).unwrap();
    let wanted = StandardJob {
        media_type: "video/webm",
        size: 1,
        format: StandardFormat::Mp4,
        go_on: &|| Err(Error::not_found()),
    };
    let start = Instant::now();
    maker.duplicate(&b"x"[..], &wanted, |_| Ok(())).unwrap_err();
    assert!(start.elapsed().as_secs() < 20);
    assert_eq!(fs::read_dir(folder.path().join("work")).unwrap().count(), 0);
}

both_databases!(an_mp4_that_courts_do_not_play_has_another_beside_it);
fn an_mp4_that_courts_do_not_play_has_another_beside_it(app: &App) {
    let case = case(app);
    let plain = ["-c:v", "libx264", "-s", "160x120", "-pix_fmt", "yuv420p", "-c:a", "aac"];
    let Some(plain) = recorded("a.mp4", &plain) else { return };
    let hevc = [
        "-c:v",
        "libx265",
        "-s",
        "160x120",
        "-x265-params",
        "log-level=none",
        "-pix_fmt",
        "yuv420p",
        "-c:a",
        "aac",
    ];
    let Some(hevc) = recorded("b.mp4", &hevc) else { return };
    logged(app, &case, &[("a.mp4", &plain), ("b.mp4", &hevc)]);
    let wanted = json!({"purpose": "court_exhibits", "profiles": ["jers"]});
    let packet = ready(&app.exporter, &ask(&app.exporter, &case, wanted));
    let (_folder, file) = download(&app.exporter, &packet);
    verifies(app, &file);
    let Some(top) = unpack(&file) else { return };
    let rows = document(&top)["exhibits"][0]["duplicates"].clone();
    assert_eq!(
        (rows.as_array().unwrap().len(), &rows[0]["of"]),
        (1, &json!(2)),
        "{rows}"
    );
    assert_eq!(rows[0]["file"]["path"], "data/exhibits/001/02-duplicate.mp4");
    let index = fs::read_to_string(top.join("data/index.html")).unwrap();
    assert!(index.contains("<video src=\"exhibits/001/01-original.mp4\""));
    assert!(index.contains("<video src=\"exhibits/001/02-duplicate.mp4\""));
    assert!(!index.contains("<video src=\"exhibits/001/02-original.mp4\""));
    // The court's system gets what it plays.
    let jers = files_below(&top.join("data/profiles/jers"));
    let copy = fs::read(top.join("data/exhibits/001/02-duplicate.mp4")).unwrap();
    assert_eq!(jers["1-1_post-item-1.mp4"], plain);
    assert_eq!(jers["1-2_post-item-1.mp4"], copy);
}

both_databases!(a_redacted_exhibit_has_no_duplicate_of_what_it_withholds);
fn a_redacted_exhibit_has_no_duplicate_of_what_it_withholds(app: &App) {
    let case = case(app);
    let tiff = two_halves(40, 20, ImageFormat::Tiff);
    let made = logged(app, &case, &[("a.tiff", &tiff)]);
    // Somebody had a packet of the whole before.
    ready(
        &app.exporter,
        &ask(&app.exporter, &case, json!({"purpose": "court_exhibits"})),
    );
    assert_eq!(app.count(&case.stream, "derivative.made"), 1);
    let boxes = json!([{"x": 0, "y": 0, "width": 20, "height": 20}]);
    let redaction = redact(&app.exporter, &made, boxes);
    let wanted = json!({"purpose": "discovery", "captures": [made["id"]], "redactions": [redaction["id"]],
        "profiles": ["jers", "loadfile"]});
    let packet = ready(&app.exporter, &ask(&app.exporter, &case, wanted));
    let (_folder, file) = download(&app.exporter, &packet);
    verifies(app, &file);
    let report = verify_path(&file, &Trust::default());
    assert_eq!(report.exit_code, 3);
    let Some(top) = unpack(&file) else { return };
    let shown = document(&top);
    assert_eq!(shown["exhibits"][0].get("duplicates"), None);
    let whole: Vec<Digest> = files_below(&top.join("data"))
        .values()
        .map(|bytes| Digest::of(bytes))
        .collect();
    assert!(!whole.contains(&Digest::of(&tiff)));
    let dat = fs::read_to_string(top.join("data/profiles/loadfile/loadfile.dat")).unwrap();
    assert!(dat.contains("EX001-01"), "{dat}");
    // A duplicate is no redaction.
    let duplicate = app
        .lead
        .get(&format!(
            "/api/v1/captures/{}/derivatives",
            made["id"].as_str().unwrap()
        ))
        .is(200)["items"][0]["id"]
        .clone();
    let wrong = json!({"purpose": "discovery", "captures": [made["id"]], "redactions": [duplicate]});
    app.exporter
        .post(&case.path("packets"), wrong)
        .refuses(422, "redactions[0]", "unknown");
}

/// The files below a folder, by their paths.
fn files_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            let below = files_below(&entry.path()).into_iter();
            all.extend(below.map(|(path, bytes)| (format!("{name}/{path}"), bytes)));
        } else {
            all.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    all
}

both_databases!(profiles_are_folders_of_copies_beside_the_canonical_layout);
fn profiles_are_folders_of_copies_beside_the_canonical_layout(app: &App) {
    let case = case(app);
    let png = two_halves(40, 20, ImageFormat::Png);
    let jpeg = with_exif(&two_halves(40, 20, ImageFormat::Jpeg), 6);
    let both = logged(app, &case, &[("a.png", &png), ("b.jpg", &jpeg)]);
    let page = logged(app, &case, &[("c.html", b"<!doctype html><p>hello")]);
    let list = json!({"name": "For the hearing", "purpose": "court_exhibits", "scheme": {"prefix": "P-", "parts": true},
        "exhibits": [{"capture": both["id"], "number": "P-7", "part": "A", "title": "Möwe über_dem | Pier"}, {"capture": page["id"], "number": "P-8"}]});
    let list = app.exporter.post(&case.path("exhibit-lists"), list).is(201);
    let wanted = json!({"purpose": "court_exhibits", "profiles": ["loadfile", "jers"],
        "exhibit_list": {"id": list["id"], "version": list["version"]}});
    let packet = ready(&app.exporter, &ask(&app.exporter, &case, wanted));
    assert_eq!(packet["profiles"], json!(["jers", "loadfile"]));
    let (_folder, file) = download(&app.exporter, &packet);
    verifies(app, &file);
    let Some(top) = unpack(&file) else { return };
    let jers = files_below(&top.join("data/profiles/jers"));
    let names: Vec<&str> = jers.keys().map(String::as_str).collect();
    let (first, second) = ("P7-A1_Mowe-uber-dem-Pier.jpg", "P7-A2_Mowe-uber-dem-Pier.jpg");
    assert_eq!(names, ["Exhibits.txt", "Left-out.txt", first, second]);
    assert_eq!(jers[second], jpeg);
    assert_eq!(
        jers[first],
        fs::read(top.join("data/exhibits/001/01-duplicate.jpg")).unwrap()
    );
    let lines = "P7(A1)|Mowe uber_dem / Pier|P7-A1_Mowe-uber-dem-Pier.jpg\r\nP7(A2)|Mowe uber_dem / Pier|P7-A2_Mowe-uber-dem-Pier.jpg\r\n";
    assert_eq!(String::from_utf8(jers["Exhibits.txt"].clone()).unwrap(), lines);
    // What the court's system does not take is said: beside its list, in the packet and on its page.
    let left_out = String::from_utf8(jers["Left-out.txt"].clone()).unwrap();
    assert!(
        left_out.starts_with("P8|post on instagram") && left_out.contains("|file 1: JERS takes no file"),
        "{left_out}"
    );
    let shown = document(&top);
    assert_eq!(shown["packet"]["profiles"], json!(["jers", "loadfile"]));
    let unfit = &shown["exhibits"][1]["unfit"];
    assert_eq!(
        (&unfit[0]["profile"], &unfit[0]["of"]),
        (&json!("jers"), &json!(1)),
        "{unfit}"
    );
    assert!(
        fs::read_to_string(top.join("data/index.html"))
            .unwrap()
            .contains("profiles/jers/")
    );
    let loadfile = files_below(&top.join("data/profiles/loadfile"));
    let names: Vec<&str> = loadfile.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "loadfile.dat",
            "loadfile.opt",
            "natives/EX001-01-duplicate.jpg",
            "natives/EX001-01.png",
            "natives/EX001-02.jpg",
            "natives/EX002-01.html"
        ]
    );
    let dat = String::from_utf8(loadfile["loadfile.dat"].clone()).unwrap();
    let dat = dat.strip_prefix('\u{feff}').unwrap();
    let records: Vec<Vec<&str>> = dat
        .split_terminator("\r\n")
        .map(|line| line.split('\u{14}').collect())
        .collect();
    assert_eq!(records.len(), 4);
    let value = |record: usize, field: &str| {
        let at = records[0]
            .iter()
            .position(|name| *name == format!("þ{field}þ"))
            .unwrap();
        records[record][at].trim_matches('þ').to_owned()
    };
    assert_eq!(value(2, "BEGDOC"), "EX001-02");
    assert_eq!(
        (value(2, "BEGATTACH"), value(2, "ENDATTACH")),
        ("EX001-01".into(), "EX001-02".into())
    );
    assert_eq!(value(1, "EXHIBIT"), "P-7-A");
    assert_eq!(value(2, "SHA256"), Digest::of(&jpeg).to_string());
    assert_eq!(value(1, "NATIVE"), "natives\\EX001-01.png");
    assert_eq!(value(1, "DUPLICATE"), "natives\\EX001-01-duplicate.jpg");
    assert_eq!(value(3, "NATIVE"), "natives\\EX002-01.html");
    let opt = "EX001-01,CT001,natives\\EX001-01-duplicate.jpg,Y,,,1\r\nEX001-02,CT001,natives\\EX001-02.jpg,Y,,,1\r\n";
    assert_eq!(String::from_utf8(loadfile["loadfile.opt"].clone()).unwrap(), opt);
    for (path, bytes) in &loadfile {
        let copied = files_below(&top.join("data/exhibits")).values().any(|own| own == bytes);
        assert!(copied || path.starts_with("loadfile."), "{path} is no copy");
    }
    app.audit();
}

both_databases!(what_is_asked_for_is_refused_by_field_and_rule);
fn what_is_asked_for_is_refused_by_field_and_rule(app: &App) {
    let case = case(app);
    logged(app, &case, &[("a.txt", b"text")]);
    for (wanted, field, rule) in [
        (
            json!({"purpose": "internal", "profiles": ["relativity"]}),
            "profiles[0]",
            "one_of",
        ),
        (
            json!({"purpose": "internal", "duplicates": "yes"}),
            "duplicates",
            "boolean",
        ),
    ] {
        app.exporter
            .post(&case.path("packets"), wanted)
            .refuses(422, field, rule);
    }
    // For use inside the agency there are none unless they are asked for.
    let internal = ask(&app.exporter, &case, json!({"purpose": "internal"}));
    assert_eq!(
        (&internal["duplicates"], &internal["profiles"]),
        (&json!(false), &json!([]))
    );
    ended(&app.exporter, &internal);
    let asked = json!({"purpose": "internal", "duplicates": true});
    let asked = ask(&app.exporter, &case, asked);
    assert_eq!(asked["duplicates"], true);
    ready(&app.exporter, &asked);
    // By a page.
    let browser = Browser::signed_in(app, "exporter");
    let form = browser.get(&case.path("packets/new").replace("/api/v1", "")).is(200);
    form.says("Formats that courts take");
    form.says("name=\"profiles[]\" value=\"jers\"");
    let look = [
        ("items", "1"),
        ("was", "1"),
        ("purpose", "court_exhibits"),
        ("profiles[]", "jers"),
        ("do", "look"),
    ];
    let looked = browser
        .post(&case.path("packets/new").replace("/api/v1", ""), &look)
        .is(200);
    looked.says("has a file that JERS does not take");
    let fields = [
        ("items", "1"),
        ("was", "1"),
        ("purpose", "discovery"),
        ("duplicates", "false"),
        ("profiles[]", "loadfile"),
    ];
    let done = browser
        .post(&case.path("packets").replace("/api/v1", ""), &fields)
        .is(303);
    let id = done.leads_to().trim_start_matches("/packets/").to_owned();
    let packet = ready(&app.exporter, &json!({"id": id}));
    assert_eq!(
        (&packet["duplicates"], &packet["profiles"]),
        (&json!(false), &json!(["loadfile"]))
    );
    browser
        .get(&format!("/packets/{id}"))
        .is(200)
        .says("profiles/loadfile/");
}
