//! `--manifest rows.csv`: captures in bulk, a row each.

use std::path::Path;

use super::capture_args::CaptureArgs;
use crate::error::{Error, FieldError, Result};

/// The columns; a header names those that a file has.
pub const COLUMNS: [&str; 14] = [
    "file",
    "kind",
    "platform",
    "url",
    "captured_at",
    "text",
    "level",
    "device",
    "method",
    "role",
    "account",
    "note",
    "basis",
    "reason",
];

/// A row as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestRow {
    /// Its line's number among the rows, from 1.
    pub number: usize,
    /// Its file, relative to the manifest's folder; empty for a capture without one.
    pub file: String,
    /// The rest of it, or why it cannot be read.
    pub row: std::result::Result<CaptureArgs, String>,
}

/// Reads a manifest. A header that is missing or names an unknown column refuses the whole file.
pub fn read(file: &Path) -> Result<Vec<ManifestRow>> {
    let unreadable = |e: std::io::Error| Error::field("--manifest", "readable", format!("{}: {e}", file.display()));
    parse(&std::fs::read(file).map_err(unreadable)?)
}

fn parse(bytes: &[u8]) -> Result<Vec<ManifestRow>> {
    // Spreadsheets put a byte order mark before UTF-8.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut csv = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(bytes);
    let header = csv
        .headers()
        .map_err(|e| Error::field("--manifest", "csv", format!("its header cannot be read: {e}")))?
        .clone();
    check(&header)?;
    let entries = csv
        .into_records()
        .enumerate()
        .map(|(n, record)| entry(n + 1, record, &header));
    Ok(entries.collect())
}

fn check(header: &csv::StringRecord) -> Result<()> {
    let broken = |name: &str, rule: &str, message: String| FieldError {
        field: format!("column `{name}`"),
        rule: rule.into(),
        message,
    };
    let mut found: Vec<FieldError> = Vec::new();
    for (n, name) in header.iter().enumerate() {
        if !COLUMNS.contains(&name) {
            found.push(broken(
                name,
                "unknown_field",
                format!("there is no such column; there are {}", COLUMNS.join(", ")),
            ));
        } else if header.iter().take(n).any(|before| before == name) {
            found.push(broken(name, "count", "stands twice in the header".into()));
        }
    }
    if !header.iter().any(|name| name == "file" || name == "url") {
        found.push(broken(
            "file",
            "required",
            "the first line names the columns, among them `file` or `url`".into(),
        ));
    }
    if found.is_empty() {
        Ok(())
    } else {
        Err(Error::invalid(found))
    }
}

fn entry(number: usize, record: csv::Result<csv::StringRecord>, header: &csv::StringRecord) -> ManifestRow {
    match record {
        Ok(record) => {
            let cell = |column: &str| {
                let place = header.iter().position(|name| name == column)?;
                record.get(place).filter(|text| !text.is_empty()).map(str::to_owned)
            };
            ManifestRow {
                number,
                file: cell("file").unwrap_or_default(),
                row: Ok(row(cell)),
            }
        }
        Err(e) => ManifestRow {
            number,
            file: String::new(),
            row: Err(e.to_string()),
        },
    }
}

fn row(cell: impl Fn(&str) -> Option<String>) -> CaptureArgs {
    CaptureArgs {
        kind: cell("kind"),
        platform: cell("platform"),
        url: cell("url"),
        captured_at: cell("captured_at"),
        text: cell("text"),
        level: cell("level"),
        device: cell("device"),
        method: cell("method"),
        role: cell("role"),
        account: cell("account"),
        note: cell("note"),
        basis: cell("basis"),
        reason: cell("reason"),
        tool: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_by_their_columns() {
        let csv = "\u{feff}url,file,text\r\nhttps://example.org,a.png,\"said, \"\"here\"\"\nand there\"\n,b.pdf,007\n";
        let rows = parse(csv.as_bytes()).unwrap();
        assert_eq!((rows.len(), rows[0].number, rows[0].file.as_str()), (2, 1, "a.png"));
        let first = rows[0].row.as_ref().unwrap();
        assert_eq!(first.text.as_deref(), Some("said, \"here\"\nand there"));
        assert_eq!(first.url.as_deref(), Some("https://example.org"));
        assert_eq!(first.level, None);
        assert_eq!(rows[1].file, "b.pdf");
        assert_eq!(rows[1].row.as_ref().unwrap().text.as_deref(), Some("007"));
    }

    #[test]
    fn unknown_missing_and_repeated_columns_are_named() {
        let fields = |csv: &str| {
            parse(csv.as_bytes())
                .unwrap_err()
                .errors
                .iter()
                .map(|e| e.field.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(fields("file,colour,size\n"), ["column `colour`", "column `size`"]);
        assert_eq!(fields("file,text,text\n"), ["column `text`"]);
        assert_eq!(fields("text\n"), ["column `file`"]);
        assert_eq!(fields("a.png,b\n").len(), 3);
    }

    #[test]
    fn a_broken_row_leaves_the_others() {
        let rows = parse(b"file,text\na.png\nb.png,x\n").unwrap();
        assert!(rows[0].row.is_err());
        assert_eq!(rows[1].file, "b.png");
        let latin = parse(b"file,text\na.png,\xe9\nb.png,x\n").unwrap();
        assert!(latin[0].row.is_err() && latin[1].row.is_ok());
    }
}
