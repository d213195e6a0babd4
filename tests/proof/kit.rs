//! Makes a small packet with the crate's own writer, so that tests can bend it.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use casetrail::page;
use casetrail::proof::Digest;
use casetrail::proof::checkpoint::{Checkpoint, Signer, TlogProof};
use casetrail::proof::event::{Actor, Event, Object, leaf};
use casetrail::proof::merkle::{self, Tile, TileId, Tiles};
use casetrail::proof::packet::{self, *};
use casetrail::proof::record::{self, RecordLine};
use casetrail::verify::papers::{self, BagLabels, PAPERS};
use serde_json::{Value, json};

mod check;
mod keep;

pub use check::*;

pub const CASE: &str = "0190a000-0000-7000-8000-000000000001";
pub const PACKET_ID: &str = "0190a000-0000-7000-8000-0000000000ff";
pub const ORIGIN: &str = "casetrail.invalid/test";
pub const NAME: &str = "26-004417-20261122T140731Z";
pub const UNIT: &str = "Missing Persons";
pub const LOG_SEED: [u8; 32] = [1; 32];

pub type Files = BTreeMap<String, Vec<u8>>;

/// A file of the published vectors, by its path below `tests/vectors`.
pub fn published(path: &str) -> Vec<u8> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(path);
    fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

pub fn uuid(n: u32) -> String {
    format!("0190a000-0000-7000-8000-{n:012x}")
}

/// Tiles in memory.
#[derive(Default)]
pub struct Memory(pub HashMap<TileId, Arc<Tile>>);

impl Memory {
    pub fn of(leaves: &[Digest]) -> Self {
        let mut memory = Self::default();
        memory.extend(0, leaves);
        memory
    }

    pub fn extend(&mut self, size: u64, leaves: &[Digest]) {
        for (id, bytes) in merkle::extend(self, size, leaves).unwrap() {
            self.0.insert(id, Arc::new(Tile::new(&bytes).unwrap()));
        }
    }
}

impl Tiles for Memory {
    type Error = TileId;
    fn tile(&self, id: TileId) -> Result<Arc<Tile>, TileId> {
        self.0.get(&id).cloned().ok_or(id)
    }
}

/// An event with its record.
#[derive(Clone)]
pub struct Logged {
    pub event: Event,
    pub leaf: Digest,
    pub record: Value,
    pub salt: [u8; 32],
    /// Class under which the record is withheld.
    pub withheld: Option<&'static str>,
    /// The event itself is withheld, and its record left out.
    pub hidden: bool,
}

/// A packet before it is sealed: every part may be bent.
#[derive(Clone)]
pub struct Model {
    pub log: Vec<Logged>,
    pub between: Vec<Event>,
    pub inventory: Vec<InventoryRow>,
    pub head: Head,
    pub case: Shown,
    pub subjects: Vec<Shown>,
    pub accounts: Vec<Shown>,
    pub authorizations: Vec<PacketAuthorization>,
    pub exhibits: Vec<Exhibit>,
    pub blobs: Files,
    pub padding: usize,
    pub seed: [u8; 32],
    pub origin: String,
    /// Bends manifest and tag files before the issue attests them.
    pub bag: fn(&mut Files),
}

fn event_line(logged: &Logged) -> Vec<u8> {
    let (leaf, seq) = (logged.leaf, logged.event.seq);
    match logged.hidden {
        true => format!("{{\"leaf\":\"{leaf}\",\"seq\":{seq},\"withheld\":\"held\"}}").into_bytes(),
        false => logged.event.canonical().unwrap(),
    }
}

impl Model {
    fn log(&mut self, action: &str, kind: &str, id: &str, record: Value, attest: Value) -> usize {
        let event = next(
            self.log.last().map(|l| (&l.event, l.leaf)),
            action,
            kind,
            id,
            &record,
            salt(self.log.len()),
            attest,
        );
        let leaf = leaf(&event.canonical().unwrap());
        self.log.push(Logged {
            event,
            leaf,
            record,
            salt: salt(self.log.len()),
            withheld: None,
            hidden: false,
        });
        self.log.len() - 1
    }

    /// Changes events or records and links the chain anew, with the log's own key; what names the old leaves follows.
    pub fn relog(&mut self, change: impl FnOnce(&mut Vec<Logged>)) {
        let before: Vec<(Object, String, Digest)> = self
            .log
            .iter()
            .map(|l| (l.event.object.clone(), l.event.action.clone(), l.leaf))
            .collect();
        change(&mut self.log);
        let mut prev = None;
        for (seq, logged) in self.log.iter_mut().enumerate() {
            (logged.event.seq, logged.event.prev, logged.event.at) = (seq as u64, prev, at(seq as u64));
            logged.event.record = record::hash(&logged.record, &logged.salt).unwrap();
            logged.leaf = leaf(&logged.event.canonical().unwrap());
            prev = Some(logged.leaf);
        }
        let now = |old: Digest| {
            let (object, action, _) = before.iter().find(|(_, _, leaf)| *leaf == old)?;
            let same = |l: &&Logged| l.event.object == *object && l.event.action == *action;
            self.log.iter().find(same).map(|l| (l.leaf, l.event.seq))
        };
        let renew = |leaf: &mut Digest| *leaf = now(*leaf).map_or(*leaf, |(leaf, _)| leaf);
        renew(&mut self.case.leaf);
        let shown = self.subjects.iter_mut().chain(&mut self.accounts);
        shown.for_each(|row| renew(&mut row.leaf));
        for row in &mut self.authorizations {
            renew(&mut row.leaf);
            row.events.retain(|leaf| now(*leaf).is_some());
            row.events.iter_mut().for_each(renew);
        }
        for exhibit in &mut self.exhibits {
            renew(&mut exhibit.leaf);
            exhibit.current.iter_mut().for_each(|row| renew(&mut row.leaf));
            exhibit.events.retain(|row| now(row.leaf).is_some());
            for row in &mut exhibit.events {
                (row.leaf, row.seq) = now(row.leaf).unwrap();
            }
        }
        self.cut();
    }

    /// Where an action about an object stands.
    pub fn seq(&self, action: &str, id: &str) -> usize {
        let found = |l: &Logged| l.event.action == action && l.event.object.id == id;
        self.log.iter().position(found).unwrap()
    }

    /// Changes the record of the request as it was logged.
    pub fn ask(&mut self, change: impl FnOnce(&mut Value)) {
        let seq = self.seq("packet.requested", PACKET_ID);
        self.relog(|log| change(&mut log[seq].record));
    }

    /// A case with a subject, an account, an authorization, two exhibits and one capture not selected.
    pub fn sample() -> Self {
        let mut model = Self::empty();
        model.people();
        model.capture(1, true, 2);
        model.capture(2, false, 1);
        model.capture(3, true, 0);
        model.request(json!([uuid(101), uuid(103)]));
        model.cut();
        model
    }

    fn request(&mut self, captures: Value) {
        let mut record = json!({"id": PACKET_ID, "case_id": CASE, "purpose": "court_exhibits", "organization": UNIT, "papers": PAPERS,
            "may_leave": papers::ranges(1..=self.inventory.len() as u64),
            "requested_at": "2026-11-22T14:07:31.120000Z", "requested_by": {"id": uuid(9), "name": "P. Ros"}});
        if !captures.is_null() {
            record["captures"] = captures;
        }
        self.log("packet.requested", "packet", PACKET_ID, record, json!({}));
    }

    /// A case with this many exhibits, each with one file that is longer by `padding` bytes.
    pub fn many(exhibits: u32, padding: usize) -> Self {
        let mut model = Self::empty();
        model.padding = padding;
        model.people();
        (1..=exhibits).for_each(|item| model.capture(item, true, 1));
        model.request(Value::Null);
        model.cut();
        model
    }

    fn empty() -> Self {
        let head = Head {
            id: PACKET_ID.into(),
            name: NAME.into(),
            purpose: "court_exhibits".into(),
            recipient: None,
            requested_by: Requester {
                id: uuid(9),
                name: "P. Ros".into(),
            },
            requested_at: "2026-11-22T14:07:31.120000Z".into(),
            cut: Cut {
                stream: format!("case:{CASE}"),
                seq: 0,
                leaf: Digest([0; 32]),
            },
            origin: ORIGIN.into(),
            product: "casetrail 0.1.0".into(),
            demo: false,
            papers: Some(PAPERS),
            pages: Some(page::version()),
            exhibit_list: None,
            supplement_of: None,
            pdf: None,
            duplicates: None,
            profiles: None,
        };
        let shown = Shown {
            leaf: Digest([0; 32]),
            record: Value::Null,
        };
        Self {
            log: vec![],
            between: vec![],
            inventory: vec![],
            head,
            case: shown,
            subjects: vec![],
            accounts: vec![],
            authorizations: vec![],
            exhibits: vec![],
            blobs: Files::new(),
            padding: 0,
            seed: LOG_SEED,
            origin: ORIGIN.into(),
            bag: |_| {},
        }
    }

    pub fn cut(&mut self) {
        let (last, cut) = (self.log.last().unwrap().clone(), self.log.len() - 1);
        self.head.cut.seq = cut as u64;
        self.head.cut.leaf = last.leaf;
        self.between = vec![next(
            Some((&last.event, last.leaf)),
            "case.noted",
            "case",
            CASE,
            &json!({}),
            salt(77),
            json!({}),
        )];
    }

    fn people(&mut self) {
        let case =
            json!({"id": CASE, "number": "26-004417", "title": "Missing, ferry terminal ⛴", "kind": "missing_person"});
        let subject = json!({"id": uuid(10), "name": "River K."});
        let account = json!({"id": uuid(11), "platform": "instagram", "handle": "@river_k"});
        let authorization = json!({"id": uuid(12), "level": "overt", "state": "requested"});
        let at = self.log("case.opened", "case", CASE, case.clone(), json!({}));
        self.case = Shown {
            leaf: self.log[at].leaf,
            record: case,
        };
        let at = self.log("subject.added", "subject", &uuid(10), subject.clone(), json!({}));
        self.subjects = vec![Shown {
            leaf: self.log[at].leaf,
            record: subject,
        }];
        let at = self.log("account.added", "account", &uuid(11), account.clone(), json!({}));
        self.accounts = vec![Shown {
            leaf: self.log[at].leaf,
            record: account,
        }];
        let at = self.log(
            "authorization.requested",
            "authorization",
            &uuid(12),
            authorization.clone(),
            json!({}),
        );
        let approved = json!({"id": uuid(12), "level": "overt", "state": "approved"});
        let decided = self.log(
            "authorization.approved",
            "authorization",
            &uuid(12),
            approved.clone(),
            json!({}),
        );
        let events = vec![self.log[at].leaf, self.log[decided].leaf];
        self.authorizations = vec![PacketAuthorization {
            leaf: events[1],
            record: approved,
            events,
        }];
    }

    fn capture(&mut self, item: u32, included: bool, files: usize) {
        let id = uuid(100 + item);
        let blobs: Vec<Vec<u8>> = (0..files)
            .map(|f| {
                [
                    format!("bytes of capture {item}, file {f}").as_bytes(),
                    &vec![0; self.padding],
                ]
                .concat()
            })
            .collect();
        let role = |f: usize| if f == 0 { "original" } else { "screenshot" };
        let attested: Vec<Value> = blobs
            .iter()
            .enumerate()
            .map(|(f, b)| json!({"role": role(f), "sha256": Digest::of(b), "size": b.len()}))
            .collect();
        let listed: Vec<Value> = blobs
            .iter()
            .enumerate()
            .map(|(f, b)| json!({"role": role(f), "sha256": Digest::of(b), "size": b.len(), "name": format!("é {f}.jpg"), "media_type": "image/jpeg"}))
            .collect();
        let record = json!({"id": id, "case_id": CASE, "item": item, "kind": "post", "captured_at": "2026-11-22T14:07:31.120000Z",
            "state": "logged", "capturer": uuid(9), "text": "Saw this girl by the ferry tonight", "files": listed});
        let attest = if attested.is_empty() {
            json!({})
        } else {
            json!({"files": attested})
        };
        let recorded = self.log("capture.recorded", "capture", &id, record.clone(), attest);
        let noted = self.log("capture.noted", "capture", &id, json!({"note": "seen"}), json!({}));
        // A corrected record is whole, as the first one was.
        let mut correction = record.clone();
        correction["text"] = json!("Saw her");
        correction["reason"] = json!("typo");
        let corrected = self.log("capture.corrected", "capture", &id, correction.clone(), json!({}));
        let status = if included { "included" } else { "not_selected" };
        self.inventory.push(InventoryRow {
            id: id.clone(),
            item: item.into(),
            kind: "post".into(),
            captured_at: Some("2026-11-22T14:07:31.120000Z".into()),
            status: status.into(),
            why: (!included).then(|| papers::NOT_ASKED.into()),
            description: None,
            excluded: None,
        });
        if !included {
            for at in [recorded, noted, corrected] {
                self.log[at].withheld = Some("not_selected");
            }
            return;
        }
        let exhibit = self.exhibits.len() as u32 + 1;
        let row = |log: &Logged| EventRow {
            leaf: log.leaf,
            seq: log.event.seq,
            action: log.event.action.clone(),
        };
        let mut rows = Vec::new();
        for (f, bytes) in blobs.into_iter().enumerate() {
            let path = exhibit_path(exhibit, f + 1, role(f), "jpg");
            let (sha256, size) = (Digest::of(&bytes), bytes.len() as u64);
            let (name, media_type) = (Some(format!("é {f}.jpg")), Some("image/jpeg".into()));
            rows.push(FileRow {
                path: Some(path.clone()),
                sha256,
                size,
                role: role(f).into(),
                name,
                media_type,
                withheld: None,
            });
            self.blobs.insert(path, bytes);
        }
        self.exhibits.push(Exhibit {
            exhibit,
            since: None,
            number: None,
            title: None,
            description: None,
            capture: id,
            item: item.into(),
            leaf: self.log[recorded].leaf,
            record,
            current: Some(Shown {
                leaf: self.log[corrected].leaf,
                record: correction,
            }),
            examination: None,
            events: [recorded, noted, corrected].map(|at| row(&self.log[at])).to_vec(),
            files: rows,
            redactions: None,
            duplicates: None,
            unfit: None,
        });
    }

    /// Everything under `data/`.
    pub fn data(&self) -> Files {
        let mut files = self.blobs.clone();
        let lines = |lines: Vec<Vec<u8>>| {
            lines
                .into_iter()
                .flat_map(|l| [l, b"\n".to_vec()].concat())
                .collect::<Vec<u8>>()
        };
        // The pages are made when the packet is sealed, from what stands in it then.
        files.insert(INDEX.into(), Vec::new());
        if self.head.papers >= Some(VERIFY_PAGE_SINCE) {
            files.insert(VERIFY_PAGE.into(), b"<!doctype html>\n".into());
        }
        files.insert(EVENTS.into(), lines(self.log.iter().map(event_line).collect()));
        let record = |l: &Logged| match l.withheld {
            Some(class) => RecordLine::Withheld {
                leaf: l.leaf,
                class: class.into(),
            }
            .format(),
            None => {
                let bytes = casetrail::proof::canon::to_strict(&l.record).unwrap();
                RecordLine::Shown {
                    leaf: l.leaf,
                    record: &bytes,
                    salt: l.salt,
                }
                .format()
            }
        };
        files.insert(
            RECORDS.into(),
            lines(self.log.iter().filter(|l| !l.hidden).map(record).collect()),
        );
        let mut inventory = Writer::new();
        inventory.rows("captures", &self.inventory).unwrap();
        files.insert(INVENTORY.into(), inventory.finish());
        let mut doc = Writer::new();
        doc.value("packet", &self.head).unwrap();
        doc.value("case", &self.case).unwrap();
        doc.rows("subjects", &self.subjects).unwrap();
        doc.rows("accounts", &self.accounts).unwrap();
        doc.rows("authorizations", &self.authorizations).unwrap();
        doc.rows("exhibits", &self.exhibits).unwrap();
        files.insert(PACKET.into(), doc.finish());
        files
    }

    /// The whole packet around this data, honestly sealed.
    pub fn seal(&self, data: Files) -> Files {
        self.seal_with(data, |_| {})
    }

    /// The same, with another issue event.
    pub fn seal_with(&self, data: Files, bend: impl FnOnce(&mut Event)) -> Files {
        let mut files = data;
        if files.get(INDEX).is_some_and(Vec::is_empty) {
            let made = made_pages(&files);
            files.extend(made);
        }
        let manifest = packet::manifest(&files.iter().map(|(p, b)| (p.clone(), Digest::of(b))).collect());
        let oxum = format!("{}.{}", files.values().map(Vec::len).sum::<usize>(), files.len());
        files.insert(MANIFEST.into(), manifest.into_bytes());
        files.insert(BAGIT.into(), BAGIT_TXT.into());
        let labels = BagLabels {
            organization: UNIT,
            number: "26-004417",
            day: "2026-11-22",
            oxum: &oxum,
            head: &self.head,
        };
        files.insert(BAG_INFO.into(), papers::bag_info(labels).into());
        files.insert(
            HOW_TO.into(),
            papers::how_to(self.head.papers, &self.head.name, &self.head.origin).into(),
        );
        (self.bag)(&mut files);
        let last = match self.between.last() {
            Some(event) => (event.clone(), leaf(&event.canonical().unwrap())),
            None => (self.log.last().unwrap().event.clone(), self.log.last().unwrap().leaf),
        };
        let tags: BTreeMap<_, _> = ATTESTED_TAGS.iter().map(|t| (*t, Digest::of(&files[*t]))).collect();
        let mut attest = json!({"manifest_sha256": Digest::of(&files[MANIFEST]), "tags": tags, "through": self.log.len() - 1,
            "head": self.log.last().unwrap().leaf, "size": self.inventory.len()});
        if self.head.papers >= Some(EVIDENCE_SINCE) {
            let payload = files.iter().map(|(path, bytes)| (path.clone(), Digest::of(bytes)));
            attest["evidence_sha256"] = json!(EvidenceHash::of(&payload.collect()));
        }
        let mut issued = next(
            Some((&last.0, last.1)),
            "packet.issued",
            "packet",
            PACKET_ID,
            &json!({}),
            salt(99),
            attest,
        );
        bend(&mut issued);
        let issued = issued.canonical().unwrap();
        let lines: Vec<u8> = self
            .between
            .iter()
            .flat_map(|e| [e.canonical().unwrap(), b"\n".to_vec()].concat())
            .collect();
        files.insert(BETWEEN.into(), lines);
        files.insert(ISSUED.into(), issued.clone());
        self.prove(&mut files, leaf(&issued));
        retag(&mut files);
        files
    }

    fn prove(&self, files: &mut Files, issued: Digest) {
        let mut leaves: Vec<Digest> = (0..300u32).map(|n| Digest::of(&n.to_be_bytes())).collect();
        leaves[270] = issued;
        let tiles = Memory::of(&leaves);
        let signer = Signer::from_seed(&self.origin, &self.seed).unwrap();
        let checkpoint = Checkpoint {
            origin: self.origin.clone(),
            size: 300,
            root: merkle::root(&tiles, 300).unwrap(),
        };
        let note = signer.sign(&checkpoint);
        let hashes = merkle::inclusion_proof(&tiles, 270, 300).unwrap();
        let proof = TlogProof {
            extra: None,
            index: 270,
            hashes,
            note: note.clone(),
        };
        files.insert(ISSUED_PROOF.into(), proof.format().into());
        files.insert(CHECKPOINT.into(), note.into());
        files.insert(LOG_VKEY.into(), format!("{}\n", signer.vkey()).into());
        files.insert(LOG_PEM.into(), signer.vkey().pem().into());
    }

    pub fn files(&self) -> Files {
        self.seal(self.data())
    }
}

/// `index.html` of these documents.
pub fn page_of(files: &Files) -> Vec<u8> {
    made_pages(files).remove(INDEX).unwrap_or_default()
}

/// The pages of these documents; those that cannot be made are missing.
pub fn made_pages(files: &Files) -> Files {
    struct InMemory<'f>(&'f Files);
    impl page::Documents for InMemory<'_> {
        fn read(&mut self, path: &'static str, sink: &mut dyn FnMut(&[u8])) -> std::io::Result<()> {
            sink(self.0.get(path).ok_or(std::io::ErrorKind::NotFound)?);
            Ok(())
        }
    }
    #[derive(Default)]
    struct Made(Files, String);
    impl page::PageSink for Made {
        fn begin(&mut self, path: &str) -> std::io::Result<()> {
            self.1 = path.to_owned();
            self.0.insert(path.to_owned(), Vec::new());
            Ok(())
        }
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
            self.0.entry(self.1.clone()).or_default().extend(bytes);
            Ok(())
        }
    }
    let mut made = Made::default();
    let _ = page::write(&mut InMemory(files), &mut made);
    made.0
}

/// Makes the tag manifest say what the other files are.
pub fn retag(files: &mut Files) {
    files.remove(TAGMANIFEST);
    let tags = files
        .iter()
        .filter(|(p, _)| !p.starts_with("data/"))
        .map(|(p, b)| (p.clone(), Digest::of(b)))
        .collect();
    files.insert(TAGMANIFEST.into(), packet::manifest(&tags).into());
}

pub fn salt(n: usize) -> [u8; 32] {
    [(n as u8).wrapping_add(1); 32]
}

fn at(seq: u64) -> i64 {
    1_795_356_451_120_000 + seq as i64 * 1000
}

pub fn next(
    last: Option<(&Event, Digest)>,
    action: &str,
    kind: &str,
    id: &str,
    record: &Value,
    salt: [u8; 32],
    attest: Value,
) -> Event {
    let seq = last.map_or(0, |(event, _)| event.seq + 1);
    Event {
        v: 1,
        stream: format!("case:{CASE}"),
        seq,
        prev: last.map(|(_, leaf)| leaf),
        at: at(seq),
        actor: Actor {
            kind: "person".into(),
            id: Some(uuid(9)),
            role: Some("investigator".into()),
        },
        action: action.into(),
        object: Object {
            type_: kind.into(),
            id: id.into(),
            version: 1,
        },
        record: record::hash(record, &salt).unwrap(),
        attest: attest.as_object().cloned().unwrap_or_default(),
    }
}
