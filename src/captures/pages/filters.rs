//! The filters of a list of evidence as a page shows them. The address holds all of them, so that reloading, going back
//! and links keep them.

use std::collections::HashMap;

use url::form_urlencoded::Serializer;

use crate::captures::api::{self, FILTERS};
use crate::captures::model::{BasisKind, CaptureKind, CaptureQuery, CaptureState, Sort};
use crate::cases::{CasePage, words};
use crate::error::Result;
use crate::forms::Word;
use crate::http::pages::FormView;
use crate::http::paging::{Page, form_pairs};
use crate::text::{label, line};

/// The order of a page's list, where the address names none.
pub const NEWEST: Sort = Sort::CapturedDown;

/// The address of a list: its filters, its order, and whether it is a table.
#[derive(Debug, Clone, Default)]
pub struct ListAddress(Vec<(String, String)>);

impl ListAddress {
    /// What a query names of it. Anything else in the query is no part of a list.
    pub fn of(query: &str) -> Self {
        let pairs = form_pairs(query);
        let ours = |(name, value): &(String, String)| {
            !value.is_empty() && (FILTERS.contains(&name.as_str()) || (name == "view" && value == "table"))
        };
        Self(pairs.into_iter().filter(ours).collect())
    }

    /// A part of it.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// With a part in place of what stood there.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut other = self.without(name);
        other.0.push((name.to_owned(), value.to_owned()));
        other
    }

    /// Without a part.
    pub fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|(n, _)| n != name).cloned().collect())
    }

    /// The filters alone as a page of a list reads them.
    fn page(&self) -> Page {
        Page {
            filters: self.0.iter().filter(|(name, _)| name != "view").cloned().collect(),
            ..Page::first(1)
        }
    }

    /// What it asks for, so many captures at the most, after the first of them.
    pub fn query(&self, limit: usize, page: &CasePage) -> Result<CaptureQuery> {
        let asked = api::query(&self.page(), NEWEST, page.zone)?;
        Ok(CaptureQuery { limit, ..asked })
    }

    /// Under a path, with more parts behind it.
    pub fn at(&self, path: &str, more: &[(&str, &str)]) -> String {
        let mut query = Serializer::new(String::new());
        query.extend_pairs(&self.0).extend_pairs(more);
        match query.finish() {
            none if none.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }

    /// The list of a case.
    pub fn list(&self, case: &str) -> String {
        self.at(&format!("/cases/{case}/evidence"), &[])
    }

    /// The list of a case at an item.
    pub fn list_at(&self, case: &str, item: i64) -> String {
        let number = item.to_string();
        let list = self.at(&format!("/cases/{case}/evidence"), &[("around", &number)]);
        format!("{list}#i{item}")
    }

    /// The review of a case, at an item.
    pub fn review_at(&self, case: &str, item: i64) -> String {
        let number = item.to_string();
        self.at(&format!("/cases/{case}/evidence/review"), &[("at", &number)])
    }

    /// Whether the list is a table.
    pub fn is_table(&self) -> bool {
        self.get("view") == Some("table")
    }

    /// Whether anything is left out.
    pub fn filters(&self) -> bool {
        self.0
            .iter()
            .any(|(name, _)| name != "view" && name != "sort" && FILTERS.contains(&name.as_str()))
    }
}

/// A filter that one press sets or takes away.
pub struct FilterChip {
    pub word: String,
    pub count: Option<i64>,
    pub address: String,
    pub current: bool,
    pub held: bool,
}

/// What the filters of a page show.
pub struct FilterBar {
    /// The filters that are asked for most.
    pub quick: Vec<FilterChip>,
    /// Those that are set; each takes itself away.
    pub set: Vec<FilterChip>,
    pub form: FormView,
    /// The order in words.
    pub order: &'static str,
    pub path: String,
    pub table: bool,
    pub total: i64,
    pub gallery_address: String,
    pub table_address: String,
    pub review_address: String,
    pub kinds: Vec<(String, String)>,
    pub platforms: Vec<(String, String)>,
    pub states: Vec<(String, String)>,
    pub bases: Vec<(String, String)>,
    pub people: Vec<(String, String)>,
    pub covered: Vec<(String, String)>,
    pub news: Vec<(String, String)>,
    pub sorts: Vec<(String, String)>,
}

const SORTS: &[(&str, &str)] = &[
    ("-captured", "Newest capture first"),
    ("captured", "Oldest capture first"),
    ("-posted", "Newest post first"),
    ("posted", "Oldest post first"),
    ("item", "Item number"),
    ("-item", "Highest item first"),
];

/// What a filter bar is made of.
pub struct FilterFacts {
    pub total: i64,
    pub platforms: Vec<String>,
    /// Capturers by their ids.
    pub people: HashMap<String, String>,
}

impl FilterBar {
    /// Of a list.
    pub fn of(list: &ListAddress, page: &CasePage, facts: &FilterFacts) -> Self {
        let case = page.case.id.as_str();
        let mut form = FormView::of(list.0.iter().map(|(name, value)| (name.as_str(), value.clone())));
        if list.get("sort").is_none() {
            form = form.with_value("sort", NEWEST.as_str());
        }
        let mut people: Vec<(String, String)> =
            facts.people.iter().map(|(id, name)| (id.clone(), line(name))).collect();
        people.sort_by(|a, b| a.1.cmp(&b.1));
        let platforms = facts.platforms.iter().map(|word| (word.clone(), label(word))).collect();
        Self {
            order: SORTS
                .iter()
                .find(|(word, _)| form.value("sort") == *word)
                .map_or("", |(_, says)| says),
            quick: quick(list, page),
            set: set(list, case, facts),
            path: format!("/cases/{case}/evidence"),
            table: list.is_table(),
            total: facts.total,
            gallery_address: list.without("view").list(case),
            table_address: list.with("view", "table").list(case),
            review_address: list.at(&format!("/cases/{case}/evidence/review"), &[]),
            kinds: any(words::<CaptureKind>()),
            platforms: any_of("Any", platforms),
            states: any(words::<CaptureState>()),
            bases: any(BasisKind::ALL.iter().map(|kind| (kind.as_str(), kind.says())).collect()),
            people: any_of("Anybody", people),
            covered: any(vec![("true", "Covered".into()), ("false", "Not covered".into())]),
            news: any(vec![("true", "New to you".into()), ("false", "Opened by you".into())]),
            sorts: SORTS
                .iter()
                .map(|(word, says)| ((*word).into(), (*says).into()))
                .collect(),
            form,
        }
    }
}

fn any(words: Vec<(&'static str, String)>) -> Vec<(String, String)> {
    any_of(
        "Any",
        words.into_iter().map(|(word, says)| (word.to_owned(), says)).collect(),
    )
}

fn any_of(none: &str, mut words: Vec<(String, String)>) -> Vec<(String, String)> {
    words.insert(0, (String::new(), none.to_owned()));
    words
}

fn quick(list: &ListAddress, page: &CasePage) -> Vec<FilterChip> {
    let case = page.case.id.as_str();
    let bare = FILTERS.iter().filter(|name| **name != "sort");
    let bare = bare.fold(list.clone(), |list, name| list.without(name));
    let chip = |word: &str, filter: Option<(&str, &str)>| {
        let one = filter.map_or_else(|| bare.clone(), |(name, value)| bare.with(name, value));
        FilterChip {
            word: word.to_owned(),
            count: None,
            address: one.list(case),
            current: match filter {
                Some((name, value)) => list.get(name) == Some(value),
                None => !list.filters(),
            },
            held: false,
        }
    };
    let mut chips = vec![chip("All", None), chip("New to you", Some(("new", "true")))];
    for (word, kind) in [
        ("Posts", "post"),
        ("Photos", "photo"),
        ("Videos", "video"),
        ("Messages", "message"),
    ] {
        chips.push(chip(word, Some(("kind", kind))));
    }
    chips.push(chip("Not reviewed", Some(("state", "logged"))));
    chips.push(chip("Not covered", Some(("covered", "false"))));
    if page.held > 0 {
        chips.push(FilterChip {
            count: Some(page.held),
            held: true,
            ..chip("Held", Some(("state", "held")))
        });
    }
    chips
}

fn set(list: &ListAddress, case: &str, facts: &FilterFacts) -> Vec<FilterChip> {
    let says = |(name, value): &(String, String)| {
        Some(match name.as_str() {
            "kind" | "state" => label(value),
            "platform" => label(value),
            "basis" => {
                let kind = BasisKind::from_word(value).map_or_else(|| label(value), BasisKind::says);
                format!("Basis: {}", kind.to_lowercase())
            }
            "covered" => (if value == "true" { "Covered" } else { "Not covered" }).to_owned(),
            "captured_by" => format!("By {}", facts.people.get(value).map_or("somebody", String::as_str)),
            "account" => format!("Account {value}"),
            "from" => format!("Captured from {value}"),
            "to" => format!("Captured to {value}"),
            "new" => (if value == "false" {
                "Opened by you"
            } else {
                "New to you"
            })
            .to_owned(),
            _ => return None,
        })
    };
    let chip = |pair: &(String, String)| {
        Some(FilterChip {
            word: line(&says(pair)?),
            count: None,
            address: list.without(&pair.0).list(case),
            current: false,
            held: false,
        })
    };
    list.0.iter().filter_map(chip).collect()
}

/// A heading of a table: the order that pressing it gives, and how the list is ordered by it now.
pub struct SortHead {
    pub word: &'static str,
    pub address: String,
    /// As `aria-sort` names it; none where the list is in another order.
    pub now: Option<&'static str>,
}

/// The headings that order a table: item, captured, posted.
pub fn sort_heads(list: &ListAddress, case: &str) -> [SortHead; 3] {
    let now = list.get("sort").and_then(Sort::from_word).unwrap_or(NEWEST);
    [
        ("Item", Sort::Item),
        ("Posted", Sort::Posted),
        ("Captured", Sort::Captured),
    ]
    .map(|(word, up)| {
        let other = match now {
            now if now == up.reversed() => up,
            now if now == up => up.reversed(),
            _ if up == Sort::Item => up,
            _ => up.reversed(),
        };
        SortHead {
            word,
            address: list.with("sort", other.as_str()).list(case),
            now: match now {
                now if now == up => Some("ascending"),
                now if now == up.reversed() => Some("descending"),
                _ => None,
            },
        }
    })
}
