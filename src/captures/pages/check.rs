//! The composer's check before it logs: what is known of a capture, for a script or as the whole page.

use actix_web::http::header::HeaderValue;
use askama::Template;

use super::composer::ComposerInput;
use super::evidence::evidence_page;
use super::preview::ShownPreview;
use super::selected::Marked;
use crate::captures::api;
use crate::captures::model::choose_platform;
use crate::cases::{CasePage, Tab};
use crate::error::Result;
use crate::forms::Form;
use crate::gate::Scope;
use crate::http::drafts;
use crate::http::pages::{self, FormView, PageRequest};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::policy::Act;

#[derive(Template)]
#[template(path = "captures/pages/preview.html")]
struct PreviewPart<'a> {
    seen: &'a ShownPreview,
}

/// What recording would say: for a script that part alone, else the whole page with all that was typed.
pub async fn preview(PathId(case): PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    match api::preview_of(case.clone(), request, as_capture).await {
        Ok(seen) => {
            let (_, case_page) = CasePage::of(&page, &case, Tab::Evidence).await?;
            answer_preview(&page, &case, ShownPreview::of(seen, &case_page)).await
        }
        Err(e) if pages::is_partial(&page.req) => Err(e),
        Err(e) => {
            evidence_page(
                &page,
                &case,
                Marked::unlogged(ComposerInput::form(FormView::refused(&page.req, e)?)),
            )
            .await
        }
    }
}

/// Keeps what was typed into the composer.
pub async fn keep_draft(PathId(case): PathId, request: WriteRequest) -> Reply {
    let back = format!("/cases/{case}/evidence");
    drafts::keep(request, Act::CaptureRecord, Scope::Case(case), &back).await
}

async fn answer_preview(page: &PageRequest, case: &str, seen: ShownPreview) -> Reply {
    if pages::is_partial(&page.req) {
        let mut part = pages::show(&PreviewPart { seen: &seen }, None)?;
        part.headers_mut().insert(pages::PARTIAL, HeaderValue::from_static("1"));
        return Ok(part);
    }
    let input = ComposerInput {
        seen: Some(seen),
        ..ComposerInput::form(FormView::as_sent(&page.req))
    };
    evidence_page(page, case, Marked::unlogged(input)).await
}

/// The fields of a capture alone: the form names its files otherwise.
fn as_capture(mut form: Form) -> Result<Form> {
    choose_platform(&mut form);
    for field in ["file", "file_role", "upload", "found_nothing"] {
        form.value(field);
    }
    Ok(form)
}
