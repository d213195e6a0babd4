//! Videos and sounds, as `ffprobe` tells of them.

use serde_json::Value;

use super::model::{FactSource, FileFlag, Findings, NamedPlace};

/// Streams that are told of.
const STREAMS: usize = 12;
/// Tags that are told of, wherever they stand.
const TAGS: usize = 30;

/// Reads what `ffprobe -show_format -show_streams -of json` said. What it says of a hostile file is believed as little as the
/// file.
pub fn read_probe(said: &[u8], found: &mut Findings) {
    let said: Value = serde_json::from_slice(said).unwrap_or_default();
    let format = &said["format"];
    let streams = said["streams"].as_array().map(Vec::as_slice).unwrap_or_default();
    if streams.is_empty() {
        found.flag(FileFlag::Unreadable, "no stream of picture or sound can be read");
        return;
    }
    found.duration_ms = format["duration"].as_str().and_then(milliseconds);
    found.fact(FactSource::Media, "Container", word(&format["format_long_name"]));
    for stream in streams.iter().take(STREAMS) {
        let kind = word(&stream["codec_type"]);
        let size = size(stream, found);
        let rate = match word(&stream["avg_frame_rate"]) {
            "" | "0/0" => String::new(),
            rate if kind == "video" => format!(", {rate} frames a second"),
            _ => String::new(),
        };
        let sound = match word(&stream["sample_rate"]) {
            "" => String::new(),
            rate => format!(", {rate} Hz"),
        };
        let told = format!("{}{size}{rate}{sound}", word(&stream["codec_long_name"]));
        let told = told.trim_start_matches(", ");
        found.fact(FactSource::Media, format!("Stream {}, {kind}", stream["index"]), told);
    }
    let tags = std::iter::once(&format["tags"]).chain(streams.iter().map(|stream| &stream["tags"]));
    let tags = tags.filter_map(Value::as_object).flatten();
    for (name, value) in tags.take(TAGS) {
        let value = word(value);
        if name.to_lowercase().contains("location") && found.place.is_none() {
            found.place = place(value);
        }
        found.fact(FactSource::Media, name.clone(), value);
    }
}

/// The size of a stream of pictures, as it is told; the first one's, as it is shown, is that of the file.
fn size(stream: &Value, found: &mut Findings) -> String {
    let (Some(width @ 1..), Some(height)) = (stream["width"].as_u64(), stream["height"].as_u64()) else {
        return String::new();
    };
    let turned = turned(stream);
    if found.width.is_none() {
        let size = (u32::try_from(width).ok(), u32::try_from(height).ok());
        (found.width, found.height) = if turned % 180 == 90 { (size.1, size.0) } else { size };
    }
    match turned {
        0 => format!(", {width} × {height}"),
        _ => format!(", {width} × {height}, shown turned {turned}° clockwise"),
    }
}

/// How a phone says that its video is to be turned before it is shown: by 0, 90, 180 or 270 degrees, clockwise.
fn turned(stream: &Value) -> i64 {
    let side_data = stream["side_data_list"].as_array().into_iter().flatten();
    // A matrix turns against the clock; older files have a tag that turns with it.
    let by_matrix = side_data
        .filter_map(|one| one["rotation"].as_f64())
        .next()
        .map(|degrees| -degrees);
    let by_tag = || stream["tags"]["rotate"].as_str()?.parse::<f64>().ok();
    let degrees = by_matrix
        .or_else(by_tag)
        .filter(|degrees| degrees.abs() <= 720.0)
        .unwrap_or(0.0);
    let quarters = (degrees / 90.0).round() as i64;
    (quarters * 90).rem_euclid(360)
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Seconds with a fraction, as milliseconds.
fn milliseconds(seconds: &str) -> Option<u64> {
    let (whole, part) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let part: String = part.chars().chain("000".chars()).take(3).collect();
    let whole: u64 = whole.parse().ok()?;
    whole.checked_mul(1000)?.checked_add(part.parse().ok()?)
}

/// ISO 6709, such as `+48.8577+002.295+035/`.
fn place(text: &str) -> Option<NamedPlace> {
    let mut parts: Vec<String> = Vec::new();
    for sign in text.trim_end_matches('/').chars() {
        match sign {
            '+' | '-' => parts.push(sign.to_string()),
            '0'..='9' | '.' => parts.last_mut()?.push(sign),
            _ => return None,
        }
    }
    let number = |part: &String, digits: usize| part.parse::<f64>().ok().map(|n| format!("{n:.digits$}"));
    let within = |part: &String, most: f64| part.parse::<f64>().is_ok_and(|n| n.abs() <= most);
    let (latitude, longitude) = (parts.first()?, parts.get(1)?);
    if !within(latitude, 90.0) || !within(longitude, 180.0) {
        return None;
    }
    Some(NamedPlace {
        source: FactSource::Media,
        latitude: number(latitude, 6)?,
        longitude: number(longitude, 6)?,
        altitude: parts.get(2).and_then(|part| number(part, 1)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_times_are_read_as_written_and_nonsense_is_none() {
        let found = place("+48.8577-002.295+035/").expect("a place");
        assert_eq!(
            (
                found.latitude.as_str(),
                found.longitude.as_str(),
                found.altitude.as_deref()
            ),
            ("48.857700", "-2.295000", Some("35.0"))
        );
        for nonsense in ["", "+99+10/", "+1", "here", "+10+181/"] {
            assert_eq!(place(nonsense), None, "{nonsense}");
        }
        assert_eq!(milliseconds("6.0266"), Some(6_026));
        assert_eq!(milliseconds("7"), Some(7_000));
        assert_eq!(milliseconds("-1.0"), None);
        for (stream, degrees) in [
            (
                serde_json::json!({"side_data_list": [{"side_data_type": "Display Matrix", "rotation": -90}]}),
                90,
            ),
            (serde_json::json!({"tags": {"rotate": "270"}}), 270),
            (serde_json::json!({"side_data_list": [{"rotation": 180.2}]}), 180),
            (serde_json::json!({"side_data_list": [{"rotation": 1e300}]}), 0),
            (serde_json::json!({}), 0),
        ] {
            assert_eq!(turned(&stream), degrees, "{stream}");
        }
        let mut found = Findings::default();
        let phone = serde_json::json!({"streams": [
            {"index": 0, "codec_type": "video", "width": 1920, "height": 1080, "side_data_list": [{"rotation": -90}]},
            {"index": 1, "codec_type": "video", "width": 64, "height": 48}]});
        read_probe(phone.to_string().as_bytes(), &mut found);
        assert_eq!((found.width, found.height), (Some(1080), Some(1920)));
        assert_eq!(found.facts[0].value, "1920 × 1080, shown turned 90° clockwise");
        let mut found = Findings::default();
        read_probe(b"{}", &mut found);
        assert!(found.is_flagged(FileFlag::Unreadable));
    }
}
