//! The summary of a refused form names each field as its label does. The label stands once, in the page, beside the field;
//! the summary comes before it, so the name is put in when the page is whole.

use crate::error::FieldError;
use crate::text;

/// The page whose summary (`ui.html`, `errors`) names fields by their labels. A field that the page does not have is named
/// in words, without a link.
pub(super) fn in_summary(mut page: String, errors: &[FieldError]) -> String {
    for error in errors {
        let field = error.field.as_str();
        if !field
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_.-[]".contains(&b))
        {
            continue;
        }
        let link = format!("<a href=\"#f-{field}\">{field}</a>");
        let named = match label(&page, field) {
            Some(label) => format!("<a href=\"#f-{field}\">{label}</a>"),
            None => text::label(&field.replace(['.', '[', ']'], " ")),
        };
        page = page.replace(&link, &named);
    }
    page
}

/// The text of the label, or of the legend of the group, in the page's markup.
fn label<'a>(page: &'a str, field: &str) -> Option<&'a str> {
    let place = page.find(&format!("id=\"f-{field}\""))?;
    let of_field = page.find(&format!("<label for=\"f-{field}\""));
    let begins = of_field.or_else(|| legend(&page[..place]))?;
    let text = page[begins..].split_once('>')?.1.split('<').next()?.trim();
    (!text.is_empty()).then_some(text)
}

/// Where the legend of the group begins that is still open at the end.
fn legend(before: &str) -> Option<usize> {
    let begins = before.rfind("<legend")?;
    (!before[begins..].contains("</fieldset>")).then_some(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_named_by_its_label_or_legend() {
        let page = "<a href=\"#f-a.b\">a.b</a> x <a href=\"#f-roles\">roles</a> x <a href=\"#f-files[0].part\">files[0].part</a> x\
            <label for=\"f-a.b\">First &#38; last <b>x</b></label><input id=\"f-a.b\">\
            <fieldset><legend>Roles</legend><div id=\"f-roles\"></div></fieldset>";
        let errors = ["a.b", "roles", "files[0].part"].map(|field| FieldError::new(field, "rule", "message"));
        let named = in_summary(page.to_owned(), &errors);
        for part in [
            "<a href=\"#f-a.b\">First &#38; last</a> x",
            "<a href=\"#f-roles\">Roles</a> x",
            "Files 0  part x",
        ] {
            assert!(named.contains(part), "{part}: {named}");
        }
    }
}
