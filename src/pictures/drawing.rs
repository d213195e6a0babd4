//! How the process draws the pages of a PDF, and writes one that is made of pictures.

use std::ffi::OsString;

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::page::Page;
use hayro::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{RenderCache, RenderSettings, render};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{Rgb, RgbImage};
use lopdf::{Document, Object, ObjectId, Stream, dictionary};

use super::redact::{PixelBox, fill};
use super::{DPI, DrawnPages, PAGES};

/// Pixels of one page at the most, and of a side of it.
const PAGE_PIXELS: u64 = 40_000_000;
const SIDE: f32 = 16_000.0;
/// Pixels of all pages together.
const PIXELS: u64 = 600_000_000;
/// How well a page is encoded, of 100.
const QUALITY: u8 = 90;
/// Points an inch, in which a PDF counts.
const POINTS: f32 = 72.0;

type Drawn<T> = Result<T, String>;

/// What the arguments ask for: the sizes of the pages, the picture of one, or the whole copy.
pub(super) fn drawn(bytes: Vec<u8>, args: &[OsString]) -> Drawn<DrawnPages<Vec<u8>>> {
    let args: Option<Vec<&str>> = args.iter().map(|arg| arg.to_str()).collect();
    let args = args.ok_or("an argument is none")?;
    let pdf = Pdf::new(bytes).map_err(why)?;
    let sizes = sizes(&pdf)?;
    match args[..] {
        ["sizes"] => Ok((sizes, Vec::new())),
        ["page", page, ref boxes @ ..] => {
            let place = page.parse::<usize>().ok().and_then(|page| page.checked_sub(1));
            let place = place.filter(|place| *place < sizes.len());
            let place = place.ok_or_else(|| format!("the file has {} pages", sizes.len()))?;
            let picture = Pen::new(&pdf, boxes)?.page(place, sizes[place]);
            let mut png = Vec::new();
            picture
                .write_with_encoder(PngEncoder::new(&mut png))
                .map_err(|e| e.to_string())?;
            Ok((vec![sizes[place]], png))
        }
        ["copy", ref boxes @ ..] => {
            let copy = copy(&Pen::new(&pdf, boxes)?, &sizes)?;
            Ok((sizes, copy))
        }
        _ => Err("nothing was asked for".into()),
    }
}

fn why(e: LoadPdfError) -> String {
    match e {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => {
            "the PDF is encrypted, and opens with a password alone: redact a copy that was saved without it".into()
        }
        LoadPdfError::Decryption(_) => "the PDF is encrypted in a way that is not known here".into(),
        LoadPdfError::Invalid => "the file is damaged, or no PDF".into(),
    }
}

/// Pixels of each page; refuses what is too much before a page is drawn.
fn sizes(pdf: &Pdf) -> Drawn<Vec<(u32, u32)>> {
    let pages = pdf.pages();
    if pages.is_empty() {
        return Err("the PDF has no page that could be drawn".into());
    }
    if pages.len() > PAGES {
        return Err(format!("the PDF has {} pages, and {PAGES} are the most", pages.len()));
    }
    let size = |(place, page): (usize, &Page<'_>)| {
        let (width, height) = page.render_dimensions();
        let [width, height] = [width, height].map(|points| (points * DPI as f32 / POINTS).round());
        let is_side = |side: f32| (1.0..=SIDE).contains(&side);
        let size = (width as u32, height as u32);
        match is_side(width) && is_side(height) && pixels(size) <= PAGE_PIXELS {
            true => Ok(size),
            false => Err(format!(
                "page {} would be {width} × {height} pixels at {DPI} an inch, which is more or less than a page may be",
                place + 1
            )),
        }
    };
    let sizes: Vec<(u32, u32)> = pages.iter().enumerate().map(size).collect::<Drawn<_>>()?;
    match sizes.iter().copied().map(pixels).sum::<u64>() > PIXELS {
        true => Err("the pages of the PDF have more pixels together than a copy may have".into()),
        false => Ok(sizes),
    }
}

fn pixels((width, height): (u32, u32)) -> u64 {
    u64::from(width) * u64::from(height)
}

/// Draws pages with their boxes.
struct Pen<'a> {
    pdf: &'a Pdf,
    cache: RenderCache<'a>,
    settings: InterpreterSettings,
    boxes: Vec<PixelBox>,
}

impl<'a> Pen<'a> {
    fn new(pdf: &'a Pdf, boxes: &[&str]) -> Drawn<Self> {
        let boxes: Option<Vec<PixelBox>> = boxes.iter().map(|text| PixelBox::read(text)).collect();
        Ok(Self {
            pdf,
            cache: RenderCache::new(),
            settings: InterpreterSettings::default(),
            boxes: boxes.ok_or("a box is none")?,
        })
    }

    /// A page on white, its boxes filled.
    fn page(&self, place: usize, (width, height): (u32, u32)) -> RgbImage {
        let scale = DPI as f32 / POINTS;
        // Both fit: `sizes` refuses longer sides.
        let short = |side: u32| u16::try_from(side).ok();
        let settings = RenderSettings {
            x_scale: scale,
            y_scale: scale,
            width: short(width),
            height: short(height),
            bg_color: WHITE,
        };
        let drawn = render(&self.pdf.pages()[place], &self.cache, &self.settings, &settings);
        let pixels = drawn.data();
        let mut picture = RgbImage::from_fn(width, height, |x, y| {
            let pixel = pixels.get((y * width + x) as usize);
            pixel.map_or(Rgb([255; 3]), |pixel| Rgb([pixel.r, pixel.g, pixel.b]))
        });
        let own = |one: &&PixelBox| one.page.map(|page| page as usize) == Some(place + 1);
        for one in self.boxes.iter().filter(own) {
            fill(&mut picture, *one);
        }
        picture
    }
}

/// A PDF with a picture a page. It names no author, no time and no tool.
fn copy(pen: &Pen<'_>, sizes: &[(u32, u32)]) -> Drawn<Vec<u8>> {
    let mut document = Document::with_version("1.7");
    let tree = document.new_object_id();
    let mut kids: Vec<Object> = Vec::with_capacity(sizes.len());
    for (place, size) in sizes.iter().enumerate() {
        let mut jpeg = Vec::new();
        pen.page(place, *size)
            .write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, QUALITY))
            .map_err(|e| e.to_string())?;
        kids.push(page(&mut document, tree, (*size, jpeg)).into());
    }
    let count = i64::try_from(kids.len()).map_err(|e| e.to_string())?;
    let pages = dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count };
    document.objects.insert(tree, pages.into());
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => tree });
    document.trailer.set("Root", catalog);
    let mut out = Vec::new();
    document.save_to(&mut out).map_err(|e| e.to_string())?;
    Ok(out)
}

fn page(document: &mut Document, tree: ObjectId, ((width, height), jpeg): ((u32, u32), Vec<u8>)) -> ObjectId {
    let points = |pixels: u32| pixels as f32 * POINTS / DPI as f32;
    let image = dictionary! {
        "Type" => "XObject", "Subtype" => "Image", "Width" => i64::from(width), "Height" => i64::from(height),
        "ColorSpace" => "DeviceRGB", "BitsPerComponent" => 8, "Filter" => "DCTDecode",
    };
    let image = document.add_object(Stream::new(image, jpeg).with_compression(false));
    let drawn = format!("q {} 0 0 {} 0 0 cm /P Do Q", points(width), points(height));
    let content = document.add_object(Stream::new(dictionary! {}, drawn.into_bytes()));
    document.add_object(dictionary! {
        "Type" => "Page", "Parent" => tree, "Contents" => content,
        "MediaBox" => vec![0.into(), 0.into(), points(width).into(), points(height).into()],
        "Resources" => dictionary! { "XObject" => dictionary! { "P" => image } },
    })
}
