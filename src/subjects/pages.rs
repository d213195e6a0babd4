//! The people and accounts of a case as a page. Each is changed in its own place: the page shows one form at a time, the one
//! that its address names or the one that was refused.

use askama::Template;

use super::mentions::{Mention, naming};
use super::model::{
    Account, AccountFields, CaseEntry, EntryFields, EntryFlag, EntryPatch, Juvenile, Subject, SubjectFields,
    SubjectRole, parse_new,
};
use super::store::KeptEntry;
use super::{ops, reads};
use crate::cases::{CasePage, Tab, words};
use crate::error::Result;
use crate::forms::{Form, parse_id};
use crate::gate::{Scope, Tx};
use crate::http::fields::{EditForm, FieldView, FirstShown};
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::paging::Page;
use crate::http::reply::Reply;
use crate::http::{PathId, PathIds, WriteRequest};
use crate::text::{Moment, Zone, block, label, line};
use crate::versions::SeenVersions;

/// People a page, and accounts.
const ENTRIES: usize = 100;
/// The word in the form for an account that is tied to nobody.
const NOBODY: &str = "nobody";
const UNKNOWN: &str = "unknown";

/// The people of the case as a choice: ids and names.
type People = [(String, String)];

/// An entry with a form.
pub(super) trait EditedEntry: KeptEntry {
    /// What an address says to show the form of a new one.
    const NEW: &'static str;
    /// What a page says after one was added, and after one was changed.
    const DONE: [&'static str; 2];

    /// The form's fields as an entry fills them in.
    fn fields(entry: Option<&CaseEntry<Self>>, people: &People) -> Vec<FieldView>;
}

/// An optional text as a field holds it.
fn text(value: Option<&String>) -> String {
    value.cloned().unwrap_or_default()
}

fn choices<W: crate::forms::Word>(first: &str) -> Vec<(String, String)> {
    let all = words::<W>().into_iter().map(|(word, name)| (word.to_owned(), name));
    let empty = (String::new(), first.to_owned());
    (!first.is_empty()).then_some(empty).into_iter().chain(all).collect()
}

fn reason() -> FieldView {
    FieldView::new("reason", "Reason for the change", "").hint("Kept on the record.")
}

impl EditedEntry for SubjectFields {
    const NEW: &'static str = "person";
    const DONE: [&'static str; 2] = ["person-added", "person-changed"];

    fn fields(entry: Option<&Subject>, _: &People) -> Vec<FieldView> {
        let kept = entry.map(|entry| entry.fields.clone()).unwrap_or_default();
        let juvenile = [
            ("", "Not answered"),
            ("true", "Yes"),
            ("false", "No"),
            (UNKNOWN, "Not known"),
        ];
        let juvenile = juvenile.map(|(word, name)| (word, name.to_owned()));
        let role = kept.role.map_or("", SubjectRole::as_str);
        // Nobody is held to be missing or wanted because a list began with that word.
        let first = if entry.is_none() { "Choose" } else { "" };
        let mut fields = vec![
            FieldView::new("name", "Name", text(kept.name.as_ref())).hint("Or what the person is called. Or: unknown."),
            FieldView::new("role", "Is, in this case", role).one_of(choices::<SubjectRole>(first)),
            FieldView::new("juvenile", "Juvenile", juvenile_word(kept.juvenile)).one_of(juvenile),
            FieldView::new("date_of_birth", "Date of birth", text(kept.date_of_birth.as_ref()))
                .hint("A day such as 2009-04-17, or unknown."),
            FieldView::new("description", "Description", text(kept.description.as_ref())).area(),
        ];
        fields.extend(entry.map(|_| reason()));
        fields
    }
}

fn juvenile_word(juvenile: Option<Juvenile>) -> &'static str {
    match juvenile {
        None => "",
        Some(Juvenile::Known(true)) => "true",
        Some(Juvenile::Known(false)) => "false",
        Some(Juvenile::Unknown(_)) => UNKNOWN,
    }
}

impl EditedEntry for AccountFields {
    const NEW: &'static str = "account";
    const DONE: [&'static str; 2] = ["account-added", "account-changed"];

    fn fields(entry: Option<&Account>, people: &People) -> Vec<FieldView> {
        let kept = entry.map(|entry| entry.fields.clone()).unwrap_or_default();
        // Only an account that is tied can be tied to nobody again.
        let nobody = if kept.subject_id.is_some() { NOBODY } else { "" };
        let tied = std::iter::once((nobody.to_owned(), "Nobody".to_owned())).chain(people.iter().cloned());
        let mut fields = vec![
            FieldView::new("platform", "Platform", text(kept.platform.as_ref()))
                .hint("Such as Instagram or Web.")
                .proposed("platforms"),
            FieldView::new("handle", "Handle", text(kept.handle.as_ref())),
            FieldView::new("platform_id", "Platform’s own id", text(kept.platform_id.as_ref()))
                .hint("The id is the account; handles change. Or: unknown."),
            FieldView::new("url", "Address", text(kept.url.as_ref())),
            FieldView::new("subject_id", "Tied to", text(kept.subject_id.as_ref())).one_of(tied),
            FieldView::new("attribution", "On what basis", text(kept.attribution.as_ref()))
                .hint("Who said so, which item. Needed where it is tied to a person."),
        ];
        if entry.is_some() {
            let hint = "Where the account itself took another handle: when, such as 2026-11-22 14:07. The handle before is kept.";
            fields.insert(2, FieldView::new("renamed_at", "Renamed at", "").hint(hint));
        }
        fields.extend(entry.map(|_| reason()));
        fields
    }
}

/// Which form the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum OpenForm {
    /// None.
    Closed,
    /// That of a new entry, by its word.
    New(String),
    /// That of an entry, by its id.
    Of(String),
}

impl OpenForm {
    /// As the page's address says.
    fn asked(page: &PageRequest) -> Self {
        let edit = page.query("edit").and_then(|id| parse_id(&id)).map(Self::Of);
        edit.or_else(|| page.query("add").map(Self::New))
            .unwrap_or(Self::Closed)
    }
}

/// A form that was refused, and what it showed at first.
#[derive(Default)]
struct RefusedForm {
    form: Option<FormView>,
    first: FirstShown,
}

/// A person in the page.
struct PersonCard {
    id: String,
    name: String,
    role: String,
    juvenile: Option<&'static str>,
    born: Option<String>,
    description: Option<String>,
    accounts: Vec<String>,
    edit: Option<EditForm>,
}

/// An account in the page.
struct AccountRow {
    id: String,
    handle: String,
    platform: String,
    platform_id: Option<String>,
    url: Option<String>,
    /// Whether the URL is no address.
    url_odd: bool,
    tied: Option<String>,
    basis: Option<String>,
    /// The handles that it had before, each until when.
    former: Vec<(String, Moment)>,
    /// How many captures name it.
    captures: i64,
    edit: Option<EditForm>,
}

#[derive(Template)]
#[template(path = "subjects/pages/people.html")]
struct PeoplePage {
    frame: Frame,
    page: CasePage,
    people: Vec<PersonCard>,
    accounts: Vec<AccountRow>,
    new_person: Option<EditForm>,
    new_account: Option<EditForm>,
    more_people: Option<String>,
    more_accounts: Option<String>,
    form: Option<FormView>,
}

/// What the page is made of.
struct PeopleAndAccounts {
    case: String,
    zone: String,
    choices: Vec<(String, String)>,
    mentions: Vec<Mention>,
    open: OpenForm,
    refused: RefusedForm,
}

impl PeopleAndAccounts {
    /// The form of an entry, where the page shows it.
    fn edit<F: EditedEntry>(&self, entry: &CaseEntry<F>) -> Option<EditForm> {
        let shown = self.open == OpenForm::Of(entry.id.clone());
        shown.then(|| {
            let action = format!("/cases/{}/{}/{}", self.case, F::PLACE, entry.id);
            let form = EditForm::new("edit", action, F::fields(Some(entry), &self.choices));
            self.sent(form.of_version(entry.version))
        })
    }

    /// The form of a new entry, where the page shows it.
    fn new_entry<F: EditedEntry>(&self) -> Option<EditForm> {
        let shown = self.open == OpenForm::New(F::NEW.to_owned());
        shown.then(|| {
            let action = format!("/cases/{}/{}", self.case, F::PLACE);
            self.sent(EditForm::new("new", action, F::fields(None, &self.choices)))
        })
    }

    fn sent(&self, form: EditForm) -> EditForm {
        form.in_zone(&self.zone)
            .again(self.refused.form.as_ref(), &self.refused.first)
    }

    fn person(&self, subject: &Subject, accounts: &[Account]) -> PersonCard {
        let fields = &subject.fields;
        let theirs = accounts
            .iter()
            .filter(|a| a.fields.subject_id.as_deref() == Some(&subject.id));
        PersonCard {
            id: subject.id.clone(),
            name: name_of(subject),
            role: fields.role.map(|role| label(role.as_str())).unwrap_or_default(),
            juvenile: fields.juvenile.map(|juvenile| match juvenile {
                Juvenile::Known(true) => "Juvenile",
                Juvenile::Known(false) => "Adult",
                Juvenile::Unknown(_) => "Juvenile or not: not known",
            }),
            born: fields.date_of_birth.as_deref().map(line),
            description: fields.description.as_deref().map(block),
            accounts: theirs.map(handle_of).collect(),
            edit: self.edit(subject),
        }
    }

    fn account(&self, account: &Account) -> AccountRow {
        let fields = &account.fields;
        let tied = fields.subject_id.as_deref();
        let name = |id: &str| {
            self.choices
                .iter()
                .find(|(known, _)| known == id)
                .map(|(_, name)| name.clone())
        };
        AccountRow {
            id: account.id.clone(),
            handle: handle_of(account),
            platform: fields.platform.as_deref().map(label).unwrap_or_default(),
            platform_id: fields.platform_id.as_deref().map(line),
            url: fields.url.as_deref().map(line),
            url_odd: fields
                .flags()
                .is_some_and(|flags| flags.contains(&EntryFlag::UrlUnparsed)),
            tied: tied.map(|id| name(id).unwrap_or_else(|| "a person on another page".to_owned())),
            basis: fields.attribution.as_deref().map(line),
            former: fields
                .former_handles
                .iter()
                .flatten()
                .map(|former| (line(&former.handle), Zone::named(Some(&self.zone)).at(former.until.0)))
                .collect(),
            captures: naming(fields, &self.mentions),
            edit: self.edit(account),
        }
    }
}

fn name_of(subject: &Subject) -> String {
    let name = subject.fields.name.as_deref().filter(|name| !name.trim().is_empty());
    name.map_or_else(|| "Name not known".to_owned(), line)
}

fn handle_of(account: &Account) -> String {
    let fields = &account.fields;
    let known = [&fields.handle, &fields.platform_id, &fields.url];
    known
        .into_iter()
        .flatten()
        .next()
        .map(|name| line(name))
        .unwrap_or_default()
}

pub(super) async fn people(id: PathId, page: PageRequest) -> Reply {
    let open = OpenForm::asked(&page);
    people_page(&page, &id.0, open, RefusedForm::default()).await
}

/// A page of entries with the one whose form is shown, and the address of those that follow.
async fn listed<F: KeptEntry>(
    page: &PageRequest,
    (case, name): (&str, &str),
    open: &OpenForm,
) -> Result<(Vec<CaseEntry<F>>, Option<String>)> {
    let after = page.query(name).and_then(|id| parse_id(&id));
    let query = Page {
        after,
        ..Page::first(ENTRIES)
    };
    let mut found = reads::of_case::<F>(&page.app.gate, &page.ctx, case.to_owned(), &query).await?;
    let more = found.len() > ENTRIES;
    found.truncate(ENTRIES);
    let last = found.last().filter(|_| more);
    let next = last.map(|entry| format!("/cases/{case}/people?{name}={}", entry.id));
    if let OpenForm::Of(id) = open
        && found.iter().all(|entry| entry.id != *id)
    {
        let case = case.to_owned();
        found.extend(reads::entry::<F>(&page.app.gate, &page.ctx, case, id.clone()).await?);
    }
    Ok((found, next))
}

async fn people_page(page: &PageRequest, case: &str, open: OpenForm, refused: RefusedForm) -> Reply {
    let (frame, case_page) = CasePage::of(page, case, Tab::People).await?;
    let (subjects, more_people) = listed::<SubjectFields>(page, (case, "people_after"), &open).await?;
    let (accounts, more_accounts) = listed::<AccountFields>(page, (case, "accounts_after"), &open).await?;
    let may = case_page.rights.writes_people;
    let all = PeopleAndAccounts {
        case: case.to_owned(),
        zone: case_page.case.time_zone.clone(),
        choices: subjects.iter().map(|s| (s.id.clone(), name_of(s))).collect(),
        mentions: reads::mentions(&page.app.gate, &page.ctx, case.to_owned()).await?,
        open: if may { open } else { OpenForm::Closed },
        refused,
    };
    let shown = PeoplePage {
        people: subjects.iter().map(|subject| all.person(subject, &accounts)).collect(),
        accounts: accounts.iter().map(|account| all.account(account)).collect(),
        new_person: all.new_entry::<SubjectFields>(),
        new_account: all.new_entry::<AccountFields>(),
        more_people,
        more_accounts,
        page: case_page,
        frame,
        form: all.refused.form,
    };
    pages::show(&shown, shown.form.as_ref())
}

pub(super) async fn add<F: EditedEntry>(PathId(case): PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let scope = Scope::Case(case.clone());
    let made = request.write(F::WRITE, scope, parse_new::<F>, ops::add).await;
    let again = async |form| people_page(&page, &case, OpenForm::New(F::NEW.to_owned()), first::<F>(form)).await;
    pages::answer(&page.req, made, |made| done(&made, F::DONE[0]), again).await
}

fn done<F: EditedEntry>(made: &CaseEntry<F>, word: &str) -> String {
    format!("/cases/{}/people?done={word}#{}", made.case_id, made.id)
}

/// A form that no version came before.
fn first<F: EditedEntry>(form: FormView) -> RefusedForm {
    RefusedForm {
        form: Some(form),
        first: FirstShown::new(),
    }
}

pub(super) async fn change<F: EditedEntry>(PathIds(case, id): PathIds, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = change_entry::<F>(Scope::Case(case.clone()), id.clone(), request).await;
    let again = async |form| change_again::<F>(&page, &case, id, form).await;
    pages::answer(&page.req, made, |made| done(&made, F::DONE[1]), again).await
}

async fn change_entry<F: EditedEntry>(scope: Scope, id: String, request: WriteRequest) -> Result<CaseEntry<F>> {
    let verb = move |tx: &mut Tx<'_>, seen: &SeenVersions, patch: &EntryPatch<F>| ops::change(tx, &id, seen, patch);
    request.change(F::WRITE, scope, patch_of::<F>, verb).await
}

/// A page's form says in a word what the API says with null.
fn patch_of<F: EditedEntry>(mut form: Form) -> Result<EntryPatch<F>> {
    if form.is_word("subject_id", NOBODY) {
        form.put_null("subject_id");
        form.value("attribution");
    }
    EntryPatch::parse(form)
}

async fn change_again<F: EditedEntry>(page: &PageRequest, case: &str, id: String, form: FormView) -> Reply {
    let mut refused = first::<F>(form);
    if let Some(version) = refused.form.as_ref().and_then(FormView::stale_version) {
        let which = (id.clone(), version);
        let before = reads::version_of::<F>(&page.app.gate, &page.ctx, case.to_owned(), which).await?;
        let fields = before.map(|entry| F::fields(Some(&entry), &[])).unwrap_or_default();
        refused.first = fields.into_iter().map(|field| (field.name, field.value)).collect();
    }
    people_page(page, case, OpenForm::Of(id), refused).await
}
