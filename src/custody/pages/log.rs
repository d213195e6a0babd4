//! The state of the log: its size, its last checkpoint and its key, to be taken away and compared elsewhere.

use askama::Template;

use crate::custody::reads::{self, LogState};
use crate::error::Result;
use crate::http::pages::{self, Frame, Nav, PageRequest};
use crate::http::reply::Reply;
use crate::text::{Moment, Zone, count, groups};

#[derive(Template)]
#[template(path = "custody/pages/log.html")]
struct LogPage {
    frame: Frame,
    log: LogState,
    size: String,
    signed: Option<(String, Moment)>,
    root: Vec<String>,
}

pub(in crate::custody) async fn log(page: PageRequest) -> Reply {
    pages::show(&LogPage::of(&page).await?, None)
}

impl LogPage {
    async fn of(page: &PageRequest) -> Result<Self> {
        let log = reads::log(&page.app.gate, &page.ctx).await?;
        Ok(Self {
            frame: page.frame("The log", Nav::Ledger).await?,
            size: count(log.tree.size),
            signed: log.signed.map(|(size, at)| (count(size), Zone::named(None).at(at))),
            root: groups(&log.tree.root),
            log,
        })
    }

    /// The key's own name: what stands before the first `+` of the vkey.
    fn key_name(&self) -> &str {
        self.log.tree.vkey.split('+').next().unwrap_or_default()
    }
}
