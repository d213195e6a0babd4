//! What a page says of a capture before it is logged: what the link tells, what covers it, what is here already.

use url::form_urlencoded::Serializer;

use crate::authorizations::Line;
use crate::captures::model::{BasisKind, CaptureState, Duplicate};
use crate::captures::preview::CapturePreview;
use crate::cases::CasePage;
use crate::text::{label, line};

/// A preview in words.
pub struct ShownPreview {
    /// What it is, such as "Post on Instagram".
    pub title: String,
    pub icon: &'static str,
    /// The address without tracking parts; as seen where it has none.
    pub address: Option<String>,
    /// What was left out of it.
    pub tracking: Option<String>,
    pub account: Option<String>,
    pub post_id: Option<String>,
    /// Whether it would be logged, and not held.
    pub logged: bool,
    pub headline: String,
    pub consequence: String,
    pub rules: Vec<Line>,
    /// The address of a request for what is missing, filled in, and what that request asks for.
    pub request: Option<(String, String)>,
    pub here: Vec<Here>,
}

/// A capture that is here already.
pub struct Here {
    pub id: String,
    pub item: i64,
    pub why: &'static str,
    /// The digests of the files that are the same, with spaces between them: for the script.
    pub sha256: String,
}

impl ShownPreview {
    /// In the words of a case's page.
    pub fn of(seen: CapturePreview, page: &CasePage) -> Self {
        let logged = seen.state == CaptureState::Logged;
        let (headline, consequence) = verdict(&seen, page);
        Self {
            title: title(&seen),
            icon: icon(&seen),
            tracking: (!seen.tracking.is_empty()).then(|| line(&seen.tracking.join("”, “"))),
            account: account_of(&seen).map(|account| line(&account)),
            post_id: seen.post_id.as_deref().map(line),
            logged,
            headline,
            consequence,
            request: (!logged && page.rights.requests).then(|| request(&seen, page)),
            here: seen.duplicate_of.iter().map(here).collect(),
            address: seen.url_without_tracking.or(seen.url).map(|address| line(&address)),
            rules: super::rules(&seen.coverage, page.zone),
        }
    }
}

fn title(seen: &CapturePreview) -> String {
    let kind = label(seen.kind.as_str());
    match seen.platform.as_deref() {
        Some("web") | None => kind,
        Some(platform) => format!("{kind} on {}", label(platform)),
    }
}

fn icon(seen: &CapturePreview) -> &'static str {
    use crate::captures::model::CaptureKind::*;
    match seen.kind {
        Post | Message => "chat",
        Photo => "image",
        Video => "video",
        Profile => "user",
        Lookup => "search",
        Page => "page",
        Link => "link",
        Document => "file",
    }
}

fn account_of(seen: &CapturePreview) -> Option<String> {
    let account = seen.account.as_ref()?;
    account.handle.clone().or_else(|| account.platform_id.clone())
}

/// What covers it, or what is missing; and what becomes of it.
fn verdict(seen: &CapturePreview, page: &CasePage) -> (String, String) {
    let held = "Logged now, it is kept, hashed and held until a supervisor decides.";
    let number = seen.authorization.as_ref().map(|judged| judged.number);
    match (&seen.authorization, seen.state) {
        (Some(by), CaptureState::Logged) => {
            let ends = page.at(by.ends_at.0);
            let then = match seen.basis.kind {
                BasisKind::Emergency => "An emergency that nobody has judged: a supervisor confirms or repudiates it.",
                _ => "",
            };
            (
                format!("Covered by A-{} until {}.", by.number, ends.shown()),
                then.to_owned(),
            )
        }
        (None, CaptureState::Logged) if seen.basis.kind == BasisKind::Emergency => (
            "An emergency: logged without an authorization.".to_owned(),
            "A supervisor confirms or repudiates it.".to_owned(),
        ),
        (None, CaptureState::Logged) => {
            let basis = label(seen.basis.kind.as_str());
            (format!("No authorization is needed: {basis}."), String::new())
        }
        _ if seen.basis.kind == BasisKind::Exception || number.is_some() => {
            let missing: Vec<String> = broken(seen).map(|rule| page.zone.in_text(&rule.why)).collect();
            let by = number.map_or_else(String::new, |number| format!(" by A-{number}"));
            (
                format!("Not covered{by}: {}.", line(&missing.join("; "))),
                held.to_owned(),
            )
        }
        _ => ("Not covered.".to_owned(), held.to_owned()),
    }
}

fn broken(seen: &CapturePreview) -> impl Iterator<Item = &Line> {
    seen.coverage.iter().filter(|rule| rule.passed == Some(false))
}

/// A request for what is missing: platform, account and level as first values of its form.
fn request(seen: &CapturePreview, page: &CasePage) -> (String, String) {
    let level = seen.level.map(|level| level.as_str().to_owned());
    let asked = [
        ("level", level),
        ("platform", seen.platform.clone()),
        ("account", account_of(seen)),
    ];
    let asked: Vec<(&str, String)> = asked
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    let query = Serializer::new(String::new()).extend_pairs(&asked).finish();
    let words: Vec<String> = asked.iter().map(|(_, value)| line(value)).collect();
    (
        format!("/cases/{}/authorizations/new?{query}", page.case.id),
        words.join(", "),
    )
}

fn here(duplicate: &Duplicate) -> Here {
    let sha256: Vec<String> = duplicate.sha256.iter().map(ToString::to_string).collect();
    Here {
        id: duplicate.id.clone(),
        item: duplicate.item,
        why: match (duplicate.address, duplicate.sha256.is_empty()) {
            (true, false) => "same address and same bytes",
            (true, true) => "same address",
            (false, _) => "same bytes",
        },
        sha256: sha256.join(" "),
    }
}
