//! The source as the walls see it: every file of the crate parsed, tests left out, and the facts taken from it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Attribute, ImplItem, Item, ItemMod, Stmt, TraitItem};

use super::names::{self, Scope, Used};
use super::shape::{self, Function};

/// One file of `src`.
pub struct Source {
    /// Its path below `src`: `captures/model.rs`.
    pub path: String,
    /// Its text without tests.
    pub text: String,
    /// Its text without tests and comments.
    pub code: String,
    /// Its functions, those in `impl` and `trait` blocks included.
    pub functions: Vec<Function>,
    /// Structs, enums, traits and type aliases, each with its line.
    pub types: Vec<(String, usize)>,
    /// Names of `static` items and thread-locals.
    pub statics: Vec<String>,
    /// Calls that panic: `unwrap`, `expect`, `panic!` and their like, each with its line.
    pub panics: Vec<(String, usize)>,
    /// The names that its module and the inline modules in it know.
    pub scopes: Vec<Scope>,
    /// The paths it uses, as written.
    pub used: Vec<Used>,
}

impl Source {
    /// The room: the first folder or file below `src`.
    pub fn room(&self) -> &str {
        room(&self.path)
    }
}

/// The room of a path below `src`: `captures/model.rs` lies in `captures/`, `clock.rs` is one itself.
pub fn room(path: &str) -> &str {
    match path.split_once('/') {
        Some((folder, _)) => &path[..=folder.len()],
        None => path,
    }
}

/// All files of the crate that are compiled outside tests, in the order of their paths.
pub fn sources() -> &'static [Source] {
    static SOURCES: OnceLock<Vec<Source>> = OnceLock::new();
    SOURCES.get_or_init(|| {
        let mut all = Vec::new();
        for root in ["lib.rs", "main.rs", "bin/casetrail-verify.rs"] {
            read(root, Vec::new(), &mut all);
        }
        all.sort_by(|a, b| a.path.cmp(&b.path));
        all
    })
}

/// Reads a file and the files of the modules that it declares.
fn read(path: &str, module: Vec<String>, all: &mut Vec<Source>) {
    let text = std::fs::read_to_string(Path::new("src").join(path)).unwrap();
    let mut file = syn::parse_file(&text).unwrap_or_else(|e| panic!("{path}: {e}"));
    let mut tests = Tests::default();
    tests.visit_file_mut(&mut file);
    for child in file.items.iter().filter_map(declared) {
        let name = child.ident.to_string();
        let at = below(path, &name);
        read(&at, [module.clone(), vec![name]].concat(), all);
    }
    let text = without(&text, &tests.spans);
    let (scopes, used) = names::of(&file, &module);
    let found = shape::of(&file);
    all.push(Source {
        code: uncommented(&text),
        path: path.to_owned(),
        text,
        functions: found.functions,
        types: found.types,
        statics: found.statics,
        panics: found.panics,
        scopes,
        used,
    });
}

fn declared(item: &Item) -> Option<&ItemMod> {
    match item {
        Item::Mod(m) if m.content.is_none() => Some(m),
        _ => None,
    }
}

/// The file of a module that the file at `path` declares.
fn below(path: &str, name: &str) -> String {
    let path = Path::new(path);
    let folder: PathBuf = match path.file_name().and_then(|n| n.to_str()) {
        Some("mod.rs" | "lib.rs" | "main.rs") => path.parent().unwrap().to_owned(),
        _ => path.with_extension(""),
    };
    let choices = [folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs")];
    let found = choices.iter().find(|p| Path::new("src").join(p).exists());
    found
        .unwrap_or_else(|| panic!("{name} in {}", path.display()))
        .display()
        .to_string()
}

/// Takes what is compiled for tests alone out of a file, and keeps where it stood.
#[derive(Default)]
struct Tests {
    spans: Vec<(usize, usize)>,
}

impl Tests {
    fn is_test(&mut self, attrs: &[Attribute], span: Span) -> bool {
        let test = attrs.iter().any(|a| {
            let cfg = a.path().is_ident("cfg") && a.meta.require_list().is_ok_and(|l| l.tokens.to_string() == "test");
            cfg || a.path().is_ident("test")
        });
        if test {
            self.spans.push((span.start().line, span.end().line));
        }
        test
    }
}

impl VisitMut for Tests {
    fn visit_file_mut(&mut self, file: &mut syn::File) {
        file.items.retain(|i| !self.is_test(attributes(i), i.span()));
        syn::visit_mut::visit_file_mut(self, file);
    }

    fn visit_item_mod_mut(&mut self, module: &mut ItemMod) {
        if let Some((_, items)) = &mut module.content {
            items.retain(|i| !self.is_test(attributes(i), i.span()));
        }
        syn::visit_mut::visit_item_mod_mut(self, module);
    }

    fn visit_item_impl_mut(&mut self, block: &mut syn::ItemImpl) {
        block.items.retain(|i| match i {
            ImplItem::Fn(f) => !self.is_test(&f.attrs, i.span()),
            ImplItem::Const(c) => !self.is_test(&c.attrs, i.span()),
            _ => true,
        });
        syn::visit_mut::visit_item_impl_mut(self, block);
    }

    fn visit_item_trait_mut(&mut self, item: &mut syn::ItemTrait) {
        item.items.retain(|i| match i {
            TraitItem::Fn(f) => !self.is_test(&f.attrs, i.span()),
            _ => true,
        });
        syn::visit_mut::visit_item_trait_mut(self, item);
    }

    fn visit_block_mut(&mut self, block: &mut syn::Block) {
        block.stmts.retain(|s| match s {
            Stmt::Local(l) => !self.is_test(&l.attrs, s.span()),
            Stmt::Item(i) => !self.is_test(attributes(i), s.span()),
            Stmt::Macro(m) => !self.is_test(&m.attrs, s.span()),
            Stmt::Expr(e, _) => !self.is_test(expression(e), s.span()),
        });
        syn::visit_mut::visit_block_mut(self, block);
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(i) => &i.attrs,
        Item::Enum(i) => &i.attrs,
        Item::Fn(i) => &i.attrs,
        Item::Impl(i) => &i.attrs,
        Item::Macro(i) => &i.attrs,
        Item::Mod(i) => &i.attrs,
        Item::Static(i) => &i.attrs,
        Item::Struct(i) => &i.attrs,
        Item::Trait(i) => &i.attrs,
        Item::Type(i) => &i.attrs,
        Item::Use(i) => &i.attrs,
        _ => &[],
    }
}

fn expression(e: &syn::Expr) -> &[Attribute] {
    match e {
        syn::Expr::Block(b) => &b.attrs,
        syn::Expr::Call(c) => &c.attrs,
        syn::Expr::If(i) => &i.attrs,
        syn::Expr::MethodCall(c) => &c.attrs,
        _ => &[],
    }
}

fn without(text: &str, spans: &[(usize, usize)]) -> String {
    let tested = |n: usize| spans.iter().any(|(from, to)| (*from..=*to).contains(&n));
    let lines = text.lines().enumerate().filter(|(n, _)| !tested(n + 1));
    lines.map(|(_, l)| format!("{l}\n")).collect()
}

fn uncommented(text: &str) -> String {
    let lines = text.lines().filter(|l| !l.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}
