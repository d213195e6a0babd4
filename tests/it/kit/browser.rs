//! A browser without a window: a session's cookie, and forms sent as a page sends them.

use reqwest::blocking::{RequestBuilder, Response, multipart};

use super::{App, Client, PASSWORD};

/// A browser of somebody signed in.
pub struct Browser<'a> {
    pub client: &'a Client,
    pub cookie: String,
}

/// A page as it came.
pub struct Page {
    pub status: u16,
    pub location: String,
    pub cookie: String,
    pub text: String,
    pub policy: String,
}

impl Page {
    pub fn of(response: Response) -> Self {
        let header = |name: &str| {
            let value = response.headers().get(name);
            value.map_or("", |v| v.to_str().unwrap()).to_owned()
        };
        Self {
            status: response.status().as_u16(),
            location: header("location"),
            cookie: header("set-cookie"),
            policy: header("content-security-policy"),
            text: response.text().unwrap(),
        }
    }

    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    #[track_caller]
    pub fn says(&self, text: &str) {
        assert!(self.text.contains(text), "{text:?} is not in {}", self.text);
    }

    #[track_caller]
    pub fn does_not_say(&self, text: &str) {
        assert!(!self.text.contains(text), "{text:?} is in {}", self.text);
    }

    /// The path that the answer leads to, without what was done.
    pub fn leads_to(&self) -> &str {
        self.location.split('?').next().unwrap()
    }

    /// The id of the capture that the answer leads to.
    pub fn capture(&self) -> &str {
        self.leads_to().trim_start_matches("/captures/")
    }

    /// The value of the first hidden field of a name.
    pub fn hidden(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let rest = self.text.split(&mark).nth(1).unwrap_or_default();
        rest.split('"').next().unwrap_or_default().to_owned()
    }
}

impl<'a> Browser<'a> {
    pub fn nobody(app: &'a App) -> Self {
        Self {
            client: &app.nobody,
            cookie: String::new(),
        }
    }

    pub fn signed_in(app: &'a App, username: &str) -> Self {
        let mut browser = Self::nobody(app);
        let form = [("username", username), ("password", PASSWORD)];
        let page = sent(browser.request("POST", "/sign-in"), &form).is(303);
        assert_eq!(page.location, "/");
        for part in [
            "__Host-casetrail=",
            "; HttpOnly",
            "; Secure",
            "; SameSite=Lax",
            "; Path=/",
        ] {
            assert!(page.cookie.contains(part), "{part} is not in {}", page.cookie);
        }
        browser.cookie = page.cookie.split(';').next().unwrap().to_owned();
        browser
    }

    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let request = self.client.request(method, path).header("Accept", "text/html");
        match method {
            "POST" => request.header("Sec-Fetch-Site", "same-origin"),
            _ => request,
        }
        .header("Cookie", &self.cookie)
    }

    pub fn get(&self, path: &str) -> Page {
        Page::of(self.request("GET", path).send().unwrap())
    }

    pub fn form_token(&self) -> String {
        self.get("/password").hidden("form_token")
    }

    /// Sends a form as its page does.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let token = self.form_token();
        let all: Vec<(&str, &str)> = [("form_token", token.as_str())]
            .into_iter()
            .chain(fields.iter().copied())
            .collect();
        sent(self.request("POST", path), &all)
    }

    /// Sends the form that logs a capture, with a file where one is given.
    pub fn log(&self, case: &str, fields: &[(&str, &str)], file: Option<(&str, &[u8])>) -> Page {
        let mut form = multipart::Form::new().text("form_token", self.form_token());
        for (name, value) in fields {
            form = form.text((*name).to_owned(), (*value).to_owned());
        }
        let (name, bytes) = file.unwrap_or(("", b""));
        let part = multipart::Part::bytes(bytes.to_vec()).file_name(name.to_owned());
        form = form.part("file", part);
        Page::of(
            self.request("POST", &format!("/cases/{case}/captures"))
                .multipart(form)
                .send()
                .unwrap(),
        )
    }
}

/// Sends a form as a browser does.
pub fn sent(request: RequestBuilder, fields: &[(&str, &str)]) -> Page {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let typed = request.header("Content-Type", "application/x-www-form-urlencoded");
    Page::of(typed.body(body).send().unwrap())
}
