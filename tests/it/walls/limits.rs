//! How much a reader has to hold at once: arguments, `bool` arguments, depth, statics, and names of types that stand for one
//! thing only. Each list is of what breaks a rule today; it may only become shorter.

use std::collections::BTreeMap;

use super::only_listed;
use super::shape::Function;
use super::source::sources;

/// Functions of more than five arguments.
const MANY_ARGUMENTS: &[&str] = &["gate/authorize.rs::authorize", "gate/tx.rs::new"];

/// Functions with a `bool` argument: a call does not say what `true` means.
const BOOL_ARGUMENTS: &[&str] = &["verify/mod.rs::require"];

/// Functions in which blocks stand more than three deep.
const DEEP: &[&str] = &[];

/// Values that every part of the process shares.
const STATICS: &[&str] = &[];

/// Names that stand for more than one type.
const TYPES: &[&str] = &[];

fn functions(breaks: impl Fn(&Function) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources() {
        let broken = source.functions.iter().filter(|f| breaks(f));
        found.extend(broken.map(|f| format!("{}::{}", source.path, f.name)));
    }
    found
}

#[test]
fn functions_take_few_arguments() {
    let found = functions(|f| f.own && f.arguments > 5);
    only_listed("a function takes at most five arguments", found, MANY_ARGUMENTS);
}

#[test]
fn arguments_say_what_they_mean() {
    let found = functions(|f| f.own && f.takes_bool);
    only_listed("no function takes a bool", found, BOOL_ARGUMENTS);
}

#[test]
fn blocks_stand_at_most_three_deep() {
    only_listed("blocks stand at most three deep", functions(|f| f.depth > 3), DEEP);
}

#[test]
fn nothing_is_shared_by_the_whole_process() {
    let mut found = Vec::new();
    for source in sources().iter().filter(|s| s.path != "main.rs") {
        found.extend(source.statics.iter().map(|name| format!("{}::{name}", source.path)));
    }
    only_listed("no static outside main.rs", found, STATICS);
}

#[test]
fn a_name_stands_for_one_type() {
    let mut all: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for source in sources() {
        for (name, line) in &source.types {
            all.entry(name).or_default().push(format!("src/{}:{line}", source.path));
        }
    }
    all.retain(|_, places| places.len() > 1);
    for (name, places) in all.iter().filter(|(name, _)| !TYPES.contains(name)) {
        println!("{name}: {}", places.join(", "));
    }
    let found = all.keys().map(|name| (*name).to_owned()).collect();
    only_listed("a type's name stands once in the crate", found, TYPES);
}
