//! What every page shares: the layout's frame, a form with what was typed into it, and answers.

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, LOCATION};
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError};
use askama::Template;
use std::future::{Ready, ready};

use super::looks::Looks;
use super::reply::{self, Reply};
use super::typed::TypedFields;
use super::{App, assets, labels, request_ctx};
use crate::clock::random;
use crate::error::{Error, FieldError, Kind, Result};
use crate::gate::{RequestCtx, Scope};
use crate::identity::{Caller, Credential};
use crate::policy::{Act, Role};
use crate::proof::id::hex;

/// What a page may do: load our own scripts, styles and pictures, and send forms to us. Nothing else, and nobody frames it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self'; \
                      font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types casetrail";

/// Places of the main navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nav {
    /// The first screen.
    Home,
    /// Cases, and everything in one.
    Cases,
    /// What waits for a supervisor.
    Approvals,
    /// The ledger, for auditors.
    Ledger,
    /// Audits, for auditors.
    Audits,
    /// Users, units and trainings, for administrators.
    People,
    /// A packet or a file to verify, for everybody.
    Verify,
    /// Units, for administrators.
    Units,
    /// The installation's settings and state, for administrators.
    Installation,
    /// The agency's authorization policy, for those who write, countersign or check it.
    AuthorizationPolicy,
    /// The aliases that exist for a person.
    Aliases,
    /// Who is on call and who stands in, for those who work on cases.
    Roster,
    /// Exceptions, the register of authorizations, reviews and reports, for supervisors and auditors.
    Oversight,
    /// A page that belongs to none of them.
    None,
}

impl Nav {
    /// The places that the roles of a person may use, in order, with their words and addresses.
    fn of(caller: &Caller) -> Vec<(Self, &'static str, &'static str)> {
        let casework = [Role::Investigator, Role::Supervisor, Role::Prosecutor];
        let all = [
            (Self::Home, "Home", "/", true),
            (Self::Approvals, "Approvals", "/approvals", caller.is(Role::Supervisor)),
            (
                Self::Cases,
                "Cases",
                "/cases",
                casework.iter().any(|role| caller.is(*role)),
            ),
            (
                Self::Roster,
                "Roster",
                "/roster",
                caller.is(Role::Supervisor) || caller.is(Role::Investigator),
            ),
            (Self::Ledger, "Ledger", "/ledger", caller.is(Role::Auditor)),
            (Self::Audits, "Audits", "/audits", caller.is(Role::Auditor)),
            (Self::People, "People", "/users", caller.is(Role::Administrator)),
            (
                Self::AuthorizationPolicy,
                "Policy",
                "/authorization-policies",
                [Role::Supervisor, Role::Auditor, Role::Administrator]
                    .iter()
                    .any(|role| caller.is(*role)),
            ),
            (
                Self::Oversight,
                "Oversight",
                "/exceptions",
                caller.is(Role::Supervisor) || caller.is(Role::Auditor),
            ),
            (
                Self::Aliases,
                "Aliases",
                "/aliases",
                [Role::Investigator, Role::Supervisor]
                    .iter()
                    .any(|role| caller.is(*role)),
            ),
            (Self::Verify, "Verify", "/verify", true),
            (Self::Units, "Units", "/units", caller.is(Role::Administrator)),
            (
                Self::Installation,
                "Installation",
                "/installation",
                caller.is(Role::Administrator),
            ),
        ];
        let shown = all.into_iter().filter(|(.., may)| *may);
        shown.map(|(nav, word, address, _)| (nav, word, address)).collect()
    }
}

/// What the layout around a page shows.
pub struct Frame {
    /// The page's own title.
    pub title: String,
    /// Whether this is a demonstration.
    pub demo: bool,
    /// The person, where somebody is signed in.
    pub person: Option<Caller>,
    /// The person's places, and which one this page belongs to.
    pub places: Vec<(Nav, &'static str, &'static str)>,
    /// Where this page belongs.
    pub current: Nav,
    /// The token of this session's forms.
    pub form_token: String,
    /// Makes a second sending of the same form harmless.
    pub idempotency_key: String,
    /// What was just done, once.
    pub done: Option<&'static str>,
    /// The case that the page is about, in which find looks for items by their number alone.
    pub case_id: Option<String>,
    /// How this browser shows pages.
    pub looks: Looks,
}

impl Frame {
    /// The frame of a page for nobody signed in.
    pub fn outside(req: &HttpRequest, title: &str) -> Self {
        Self {
            title: title.to_owned(),
            demo: req.app_data::<App>().is_some_and(|app| app.demo),
            case_id: None,
            looks: Looks::of(req),
            person: None,
            places: Vec::new(),
            current: Nav::None,
            form_token: String::new(),
            idempotency_key: hex(&random::<16>()),
            done: None,
        }
    }

    /// The person's id; empty where nobody is signed in.
    pub fn person_id(&self) -> &str {
        self.person.as_ref().map_or("", |person| person.user.as_str())
    }

    /// The person's roles in words.
    pub fn roles(&self) -> String {
        let roles = self.person.iter().flat_map(|person| &person.roles);
        roles.map(|role| role.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Whether the person holds a role.
    pub fn holds(&self, role: Role) -> bool {
        self.person.as_ref().is_some_and(|person| person.is(role))
    }

    /// Whether the person opens cases.
    pub fn opens_cases(&self) -> bool {
        let opening = [Role::Investigator, Role::Supervisor];
        self.person
            .as_ref()
            .is_some_and(|person| opening.iter().any(|role| person.is(*role)))
    }
}

/// A request for a page by somebody signed in.
#[derive(Clone)]
pub struct PageRequest {
    /// Who asks.
    pub ctx: RequestCtx,
    /// What handlers reach.
    pub app: App,
    /// The request itself.
    pub req: HttpRequest,
}

impl FromRequest for PageRequest {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(req))
    }
}

impl PageRequest {
    /// The request as a page's.
    pub fn of(req: &HttpRequest) -> Result<Self> {
        let app = req.app_data::<App>().ok_or_else(|| Error::internal("no state"))?;
        Ok(Self {
            ctx: request_ctx::request_ctx(req)?,
            app: app.clone(),
            req: req.clone(),
        })
    }

    /// The frame of a page: who is signed in, and where they may go.
    pub async fn frame(&self, title: &str, current: Nav) -> Result<Frame> {
        let authorized = self.app.gate.check(&self.ctx, Act::SessionOwn, Scope::Agency).await?;
        let form_token = match &self.ctx.credential {
            Credential::Session(session) => self.app.form_tokens.of(session),
            _ => String::new(),
        };
        Ok(Frame {
            places: Nav::of(&authorized.caller),
            person: Some(authorized.caller),
            current,
            form_token,
            done: self.query("done").and_then(|word| done_words(&word)),
            ..Frame::outside(&self.req, title)
        })
    }

    /// What its form sent in a field.
    pub fn typed(&self, name: &str) -> Option<String> {
        super::typed::hidden(&self.req, name)
    }

    /// A parameter of the query.
    pub fn query(&self, name: &str) -> Option<String> {
        query_value(&self.req, name)
    }
}

/// A parameter of a request's query.
pub fn query_value(req: &HttpRequest, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(req.query_string().as_bytes());
    let found = pairs.find(|(n, _)| n == name);
    found.map(|(_, value)| value.into_owned())
}

/// What a page says after a form was sent, by the word in its address. No other text can be put there.
fn done_words(word: &str) -> Option<&'static str> {
    Some(match word {
        "case-opened" => "The case is open.",
        "case-changed" => "The change is recorded.",
        "logged" => "Logged, and recorded in the ledger.",
        "marked" => "The mark is recorded.",
        "noted" => "The note is added.",
        "examination_asked" => "The files will be read again: what is found is shown here, soon.",
        "reviewed" => "The review is recorded.",
        "redacted" => "The redacted copy is made. The original stays.",
        "corrected" => "The correction is recorded. The version before stays.",
        "decided" => "The decision is recorded.",
        "requested" => "The request is with the supervisors.",
        "withdrawn" => "The request is withdrawn.",
        "granted" => "Access is given.",
        "recused" => "It is recorded. You decide nothing in this case from here on.",
        "roster-entered" => "It stands on the roster.",
        "emergency-started" => {
            "The emergency authorization counts from now on, until a supervisor says otherwise or it ends."
        }
        "oral-recorded" => {
            "The oral approval is recorded. Nothing is covered before that supervisor confirms it in writing."
        }
        "continues" => "The review is recorded: it continues.",
        "ended" => "That has ended.",
        "member" => "The members are changed.",
        "closed" => "The case is closed.",
        "suspended" => "The case is suspended.",
        "reopened" => "The case is open again.",
        "person-added" => "The person is added.",
        "person-changed" => "The person is changed. The version before stays.",
        "account-added" => "The account is added.",
        "account-changed" => "The account is changed. The version before stays.",
        "lead-proposed" => "They are proposed as lead. Nothing changes until they accept.",
        "lead-accepted" => "You lead the case. The former lead stays a member.",
        "lead-declined" => "You declined. The case keeps its lead.",
        "lead-withdrawn" => "That is taken back. The case keeps its lead.",
        "list-saved" => "The list is saved.",
        "packet-asked" => "The packet is asked for, and built in the background.",
        "authorization-closed" => "The closing report is recorded.",
        "policy-proposed" => "It is proposed. It counts once a supervisor other than you has countersigned it.",
        "alias-included" => {
            "It is included. Packets of that case that are built from now on show its name and accounts."
        }
        "alias-asked" => "It is asked for. It counts once a supervisor of the holder’s unit has approved it.",
        "policy-decided" => "It is recorded.",
        "access-asked" => "It is asked for. You are told here once somebody lets you in, and of nothing else.",
        "access-answered" => "Your answer is on record.",
        "access-withdrawn" => "The request is taken back.",
        "signed-off" => "It is signed off.",
        "error-reported" => "The error is reported. A supervisor answers it.",
        "error-answered" => "The answer is recorded.",
        "misuse-reported" => "It is with the auditors. Nobody whom it names sees it.",
        "misuse-examined" => "The report is under examination.",
        "misuse-closed" => "The report is closed.",
        "conduct-acknowledged" => "Your acknowledgement is recorded.",
        "flag-raised" => "It is flagged. A prosecutor clears it.",
        "flag-cleared" => "The flag is cleared. It stays on the record.",
        "evidence-asked" => "It is asked for. Those who work on the case see it on their first screen.",
        "evidence-answered" => "Your answer is on record.",
        "evidence-withdrawn" => "The request is taken back.",
        "packet-decided" => "Your decision about the packet is on record.",
        "packet-cancelled" => "The build is called off. It ends at its next step.",
        "disclosed" => "The disclosure is recorded.",
        "notice-given" => "The notice is recorded. It stays open until you record what was answered.",
        "notice-answered" => "What was answered is recorded.",
        "acknowledged" => "The receipt is recorded.",
        "upload-ended" => "The upload is ended. What had come of it is removed.",
        "draft-kept" => "Kept as a draft, for you alone. It is here when you come back, for thirty days.",
        "draft-discarded" => "The draft is discarded.",
        "person-disabled" => "The person is disabled. Their sessions and tokens have ended.",
        "person-enabled" => "The person is enabled, and can sign in again.",
        "person-unlocked" => "The person is unlocked, and can sign in again.",
        "saved" => "Saved.",
        "password-changed" => "Your password is changed. Your other sessions are ended.",
        _ => return None,
    })
}

/// What somebody typed into a form that was refused, and why it was.
#[derive(Clone, Default)]
pub struct FormView {
    typed: Vec<(String, String)>,
    /// What is wrong, field by field.
    pub errors: Vec<FieldError>,
    /// What is wrong with the whole.
    pub problem: Option<String>,
    status: Option<StatusCode>,
}

impl FormView {
    /// A form that holds these values at first.
    pub fn of<'a>(values: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        Self {
            typed: values
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            ..Self::default()
        }
    }

    /// The form as it was sent, where nothing was asked of it yet but to show it again.
    pub fn as_sent(req: &HttpRequest) -> Self {
        let TypedFields(typed) = TypedFields::of(req);
        Self {
            typed,
            ..Self::default()
        }
    }

    /// Notes that a field broke a rule.
    pub fn refuse(&mut self, field: &str, rule: &str, message: impl Into<String>) {
        self.errors.push(FieldError::new(field, rule, message));
        self.status = Some(StatusCode::UNPROCESSABLE_ENTITY);
    }

    /// The same with one more value.
    #[must_use]
    pub fn with_value(mut self, name: &str, value: &str) -> Self {
        self.typed.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same without the values of a name.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.typed.retain(|(typed, _)| typed != name);
        self
    }

    /// The form as it was sent, beside what was wrong. What the person cannot mend in the form stays an error.
    pub fn refused(req: &HttpRequest, e: Error) -> Result<Self> {
        if !matches!(
            e.kind,
            Kind::Invalid | Kind::Conflict | Kind::Stale | Kind::TooLarge | Kind::Unavailable | Kind::TooMany
        ) {
            return Err(e);
        }
        Ok(Self::told(req, &e))
    }

    /// A form that was kept before it was sent.
    pub fn kept(typed: Vec<(String, String)>) -> Self {
        Self {
            typed,
            ..Self::default()
        }
    }

    /// The form as it was sent, beside a refusal that says nothing of a field. A password is not shown again.
    pub fn told(req: &HttpRequest, e: &Error) -> Self {
        let TypedFields(mut typed) = TypedFields::of(req);
        typed.retain(|(name, _)| !name.contains("password"));
        Self {
            typed,
            problem: e.errors.is_empty().then(|| reply::detail_of(e).to_owned()),
            status: Some(e.status_code()),
            errors: e.errors.clone(),
        }
    }

    /// The same form, refused for this.
    #[must_use]
    pub fn with(self, e: &Error) -> Self {
        Self {
            typed: self.typed,
            problem: e.errors.is_empty().then(|| reply::detail_of(e).to_owned()),
            status: Some(e.status_code()),
            errors: e.errors.clone(),
        }
    }

    /// The same, with what is wrong told beside the fields that the page has: each pair is a field and its name here.
    #[must_use]
    pub fn renamed(mut self, names: &[(&str, &str)]) -> Self {
        for error in &mut self.errors {
            let plain = error.field.split(['[', '.']).next().unwrap_or_default();
            if let Some((_, here)) = names.iter().find(|(field, _)| *field == plain) {
                error.field = (*here).to_owned();
            }
        }
        self
    }

    /// Whether something was refused.
    pub fn is_refused(&self) -> bool {
        self.problem.is_some() || !self.errors.is_empty()
    }

    /// What was typed into a field.
    pub fn value(&self, name: &str) -> &str {
        self.typed(name).unwrap_or_default()
    }

    /// The same, where the form had that field.
    pub fn typed(&self, name: &str) -> Option<&str> {
        let found = self.typed.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The version that a form named which was refused because another had been made meanwhile.
    pub fn stale_version(&self) -> Option<i64> {
        let stale = self.status == Some(StatusCode::PRECONDITION_FAILED);
        self.typed("version").filter(|_| stale)?.parse().ok()
    }

    /// All that was given under a name.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let those = self.typed.iter().filter(move |(n, _)| n == name);
        those.map(|(_, value)| value.as_str())
    }

    /// Whether this is among what was chosen.
    pub fn chose(&self, name: &str, value: &str) -> bool {
        self.typed.iter().any(|(n, v)| n == name && v == value)
    }

    /// Whether this is among the choices of a list.
    pub fn chose_of(&self, name: &str, value: &str) -> bool {
        self.chose(&format!("{name}[]"), value)
    }

    /// What is wrong with a field.
    pub fn error(&self, name: &str) -> Option<&str> {
        let found = self.errors.iter().find(|e| e.field == name);
        found.map(|e| e.message.as_str())
    }
}

/// Marks the request of a page's own script, and the answer to it: a part of a page, or no page at all.
pub const PARTIAL: HeaderName = HeaderName::from_static("x-partial");

/// Whether a page's script asks, which wants no page.
pub fn is_partial(req: &HttpRequest) -> bool {
    req.headers().contains_key(PARTIAL)
}

/// 200 with a page; where its form was refused, the status of the refusal.
pub fn show(page: &impl Template, form: Option<&FormView>) -> Reply {
    let status = form.and_then(|form| form.status).unwrap_or(StatusCode::OK);
    let errors = form.map(|form| form.errors.as_slice()).unwrap_or_default();
    let text = labels::in_summary(page.render().map_err(Error::internal)?, errors);
    Ok(html(status, &text))
}

/// An answer with a page, under the pages' policy.
pub(super) fn html(status: StatusCode, text: &str) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(assets::versioned(text))
}

/// After a form was sent: 303 to the page that shows what was done, or the form again with what was typed and what was
/// wrong. What the person cannot mend in the form stays an error.
pub async fn answer<T>(
    req: &HttpRequest,
    made: Result<T>,
    address: impl FnOnce(T) -> String,
    again: impl AsyncFnOnce(FormView) -> Reply,
) -> Reply {
    match made {
        Ok(made) => Ok(see_other(&address(made))),
        Err(e) => again(FormView::refused(req, e)?).await,
    }
}

/// 303 to a page, after a form was taken.
pub fn see_other(address: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, address)).finish()
}
