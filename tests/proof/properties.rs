//! Whatever is done to a packet's bytes, it does not pass.

use std::sync::OnceLock;

use casetrail::verify::VerifyOutcome;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::kit::*;

fn sample() -> &'static (Files, Vec<u8>) {
    static SAMPLE: OnceLock<(Files, Vec<u8>)> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let files = Model::sample().files();
        let dir = TempDir::new().unwrap();
        let bytes = std::fs::read(zip(dir.path(), &files)).unwrap();
        (files, bytes)
    })
}

fn passes(bytes: &[u8]) -> bool {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("p.zip");
    std::fs::write(&path, bytes).unwrap();
    !matches!(
        verify_path(&path, &key()).outcome,
        VerifyOutcome::Failed | VerifyOutcome::Unreadable
    )
}

/// Bends one file of the packet, which is then zipped (and tagged) anew.
fn file_bent(path: &str, retagged: bool, bend: impl FnOnce(&mut Vec<u8>)) -> bool {
    let mut files = sample().0.clone();
    bend(files.get_mut(path).unwrap());
    if retagged {
        retag(&mut files);
    }
    files != sample().0
        && !matches!(
            verify_zip(&files, &key()).outcome,
            VerifyOutcome::Failed | VerifyOutcome::Unreadable
        )
}

fn any_path() -> impl Strategy<Value = String> {
    prop::sample::select(sample().0.keys().cloned().collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_bit_of_the_zip(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let mut bytes = sample().1.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(!passes(&bytes), "byte {at}, bit {bit}");
    }

    #[test]
    fn any_bit_of_any_file(path in any_path(), at in any::<prop::sample::Index>(), bit in 0u8..8, retagged in any::<bool>()) {
        prop_assert!(!file_bent(&path, retagged, |bytes| {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }), "{path}");
    }

    #[test]
    fn any_file_cut_or_lengthened(path in any_path(), at in any::<prop::sample::Index>(), more in prop::collection::vec(any::<u8>(), 1..20), cut in any::<bool>()) {
        prop_assert!(!file_bent(&path, true, |bytes| if cut { bytes.truncate(at.index(bytes.len())) } else { bytes.extend(more) }), "{path}");
    }

    #[test]
    fn any_lines_swapped_dropped_or_doubled(path in any_path(), a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>(), how in 0..3) {
        prop_assert!(!file_bent(&path, true, |bytes| {
            let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|c| *c == b'\n').map(Into::into).collect();
            let (a, b) = (a.index(lines.len()), b.index(lines.len()));
            match how {
                0 => lines.swap(a, b),
                1 => drop(lines.remove(a)),
                _ => lines.insert(a, lines[b].clone()),
            }
            *bytes = lines.concat();
        }), "{path}");
    }

    #[test]
    fn any_file_dropped_added_or_swapped(path in any_path(), other in any_path(), how in 0..3, retagged in any::<bool>()) {
        let mut files = sample().0.clone();
        match how {
            0 => drop(files.remove(&path)),
            1 => drop(files.insert(path.clone() + "x", vec![])),
            _ => {
                let (a, b) = (files[&path].clone(), files[&other].clone());
                files.insert(path.clone(), b);
                files.insert(other.clone(), a);
            }
        }
        if retagged {
            retag(&mut files);
        }
        let passed = !matches!(verify_zip(&files, &key()).outcome, VerifyOutcome::Failed | VerifyOutcome::Unreadable);
        prop_assert!(!passed || files == sample().0, "{path} {other}");
    }

    #[test]
    fn parts_of_the_zip_moved_or_doubled(a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>(), c in any::<prop::sample::Index>(), insert in any::<bool>()) {
        let bytes = &sample().1;
        let mut cut = [a, b, c].map(|i| i.index(bytes.len() + 1));
        cut.sort_unstable();
        let [x, y, z] = cut;
        let bent = if insert { [&bytes[..y], &bytes[x..y], &bytes[y..]].concat() } else { [&bytes[..x], &bytes[y..z], &bytes[x..y], &bytes[z..]].concat() };
        prop_assert!(bent == *bytes || !passes(&bent));
    }

    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..2000), zip_like in any::<bool>()) {
        let bytes = if zip_like { [&b"PK\x03\x04"[..], &bytes].concat() } else { bytes };
        prop_assert!(!passes(&bytes));
    }
}
