//! Captures and corrections as they are sent.

use super::file_names::{extension, is_archive};
use super::odd::of_said;
use super::{
    AuthorAccount, Basis, BasisKind, CaptureKind, CapturedBasis, FILES, FileRole, Flag, Method, Particulars, Tool,
    WithheldFile, recognize,
};
use crate::clock::Micros;
use crate::error::{Error, Result};
use crate::forms::{FILE_NAME, FieldSet, Form, LINE, REASON, TEXT};
use crate::lookalike::is_blank;
use crate::proof::id::Digest;
use crate::subjects::handle;

/// A file that was announced.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// The part that brings it; none for a hash-only entry.
    pub part: Option<String>,
    /// The finished upload that brought it before.
    pub upload: Option<String>,
    pub name: Option<String>,
    pub role: FileRole,
    pub sha256: Option<Digest>,
    pub size: Option<u64>,
    pub withheld: Option<WithheldFile>,
}

/// Where it was asked where a capture is from: by platform and address, or by a page that knows the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WhereAsked {
    Here,
    Elsewhere,
}

/// A capture about to be recorded.
#[derive(Debug, Clone)]
pub struct NewCapture {
    pub kind: CaptureKind,
    pub captured_at: Micros,
    /// Whether nobody gave a time: then it is that of the receipt.
    pub untimed: bool,
    pub captured_at_basis: Option<CapturedBasis>,
    pub particulars: Particulars,
    pub note: Option<String>,
    /// What the sender says it rests on. Without that, the server looks for an authorization that covers it.
    pub basis: Option<Basis>,
    /// The alias under which it was made, by its id. No record of the capture tells it.
    pub alias_id: Option<String>,
    pub files: Vec<NewFile>,
    /// What is odd about what was said.
    pub noticed: Vec<Flag>,
}

impl NewCapture {
    /// Reads and checks it.
    pub fn parse(form: Form) -> Result<Self> {
        Self::read(form, WhereAsked::Here)
    }

    /// The same, where a page may have asked in another way where it is from.
    pub(super) fn read(mut form: Form, asked: WhereAsked) -> Result<Self> {
        let basis = form.object("basis", claim);
        let kind = form.required_word::<CaptureKind>("kind").unwrap_or(CaptureKind::Link);
        let handed = basis.as_ref().is_some_and(|b| is_handed_over(b.kind));
        let loose = asked == WhereAsked::Elsewhere || kind.stands_alone();
        let by_hand = "unless the basis is legal_process, consent or third_party";
        let by_kind = "unless the kind is message or document";
        let needed = [
            ("level", handed, by_hand),
            ("device", handed, by_hand),
            ("url", loose, by_kind),
            ("platform", loose || handed, by_kind),
        ];
        for (field, _, unless) in needed.iter().filter(|(_, excused, _)| !excused) {
            form.must(field, &format!("must be given, {unless}"));
        }
        form.must_word::<Method>("method");
        form.must("tool", "must name what took it: {\"name\": …, \"version\": …}");
        let mut new = Self {
            kind,
            basis,
            captured_at: form.required_time("captured_at"),
            untimed: false,
            captured_at_basis: form.word("captured_at_basis"),
            files: form.objects("files", FILES, file),
            alias_id: form.id("alias_id"),
            particulars: Particulars::take(&mut form),
            note: form.text("note", TEXT),
            noticed: Vec::new(),
        };
        new.noticed = of_said(&form, &new.particulars);
        distinct_parts(&mut form, &new.files);
        form.done()?;
        Ok(new)
    }
}

impl NewCapture {
    /// Reads what is known before it is logged: nothing need be there, and a time that was left out is now.
    pub fn sketch(mut form: Form, now: Micros) -> Result<Self> {
        fill_in(&mut form, CaptureKind::Document);
        let mut new = Self {
            basis: form.object("basis", claim),
            kind: form.word("kind").unwrap_or(CaptureKind::Link),
            captured_at: form.time("captured_at").unwrap_or(now),
            untimed: false,
            captured_at_basis: form.word("captured_at_basis"),
            files: form.objects("files", FILES, sketched_file),
            alias_id: form.id("alias_id"),
            particulars: Particulars::take(&mut form),
            note: form.text("note", TEXT),
            noticed: Vec::new(),
        };
        new.noticed = of_said(&form, &new.particulars);
        form.done()?;
        Ok(new)
    }

    /// The same as it is received now.
    pub fn received(&self, now: Micros) -> Self {
        Self {
            captured_at: if self.untimed { now } else { self.captured_at },
            ..self.clone()
        }
    }

    /// Adds a file under the name that its sender gives it.
    pub fn add_file(&mut self, name: &str, role: Option<FileRole>) -> Result<()> {
        if self.files.len() == FILES {
            let message = format!("has more than the {FILES} files that one capture takes");
            return Err(Error::field("file", "too_many", message));
        }
        if name.chars().count() > FILE_NAME || name.contains('\0') {
            let message =
                format!("has a name of more than {FILE_NAME} characters, or with a NUL in it: rename the file");
            return Err(Error::field("file", "too_long", message));
        }
        self.files.push(NewFile {
            part: None,
            upload: None,
            name: Some(name.to_owned()),
            role: role.unwrap_or_else(|| self.role_of(name)),
            sha256: None,
            size: None,
            withheld: None,
        });
        Ok(())
    }
}

impl NewCapture {
    /// Adds a file that a finished upload brought.
    pub fn add_upload(&mut self, id: &str, name: &str, role: Option<FileRole>) -> Result<()> {
        self.add_file(name, role)?;
        if let Some(file) = self.files.last_mut() {
            file.upload = Some(id.to_owned());
        }
        Ok(())
    }

    /// Refuses a page's form that brings neither a link nor a text nor a file.
    pub fn check_says_something(&self) -> Result<()> {
        let said = &self.particulars;
        if said.url.is_some() || said.text.is_some() || !self.files.is_empty() {
            return Ok(());
        }
        let message = "must be given, or a text, or a file: there is nothing to log yet";
        Err(Error::field("url", "required", message))
    }

    /// The finished uploads that it names.
    pub fn uploads(&self) -> Vec<String> {
        self.files.iter().filter_map(|file| file.upload.clone()).collect()
    }

    /// What a file is by its name: screens are saved as PNG, web archives have names of their own.
    fn role_of(&self, name: &str) -> FileRole {
        match &*extension(name) {
            _ if is_archive(name) => FileRole::Archive,
            "png" if self.particulars.method == Some(Method::ManualScreenshot) => FileRole::Screenshot,
            _ => FileRole::Original,
        }
    }
}

/// What was left empty and the address tells: platform, kind and account. What comes without an address has the other kind.
pub(super) fn fill_in(form: &mut Form, without_address: CaptureKind) {
    let told = form.peek("url").map(recognize).unwrap_or_default();
    if let Some(platform) = told.platform.filter(|_| !form.has("platform")) {
        form.put("platform", platform.to_owned());
    }
    if !form.has("kind") {
        let by_url = match form.has("url") {
            true => CaptureKind::Link,
            false => without_address,
        };
        let kind = told.kind.unwrap_or(by_url);
        form.put("kind", kind.as_str().to_owned());
    }
    if let Some(account) = told.account.filter(|_| !form.has("account")) {
        form.put_object("account", vec![("handle", account)]);
    }
}

pub(super) fn is_handed_over(kind: BasisKind) -> bool {
    matches!(
        kind,
        BasisKind::LegalProcess | BasisKind::Consent | BasisKind::ThirdParty
    )
}

fn claim(form: &mut Form) -> Basis {
    let kind = form.required_word::<BasisKind>("kind").unwrap_or(BasisKind::Exception);
    let claim = Basis {
        kind,
        id: form.id("id"),
        reason: form.text("reason", REASON),
    };
    if kind == BasisKind::Authorization && claim.id.is_none() {
        form.refuse(
            "id",
            "required",
            "must be the authorization's id; leave basis out to have the covering one found",
        );
    }
    if kind != BasisKind::Authorization && claim.reason.as_deref().is_none_or(is_blank) {
        form.refuse("reason", "required", "must say why");
    }
    claim
}

pub(super) fn account(form: &mut Form) -> AuthorAccount {
    AuthorAccount {
        handle: handle(form, "handle"),
        platform_id: form.filled("platform_id", LINE),
    }
}

pub(super) fn tool(form: &mut Form) -> Tool {
    Tool {
        name: form.required("name", LINE),
        version: form.required("version", LINE),
    }
}

/// A file of which at least the digest may be known.
fn sketched_file(form: &mut Form) -> NewFile {
    let sha256 = form.text("sha256", 64).and_then(|text| {
        let digest = text.to_lowercase().parse().ok();
        form.or_refuse("sha256", "form", "must be 64 hexadecimal digits", digest)
    });
    let withheld = form.object("withheld", |f| WithheldFile {
        reason: f.required("reason", REASON),
        referral: f.filled("referral", LINE),
    });
    NewFile {
        part: form.text("part", 200),
        upload: form.id("upload"),
        name: form.text("name", FILE_NAME),
        role: form.word("role").unwrap_or(FileRole::Original),
        size: form.count("size"),
        sha256,
        withheld,
    }
}

fn file(form: &mut Form) -> NewFile {
    form.must_word::<FileRole>("role");
    let file = sketched_file(form);
    if file.part.is_some() && file.upload.is_some() {
        let message = "must be left out: the bytes came with the upload already";
        form.refuse("part", "not_with_upload", message);
    }
    let brought = file.part.is_some() || file.upload.is_some();
    match (&file.withheld, brought) {
        (None, false) => form.refuse(
            "part",
            "required",
            "must name the part that brings the bytes, or upload the finished upload that did; for a hash-only entry give withheld",
        ),
        (Some(_), true) => form.refuse(
            "part",
            "not_with_withheld",
            "must be left out: what is withheld brings no bytes",
        ),
        (Some(_), false) if file.sha256.is_none() || file.size.is_none() => {
            form.refuse(
                "sha256",
                "required",
                "sha256 and size must be given for a hash-only entry",
            );
        }
        _ => {}
    }
    file
}

fn distinct_parts(form: &mut Form, files: &[NewFile]) {
    for (i, file) in files.iter().enumerate() {
        let Some(part) = &file.part else { continue };
        if part == "capture" || files[..i].iter().any(|f| f.part.as_ref() == Some(part)) {
            form.refuse(
                &format!("files[{i}].part"),
                "unique",
                "must be another than the parts before it, and not `capture`",
            );
        }
    }
}

/// A correction about to be recorded: everything may change but kind, files and what was decided.
#[derive(Debug, Clone)]
pub struct NewCorrection {
    pub captured_at: Option<Micros>,
    pub captured_at_basis: Option<CapturedBasis>,
    pub particulars: Particulars,
    pub reason: String,
    /// What is odd about what it says.
    pub noticed: Vec<Flag>,
}

impl NewCorrection {
    /// Reads and checks it.
    pub fn parse(mut form: Form) -> Result<Self> {
        let mut new = Self {
            captured_at: form.time("captured_at"),
            captured_at_basis: form.word("captured_at_basis"),
            particulars: Particulars::take(&mut form),
            reason: form.required("reason", REASON),
            noticed: Vec::new(),
        };
        new.noticed = of_said(&form, &new.particulars);
        let times = new.captured_at.is_some() || new.captured_at_basis.is_some();
        if !times && new.particulars == Particulars::default() && form.ok() {
            form.refuse(
                "body",
                "something",
                "must change at least one particular; to add words, use notes",
            );
        }
        form.done()?;
        Ok(new)
    }
}
