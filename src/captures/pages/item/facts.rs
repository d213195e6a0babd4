//! What is known of an item, line by line.

use crate::captures::model::{Method, OpenCapture, Tool, without_tracking};
use crate::captures::pages::rests_on;
use crate::cases::CasePage;
use crate::clock::Timestamp;
use crate::subjects::platform_name;
use crate::text::{label, line};

/// Something known of an item, and where it leads.
pub struct ItemFact {
    pub name: &'static str,
    pub value: String,
    pub address: Option<String>,
}

type NamedValue = (&'static str, Option<String>);

/// What is known of an item. `authorization` is the number of the one that it rests on.
pub fn facts(open: &OpenCapture, page: &CasePage, authorization: Option<i64>) -> Vec<ItemFact> {
    let all = [source(open), times(open, page), taken(open)].concat();
    let fact = |(name, value): NamedValue| {
        let value = value?;
        Some(ItemFact {
            name,
            value: line(&value),
            address: None,
        })
    };
    let mut facts: Vec<ItemFact> = all.into_iter().filter_map(fact).collect();
    let rests = authorization.map_or_else(
        || rests_on(open.basis.kind, open.outline.state),
        |number| format!("Authorization A-{number}"),
    );
    facts.push(ItemFact {
        name: "Rests on",
        value: rests,
        address: authorization
            .and(open.basis.id.as_ref())
            .map(|id| format!("/authorizations/{id}")),
    });
    facts.extend(remarkable(open).into_iter().filter_map(fact));
    facts
}

/// Where it was found.
fn source(open: &OpenCapture) -> Vec<NamedValue> {
    let said = &open.particulars;
    let account = said.account.clone().unwrap_or_default();
    vec![
        ("Platform", said.platform.as_deref().map(platform_name)),
        ("Address as seen", said.url.clone()),
        (
            "Address without tracking parts",
            said.url.as_deref().and_then(without_tracking),
        ),
        ("Final address", said.final_url.clone()),
        ("Account", account.handle),
        ("Account’s own id", account.platform_id),
    ]
}

fn times(open: &OpenCapture, page: &CasePage) -> Vec<NamedValue> {
    let (said, outline) = (&open.particulars, &open.outline);
    let both = |at: &Timestamp| {
        let moment = page.at(at.0);
        match moment.local {
            Some(local) => format!("{local} ({})", moment.utc),
            None => moment.utc,
        }
    };
    let shown = said.platform_time_text.clone().unwrap_or("not noted".into());
    let basis = said.posted_at_basis.map_or("basis not noted", |basis| basis.says());
    let posted = said.posted_at.as_ref().map(|at| format!("{}, {basis}", both(at)));
    let known = outline.captured_at_basis.says(outline.captured_at, outline.received_at);
    let captured = format!("{}, {known}", both(&outline.captured_at));
    vec![
        ("Time as shown", Some(shown)),
        ("Posted", posted),
        ("Captured", Some(captured)),
        ("Received, by this server’s clock", Some(both(&outline.received_at))),
    ]
}

/// How it was taken.
fn taken(open: &OpenCapture) -> Vec<NamedValue> {
    let said = &open.particulars;
    vec![
        ("Visibility", said.visibility.as_deref().map(label)),
        ("Means of access", said.access_means.as_deref().map(label)),
        ("Method", said.method.map(|method| method_of(method, open))),
        ("Tool", said.tool.as_ref().map(tool)),
        ("Level", said.level.map(|level| label(level.as_str()))),
        ("Device", said.device.map(|device| label(device.as_str()))),
        ("Captured by", Some(open.captured_by.name.clone())),
        ("Note", open.note.clone()),
    ]
}

/// The method in words: what was put in without a file was noted by hand.
fn method_of(method: Method, open: &OpenCapture) -> String {
    match method {
        Method::Import if open.files.is_empty() => "Noted by hand, without a file".to_owned(),
        method => label(method.as_str()),
    }
}

fn tool(tool: &Tool) -> String {
    match tool.version.as_str() {
        "unknown" => tool.name.clone(),
        version => format!("{} {version}", tool.name),
    }
}

fn remarkable(open: &OpenCapture) -> Vec<NamedValue> {
    let flags: Vec<&str> = open.outline.flags.iter().map(|flag| flag.as_str()).collect();
    let flags = (!flags.is_empty()).then(|| flags.join(", ").replace('_', " "));
    vec![("Reason given", open.basis.reason.clone()), ("Odd about it", flags)]
}
