//! What stands on the command line of `casetrail log`: addresses, files, and folders, which are walked. Names of files may be
//! no text at all.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use super::capture_args::{self, CaptureArgs, LogTask};
use super::failure::Failure;
use super::legible::legible;

/// A task for each address and each file, those of folders in the order of their names.
pub fn tasks(items: &[OsString], flags: &CaptureArgs) -> Vec<LogTask> {
    let mut tasks = Vec::new();
    for item in items {
        match item.to_str().filter(|text| capture_args::is_url(text)) {
            Some(url) => {
                let row = CaptureArgs {
                    url: Some(url.to_owned()),
                    ..flags.clone()
                };
                tasks.push((legible(item), None, Ok(row)));
            }
            None => files_of(Path::new(item), flags, &mut tasks),
        }
    }
    let numbered = (1..).zip(tasks);
    numbered
        .map(|(number, (what, file, row))| LogTask {
            number,
            what,
            file,
            row,
        })
        .collect()
}

type NamedTask = (String, Option<PathBuf>, Result<CaptureArgs, Failure>);

/// A file is one, a folder its files and those of the folders in it. Links to folders are not followed: they may lead back.
fn files_of(path: &Path, flags: &CaptureArgs, tasks: &mut Vec<NamedTask>) {
    let what = legible(path.as_os_str());
    if !path.is_dir() {
        return tasks.push((what, Some(path.to_owned()), Ok(flags.clone())));
    }
    let inside = fs::read_dir(path).and_then(|entries| {
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        paths.collect::<io::Result<Vec<PathBuf>>>()
    });
    let mut inside = match inside {
        Ok(inside) => inside,
        Err(e) => {
            let told = Failure::field("file", "readable", format!("{what} cannot be read: {e}"));
            return tasks.push((what, None, Err(told)));
        }
    };
    inside.sort();
    if inside.is_empty() {
        let told = Failure::field("file", "not_empty", format!("{what} is a folder without files"));
        tasks.push((what, None, Err(told)));
    }
    for below in inside {
        match below.is_symlink() && below.is_dir() {
            true => {
                let what = legible(below.as_os_str());
                let told = Failure::field(
                    "file",
                    "regular",
                    format!("{what} is a link to a folder: name the folder itself"),
                );
                tasks.push((what, None, Err(told)));
            }
            false => files_of(&below, flags, tasks),
        }
    }
}

/// Refuses what is no regular file, by name, before it is opened: a pipe would be waited for.
pub fn regular(path: &Path, field: &str) -> Result<Metadata, Failure> {
    let shown = legible(path.as_os_str());
    let unreadable = |e: io::Error| Failure::field(field, "readable", format!("{shown} cannot be read: {e}"));
    let about = fs::metadata(path).map_err(unreadable)?;
    let kind = about.file_type();
    let what = match () {
        () if kind.is_file() => return Ok(about),
        () if kind.is_dir() => "a folder: name its files",
        () if kind.is_fifo() => "a named pipe: write what comes out of it to a file first",
        () if kind.is_socket() => "a socket, which holds no bytes to log",
        () if kind.is_char_device() || kind.is_block_device() => "a device: make an image of it first",
        () => "no regular file",
    };
    Err(Failure::field(field, "regular", format!("{shown} is {what}")))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn items_are_files_addresses_and_folders() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &[u8]| folder.path().join(OsStr::from_bytes(name));
        fs::create_dir(at(b"in")).unwrap();
        for name in [&b"b.png"[..], b"in/c.png", b"\xff"] {
            fs::write(at(name), name).unwrap();
        }
        std::os::unix::fs::symlink(folder.path(), at(b"loop")).unwrap();
        let items: Vec<OsString> = vec!["https://example.org/1".into(), folder.path().into()];
        let flags = CaptureArgs {
            url: Some("https://example.org/seen".into()),
            ..CaptureArgs::default()
        };
        let tasks = tasks(&items, &flags);
        assert_eq!(
            tasks[0].row.as_ref().unwrap().url.as_deref(),
            Some("https://example.org/1")
        );
        assert_eq!(tasks[0].file, None);
        let files: Vec<_> = tasks[1..].iter().map(|task| task.file.clone()).collect();
        assert_eq!(
            files,
            [Some(at(b"b.png")), Some(at(b"in/c.png")), None, Some(at(b"\xff"))]
        );
        assert!(tasks[3].row.is_err() && tasks[4].what.ends_with("/\\xff"));
        assert_eq!(
            tasks.iter().map(|task| task.number).collect::<Vec<_>>(),
            [1, 2, 3, 4, 5]
        );
    }

    #[test]
    fn special_files_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        for (path, words) in [
            (&*pipe, "a named pipe"),
            (folder.path(), "a folder"),
            (Path::new("/dev/null"), "a device"),
        ] {
            let told = regular(path, "file").unwrap_err().text();
            assert!(told.contains(words), "{told}");
        }
    }
}
