//! The demonstration's story: a fictional agency, told as the requests its people would send.

use serde_json::{Value, json};

use crate::policy::Role;

/// Somebody of the demonstration: user name, name, role, unit.
pub(super) struct DemoPerson(pub &'static str, pub &'static str, pub Role, pub usize);

/// The units, the first one at the top.
pub(super) const UNITS: [&str; 3] = [
    "Harbor City Police (DEMO)",
    "Missing Persons and Fugitives",
    "Cyber Crimes",
];

/// Who can sign in; the first of each role is that role's "1".
pub(super) const PEOPLE: [DemoPerson; 11] = [
    DemoPerson("ines.moreau", "Det. Ines Moreau", Role::Investigator, 1),
    DemoPerson("tom.abara", "Det. Tom Abara", Role::Investigator, 2),
    DemoPerson("lena.fisk", "Det. Lena Fisk", Role::Investigator, 1),
    DemoPerson("ruth.calder", "Sgt. Ruth Calder", Role::Supervisor, 1),
    DemoPerson("omar.velez", "Sgt. Omar Velez", Role::Supervisor, 2),
    DemoPerson("paul.niemi", "ADA Paul Niemi", Role::Prosecutor, 0),
    DemoPerson("grace.obuya", "ADA Grace Obuya", Role::Prosecutor, 0),
    DemoPerson("hugo.lind", "Hugo Lind", Role::Auditor, 0),
    DemoPerson("mara.stein", "Mara Stein", Role::Auditor, 0),
    DemoPerson("nils.berg", "Nils Berg", Role::Administrator, 0),
    DemoPerson("vera.koch", "Vera Koch", Role::Administrator, 0),
];

/// The cases: who opens each, and what is sent. `{id:user}` stands for a user's id.
pub(super) fn cases(id: impl Fn(&str) -> String) -> Vec<(&'static str, Value)> {
    vec![
        (
            "ines.moreau",
            json!({
                "title": "Missing: Dana Whitlow (15), last seen at the ferry terminal", "kind": "missing_person", "number": "26-004417",
                "time_zone": "America/New_York", "jurisdiction": "Harbor City", "offense": "none known",
                "particulars": {
                    "name": "Dana Whitlow", "date_of_birth": "2011-04-17", "last_seen_at": "2026-10-30T21:10:00-04:00",
                    "last_seen_where": "Ferry terminal, pier 2", "description": "1.60 m, brown hair, green jacket, white sneakers",
                    "endangered": true, "ncic": {"number": "M123456789", "entered_at": "2026-10-31T02:05:00Z"}
                }
            }),
        ),
        (
            "tom.abara",
            json!({
                "title": "Wanted: K. Rowan, failure to appear", "kind": "wanted_person", "number": "26-003902", "time_zone": "America/New_York",
                "particulars": {"warrant_number": "W-26-1188", "court": "Harbor County Superior Court", "offense": "burglary, second degree", "caution": "none known"}
            }),
        ),
        (
            "tom.abara",
            json!({
                "title": "Threats against a witness", "kind": "online_crime", "number": "26-004020", "handling": "confidential",
                "supervisor_id": id("omar.velez"), "time_zone": "America/New_York",
                "particulars": {"offense": "witness intimidation", "victim_reference": "V-1", "platforms": ["instagram", "telegram"]}
            }),
        ),
        (
            "ines.moreau",
            json!({
                "title": "Assault at pier 4, streamed live", "kind": "crime_media", "number": "26-004101", "time_zone": "America/New_York",
                "particulars": {"incident_at": "2026-11-07T23:12:00-05:00", "incident_where": "Pier 4, parking lot", "poster_role": "observer"}
            }),
        ),
    ]
}

/// The authorization of the first case.
pub(super) fn authorization(holder: &str, ends_at: &str) -> Value {
    json!({
        "level": "overt", "holders": [holder], "platforms": ["web", "instagram"],
        "searches": ["ferry terminal green jacket", "Dana Whitlow"],
        "purpose": "find out who saw Dana Whitlow after 30 October and where",
        "predicate": "missing child, agency policy 4.12(b)", "devices": ["agency"], "ends_at": ends_at,
        "attestations": ["not_based_solely_on_protected_activity", "no_contact"]
    })
}

/// A capture: what is sent, and the file that goes with it.
pub(super) struct DemoCapture {
    pub case: usize,
    pub by: &'static str,
    pub json: Value,
    pub file: Option<(&'static str, &'static [u8])>,
}

impl DemoCapture {
    /// With a screenshot.
    fn shot(mut self, name: &'static str, bytes: &'static [u8]) -> Self {
        self.json["files"] = json!([{"part": "shot", "name": name, "role": "screenshot"}]);
        self.file = Some((name, bytes));
        self
    }
}

/// Who logs, in which case, and when.
struct Desk<'a> {
    case: usize,
    by: &'static str,
    at: &'a str,
}

impl Desk<'_> {
    /// A capture that says this, and what every capture of the demo says of itself.
    fn capture(&self, platform: &str, kind: &str, url: &str, more: Value) -> DemoCapture {
        let mut json = json!({
            "kind": kind, "platform": platform, "url": url, "captured_at": self.at, "method": "manual_screenshot",
            "tool": {"name": "Chromium", "version": "156.0"}, "level": "overt", "device": "agency", "visibility": "public",
            "access_means": "official_account"
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            json[name] = value.clone();
        }
        let (case, by) = (self.case, self.by);
        DemoCapture {
            case,
            by,
            json,
            file: None,
        }
    }
}

const POST: &[u8] = include_bytes!("post.png");
const PROFILE: &[u8] = include_bytes!("profile.png");
const VIDEO: &[u8] = include_bytes!("video.png");

/// The captures, in the order in which they are logged, all at one time.
pub(super) fn captures(at: &str) -> Vec<DemoCapture> {
    let desk = |case, by| Desk { case, by, at };
    let (missing, wanted) = (desk(0, "ines.moreau"), desk(1, "tom.abara"));
    let (threats, assault) = (desk(2, "tom.abara"), desk(3, "ines.moreau"));
    let post = json!({
        "account": {"handle": "@harborlight_77", "platform_id": "unknown"},
        "text": "Saw this girl by the ferry tonight, green jacket, looked lost. Anyone know her? #harborcity",
        "platform_time_text": "Nov 8 · 9:47 PM", "posted_at": "2026-11-09T02:47:00Z", "posted_at_basis": "shown"
    });
    let profile = json!({"account": {"handle": "@river_k"}, "note": "named in a comment under item 1"});
    let timetable = json!({"note": "timetable of the night in question"});
    let search = json!({"text": "searched for the full name; found nothing"});
    let tip = json!({"basis": {"kind": "third_party", "reason": "tip line, call 1182"}});
    let threat = json!({"basis": {"kind": "consent", "reason": "shown by the victim, statement V-1"}, "text": "we know where you park"});
    let reel = json!({
        "account": {"handle": "@pier4live"}, "text": "LIVE 00:12",
        "basis": {"kind": "emergency", "reason": "assault under way, victim not yet found"}
    });
    let repost = json!({"account": {"handle": "@pier4live"}, "text": "repost, seen without leave for this platform"});
    vec![
        missing
            .capture("instagram", "post", "https://www.instagram.example/p/C81harbor/", post)
            .shot("post.png", POST),
        missing
            .capture(
                "instagram",
                "profile",
                "https://www.instagram.example/river_k/",
                profile,
            )
            .shot("profile.png", PROFILE),
        missing.capture("web", "link", "https://ferries.example/timetable/2026-10-30", timetable),
        missing.capture("web", "lookup", "https://search.example/?q=dana+whitlow", search),
        wanted.capture("web", "link", "https://news.example/rowan", tip),
        threats.capture("telegram", "message", "https://t.example/c/77/12", threat),
        assault
            .capture("instagram", "video", "https://www.instagram.example/reel/pier4/", reel)
            .shot("reel.png", VIDEO),
        assault.capture("tiktok", "post", "https://www.tiktok.example/@pier4live/1", repost),
    ]
}
