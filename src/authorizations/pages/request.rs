//! The form that asks for leave, and the same form over a returned request.

use askama::Template;

use super::pane::{level_says, told};
use super::policy_hints::PolicyHints;
use crate::authorization_policies::AskedField;
use crate::authorizations::model::{
    Amendment, Authorization, AuthorizationState, CoveredAccount, Device, Level, Request,
};
use crate::authorizations::{ops, reads};
use crate::cases::{CasePage, Tab, words};
use crate::clock::{DAY, Micros};
use crate::error::{Error, FieldError, Result};
use crate::forms::{Form, LINE, TEXT, parse_id};
use crate::gate::{Scope, Tx, WhomToAsk};
use crate::http::drafts::{self, OfferedDraft};
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::identity::Person;
use crate::policy::Act;
use crate::subjects::{PLATFORMS, platform_word};
use crate::text::{Zone, label, line};
use crate::users;

/// Holders that a request may name.
const HOLDERS: usize = 100;
/// How long leave is asked for where nothing else is said.
const USUAL: Micros = 30 * DAY;

/// Where the fields of a request stand in the form.
pub(super) const PLACES: &[(&str, &str)] = &[
    ("platforms", "platform_names"),
    ("holders", "holder_usernames"),
    ("accounts", "account_lines"),
    ("searches", "search_words"),
    ("aliases", "alias_ids"),
];

#[derive(Template)]
#[template(path = "authorizations/pages/new.html")]
struct RequestPage {
    frame: Frame,
    page: CasePage,
    form: FormView,
    /// Where the form is sent.
    action: String,
    /// Of a returned request: its version, its number, and what its decider wrote.
    returned: Option<ReturnedRequest>,
    levels: Vec<(&'static str, String, &'static str)>,
    platforms: &'static [(&'static str, &'static str)],
    works: Vec<Person>,
    whom: WhomToAsk,
    devices: Vec<(&'static str, String)>,
    /// The person's own aliases that count now, to choose from.
    aliases: Vec<(String, String)>,
    /// What the policy in force asks for.
    policy: PolicyHints,
    /// The authorization that this one continues.
    renews: Option<i64>,
    /// The request whose predicate stands in the form.
    from: Option<i64>,
    draft: Option<OfferedDraft>,
}

/// A returned request that is mended.
struct ReturnedRequest {
    version: i64,
    number: i64,
    told: String,
    /// Whether it can be mended now.
    open: bool,
    /// The terms as they stand now, where somebody changed them meanwhile.
    now: Vec<(&'static str, String)>,
}

impl RequestPage {
    async fn of(page: &PageRequest, case: &str, act: Act) -> Result<(Self, reads::RequestBeginning)> {
        let begins = reads::beginning(&page.app.gate, &page.ctx, case.to_owned(), act).await?;
        let (mut frame, case_page) = CasePage::of(page, case, Tab::Authorizations).await?;
        frame.title = format!("Request an authorization, {}", case_page.case.number);
        let level = |level: &Level| (level.as_str(), label(level.as_str()), level_says(*level));
        let shown = Self {
            action: format!("/cases/{case}/authorizations"),
            returned: None,
            levels: Level::ALL.iter().map(level).collect(),
            platforms: PLATFORMS,
            works: begins.works.clone(),
            whom: begins.whom.clone(),
            devices: words::<Device>(),
            aliases: begins
                .aliases
                .iter()
                .map(|one| (one.id.clone(), line(&one.terms.name)))
                .collect(),
            policy: PolicyHints::of(&begins.policy, &begins.units),
            renews: None,
            from: None,
            draft: None,
            form: FormView::default(),
            page: case_page,
            frame,
        };
        Ok((shown, begins))
    }

    /// The aliases that a request named, as far as they exist for the reader: own ones are ticked, others stand as ids.
    fn alias_pairs(&self, named: &[String]) -> Vec<(&'static str, String)> {
        let is_own = |id: &&String| self.aliases.iter().any(|(own, _)| own == *id);
        let (own, others): (Vec<&String>, Vec<&String>) = named.iter().partition(is_own);
        let others: Vec<&str> = others.into_iter().map(String::as_str).collect();
        let ticked = own.into_iter().map(|id| ("aliases[]", id.clone()));
        ticked.chain([("alias_ids", others.join(", "))]).collect()
    }

    /// Whether the rarer fields are to be seen at once.
    fn is_long(&self) -> bool {
        let usual = self.form.value("level") == "overt" && self.form.value("account_lines").is_empty();
        self.form.is_refused() || self.returned.is_some() || !usual
    }
}

pub async fn new_form(case: PathId, page: PageRequest) -> Reply {
    pages::show(&begun(&page, &case.0).await?, None)
}

/// The form with what the address and the case's newest request give.
async fn begun(page: &PageRequest, case: &str) -> Result<RequestPage> {
    let (mut shown, begins) = RequestPage::of(page, case, Act::AuthorizationRequest).await?;
    let asked = |name: &str| page.query(name).filter(|value| value.len() <= LINE).unwrap_or_default();
    let (platform, account) = (asked("platform"), asked("account"));
    let level = Some(asked("level")).filter(|level| Level::ALL.iter().any(|known| known.as_str() == level));
    let known = PLATFORMS.iter().any(|(word, _)| *word == platform);
    let name = if known { "platforms[]" } else { "platform_names" };
    let mut values = vec![
        ("level", level.unwrap_or_else(|| "overt".to_owned())),
        ("devices[]", "agency".to_owned()),
        ("holders[]", begins.me.id.clone()),
        ("ends_at", typed_time(shown.page.zone, begins.now + USUAL)),
        (name, platform.clone()),
    ];
    if !account.is_empty() {
        values.push(("account_lines", account_line(&account, &platform)));
    }
    if let Some((renewed, named)) = renewed(page, case).await? {
        shown.renews = Some(renewed.number);
        let anew = ["starts_at", "ends_at", "review_at", "attestations[]", "renews"];
        values = pairs_before(&renewed, shown.page.zone);
        values.retain(|(name, _)| !anew.contains(name));
        values.push(("ends_at", typed_time(shown.page.zone, begins.now + USUAL)));
        values.push(("renews", renewed.id));
        values.extend(shown.alias_pairs(&named));
    } else if let Some(newest) = begins.newest {
        shown.from = Some(newest.number);
        values.push(("predicate", newest.terms.predicate));
    }
    let form = format!("/cases/{case}/authorizations");
    (shown.form, shown.draft) = drafts::open(page, &form, FormView::of(values)).await?;
    Ok(shown)
}

/// The authorization of this case that the address asks to renew.
async fn renewed(page: &PageRequest, case: &str) -> Result<Option<(Authorization, Vec<String>)>> {
    let Some(id) = page.query("renews").and_then(|id| parse_id(&id)) else {
        return Ok(None);
    };
    let (found, named, _) = reads::with_aliases(&page.app.gate, &page.ctx, id).await?;
    Ok(Some((found, named)).filter(|(found, _)| found.case_id == case))
}

/// A time as a field for day and time holds it, in the case's zone.
fn typed_time(zone: Zone, at: Micros) -> String {
    zone.at(at)
        .shown()
        .chars()
        .take(16)
        .collect::<String>()
        .replace(' ', "T")
}

fn account_line(name: &str, platform: &str) -> String {
    match platform.is_empty() {
        true => name.to_owned(),
        false => format!("{name} on {platform}"),
    }
}

/// The words of a field that takes several, with commas, spaces or lines between them.
fn split(form: &mut Form, field: &str) -> Vec<String> {
    let text = form.text(field, 20 * LINE).unwrap_or_default();
    let words = text.split([',', ' ', '\n', '\r', '\t']).filter(|word| !word.is_empty());
    words.map(|word| word.trim_start_matches('@').to_lowercase()).collect()
}

/// What a page's form says, under the names of a request.
pub(super) async fn as_request(page: &PageRequest, form: &mut Form) -> Result<()> {
    let mut platforms = form.texts("platforms", 50, 100);
    platforms.extend(split(form, "platform_names").iter().map(|name| platform_word(name)));
    platforms.dedup();
    let accounts = form.text("account_lines", TEXT).unwrap_or_default();
    let lines = accounts.lines().map(str::trim).filter(|line| !line.is_empty());
    let accounts = lines.map(|line| account(line, &platforms)).collect();
    form.put_objects("accounts", accounts);
    form.put_list("platforms", platforms);
    let searches = form.text("search_words", TEXT).unwrap_or_default();
    let searches = searches
        .split([',', '\n', '\r'])
        .map(str::trim)
        .filter(|word| !word.is_empty());
    form.put_list("searches", searches.map(str::to_owned).collect());
    let mut holders = form.texts("holders", HOLDERS, 64);
    for username in split(form, "holder_usernames") {
        let found = users::id_of(&page.app.gate, &page.ctx, username.clone()).await?;
        let message = || format!("{username:.60}: nobody here has this user name");
        let id = found.ok_or_else(|| Error::field("holder_usernames", "exists", message()))?;
        if !holders.contains(&id) {
            holders.push(id);
        }
    }
    if holders.len() > HOLDERS {
        let message = format!("names more than {HOLDERS} people");
        return Err(Error::field("holder_usernames", "too_many", message));
    }
    form.put_list("holders", holders);
    let mut aliases = form.texts("aliases", HOLDERS, 64);
    aliases.extend(split(form, "alias_ids"));
    if !aliases.is_empty() {
        form.put_list("aliases", aliases);
    }
    Ok(())
}

/// An account as one line names it: `@handle on platform`, or an address. Where one platform alone is asked for, it may
/// be left out.
pub(super) fn account(line: &str, platforms: &[String]) -> Vec<(&'static str, String)> {
    let (name, platform) = match line.rsplit_once(" on ") {
        Some((name, platform)) => (name.trim(), platform_word(platform)),
        None => (
            line,
            platforms
                .first()
                .filter(|_| platforms.len() == 1)
                .cloned()
                .unwrap_or_default(),
        ),
    };
    let field = if name.starts_with("http") { "url" } else { "handle" };
    vec![("platform", platform), (field, name.to_owned())]
}

/// Keeps what was typed into the form of a request.
pub async fn keep_draft(PathId(case): PathId, request: WriteRequest) -> Reply {
    let back = format!("/cases/{case}/authorizations/new");
    drafts::keep(request, Act::AuthorizationRequest, Scope::Case(case), &back).await
}

pub async fn request(PathId(case): PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = make_request(&page, &case, request).await.map_err(as_typed);
    if made.is_ok() {
        drafts::sent(&page).await;
    }
    let address = |made: Authorization| format!("/authorizations/{}?done=requested", made.id);
    let again = async |form: FormView| refused_request(&page, &case, form).await;
    pages::answer(&page.req, made, address, again).await
}

async fn refused_request(page: &PageRequest, case: &str, form: FormView) -> Reply {
    let (mut shown, _) = RequestPage::of(page, case, Act::AuthorizationRequest).await?;
    shown.form = form.renamed(PLACES);
    pages::show(&shown, Some(&shown.form))
}

/// A refusal in the words of the form: what is due in the case is no field of it, and a platform missing from a line is
/// told as that.
pub(super) fn as_typed(mut e: Error) -> Error {
    if e.code == "due-first" {
        e.errors.clear();
    }
    for error in &mut e.errors {
        if error.field.starts_with("accounts[") {
            *error = in_line(error);
        }
    }
    e
}

fn in_line(error: &FieldError) -> FieldError {
    let place = error.field.trim_start_matches("accounts[");
    let line: usize = place.split(']').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    let message = match error.field.ends_with(".platform") {
        true => "name its platform, as in @river_k on snapchat, and choose that platform above".to_owned(),
        false => error.message.clone(),
    };
    FieldError::new("accounts", &error.rule, format!("line {}: {message}", line + 1))
}

async fn make_request(page: &PageRequest, case: &str, mut request: WriteRequest) -> Result<Authorization> {
    let (act, scope) = (Act::AuthorizationRequest, Scope::Case(case.to_owned()));
    request.check(act, &scope).await?;
    let mut form = request.form().await?;
    as_request(page, &mut form).await?;
    let wanted = Request::parse(form, page.app.gate.now())?;
    request.transact(act, scope, move |tx| ops::request(tx, &wanted)).await
}

pub async fn amend_form(id: PathId, page: PageRequest) -> Reply {
    let (asked, named, _) = reads::with_aliases(&page.app.gate, &page.ctx, id.0.clone()).await?;
    page.app
        .gate
        .check(&page.ctx, Act::AuthorizationAmend, Scope::Authorization(id.0))
        .await?;
    let mut shown = amended(&page, &asked).await?;
    let mut values = pairs_before(&asked, shown.page.zone);
    values.extend(shown.alias_pairs(&named));
    shown.form = FormView::of(values);
    pages::show(&shown, None)
}

/// The form over a returned request.
async fn amended(page: &PageRequest, asked: &Authorization) -> Result<RequestPage> {
    let (mut shown, _) = RequestPage::of(page, &asked.case_id, Act::CaseRead).await?;
    shown.frame.title = format!("Mend A-{}, {}", asked.number, shown.page.case.number);
    shown.action = format!("/authorizations/{}", asked.id);
    let others = asked
        .holders
        .iter()
        .filter(|holder| !shown.works.iter().any(|known| known.id == holder.id));
    shown.works.extend(others.cloned().collect::<Vec<_>>());
    shown.returned = Some(ReturnedRequest {
        version: asked.version,
        number: asked.number,
        told: told(asked, shown.page.zone).unwrap_or_default(),
        open: asked.state == AuthorizationState::Returned,
        now: Vec::new(),
    });
    Ok(shown)
}

/// A request as its form shows it.
fn pairs_before(asked: &Authorization, zone: Zone) -> Vec<(&'static str, String)> {
    let terms = &asked.terms;
    let (known, others): (Vec<&String>, Vec<&String>) = terms
        .platforms
        .iter()
        .partition(|platform| PLATFORMS.iter().any(|(word, _)| word == platform));
    let others: Vec<&str> = others.into_iter().map(String::as_str).collect();
    let accounts: Vec<String> = terms.accounts.iter().map(as_line).collect();
    // Where no start was asked for, it is the time of asking.
    let starts = match terms.starts_at > asked.requested_at {
        true => typed_time(zone, terms.starts_at.0),
        false => String::new(),
    };
    let mut values = vec![
        ("level", terms.level.as_str().to_owned()),
        ("platform_names", others.join(", ")),
        ("account_lines", accounts.join("\n")),
        ("search_words", terms.searches.join(", ")),
        ("scope_note", terms.scope_note.clone().unwrap_or_default()),
        ("purpose", terms.purpose.clone()),
        ("predicate", terms.predicate.clone()),
        ("starts_at", starts),
        ("ends_at", typed_time(zone, terms.ends_at.0)),
        (
            "review_at",
            terms.review_at.map(|at| typed_time(zone, at.0)).unwrap_or_default(),
        ),
    ];
    values.extend(known.into_iter().map(|platform| ("platforms[]", platform.clone())));
    values.extend(asked.holders.iter().map(|holder| ("holders[]", holder.id.clone())));
    values.extend(
        terms
            .devices
            .iter()
            .map(|device| ("devices[]", device.as_str().to_owned())),
    );
    values.extend(terms.attestations.iter().map(|word| ("attestations[]", word.clone())));
    values.extend(
        AskedField::ALL
            .iter()
            .filter_map(|field| Some((field.as_str(), terms.answer(*field)?.to_owned()))),
    );
    values.extend(terms.plan.clone().map(|plan| ("plan", plan)));
    values.extend(terms.renews.clone().map(|renews| ("renews", renews)));
    values
}

fn as_line(account: &CoveredAccount) -> String {
    let names = [&account.handle, &account.platform_id, &account.url];
    let name = names.into_iter().flatten().next().cloned().unwrap_or_default();
    account_line(&name, &account.platform)
}

pub async fn amend(PathId(id): PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = make_amendment(&page, &id, request).await.map_err(as_typed);
    let address = |made: Authorization| format!("/authorizations/{}?done=requested", made.id);
    let again = async |form: FormView| refused_amendment(&page, &id, form).await;
    pages::answer(&page.req, made, address, again).await
}

async fn refused_amendment(page: &PageRequest, id: &str, form: FormView) -> Reply {
    let (asked, now) = reads::authorization(&page.app.gate, &page.ctx, id.to_owned()).await?;
    let mut shown = amended(page, &asked).await?;
    // Somebody else made another version meanwhile: both are shown.
    let changed = form.value("version") != asked.version.to_string();
    shown.form = form.renamed(PLACES);
    if let Some(returned) = shown.returned.as_mut().filter(|_| changed) {
        returned.now = as_it_stands(&asked, now, shown.page.zone);
    }
    pages::show(&shown, Some(&shown.form))
}

fn as_it_stands(asked: &Authorization, now: Micros, zone: Zone) -> Vec<(&'static str, String)> {
    let state = asked.state_at(now);
    let shown = super::ShownAuthorization::of(asked, now, zone);
    let mut facts = vec![("State", label(state.as_str()))];
    if state != AuthorizationState::Returned {
        facts.extend(told(asked, zone).map(|told| ("Last word", told)));
    }
    facts.extend(super::pane::facts(asked, zone));
    facts.push(("Until", shown.ends.shown().to_owned()));
    facts.push(("Purpose", line(&asked.terms.purpose)));
    facts.push(("Predicate", line(&asked.terms.predicate)));
    facts
}

async fn make_amendment(page: &PageRequest, id: &str, mut request: WriteRequest) -> Result<Authorization> {
    let (act, scope) = (Act::AuthorizationAmend, Scope::Authorization(id.to_owned()));
    request.check(act, &scope).await?;
    let mut form = request.plain_form().await?;
    as_request(page, &mut form).await?;
    let version = request.version()?;
    let whole = Amendment::Whole(Box::new(Request::parse(form, page.app.gate.now())?));
    let id = id.to_owned();
    let verb = move |tx: &mut Tx<'_>| ops::amend(tx, &id, &version, &whole);
    request.transact(act, scope, verb).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_named_by_a_line() {
        let (one, two) = (vec!["snapchat".to_owned()], vec!["x".to_owned(), "web".to_owned()]);
        let read = |line, platforms: &[String]| account(line, platforms);
        assert_eq!(
            read("@river_k on TikTok", &one),
            [("platform", "tiktok".to_owned()), ("handle", "@river_k".to_owned())]
        );
        assert_eq!(read("@river_k", &one)[0].1, "snapchat");
        assert_eq!(read("@river_k", &two)[0].1, "");
        assert_eq!(read("https://x.example/k on x", &two)[1].0, "url");
    }

    #[test]
    fn a_time_is_typed_in_the_case_s_zone() {
        let zone = Zone::named(Some("America/New_York"));
        let at = crate::clock::parse("2026-12-13T19:00:00.5Z").expect("a time");
        assert_eq!(typed_time(zone, at), "2026-12-13T14:00");
    }
}
