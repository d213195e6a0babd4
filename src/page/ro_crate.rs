//! `data/ro-crate-metadata.json`: the packet's payload as a research object (RO-Crate 1.2), whose root is the folder `data/`.

use std::collections::BTreeSet;
use std::io::Write;

use serde_json::{Value, json};

use super::PageError;
use super::beside::{self, programs};
use super::documents::{self, Documents, fields};
use super::graph::{Graph, derived, uuid};
use super::story::PacketStory;
use super::words::purpose;
use crate::proof::packet::{CASE_UCO, EVENTS, Exhibit, INDEX, INVENTORY, PACKET, PACKET_SECTIONS, RECORDS};
use crate::text::label;

const CONTEXT: &str = "https://w3id.org/ro/crate/1.2/context";
/// The root's licence is required; evidence has none.
const LICENCE: &str = "No licence. This is evidence of a case: it may be used as the law and the order allow under which it was disclosed.";

/// Writes the metadata.
/// `pages` are the other pages of the packet.
pub(super) fn write(
    (story, pages): (&PacketStory, &[String]),
    documents: &mut dyn Documents,
    out: &mut dyn Write,
) -> Result<(), PageError> {
    let mut parts: Vec<Value> = Vec::new();
    let mut acts: Vec<Value> = Vec::new();
    let own = [PACKET, INVENTORY, EVENTS, RECORDS].into_iter();
    let own: Vec<&str> = own.chain(pages.iter().map(String::as_str)).collect();
    parts.extend(own.iter().map(|path| link(in_root(path))));
    each_exhibit(documents, |exhibit| {
        let beside = exhibit.duplicates.iter().flatten().filter_map(|row| row.file.as_ref());
        let files = exhibit.files.iter().chain(beside);
        parts.extend(
            files
                .filter_map(|file| file.path.as_deref())
                .map(|path| link(in_root(path))),
        );
        acts.push(link(&act(&exhibit)));
        Ok(())
    })?;
    let profiles = beside::profiles(&story.head);
    parts.extend(profiles.iter().map(|(place, _)| link(place)));
    let mut graph = Graph::begin(out, &json!(CONTEXT))?;
    graph.put(json!({
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "about": link("./"),
        "conformsTo": link("https://w3id.org/ro/crate/1.2"),
    }))?;
    graph.put(root(story, parts, acts))?;
    for path in own {
        graph.put(document(path))?;
    }
    for (place, what) in profiles {
        graph.put(json!({
            "@id": place,
            "@type": "Dataset",
            "name": what,
            "description": "Copies of the exhibits' files, named and listed for another program",
        }))?;
    }
    let mut shared = Shared::default();
    each_exhibit(documents, |exhibit| shared.exhibit(&mut graph, &exhibit))?;
    shared.end(story, graph)
}

fn each_exhibit(
    documents: &mut dyn Documents,
    mut each: impl FnMut(Exhibit) -> Result<(), PageError>,
) -> Result<(), PageError> {
    documents::rows(documents, (PACKET, PACKET_SECTIONS), |section, row| match section {
        "exhibits" => each(fields(PACKET, row)?),
        _ => Ok(()),
    })
}

fn root(story: &PacketStory, parts: Vec<Value>, acts: Vec<Value>) -> Value {
    let (head, case) = (&story.head, &story.case);
    let word = |name: &str| case[name].as_str().unwrap_or_default();
    let demo = if head.demo {
        "DEMO, nobody and nothing in it is real. "
    } else {
        ""
    };
    json!({
        "@id": "./",
        "@type": "Dataset",
        "identifier": format!("urn:uuid:{}", uuid(&head.id)),
        "name": format!("Case {}: {}", word("number"), word("title")),
        "description": format!(
            "{demo}Evidence packet {}. Purpose: {}. {} of {} captures are included.",
            head.name,
            purpose(&head.purpose).unwrap_or(&head.purpose),
            story.exhibits(),
            story.captures.len(),
        ),
        "datePublished": head.requested_at,
        "license": LICENCE,
        "hasPart": parts,
        "mentions": acts,
    })
}

/// A document of the packet's own.
fn document(path: &str) -> Value {
    let (name, format) = match path {
        PACKET => ("Exhibits, case, people, authorizations", "application/json"),
        INVENTORY => ("Every capture of the case, included or not", "application/json"),
        EVENTS => ("The case's chain of events", "application/jsonl"),
        RECORDS => ("What the events recorded", "application/jsonl"),
        INDEX => ("The packet as a page", "text/html"),
        CASE_UCO => ("The packet as a graph of CASE and UCO", "application/ld+json"),
        path if path.ends_with(".css") => ("How the pages look", "text/css"),
        _ => ("A page of a long section", "text/html"),
    };
    json!({"@id": in_root(path), "@type": "File", "name": name, "encodingFormat": format})
}

/// What several exhibits share, each once.
#[derive(Default)]
struct Shared {
    people: BTreeSet<String>,
    tools: BTreeSet<(String, String)>,
    urls: BTreeSet<String>,
}

impl Shared {
    fn exhibit(&mut self, graph: &mut Graph<'_>, exhibit: &Exhibit) -> Result<(), PageError> {
        let record = exhibit.told();
        let redacted = exhibit.redactions.as_ref().map_or("", |_| ", REDACTED");
        for file in &exhibit.files {
            let Some(path) = file.path.as_deref() else { continue };
            graph.put(json!({
                "@id": in_root(path),
                "@type": "File",
                "name": file.name.as_deref().unwrap_or(&file.role),
                "description": format!("Exhibit {}, {}{redacted}", exhibit.exhibit, file.role),
                "encodingFormat": file.media_type,
                "contentSize": file.size.to_string(),
                "sha256": file.sha256,
            }))?;
        }
        self.duplicates(graph, exhibit)?;
        let results = exhibit.files.iter().filter_map(|file| file.path.as_deref());
        let url = record["url"].as_str();
        self.urls.extend(url.map(str::to_owned));
        let person = record["capturer"]["id"].as_str();
        self.people.extend(person.map(str::to_owned));
        let tool = record["tool"]["name"].as_str();
        let version = record["tool"]["version"].as_str().unwrap_or_default();
        self.tools
            .extend(tool.map(|name| (name.to_owned(), version.to_owned())));
        let kind = label(record["kind"].as_str().unwrap_or_default());
        graph.put(json!({
            "@id": act(exhibit),
            "@type": "CreateAction",
            "name": format!("Exhibit {}: {kind}, item {}", exhibit.exhibit, exhibit.item),
            "agent": person.map(|id| link(&person_id(id))),
            "instrument": tool.map(|name| link(&tool_id(name, version))),
            "object": url.map(|url| link(&url_id(url))),
            "result": results.map(|path| link(in_root(path))).collect::<Vec<_>>(),
            "endTime": record["captured_at"],
        }))
    }

    /// Standard duplicates, each with what it was made from and what made it.
    fn duplicates(&mut self, graph: &mut Graph<'_>, exhibit: &Exhibit) -> Result<(), PageError> {
        for row in exhibit.duplicates.iter().flatten() {
            let (Some(file), Some(made)) = (&row.file, &row.made) else {
                continue;
            };
            let of = exhibit.files.get((row.of as usize).saturating_sub(1));
            let parent = of.and_then(|file| file.path.as_deref());
            graph.put(json!({
                "@id": file.path.as_deref().map(in_root),
                "@type": "File",
                "name": "Standard duplicate",
                "description": format!("Exhibit {}, derivative of its file {}. Made with {}", exhibit.exhibit, row.of, programs(&made.record).join(", ")),
                "encodingFormat": file.media_type,
                "contentSize": file.size.to_string(),
                "sha256": file.sha256,
                "isBasedOn": parent.map(|path| link(in_root(path))),
            }))?;
        }
        Ok(())
    }

    fn end(self, story: &PacketStory, mut graph: Graph<'_>) -> Result<(), PageError> {
        for id in &self.people {
            let name = story.person(id).unwrap_or_else(|| id.clone());
            graph.put(json!({"@id": person_id(id), "@type": "Person", "name": name}))?;
        }
        for (name, version) in &self.tools {
            let version = (!version.is_empty()).then_some(version);
            graph.put(
                json!({"@id": tool_id(name, &version.cloned().unwrap_or_default()), "@type": "SoftwareApplication",
                "name": name, "softwareVersion": version}),
            )?;
        }
        for url in &self.urls {
            graph.put(json!({"@id": url_id(url), "@type": "WebPage", "name": url, "url": url}))?;
        }
        graph.end()
    }
}

/// A path as seen from `data/`.
fn in_root(path: &str) -> &str {
    path.strip_prefix("data/").unwrap_or(path)
}

fn link(id: &str) -> Value {
    json!({"@id": id})
}

fn act(exhibit: &Exhibit) -> String {
    format!("#capture-{}", uuid(&exhibit.capture))
}

fn person_id(id: &str) -> String {
    format!("#person-{}", uuid(id))
}

fn tool_id(name: &str, version: &str) -> String {
    format!("#tool-{}", derived(&[name, version]))
}

/// Addresses are evidence, and no identifiers: what they say stands as text.
fn url_id(url: &str) -> String {
    format!("#address-{}", derived(&[url]))
}
