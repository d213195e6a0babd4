//! What the form of a page leaves to the server: kind, platform, method and tool, told by the link and the files that come
//! with it. The API says all of them itself.

use super::file_names::{extension, kind_of};
use super::new::{WhereAsked, fill_in, is_handed_over};
use super::{BasisKind, CaptureKind, FileRole, Method, NewCapture};
use crate::clock::{self, Micros};
use crate::error::Result;
use crate::forms::{Form, Word};

/// What comes with a page's form.
pub struct PageArrival<'a> {
    pub now: Micros,
    /// The first file's name and the type that its sender gives it.
    pub file: Option<(&'a str, Option<&'a str>)>,
    /// What its sender says that the files are.
    pub role: Option<FileRole>,
    /// What the browser says that it is.
    pub agent: &'a str,
}

/// The choice for what is from no platform.
pub const NO_PLATFORM: &str = "none";

impl NewCapture {
    /// Reads and checks what a page's form says. A time that was left empty is that of the receipt. Its files are added as they come.
    pub fn of_page(mut form: Form, arrival: &PageArrival<'_>) -> Result<Self> {
        let untimed = !form.has("captured_at");
        if untimed {
            form.put("captured_at", clock::format(arrival.now));
            // Now is no guess.
            form.value("captured_at_basis");
        }
        if form.value("found_nothing").is_some() {
            form.must("text", "must say what you searched for");
        }
        let from_none = choose_platform(&mut form);
        let (has_link, handed) = (form.has("url"), handed_over(&form));
        let by_file = arrival.file.filter(|_| !has_link);
        fill_in(
            &mut form,
            by_file.map_or(CaptureKind::Document, |(name, media)| kind_of(name, media)),
        );
        let kind = form.peek("kind").and_then(CaptureKind::from_word);
        let told = match (has_link, by_file) {
            _ if from_none || handed.is_some() || form.has("platform") => true,
            (true, _) => kind.is_some_and(|kind| kind.stands_alone()),
            (false, file) => file.is_none(),
        };
        if !told {
            let what = if has_link { "the link does" } else { "a file alone does" };
            form.refuse("platform", "required", format!("must be chosen: {what} not say it"));
        }
        put_method(&mut form, handed, arrival);
        let free = by_file.is_some() && kind.is_some_and(CaptureKind::comes_as_file);
        let asked = if free || from_none || !told {
            WhereAsked::Elsewhere
        } else {
            WhereAsked::Here
        };
        Ok(Self {
            untimed,
            ..Self::read(form, asked)?
        })
    }
}

/// Puts the platform that was typed in place of the one chosen. Whether it is said to be from none.
pub fn choose_platform(form: &mut Form) -> bool {
    if let Some(typed) = form.text("platform_other", 100) {
        form.put("platform", typed);
    }
    let none = form.peek("platform").is_some_and(|platform| platform == NO_PLATFORM);
    if none {
        form.value("platform");
    }
    none
}

/// What it rests on, where somebody handed it over.
fn handed_over(form: &Form) -> Option<BasisKind> {
    let kind = BasisKind::from_word(form.peek_in("basis", "kind")?)?;
    is_handed_over(kind).then_some(kind)
}

/// Method and tool where they were left empty. The browser took a screenshot, and nothing else: a file chosen from a disk,
/// a link and a search without a file were put in through the form, for which `import` is the word that claims least.
fn put_method(form: &mut Form, handed: Option<BasisKind>, arrival: &PageArrival<'_>) {
    if !form.has("method") {
        let method = match (handed, arrival.file) {
            (Some(BasisKind::ThirdParty), _) => Method::ThirdParty,
            (None, Some((name, _))) if is_screenshot(name, arrival.role) => Method::ManualScreenshot,
            _ => Method::Import,
        };
        form.put("method", method.as_str().to_owned());
    }
    if form.has("tool") {
        return;
    }
    let method = form.peek("method").and_then(Method::from_word);
    let (name, version) = match method {
        Some(Method::ManualScreenshot) => browser(arrival.agent),
        Some(Method::Import | Method::ThirdParty | Method::PlatformReturn | Method::DevicePhoto) => {
            ("Casetrail’s form".to_owned(), env!("CARGO_PKG_VERSION").to_owned())
        }
        _ => return,
    };
    form.put_object("tool", vec![("name", name), ("version", version)]);
}

/// Screens are saved as PNG.
fn is_screenshot(name: &str, role: Option<FileRole>) -> bool {
    match role {
        Some(role) => role == FileRole::Screenshot,
        None => extension(name) == "png",
    }
}

/// Name and version of a browser, by what it says of itself.
pub fn browser(agent: &str) -> (String, String) {
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
