//! Signed notes, checkpoints, cosignatures, log proofs, policies: the published vectors of tlog.

use casetrail::proof::checkpoint::*;
use casetrail::proof::merkle::{self, leaf_hash};
use casetrail::proof::{Digest, b64};
use casetrail::verify::trust::WitnessPolicy;
use proptest::prelude::*;
use serde_json::Value;

use crate::kit::{Memory, published};
use crate::skip::skip;

fn file(name: &str) -> Vec<u8> {
    published(&format!("tlog/{name}"))
}

fn vector() -> Value {
    serde_json::from_slice(&file("vector.json")).unwrap()
}

fn keys() -> [VerifyingKey; 2] {
    let vector = vector();
    ["log_vkey", "witness_vkey"].map(|name| VerifyingKey::parse(vector[name].as_str().unwrap()).unwrap())
}

#[test]
fn the_worked_example_of_signed_note_verifies() {
    let vkey = String::from_utf8(file("c2sp-example.vkey")).unwrap();
    let key = VerifyingKey::parse(vkey.trim_end()).unwrap();
    let note = Note::parse(&file("c2sp-example.note")).unwrap();
    assert_eq!(note.verify(&[key]).unwrap(), [Verified { key: 0, time: None }]);
}

#[test]
fn we_sign_and_cosign_as_the_vectors_do() {
    let log = Signer::from_seed("casetrail.example/log", &[1; 32]).unwrap();
    let witness = Signer::witness_from_seed("witness.example/w1", &[2; 32]).unwrap();
    assert_eq!([log.vkey().clone(), witness.vkey().clone()], keys());
    assert_eq!(log.vkey().to_string(), vector()["log_vkey"].as_str().unwrap());
    for name in ["checkpoint-4", "checkpoint-7"] {
        let note = Note::parse(&file(name)).unwrap();
        let checkpoint = Checkpoint::parse(&note.text).unwrap();
        let found = note.verify(&keys()).unwrap();
        assert_eq!(found.len(), 2);
        let again = log.sign(&checkpoint) + &witness.cosign(&checkpoint, found[1].time.unwrap());
        assert_eq!(again.as_bytes(), file(name));
    }
}

#[test]
fn trees_and_proofs_are_those_of_the_vectors() {
    let vector = vector();
    let leaves: Vec<Digest> = vector["entries_utf8"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| leaf_hash(e.as_str().unwrap().as_bytes()))
        .collect();
    let tiles = Memory::of(&leaves);
    for size in 0..=7 {
        assert_eq!(
            merkle::root(&tiles, size).unwrap().to_string(),
            vector["roots_hex"][size.to_string()].as_str().unwrap()
        );
    }
    let text = |hashes: Vec<Digest>| hashes.iter().map(|h| b64::encode(&h.0)).collect::<Vec<_>>();
    let listed = |name: &str| {
        vector[name]
            .as_array()
            .unwrap()
            .iter()
            .map(|h| h.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        text(merkle::inclusion_proof(&tiles, 5, 7).unwrap()),
        listed("inclusion_proof_b64")
    );
    assert_eq!(
        text(merkle::consistency_proof(&tiles, 4, 7).unwrap()),
        listed("consistency_4_7_b64")
    );
    let tile: Vec<u8> = leaves.iter().flat_map(|l| l.0).collect();
    assert_eq!(tile, file("tile-0-000.p-7"));
    let proof = TlogProof::parse(&file("entry5.tlog-proof")).unwrap();
    assert_eq!(proof.format().as_bytes(), file("entry5.tlog-proof"));
    let checkpoint = Checkpoint::parse(&Note::parse(proof.note.as_bytes()).unwrap().text).unwrap();
    assert!(merkle::verify_inclusion(
        proof.index,
        checkpoint.size,
        leaves[5],
        &proof.hashes,
        checkpoint.root
    ));
}

#[test]
fn a_policy_counts_its_witnesses() {
    let text = vector()["policy"].as_str().unwrap().to_owned();
    let policy = WitnessPolicy::parse(&text).unwrap();
    assert!(policy.satisfied(&[0]) && !policy.satisfied(&[]));
    assert!(
        WitnessPolicy::parse(text.replace("quorum w1", "quorum none"))
            .unwrap()
            .satisfied(&[])
    );
    let group = text.replace("quorum w1", "group g all w1\ngroup h any g\nquorum h");
    assert!(WitnessPolicy::parse(&group).unwrap().satisfied(&[0]));
    for (from, to) in [
        ("quorum w1", ""),
        ("quorum w1", "quorum w1\nquorum w1"),
        ("quorum w1", "quorum w2"),
        ("quorum w1", "group g 2 w1\nquorum g"),
        ("witness w1", "witness none"),
        ("quorum w1", "group g any w1 w1\nquorum g"),
        ("log ", "lag "),
        ("+df1c0a35", "+df1c0a36"),
    ] {
        assert!(WitnessPolicy::parse(text.replace(from, to)).is_err(), "{to}");
    }
}

#[test]
fn notes_are_read_strictly() {
    let good = String::from_utf8(file("checkpoint-7")).unwrap();
    for bad in [
        good.trim_end().to_owned(),
        good.replace("\n\n", "\n"),
        good.replace("—", "-"),
        good.replace('\n', "\r\n"),
        good.clone() + "x\n",
        good.replace("— ", "—  "),
        "\n".into(),
        String::new(),
    ] {
        assert!(Note::parse(bad.as_bytes()).is_err(), "{bad:?}");
    }
    let twice = good.clone() + good.lines().nth(4).unwrap() + "\n";
    assert_eq!(
        Note::parse(twice.as_bytes()).unwrap().verify(&keys()),
        Err(NoteError::Twice)
    );
    for bad in [
        "a\n07\njuo=\n",
        "\n7\nju+6vaTwi1RItNuwTrHrzyzYa/Nn0cD+wyFIgqkbe54=\n",
        "a\n7\nju+6vaTwi1RItNuwTrHrzyzYa/Nn0cD+wyFIgqkbe54=\next\n",
        "a\n+7\nju+6vaTwi1RItNuwTrHrzyzYa/Nn0cD+wyFIgqkbe54=\n",
    ] {
        assert!(Checkpoint::parse(bad).is_err(), "{bad:?}");
    }
    let vkey = keys()[0].to_string();
    for bad in [
        vkey.replace("+53b0", "+53b1"),
        vkey.replace("casetrail", "case trail"),
        vkey.replace("AYqI", "A4qI"),
        vkey[..60].into(),
        String::new(),
        "a+b".into(),
    ] {
        assert!(VerifyingKey::parse(&bad).is_err(), "{bad}");
    }
}

#[test]
fn base64_has_one_spelling() {
    for (bytes, text) in [
        (&b""[..], ""),
        (b"f", "Zg=="),
        (b"fo", "Zm8="),
        (b"foo", "Zm9v"),
        (b"foob", "Zm9vYg=="),
    ] {
        assert_eq!(
            (b64::encode(bytes).as_str(), b64::decode(text).as_deref()),
            (text, Some(bytes))
        );
    }
    for bad in [
        "Zg", "Zg=", "Zh==", "Zg==\n", "Z===", "====", "Zm9v=", "Zm-v", "Zg==Zg==",
    ] {
        assert_eq!(b64::decode(bad), None, "{bad}");
    }
}

#[test]
fn the_pem_is_what_openssl_reads() {
    let pem = keys()[0].pem();
    let lines: Vec<&str> = pem.lines().collect();
    assert_eq!(
        (lines[0], lines[2], lines.len()),
        ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----", 3)
    );
    assert!(b64::decode(lines[1]).unwrap().ends_with(keys()[0].public()));
    let dir = tempfile::tempdir().unwrap();
    let note = Note::parse(&file("checkpoint-7")).unwrap();
    let [key, text, sig] = ["log.pem", "body", "sig"].map(|name| dir.path().join(name));
    std::fs::write(&key, pem).unwrap();
    std::fs::write(&text, &note.text).unwrap();
    std::fs::write(&sig, &note.signatures[0].bytes).unwrap();
    let mut openssl = std::process::Command::new("openssl");
    openssl
        .args(["pkeyutl", "-verify", "-pubin", "-rawin", "-inkey"])
        .arg(key)
        .arg("-in")
        .arg(text)
        .arg("-sigfile")
        .arg(sig);
    match openssl.output() {
        Ok(output) => assert!(output.status.success(), "{output:?}"),
        Err(e) => skip("a signature verified by openssl", &format!("it cannot be run ({e})")),
    }
}

proptest! {
    #[test]
    fn a_bent_note_never_verifies(bit in 0usize..2000) {
        let log = Signer::from_seed("log.example/bent", &[1; 32]).unwrap();
        let witness = Signer::witness_from_seed("witness.example/w1", &[2; 32]).unwrap();
        let checkpoint = Checkpoint { origin: "log.example/bent".into(), size: 7, root: leaf_hash(b"root") };
        let mut bytes = (log.sign(&checkpoint) + &witness.cosign(&checkpoint, 1_700_000_000)).into_bytes();
        let verified = |bytes: &[u8]| {
            let keys = [log.vkey().clone(), witness.vkey().clone()];
            Note::parse(bytes).and_then(|note| note.verify(&keys)).map_or(0, |v| v.len())
        };
        prop_assert_eq!(verified(&bytes), 2);
        let bit = bit % (bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verified(&bytes) < 2);
    }

    #[test]
    fn arbitrary_text_never_panics(text in any::<String>()) {
        let _ = (Note::parse(text.as_bytes()), Checkpoint::parse(&text), VerifyingKey::parse(&text), TlogProof::parse(text.as_bytes()), WitnessPolicy::parse(&text));
    }
}
