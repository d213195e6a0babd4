//! What the active manifest of a file says, and how the library validates it.

use std::fs::File;
use std::io::{self, Seek};

use c2pa::validation_results::StatusCodes;
use c2pa::validation_status::ValidationStatus;
use c2pa::{Context, Error, Reader, Settings, ValidationState};
use serde_json::Value;

use super::STATE;
use crate::examination::model::{FactSource, FileFlag, Findings};

/// Ingredients, and actions, that are told of.
const LISTED: usize = 8;
/// Failures that are told with their explanation.
const EXPLAINED: usize = 8;
/// Characters of a list of codes; a longer one is told in several facts.
const LINE: usize = 450;
/// Megabytes of a manifest that was packed.
const UNPACKED: i64 = 32;

/// Reads and validates the manifest store of a file.
pub(super) fn read(file: &mut File, media_type: &str, found: &mut Findings) -> io::Result<()> {
    file.rewind()?;
    let read = context().and_then(|context| Reader::from_context(context).with_stream(media_type, &mut *file));
    match read {
        Ok(reader) => tell(&reader, found),
        Err(Error::JumbfNotFound) => {
            let told = "bytes like theirs are in the file, and none where they belong";
            found.fact(FactSource::Credentials, STATE, told);
        }
        Err(Error::RemoteManifestUrl(place)) => {
            let told = format!("are said to lie at {place}, which was not asked");
            found.fact(FactSource::Credentials, STATE, told);
        }
        Err(e) => found.flag(
            FileFlag::Unreadable,
            format!("its content credentials cannot be read: {e}"),
        ),
    }
    Ok(())
}

/// How it is read: without the network, which the library is built without as well.
fn context() -> c2pa::Result<Context> {
    let settings = Settings::new()
        .with_value("verify.remote_manifest_fetch", false)?
        .with_value("verify.ocsp_fetch", false)?
        .with_value("core.allowed_network_hosts", Vec::<String>::new())?
        // They are claims of others about persons, and their reader asks servers.
        .with_value("core.decode_identity_assertions", false)?
        .with_value("core.max_decompressed_manifest_size_in_mb", UNPACKED)?;
    Context::new().with_settings(settings)
}

fn tell(reader: &Reader, found: &mut Findings) {
    let results = reader.validation_results();
    let active = results.and_then(|results| results.active_manifest());
    let failures = active.map(StatusCodes::failure).map(Vec::as_slice).unwrap_or_default();
    let of_ingredients: Vec<&ValidationStatus> = results
        .and_then(|results| results.ingredient_deltas())
        .into_iter()
        .flatten()
        .flat_map(|one| one.validation_deltas().failure())
        .collect();
    let state = reader.validation_state();
    let told = match state {
        ValidationState::Invalid => "Invalid: they do not hold",
        ValidationState::Valid => {
            "Valid: the file is as it was when they were signed; whether the signer is who it says is not known here"
        }
        ValidationState::Trusted => "Trusted: the file is as it was when they were signed, by a signer on a list",
    };
    found.fact(FactSource::Credentials, STATE, told);
    if let Some(manifest) = reader.active_manifest() {
        says(&serde_json::to_value(manifest).unwrap_or_default(), found);
    }
    if let Some(active) = active {
        for (name, all) in [
            ("Validation, success", active.success()),
            ("Validation, informational", active.informational()),
            ("Validation, failure", active.failure()),
        ] {
            codes(name, all.iter(), found);
        }
    }
    if active.is_some_and(|active| active.success().iter().any(|one| one.code() == "timeStamp.trusted")) {
        let told = "the library calls it trusted without a list of authorities: the certificates above its signer were not checked";
        found.fact(FactSource::Credentials, "Time stamp", told);
    }
    let deltas = results.and_then(|results| results.ingredient_deltas());
    let deltas = || deltas.into_iter().flatten().map(|one| one.validation_deltas());
    codes("Ingredients, success", deltas().flat_map(StatusCodes::success), found);
    codes(
        "Ingredients, informational",
        deltas().flat_map(StatusCodes::informational),
        found,
    );
    codes("Ingredients, failure", of_ingredients.iter().copied(), found);
    for failure in failures.iter().chain(of_ingredients.iter().copied()).take(EXPLAINED) {
        if let Some(why) = failure.explanation() {
            found.fact(FactSource::Credentials, format!("Why {}", failure.code()), why);
        }
    }
    if state == ValidationState::Invalid {
        raise(failures.iter().chain(of_ingredients), found);
    }
}

/// Flags credentials that do not hold: that the bytes are others, or anything else.
fn raise<'s>(failures: impl Iterator<Item = &'s ValidationStatus>, found: &mut Findings) {
    const UNTRUSTED: &str = "signingCredential.untrusted";
    let codes: Vec<&str> = failures
        .map(ValidationStatus::code)
        .filter(|code| *code != UNTRUSTED)
        .collect();
    let is_digest = |code: &&str| code.starts_with("assertion.") && code.ends_with(".mismatch");
    let (bytes, others): (Vec<&str>, Vec<&str>) = codes.into_iter().partition(|code| is_digest(&code));
    if !bytes.is_empty() {
        let why = format!(
            "its content credentials are over other bytes: {}",
            counted(bytes.iter().copied())
        );
        found.flag(FileFlag::DigestDiffers, why);
    }
    if !others.is_empty() || bytes.is_empty() {
        let why = format!(
            "its content credentials do not hold: {}",
            counted(others.iter().copied())
        );
        found.flag(FileFlag::SignatureDiffers, why.trim_end_matches([':', ' ']));
    }
}

/// What the manifest says of itself, its signer and what went into the file.
fn says(manifest: &Value, found: &mut Findings) {
    let mut fact = |name: &str, value: &str| found.fact(FactSource::Credentials, name, value);
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let made = manifest["claim_generator_info"].as_array().into_iter().flatten();
    let made: Vec<String> = made
        .map(|one| format!("{} {}", word(&one["name"]), word(&one["version"])))
        .collect();
    match made.is_empty() {
        true => fact("Claim generator", &word(&manifest["claim_generator"])),
        false => fact("Claim generator", &made.join(", ")),
    }
    fact("Title", &word(&manifest["title"]));
    let signature = &manifest["signature_info"];
    let names: Vec<String> = [&signature["common_name"], &signature["issuer"]].map(word).into();
    let names: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .filter(|name| !name.is_empty())
        .collect();
    fact("Signed by, as its certificate says", &names.join(", "));
    fact(
        "Serial number of that certificate",
        &word(&signature["cert_serial_number"]),
    );
    fact("Signed at, as it says", &word(&signature["time"]));
    fact("Signature algorithm", &word(&signature["alg"]));
    let assertions = manifest["assertions"].as_array().into_iter().flatten();
    let acts = assertions.filter(|one| {
        one["label"]
            .as_str()
            .is_some_and(|label| label.starts_with("c2pa.actions"))
    });
    let acts = acts.flat_map(|one| one["data"]["actions"].as_array().into_iter().flatten());
    for act in acts.take(LISTED) {
        let agent = act["softwareAgent"]
            .as_str()
            .or_else(|| act["softwareAgent"]["name"].as_str());
        let source = act["digitalSourceType"]
            .as_str()
            .map(|kind| kind.rsplit('/').next().unwrap_or(kind));
        let parts = [act["action"].as_str(), agent, source, act["when"].as_str()];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        fact("Action", &parts.join(", "));
    }
    let ingredients = manifest["ingredients"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    for one in ingredients.iter().take(LISTED) {
        let title = match one["title"].as_str() {
            None | Some("") => "without a title",
            Some(title) => title,
        };
        fact("Ingredient", &format!("{title}, {}", word(&one["relationship"])));
    }
    if ingredients.len() > LISTED {
        fact("More ingredients", &(ingredients.len() - LISTED).to_string());
    }
}

/// A list of codes, each once with how often it came, in as many facts as it needs.
fn codes<'s>(name: &str, all: impl Iterator<Item = &'s ValidationStatus>, found: &mut Findings) {
    let told = counted(all.map(ValidationStatus::code));
    let mut line = String::new();
    for code in told.split(", ") {
        if line.len() + code.len() > LINE {
            found.fact(FactSource::Credentials, name, std::mem::take(&mut line));
        }
        line = if line.is_empty() {
            code.to_owned()
        } else {
            format!("{line}, {code}")
        };
    }
    found.fact(FactSource::Credentials, name, line);
}

fn counted<'c>(codes: impl Iterator<Item = &'c str>) -> String {
    let mut seen: Vec<(&str, u64)> = Vec::new();
    for code in codes {
        match seen.iter_mut().find(|(known, _)| *known == code) {
            Some((_, times)) => *times += 1,
            None => seen.push((code, 1)),
        }
    }
    let each = seen.iter().map(|(code, times)| match times {
        1 => (*code).to_owned(),
        _ => format!("{code} ×{times}"),
    });
    each.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::examination::{CREDENTIALS, examine};

    fn found(name: &str) -> Findings {
        let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/c2pa");
        let mut file = File::open(vectors.join(name)).expect("a vector");
        examine(&mut file, &format!("{CREDENTIALS}image/jpeg")).expect("read")
    }

    fn said<'f>(found: &'f Findings, name: &str) -> Vec<&'f str> {
        let facts = found.facts.iter().filter(|fact| fact.name == name);
        facts.map(|fact| fact.value.as_str()).collect()
    }

    #[test]
    fn what_was_signed_is_valid_and_its_signer_trusted_by_nobody() {
        let found = found("C.jpg");
        assert!(said(&found, STATE)[0].starts_with("Valid: "), "{found:?}");
        assert!(found.flags.is_empty(), "{found:?}");
        assert_eq!(said(&found, "Validation, failure"), ["signingCredential.untrusted"]);
        assert!(
            said(&found, "Validation, success")[0].contains("assertion.dataHash.match"),
            "{found:?}"
        );
        assert!(
            said(&found, "Claim generator")[0].starts_with("make_test_images"),
            "{found:?}"
        );
        assert!(
            said(&found, "Signed by, as its certificate says")[0].contains("C2PA"),
            "{found:?}"
        );
        assert_eq!(said(&found, "Title"), ["C.jpg"]);
        assert!(said(&found, "Signed at, as it says")[0].starts_with("20"), "{found:?}");
    }

    #[test]
    fn pixels_that_were_changed_are_told_with_the_ingredient() {
        let found = found("XCA.jpg");
        assert!(said(&found, STATE)[0].starts_with("Invalid: "), "{found:?}");
        assert!(found.is_flagged(FileFlag::DigestDiffers), "{found:?}");
        assert!(!found.is_flagged(FileFlag::SignatureDiffers), "{found:?}");
        assert!(
            said(&found, "Validation, failure")
                .concat()
                .contains("assertion.dataHash.mismatch")
        );
        assert_eq!(said(&found, "Ingredient").len(), 1, "{found:?}");
    }

    #[test]
    fn a_file_without_credentials_says_nothing_and_what_was_signed_is_bound() {
        let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/c2pa");
        let whole = std::fs::read(vectors.join("C.jpg")).expect("a vector");
        let at = |what: &[u8]| memchr::memmem::find(&whole, what).expect("a place in the vector");
        let with_other = |place: usize| {
            let mut bytes = whole.clone();
            bytes[place] ^= 0x55;
            let mut file = tempfile::tempfile().expect("a file");
            io::Write::write_all(&mut file, &bytes).expect("bytes");
            examine(&mut file, &format!("{CREDENTIALS}image/jpeg")).expect("read")
        };
        // Assertions and the claim are signed, the pixels are bound by an assertion: none of them can be another.
        let (begin, end) = (at(b"c2pa.assertions") + 100, at(b"dname") - 40);
        for place in (begin..end).step_by(2_999).chain([whole.len() - 900]) {
            let found = with_other(place);
            assert!(
                said(&found, STATE).iter().all(|state| !state.starts_with("Valid")),
                "{place}: {found:?}"
            );
        }
        // What lies around the signature is not: a certificate of the time stamp's authority may be another. It is read all the same.
        let token = at(b"sigTst");
        let answered = (token..token + 6_000).step_by(997).filter(|place| {
            let found = with_other(*place);
            !found.facts.is_empty() || !found.flags.is_empty()
        });
        assert_eq!(answered.count(), 7);
        let mut file = tempfile::tempfile().expect("a file");
        io::Write::write_all(&mut file, &[0xff, 0xd8, 0xff, 0xd9]).expect("bytes");
        assert!(!examine(&mut file, "image/jpeg").expect("read").has_credentials());
    }
}
