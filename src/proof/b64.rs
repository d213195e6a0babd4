//! Base64 (RFC 4648 section 4), padded, one encoding per value.

use base64ct::{Base64, Encoding};

/// Standard base64 with padding.
pub fn encode(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

/// Decodes only what [`encode`] writes: no line breaks, no missing padding, no stray bits.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    Base64::decode_vec(text).ok()
}
