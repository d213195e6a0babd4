//! How one browser shows pages: the theme, and whether single keys do anything. Two cookies keep it, which say nothing
//! else and are of no use to anybody.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};

use crate::words;

words! {
    /// Light or dark.
    Theme {
        /// As the system says.
        System = "system",
        /// Light.
        Light = "light",
        /// Dark.
        Dark = "dark",
    }
}

words! {
    /// Keys that do something without Ctrl or Alt (WCAG 2.1.4).
    SingleKeys {
        /// They do.
        Work = "on",
        /// They do nothing.
        Rest = "off",
    }
}

/// How a browser shows pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looks {
    pub theme: Theme,
    pub keys: SingleKeys,
}

const THEME: &str = "theme";
const KEYS: &str = "single-keys";
/// Days that a browser keeps them.
const KEPT: i64 = 400;

impl Looks {
    /// As the request's cookies say; without them as the system says, with keys.
    pub fn of(req: &HttpRequest) -> Self {
        let word = |name: &str| req.cookie(name).map(|cookie| cookie.value().to_owned());
        Self {
            theme: word(THEME).and_then(|word| word.parse().ok()).unwrap_or(Theme::System),
            keys: word(KEYS)
                .and_then(|word| word.parse().ok())
                .unwrap_or(SingleKeys::Work),
        }
    }

    /// The cookies that keep them.
    pub fn cookies(self) -> [Cookie<'static>; 2] {
        [cookie(THEME, self.theme.as_str()), cookie(KEYS, self.keys.as_str())]
    }

    /// The theme, where it is not the system's.
    pub fn theme_word(&self) -> Option<&'static str> {
        (self.theme != Theme::System).then(|| self.theme.as_str())
    }

    /// Whether single keys do nothing.
    pub fn keys_rest(&self) -> bool {
        self.keys == SingleKeys::Rest
    }
}

fn cookie(name: &'static str, word: &'static str) -> Cookie<'static> {
    Cookie::build(name, word)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(Duration::days(KEPT))
        .finish()
}
