//! Hidden fields and descriptions of a page that carry tokens; then its text.

use std::cell::Cell;

use lol_html::html_content::Element;
use lol_html::{HandlerResult, HtmlRewriter, Settings, element};

use super::parts::REMOVED;
use super::scrub::Scrub;

/// Parts of the names of fields that carry tokens.
const PARTS: [&str; 7] = ["token", "csrf", "xsrf", "session", "nonce", "secret", "authenticity"];

/// A page without tokens and names.
pub(super) fn copy(page: &[u8], scrub: &mut Scrub) -> Result<Vec<u8>, String> {
    if page.starts_with(&[0xff, 0xfe]) || page.starts_with(&[0xfe, 0xff]) {
        return Err("the page is written in UTF-16, in which nothing is looked for".into());
    }
    let (mut out, found) = (Vec::with_capacity(page.len()), Cell::new(0));
    let clear = |one: &mut Element<'_, '_>, value: &str| -> HandlerResult {
        let names = ["name", "id", "property"]
            .into_iter()
            .filter_map(|own| one.get_attribute(own));
        let is_token = names
            .map(|name| name.to_ascii_lowercase())
            .any(|name| PARTS.iter().any(|part| name.contains(part)));
        if is_token
            && one
                .get_attribute(value)
                .is_some_and(|own| own != REMOVED && !own.is_empty())
        {
            found.set(found.get() + 1);
            one.set_attribute(value, REMOVED)?;
        }
        Ok(())
    };
    let settings = Settings::new()
        .append_element_content_handler(element!("input", |one| clear(one, "value")))
        .append_element_content_handler(element!("meta", |one| clear(one, "content")));
    let mut rewriter = HtmlRewriter::new(settings, |piece: &[u8]| out.extend_from_slice(piece));
    rewriter.write(page).map_err(|e| e.to_string())?;
    rewriter.end().map_err(|e| e.to_string())?;
    scrub.counts.tokens += found.get();
    Ok(scrub.text(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_loses_the_tokens_of_its_forms() {
        let page = "<meta name=csrf-token content='s3cret'><meta name=author content=Bob><form><input type=hidden name=\"authenticity_token\" value=\"s3cret\"><input name=q value=dogs></form><p>anna_k";
        let mut scrub = Scrub::new(&["anna_k".to_owned()]).expect("patterns");
        let left = String::from_utf8(copy(page.as_bytes(), &mut scrub).expect("a page")).expect("text");
        assert!(!left.contains("s3cret") && !left.contains("anna_k"), "{left}");
        assert!(left.contains("content=Bob") && left.contains("value=dogs"), "{left}");
        assert_eq!((scrub.counts.tokens, scrub.counts.names), (2, 1));
    }
}
