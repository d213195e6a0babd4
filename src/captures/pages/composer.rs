//! The form that logs a capture.

use actix_web::HttpRequest;
use actix_web::http::header::USER_AGENT;

use super::preview::ShownPreview;
use crate::authorizations::{self, Authorization, AuthorizationState, Device, Level};
use crate::captures::model::{CaptureKind, FileRole, Method};
use crate::captures::resumable::{self, UploadRow};
use crate::cases::{CasePage, words};
use crate::error::Result;
use crate::http::drafts::{self, OfferedDraft};
use crate::http::pages::{FormView, Frame, PageRequest, query_value};
use crate::http::paging::Page;
use crate::text::{Moment, line, size};

/// The form that logs a capture, with everything that it shows.
pub struct Composer {
    pub form: FormView,
    /// What the person may look at now, by authorization.
    pub covered: Vec<String>,
    pub choices: Choices,
    /// What was asked about before it is logged.
    pub seen: Option<ShownPreview>,
    pub draft: Option<OfferedDraft>,
    /// The person's own uploads that no capture names yet.
    pub uploads: Vec<UploadLine>,
}

/// An upload as its sender's page shows it.
pub struct UploadLine {
    pub id: String,
    pub name: String,
    pub size: String,
    pub received: String,
    pub bytes: u64,
    pub percent: u64,
    /// The digest that its sender declared, or that its bytes have.
    pub sha256: String,
    pub whole: bool,
    pub ends: Moment,
}

impl UploadLine {
    fn of(row: &UploadRow, page: &CasePage) -> Self {
        let digest = row.sha256.as_deref().or(row.declared_sha256.as_deref());
        Self {
            id: row.id.clone(),
            name: line(&row.name),
            size: size(row.length()),
            received: size(row.offset()),
            bytes: row.offset(),
            percent: row.offset() * 100 / row.length().max(1),
            sha256: digest.map(crate::proof::id::hex).unwrap_or_default(),
            whole: row.whole().is_some(),
            ends: page.at(row.created_at + resumable::LIFE),
        }
    }
}

impl Composer {
    /// For a person who looks at the evidence of a case.
    pub async fn of(page: &PageRequest, case_page: &CasePage, frame: &Frame, asked: ComposerInput) -> Result<Self> {
        Ok(Self {
            uploads: uploads(page, case_page).await?,
            draft: asked.draft,
            covered: covered(page, case_page, frame).await?,
            choices: Choices::all(),
            seen: asked.seen,
            form: asked.form,
        })
    }
}

/// What the form holds when it is shown.
pub struct ComposerInput {
    pub form: FormView,
    pub seen: Option<ShownPreview>,
    pub draft: Option<OfferedDraft>,
}

impl ComposerInput {
    /// These fields.
    pub fn form(form: FormView) -> Self {
        Self {
            form,
            seen: None,
            draft: None,
        }
    }

    /// The form as it is opened: with its first values, or with the draft that was kept.
    pub async fn opened(page: &PageRequest, case: &str) -> Result<Self> {
        let first = first_capture_form(&page.req);
        let (form, draft) = drafts::open(page, &format!("/cases/{case}/captures"), first).await?;
        Ok(Self {
            draft,
            ..Self::form(form)
        })
    }
}

/// The person's own uploads to this case that no capture names yet; none where they may not log here.
async fn uploads(page: &PageRequest, case_page: &CasePage) -> Result<Vec<UploadLine>> {
    if !case_page.rights.records {
        return Ok(Vec::new());
    }
    let rows = resumable::unused(&page.app.gate, &page.ctx, case_page.case.id.clone()).await?;
    Ok(rows.iter().map(|row| UploadLine::of(row, case_page)).collect())
}

/// The words that the form offers.
pub struct Choices {
    pub kinds: Vec<(&'static str, String)>,
    pub methods: Vec<(&'static str, String)>,
    pub levels: Vec<(&'static str, String)>,
    pub devices: Vec<(&'static str, String)>,
    pub roles: Vec<(&'static str, String)>,
    pub time_bases: Vec<(&'static str, String)>,
}

impl Choices {
    /// All of them.
    pub fn all() -> Self {
        Self {
            kinds: std::iter::once(("", "By the link".to_owned()))
                .chain(words::<CaptureKind>())
                .collect(),
            methods: words::<Method>(),
            time_bases: vec![
                ("", "Stated: I know it".to_owned()),
                ("file_date", "Guessed, by the file date".to_owned()),
                ("guessed", "Guessed".to_owned()),
            ],
            levels: words::<Level>(),
            devices: words::<Device>(),
            roles: std::iter::once(("", "By the file".to_owned()))
                .chain(words::<FileRole>())
                .collect(),
        }
    }
}

/// The form that logs a capture as it is first shown: what is nearly always so, and the link that the first screen took.
fn first_capture_form(req: &HttpRequest) -> FormView {
    let (name, version) = browser_of(req);
    FormView::of([
        ("method", "manual_screenshot".to_owned()),
        ("level", "overt".to_owned()),
        ("device", "agency".to_owned()),
        ("tool.name", name),
        ("tool.version", version),
        ("url", query_value(req, "url").unwrap_or_default()),
    ])
}

/// Name and version of the browser that asks, for the field that says what a capture was taken with.
fn browser_of(req: &HttpRequest) -> (String, String) {
    let agent = req.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    let agent = agent.unwrap_or_default();
    let known = [
        ("Edg/", "Edge"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chromium"),
        ("Version/", "Safari"),
    ];
    let found = known.iter().find_map(|(mark, name)| {
        let rest = agent.split_once(mark)?.1;
        let version = rest.split([' ', ';']).next().unwrap_or_default();
        Some((*name, version))
    });
    let (name, version) = found.unwrap_or(("browser", "unknown"));
    (name.to_owned(), version.chars().take(40).collect())
}

/// The authorizations in force that the caller holds, in words.
async fn covered(page: &PageRequest, case_page: &CasePage, frame: &Frame) -> Result<Vec<String>> {
    let me = frame
        .person
        .as_ref()
        .map(|person| person.user.as_str())
        .unwrap_or_default();
    let case = case_page.case.id.clone();
    let (found, now) = authorizations::of_case(&page.app.gate, &page.ctx, case, &Page::first(100)).await?;
    let mine = |a: &&Authorization| {
        a.state_at(now) == AuthorizationState::Approved
            && a.effective_from.is_some_and(|from| from.0 <= now)
            && a.holders.iter().any(|holder| holder.id == me)
    };
    let told = |a: &Authorization| {
        let platforms = a.terms.platforms.join(", ");
        format!(
            "A-{}: {}, {}, until {}",
            a.number,
            a.terms.level.as_str(),
            platforms,
            case_page.at(a.terms.ends_at.0).shown()
        )
    };
    Ok(found.iter().filter(mine).map(told).collect())
}
