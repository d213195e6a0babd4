//! Units: the tree of the agency's parts.

use std::collections::HashMap;

use askama::Template;

use crate::error::Result;
use crate::http::pages::{self, FormView, Frame, Nav, PageRequest};
use crate::http::paging::Page;
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::text::line;
use crate::users::model::Unit;
use crate::users::{api, reads};

/// Units that a page shows at the most.
const MOST: usize = 1000;

/// A unit in the tree.
struct UnitLine {
    id: String,
    name: String,
    /// How many units lie above it.
    depth: usize,
    version: i64,
}

/// All units, each below the one it is a part of.
async fn tree(page: &PageRequest) -> Result<Vec<UnitLine>> {
    let all = reads::units(&page.app.gate, &page.ctx, &Page::first(MOST)).await?;
    let mut below: HashMap<Option<String>, Vec<Unit>> = HashMap::new();
    for unit in all {
        below.entry(unit.parent_id.clone()).or_default().push(unit);
    }
    let mut lines = Vec::new();
    place(&mut below, None, 0, &mut lines);
    Ok(lines)
}

fn place(
    below: &mut HashMap<Option<String>, Vec<Unit>>,
    parent: Option<String>,
    depth: usize,
    lines: &mut Vec<UnitLine>,
) {
    let mut units = below.remove(&parent).unwrap_or_default();
    units.sort_by(|a, b| a.name.cmp(&b.name));
    for unit in units {
        lines.push(UnitLine {
            id: unit.id.clone(),
            name: line(&unit.name),
            depth,
            version: unit.version,
        });
        place(below, Some(unit.id), depth + 1, lines);
    }
}

/// The units as a list to choose from, each with its place in the tree.
pub(super) async fn unit_choices(page: &PageRequest) -> Result<Vec<(String, String)>> {
    let lines = tree(page).await?.into_iter();
    Ok(lines
        .map(|unit| (unit.id, format!("{}{}", "– ".repeat(unit.depth), unit.name)))
        .collect())
}

#[derive(Template)]
#[template(path = "users/pages/units.html")]
struct UnitsPage {
    frame: Frame,
    units: Vec<UnitLine>,
    choices: Vec<(String, String)>,
    form: FormView,
}

pub(in crate::users) async fn units(page: PageRequest) -> Reply {
    units_page(&page, FormView::default()).await
}

async fn units_page(page: &PageRequest, form: FormView) -> Reply {
    let shown = UnitsPage {
        frame: page.frame("Units", Nav::Units).await?,
        units: tree(page).await?,
        choices: unit_choices(page).await?,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

pub(in crate::users) async fn create_unit(request: WriteRequest) -> Reply {
    let page = request.page()?;
    back(&page, api::made_unit(request).await).await
}

pub(in crate::users) async fn rename_unit(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    back(&page, api::renamed_unit(id.0, request).await).await
}

async fn back(page: &PageRequest, made: Result<Unit>) -> Reply {
    let address = |_| "/units?done=saved".to_owned();
    pages::answer(&page.req, made, address, async |form| units_page(page, form).await).await
}
