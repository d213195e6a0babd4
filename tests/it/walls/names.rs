//! Which names a file knows and which paths it uses: `use` trees, paths in code, and paths in macros and attributes as far
//! as their tokens show them.

use std::collections::BTreeMap;

use proc_macro2::{Spacing, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{ItemMod, ItemUse, UseTree};

/// The names of one module.
#[derive(Default, Clone)]
pub struct Scope {
    /// The module, from the root of the crate.
    pub module: Vec<String>,
    /// What each name of a `use` stands for.
    pub uses: BTreeMap<String, Vec<String>>,
    /// Paths of `use path::*`.
    pub globs: Vec<Vec<String>>,
    /// Items and child modules that are declared here.
    pub items: Vec<String>,
    /// Macros that stand at the root of the crate.
    pub exported: Vec<String>,
}

/// A path as it is written.
#[derive(Debug, Clone)]
pub struct Used {
    /// The module in which it is written.
    pub module: Vec<String>,
    /// Its segments; the first is empty where it begins with `::`.
    pub path: Vec<String>,
    /// Its line.
    pub line: usize,
}

/// The scopes of a file, its own module's first, and the paths that it uses.
pub fn of(file: &syn::File, module: &[String]) -> (Vec<Scope>, Vec<Used>) {
    let scope = Scope {
        module: module.to_vec(),
        ..Scope::default()
    };
    let mut reader = Reader {
        scopes: vec![scope],
        at: vec![0],
        used: Vec::new(),
    };
    reader.visit_file(file);
    (reader.scopes, reader.used)
}

struct Reader {
    scopes: Vec<Scope>,
    /// The scope one is in, by its place, and those around it.
    at: Vec<usize>,
    used: Vec<Used>,
}

impl Reader {
    fn scope(&mut self) -> &mut Scope {
        let n = *self.at.last().unwrap();
        &mut self.scopes[n]
    }

    fn uses(&mut self, path: Vec<String>, line: usize) {
        let module = self.scope().module.clone();
        self.used.push(Used { module, path, line });
    }

    fn tree(&mut self, tree: &UseTree, before: &[String]) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(p) => self.tree(&p.tree, &with(&p.ident)),
            UseTree::Group(g) => g.items.iter().for_each(|t| self.tree(t, before)),
            UseTree::Glob(g) => {
                self.scope().globs.push(before.to_vec());
                self.uses(before.to_vec(), g.star_token.spans[0].start().line);
            }
            UseTree::Name(n) => self.bind(n.ident.to_string(), with(&n.ident), n.ident.span()),
            UseTree::Rename(r) => self.bind(r.rename.to_string(), with(&r.ident), r.ident.span()),
        }
    }

    /// `use a::b::{self}` and `use a::b::{self as c}` bind what stands before `self`.
    fn bind(&mut self, name: String, mut path: Vec<String>, span: proc_macro2::Span) {
        let own = path.len() > 1 && path.last().is_some_and(|p| p == "self");
        if own {
            path.pop();
        }
        let name = if own && name == "self" {
            path.last().unwrap().clone()
        } else {
            name
        };
        self.uses(path.clone(), span.start().line);
        self.scope().uses.insert(name, path);
    }

    fn item(&mut self, name: &syn::Ident) {
        let name = name.to_string();
        self.scope().items.push(name);
    }

    /// Paths in tokens: names that follow each other with `::` between them. `$crate` is `crate`.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let (mut colons, mut line) = (0, 0);
        for token in tokens {
            match &token {
                TokenTree::Ident(name) if colons == 2 || path.is_empty() => {
                    if path.is_empty() {
                        line = name.span().start().line;
                    }
                    path.push(name.to_string());
                }
                TokenTree::Ident(name) => {
                    self.path_ends(&mut path, line);
                    line = name.span().start().line;
                    path.push(name.to_string());
                }
                TokenTree::Punct(p) if p.as_char() == ':' => {
                    colons = if p.spacing() == Spacing::Joint || colons == 1 {
                        colons + 1
                    } else {
                        3
                    };
                    continue;
                }
                TokenTree::Group(group) => {
                    self.path_ends(&mut path, line);
                    self.tokens(group.stream());
                }
                _ => self.path_ends(&mut path, line),
            }
            colons = 0;
        }
        self.path_ends(&mut path, line);
    }

    fn path_ends(&mut self, path: &mut Vec<String>, line: usize) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.uses(path, line);
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let before: &[String] = if item.leading_colon.is_some() {
            &[String::new()]
        } else {
            &[]
        };
        self.tree(&item.tree, before);
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.item(&item.ident);
        let Some((_, items)) = &item.content else { return };
        let module = [self.scope().module.clone(), vec![item.ident.to_string()]].concat();
        self.at.push(self.scopes.len());
        self.scopes.push(Scope {
            module,
            ..Scope::default()
        });
        items.iter().for_each(|i| self.visit_item(i));
        self.at.pop();
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        if let Some(name) = &item.ident {
            self.item(name);
            if item.attrs.iter().any(|a| a.path().is_ident("macro_export")) {
                self.scope().exported.push(name.to_string());
            }
        }
        visit::visit_item_macro(self, item);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let mut all: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        if path.leading_colon.is_some() {
            all.insert(0, String::new());
        }
        if all.len() > 1 {
            let line = path.segments[0].ident.span().start().line;
            self.uses(all, line);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.tokens(mac.tokens.clone());
        visit::visit_macro(self, mac);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
        }
        visit::visit_attribute(self, attribute);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.item(&item.ident);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.item(&item.ident);
        visit::visit_item_enum(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.item(&item.ident);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.item(&item.ident);
        visit::visit_item_type(self, item);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.item(&item.sig.ident);
        visit::visit_item_fn(self, item);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.item(&item.ident);
        visit::visit_item_const(self, item);
    }
}
