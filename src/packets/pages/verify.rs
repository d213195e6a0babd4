//! The page on which anyone signed in has a packet or another file verified. The verdict is shown in the answer to the form
//! and kept nowhere.

use actix_web::HttpRequest;
use actix_web::web::Payload;
use askama::Template;

use crate::captures::CaptureState;
use crate::captures::by_digest::DigestMatch;
use crate::error::Result;
use crate::forms::Word;
use crate::gate::RequestCtx;
use crate::http::App;
use crate::http::pages::{self, FormView, Frame, Nav, PageRequest};
use crate::http::reply::Reply;
use crate::packets::inspection::{self, CheckedFile, KeySource};
use crate::packets::reads;
use crate::text::{count, counted, groups, label, line, size};
use crate::verify::{Finding, Grade, OTHERS, PAGE_RULE, Report, Verdict, VerifyOutcome};

/// Findings shown one by one.
const FINDINGS: usize = 200;
/// Findings told in the line of a grade.
const TOLD: usize = 3;

/// One of the six questions to a packet, and its answer.
struct ShownGrade {
    name: String,
    verdict: Verdict,
    says: Vec<String>,
}

/// A finding in words.
struct ShownFinding {
    verdict: Verdict,
    file: String,
    says: String,
    rule: &'static str,
}

/// The verdict about a packet.
struct ShownVerdict {
    class: &'static str,
    icon: &'static str,
    headline: &'static str,
    advice: &'static str,
    packet: Option<String>,
    checked: String,
    key: String,
    unchecked: &'static str,
    grades: Vec<ShownGrade>,
    findings: Vec<ShownFinding>,
    /// Findings beyond those shown.
    more: u64,
}

/// A capture that holds the file.
struct ShownMatch {
    capture: String,
    item: i64,
    case: String,
    case_id: String,
    state: String,
    withheld: bool,
}

/// What came of a file.
struct VerifyAnswer {
    name: String,
    size: String,
    groups: Vec<String>,
    media_type: std::borrow::Cow<'static, str>,
    verdict: Option<ShownVerdict>,
    matches: Vec<ShownMatch>,
    more: bool,
}

#[derive(Template)]
#[template(path = "packets/pages/verify.html")]
struct VerifyPage {
    frame: Frame,
    /// This agency's key.
    key: String,
    answer: Option<VerifyAnswer>,
    form: FormView,
}

pub async fn verify_form(page: PageRequest) -> Reply {
    verify_page(&page, FormView::default(), None).await
}

pub async fn verify(req: HttpRequest, payload: Payload, requester: RequestCtx, app: App) -> Reply {
    let page = PageRequest::of(&req)?;
    match inspection::take(&req, payload, &requester, &app).await {
        Ok((checked, name)) => {
            let answer = VerifyAnswer::of(&checked, &name);
            verify_page(&page, FormView::as_sent(&req), Some(answer)).await
        }
        Err(e) => verify_page(&page, FormView::refused(&req, e)?, None).await,
    }
}

async fn verify_page(page: &PageRequest, form: FormView, answer: Option<VerifyAnswer>) -> Reply {
    let shown = VerifyPage {
        frame: page.frame("Verify", Nav::Verify).await?,
        key: own_key(page).await?,
        answer,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

async fn own_key(page: &PageRequest) -> Result<String> {
    reads::log_key(&page.app.gate, &page.ctx).await
}

impl VerifyAnswer {
    fn of(checked: &CheckedFile, name: &str) -> Self {
        Self {
            name: line(name),
            size: size(checked.size),
            groups: groups(&checked.sha256),
            media_type: checked.media_type.clone(),
            verdict: checked.report.as_ref().map(|report| ShownVerdict::of(report, checked)),
            matches: checked.captures.iter().map(shown_match).collect(),
            more: checked.more,
        }
    }
}

fn shown_match(found: &DigestMatch) -> ShownMatch {
    let state = CaptureState::from_word(&found.state);
    ShownMatch {
        capture: found.capture_id.clone(),
        item: found.item,
        case: line(&found.case_number),
        case_id: found.case_id.clone(),
        state: state.map_or_else(String::new, |state| label(state.as_str())),
        withheld: found.withheld,
    }
}

impl ShownVerdict {
    fn of(report: &Report, checked: &CheckedFile) -> Self {
        let (class, icon, headline, advice) = headline(report);
        let shown = report.findings.len().min(FINDINGS);
        Self {
            class,
            icon,
            headline,
            advice,
            packet: report.packet.as_ref().map(|head| {
                let demo = if head.demo { "DEMO. " } else { "" };
                let (name, purpose, origin) = (line(&head.name), label(&head.purpose), line(&head.origin));
                format!("{demo}{name}, {}, of the log {origin}", purpose.to_lowercase())
            }),
            checked: counts(report),
            key: key(checked),
            unchecked: match report.finds(PAGE_RULE, Verdict::Passed) {
                true => "",
                false => "Whether index.html shows what the records say.",
            },
            grades: report.grades.all().map(|grade| graded(report, grade)).into(),
            findings: report.findings[..shown].iter().map(shown_finding).collect(),
            more: (report.findings.len() - shown) as u64 + report.more_failed,
        }
    }
}

/// How the outcome looks, what it is called, and what to do about it.
fn headline(report: &Report) -> (&'static str, &'static str, &'static str, &'static str) {
    let anchored = !report.anchored.is_empty();
    match report.outcome {
        VerifyOutcome::Passed if report.finds(OTHERS, Verdict::NotChecked) => (
            "verdict--part",
            "shield",
            "Passed. Intact, and signed by the agency. It bears signatures that nobody named.",
            "Nothing checks those, and anyone can add one. They are named below, under the log.",
        ),
        VerifyOutcome::Passed if anchored => ("", "shield", "Passed. Intact, and signed by the agency. Anchored.", ""),
        VerifyOutcome::Passed => (
            "verdict--part",
            "shield",
            "Passed. Intact, and signed by the agency. Never anchored.",
            "",
        ),
        VerifyOutcome::SignerNotChecked => (
            "verdict--part",
            "shield",
            "Intact. Signer not checked.",
            "Nothing in it contradicts itself, but anyone could have made it. Ask the agency for its key by another way than this file, and check again with it.",
        ),
        VerifyOutcome::Failed if report.packet.is_some() && report.fails_only(is_around) => (
            "verdict--bad",
            "shield-off",
            "Failed: this is not a packet as it was issued.",
            "The ZIP was packed again or changed, or holds what an operating system left; what was issued is in it, and that is intact. Ask for the ZIP as it was downloaded.",
        ),
        VerifyOutcome::Failed => (
            "verdict--bad",
            "shield-off",
            "Failed: this is not a packet as it was issued.",
            "Do not rely on this copy. Ask who gave it to you for another one, and compare the SHA-256 on the disc.",
        ),
        VerifyOutcome::Unreadable => (
            "verdict--bad",
            "shield-off",
            "This is no packet that can be read.",
            "Choose the ZIP as it was downloaded, not one that was packed again.",
        ),
    }
}

/// Whether a rule is about what has gathered around the packet.
fn is_around(rule: &str) -> bool {
    rule == "layout.litter" || rule.starts_with("zip.")
}

fn counts(report: &Report) -> String {
    let c = &report.counts;
    format!(
        "{} with {}, {} ({} withheld), {} ({} withheld), {} of {} in the inventory, {}",
        counted(c.files, "file", "files"),
        size(c.bytes),
        counted(c.events, "event", "events"),
        count(c.events_withheld),
        counted(c.records, "record", "records"),
        count(c.records_withheld),
        counted(c.exhibits, "exhibit", "exhibits"),
        counted(c.captures, "capture", "captures"),
        counted(c.signatures, "signature", "signatures"),
    )
}

fn key(checked: &CheckedFile) -> String {
    match &checked.key {
        Some(key) if key.source == KeySource::Given => format!("The key you gave: {}", line(&key.vkey)),
        Some(key) => format!("This agency\u{2019}s own key, from its ledger: {}", line(&key.vkey)),
        None if checked.report.as_ref().is_none_or(|report| report.packet.is_none()) => {
            "No key: it could not be read far enough to see which log signed it.".into()
        }
        None => "No key: the packet names another log than this agency\u{2019}s, and you gave none.".into(),
    }
}

fn graded(report: &Report, (grade, name, verdict): (Grade, &str, Verdict)) -> ShownGrade {
    let ours = |finding: &&Finding| finding.grade == grade;
    let of = |verdict: Verdict| {
        let those = report.findings.iter().filter(ours);
        those
            .filter(move |finding| finding.verdict == verdict && !finding.is_remark())
            .collect::<Vec<_>>()
    };
    let name = label(name);
    if verdict == Verdict::Passed
        && let Some(words) = passed(grade, report)
    {
        let absent = of(Verdict::Absent).into_iter();
        let remarks = report
            .findings
            .iter()
            .filter(ours)
            .filter(|finding| finding.is_remark());
        let says = std::iter::once(words)
            .chain(remarks.map(|finding| format!("Not checked: {}", told(finding))))
            .chain(absent.map(|finding| format!("Absent: {}", told(finding))))
            .collect();
        return ShownGrade { name, verdict, says };
    }
    let found = of(verdict);
    let mut says: Vec<String> = found.iter().take(TOLD).map(|finding| told(finding)).collect();
    if found.len() > TOLD {
        says.push(format!("And {} more, below.", found.len() - TOLD));
    }
    if says.is_empty() {
        says.push(match verdict {
            Verdict::Failed => "More failed than is listed.".into(),
            _ => unasked(grade).into(),
        });
    }
    ShownGrade { name, verdict, says }
}

/// What is said where no finding answers.
fn unasked(grade: Grade) -> &'static str {
    match grade {
        Grade::Bytes => "The files were not looked at.",
        Grade::Records => "Records, exhibits and inventory were not looked at.",
        Grade::Log => "The log was not looked at.",
        Grade::Time => "No time token was looked for.",
        Grade::Witnesses => "No witness was looked for.",
        Grade::Signer => "The signer was not looked at.",
    }
}

/// What a grade that passed comes to, in words.
fn passed(grade: Grade, report: &Report) -> Option<String> {
    let c = &report.counts;
    Some(match grade {
        Grade::Bytes => format!(
            "{} are what the manifests list: none more, none less.",
            counted(c.files, "file", "files")
        ),
        Grade::Records => format!(
            "{} are those that their events bound. {}, their files and the inventory of {} say what they say.",
            counted(c.records, "record", "records"),
            counted(c.exhibits, "exhibit", "exhibits"),
            counted(c.captures, "capture", "captures"),
        ),
        Grade::Log => format!(
            "{} form one unbroken chain, and the issue of this packet stands in the tree that the log\u{2019}s checkpoint signs.",
            counted(c.events, "event", "events")
        ),
        Grade::Signer => "The checkpoint is signed by the key that you trust.".into(),
        _ => return None,
    })
}

/// A finding as a sentence.
fn told(finding: &Finding) -> String {
    let says = line(&finding.message);
    match finding.file.as_str() {
        "" => says,
        file => format!("{}: {says}", line(file)),
    }
}

fn shown_finding(finding: &Finding) -> ShownFinding {
    ShownFinding {
        verdict: finding.verdict,
        file: line(&finding.file),
        says: line(&finding.message),
        rule: finding.rule,
    }
}
