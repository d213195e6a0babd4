//! Keyset paging: a list takes `?limit=&cursor=` and answers `{items, next}` with an RFC 8288 `Link`.

use actix_web::http::Method;
use actix_web::http::header::LINK;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::reply::Reply;
use super::sheet;
use crate::error::{Error, Result};

/// Integers beyond this are not exact in the ledger's JSON, and no list is as long.
const LARGEST: i64 = 1 << 52;

/// The page of a list that a client asks for.
#[derive(Debug, Clone)]
pub struct Page {
    /// Items a page, 1 to 100.
    pub limit: usize,
    /// Where the page begins: the key of the last item of the page before.
    pub after: Option<String>,
    /// The other parameters.
    pub filters: Vec<(String, String)>,
}

/// Bytes of the items of one page at the most; of an item that is larger, a page has one.
const PAGE_BYTES: usize = 4 << 20;
/// Characters of a text in a list; what is longer is shortened, and the item says so.
const LISTED_TEXT: usize = 2_000;
/// What is never shortened: an address would lead elsewhere.
const ADDRESSES: &[&str] = &["url", "final_url"];

/// One page of a list.
#[derive(Debug)]
pub struct Listed<T = Value> {
    /// The items.
    pub items: Vec<T>,
    /// The key of the last item, where more follow.
    pub next: Option<String>,
    /// The keys of the items.
    keys: Vec<String>,
}

/// How the items of a list are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ListedItems {
    /// Their long texts shortened.
    Short,
    /// As they are, to the byte.
    Exact,
}

/// A page as it is answered.
#[derive(Serialize)]
struct AnsweredPage {
    items: Vec<Box<RawValue>>,
    next: Option<String>,
    /// Whether the list was cut short before its end, of lists that are.
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<bool>,
}

impl<T> Listed<T> {
    /// A page from up to `limit + 1` rows: the extra one shows that more follow.
    pub fn of<R>(mut rows: Vec<R>, page: &Page, key: impl Fn(&R) -> String, show: impl Fn(R) -> T) -> Self {
        let more = rows.len() > page.limit;
        rows.truncate(page.limit);
        let keys: Vec<String> = rows.iter().map(key).collect();
        Self {
            next: keys.last().filter(|_| more).cloned(),
            items: rows.into_iter().map(show).collect(),
            keys,
        }
    }
}

impl<T: Serialize> Listed<T> {
    /// The page as far as its bytes go.
    fn answered(self, told: ListedItems) -> Result<AnsweredPage> {
        let (mut items, mut bytes, mut next) = (Vec::new(), 0, self.next);
        for (n, item) in self.items.into_iter().enumerate() {
            let item = match told {
                ListedItems::Exact => to_raw_value(&item)?,
                ListedItems::Short => to_raw_value(&shortened(serde_json::to_value(item)?))?,
            };
            bytes += item.get().len();
            if n > 0 && bytes > PAGE_BYTES {
                next = self.keys.into_iter().nth(n - 1);
                break;
            }
            items.push(item);
        }
        Ok(AnsweredPage {
            items,
            next,
            more: None,
        })
    }
}

/// An item whose long texts end early; where one does, it says so.
fn shortened(mut item: Value) -> Value {
    if shorten(&mut item)
        && let Value::Object(fields) = &mut item
    {
        fields.insert("shortened".into(), true.into());
    }
    item
}

/// Shortens what is in a value, and says whether anything was.
fn shorten(value: &mut Value) -> bool {
    match value {
        Value::String(text) => match text.char_indices().nth(LISTED_TEXT) {
            Some((end, _)) => {
                text.truncate(end);
                true
            }
            None => false,
        },
        Value::Array(all) => all.iter_mut().fold(false, |any, one| shorten(one) | any),
        Value::Object(fields) => {
            let others = fields
                .iter_mut()
                .filter(|(name, _)| !ADDRESSES.contains(&name.as_str()));
            others.fold(false, |any, (_, one)| shorten(one) | any)
        }
        _ => false,
    }
}

impl Page {
    /// Reads the query, refusing parameters that this list doesn't have.
    pub fn read(req: &HttpRequest, filters: &[&str]) -> Result<Self> {
        Self::read_with(req, &["limit", "cursor"], filters)
    }

    /// The same of a list that is answered as a table: as many rows as one table holds.
    pub fn of_table(req: &HttpRequest, filters: &[&str]) -> Result<Self> {
        Ok(Self {
            limit: sheet::ROWS,
            ..Self::read_with(req, &["cursor"], filters)?
        })
    }

    fn read_with(req: &HttpRequest, own: &[&str], filters: &[&str]) -> Result<Self> {
        let known = own.iter().chain(filters);
        let mut page = Self::first(50);
        for (name, value) in parameters(req, &known.copied().collect::<Vec<_>>())? {
            match name.as_str() {
                "limit" => page.limit = limit(&value)?,
                // Programs that put `next` there before they have one mean the first page.
                "cursor" => {
                    page.after = Some(value)
                        .filter(|text| !text.is_empty())
                        .map(|text| open_cursor(&text))
                        .transpose()?
                }
                _ => page.filters.push((name, value)),
            }
        }
        Ok(page)
    }

    /// A filter's value.
    pub fn filter(&self, name: &str) -> Option<&str> {
        self.filters.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// A filter that must be one of the words.
    pub fn word<W: crate::forms::Word>(&self, name: &str) -> Result<Option<W>> {
        let refused = || Error::field(name, "one_of", format!("must be one of {}", W::listed()));
        let word = |text| W::from_word(text).ok_or_else(refused);
        self.filter(name).map(word).transpose()
    }

    /// A filter that must be an id of this kind of thing, such as `a user's`. One that names nothing finds nothing, as one
    /// does that the caller may not see.
    pub fn id(&self, name: &str, whose: &str) -> Result<Option<String>> {
        let refused = || Error::field(name, "uuid", format!("must be {whose} id"));
        let id = |text| crate::forms::parse_id(text).ok_or_else(refused);
        self.filter(name).map(id).transpose()
    }

    /// A filter that must be an instant.
    pub fn time(&self, name: &str) -> Result<Option<i64>> {
        let refused = || Error::field(name, "rfc3339", "must be a time with its zone");
        let time = |text| crate::clock::parse(text).ok_or_else(refused);
        self.filter(name).map(time).transpose()
    }

    /// A filter that must be yes or no.
    pub fn flag(&self, name: &str) -> Result<Option<bool>> {
        let refused = |_| Error::field(name, "boolean", "must be true or false");
        self.filter(name).map(|text| text.parse().map_err(refused)).transpose()
    }

    /// The cursor as two numbers, for lists in the order of one that may be the same twice.
    pub fn after_pair(&self) -> Result<Option<(i64, i64)>> {
        let number = |text: &str| text.parse().ok().filter(|n| (0..=i64::MAX).contains(n));
        let pair = |text: &str| {
            let (first, second) = text.split_once('.')?;
            Some((number(first)?, number(second)?))
        };
        self.after
            .as_deref()
            .map(|text| pair(text).ok_or_else(bad_cursor))
            .transpose()
    }

    /// The cursor as a number, for lists in the order of one.
    pub fn after_number(&self) -> Result<Option<i64>> {
        let number = |text: &str| {
            text.parse()
                .ok()
                .filter(|n| (0..=LARGEST).contains(n))
                .ok_or_else(bad_cursor)
        };
        self.after.as_deref().map(number).transpose()
    }

    /// The cursor as a list's own kind of place.
    pub fn place<P>(&self, read: impl FnOnce(&str) -> Option<P>) -> Result<Option<P>> {
        let placed = |text| read(text).ok_or_else(bad_cursor);
        self.after.as_deref().map(placed).transpose()
    }

    /// The page as an answer. Long texts are shortened: the item alone has them whole.
    pub fn reply<T: Serialize>(&self, req: &HttpRequest, listed: Listed<T>) -> Reply {
        self.answer(req, listed.answered(ListedItems::Short)?)
    }

    /// The same, with items whose bytes count.
    pub fn reply_exact<T: Serialize>(&self, req: &HttpRequest, listed: Listed<T>) -> Reply {
        self.answer(req, listed.answered(ListedItems::Exact)?)
    }

    /// The same as `reply` for a list that has only the first of what there is, and says whether there is more.
    pub fn reply_cut<T: Serialize>(&self, req: &HttpRequest, (listed, more): (Listed<T>, bool)) -> Reply {
        let page = AnsweredPage {
            more: Some(more),
            ..listed.answered(ListedItems::Short)?
        };
        self.answer(req, page)
    }

    fn answer(&self, req: &HttpRequest, mut page: AnsweredPage) -> Reply {
        let mut response = HttpResponse::Ok();
        if let Some(key) = &mut page.next {
            *key = seal_cursor(key);
            let address = self.address(req.path(), key);
            response.insert_header((LINK, format!("<{address}>; rel=\"next\"")));
        }
        Ok(response.json(page))
    }

    /// This list without one of its filters, from the beginning.
    pub fn address_without(&self, path: &str, name: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.filters.iter().filter(|(filter, _)| filter != name));
        format!("{path}?{}", query.finish())
    }

    /// Without the filters that a form sent empty.
    #[must_use]
    pub fn without_empty(mut self) -> Self {
        self.filters.retain(|(_, value)| !value.is_empty());
        self
    }

    /// The first page of a list, without filters.
    pub fn first(limit: usize) -> Self {
        Self {
            limit,
            after: None,
            filters: Vec::new(),
        }
    }

    /// The list as a table of comma-separated values.
    pub fn reply_table(&self, req: &HttpRequest, name: &str, listed: Listed<Vec<String>>, columns: &[&str]) -> Reply {
        let next = listed.next.map(|key| self.table_address(req.path(), &key));
        sheet::answer(name, &sheet::text(columns, &listed.items), next.as_deref())
    }

    fn table_address(&self, path: &str, key: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("cursor", &seal_cursor(key))
            .extend_pairs(&self.filters);
        format!("{path}?{}", query.finish())
    }

    /// The address of the page that follows, for a link in a page.
    pub fn next_address(&self, path: &str, key: &str) -> String {
        self.address(path, &seal_cursor(key))
    }

    /// The cursor of the page that begins after a key, as an address names it.
    pub fn cursor(key: &str) -> String {
        seal_cursor(key)
    }

    fn address(&self, path: &str, next: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("limit", &self.limit.to_string())
            .append_pair("cursor", next)
            .extend_pairs(&self.filters);
        format!("{path}?{}", query.finish())
    }
}

/// The parameters of a query, each known and named once.
pub fn parameters(req: &HttpRequest, known: &[&str]) -> Result<Vec<(String, String)>> {
    let pairs = form_pairs(req.query_string());
    for (n, (name, value)) in pairs.iter().enumerate() {
        let shown: String = name.chars().take(100).collect();
        let refused = |rule: &str, message: &str| Err(Error::field(shown, rule, message));
        if !known.contains(&name.as_str()) {
            return match known {
                [] => refused("unknown", "is no parameter of this call, which has none: leave it out"),
                _ => refused(
                    "unknown",
                    &format!("is no parameter of this call; it has {}", known.join(", ")),
                ),
            };
        }
        if pairs[..n].iter().any(|(before, _)| before == name) {
            return refused("once", "is named twice: which one is meant?");
        }
        if value.contains('\0') {
            return refused("no_nul", "holds a NUL character: remove it");
        }
    }
    Ok(pairs)
}

/// The last parts of the addresses that take parameters, and read them whole.
const QUERIED: &[&str] = &[
    "users",
    "colleagues",
    "trainings",
    "units",
    "cases",
    "grants",
    "recusals",
    "roster",
    "subjects",
    "accounts",
    "authorizations",
    "authorization-policies",
    "alias-disclosures",
    "aliases",
    "uses",
    "captures",
    "derivatives",
    "preview",
    "custody",
    "packets",
    "disclosures",
    "exhibit-lists",
    "evidence-requests",
    "access",
    "access-requests",
    "notices",
    "{list_id}",
    "audits",
    "inclusion",
    "consistency",
    "find",
    "events",
    "accesses",
    "exceptions",
    "register",
    "errors",
    "csv",
    "annual",
    "misuse-reports",
    "impeachment-flags",
    "reviews",
    "access-rights",
];

/// Refuses parameters of a call of the API that takes none.
pub fn refuse_parameters(req: &HttpRequest) -> Result<()> {
    let pattern = req.match_pattern().unwrap_or_default();
    let reads = matches!(*req.method(), Method::GET | Method::HEAD);
    let file = ["/api/v1/files/", "/api/v1/pictures/"]
        .iter()
        .any(|start| pattern.starts_with(start));
    let last = pattern.rsplit('/').next().unwrap_or_default();
    match reads && (file || QUERIED.contains(&last)) || !pattern.starts_with("/api/") {
        true => Ok(()),
        false => parameters(req, &[]).map(drop),
    }
}

/// The parameters of a query.
pub fn form_pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn seal_cursor(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

fn limit(text: &str) -> Result<usize> {
    match text.parse() {
        Ok(n @ 1..=100) => Ok(n),
        _ => Err(Error::field("limit", "range", "must be a whole number from 1 to 100")),
    }
}

fn open_cursor(text: &str) -> Result<String> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad_cursor())?;
    String::from_utf8(bytes)
        .ok()
        .filter(|key| !key.contains('\0'))
        .ok_or_else(bad_cursor)
}

fn bad_cursor() -> Error {
    let message = "must be the `next` of the page before, unchanged";
    Error::field("cursor", "from_next", message)
}
