//! HEAD where GET is: a request with HEAD is served as GET, and the server leaves the body out. So both have the same
//! status and headers, and the same entries in the ledger; only of a file's or packet's bytes HEAD records no read, because
//! none leave.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest};

/// Said of a request that came with HEAD.
struct CameAsHead;

/// Serves HEAD as GET.
pub async fn as_get<B: MessageBody>(
    mut req: ServiceRequest,
    next: Next<B>,
) -> std::result::Result<ServiceResponse<B>, actix_web::Error> {
    if *req.method() == Method::HEAD && !is_of_an_upload(req.path()) {
        req.head_mut().method = Method::GET;
        req.extensions_mut().insert(CameAsHead);
    }
    next.call(req).await
}

/// An upload has HEAD only (tus): how many bytes of it are kept.
fn is_of_an_upload(path: &str) -> bool {
    path.trim_start_matches("/api/v1").starts_with("/uploads/")
}

/// Whether a request asks for no bytes.
pub fn is_head(req: &HttpRequest) -> bool {
    *req.method() == Method::HEAD || req.extensions().contains::<CameAsHead>()
}
