//! `data/case-uco.jsonld`: the packet as a graph of CASE 1.5.0 and UCO 1.5.0, for tools of other agencies. What these
//! vocabularies have no word for stands in a namespace of our own.

use std::collections::{BTreeSet, HashSet};
use std::io::Write;

use serde_json::{Value, json};

use super::PageError;
use super::documents::{self, Documents, fields};
use super::graph::{Graph, derived, uuid};
use super::story::{PacketStory, TrailEvent};
use crate::proof::canon;
use crate::proof::packet::{Exhibit, FileRow, PACKET, PACKET_SECTIONS, PacketAuthorization, Shown};
use crate::proof::time::{format_at, parse_at};
use crate::text::label;

/// What a kind of capture is called as an action.
const SEARCHED: &str = "searched, nothing found";
/// What an examination calls the EXIF of a file as the source of a fact.
const EXIF: &str = "exif";

/// Writes the graph.
pub(super) fn write(story: &PacketStory, documents: &mut dyn Documents, out: &mut dyn Write) -> Result<(), PageError> {
    let mut case = CaseGraph {
        story,
        graph: Graph::begin(out, &context(story))?,
        members: Vec::new(),
        authorizations: Vec::new(),
        known: HashSet::new(),
        people: BTreeSet::new(),
    };
    documents::rows(documents, (PACKET, PACKET_SECTIONS), |section, row| {
        case.row(section, row)
    })?;
    case.end()
}

fn context(story: &PacketStory) -> Value {
    const UCO: &str = "https://ontology.unifiedcyberontology.org/uco";
    let mut context = json!({
        "kb": format!("urn:uuid:{}#", uuid(&story.head.id)),
        "casetrail": "urn:casetrail:ns:",
        "investigation": "https://ontology.caseontology.org/case/investigation/",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    });
    for part in ["core", "action", "identity", "observable", "tool", "types"] {
        context[part] = json!(format!("{UCO}/{part}/"));
    }
    context
}

/// The graph while it is written.
struct CaseGraph<'s> {
    story: &'s PacketStory,
    graph: Graph<'s>,
    /// What the investigation holds.
    members: Vec<Value>,
    authorizations: Vec<Value>,
    /// Names of objects that several exhibits share and that stand in the graph already.
    known: HashSet<String>,
    /// Ids of the people who did something.
    people: BTreeSet<String>,
}

impl CaseGraph<'_> {
    fn row(&mut self, section: &str, row: &[u8]) -> Result<(), PageError> {
        match section {
            "subjects" => self.subject(&fields::<Shown>(PACKET, row)?.record),
            "accounts" => self.account(&fields::<Shown>(PACKET, row)?.record),
            "authorizations" => self.authorization(&fields(PACKET, row)?),
            "exhibits" => self.exhibit(&fields(PACKET, row)?),
            _ => Ok(()),
        }
    }

    /// Adds an object of the investigation.
    fn member(&mut self, object: Value) -> Result<(), PageError> {
        self.members.push(json!({"@id": object["@id"]}));
        self.graph.put(object)
    }

    /// Adds an object that others may have added already; gives its name.
    fn shared(&mut self, object: Value) -> Result<Value, PageError> {
        let name = object["@id"].as_str().unwrap_or_default().to_owned();
        if self.known.insert(name.clone()) {
            self.graph.put(object)?;
        }
        Ok(json!({"@id": name}))
    }

    fn subject(&mut self, record: &Value) -> Result<(), PageError> {
        self.member(json!({
            "@id": named("subject", record),
            "@type": "identity:Person",
            "core:name": record["name"],
            "core:description": listed(&record["description"]),
            "casetrail:id": record["id"],
            "casetrail:subjectRole": record["role"],
            "casetrail:juvenile": record["juvenile"],
        }))
    }

    /// An account of the case, and whose it is said to be.
    fn account(&mut self, record: &Value) -> Result<(), PageError> {
        let id = named("account", record);
        let handle = record["handle"].as_str().unwrap_or_default();
        self.member(account(
            &id,
            (&record["platform"], handle, &record["platform_id"]),
            &record["url"],
        ))?;
        let Some(subject) = record["subject_id"].as_str() else {
            return Ok(());
        };
        self.member(json!({
            "@id": format!("kb:attribution-{}", derived(&[&id, subject])),
            "@type": "core:Relationship",
            "core:source": {"@id": id},
            "core:target": {"@id": format!("kb:subject-{}", derived(&[subject]))},
            "core:kindOfRelationship": "attributed to",
            "core:isDirectional": true,
            "casetrail:attribution": words(&record["attribution"]),
        }))
    }

    /// An authorization, and what was done with it: asked for, decided, revoked.
    fn authorization(&mut self, row: &PacketAuthorization) -> Result<(), PageError> {
        let record = &row.record;
        let id = named("authorization", record);
        let name = json!({"@id": id});
        self.authorizations.push(name.clone());
        self.graph.put(json!({
            "@id": id,
            "@type": "investigation:Authorization",
            "core:name": format!("Authorization {} to use social media", record["number"]),
            "core:description": listed(&record["purpose"]),
            "investigation:authorizationType": format!("supervisor/{}", record["level"].as_str().unwrap_or_default()),
            "investigation:authorizationIdentifier": [record["number"].to_string()],
            "core:startTime": time(&record["effective_from"]),
            "core:endTime": time(&record["ends_at"]),
            "casetrail:id": record["id"],
            "casetrail:state": record["state"],
            "casetrail:level": record["level"],
            "casetrail:predicate": record["predicate"],
            "casetrail:platform": record["platforms"],
            "casetrail:device": record["devices"],
            "casetrail:leaf": row.leaf,
        }))?;
        self.trail(record["id"].as_str().unwrap_or_default(), (&name, None))
    }

    /// An exhibit: what was found, its files, their provenance, how it was captured, and what happened to it since.
    fn exhibit(&mut self, exhibit: &Exhibit) -> Result<(), PageError> {
        let record = exhibit.told();
        let id = derived(&[&exhibit.capture]);
        let mut found = Vec::new();
        let account = self.captured_account(record)?;
        found.extend(self.content((&id, record), account.as_ref())?);
        let examination = exhibit.examination.as_ref().map(|shown| &shown.record);
        for (file, place) in exhibit.files.iter().zip(1u32..) {
            let read = examination.and_then(|record| examined(record, file));
            found.push(self.file(&id, (file, &place.to_string()), read)?);
        }
        for row in exhibit.duplicates.iter().flatten() {
            if let Some(copy) = &row.file {
                found.push(self.file(&id, (copy, &format!("duplicate {}", row.of)), None)?);
            }
        }
        let provenance = json!({"@id": format!("kb:provenance-{id}")});
        self.member(json!({
            "@id": provenance["@id"],
            "@type": "investigation:ProvenanceRecord",
            "core:description": [format!("Item {}: {}", exhibit.item, label(record["kind"].as_str().unwrap_or_default()))],
            "investigation:exhibitNumber": exhibit.exhibit.to_string(),
            "core:object": found,
            "casetrail:id": exhibit.capture,
            "casetrail:item": exhibit.item,
            "casetrail:leaf": exhibit.leaf,
            "casetrail:redacted": exhibit.redactions.iter().flatten().map(|one| one.record["reason"].clone()).collect::<Vec<_>>(),
        }))?;
        let looked_at: Vec<Value> = self.url(&record["url"])?.into_iter().chain(account).collect();
        found.push(provenance.clone());
        let captured = json!({"@id": format!("kb:capture-{id}")});
        let action = Captured {
            record,
            looked_at,
            found,
        };
        self.captured(&captured, action)?;
        self.trail(&exhibit.capture, (&provenance, Some(captured)))
    }

    fn captured(&mut self, name: &Value, captured: Captured<'_>) -> Result<(), PageError> {
        let record = captured.record;
        let basis = &record["basis"];
        let covered = basis["id"].as_str().filter(|_| basis["kind"] == "authorization");
        let lookup = record["kind"] == "lookup";
        let instrument = self.tool(&record["tool"])?;
        let performer = record["capturer"]["id"].as_str().map(|id| self.performer(id));
        let rules = record["coverage"].as_array().into_iter().flatten();
        let passed = |rule: &Value| match rule["passed"].as_bool() {
            Some(true) => "passed",
            Some(false) => "failed",
            None => "cannot tell",
        };
        self.member(json!({
            "@id": name["@id"],
            "@type": "investigation:InvestigativeAction",
            "core:name": if lookup { SEARCHED } else { "captured" },
            "action:startTime": time(&record["captured_at"]),
            "action:performer": performer,
            "action:instrument": instrument.map(|tool| json!([tool])),
            "action:object": captured.looked_at,
            "action:result": captured.found,
            "casetrail:method": record["method"],
            "casetrail:level": record["level"],
            "casetrail:device": record["device"],
            "casetrail:visibility": record["visibility"],
            "casetrail:accessMeans": record["access_means"],
            "casetrail:receivedAt": time(&record["received_at"]),
            "casetrail:basis": basis["kind"],
            "casetrail:coveredBy": covered.map(|id| json!({"@id": format!("kb:authorization-{}", derived(&[id]))})),
            "casetrail:coverage": rules.map(|rule| json!(format!("{}: {}", rule["rule"].as_str().unwrap_or_default(), passed(rule)))).collect::<Vec<_>>(),
        }))
    }

    /// What happened to something, each act informed by the one before it.
    fn trail(&mut self, id: &str, (object, before): (&Value, Option<Value>)) -> Result<(), PageError> {
        let story = self.story;
        let mut before = before;
        for event in story.trails.get(id).into_iter().flatten() {
            // The recording itself is the capture.
            if &*event.action == "capture.recorded" {
                continue;
            }
            let act = self.act(event, (object, before.as_ref()))?;
            before = Some(act);
        }
        Ok(())
    }

    fn act(&mut self, event: &TrailEvent, (object, before): (&Value, Option<&Value>)) -> Result<Value, PageError> {
        let name = format!("kb:act-{}", derived(&[&event.leaf.to_string()]));
        let at = json!(format_at(event.at));
        let performer = match (&*event.actor.kind, event.actor.id.as_deref()) {
            ("person", Some(id)) => Some(self.performer(id)),
            _ => None,
        };
        let said = event
            .details
            .iter()
            .map(|fact| format!("{}: {}", fact.label, fact.value));
        self.member(json!({
            "@id": name,
            "@type": "investigation:InvestigativeAction",
            "core:name": &*event.action,
            "core:description": said.collect::<Vec<_>>(),
            "action:startTime": time(&at),
            "action:endTime": time(&at),
            "casetrail:actor": performer.is_none().then(|| self.story.who(&event.actor)),
            "casetrail:actorRole": event.actor.role.as_deref(),
            "action:performer": performer,
            "action:object": [object],
            "investigation:wasInformedBy": before.map(|before| json!([before])),
            "casetrail:leaf": event.leaf,
        }))?;
        Ok(json!({"@id": name}))
    }

    fn performer(&mut self, id: &str) -> Value {
        self.people.insert(id.to_owned());
        json!({"@id": format!("kb:person-{}", derived(&[id]))})
    }

    fn tool(&mut self, tool: &Value) -> Result<Option<Value>, PageError> {
        let Some(name) = tool["name"].as_str() else {
            return Ok(None);
        };
        let version = tool["version"].as_str().unwrap_or_default();
        let object = json!({
            "@id": format!("kb:tool-{}", derived(&[name, version])),
            "@type": "tool:Tool",
            "core:name": name,
            "tool:version": tool["version"],
        });
        self.shared(object).map(Some)
    }

    fn url(&mut self, url: &Value) -> Result<Option<Value>, PageError> {
        let Some(text) = url.as_str() else {
            return Ok(None);
        };
        let id = derived(&[text]);
        let object = json!({
            "@id": format!("kb:url-{id}"),
            "@type": "observable:URL",
            "core:hasFacet": [{
                "@id": format!("kb:url-facet-{id}"),
                "@type": "observable:URLFacet",
                "observable:fullValue": text,
            }],
        });
        self.shared(object).map(Some)
    }

    /// The account as the capture names it.
    fn captured_account(&mut self, record: &Value) -> Result<Option<Value>, PageError> {
        let named = &record["account"];
        let handle = named["handle"].as_str().unwrap_or_default();
        let own = named["platform_id"].as_str().unwrap_or_default();
        if handle.is_empty() && own.is_empty() {
            return Ok(None);
        }
        let platform = record["platform"].as_str().unwrap_or_default();
        let id = format!("kb:seen-account-{}", derived(&[platform, own, handle]));
        let object = account(&id, (&record["platform"], handle, &named["platform_id"]), &named["url"]);
        self.shared(object).map(Some)
    }

    /// The post or message itself.
    fn content(&mut self, (id, record): (&str, &Value), from: Option<&Value>) -> Result<Option<Value>, PageError> {
        let class = match record["kind"].as_str() {
            Some("post") => "observable:Post",
            Some("message") => "observable:Message",
            _ => return Ok(None),
        };
        let name = format!("kb:content-{id}");
        self.graph.put(json!({
            "@id": name,
            "@type": class,
            "core:hasFacet": [{
                "@id": format!("kb:message-facet-{id}"),
                "@type": "observable:MessageFacet",
                "observable:messageText": record["text"],
                "observable:from": from,
                "observable:sentTime": time(&record["posted_at"]),
                "casetrail:timeShown": record["platform_time_text"],
                "casetrail:sentTimeBasis": record["posted_at_basis"],
            }],
        }))?;
        Ok(Some(json!({"@id": name})))
    }

    /// A file, with what its examination read in it.
    fn file(
        &mut self,
        capture: &str,
        (file, place): (&FileRow, &str),
        examined: Option<&Value>,
    ) -> Result<Value, PageError> {
        let id = derived(&[capture, place]);
        let picture = file
            .media_type
            .as_deref()
            .is_some_and(|kind| kind.starts_with("image/"));
        let name = format!("kb:file-{id}");
        let mut facets = vec![
            json!({
                "@id": format!("kb:file-facet-{id}"),
                "@type": "observable:FileFacet",
                "observable:fileName": file.name,
                "observable:filePath": file.path,
                "observable:sizeInBytes": file.size,
            }),
            json!({
                "@id": format!("kb:content-facet-{id}"),
                "@type": "observable:ContentDataFacet",
                "observable:mimeType": file.media_type.as_ref().map(|kind| json!([kind])),
                "observable:sizeInBytes": file.size,
                "observable:hash": [{
                    "@id": format!("kb:hash-{id}"),
                    "@type": "types:Hash",
                    "types:hashMethod": "SHA256",
                    "types:hashValue": {"@type": "xsd:hexBinary", "@value": file.sha256},
                }],
            }),
        ];
        facets.extend(examined.filter(|_| picture).and_then(|found| raster_facet(&id, found)));
        facets.extend(examined.and_then(|found| exif_facet(&id, found)));
        self.graph.put(json!({
            "@id": name,
            "@type": if picture { "observable:RasterPicture" } else { "observable:File" },
            "core:hasFacet": facets,
            "casetrail:role": file.role,
            "casetrail:withheld": file.withheld.as_ref().map(words),
        }))?;
        Ok(json!({"@id": name}))
    }

    /// The people who did something, and the investigation that holds everything.
    fn end(mut self) -> Result<(), PageError> {
        for id in std::mem::take(&mut self.people) {
            let person = json!({
                "@id": format!("kb:person-{}", derived(&[&id])),
                "@type": "identity:Person",
                "core:name": self.story.names.get(&id),
                "casetrail:id": id,
            });
            self.member(person)?;
        }
        let (case, head) = (&self.story.case, &self.story.head);
        let statuses: std::collections::BTreeMap<&str, u64> = self
            .story
            .statuses
            .iter()
            .map(|(status, number)| (&**status, *number))
            .collect();
        let accounted = statuses.iter().map(|(status, number)| format!("{status}: {number}"));
        self.graph.put(json!({
            "@id": named("investigation", case),
            "@type": "investigation:Investigation",
            "core:name": case["number"],
            "core:description": listed(&case["title"]),
            "core:startTime": time(&case["opened_at"]),
            "investigation:investigationForm": "case",
            "investigation:investigationStatus": case["status"],
            "investigation:focus": [label(case["kind"].as_str().unwrap_or_default())],
            "investigation:relevantAuthorization": self.authorizations,
            "core:object": self.members,
            "casetrail:id": case["id"],
            "casetrail:packet": format!("urn:uuid:{}", uuid(&head.id)),
            "casetrail:packetName": head.name,
            "casetrail:purpose": head.purpose,
            "casetrail:product": head.product,
            "casetrail:demo": head.demo,
            "casetrail:log": head.origin,
            "casetrail:inventory": accounted.collect::<Vec<_>>(),
        }))?;
        self.graph.end()
    }
}

/// A capture as an act.
struct Captured<'r> {
    record: &'r Value,
    /// The address and the account that were looked at.
    looked_at: Vec<Value>,
    /// What came of it.
    found: Vec<Value>,
}

/// What an examination says of a file.
fn examined<'r>(examination: &'r Value, file: &FileRow) -> Option<&'r Value> {
    let digest = file.sha256.to_string();
    let files = examination["files"].as_array();
    files.into_iter().flatten().find(|found| found["sha256"] == digest)
}

/// The size of a picture in pixels.
fn raster_facet(id: &str, found: &Value) -> Option<Value> {
    let (width, height) = (found["width"].as_u64()?, found["height"].as_u64()?);
    Some(json!({
        "@id": format!("kb:raster-facet-{id}"),
        "@type": "observable:RasterPictureFacet",
        "observable:pictureWidth": width,
        "observable:pictureHeight": height,
    }))
}

/// The EXIF of a photo as it was found, each tag once: a dictionary of UCO holds no key twice.
fn exif_facet(id: &str, found: &Value) -> Option<Value> {
    let mut tags = BTreeSet::new();
    let facts = found["facts"].as_array().into_iter().flatten();
    let entries = facts.filter(|fact| fact["source"] == EXIF).filter_map(|fact| {
        let (tag, value) = (fact["name"].as_str()?, fact["value"].as_str()?);
        let entry = json!({
            "@id": format!("kb:exif-entry-{}", derived(&[id, tag])),
            "@type": "types:ControlledDictionaryEntry",
            "types:key": tag,
            "types:value": value,
        });
        tags.insert(tag).then_some(entry)
    });
    let entries: Vec<Value> = entries.collect();
    let holds_any = !entries.is_empty();
    holds_any.then(|| {
        json!({
            "@id": format!("kb:exif-facet-{id}"),
            "@type": "observable:EXIFFacet",
            "observable:exifData": [{
                "@id": format!("kb:exif-{id}"),
                "@type": "types:ControlledDictionary",
                "types:entry": entries,
            }],
        })
    })
}

fn account(id: &str, (platform, handle, own): (&Value, &str, &Value), url: &Value) -> Value {
    let facet = |what: &str| format!("kb:{what}-{}", derived(&[id, what]));
    json!({
        "@id": id,
        "@type": "observable:DigitalAccount",
        "core:hasFacet": [{
            "@id": facet("account-facet"),
            "@type": "observable:AccountFacet",
            "observable:accountIdentifier": own.as_str().unwrap_or(handle),
        }, {
            "@id": facet("digital-account-facet"),
            "@type": "observable:DigitalAccountFacet",
            "observable:accountLogin": (!handle.is_empty()).then(|| json!([handle])),
        }],
        "casetrail:platform": platform,
        "casetrail:url": url,
    })
}

fn named(kind: &str, record: &Value) -> String {
    format!("kb:{kind}-{}", derived(&[record["id"].as_str().unwrap_or_default()]))
}

/// A time that a record tells; none where it says that nobody knows.
fn time(at: &Value) -> Option<Value> {
    let at = at.as_str().filter(|at| parse_at(at).is_some())?;
    Some(json!({"@type": "xsd:dateTime", "@value": at}))
}

fn listed(text: &Value) -> Option<Value> {
    text.as_str().map(|text| json!([text]))
}

/// A value in words: a text as it is, all else as JSON.
fn words(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => canon::to_strict(other)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok()),
    }
}
