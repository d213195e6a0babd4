//! Redacted copies of PDFs, made in a process of its own: each page is drawn, its boxes are filled, and a new PDF is written
//! of these pictures and nothing else.
//!
//! No object of the file reaches the copy: neither text nor fonts, metadata, attachments, annotations or layers. What cannot
//! be drawn is missing in the copy too. The answer on standard output is one line, then bytes: `drawn` with width and height
//! of each page in pixels, LF, and the PDF or the picture of one page, where one was asked for; or `failed REASON`.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;

use super::child::{Budget, Decoding, DecodingEnd};
use super::redact::{PixelBox, RedactedPicture};
use super::{DrawnPages, LARGEST_PHOTO, MadeOrNot, PAGES, PictureMaker, Unmade, WorkRoom, broken, child, read_at_most};

/// The argument with which the process draws pages.
pub(super) const WORD: &str = "drawn-pages";
/// The name of the answer in the folder.
const ANSWER: &str = "drawn";
/// Bytes of the first line at the most.
const LINE: u64 = 16 << 10;

/// The type of the files that are read and written.
pub const PDF: &str = "application/pdf";

/// Whether the pages of files of this type can be drawn: PDFs, by a program that has what draws them.
pub fn has_pages(media_type: &str) -> bool {
    cfg!(feature = "pdf") && media_type == PDF
}

/// A redacted copy of a PDF.
#[derive(Debug)]
pub struct RedactedPages {
    /// Pixels of each page.
    pub sizes: Vec<(u32, u32)>,
    /// The copy, from its beginning.
    pub bytes: File,
}

impl PictureMaker {
    /// Pixels of each page of a PDF, as they are drawn. Blocks.
    ///
    /// # Errors
    /// Where this machine fails. That a file cannot be read is no error.
    pub fn page_sizes(&self, source: impl Read, size: u64) -> MadeOrNot<Vec<(u32, u32)>> {
        let drawn = self.draw(source, size, (Budget::Picture, vec!["sizes".into()]))?;
        Ok(drawn.map(|(sizes, _)| sizes))
    }

    /// One page of a PDF, counted from 1, with these boxes filled.
    ///
    /// # Errors
    /// As [`Self::page_sizes`].
    pub fn page(&self, source: impl Read, size: u64, (page, boxes): (u32, &[PixelBox])) -> MadeOrNot<RedactedPicture> {
        let words: [OsString; 2] = ["page".into(), page.to_string().into()];
        let args = words.into_iter().chain(boxes.iter().map(|b| b.argument())).collect();
        let (sizes, mut answer) = match self.draw(source, size, (Budget::Picture, args))? {
            Ok(drawn) => drawn,
            Err(unmade) => return Ok(Err(unmade)),
        };
        let mut bytes = Vec::new();
        answer.read_to_end(&mut bytes)?;
        match sizes[..] {
            [size] if bytes.starts_with(&[0x89, b'P', b'N', b'G']) => Ok(Ok(RedactedPicture {
                size,
                media_type: "image/png",
                bytes,
            })),
            _ => Err(broken("drew no page")),
        }
    }

    /// A copy of a PDF that is made of pictures of its pages, with these boxes filled. A box may reach beyond its page, or
    /// name none: the caller compares them with the sizes that are given back.
    ///
    /// # Errors
    /// As [`Self::page_sizes`].
    pub fn redact_pages(&self, source: impl Read, size: u64, boxes: &[PixelBox]) -> MadeOrNot<RedactedPages> {
        let args = std::iter::once("copy".into()).chain(boxes.iter().map(|b| b.argument()));
        let (sizes, mut bytes) = match self.draw(source, size, (Budget::Document, args.collect()))? {
            Ok(drawn) => drawn,
            Err(unmade) => return Ok(Err(unmade)),
        };
        let (start, mut head) = (bytes.stream_position()?, [0; 5]);
        if bytes.read_exact(&mut head).is_err() || &head != b"%PDF-" {
            return Err(broken("wrote no PDF"));
        }
        bytes.seek(SeekFrom::Start(start))?;
        Ok(Ok(RedactedPages { sizes, bytes }))
    }

    fn draw(
        &self,
        source: impl Read,
        size: u64,
        (budget, args): (Budget, Vec<OsString>),
    ) -> MadeOrNot<DrawnPages<File>> {
        if size > LARGEST_PHOTO {
            let most = LARGEST_PHOTO >> 20;
            return Ok(Err(Unmade::Failed(format!(
                "the file is larger than the {most} MB of which pages are drawn"
            ))));
        }
        let room = WorkRoom::make(&self.folder)?;
        room.take(source)?;
        let job = Decoding {
            program: &self.program,
            room: room.path(),
            go_on: &|| Ok(()),
            budget,
        };
        let args: Vec<OsString> = std::iter::once(WORD.into()).chain(args).collect();
        let answer = room.path().join(ANSWER);
        match job.run(&room.path().join(child::INPUT), &answer, &args)? {
            DecodingEnd::Well => read_answer(&answer),
            ended => Ok(Err(Unmade::Failed(ended.reason()))),
        }
    }
}

/// The sizes of the pages, and the file behind them.
fn read_answer(answer: &std::path::Path) -> MadeOrNot<DrawnPages<File>> {
    let head = read_at_most(answer, LINE)?;
    let end = head
        .iter()
        .position(|b| *b == b'\n')
        .ok_or_else(|| broken("said nothing"))?;
    let line = std::str::from_utf8(&head[..end]).map_err(|_| broken("said what is no text"))?;
    if let Some(reason) = line.strip_prefix("failed ") {
        return Ok(Err(Unmade::Failed(reason.to_owned())));
    }
    let Some(sizes) = line.strip_prefix("drawn ").and_then(read_sizes) else {
        return Err(broken("did not say what it drew"));
    };
    let mut file = File::open(answer)?;
    file.seek(SeekFrom::Start(end as u64 + 1))?;
    Ok(Ok((sizes, file)))
}

fn read_sizes(text: &str) -> Option<Vec<(u32, u32)>> {
    let numbers: Option<Vec<u32>> = text.split(' ').map(|n| n.parse().ok()).collect();
    let numbers = numbers.filter(|all| all.len() % 2 == 0 && !all.contains(&0) && all.len() <= 2 * PAGES)?;
    Some(numbers.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect())
}

/// The process: draws standard input and answers on standard output.
pub(super) fn draw_input(args: &[OsString]) -> std::result::Result<(), String> {
    let failed = |e: io::Error| e.to_string();
    let input = File::from(io::stdin().as_fd().try_clone_to_owned().map_err(failed)?);
    let mut bytes = Vec::new();
    BufReader::new(input).read_to_end(&mut bytes).map_err(failed)?;
    let mut out = io::stdout();
    #[cfg(feature = "pdf")]
    let drawn = super::drawing::drawn(bytes, args);
    #[cfg(not(feature = "pdf"))]
    let drawn = Err::<DrawnPages<Vec<u8>>, _>(format!("no PDF is drawn by this build: {args:?}"));
    match drawn {
        Ok((sizes, bytes)) => {
            let sizes = sizes.iter().map(|(width, height)| format!(" {width} {height}"));
            let line = format!("drawn{}\n", sizes.collect::<String>());
            out.write_all(line.as_bytes()).map_err(failed)?;
            out.write_all(&bytes).map_err(failed)?;
        }
        Err(reason) => writeln!(out, "failed {}", reason.replace(['\n', '\r'], " ")).map_err(failed)?,
    }
    out.flush().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sizes_of_pages_are_believed() {
        assert_eq!(read_sizes("1240 1754"), Some(vec![(1240, 1754)]));
        assert_eq!(read_sizes("1 2 3 4"), Some(vec![(1, 2), (3, 4)]));
        for none in ["", "1", "1 2 3", "0 2", "1 -2", "1  2", "1 2 "] {
            assert_eq!(read_sizes(none), None, "{none:?}");
        }
        assert_eq!(read_sizes(&vec!["9 9"; PAGES + 1].join(" ")), None);
    }
}
