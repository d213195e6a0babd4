//! XMP (ISO 16684-1): the packet in a photo or a video, as its properties.

use std::fs::File;
use std::io;

use memchr::memmem;
use roxmltree::{Document, Node, ParsingOptions};

use super::head;
use super::model::{FactSource, FileFlag, Findings};

/// The packet is looked for in so many bytes from the beginning.
const LOOKED_AT: u64 = 8 << 20;
/// Longer packets are not read.
const LONGEST: usize = 1 << 20;
/// Nodes of a packet at the most.
const NODES: u32 = 20_000;
const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

/// Reads the XMP packet of a file, where it has one.
pub(super) fn read(file: &mut File, found: &mut Findings) -> io::Result<()> {
    let bytes = head(file, LOOKED_AT)?;
    let Some(packet) = packet(&bytes) else { return Ok(()) };
    let options = ParsingOptions {
        nodes_limit: NODES,
        ..ParsingOptions::default()
    };
    match Document::parse_with_options(packet, options) {
        Ok(document) => properties(&document, found),
        Err(e) => found.flag(FileFlag::Unreadable, format!("its XMP is damaged: {e}")),
    }
    Ok(())
}

fn packet(bytes: &[u8]) -> Option<&str> {
    const END: &[u8] = b"</x:xmpmeta>";
    let start = memmem::find(bytes, b"<x:xmpmeta")?;
    let long = memmem::find(&bytes[start..], END)? + END.len();
    if long > LONGEST {
        return None;
    }
    std::str::from_utf8(&bytes[start..start + long]).ok()
}

fn properties(document: &Document<'_>, found: &mut Findings) {
    let descriptions = document.descendants().filter(|node| {
        node.has_tag_name((RDF, "Description")) && node.parent().is_some_and(|p| p.has_tag_name((RDF, "RDF")))
    });
    for description in descriptions {
        for attribute in description.attributes().filter(|a| a.namespace() != Some(RDF)) {
            let name = named(description, attribute.namespace(), attribute.name());
            found.fact(FactSource::Xmp, name, attribute.value());
        }
        for property in description.children().filter(Node::is_element) {
            let tag = property.tag_name();
            let name = named(description, tag.namespace(), tag.name());
            found.fact(FactSource::Xmp, name, texts(property));
        }
    }
}

/// The name with the file's own prefix.
fn named(node: Node<'_, '_>, namespace: Option<&str>, name: &str) -> String {
    let prefix = namespace.and_then(|uri| node.lookup_prefix(uri));
    prefix.map_or_else(|| name.to_owned(), |prefix| format!("{prefix}:{name}"))
}

/// All texts of a property, and the attributes of what it is made of.
fn texts(property: Node<'_, '_>) -> String {
    let mut all: Vec<&str> = Vec::new();
    for node in property.descendants() {
        if node.is_element() {
            let own = node
                .attributes()
                .filter(|a| a.namespace() != Some(RDF) && a.name() != "lang");
            all.extend(own.map(|a| a.value()));
        }
        all.extend(node.text().filter(|_| node.is_text()).map(str::trim));
    }
    all.retain(|text| !text.is_empty());
    all.join("; ")
}
