//! What a person is told before all else: that an emergency pages them, that they are on call or stand in, that a review is
//! overdue, and that an authorization is suspended for want of a training.

use crate::authorizations::{self, LeaveNotice, WaitingRequest};
use crate::cases::Case;
use crate::clock::Micros;
use crate::error::Result;
use crate::http::pages::PageRequest;
use crate::roster::{self, DutyNow};
use crate::text::{Zone, line};

/// One notice.
pub(super) struct HomeNotice {
    /// The notice's look: ` notice--bad`, ` notice--warn` or nothing.
    pub look: &'static str,
    pub icon: &'static str,
    pub title: String,
    pub about: String,
    /// Where it leads, and the word of the link.
    pub link: Option<(String, &'static str)>,
}

/// The caller's notices, the urgent ones first.
pub(super) async fn notices(page: &PageRequest) -> Result<Vec<HomeNotice>> {
    let told = authorizations::notices(&page.app.gate, &page.ctx).await?;
    let mut all: Vec<HomeNotice> = told.paging.iter().map(paging).collect();
    all.extend(roster::duties(&page.app.gate, &page.ctx).await?.iter().map(duty));
    for one in &told.running {
        all.extend(one.overdue_since.map(|since| overdue(one, since)));
        all.extend((!one.suspended.is_empty()).then(|| suspended(one)));
    }
    Ok(all)
}

fn number(case: &Case) -> String {
    line(&case.number)
}

fn paging(one: &WaitingRequest) -> HomeNotice {
    let (asked, zone) = (&one.asked, Zone::named(Some(&one.case.time_zone)));
    HomeNotice {
        look: " notice--bad",
        icon: "bolt",
        title: format!("Emergency A-{} pages you", asked.number),
        about: format!(
            "{}: {} started it at {} for danger to life. It lapses at {} unless a supervisor confirms it.",
            number(&one.case),
            line(&asked.requester.name),
            zone.at(asked.requested_at.0).shown(),
            zone.at(asked.terms.ends_at.0).shown()
        ),
        link: Some((
            format!("/approvals?at=authorization:{}", asked.id),
            "Confirm or repudiate it",
        )),
    }
}

fn duty(one: &DutyNow) -> HomeNotice {
    let until = Zone::named(None).at(one.until);
    let (title, about) = match &one.instead_of {
        None => (
            format!("You are on call for {}", line(&one.unit)),
            format!("Until {}. Emergencies of the unit show here at once.", until.shown()),
        ),
        Some(whom) => (
            format!("You stand in for {} over {}", line(whom), line(&one.unit)),
            format!("Until {}. You decide as a supervisor of the unit.", until.shown()),
        ),
    };
    HomeNotice {
        look: "",
        icon: "phone",
        title,
        about,
        link: Some(("/roster".to_owned(), "The roster")),
    }
}

fn overdue(one: &LeaveNotice, since: Micros) -> HomeNotice {
    let zone = Zone::named(Some(&one.case.time_zone));
    HomeNotice {
        look: " notice--warn",
        icon: "clock",
        title: format!("The review of A-{} is overdue", one.asked.number),
        about: format!(
            "{}: somebody was to look again by {} whether it is still needed. A supervisor records that it continues, or ends it.",
            number(&one.case),
            zone.at(since).shown()
        ),
        link: Some((format!("/authorizations/{}", one.asked.id), "Open it")),
    }
}

fn suspended(one: &LeaveNotice) -> HomeNotice {
    HomeNotice {
        look: " notice--warn",
        icon: "alert",
        title: format!("A-{} is suspended for want of a training", one.asked.number),
        about: format!(
            "{}: it covers nothing that is captured now by {}, until a training that counts is recorded.",
            number(&one.case),
            line(&one.suspended.join(", "))
        ),
        link: Some((format!("/authorizations/{}", one.asked.id), "Open it")),
    }
}
