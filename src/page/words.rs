//! Words of the contract as a packet's page and the product's pages say them.

use serde_json::Value;

use crate::text::{counted, label};

/// A purpose in words for people, by its word.
pub fn purpose(word: &str) -> Option<&'static str> {
    Some(match word {
        "court_exhibits" => "exhibits for a court",
        "discovery" => "discovery",
        "supplement" => "supplement to an earlier packet",
        "referral" => "referral",
        "internal" => "internal use",
        _ => return None,
    })
}

/// How the time of posting is known: a platform seldom shows year and zone.
pub fn posted_basis(word: &str) -> Option<&'static str> {
    Some(match word {
        "shown" => "as the capturer read what was shown",
        "inferred" => "as the capturer worked it out",
        "unknown" => "the capturer does not say from what",
        _ => return None,
    })
}

/// What stands beside a time of capture that is guessed, wherever it is shown.
pub fn guessed(basis: &str) -> Option<&'static str> {
    match basis {
        "file_date" => Some("guessed, by the file date"),
        "guessed" => Some("guessed"),
        _ => None,
    }
}

/// How a time of capture is known, in words. One that nobody gave is that of the receipt, to the microsecond.
pub fn captured_basis<T: PartialEq>(basis: &str, captured: T, received: T) -> &'static str {
    match guessed(basis) {
        Some(mark) => mark,
        None if captured == received => "when it was received: no other time was given",
        None => "as its capturer says",
    }
}

/// The sentence that the requester of an authorization attests.
pub fn attestation(word: &str) -> Option<&'static str> {
    Some(match word {
        "not_based_solely_on_protected_activity" => {
            "Nobody is looked at only for what they lawfully say, believe or join."
        }
        "no_contact" => "There will be no contact with those looked at.",
        _ => return None,
    })
}

/// A check of a request, by its name.
pub fn check(word: &str) -> &'static str {
    match word {
        "state" => "State",
        "case" => "Case",
        "particulars" => "Particulars",
        "window" => "Window",
        "decider" => "Decider",
        "holders" => "Holders",
        "training" => "Training",
        "attested" => "Confirmed",
        "length" => "Longest window",
        "devices" => "Devices",
        "overlap" => "Overlap",
        "review" => "Review",
        "answers" => "Answers",
        "plan" => "Plan",
        "approvals" => "Approvals",
        "renewed" => "The one it continues",
        "oral" => "Oral approval",
        "juvenile" => "A juvenile is a subject",
        "alias" => "Alias",
        _ => "Check",
    }
}

/// How many aliases an authorization names: all that anybody is told outside the registry of aliases.
pub fn aliases(named: u64) -> Option<String> {
    (named > 0).then(|| format!("{}, in the registry", crate::text::counted(named, "alias", "aliases")))
}

/// How the line of coverage begins that says that a capture was made under an alias.
pub const UNDER_AN_ALIAS: &str = "under an alias of the capturer";

/// The searches that an authorization names. No rule of coverage asks what was searched for.
pub fn searches<'s>(named: impl Iterator<Item = &'s str>) -> String {
    let named: Vec<String> = named.map(crate::text::line).collect();
    match named.is_empty() {
        true => "none named".to_owned(),
        false => format!("{} ({SEARCHES})", named.join("; ")),
    }
}

/// What stands beside the searches of an authorization, wherever they are shown.
pub const SEARCHES: &str = "recorded, not judged: no rule compares what was searched for with this list";

/// Who outside the agency has seen its log, and from when on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogAnchor {
    /// When, in words.
    pub at: String,
    /// A witness or a time authority.
    pub by: String,
}

/// What the agreement of files and records with the log is worth, in sentences: as much as is proven, and no more.
pub fn agreement(anchor: Option<&LogAnchor>) -> String {
    match anchor {
        None => format!("{AGREES} {UNSEEN}"),
        Some(LogAnchor { at, by }) => format!(
            "{AGREES} {by} saw that log at {at}: what it held then cannot have been changed since without being noticed. For what came later the agency’s own log stands alone."
        ),
    }
}

const AGREES: &str = "Every file and every record (who, when, how) agrees with the agency’s own log.";
const UNSEEN: &str = "No outsider has seen that log. So this does not exclude that the agency rewrote all of it, files and records alike, before it issued this packet.";

/// What happened, for the word of an event.
pub fn action(word: &str) -> String {
    label(&word.replace('.', " "))
}

/// Why it happened, as the event's record says: a record that is kept up to date holds the reasons of several acts, and
/// each is told with its own act only.
pub fn reason_of<'a>(action: &str, record: &'a Value) -> Option<&'a str> {
    let path = match action {
        "grant.ended" => "/end_reason",
        "authorization.approved"
        | "authorization.denied"
        | "authorization.returned"
        | "authorization.confirmed"
        | "authorization.repudiated" => "/decision/reason",
        "authorization.started" => "/predicate",
        "authorization.orally_approved" => "/oral/said",
        "authorization.part_approved" => "/approvals/0/reason",
        "authorization.closed" => "/closing/report",
        "authorization.revoked" => "/revoked/reason",
        "capture.corrected" => "/correction/reason",
        _ => "/reason",
    };
    record.pointer(path)?.as_str()
}

/// What a redaction did, from its record.
pub fn redacted(record: &Value) -> String {
    let boxes = record["recipe"]["boxes"].as_array().map_or(0, Vec::len) as u64;
    let blots = record["recipe"]["blots"].as_u64().unwrap_or_default();
    let pages = record["recipe"]["pages"].as_array().map_or(0, Vec::len) as u64;
    let place = match pages {
        0 => "in the picture".to_owned(),
        _ => format!("on {} drawn as pictures", counted(pages, "page", "pages")),
    };
    let boxes = (boxes > 0).then(|| format!("{} filled {place}", counted(boxes, "box", "boxes")));
    let times = record["recipe"]["times"].as_array().map_or(0, Vec::len) as u64;
    let times = (times > 0).then(|| format!("{} black or silent", counted(times, "range of time", "ranges of time")));
    let sanitized = record["recipe"]["sanitized"].as_object().map(|found| {
        let count = |what: &str| found.get(what).and_then(Value::as_u64).unwrap_or_default();
        let all = count("headers")
            .saturating_add(count("tokens"))
            .saturating_add(count("names"));
        format!(
            "sessions, tokens and names taken out of the web archive in {}",
            counted(all, "place", "places")
        )
    });
    let blots = (blots > 0).then(|| format!("{} of the text blotted out", counted(blots, "part", "parts")));
    let done: Vec<String> = boxes.into_iter().chain(times).chain(sanitized).chain(blots).collect();
    match done.is_empty() {
        true => "what was recorded is withheld".to_owned(),
        false => done.join(", "),
    }
}

/// Whether a browser shows these bytes as a picture.
pub fn is_picture(media_type: &str) -> bool {
    matches!(media_type, "image/jpeg" | "image/png" | "image/gif" | "image/webp")
}

/// The element in which browsers play these bytes; kinds are named as intake names them.
pub fn player(media_type: &str) -> Option<&'static str> {
    match media_type {
        "video/mp4" | "video/webm" => Some("video"),
        "audio/mpeg" | "audio/ogg" | "audio/opus" | "audio/m4a" | "audio/aac" | "audio/x-wav" | "audio/x-flac" => {
            Some("audio")
        }
        _ => None,
    }
}

/// Whether opening these bytes beside the packet's pages could run what somebody else wrote.
pub fn is_active(media_type: &str) -> bool {
    let documents = [
        "text/html",
        "text/xml",
        "multipart/related",
        "application/xhtml+xml",
        "image/svg+xml",
        "application/xml",
    ];
    documents.contains(&media_type) || media_type.contains("executable") || media_type.contains("script")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_nobody_saw_is_not_said_to_prove_more() {
        let alone = agreement(None);
        assert!(alone.contains("does not exclude that the agency rewrote"), "{alone}");
        let anchor = LogAnchor {
            at: "2026-11-22 14:07 UTC".into(),
            by: "The witness Example".into(),
        };
        let seen = agreement(Some(&anchor));
        assert!(
            seen.contains("The witness Example saw that log at 2026-11-22 14:07 UTC"),
            "{seen}"
        );
        assert!(!seen.contains("rewrote"), "{seen}");
    }

    #[test]
    fn searches_are_said_not_to_be_judged() {
        assert_eq!(searches([].into_iter()), "none named");
        let told = searches(["ferry", "quay"].into_iter());
        assert!(told.starts_with("ferry; quay (recorded, not judged: no rule"), "{told}");
    }

    #[test]
    fn active_content_is_never_a_picture() {
        for kind in [
            "text/html",
            "image/svg+xml",
            "application/vnd.microsoft.portable-executable",
        ] {
            assert!(is_active(kind) && !is_picture(kind) && player(kind).is_none(), "{kind}");
        }
    }
}
