//! `--manifest rows.csv`: captures in bulk, a row each.

use std::path::Path;

use super::capture_args::{CaptureArgs, LogTask};
use super::failure::Failure;
use super::items;
use super::table::Table;
use crate::error::{Error, FieldError, Result};

/// Reads a manifest, whose rows go before the flags and whose files lie beside it. A header that is missing or names an
/// unknown column refuses the whole file.
pub fn read(file: &Path, flags: &CaptureArgs) -> std::result::Result<Vec<LogTask>, Failure> {
    let unreadable = |e: std::io::Error| Error::field("--manifest", "readable", format!("{}: {e}", file.display()));
    items::regular(file, "--manifest")?;
    let folder = file.parent().unwrap_or(Path::new(""));
    Ok(parse(&std::fs::read(file).map_err(unreadable)?, folder, flags)?)
}

fn parse(bytes: &[u8], folder: &Path, flags: &CaptureArgs) -> Result<Vec<LogTask>> {
    let table = Table::of(bytes)?;
    let mut csv = csv::ReaderBuilder::new()
        .delimiter(table.separator)
        .from_reader(&*table.bytes);
    let header: csv::StringRecord = csv
        .headers()
        .map_err(|e| Error::field("--manifest", "csv", format!("its header cannot be read: {e}")))?
        .iter()
        .map(str::to_lowercase)
        .collect();
    check(&header)?;
    let records = (1..).zip(csv.into_records());
    // Spreadsheets write rows of nothing behind the last one.
    let said = records.filter(|(_, record)| !record.as_ref().is_ok_and(|row| row.iter().all(str::is_empty)));
    let tasks = said.map(|(number, record)| match record {
        Ok(record) => task(number, |column| cell(&header, &record, column), folder, flags),
        Err(e) => LogTask {
            number,
            what: format!("row {number}"),
            file: None,
            row: Err(Failure::unreadable(format!("the row cannot be read: {e}"))),
        },
    });
    Ok(tasks.collect())
}

fn check(header: &csv::StringRecord) -> Result<()> {
    let broken = |name: &str, rule, message: String| FieldError::new(format!("column `{name}`"), rule, message);
    let mut flags = CaptureArgs::default();
    let known: Vec<&str> = ["file"]
        .into_iter()
        .chain(flags.columns().map(|(name, _)| name))
        .collect();
    let mut found: Vec<FieldError> = Vec::new();
    for (n, name) in header.iter().enumerate() {
        if !known.contains(&name) {
            let message = format!(
                "there is no such column; there are {}, with a comma, a semicolon or a tab between two",
                known.join(", ")
            );
            found.push(broken(name, "unknown_field", message));
        } else if header.iter().take(n).any(|before| before == name) {
            found.push(broken(name, "count", "stands twice in the header".into()));
        }
    }
    if !header.iter().any(|name| name == "file" || name == "url") {
        let message = "the first line names the columns, among them `file` or `url`";
        found.push(broken("file", "required", message.into()));
    }
    FieldError::refuse(found)
}

/// What a row says in a column; an empty cell says nothing.
fn cell(header: &csv::StringRecord, row: &csv::StringRecord, column: &str) -> Option<String> {
    let place = header.iter().position(|name| name == column)?;
    row.get(place)
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn task(number: usize, cell: impl Fn(&str) -> Option<String>, folder: &Path, flags: &CaptureArgs) -> LogTask {
    let mut row = flags.clone();
    for (column, field) in row.columns() {
        *field = cell(column).or_else(|| field.take());
    }
    let name = cell("file");
    LogTask {
        number,
        what: name
            .clone()
            .or_else(|| row.url.clone())
            .unwrap_or_else(|| format!("row {number}")),
        file: name.map(|name| folder.join(name)),
        row: Ok(row),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(csv: &[u8]) -> Result<Vec<LogTask>> {
        parse(csv, Path::new(""), &CaptureArgs::default())
    }

    fn file(task: &LogTask) -> Option<&str> {
        task.file.as_deref()?.to_str()
    }

    #[test]
    fn rows_are_read_by_their_columns() {
        let csv = "\u{feff}url,file,text\r\nhttps://example.org,a.png,\"said, \"\"here\"\"\nand there\"\n,b.pdf,007\n";
        let rows = parsed(csv.as_bytes()).unwrap();
        assert_eq!((rows.len(), rows[0].number, file(&rows[0])), (2, 1, Some("a.png")));
        let first = rows[0].row.as_ref().unwrap();
        assert_eq!(first.text.as_deref(), Some("said, \"here\"\nand there"));
        assert_eq!(first.url.as_deref(), Some("https://example.org"));
        assert_eq!(first.level, None);
        assert_eq!(file(&rows[1]), Some("b.pdf"));
        assert_eq!(rows[1].row.as_ref().unwrap().text.as_deref(), Some("007"));
    }

    #[test]
    fn unknown_missing_and_repeated_columns_are_named() {
        let fields = |csv: &str| {
            parsed(csv.as_bytes())
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
        let rows = parsed(b"file,text\na.png\nb.png,x\n").unwrap();
        assert!(rows[0].row.is_err());
        assert_eq!(file(&rows[1]), Some("b.png"));
        let latin = parsed(b"file,text\na.png,\xe9\nb.png,x\n").unwrap();
        assert!(latin[0].row.is_err() && latin[1].row.is_ok());
    }

    #[test]
    fn tables_are_read_as_spreadsheets_write_them() {
        let utf_16 = |text: &str, unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        let plain = "url,text\r\nhttps://example.org,\"said, here\"\r\n";
        for bytes in [
            plain.as_bytes().to_vec(),
            b"url;text\nhttps://example.org;said, here\n;\n".to_vec(),
            b"url\ttext\nhttps://example.org\tsaid, here\n".to_vec(),
            b" url , text \n https://example.org ,  \"said, here\"  \n\n , \n".to_vec(),
            b"sep=;\r\nURL;Text\r\nhttps://example.org;said, here\r\n".to_vec(),
            utf_16(&format!("\u{feff}{plain}"), u16::to_le_bytes),
            utf_16(&format!("\u{feff}{plain}"), u16::to_be_bytes),
        ] {
            let rows = parsed(&bytes).unwrap_or_else(|e| panic!("{e}: {:?}", String::from_utf8_lossy(&bytes)));
            let row = rows[0].row.as_ref().unwrap();
            let said = (row.url.as_deref(), row.text.as_deref(), rows.len());
            assert_eq!(said, (Some("https://example.org"), Some("said, here"), 1));
        }
    }

    #[test]
    fn an_open_quote_is_refused_with_its_line() {
        for (csv, line) in [
            ("file,text\na.png,x\nb.png,\"never closed\nc.png,x\n", "line 3"),
            ("file,text\na.png,\"never closed\nb.png,\"said\"\nc.png,x\n", "line 2"),
            ("file,text\na.png,\"closed\" and more\n", "line 2"),
            ("file,text\na.png,\"two\nlines\"\nb.png,\"open", "line 4"),
        ] {
            let told = parsed(csv.as_bytes()).unwrap_err();
            assert!(
                told.detail.contains(line) && told.detail.contains("quote"),
                "{}",
                told.detail
            );
        }
        let fine = parsed(b"file,text\na.png,a 5\" screen\nb.png,\"two\nlines, \"\"so\"\"\"\n").unwrap();
        assert_eq!(fine[0].row.as_ref().unwrap().text.as_deref(), Some("a 5\" screen"));
        assert_eq!(
            fine[1].row.as_ref().unwrap().text.as_deref(),
            Some("two\nlines, \"so\"")
        );
        for odd in [&b"f\0i\0l\0e\0\n\0"[..], b"file\n\0"] {
            assert!(parsed(odd).unwrap_err().detail.contains("UTF-8"));
        }
    }

    #[test]
    fn a_row_goes_before_the_flags() {
        let flags = CaptureArgs {
            level: Some("discreet".into()),
            device: Some("other".into()),
            ..CaptureArgs::default()
        };
        let rows = parse(b"url,level,device\nhttps://example.org,overt,\n", Path::new(""), &flags).unwrap();
        let row = rows[0].row.as_ref().unwrap();
        assert_eq!(
            (row.level.as_deref(), row.device.as_deref()),
            (Some("overt"), Some("other"))
        );
    }
}
