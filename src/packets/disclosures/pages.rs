//! Disclosures on a packet's page: each with its links and receipts, the forms for more, and the letter that answers a
//! request for public records.

pub(super) mod recipient;

use actix_web::HttpRequest;
use askama::Template;

use super::api;
use super::link::{LinkState, LinkView, MadeLink};
use super::model::{Acknowledgement, Disclosure, DisclosureKind, NewDisclosure, not_given};
use super::{ops, reads};
use crate::cases::{CasePage, Tab};
use crate::error::Result;
use crate::forms::Form;
use crate::gate::Scope;
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::paging::Page;
use crate::http::reply::Reply;
use crate::http::{PathId, PathIds, WriteRequest};
use crate::packets::model::{PacketIssue, PacketView};
use crate::packets::pages::packet_page;
use crate::policy::{Act, Handling};
use crate::text::{Moment, count, counted, groups, label, line};

/// Disclosures that a packet's page shows.
const SHOWN: usize = 100;

/// A link in words.
pub struct ShownLink {
    pub id: String,
    pub state: LinkState,
    /// Class and icon of its chip.
    pub tone: (&'static str, &'static str),
    pub ends: Moment,
    pub downloads: String,
    pub downloaded: u64,
    pub wrong: Option<String>,
    pub keys: Vec<String>,
    pub may_end: bool,
}

impl ShownLink {
    fn of(link: &LinkView, page: &CasePage) -> Self {
        let last = link
            .last_download
            .map(|at| format!(", last {}", page.at(at.0).shown()))
            .unwrap_or_default();
        Self {
            id: link.id.clone(),
            tone: match link.state {
                LinkState::Open => ("ok", "link"),
                LinkState::UsedUp => ("", "check"),
                LinkState::Ended => ("", "clock"),
                LinkState::Locked => ("bad", "lock"),
                LinkState::Revoked => ("", "x"),
            },
            ends: page.at(link.ends_at.0),
            downloads: format!("{} of {} downloads taken{last}", link.downloaded, link.downloads),
            downloaded: link.downloaded,
            wrong: (link.wrong_codes > 0).then(|| counted(link.wrong_codes, "wrong code", "wrong codes")),
            keys: link.age_recipients.iter().map(|key| line(key)).collect(),
            may_end: matches!(link.state, LinkState::Open | LinkState::UsedUp),
            state: link.state,
        }
    }

    /// Its state.
    pub fn word(&self) -> String {
        label(self.state.as_str())
    }
}

/// A receipt in words.
pub struct ShownAcknowledgement {
    pub who: String,
    pub at: Moment,
    pub how: String,
}

impl ShownAcknowledgement {
    fn of(given: &Acknowledgement, page: &CasePage) -> Self {
        let recorded = given.recorded_by.as_ref().map(|by| by.name.as_str());
        Self {
            who: line(&format!("{}, {}", given.name, given.capacity)),
            at: page.at(given.acknowledged_at.0),
            how: match (&given.how, recorded) {
                (Some(how), Some(by)) => line(&format!("{how}; recorded by {by}")),
                _ => "through the link".to_owned(),
            },
        }
    }
}

/// A disclosure in words.
pub struct ShownDisclosure {
    pub id: String,
    pub to: String,
    pub at: Moment,
    pub by: String,
    pub facts: Vec<(String, String)>,
    pub labels: Vec<String>,
    pub withheld: Vec<String>,
    pub answers_public: bool,
    pub links: Vec<ShownLink>,
    pub receipts: Vec<ShownAcknowledgement>,
    /// The form of this disclosure that was refused, or an empty one.
    pub form: FormView,
}

impl ShownDisclosure {
    fn of(d: &Disclosure, page: &CasePage) -> Result<Self> {
        let said = serde_json::to_value(&d.details)?;
        let told = |(name, value): (&String, &serde_json::Value)| {
            let word = match name.as_str() {
                "need" => "Need to know".to_owned(),
                "under" => "Right to know".to_owned(),
                name => label(name),
            };
            match value {
                serde_json::Value::String(text) => Some((word, line(text))),
                serde_json::Value::Bool(true) => Some((word, "imminent danger to life or property".to_owned())),
                _ => None,
            }
        };
        let withheld = d.withheld.iter().map(|item| match &item.exemption {
            Some(exemption) => line(&format!("{}: {} ({exemption})", label(&item.what), item.why)),
            None => line(&format!("{}: {}", label(&item.what), item.why)),
        });
        let mut facts: Vec<(String, String)> = said.as_object().into_iter().flatten().filter_map(told).collect();
        let unsaid = [
            ("Need to know", d.details.need.is_none()),
            ("Right to know", d.details.under.is_none()),
        ];
        let unsaid = unsaid
            .into_iter()
            .filter(|(_, unsaid)| *unsaid && d.details.emergency != Some(true));
        facts.extend(unsaid.map(|(word, _)| (word.to_owned(), "not recorded".to_owned())));
        Ok(Self {
            id: d.id.clone(),
            to: line(&d.to),
            at: page.at(d.disclosed_at.0),
            by: line(&d.recorded_by.name),
            facts,
            labels: labels(d),
            withheld: d
                .not_given()
                .map(|(class, n)| format!("{} {}", count(n), label(class).to_lowercase()))
                .chain(withheld)
                .collect(),
            answers_public: d.answers_public(),
            links: Vec::new(),
            receipts: Vec::new(),
            form: FormView::default(),
        })
    }
}

/// How what is disclosed is to be handled, in sentences for its recipient.
pub fn labels(disclosure: &Disclosure) -> Vec<String> {
    let Some(labels) = &disclosure.labels else {
        return Vec::new();
    };
    let mut said = Vec::new();
    if labels.handling != Handling::Standard {
        said.push(format!("Handling: {}", label(labels.handling.as_str()).to_lowercase()));
    }
    if let Some(order) = &labels.court_order {
        said.push(line(&format!("Court order: {order}")));
    }
    if labels.juveniles > 0 {
        let who = counted(labels.juveniles, "juvenile", "juveniles");
        said.push(format!("The case concerns {who}: juvenile confidentiality may apply"));
    }
    said
}

/// A link that was just made: shown in this answer and nowhere else.
pub struct OnceShown {
    pub to: String,
    pub address: String,
    pub code: String,
    pub ends: Moment,
    pub downloads: String,
}

/// What a packet's page shows of disclosures.
pub struct HandedOver {
    pub all: Vec<ShownDisclosure>,
    pub may: bool,
    pub made: Option<OnceShown>,
    /// What is wrong with the form that was sent, whichever it was.
    pub form: FormView,
    /// The form that records a disclosure.
    pub new: FormView,
    /// The classes of the inventory that are not given: word, name and number.
    pub classes: Vec<(String, String, String)>,
}

/// What a form of the page came to, for the page that is shown then.
#[derive(Default)]
pub struct FormOutcome {
    form: FormView,
    /// The disclosure that the form was about.
    about: Option<String>,
    made: Option<MadeLink>,
}

impl HandedOver {
    /// How often the packet was downloaded through links, where it was.
    pub fn through_links(&self) -> Option<String> {
        let times = self
            .all
            .iter()
            .flat_map(|one| &one.links)
            .map(|link| link.downloaded)
            .sum();
        (times > 0).then(|| counted(times, "time", "times"))
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Reads what there is of a packet.
    pub async fn of(
        page: &PageRequest,
        case: &CasePage,
        (packet, issue): (&PacketView, Option<&PacketIssue>),
        shown: FormOutcome,
    ) -> Result<Self> {
        let (gate, ctx, id) = (&page.app.gate, &page.ctx, packet.id.clone());
        let found = reads::of_packet(gate, ctx, id.clone(), &Page::first(SHOWN)).await?;
        let links = reads::links(gate, ctx, id.clone()).await?;
        let receipts = reads::acknowledgements(gate, ctx, id.clone()).await?;
        let mut all = Vec::new();
        for d in &found {
            let links = links.iter().filter(|link| link.disclosure_id == d.id);
            let receipts = receipts.iter().filter(|given| given.disclosure_id == d.id);
            all.push(ShownDisclosure {
                links: links.map(|link| ShownLink::of(link, case)).collect(),
                receipts: receipts.map(|given| ShownAcknowledgement::of(given, case)).collect(),
                form: match shown.about.as_ref() == Some(&d.id) {
                    true => shown.form.clone(),
                    false => FormView::default(),
                },
                ..ShownDisclosure::of(d, case)?
            });
        }
        let inventory = issue.map(|issue| issue.content.inventory.clone()).unwrap_or_default();
        let class = |(class, n): (&str, u64)| (class.to_owned(), label(class).to_lowercase(), count(n));
        Ok(Self {
            all,
            may: reads::may_disclose(gate, ctx, id).await?,
            classes: not_given(&inventory).map(class).collect(),
            made: shown.made.map(|made| OnceShown {
                to: line(&made.link.to),
                address: format!("{}{}", origin(&page.req), made.path),
                code: made.code,
                ends: case.at(made.link.ends_at.0),
                downloads: counted(made.link.downloads, "download", "downloads"),
            }),
            new: match shown.about {
                None => shown.form.clone(),
                Some(_) => FormView::default(),
            },
            form: shown.form,
        })
    }
}

/// Where the browser is, as it said itself: the address that its person sends on.
fn origin(req: &HttpRequest) -> String {
    let known = req.connection_info();
    format!("{}://{}", known.scheme(), known.host())
}

pub async fn disclose(id: PathId, request: WriteRequest) -> Reply {
    let (page, scope) = (request.page()?, Scope::Packet(id.0.clone()));
    let parse = |form: Form| NewDisclosure::parse(without_blank_rows(form));
    let made = request.write_to(Act::PacketDisclose, scope, parse, ops::disclose).await;
    after(&page, (id.0, None), "disclosed", made.map(drop)).await
}

/// The page offers a row for each class; one of which nothing is said is none.
fn without_blank_rows(mut form: Form) -> Form {
    let Some(serde_json::Value::Array(rows)) = form.value("withheld") else {
        return form;
    };
    let text = |row: &serde_json::Value, name: &str| row.get(name).and_then(|v| v.as_str()).map(str::to_owned);
    let said = rows
        .iter()
        .filter(|row| text(row, "why").is_some() || text(row, "exemption").is_some());
    let rows = said.map(|row| {
        let each = ["what", "why", "exemption"].into_iter();
        each.filter_map(|name| Some((name, text(row, name)?))).collect()
    });
    form.put_objects("withheld", rows.collect());
    form
}

/// A link is shown in this answer and nowhere else, so it is no redirect.
pub async fn make_link(ids: PathIds, request: WriteRequest) -> Reply {
    let (page, packet, about) = (request.page()?, ids.0.clone(), Some(ids.1.clone()));
    let shown = match api::new_link(ids, request).await {
        Ok(made) => FormOutcome {
            made: Some(made),
            ..FormOutcome::default()
        },
        Err(e) => FormOutcome {
            form: FormView::refused(&page.req, e)?,
            about,
            made: None,
        },
    };
    packet_page(&page, packet, shown).await
}

pub async fn revoke(ids: PathIds, request: WriteRequest) -> Reply {
    let (page, packet) = (request.page()?, ids.0.clone());
    let made = api::end_link(ids, request).await;
    after(&page, (packet, None), "ended", made.map(drop)).await
}

pub async fn acknowledge(ids: PathIds, request: WriteRequest) -> Reply {
    let (page, packet, about) = (request.page()?, ids.0.clone(), Some(ids.1.clone()));
    let made = api::new_acknowledgement(ids, request).await;
    after(&page, (packet, about), "acknowledged", made.map(drop)).await
}

/// Back to the packet, which says what was done, or shows the form again.
pub async fn after(page: &PageRequest, (id, about): (String, Option<String>), done: &str, made: Result<()>) -> Reply {
    let address = |()| format!("/packets/{id}?done={done}");
    let again = async |form| {
        let shown = FormOutcome {
            form,
            about: about.clone(),
            made: None,
        };
        packet_page(page, id.clone(), shown).await
    };
    pages::answer(&page.req, made, address, again).await
}

/// The letter that answers a request for public records. It goes to anybody, so nothing of the case stands on it but what
/// was said for it.
#[derive(Template)]
#[template(path = "packets/disclosures/pages/letter.html")]
struct LetterPage {
    frame: Frame,
    packet: String,
    name: String,
    from: String,
    by: String,
    at: Moment,
    to: Vec<String>,
    facts: Vec<(&'static str, String)>,
    given: String,
    hash: Vec<String>,
    /// What is withheld, how much of it, why, and under which exemption.
    withheld: Vec<(String, String, String, String)>,
}

/// `GET /packets/{id}/disclosures/{disclosure_id}/letter`
pub async fn letter(PathIds(packet, id): PathIds, page: PageRequest) -> Reply {
    let (gate, ctx) = (&page.app.gate, &page.ctx);
    let d = reads::one(gate, ctx, packet.clone(), id).await?;
    if !d.answers_public() {
        return Err(crate::error::Error::not_found());
    }
    let request = crate::packets::reads::packet(gate, ctx, packet.clone()).await?;
    let (mut frame, case) = CasePage::of(&page, &request.case_id, Tab::Packets).await?;
    frame.title = format!(
        "Answer to {}",
        d.details.request.as_deref().map(line).unwrap_or_default()
    );
    let organization = crate::packets::reads::organization(gate, ctx, packet.clone()).await?;
    let number = |what: &str| d.inventory.get(what).map(|n| count(*n)).unwrap_or_default();
    let withheld = d.withheld.iter().map(|item| {
        (
            line(&label(&item.what)),
            number(&item.what),
            line(&item.why),
            item.exemption.as_deref().map(line).unwrap_or_default(),
        )
    });
    let (details, given) = (&d.details, d.inventory.get("included").copied().unwrap_or(0));
    let told = [
        ("Your request", details.request.as_deref()),
        ("Dated", details.requested_on.as_deref()),
        ("Under", details.statute.as_deref()),
    ];
    let shown = LetterPage {
        withheld: withheld.collect(),
        to: [Some(&d.to), details.agency.as_ref(), details.contact.as_ref()]
            .into_iter()
            .flatten()
            .map(|text| line(text))
            .collect(),
        facts: told
            .into_iter()
            .filter_map(|(name, text)| Some((name, line(text?))))
            .collect(),
        given: counted(given, "record", "records"),
        hash: d.packet.sha256.as_ref().map(groups).unwrap_or_default(),
        name: line(&d.packet.name),
        from: organization.as_deref().map(line).unwrap_or_default(),
        by: line(&d.recorded_by.name),
        at: case.at(d.disclosed_at.0),
        packet,
        frame,
    };
    pages::show(&shown, None)
}

impl HandedOver {
    /// The kinds of a disclosure, for its form.
    pub fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            (DisclosureKind::Disclosure.as_str(), "A duty or request"),
            (DisclosureKind::PublicRecords.as_str(), "A public records request"),
        ]
    }

    /// What was typed of a class that is not given.
    pub fn said(&self, row: &usize, field: &str) -> &str {
        self.new.value(&format!("withheld[{row}].{field}"))
    }
}

/// The fields of the form for a receipt: name, label and hint.
pub const RECEIPT_FIELDS: &[(&str, &str, &str)] = &[
    ("name", "Who", "Name."),
    ("capacity", "Capacity", "Such as counsel for the defence."),
    ("how", "How it came", "Signed letter, mail, telephone."),
    ("acknowledged_at", "When", "Empty: now."),
];
