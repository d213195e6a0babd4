//! The verifier's page is made from the sources as they stand: nobody changes a verifier and forgets the page.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use casetrail::proof::Digest;
use casetrail::verify::verifier::PAGE;

const ROOMS: [&str; 4] = ["src/proof", "src/page", "src/verify", "src/bag"];
const WAY_OUT: &str = "run `make verify-page` and commit what it makes";

fn files(folder: &Path, found: &mut BTreeSet<String>) {
    for item in fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => drop(found.insert(path.to_str().unwrap().to_owned())),
        }
    }
}

/// What the templates of the packet's pages take in from elsewhere: style and icons of the product's own pages.
fn included() -> impl Iterator<Item = String> {
    let mut templates = BTreeSet::new();
    files(Path::new("src/page"), &mut templates);
    templates.into_iter().flat_map(|template| {
        let text = fs::read_to_string(template).unwrap();
        let taken = text.split("{% include \"").skip(1);
        let taken: Vec<String> = taken
            .map(|rest| format!("src/{}", rest.split('"').next().unwrap()))
            .collect();
        taken
    })
}

#[test]
fn the_page_is_made_from_these_sources() {
    let made_from = fs::read_to_string("verify-page/made-from.txt").unwrap();
    let lock = fs::read_to_string("Cargo.lock").unwrap();
    let mut listed = BTreeSet::new();
    for line in made_from.lines() {
        if let Some((name, version)) = line.strip_prefix("crate ").and_then(|rest| rest.split_once(" v")) {
            let entry = format!("name = \"{name}\"\nversion = \"{version}\"\n");
            assert!(lock.contains(&entry), "{name} is no longer {version}: {WAY_OUT}");
            continue;
        }
        if line.starts_with("compiler ") {
            continue;
        }
        let (digest, file) = line.split_once("  ").unwrap();
        let now = Digest::of(&fs::read(file).unwrap_or_default());
        assert_eq!(now.to_string(), digest, "{file} has changed: {WAY_OUT}");
        listed.insert(file.to_owned());
    }
    let mut there: BTreeSet<String> = included().collect();
    ROOMS.iter().for_each(|room| files(Path::new(room), &mut there));
    let unlisted: Vec<_> = there.difference(&listed).collect();
    assert!(unlisted.is_empty(), "{unlisted:?}: {WAY_OUT}");
}

#[test]
fn the_page_loads_nothing_and_is_whole() {
    let page = std::str::from_utf8(PAGE.unwrap()).unwrap();
    for loads in ["src=", "href=", "import(", "url(", "fetch("] {
        assert!(!page.contains(loads), "{loads}");
    }
    assert!(!page.contains("{{"), "a part of the page is missing");
    // A script ends at the first such letters, whatever they stand in.
    assert_eq!(page.matches("</script>").count(), 3);
}
