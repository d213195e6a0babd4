//! A list as a table of comma-separated values (RFC 4180), for a program that calculates.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LINK};

use super::reply::Reply;

/// Rows that one table holds at the most; the rest follows by its `Link`.
pub const ROWS: usize = 10_000;

/// A table with its head.
pub fn text(columns: &[&str], rows: &[Vec<String>]) -> String {
    let head = columns.iter().map(|name| cell(name)).collect::<Vec<_>>().join(",");
    let lines = rows
        .iter()
        .map(|row| row.iter().map(|value| cell(value)).collect::<Vec<_>>().join(","));
    std::iter::once(head).chain(lines).map(|line| line + "\r\n").collect()
}

/// One cell. A program that calculates would take what begins like a formula for one, so that an apostrophe stands before it.
fn cell(value: &str) -> String {
    let formula = value.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let plain = if formula { format!("'{value}") } else { value.to_owned() };
    match plain.contains([',', '"', '\n', '\r', '\'']) {
        true => format!("\"{}\"", plain.replace('"', "\"\"")),
        false => plain,
    }
}

/// 200 with a table as a file of this name; `next` is the address of the rows that follow.
pub fn answer(name: &str, table: &str, next: Option<&str>) -> Reply {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.csv\"")));
    if let Some(next) = next {
        response.insert_header((LINK, format!("<{next}>; rel=\"next\"")));
    }
    Ok(response.body(table.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_neither_two_nor_a_formula() {
        let row = ["a,b", "say \"so\"", "=1+1", "-5", "two\nlines", "plain", ""].map(str::to_owned);
        assert_eq!(
            text(&["one", "two"], &[row.to_vec()]),
            "one,two\r\n\"a,b\",\"say \"\"so\"\"\",\"'=1+1\",\"'-5\",\"two\nlines\",plain,\r\n"
        );
    }
}
