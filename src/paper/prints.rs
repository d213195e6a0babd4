//! Print copies of the exhibits' pictures, in a file of their own until the papers are made.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, MutexGuard};

use crate::pictures::PrintCopy;

/// Where drafts of papers lie: a temporary file.
pub trait DraftFile: Read + Write + Seek + Send {}

impl<T: Read + Write + Seek + Send> DraftFile for T {}

/// Pieces that were put away, read again by number.
pub(super) struct Pieces {
    file: Mutex<Box<dyn DraftFile>>,
    /// Where each begins, and its length.
    places: Vec<(u64, usize)>,
    end: u64,
}

impl Pieces {
    pub fn new(file: Box<dyn DraftFile>) -> Self {
        Self {
            file: Mutex::new(file),
            places: Vec::new(),
            end: 0,
        }
    }

    fn file(&self) -> MutexGuard<'_, Box<dyn DraftFile>> {
        // Every read and write seeks first.
        self.file.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Puts a piece away, and gives its number.
    pub fn add(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut file = self.file();
        file.seek(SeekFrom::Start(self.end))?;
        file.write_all(bytes)?;
        drop(file);
        self.places.push((self.end, bytes.len()));
        self.end += bytes.len() as u64;
        Ok(self.places.len() - 1)
    }

    pub fn read(&self, number: usize) -> io::Result<Vec<u8>> {
        let (start, length) = *self.places.get(number).ok_or(io::ErrorKind::NotFound)?;
        let mut bytes = vec![0; length];
        let mut file = self.file();
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

/// What became of a file's picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Print {
    /// Print copies.
    Made(PrintedFile),
    /// None, and why in words.
    Unmade(String),
}

/// The print copies of a file, whose numbers follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrintedFile {
    /// The number of the first.
    pub first: usize,
    /// How many there are: one, or one a page.
    pub copies: usize,
    pub what: PrintedWhat,
}

/// What the print copies of a file show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrintedWhat {
    /// The picture that the file holds.
    Picture,
    /// What could be decoded of the picture; the file is damaged.
    Part,
    /// A frame of a video, from this second on.
    Frame(u32),
    /// Pages of a document that has so many.
    Pages(usize),
}

/// All print copies of a packet.
pub struct Prints {
    pieces: Pieces,
    /// Pixels of each copy, and of its file.
    sizes: Vec<[(u32, u32); 2]>,
    /// By exhibit and place among its files, both from 1.
    of: BTreeMap<(u32, usize), Print>,
}

impl Prints {
    /// None yet; they will lie in this file.
    pub fn new(file: Box<dyn DraftFile>) -> Self {
        Self {
            pieces: Pieces::new(file),
            sizes: Vec::new(),
            of: BTreeMap::new(),
        }
    }

    /// Puts a copy away. Copies come in the order of exhibits and files.
    pub fn add(&mut self, file: (u32, usize), copy: &PrintCopy) -> io::Result<()> {
        let first = self.put(copy)?;
        let what = match copy.second {
            Some(second) => PrintedWhat::Frame(second),
            None if copy.in_part => PrintedWhat::Part,
            None => PrintedWhat::Picture,
        };
        let copies = 1;
        self.of.insert(file, Print::Made(PrintedFile { first, copies, what }));
        Ok(())
    }

    /// Puts a copy of the next page of a file away that has so many pages.
    pub fn add_page(&mut self, file: (u32, usize), (copy, pages): (&PrintCopy, usize)) -> io::Result<()> {
        let number = self.put(copy)?;
        match self.of.get_mut(&file) {
            Some(Print::Made(made)) => made.copies += 1,
            _ => {
                let (first, copies, what) = (number, 1, PrintedWhat::Pages(pages));
                self.of.insert(file, Print::Made(PrintedFile { first, copies, what }));
            }
        }
        Ok(())
    }

    fn put(&mut self, copy: &PrintCopy) -> io::Result<usize> {
        let number = self.pieces.add(&copy.jpeg)?;
        self.sizes.push([copy.size, copy.of]);
        Ok(number)
    }

    /// Keeps why a file has no copy.
    pub fn lack(&mut self, file: (u32, usize), why: String) {
        self.of.insert(file, Print::Unmade(why));
    }

    /// What became of a file's picture.
    pub fn of(&self, file: (u32, usize)) -> Option<&Print> {
        self.of.get(&file)
    }

    /// Bytes of all.
    pub fn bytes(&self) -> u64 {
        self.pieces.end
    }

    pub(super) fn read(&self, number: usize) -> io::Result<Vec<u8>> {
        self.pieces.read(number)
    }

    /// Pixels of a copy.
    pub(super) fn size(&self, number: usize) -> Option<(u32, u32)> {
        Some(self.sizes.get(number)?[0])
    }

    /// Pixels of a copy's file.
    pub(super) fn whole(&self, number: usize) -> Option<(u32, u32)> {
        Some(self.sizes.get(number)?[1])
    }
}
