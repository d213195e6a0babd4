//! A report that is too long for one file comes in volumes: for the memory that laying out takes, for the limits of courts'
//! portals, and for hands.

use std::ops::Range;

/// Exhibits of a volume at the most.
const EXHIBITS: usize = 125;
/// What their print copies and texts weigh at the most, in bytes of print copies.
const WEIGHT: u64 = 40_000_000;
/// Print copies of a volume at the most: each has a name that Typst never forgets.
const PICTURES: usize = 2000;
/// Lines of timeline, schedule and so on that a volume takes beside exhibits, and that it takes alone.
const LINES: usize = 3000;
/// A byte of an exhibit's text weighs as much as so many of print copies.
const TEXT: u64 = 10;

/// Exhibits of one certificate at the most: it is whole by itself, and somebody signs it.
const CERTIFIED: usize = 250;
/// Files of one certificate at the most, unless one exhibit has more.
const CERTIFIED_FILES: usize = 1000;

/// What an exhibit takes in a volume.
#[derive(Debug, Clone, Copy, Default)]
pub struct Load {
    /// Print copies.
    pub pictures: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes of its text.
    pub text: u64,
    /// Its files.
    pub files: usize,
}

/// A volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Its number, from 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
    /// Places of its exhibits.
    pub exhibits: Range<usize>,
    /// Numbers of its print copies.
    pub pictures: Range<usize>,
    /// Which part of what follows the exhibits it has: part, and of how many.
    pub rest: Option<(usize, usize)>,
}

/// The volumes of the report, and of the exhibits for a jury.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub report: Vec<Volume>,
    pub exhibits: Vec<Volume>,
    /// Of each draft of a certificate.
    pub certificates: Vec<Volume>,
}

impl Plan {
    /// For exhibits with these loads, and so many captures that are not included.
    pub fn of(loads: &[Load], withheld: usize) -> Self {
        let mut exhibits = Vec::new();
        let (mut start, mut picture) = (0, 0);
        while start < loads.len() || exhibits.is_empty() {
            let end = start + fitting(&loads[start..]);
            let pictures: usize = loads[start..end].iter().map(|load| load.pictures).sum();
            exhibits.push(Volume {
                number: exhibits.len() + 1,
                of: 0,
                exhibits: start..end,
                pictures: picture..picture + pictures,
                rest: None,
            });
            (start, picture) = (end, picture + pictures);
        }
        // A time of posting, one of capture, and an exception for each.
        let lines = 3 * loads.len() + withheld;
        let mut report = exhibits.clone();
        match lines <= LINES {
            true => report
                .iter_mut()
                .skip(exhibits.len() - 1)
                .for_each(|last| last.rest = Some((0, 1))),
            false => {
                let parts = lines.div_ceil(LINES);
                report.extend((0..parts).map(|part| Volume {
                    number: exhibits.len() + part + 1,
                    of: 0,
                    exhibits: loads.len()..loads.len(),
                    pictures: picture..picture,
                    rest: Some((part, parts)),
                }));
            }
        }
        let mut certificates = certificates(loads);
        for volumes in [&mut report, &mut exhibits, &mut certificates] {
            let of = volumes.len();
            volumes.iter_mut().for_each(|volume| volume.of = of);
        }
        Self {
            report,
            exhibits,
            certificates,
        }
    }
}

/// Certificates show no pictures.
fn certificates(loads: &[Load]) -> Vec<Volume> {
    let (mut volumes, mut start) = (Vec::new(), 0);
    while start < loads.len() || volumes.is_empty() {
        let mut files = 0;
        let fits = |load: &&Load| {
            files += load.files;
            files <= CERTIFIED_FILES
        };
        let rest = &loads[start..];
        let fit = rest.iter().take(CERTIFIED).take_while(fits).count();
        let end = start + fit.max(rest.len().min(1));
        volumes.push(Volume {
            number: volumes.len() + 1,
            of: 0,
            exhibits: start..end,
            pictures: 0..0,
            rest: None,
        });
        start = end;
    }
    volumes
}

/// How many of these exhibits a volume takes; at least one.
fn fitting(loads: &[Load]) -> usize {
    let (mut pictures, mut weight) = (0, 0u64);
    let fits = |load: &&Load| {
        pictures += load.pictures;
        weight = weight
            .saturating_add(load.bytes)
            .saturating_add(load.text.saturating_mul(TEXT));
        pictures <= PICTURES && weight <= WEIGHT
    };
    let fit = loads.iter().take(EXHIBITS).take_while(fits).count();
    fit.max(loads.len().min(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a volume: its exhibits, its print copies, and which part of what is withheld it lists.
    type PlannedVolume = (Range<usize>, Range<usize>, Option<(usize, usize)>);

    fn planned(loads: &[Load], withheld: usize) -> Vec<PlannedVolume> {
        let plan = Plan::of(loads, withheld);
        assert!(plan.report.iter().all(|volume| volume.of == plan.report.len()));
        let told = plan.report.into_iter().map(|v| (v.exhibits, v.pictures, v.rest));
        told.collect()
    }

    #[test]
    fn a_volume_takes_125_exhibits_or_40_megabytes() {
        let one = Load {
            pictures: 2,
            bytes: 100_000,
            text: 300,
            files: 2,
        };
        assert_eq!(planned(&[], 0), [(0..0, 0..0, Some((0, 1)))]);
        assert_eq!(planned(&[one; 125], 9), [(0..125, 0..250, Some((0, 1)))]);
        let two = [(0..125, 0..250, None), (125..126, 250..252, Some((0, 1)))];
        assert_eq!(planned(&[one; 126], 0), two);
        let heavy = Load {
            pictures: 1,
            bytes: 25_000_000,
            text: 0,
            files: 1,
        };
        assert_eq!(planned(&[heavy; 2], 0).len(), 2);
        let endless = Load {
            text: 90_000_000,
            ..Load::default()
        };
        assert_eq!(planned(&[one, endless, one], 0).len(), 3);
    }

    #[test]
    fn a_certificate_takes_250_exhibits_or_1000_files_and_one_exhibit_at_least() {
        let planned = |files: &[usize]| {
            let loads: Vec<Load> = files
                .iter()
                .map(|files| Load {
                    files: *files,
                    ..Load::default()
                })
                .collect();
            let plan = Plan::of(&loads, 0).certificates;
            assert!(plan.iter().all(|volume| volume.of == plan.len()));
            plan.into_iter()
                .map(|volume| (volume.exhibits.start, volume.exhibits.end))
                .collect::<Vec<_>>()
        };
        assert_eq!(planned(&[]), [(0, 0)]);
        assert_eq!(planned(&[1; 250]), [(0, 250)]);
        assert_eq!(planned(&[1; 251]), [(0, 250), (250, 251)]);
        assert_eq!(planned(&[1, 2000, 999, 1]), [(0, 1), (1, 2), (2, 4)]);
    }

    #[test]
    fn what_follows_many_exhibits_has_volumes_of_its_own() {
        let plan = planned(&[Load::default()], 7000);
        let rest: Vec<_> = plan.iter().map(|(.., rest)| *rest).collect();
        assert_eq!(rest, [None, Some((0, 3)), Some((1, 3)), Some((2, 3))]);
        assert_eq!(Plan::of(&[Load::default()], 7000).exhibits.len(), 1);
    }
}
