//! Merkle proofs, against the published vectors, and tiles against a plain recursion.

use casetrail::proof::merkle::*;
use casetrail::proof::{Digest, b64};
use proptest::prelude::*;
use serde_json::Value;

use crate::kit::{Memory, published};

fn vector(name: &str) -> Value {
    serde_json::from_slice(&published(&format!("merkle/{name}.json"))).unwrap()
}

/// A digest; none where the vector's hash is not 32 bytes, which our types refuse.
fn digest(value: &Value) -> Option<Digest> {
    Digest::from_slice(&b64::decode(value.as_str().unwrap_or_default())?)
}

fn proof(value: &Value) -> Option<Vec<Digest>> {
    value
        .as_array()
        .map_or(Some(Vec::new()), |hashes| hashes.iter().map(digest).collect())
}

#[test]
fn published_inclusion_proofs() {
    for case in vector("inclusion").as_array().unwrap() {
        let read = || {
            let (leaf, root) = (digest(&case["leafHash"])?, digest(&case["root"])?);
            Some(verify_inclusion(
                case["leafIdx"].as_u64()?,
                case["treeSize"].as_u64()?,
                leaf,
                &proof(&case["proof"])?,
                root,
            ))
        };
        assert_eq!(read().unwrap_or(false), case["wantErr"] == false, "{}", case["file"]);
    }
}

#[test]
fn published_consistency_proofs() {
    for case in vector("consistency").as_array().unwrap() {
        let read = || {
            // Some cases spell roots that do not matter as a few words: any digest stands for them.
            let root = |value: &Value| digest(value).unwrap_or_else(|| Digest::of(value.as_str().unwrap().as_bytes()));
            let (a, b) = (root(&case["root1"]), root(&case["root2"]));
            Some(verify_consistency(
                case["size1"].as_u64()?,
                case["size2"].as_u64()?,
                &proof(&case["proof"])?,
                a,
                b,
            ))
        };
        assert_eq!(read().unwrap_or(false), case["wantErr"] == false, "{}", case["file"]);
    }
}

#[test]
fn published_roots() {
    let vector = vector("rfc6962-roots");
    let unhex = |text: &str| {
        (0..text.len() / 2)
            .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
            .collect::<Vec<_>>()
    };
    let leaves: Vec<Digest> = vector["leaf_inputs_hex"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| leaf_hash(&unhex(l.as_str().unwrap())))
        .collect();
    for (size, expected) in vector["roots_hex_by_size"].as_object().unwrap() {
        let size: usize = size.parse().unwrap();
        let found = root(&Memory::of(&leaves[..size]), size as u64).unwrap();
        assert_eq!(found.to_string(), expected.as_str().unwrap());
    }
}

#[test]
fn tile_paths_are_those_of_tlog_tiles() {
    let id = TileId {
        level: 2,
        index: 1_234_067,
    };
    assert_eq!(tile_path(id, 256), "/tile/2/x001/x234/067");
    assert_eq!(tile_path(TileId { level: 0, index: 0 }, 7), "/tile/0/000.p/7");
    for (index, width) in [(0, 256), (999, 1), (1000, 255), (u64::MAX, 256)] {
        let id = TileId { level: 5, index };
        assert_eq!(parse_tile_path(&tile_path(id, width)), Some((id, width)));
    }
    for bad in [
        "/tile/0/0",
        "/tile/0/000.p/0",
        "/tile/0/000.p/256",
        "/tile/0/000.p/07",
        "/tile/00/000",
        "/tile/0/x000/000",
        "/tile/0/000/",
        "/tile/64/000",
        "tile/0/000",
        "/tile/0/1234",
    ] {
        assert_eq!(parse_tile_path(bad), None, "{bad}");
    }
}

#[test]
fn a_tile_holds_1_to_256_hashes() {
    assert!(Tile::new(&[]).is_none() && Tile::new(&[0; 33]).is_none() && Tile::new(&[0; 257 * 32]).is_none());
    assert_eq!(Tile::new(&[0; 256 * 32]).unwrap().width(), 256);
}

fn leaves(n: u64) -> Vec<Digest> {
    (0..n).map(|i| Digest::of(&i.to_be_bytes())).collect()
}

/// RFC 9162 section 2.1.1, as it stands there.
fn mth(leaves: &[Digest]) -> Digest {
    match leaves.len() {
        0 => Digest::of(b""),
        1 => leaves[0],
        n => {
            let k = n.next_power_of_two() / 2;
            node_hash(&mth(&leaves[..k]), &mth(&leaves[k..]))
        }
    }
}

#[test]
fn a_tree_of_many_tiles_proves_every_kind_of_leaf() {
    let leaves = leaves(70_000);
    let tiles = Memory::of(&leaves);
    for size in [1u64, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 69_999, 70_000] {
        let top = root(&tiles, size).unwrap();
        assert_eq!(top, mth(&leaves[..size as usize]), "{size}");
        for index in [0, 1, size / 3, size / 2, size.saturating_sub(2), size - 1]
            .into_iter()
            .filter(|i| *i < size)
        {
            let proof = inclusion_proof(&tiles, index, size).unwrap();
            assert!(
                verify_inclusion(index, size, leaves[index as usize], &proof, top),
                "{index} of {size}"
            );
        }
        for old in [1, 2, 256, size / 2, size - 1, size]
            .into_iter()
            .filter(|a| (1..=size).contains(a))
        {
            let proof = consistency_proof(&tiles, old, size).unwrap();
            assert!(
                verify_consistency(old, size, &proof, mth(&leaves[..old as usize]), top),
                "{old} to {size}"
            );
        }
    }
    assert_eq!(inclusion_proof(&tiles, 5, 5), Err(ProofError::Range));
    assert!(matches!(
        root(&tiles, 70_001),
        Err(ProofError::Short(_) | ProofError::Tiles(_))
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn growing_in_any_steps_gives_the_same_tree_and_sound_proofs(steps in prop::collection::vec(1u64..400, 1..5), at in any::<prop::sample::Index>(), flip in any::<prop::sample::Index>()) {
        let all = leaves(steps.iter().sum());
        let (mut tiles, mut size, mut sizes) = (Memory::default(), 0u64, vec![]);
        for step in steps {
            tiles.extend(size, &all[size as usize..(size + step) as usize]);
            size += step;
            sizes.push(size);
        }
        let top = root(&tiles, size).unwrap();
        prop_assert_eq!(top, mth(&all));
        let index = at.index(all.len()) as u64;
        let mut proof = inclusion_proof(&tiles, index, size).unwrap();
        prop_assert!(verify_inclusion(index, size, all[index as usize], &proof, top));
        if !proof.is_empty() {
            let bit = flip.index(proof.len() * 256);
            proof[bit / 256].0[bit % 256 / 8] ^= 1 << (bit % 8);
            prop_assert!(!verify_inclusion(index, size, all[index as usize], &proof, top));
        }
        for old in sizes {
            let proof = consistency_proof(&tiles, old, size).unwrap();
            let old_root = mth(&all[..old as usize]);
            prop_assert!(verify_consistency(old, size, &proof, old_root, top));
            prop_assert!(!verify_consistency(old, size, &proof, top, old_root) || old == size);
        }
    }
}
