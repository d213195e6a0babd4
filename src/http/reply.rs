//! Answers of handlers, and the one place where an `Error` becomes a problem in HTTP (RFC 9457).

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ALLOW, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderValue, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::{HttpResponse, Resource, ResponseError, web};
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::{Error, Kind};

/// The result of a handler.
pub type Reply = std::result::Result<HttpResponse, Error>;

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self.kind {
            Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::Method => StatusCode::METHOD_NOT_ALLOWED,
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::Stale => StatusCode::PRECONDITION_FAILED,
            Kind::VersionRequired => StatusCode::PRECONDITION_REQUIRED,
            Kind::OutOfRange => StatusCode::RANGE_NOT_SATISFIABLE,
            Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Kind::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Timeout => StatusCode::REQUEST_TIMEOUT,
            Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut response = HttpResponse::build(status);
        response.insert_header((CONTENT_TYPE, "application/problem+json"));
        if let Some(seconds) = self.retry_after {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        if self.kind == Kind::Unauthenticated {
            response.insert_header((WWW_AUTHENTICATE, "Bearer"));
        }
        response.body(problem(self, status).to_string())
    }
}

/// A path and the methods it has; any other is answered 405 with these (RFC 9110 section 15.5.6). HEAD goes with GET.
pub fn at(path: &str, methods: &'static str) -> Resource {
    web::resource(path).default_service(web::to(move || async move {
        let allow = methods.replace("GET", "GET, HEAD");
        let detail = format!("This path has {allow} only.");
        let mut refused = HttpResponse::from_error(Error::new(Kind::Method, "method-not-allowed", detail));
        if let Ok(allow) = HeaderValue::from_str(&allow) {
            refused.headers_mut().insert(ALLOW, allow);
        }
        refused
    }))
}

fn problem(e: &Error, status: StatusCode) -> Value {
    if e.kind == Kind::Internal {
        // What broke inside is for the log alone.
        tracing::error!(code = e.code, detail = %e.detail, "a request failed inside");
    }
    let mut problem = json!({
        "type": format!("/problems/{}", code(e)),
        "title": title_of(e),
        "status": status.as_u16(),
        "detail": detail_of(e),
        "errors": e.errors,
    });
    if !e.rules.is_empty()
        && let Value::Object(fields) = &mut problem
    {
        fields.insert("rules".into(), json!(e.rules));
    }
    if let (Some(ask), Value::Object(fields)) = (&e.ask, &mut problem) {
        fields.insert("ask".into(), json!(ask));
    }
    problem
}

/// The title that people read.
pub(super) fn title_of(e: &Error) -> &'static str {
    title(code(e))
}

/// What people are told.
pub fn detail_of(e: &Error) -> &str {
    match e.kind {
        Kind::Internal => {
            "Something inside failed. Nothing of this request was kept. The server's log names it by the request id."
        }
        _ => &e.detail,
    }
}

/// What broke inside has one code for everyone outside.
fn code(e: &Error) -> &'static str {
    if e.kind == Kind::Internal { "internal" } else { e.code }
}

/// The titles as `schema/problems.json` publishes them.
fn title(code: &'static str) -> &'static str {
    match code {
        "not-signed-in" => "Sign in first",
        "sign-in-refused" => "Sign-in refused",
        "forbidden" => "You may not do this",
        "password-change-first" => "Change your password first",
        "not-found" => "Not found",
        "method-not-allowed" => "Not with this method",
        "too-slow" => "Nothing arrived for too long",
        "conflict" => "The present state does not allow this",
        "due-first" => "Answers are due first",
        "taken" => "Already taken",
        "evidence-damaged" => "Evidence is damaged",
        "file-row" => "The row of a file is wrong",
        "case-closed" => "The case is closed",
        "stale-version" => "Somebody changed it meanwhile",
        "too-large" => "Too large",
        "unsupported-media-type" => "Not this content type",
        "range-not-satisfiable" => "No such range",
        "invalid" => "Some of the input is not valid",
        "digest-mismatch" => "The bytes are not what was declared",
        "idempotency-conflict" => "This key was used for something else",
        "tus-version" => "Another version of the upload protocol",
        "version-required" => "Say which version you change",
        "too-many-sign-ins" => "Too many sign-ins failed here",
        "too-many-uploads" => "Too many uploads at once",
        "internal" => "Something failed here",
        "busy" => "Too busy for a moment",
        "disk-reserve" => "Storage is nearly full",
        "read-only" => "This installation is read-only",
        "unavailable" => "Not available at the moment",
        "database-busy" => "The database is busy",
        "database-unreachable" => "The database does not answer",
        "disk-full" => "The disk is full",
        "log-slow" => "The log did not sign in time",
        "stopped" => "The server stopped meanwhile",
        _ => code,
    }
}

/// A file's answer to a range outside it, as a problem like any other.
pub fn out_of_range(size: u64) -> HttpResponse {
    let detail = "The range lies outside the file; Content-Range gives its size. Ask within it, or leave Range out.";
    let mut refused = Error::new(Kind::OutOfRange, "range-not-satisfiable", detail).error_response();
    if let Ok(range) = HeaderValue::from_str(&format!("bytes */{size}")) {
        refused.headers_mut().insert(CONTENT_RANGE, range);
    }
    refused
}

/// 200 with a resource.
pub fn ok(body: &impl Serialize) -> Reply {
    Ok(HttpResponse::Ok().json(body))
}

/// 200 with a resource and its version as ETag.
pub fn versioned(version: i64, body: &impl Serialize) -> Reply {
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, format!("\"{version}\"")))
        .json(body))
}

/// 201 with a resource, its place and its version.
pub fn created(place: &str, (id, version): (&str, i64), body: &impl Serialize) -> Reply {
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/api/v1/{place}/{id}")))
        .insert_header((ETAG, format!("\"{version}\"")))
        .json(body))
}

/// 204.
pub fn nothing() -> Reply {
    Ok(HttpResponse::NoContent().finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_as_published() {
        let list: Value = serde_json::from_str(include_str!("../../schema/problems.json")).expect("JSON");
        for problem in list["problems"].as_array().expect("a list") {
            let text = |name: &str| problem[name].as_str().expect("text");
            let code = text("type").trim_start_matches("/problems/").to_owned();
            assert_eq!(title(code.leak()), text("title"));
        }
    }
}
