//! Arrows between modules: which file uses which, found by following `use`, re-exports and paths in code.

use std::collections::{BTreeMap, BTreeSet};

use super::names::Scope;
use super::source::{Source, sources};

/// One file uses another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    pub from: String,
    pub to: String,
    /// As it is written.
    pub path: String,
    pub line: usize,
}

impl std::fmt::Display for Arrow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "src/{}:{}: {} → {} ({})",
            self.from, self.line, self.from, self.to, self.path
        )
    }
}

/// The crate's modules and what they know.
struct Crate<'a> {
    scopes: BTreeMap<&'a [String], (&'a Scope, &'a Source)>,
}

/// Where a path leads.
enum End<'a> {
    Inside(&'a Source),
    Outside(Vec<String>),
}

/// Every arrow between two files, the first of each pair only.
pub fn arrows() -> Vec<Arrow> {
    let all = Crate::new();
    let mut seen = BTreeSet::new();
    let mut arrows = Vec::new();
    for source in sources() {
        for used in &source.used {
            let Some(End::Inside(to)) = all.resolve(&used.module, &used.path) else {
                continue;
            };
            if to.path != source.path && seen.insert((&source.path, &to.path)) {
                let (from, to, path) = (source.path.clone(), to.path.clone(), used.path.join("::"));
                arrows.push(Arrow {
                    from,
                    to,
                    path,
                    line: used.line,
                });
            }
        }
    }
    arrows
}

/// The paths into other crates that a file uses, with their lines: `std::fs::read`.
pub fn outside(source: &Source) -> Vec<(String, usize)> {
    let all = Crate::new();
    let mut found = Vec::new();
    for used in &source.used {
        if let Some(End::Outside(path)) = all.resolve(&used.module, &used.path) {
            found.push((path.join("::"), used.line));
        }
    }
    found
}

/// What a path may lead through before it is taken for a circle of re-exports.
const STEPS: usize = 40;

impl<'a> Crate<'a> {
    fn new() -> Self {
        let mut scopes = BTreeMap::new();
        for source in sources() {
            for scope in &source.scopes {
                // The programs are crates of their own; they reach the library by its name.
                if !source.path.ends_with("main.rs") && !source.path.starts_with("bin/") {
                    scopes.insert(scope.module.as_slice(), (scope, source));
                }
            }
        }
        Self { scopes }
    }

    fn resolve(&self, module: &[String], path: &[String]) -> Option<End<'a>> {
        self.written(module, path, STEPS)
    }

    /// A path as it is written in a module.
    fn written(&self, module: &[String], path: &[String], steps: usize) -> Option<End<'a>> {
        let steps = steps.checked_sub(1)?;
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" | "casetrail" => self.walk(&[], rest, steps),
            "self" => self.walk(module, rest, steps),
            "super" => {
                let mut parent = module.split_last()?.1;
                let mut rest = rest;
                while let Some(("super", more)) = rest.split_first().map(|(f, r)| (f.as_str(), r)) {
                    parent = parent.split_last()?.1;
                    rest = more;
                }
                self.walk(parent, rest, steps)
            }
            "Self" => None,
            "" => Some(End::Outside(rest.to_vec())),
            name => {
                let (scope, source) = self.scopes.get(module)?;
                if let Some(path) = scope.uses.get(name).filter(|p| p.as_slice() != [name]) {
                    return self.written(module, &[path.as_slice(), rest].concat(), steps);
                }
                let child = [module, &[name.to_owned()]].concat();
                if self.scopes.contains_key(child.as_slice()) {
                    return self.walk(&child, rest, steps);
                }
                match scope.items.iter().any(|i| i == name) {
                    true => Some(End::Inside(source)),
                    false => Some(End::Outside(path.to_vec())),
                }
            }
        }
    }

    /// A path from a module that is known: into child modules, through what they re-export, to the file of the item.
    fn walk(&self, module: &[String], path: &[String], steps: usize) -> Option<End<'a>> {
        let (scope, source) = self.scopes.get(module)?;
        let Some((name, rest)) = path.split_first() else {
            return Some(End::Inside(source));
        };
        let child = [module, std::slice::from_ref(name)].concat();
        if self.scopes.contains_key(child.as_slice()) {
            return self.walk(&child, rest, steps);
        }
        if scope.items.contains(name) {
            return Some(End::Inside(source));
        }
        if let Some(path) = scope.uses.get(name) {
            return self.written(module, &[path.as_slice(), rest].concat(), steps.checked_sub(1)?);
        }
        if module.is_empty() {
            let exported = self.scopes.values().find(|(s, _)| s.exported.contains(name));
            return exported.map(|(_, source)| End::Inside(source));
        }
        let globbed = scope
            .globs
            .iter()
            .find_map(|glob| self.in_glob(module, glob, name, steps));
        globbed.or(Some(End::Inside(source)))
    }

    fn in_glob(&self, module: &[String], glob: &[String], name: &String, steps: usize) -> Option<End<'a>> {
        let Some(End::Inside(source)) = self.written(module, glob, steps) else {
            return None;
        };
        let has = source.scopes.iter().any(|s| s.items.contains(name));
        has.then_some(End::Inside(source))
    }
}

/// Circles of modules: each a set of files from any of which every other is reached. Arrows between a module and one that
/// it lies in are left out.
pub fn circles(arrows: &[Arrow]) -> Vec<Vec<Arrow>> {
    let counted: Vec<&Arrow> = arrows.iter().filter(|a| !is_family(&a.from, &a.to)).collect();
    let mut next: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for arrow in &counted {
        next.entry(&arrow.from).or_default().push(&arrow.to);
    }
    let mut circles = Vec::new();
    for component in Tarjan::of(&next) {
        let inside = |file: &String| component.contains(file.as_str());
        let within = counted.iter().filter(|a| inside(&a.from) && inside(&a.to));
        circles.push(within.map(|a| (*a).clone()).collect());
    }
    circles
}

/// Whether one of two files is the module in which the other lies.
fn is_family(a: &str, b: &str) -> bool {
    let holds = |outer: &str, inner: &str| {
        let folder = match outer.strip_suffix("mod.rs") {
            Some(folder) => folder.to_owned(),
            None => format!("{}/", outer.trim_end_matches(".rs")),
        };
        outer == "lib.rs" || inner.starts_with(&folder)
    };
    holds(a, b) || holds(b, a)
}

/// Tarjan's algorithm: the strongly connected components of more than one node.
#[derive(Default)]
struct Tarjan<'a> {
    count: usize,
    index: BTreeMap<&'a str, usize>,
    low: BTreeMap<&'a str, usize>,
    stack: Vec<&'a str>,
    found: Vec<BTreeSet<&'a str>>,
}

impl<'a> Tarjan<'a> {
    fn of(next: &BTreeMap<&'a str, Vec<&'a str>>) -> Vec<BTreeSet<&'a str>> {
        let mut tarjan = Self::default();
        for node in next.keys() {
            if !tarjan.index.contains_key(node) {
                tarjan.visit(node, next);
            }
        }
        tarjan.found
    }

    fn visit(&mut self, node: &'a str, next: &BTreeMap<&'a str, Vec<&'a str>>) {
        self.count += 1;
        let mut low = self.count;
        self.index.insert(node, low);
        self.stack.push(node);
        for to in next.get(node).into_iter().flatten() {
            if !self.index.contains_key(to) {
                self.visit(to, next);
                low = low.min(self.low[to]);
            } else if self.stack.contains(to) {
                low = low.min(self.index[to]);
            }
        }
        self.low.insert(node, low);
        if low == self.index[node] {
            let from = self.stack.iter().position(|n| *n == node).unwrap();
            let component: BTreeSet<&str> = self.stack.drain(from..).collect();
            self.found.extend((component.len() > 1).then_some(component));
        }
    }
}

#[test]
fn a_circle_is_found_and_a_parent_makes_none() {
    let arrow = |from: &str, to: &str| Arrow {
        from: from.into(),
        to: to.into(),
        path: String::new(),
        line: 1,
    };
    let all = [
        arrow("a/x.rs", "b.rs"),
        arrow("b.rs", "c.rs"),
        arrow("c.rs", "a/x.rs"),
        arrow("c.rs", "d.rs"),
        arrow("e/mod.rs", "e/x.rs"),
        arrow("e/x.rs", "e/mod.rs"),
    ];
    let found = circles(&all);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0], all[..3]);
}

#[test]
fn arrows_follow_trees_renames_and_exports() {
    let all = arrows();
    let is = |from: &str, to: &str| all.iter().any(|a| a.from == from && a.to == to);
    // `use crate::db::{Db, …}` in a tree; `pub use location::Location` followed to its file; `crate::` in code.
    assert!(is("gate/mod.rs", "db/mod.rs"));
    assert!(is("config.rs", "db/location.rs") && !is("config.rs", "db/connect.rs"));
    assert!(is("app.rs", "captures/mod.rs"));
    // A path in a macro.
    assert!(is("authorizations/model.rs", "forms.rs"));
}
