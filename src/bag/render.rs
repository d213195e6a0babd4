//! The verifier's own page of a packet, so that nobody has to believe the packet's.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::open;
use super::terminal::word;
use crate::page::{self, Documents, PageSink};
use crate::proof::packet::{EXHIBITS, INDEX, is_pdf_path};
use crate::verify::trust::Trust;
use crate::verify::{PacketSource, Report, VerifyOutcome, verify};

/// Where the page was written, or why there is none.
pub(super) type Rendered = Result<String, String>;

/// Verifies a packet and, where nothing failed, writes its page and its exhibits into a new folder. An error tells why
/// the folder cannot be made; then nothing is verified.
pub(super) fn verify_and_render(packet: &Path, trust: &Trust, folder: &Path) -> Result<(Report, Rendered), String> {
    let named = word(&folder.display().to_string());
    let failed = |why: &dyn std::fmt::Display| {
        format!("--render {named}: {why}; name a folder that is not there yet, in one that is, and outside the packet")
    };
    let above = match folder.parent() {
        Some(above) if above.as_os_str().is_empty() => Path::new("."),
        Some(above) => above,
        None => folder,
    };
    let above = fs::canonicalize(above).map_err(|error| failed(&error))?;
    if packet.is_dir() && fs::canonicalize(packet).is_ok_and(|packet| above.starts_with(packet)) {
        return Err(failed(&"lies in the packet"));
    }
    let mut source = match open(packet) {
        Ok(source) => source,
        Err(refused) => return Ok((*refused, Err("the packet cannot be read".into()))),
    };
    fs::create_dir(folder).map_err(|error| failed(&error))?;
    let report = verify(&mut *source, trust);
    let rendered = match report.outcome {
        VerifyOutcome::Passed | VerifyOutcome::SignerNotChecked => write(&mut *source, folder),
        _ => Err("something in the packet failed, and what it says is not to be shown".into()),
    };
    if rendered.is_err() {
        // A page without its exhibits, or exhibits without a page, would look like a packet that has no more.
        let _ = fs::remove_dir_all(folder);
    }
    Ok((report, rendered))
}

fn write(source: &mut dyn PacketSource, folder: &Path) -> Rendered {
    let mut files = PageFiles { folder, open: None };
    let written = page::write(&mut CheckedDocuments(source), &mut files);
    written.map_err(|error| error.to_string())?;
    files.close().map_err(|error| error.to_string())?;
    exhibits(source, folder)?;
    Ok(word(&folder.join(in_data(INDEX)).display().to_string()))
}

/// Writes pages into a folder.
struct PageFiles<'f> {
    folder: &'f Path,
    open: Option<(PathBuf, BufWriter<File>)>,
}

impl PageFiles<'_> {
    fn close(&mut self) -> io::Result<()> {
        match self.open.take() {
            Some((place, mut out)) => out.flush().map_err(|error| at(&place, &error)),
            None => Ok(()),
        }
    }
}

impl PageSink for PageFiles<'_> {
    fn begin(&mut self, path: &str) -> io::Result<()> {
        self.close()?;
        let place = self.folder.join(in_data(path));
        let above = place.parent().unwrap_or(self.folder);
        let made = fs::create_dir_all(above).and_then(|()| create(&place));
        let out = made.map_err(|error| at(&place, &error))?;
        self.open = Some((place, out));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (place, out) = self.open.as_mut().ok_or(io::ErrorKind::InvalidInput)?;
        out.write_all(bytes).map_err(|error| at(place, &error))
    }
}

/// An error with the place where it happened.
fn at(place: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", word(&place.display().to_string())))
}

/// Where a file of the packet's payload lies in it.
fn in_data(path: &str) -> &str {
    path.strip_prefix("data/").unwrap_or(path)
}

/// The exhibits and the papers, at the places where the page looks for them.
fn exhibits(source: &mut dyn PacketSource, folder: &Path) -> Result<(), String> {
    let paths: Vec<String> = source.entries().iter().map(|entry| entry.path.clone()).collect();
    for (index, path) in paths.iter().enumerate().filter(|(_, path)| is_shown(path)) {
        let place = folder.join(in_data(path));
        let copied = copy(source, index, &place);
        copied.map_err(|error| format!("{}: {error}", place.display()))?;
    }
    Ok(())
}

fn is_shown(path: &str) -> bool {
    path.starts_with(EXHIBITS) || is_pdf_path(path)
}

fn copy(source: &mut dyn PacketSource, index: usize, place: &Path) -> io::Result<()> {
    if let Some(parent) = place.parent() {
        fs::create_dir_all(parent)?;
    }
    let (mut out, mut written) = (create(place)?, Ok(()));
    let read = source.read(index, &mut |chunk| {
        if written.is_ok() {
            written = out.write_all(chunk);
        }
    });
    written?;
    out.flush()?;
    read.map(|_| ()).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn create(path: &Path) -> io::Result<BufWriter<File>> {
    Ok(BufWriter::with_capacity(1 << 20, File::create_new(path)?))
}

/// The documents of a packet that has been checked.
struct CheckedDocuments<'s>(&'s mut dyn PacketSource);

impl Documents for CheckedDocuments<'_> {
    fn read(&mut self, path: &'static str, sink: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let index = self.0.entries().iter().position(|entry| entry.path == path);
        let read = index.and_then(|index| self.0.read(index, sink));
        read.map(|_| ()).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}
