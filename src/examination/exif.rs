//! EXIF as found: times without a zone stay without one, and nothing is guessed.

use std::fs::File;
use std::io::{self, BufReader, Seek};

use exif::{Exif, Field, In, Rational, Reader, Tag, Value};

use super::model::{FactSource, FileFlag, Findings, NamedPlace};

/// Values that are no text and tell nobody anything.
const LEFT_OUT: [Tag; 6] = [
    Tag::MakerNote,
    Tag::JPEGInterchangeFormat,
    Tag::JPEGInterchangeFormatLength,
    Tag::StripOffsets,
    Tag::StripByteCounts,
    Tag::TileOffsets,
];
/// Longer lists of numbers are left out.
const LONGEST: usize = 64;

/// Reads the EXIF of a photo, where it has any.
pub(super) fn read(file: &mut File, found: &mut Findings) -> io::Result<()> {
    file.rewind()?;
    let read = Reader::new()
        .continue_on_error(true)
        .read_from_container(&mut BufReader::new(&mut *file));
    let exif = match read {
        Ok(exif) => exif,
        Err(exif::Error::PartialResult(part)) => {
            let (exif, errors) = part.into_inner();
            let why = format!("its EXIF is damaged in {} places; the rest was read", errors.len());
            found.flag(FileFlag::Unreadable, why);
            exif
        }
        Err(exif::Error::InvalidFormat(why)) if why.contains("Truncated") || why.contains("truncated") => {
            found.flag(FileFlag::Unreadable, format!("its EXIF is damaged: {why}"));
            return Ok(());
        }
        // No EXIF, or none that this version reads.
        Err(_) => return Ok(()),
    };
    let wanted = |field: &&Field| field.ifd_num == In::PRIMARY && !LEFT_OUT.contains(&field.tag);
    for field in exif.fields().filter(wanted) {
        if let (Some(name), Some(value)) = (name(field.tag), value(field, &exif)) {
            found.fact(FactSource::Exif, name, value);
        }
    }
    match place(&exif) {
        Some(Ok(place)) => found.place = Some(place),
        Some(Err(why)) => found.flag(FileFlag::Implausible, why),
        None => {}
    }
    Ok(())
}

/// What a tag is called; none of one that nobody knows.
fn name(tag: Tag) -> Option<String> {
    match tag.number() {
        316 => Some("HostComputer".into()),
        40091 => Some("XPTitle".into()),
        40092 => Some("XPComment".into()),
        40093 => Some("XPAuthor".into()),
        40094 => Some("XPKeywords".into()),
        40095 => Some("XPSubject".into()),
        _ => tag.description().map(|_| tag.to_string()),
    }
}

/// The value as a person reads it; none of one that is only bytes.
fn value(field: &Field, exif: &Exif) -> Option<String> {
    match &field.value {
        Value::Ascii(lines) => {
            let lines = lines.iter().map(|line| String::from_utf8_lossy(line));
            Some(lines.collect::<Vec<_>>().join("; "))
        }
        Value::Byte(bytes) if (40091..=40095).contains(&field.tag.number()) => Some(utf16(bytes)),
        Value::Undefined(bytes, _) if field.tag == Tag::UserComment => Some(comment(bytes)),
        Value::Undefined(bytes, _) if bytes.len() > LONGEST => None,
        Value::Byte(bytes) if bytes.len() > LONGEST => None,
        Value::Short(list) if list.len() > LONGEST => None,
        Value::Long(list) if list.len() > LONGEST => None,
        Value::Unknown(..) => None,
        _ => Some(field.display_value().with_unit(exif).to_string()),
    }
}

/// A comment names its letters in its first eight bytes. Those of Unicode are read in the order in which most programs write.
fn comment(bytes: &[u8]) -> String {
    match bytes.split_at_checked(8) {
        Some((b"UNICODE\0", text)) => utf16(text),
        Some((_, text)) => String::from_utf8_lossy(text).trim_matches(['\0', ' ']).to_owned(),
        None => String::new(),
    }
}

/// Windows writes its own tags in UTF-16, the low byte first.
fn utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let letters = char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER));
    letters.take_while(|letter| *letter != '\0').collect()
}

/// The place that it names, or why that is none on Earth; none where it names none.
fn place(exif: &Exif) -> Option<std::result::Result<NamedPlace, String>> {
    let shown = |tag: Tag| {
        exif.get_field(tag, In::PRIMARY)
            .map(|field| field.display_value().to_string())
    };
    let coordinate = |value: Tag, side: Tag, sides: (u8, u8), most: f64| {
        let degrees = degrees(&exif.get_field(value, In::PRIMARY)?.value)?;
        let letter = match &exif.get_field(side, In::PRIMARY)?.value {
            Value::Ascii(side) => side.first()?.first()?.to_ascii_uppercase(),
            _ => return None,
        };
        let on_earth = degrees <= most && [sides.0, sides.1].contains(&letter);
        let signed = if letter == sides.1 { -degrees } else { degrees };
        Some(match on_earth {
            true => Ok(format!("{signed:.6}")),
            false => Err(format!("{} {}", shown(value)?, shown(side)?)),
        })
    };
    let altitude = || {
        let Value::Rational(list) = &exif.get_field(Tag::GPSAltitude, In::PRIMARY)?.value else {
            return None;
        };
        let below = exif.get_field(Tag::GPSAltitudeRef, In::PRIMARY);
        let below = below.and_then(|field| field.value.get_uint(0)) == Some(1);
        let meters = finite(list.first()?)?;
        Some(format!("{:.1}", if below { -meters } else { meters }))
    };
    let latitude = coordinate(Tag::GPSLatitude, Tag::GPSLatitudeRef, (b'N', b'S'), 90.0)?;
    let longitude = coordinate(Tag::GPSLongitude, Tag::GPSLongitudeRef, (b'E', b'W'), 180.0)?;
    Some(match (latitude, longitude) {
        (Ok(latitude), Ok(longitude)) => Ok(NamedPlace {
            source: FactSource::Exif,
            latitude,
            longitude,
            altitude: altitude(),
        }),
        (Err(wrong), _) | (_, Err(wrong)) => Err(format!("it names a place that is none on Earth: {wrong}")),
    })
}

/// Degrees, minutes and seconds as degrees.
fn degrees(value: &Value) -> Option<f64> {
    let Value::Rational(parts) = value else { return None };
    let [degrees, minutes, seconds] = parts[..] else {
        return None;
    };
    Some(finite(&degrees)? + finite(&minutes)? / 60.0 + finite(&seconds)? / 3600.0)
}

fn finite(number: &Rational) -> Option<f64> {
    (number.denom != 0).then(|| number.to_f64())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use exif::experimental::Writer;

    use super::*;

    fn found((latitude, north): (u32, &str), (longitude, east): (u32, &str)) -> Findings {
        let degrees = |whole: u32| {
            let part = |num| Rational { num, denom: 1 };
            Value::Rational(vec![part(whole), part(30), part(0)])
        };
        let letter = |text: &str| Value::Ascii(vec![text.as_bytes().to_vec()]);
        let fields = [
            (Tag::GPSLatitude, degrees(latitude)),
            (Tag::GPSLatitudeRef, letter(north)),
            (Tag::GPSLongitude, degrees(longitude)),
            (Tag::GPSLongitudeRef, letter(east)),
        ];
        let fields = fields.map(|(tag, value)| Field {
            tag,
            ifd_num: In::PRIMARY,
            value,
        });
        let (mut writer, mut tiff) = (Writer::new(), io::Cursor::new(Vec::new()));
        fields.iter().for_each(|field| writer.push_field(field));
        writer.write(&mut tiff, false).expect("a TIFF");
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&tiff.into_inner()).expect("bytes");
        let mut found = Findings::default();
        read(&mut file, &mut found).expect("read");
        found
    }

    #[test]
    fn a_place_that_is_none_on_earth_is_told_and_flagged() {
        let there = found((12, "S"), (100, "w")).place.expect("a place");
        assert_eq!(
            (there.latitude.as_str(), there.longitude.as_str()),
            ("-12.500000", "-100.500000")
        );
        for (latitude, longitude) in [
            ((95, "N"), (10, "E")),
            ((10, "N"), (181, "E")),
            ((10, "X"), (10, "E")),
            ((10, "N"), (10, "N")),
        ] {
            let found = found(latitude, longitude);
            assert!(
                found.place.is_none() && found.is_flagged(FileFlag::Implausible),
                "{found:?}"
            );
            // As found, it is told all the same.
            assert!(found.facts.iter().any(|fact| fact.name == "GPSLatitude"), "{found:?}");
        }
    }
}
