//! What drafts of certificates show: of each exhibit the facts that a certificate asks for, and the system that recorded it.
//! What no record knows is null: an empty line, and no made-up value.

use serde_json::{Value, json};

use super::{PaperDraft, PaperView, times, words};
use crate::error::{Error, Result};
use crate::page::records::{list, said};
use crate::page::{views, words as page_words};
use crate::paper::volumes::Volume;
use crate::proof::packet::{CertificatePapers, Exhibit, SoftwareRun};
use crate::text::label;

/// The word for what a platform returned from its own records, which its own custodian certifies.
const RETURNED: &str = "platform_return";

/// Whether a program fetched it: then its address is the one that was requested.
fn is_fetched(record: &Value) -> bool {
    matches!(said(record, "/method"), Some("server_fetch" | "crawler" | "api"))
}

/// Whether a platform returned it.
pub(super) fn is_returned(exhibit: &Exhibit) -> bool {
    said(exhibit.now(), "/method") == Some(RETURNED)
}

/// An exhibit's part of the data that only certificates show.
pub(super) fn part(view: &PaperView<'_>, exhibit: &Exhibit, basis: &str) -> Value {
    let record = exhibit.now();
    let redactions = exhibit.redactions.iter().flatten().filter_map(|shown| {
        let made = json!({
            "how": view.letters.rich(&words::capital(&page_words::redacted(&shown.record))),
            "at": times::told(view.story.zone, &shown.record, "/made_at"),
        });
        Some((said(&shown.record, "/file/sha256")?.to_owned(), made))
    });
    let redactions: serde_json::Map<String, Value> = redactions.collect();
    let source_label = match (is_fetched(record), said(record, "/url"), given_by(record)) {
        (true, ..) => "Obtained from",
        (false, Some(_), _) => "Address, as the capturer gave it:",
        (false, None, Some(_)) => "Obtained, as the capturer wrote:",
        (false, None, None) => "Obtained from",
    };
    json!({
        "redacted": exhibit.redactions.is_some(), "redactions": redactions,
        "source_label": source_label,
        "title": view.letters.rich(&title(exhibit)),
        "rows": rows(view, exhibit, basis),
        "source": view.letters.maybe(said(record, "/url").or_else(|| given_by(record))),
        "received": times::told(view.story.zone, exhibit.told(), "/received_at"),
        "returned": is_returned(exhibit),
    })
}

/// By whom it was given to the agency, as its capturer wrote it, where it was consented to or came from somebody else.
fn given_by(record: &Value) -> Option<&str> {
    let kind = said(record, "/basis/kind")?;
    said(record, "/basis/reason").filter(|_| matches!(kind, "consent" | "third_party"))
}

/// The title of the exhibit list, or what it is. It never says by whom: no certificate says who wrote anything.
fn title(exhibit: &Exhibit) -> String {
    let made = || {
        let mut shown = exhibit.now().clone();
        shown["account"].take();
        views::title(&shown)
    };
    exhibit.title.clone().unwrap_or_else(made)
}

fn rows(view: &PaperView<'_>, exhibit: &Exhibit, basis: &str) -> Vec<Value> {
    let (record, letters) = (exhibit.now(), view.letters);
    let plain = |pointer: &str| letters.maybe(said(record, pointer));
    let worded = |pointer: &str| said(record, pointer).map_or(Value::Null, |word| letters.rich(&label(word)));
    let told = |pointer: &str| times::told(view.story.zone, record, pointer);
    let version = said(record, "/tool/version").map(|version| match version {
        "unknown" => "(version unknown)",
        known => known,
    });
    let tool = [said(record, "/tool/name"), version];
    let tool = tool.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let how = said(record, "/captured_at_basis").unwrap_or("stated");
    let (captured, received) = (said(record, "/captured_at"), said(exhibit.told(), "/received_at"));
    let posted = said(record, "/posted_at_basis").and_then(page_words::posted_basis);
    let corrected = exhibit.current.as_ref().map(|now| {
        let by = said(&now.record, "/correction/by/name").unwrap_or("somebody whose name is not recorded");
        let at = view
            .story
            .zone
            .in_text(said(&now.record, "/correction/at").unwrap_or_default());
        let reason = said(&now.record, "/correction/reason").unwrap_or("no reason recorded");
        format!("Version {}, {at}, by {by}: {reason}", now.record["version"])
    });
    let unknown = Value::Null;
    let address = match is_fetched(record) {
        true => "Requested address",
        false => "Address, as the capturer gave it",
    };
    let facts = [
        ("Evidence id", json!(exhibit.capture)),
        (address, plain("/url")),
        ("Final address", plain("/final_url")),
        ("Platform", worded("/platform")),
        ("Account handle shown", plain("/account/handle")),
        ("Its id at the platform", plain("/account/platform_id")),
        ("Post id", unknown.clone()),
        ("Time shown on page", plain("/platform_time_text")),
        ("Zone shown", unknown.clone()),
        ("Posted", told("/posted_at")),
        (
            "How the time of posting is known",
            posted.map_or(Value::Null, |basis| letters.rich(&words::sentence(basis))),
        ),
        ("Capture start", told("/captured_at")),
        (
            "How that is known",
            letters.rich(&words::sentence(page_words::captured_basis(how, captured, received))),
        ),
        ("Capture end", unknown.clone()),
        ("Captured by", plain("/capturer/name")),
        ("Method", worded("/method")),
        (
            "Tool and version",
            letters.maybe(Some(tool.as_str()).filter(|tool| !tool.is_empty())),
        ),
        ("Device", worded("/device")),
        ("Looked at with", worded("/access_means")),
        ("Authorization or basis", letters.rich(basis)),
        ("Capture machine id", unknown.clone()),
        ("Egress IP address", unknown),
        (
            "Received by the system",
            times::told(view.story.zone, exhibit.told(), "/received_at"),
        ),
    ];
    let mut rows: Vec<Value> = facts.into_iter().map(|(name, value)| json!([name, value])).collect();
    rows.extend(corrected.map(|text| json!(["Corrected", letters.rich(&text)])));
    let flags: Vec<String> = list(record, "flags")
        .iter()
        .filter_map(Value::as_str)
        .map(label)
        .collect();
    rows.extend((!flags.is_empty()).then(|| json!(["Flags of its record", letters.rich(&flags.join(", "))])));
    rows
}

/// What all certificates of a packet say of the system.
pub(super) fn common(view: &PaperView<'_>, drafts: &CertificatePapers) -> Value {
    let (letters, zone) = (view.letters, view.story.zone);
    let head = &view.story.head;
    let time = |text: &str| times::time(zone, crate::clock::parse(text));
    let run = |run: &SoftwareRun| {
        json!({
            "version": letters.rich(&run.version), "build": run.binary, "configuration": run.configuration,
            "first": time(&run.first_started_at), "last": time(&run.last_started_at), "starts": run.starts,
        })
    };
    let last = drafts.software.last();
    let program = |run: &SoftwareRun| letters.rich(&format!("Casetrail {}", run.version));
    let clock = drafts.clock.as_ref();
    json!({
        "id": head.name, "jurisdiction": letters.rich(&drafts.jurisdiction), "hearing_on": drafts.hearing_on,
        "system": {
            "product": last.map(program), "build": last.map(|run| run.binary), "configuration": last.map(|run| run.configuration),
            "runs": drafts.software.iter().map(run).collect::<Vec<_>>(),
            "clock_source": letters.maybe(clock.map(|clock| &*clock.source)),
            "clock_offset": letters.maybe(clock.map(|clock| &*clock.offset)),
            "clock_at": clock.map_or(Value::Null, |clock| time(&clock.at)),
        },
        "proof": {"log": head.origin, "seq": head.cut.seq, "leaf": head.cut.leaf},
    })
}

impl PaperDraft {
    /// The data of a certificate's volume: its exhibits without their texts and their custody, which no certificate shows.
    pub(in crate::paper) fn certificate_data(&self, volume: &Volume) -> Result<String> {
        let certificate = self.certificates.as_ref();
        let mut certificate = certificate
            .cloned()
            .ok_or_else(|| Error::internal("a packet without certificates"))?;
        certificate["volume"] = json!(volume.number);
        certificate["volumes"] = json!(volume.of);
        certificate["returned"] = json!(self.returned);
        if volume.of > 1 {
            let id = certificate["id"].as_str().unwrap_or_default();
            certificate["id"] = json!(format!("{id} / {} of {}", volume.number, volume.of));
        }
        let exhibits = volume.exhibits.clone().map(|place| {
            let shown: Value = serde_json::from_slice(&self.exhibits.read(place)?)?;
            let part = &shown["certificate"];
            Ok(json!({
                "no": shown["no"], "item": shown["item"], "title": part["title"], "files": shown["files"],
                "cert": part["rows"], "source": part["source"], "source_label": part["source_label"], "redacted": part["redacted"], "redactions": part["redactions"], "received": part["received"], "returned": part["returned"],
            }))
        });
        let mut data = self.common.clone();
        data["exhibits"] = exhibits.collect::<Result<Vec<Value>>>()?.into();
        data["certificate"] = certificate;
        data["first_picture"] = json!(0);
        serde_json::to_string(&data).map_err(Error::internal)
    }
}
