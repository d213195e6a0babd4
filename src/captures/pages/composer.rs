//! The form that logs a capture.

use actix_web::HttpRequest;

use super::preview::ShownPreview;
use crate::aliases;
use crate::authorizations::{self, Authorization, AuthorizationState, Device, Level};
use crate::captures::model::{BasisKind, CaptureKind, FileRole, Method, NO_PLATFORM, recognize};
use crate::captures::reads;
use crate::captures::resumable::{self, UploadRow};
use crate::cases::{CasePage, words};
use crate::error::{FieldError, Result};
use crate::http::drafts::{self, OfferedDraft};
use crate::http::pages::{FormView, Frame, PageRequest, query_value};
use crate::http::paging::Page;
use crate::subjects::{PLATFORMS, platform_name};
use crate::text::{Moment, label, line, size};

/// The form that logs a capture, with everything that it shows.
pub struct Composer {
    pub form: FormView,
    /// The small form of a search that found nothing.
    pub nothing: FormView,
    /// How it was taken, in words.
    pub how: String,
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
        let first = || first_capture_form(&page.req);
        let (form, nothing) = match asked.form.typed(FOUND_NOTHING) {
            Some(_) => (first(), asked.form),
            None => (asked.form, first()),
        };
        Ok(Self {
            uploads: uploads(page, case_page).await?,
            draft: asked.draft,
            covered: covered(page, case_page, frame).await?,
            choices: Choices {
                aliases: own_aliases(page, case_page).await?,
                orders: orders(page, case_page).await?,
                ..Choices::for_form(&form)
            },
            seen: asked.seen,
            how: how(&form),
            nothing,
            form,
        })
    }

    /// Whether something is wrong with how it was taken, or with the whole.
    pub fn opens_how(&self) -> bool {
        let shown = [
            "url",
            "kind",
            "platform",
            "account",
            "platform_time_text",
            "text",
            "basis",
            "file",
        ];
        let above = |field: &str| shown.contains(&field.split('.').next().unwrap_or_default());
        self.form.problem.is_some() || self.form.errors.iter().any(|error| !above(&error.field))
    }

    /// The form of the two that was refused; the other where none was.
    pub fn sent(&self) -> &FormView {
        match self.nothing.is_refused() {
            true => &self.nothing,
            false => &self.form,
        }
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

    /// The form as it is opened: with its first values, or with the draft that was kept. A text that came from the first
    /// screen and is no link is told so.
    pub async fn opened(page: &PageRequest, case: &str) -> Result<Self> {
        let first = first_capture_form(&page.req);
        let (mut form, draft) = drafts::open(page, &format!("/cases/{case}/captures"), first).await?;
        let typed = form.value("url");
        if !typed.is_empty() && page.query("url").as_deref() == Some(typed) && recognize(typed).platform.is_none() {
            let message = "is no address of a page: it begins with https:// or http://";
            form.errors.push(FieldError::new("url", "form", message));
        }
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

/// The person's own aliases that count now, to choose one; none where they may not log here.
async fn own_aliases(page: &PageRequest, case_page: &CasePage) -> Result<Vec<(String, String)>> {
    if !case_page.rights.records {
        return Ok(Vec::new());
    }
    let held = aliases::own_in_use(&page.app.gate, &page.ctx).await?;
    let mut all: Vec<(String, String)> = held.iter().map(|one| (one.id.clone(), line(&one.terms.name))).collect();
    if !all.is_empty() {
        all.insert(0, (String::new(), "None".to_owned()));
    }
    Ok(all)
}

/// The standing orders by which captures of some levels need no authorization in this case, in a sentence; empty where
/// there are none, or the person may not log here.
async fn orders(page: &PageRequest, case_page: &CasePage) -> Result<String> {
    if !case_page.rights.records {
        return Ok(String::new());
    }
    let found = reads::orders(&page.app.gate, &page.ctx, case_page.case.id.clone()).await?;
    let told = found.iter().map(|(level, order)| format!("{level} by {}", line(order)));
    let told: Vec<String> = told.collect();
    Ok(match told.is_empty() {
        true => String::new(),
        false => format!("Without an authorization in this case: {}.", told.join(", ")),
    })
}

/// The words that the form offers.
pub struct Choices {
    pub kinds: Vec<(&'static str, String)>,
    pub platforms: Vec<(String, String)>,
    pub bases: Vec<(&'static str, String)>,
    pub methods: Vec<(&'static str, String)>,
    pub levels: Vec<(&'static str, String)>,
    pub devices: Vec<(&'static str, String)>,
    pub roles: Vec<(&'static str, String)>,
    pub time_bases: Vec<(&'static str, String)>,
    /// The person's own aliases that count now; empty where they have none.
    pub aliases: Vec<(String, String)>,
    /// The standing orders that hold in this case, in a sentence.
    pub orders: String,
}

impl Choices {
    /// All of them; a platform that was typed is one.
    fn for_form(form: &FormView) -> Self {
        Self {
            kinds: after(("", "By the link or file"), words::<CaptureKind>()),
            methods: after(("", "By what is logged"), words::<Method>()),
            bases: after(("", "What covers it"), bases()),
            platforms: platforms(form.value("platform")),
            time_bases: vec![
                ("", "Stated: I know it".to_owned()),
                ("file_date", "Guessed, by the file date".to_owned()),
                ("guessed", "Guessed".to_owned()),
            ],
            aliases: Vec::new(),
            orders: String::new(),
            levels: words::<Level>(),
            devices: words::<Device>(),
            roles: after(("", "By the file"), words::<FileRole>()),
        }
    }
}

fn after((value, word): (&'static str, &str), others: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
    std::iter::once((value, word.to_owned())).chain(others).collect()
}

/// What a person may say that it rests on. Which authorization covers it, the server finds.
fn bases() -> Vec<(&'static str, String)> {
    let said = BasisKind::ALL.iter().filter(|kind| **kind != BasisKind::Authorization);
    said.map(|kind| (kind.as_str(), kind.says())).collect()
}

/// The known platforms, the one that was typed, and the answer for what is from none.
fn platforms(typed: &str) -> Vec<(String, String)> {
    let mut all = vec![(String::new(), "By the link".to_owned())];
    all.extend(
        PLATFORMS
            .iter()
            .map(|(word, name)| ((*word).to_owned(), (*name).to_owned())),
    );
    all.push((
        NO_PLATFORM.to_owned(),
        "Not from a platform (document, message)".to_owned(),
    ));
    if !all.iter().any(|(word, _)| word == typed) {
        all.push((typed.to_owned(), platform_name(typed)));
    }
    all
}

/// How it was taken, in words: what the form holds of it.
fn how(form: &FormView) -> String {
    let method = match form.value("method") {
        "" => "by what is logged".to_owned(),
        word => label(word).to_lowercase(),
    };
    let tool = format!("{} {}", form.value("tool.name"), form.value("tool.version"));
    let parts = [
        method,
        label(form.value("level")).to_lowercase(),
        format!("{} device", label(form.value("device")).to_lowercase()),
        line(tool.trim()),
    ];
    let told: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    told.join(", ")
}

/// Marks the small form of a search that found nothing.
const FOUND_NOTHING: &str = "found_nothing";

/// The form that logs a capture as it is first shown: what is nearly always so, and the link that the first screen took.
fn first_capture_form(req: &HttpRequest) -> FormView {
    FormView::of([
        ("level", "overt".to_owned()),
        ("device", "agency".to_owned()),
        ("url", query_value(req, "url").unwrap_or_default()),
    ])
}

/// The authorizations in force that the caller holds, in words; none where they may not log here.
async fn covered(page: &PageRequest, case_page: &CasePage, frame: &Frame) -> Result<Vec<String>> {
    if !case_page.rights.records {
        return Ok(Vec::new());
    }
    let me = frame
        .person
        .as_ref()
        .map(|person| person.user.as_str())
        .unwrap_or_default();
    let case = case_page.case.id.clone();
    let (found, now) = authorizations::of_case(&page.app.gate, &page.ctx, case, &Page::first(100)).await?;
    let mine = |a: &&Authorization| {
        [AuthorizationState::Approved, AuthorizationState::Emergency].contains(&a.state_at(now))
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
