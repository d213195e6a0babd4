//! An exhibit as the papers show it.

use serde_json::{Value, json};

use super::{PaperView, certificate, times, words};
use crate::clock::Micros;
use crate::page::actor::EventActor;
use crate::page::beside::programs;
use crate::page::exceptions::{self, ExceptionAnswer, ExceptionTold};
use crate::page::records::{list, said};
use crate::page::story::TrailEvent;
use crate::page::{PERCEPTUAL_HASH, examined, views, words as page_words};
use crate::paper::letters::SignKey;
use crate::paper::prints::{Print, PrintedFile};
use crate::proof::Digest;
use crate::proof::packet::{Exhibit, FileRow, StandardFormat};
use crate::text::{self, label, size};

/// Print copies of one exhibit at the most.
const PICTURES: usize = 500;

/// What an exhibit gives to the parts of the papers.
pub(super) struct ExhibitParts {
    /// The exhibit itself.
    pub shown: Value,
    /// Its line in the index.
    pub index: Value,
    /// What did not go by the book, or was changed.
    pub exceptions: Vec<Value>,
    /// Its files that are not in the packet.
    pub withheld: Vec<Value>,
}

/// One exhibit, with what is asked of it often.
struct ExhibitPaper<'v> {
    view: &'v PaperView<'v>,
    exhibit: &'v Exhibit,
    no: String,
    kind: String,
    title: String,
    trail: &'v [TrailEvent],
}

/// An exception as the report lists it; a decision that is an event stands in the custody of its exhibit.
pub(super) fn exception(view: &PaperView<'_>, told: &ExceptionTold<'_>) -> Value {
    let letters = view.letters;
    let why: Vec<Value> = told.why.iter().map(|why| letters.rich(why)).collect();
    let (awaited, decision) = match &told.answer {
        ExceptionAnswer::Awaited(what) => (Some(*what), Value::Null),
        ExceptionAnswer::Cleared(cleared) => {
            let said = letters.rich(cleared.reason());
            let decision = json!({"what": "Cleared", "who": letters.rich(cleared.by()), "detail": said, "at": times::time(view.story.zone, cleared.at())});
            (None, decision)
        }
        ExceptionAnswer::Unneeded | ExceptionAnswer::Event(_) => (None, Value::Null),
    };
    json!({
        "exhibit": null, "kind": told.kind, "title": null, "at": times::time(view.story.zone, told.at), "what": letters.rich(&told.what),
        "why": why, "awaited": awaited, "decision": decision,
    })
}

/// The number by which a court knows it: that of the exhibit list, else its place in the packet.
pub(super) fn shown_number(exhibit: &Exhibit) -> String {
    exhibit.number.clone().unwrap_or_else(|| exhibit.exhibit.to_string())
}

pub(super) fn parts(view: &PaperView<'_>, exhibit: &Exhibit) -> ExhibitParts {
    let record = exhibit.told();
    ExhibitPaper {
        view,
        exhibit,
        no: shown_number(exhibit),
        kind: label(said(record, "/kind").unwrap_or("capture")),
        title: exhibit.title.clone().unwrap_or_else(|| views::title(exhibit.now())),
        trail: view.story.trails.get(&exhibit.capture).map_or(&[], Vec::as_slice),
    }
    .parts()
}

impl ExhibitPaper<'_> {
    fn parts(&self) -> ExhibitParts {
        let (view, record) = (self.view, self.exhibit.told());
        let (letters, title) = (view.letters, view.letters.rich(&self.title));
        let (files, pictures) = self.files();
        let (custody, versions) = (self.custody(), self.versions());
        let marks = exceptions::marks(view.story, self.exhibit);
        let exceptions = self.exceptions(&title, &custody);
        let captured = times::told(view.story.zone, record, "/captured_at");
        let mut key = SignKey::default();
        // What somebody wrote who found nothing is not the words of a source.
        let finding = said(record, "/kind") == Some("lookup");
        let text = said(record, "/text");
        let undrawn = |file: &&Value| file["no_picture"].is_string();
        // Where the original itself is not drawn, a text is what somebody says of it, and no jury reads it in its place.
        let own = self.exhibit.files.iter().zip(&files);
        let own = own
            .filter(|(_, shown)| undrawn(shown))
            .any(|(file, _)| matches!(file.role.as_str(), "original" | "archive"));
        let shows = !pictures.is_empty() || (text.is_some() && !finding && !own);
        let native: Vec<Value> = files.iter().filter(undrawn).filter(|_| !shows).cloned().collect();
        let words = text.map_or(Value::Null, |text| letters.keyed(text, &mut key));
        let shown = json!({
            "no": self.no, "item": self.exhibit.item, "kind": self.kind, "title": title, "marks": marks, "pictures": pictures,
            "description": self.exhibit.description.as_deref().map(|said| letters.rich(said)),
            "text": words, "special": key.rows(),
            "text_label": if finding { "What the capturer wrote" } else { "Text as recorded" },
            "text_chars": text.map_or(0, |text| text.chars().count()),
            "versions": versions, "times": self.times(), "facts": self.facts(), "basis": letters.rich(&self.basis()),
            "redactions": self.redactions(), "coverage": self.coverage(), "files": files, "custody": custody, "captured": captured,
            "certificate": certificate::part(view, self.exhibit, &self.basis()),
            "jury": {"show": shows || !native.is_empty(), "native": native},
        });
        ExhibitParts {
            index: json!({"no": self.no, "item": self.exhibit.item, "title": title, "captured": captured, "marks": marks}),
            withheld: self.withheld(&captured),
            exceptions,
            shown,
        }
    }

    fn basis(&self) -> String {
        let basis = &self.exhibit.told()["basis"];
        let kind = said(basis, "/kind").unwrap_or("unknown");
        if kind != "authorization" {
            return words::basis(kind);
        }
        let number = said(basis, "/id").and_then(|id| self.view.story.authorizations.get(id));
        number.map_or_else(
            || "Authorization".into(),
            |number| format!("Authorization no. {number}"),
        )
    }

    fn times(&self) -> Value {
        let (record, zone) = (self.exhibit.told(), self.view.story.zone);
        let told = |pointer: &str| times::told(zone, record, pointer);
        let shown = said(record, "/platform_time_text");
        let posted = said(record, "/posted_at_basis").and_then(page_words::posted_basis);
        let (captured, received) = (said(record, "/captured_at"), said(record, "/received_at"));
        let how = said(record, "/captured_at_basis").unwrap_or("stated");
        let how = page_words::captured_basis(how, captured, received);
        let unless = |missing: bool, basis: &str| match missing {
            true => "Not recorded.".to_owned(),
            false => words::sentence(basis),
        };
        json!([
            {"what": "Shown by the platform", "shown": self.view.letters.maybe(shown), "at": null,
                "basis": unless(shown.is_none(), "as the screen showed it")},
            {"what": "Posted", "at": told("/posted_at"), "basis": unless(told("/posted_at").is_null(), posted.unwrap_or("as recorded"))},
            {"what": "Captured", "at": told("/captured_at"), "basis": unless(captured.is_none(), how)},
            {"what": "Received", "at": told("/received_at"), "basis": "The agency server’s clock."},
        ])
    }

    fn facts(&self) -> Vec<Value> {
        let (record, letters) = (self.exhibit.told(), self.view.letters);
        let worded = |pointer: &str| said(record, pointer).map(label);
        let plain = |pointer: &str| said(record, pointer).map(str::to_owned);
        let version = plain("/tool/version").map(|version| match version.as_str() {
            "unknown" => "(version unknown)".to_owned(),
            _ => version,
        });
        let tool = [plain("/tool/name"), version].into_iter().flatten();
        let tool = tool.reduce(|name, version| format!("{name} {version}"));
        let redirected = match plain("/final_url") {
            same if same.is_some() && same == plain("/url") => Some("The same".into()),
            other => other,
        };
        let fields = [
            ("Web address as seen", plain("/url")),
            ("Address after redirects", redirected),
            ("Platform", worded("/platform")),
            ("Account", plain("/account/handle")),
            ("Account’s own id", plain("/account/platform_id")),
            ("Visible to", worded("/visibility")),
            ("Looked at with", worded("/access_means")),
            ("Captured by", plain("/capturer/name")),
            ("How", worded("/method")),
            ("Tool", tool),
            ("Device", worded("/device")),
            ("Level", worded("/level")),
            ("Basis", Some(self.basis())),
        ];
        let fact = |(name, value): (&str, Option<String>)| json!([name, letters.maybe(value.as_deref())]);
        let mut told: Vec<Value> = fields.into_iter().map(fact).collect();
        let asked = [("Reason given", "/basis/reason"), ("Note of the capturer", "/note")];
        let further = asked
            .into_iter()
            .filter_map(|(name, at)| Some(json!([name, letters.rich(said(record, at)?)])));
        told.extend(further);
        let others = text::facts(record, self.view.story.zone, views::APART);
        told.extend(others.iter().map(|fact| json!([fact.label, letters.rich(&fact.value)])));
        told.extend(
            self.examined()
                .into_iter()
                .map(|(name, value)| json!([name, letters.rich(&value)])),
        );
        told
    }

    /// What a program read in each file, in a line: what most people look for, and what looks wrong.
    fn examined(&self) -> Vec<(String, String)> {
        let Some(shown) = &self.exhibit.examination else {
            return Vec::new();
        };
        let lines = (1..).zip(examined(&shown.record, |_| None)).filter_map(|(n, file)| {
            // A hash of what a picture shows is for programs.
            let told = file.facts.iter().filter(|fact| fact.label != PERCEPTUAL_HASH);
            let all = told.chain(&file.flags);
            let all = words::sentences(all.map(|fact| format!("{}: {}", fact.label, fact.value)));
            Some((format!("Read from file {n}, derived"), all?))
        });
        lines.collect()
    }

    fn coverage(&self) -> Vec<Value> {
        let rules = list(self.exhibit.told(), "coverage").iter();
        let told = rules.map(|rule| {
            let result = match rule["passed"].as_bool() {
                Some(true) => "yes",
                Some(false) => "no",
                None => "unknown",
            };
            let why = self.view.story.zone.in_text(said(rule, "/why").unwrap_or_default());
            let name = exceptions::rule(said(rule, "/rule").unwrap_or_default());
            json!({"rule": name, "result": result, "why": self.view.letters.rich(&why)})
        });
        told.collect()
    }

    /// The files, and the print copies of those that have one.
    fn files(&self) -> (Vec<Value>, Vec<Value>) {
        let (mut files, mut pictures) = (Vec::new(), Vec::new());
        for (n, file) in (1..).zip(&self.exhibit.files) {
            let print = self.view.prints.of((self.exhibit.exhibit, n));
            let made = match print {
                Some(Print::Made(made)) => self.printed(made, (n, file), PICTURES.saturating_sub(pictures.len())),
                _ => Vec::new(),
            };
            let no_picture = match (made.is_empty(), print, &file.path) {
                (false, ..) | (_, _, None) => Value::Null,
                (true, Some(Print::Unmade(why)), _) => json!(words::sentence(why)),
                (true, ..) => json!(self.not_printed(file)),
            };
            pictures.extend(made);
            files.push(self.file((n, file), no_picture));
        }
        (files, pictures)
    }

    fn file(&self, (n, file): (usize, &FileRow), no_picture: Value) -> Value {
        let letters = self.view.letters;
        let withheld = file.withheld.as_ref().map(|withheld| {
            // A full stop follows.
            let word = |pointer: &str| letters.maybe(said(withheld, pointer).map(|said| said.trim_end_matches('.')));
            json!({"reason": word("/reason"), "referral": word("/referral"), "where": self.kept()})
        });
        json!({
            "n": n, "role": label(&file.role), "name": letters.maybe(file.name.as_deref()),
            "type": letters.maybe(file.media_type.as_deref()), "size": size(file.size), "sha256": file.sha256, "path": file.path,
            "withheld": withheld, "no_picture": no_picture, "beside": self.beside(n),
        })
    }

    /// The standard duplicate of a file, or why there is none.
    fn beside(&self, n: usize) -> Value {
        let letters = self.view.letters;
        let Some(row) = self.exhibit.duplicate(n) else {
            return Value::Null;
        };
        let lacks = row
            .lacks
            .as_deref()
            .map(|why| format!("{}.", why.trim_end_matches('.')));
        let made = row.made.as_ref().map(|made| programs(&made.record).join(", then "));
        let file = row.file.as_ref();
        let format = file.and_then(|file| StandardFormat::of(file.media_type.as_deref().unwrap_or_default()));
        json!({
            "lacks": letters.maybe(lacks.as_deref()), "format": format.map(StandardFormat::says),
            "made": letters.maybe(made.as_deref()), "size": file.map(|file| size(file.size)),
            "sha256": file.map(|file| file.sha256), "path": file.and_then(|file| file.path.as_deref()),
        })
    }

    /// Where the bytes of a file are that is withheld.
    fn kept(&self) -> &'static str {
        match self.exhibit.redactions {
            Some(_) => "Its hash is given below; the file itself stays with the agency.",
            None => "Its hash is given below; no copy was kept.",
        }
    }

    /// What the redactions say that stand in its place.
    fn redactions(&self) -> Vec<Value> {
        let told = self.exhibit.redactions.iter().flatten().map(|one| {
            let (record, zone) = (&one.record, self.view.story.zone);
            json!({
                "what": words::capital(&page_words::redacted(record)), "reason": self.view.letters.maybe(said(record, "/reason").map(words::sentence).as_deref()),
                "by": self.view.letters.maybe(said(record, "/made_by/name")), "at": times::told(zone, record, "/made_at"),
            })
        });
        told.collect()
    }

    /// Why a file is not printed, and where a picture of what it shows is.
    fn not_printed(&self, file: &FileRow) -> String {
        let why = words::no_picture(file.media_type.as_deref(), file.name.as_deref());
        let mut files = (1..).zip(&self.exhibit.files);
        let screenshot = files.find(|(n, other)| {
            let print = self.view.prints.of((self.exhibit.exhibit, *n));
            other.role == "screenshot" && matches!(print, Some(Print::Made(_)))
        });
        match screenshot {
            Some((n, _)) => format!("{why} The screenshot of the same capture, file {n}, is printed."),
            None => why.to_owned(),
        }
    }

    /// Its print copies, so many at the most.
    fn printed(&self, made: &PrintedFile, (n, file): (usize, &FileRow), most: usize) -> Vec<Value> {
        let copies = (0..made.copies.min(most)).filter_map(|copy| {
            let what = words::printed(made, copy, file.media_type.as_deref());
            self.picture(made.first + copy, (n, file), what)
        });
        copies.collect()
    }

    fn picture(&self, number: usize, (n, file): (usize, &FileRow), what: Option<String>) -> Option<Value> {
        let (copy, whole) = (self.view.prints.size(number)?, self.view.prints.whole(number)?);
        let of = match copy == whole {
            true => ", in full size".to_owned(),
            false => format!(" of the file’s {} × {}", whole.0, whole.1),
        };
        let role = label(&file.role).to_lowercase();
        let redacted = self.exhibit.redactions.as_ref().map_or("", |_| ", REDACTED");
        let shown = match said(self.exhibit.told(), "/text") {
            Some(_) => "Its text, as it was recorded, follows below.",
            None => "No text was recorded for it.",
        };
        let stands = what.as_ref().map_or(String::new(), |what| format!(": {what}"));
        Some(json!({
            "id": number, "n": n, "w": copy.0, "h": copy.1, "caption": format!("File {n}, {role}{redacted}{stands}"),
            "stands": what.as_deref().map(words::sentence),
            "note": format!("Print copy, {} × {} pixels{of}", copy.0, copy.1),
            "alt": format!("Exhibit {}{redacted}, file {n}, {role}{stands}: picture of a {}. {shown}", self.no, self.kind.to_lowercase()),
        }))
    }

    /// What happened to it, and the copies that were made of it, in order.
    fn custody(&self) -> Vec<Value> {
        let events = self.exhibit.events.iter().zip(self.trail).map(|(row, event)| {
            let details = event
                .details
                .iter()
                .map(|fact| format!("{}: {}", fact.label, fact.value));
            let said = words::sentences(details);
            let what = (row.action.as_str(), words::action(&row.action));
            (
                row.seq,
                self.happened((row.seq, event.at), what, (&event.actor, said, row.leaf)),
            )
        });
        let copies = self.view.story.copies.get(&self.exhibit.capture).into_iter().flatten();
        let copies = copies.map(|copy| {
            let what = ("derivative.made", copy.made());
            let told = Some(copy.told(self.exhibit));
            (
                copy.seq,
                self.happened((copy.seq, copy.at), what, (&copy.actor, told, copy.leaf)),
            )
        });
        let mut all: Vec<(u64, Value)> = events.chain(copies).collect();
        all.sort_by_key(|(seq, _)| *seq);
        all.into_iter().map(|(_, row)| row).collect()
    }

    fn happened(
        &self,
        (seq, at): (u64, Micros),
        (action, what): (&str, String),
        (actor, said, leaf): (&EventActor, Option<String>, Digest),
    ) -> Value {
        let (story, letters) = (self.view.story, self.view.letters);
        let role = actor.role.as_deref().map(label).map(|role| role.to_lowercase());
        json!({
            "seq": seq, "at": times::time(story.zone, Some(at)), "action": action, "what": what,
            "who": letters.rich(&story.who(actor)), "role": role, "detail": letters.maybe(said.as_deref()), "leaf": leaf,
        })
    }

    /// What the latest correction changed.
    fn versions(&self) -> Vec<Value> {
        let (zone, letters) = (self.view.story.zone, self.view.letters);
        let Some(now) = self.exhibit.current.as_ref().map(|current| &current.record) else {
            return Vec::new();
        };
        let (before, after) = (
            text::facts(self.exhibit.told(), zone, &views::NOT_CORRECTED),
            text::facts(now, zone, &views::NOT_CORRECTED),
        );
        let mut labels: Vec<&str> = before.iter().map(|fact| fact.label.as_str()).collect();
        let further: Vec<&str> = after.iter().map(|fact| fact.label.as_str()).collect();
        labels.extend(
            further
                .into_iter()
                .filter(|label| !before.iter().any(|fact| fact.label == *label)),
        );
        let value =
            |facts: &[text::Fact], label: &str| facts.iter().find(|fact| fact.label == label).map(|f| f.value.clone());
        let changed = labels.into_iter().filter_map(|label| {
            let (was, is) = (value(&before, label), value(&after, label));
            let told = |value: &Option<String>| letters.maybe(value.as_deref());
            (was != is).then(|| json!({"field": label, "was": told(&was), "now": told(&is)}))
        });
        let changes: Vec<Value> = changed.collect();
        vec![json!({
            "version": now["version"], "at": times::told(zone, now, "/correction/at"), "changes": changes,
            "by": letters.maybe(said(now, "/correction/by/name")), "reason": letters.maybe(said(now, "/correction/reason").map(words::stopped).as_deref()),
        })]
    }

    fn exceptions(&self, title: &Value, custody: &[Value]) -> Vec<Value> {
        let told = exceptions::of_exhibit(self.view.story, self.exhibit).into_iter();
        told.map(|told| {
            let mut row = exception(self.view, &told);
            row["exhibit"] = json!(self.no);
            row["title"] = title.clone();
            if let ExceptionAnswer::Event(answer) = &told.answer {
                let shown = custody.iter().find(|event| event["seq"] == answer.seq);
                row["decision"] = shown.cloned().unwrap_or_default();
            }
            row
        })
        .collect()
    }

    fn withheld(&self, captured: &Value) -> Vec<Value> {
        let files = (1..).zip(&self.exhibit.files).filter(|(_, file)| file.path.is_none());
        let (status, kept) = match self.exhibit.redactions {
            Some(_) => ("Redacted", ""),
            None => ("Hash only", " and was never copied"),
        };
        let row = |(n, file): (usize, &FileRow)| {
            let role = label(&file.role);
            let shown = self.file((n, file), Value::Null);
            json!({
                "item": self.exhibit.item, "exhibit": self.no, "kind": self.kind, "status": status, "captured": captured,
                "why": shown["withheld"]["reason"], "referral": shown["withheld"]["referral"],
                "description": format!("{role} of exhibit {}: the file is not in the packet{kept}; its size and hash are.", self.no),
                "files": [{"sha256": file.sha256, "size": size(file.size), "role": role}],
            })
        };
        files.map(row).collect()
    }
}
