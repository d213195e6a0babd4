//! The shape of code: functions with their length, arguments and depth, types, statics, and calls that panic.

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, Expr, FnArg, Signature, Type};

/// One function.
pub struct Function {
    /// Its name.
    pub name: String,
    /// Lines from `fn` to the brace that closes it; none where it has no body.
    pub lines: Option<usize>,
    /// Arguments, self apart.
    pub arguments: usize,
    /// Whether one of them is a `bool`.
    pub takes_bool: bool,
    /// Blocks within blocks: 1 for the inside of an `if` in the body.
    pub depth: usize,
    /// Whether the signature is its own, not that of a trait that it implements.
    pub own: bool,
}

/// What is found in one file.
#[derive(Default)]
pub struct Found {
    pub functions: Vec<Function>,
    pub types: Vec<(String, usize)>,
    pub statics: Vec<String>,
    pub panics: Vec<(String, usize)>,
}

/// The shape of a file.
pub fn of(file: &syn::File) -> Found {
    let mut reader = Reader::default();
    reader.visit_file(file);
    reader.found
}

#[derive(Default)]
struct Reader {
    found: Found,
    in_trait_impl: bool,
}

impl Reader {
    fn function(&mut self, sig: &Signature, body: Option<&Block>) {
        let typed = sig.inputs.iter().filter_map(|a| match a {
            FnArg::Typed(t) => Some(&*t.ty),
            FnArg::Receiver(_) => None,
        });
        let typed: Vec<&Type> = typed.collect();
        self.found.functions.push(Function {
            name: sig.ident.to_string(),
            lines: body.map(|b| b.span().end().line - sig.fn_token.span().start().line + 1),
            arguments: typed.len(),
            takes_bool: typed
                .iter()
                .any(|t| matches!(t, Type::Path(p) if p.path.is_ident("bool"))),
            depth: body.map_or(0, depth),
            own: !self.in_trait_impl,
        });
    }

    fn a_type(&mut self, name: &syn::Ident) {
        self.found.types.push((name.to_string(), name.span().start().line));
    }

    /// `words! { Name { … } }` declares a type.
    fn declared(&mut self, tokens: TokenStream) {
        let mut names = tokens.into_iter().filter_map(|t| match t {
            TokenTree::Ident(name) => Some(name),
            _ => None,
        });
        if let Some(name) = names.next().filter(|n| n != "pub") {
            self.a_type(&name);
        }
    }

    /// Calls that panic, and types that are declared, in the tokens of a macro.
    fn tokens(&mut self, name: &str, tokens: TokenStream) {
        let all: Vec<TokenTree> = tokens.into_iter().collect();
        let word = |n: usize| match all.get(n) {
            Some(TokenTree::Ident(i)) => i.to_string(),
            Some(TokenTree::Punct(p)) => p.as_char().to_string(),
            _ => String::new(),
        };
        for (n, token) in all.iter().enumerate() {
            let line = token.span().start().line;
            match (word(n).as_str(), word(n + 1).as_str()) {
                (".", called @ ("unwrap" | "expect")) => self.found.panics.push((called.to_owned(), line)),
                ("struct" | "enum", declared) if name != "macro_rules" && declared != "$" => {
                    self.found.types.push((declared.to_owned(), line));
                }
                _ => {}
            }
            if let TokenTree::Group(group) = token {
                self.tokens(name, group.stream());
            }
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let before = std::mem::replace(&mut self.in_trait_impl, item.trait_.is_some());
        visit::visit_item_impl(self, item);
        self.in_trait_impl = before;
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        let before = std::mem::replace(&mut self.in_trait_impl, false);
        self.function(&item.sig, Some(&item.block));
        visit::visit_item_fn(self, item);
        self.in_trait_impl = before;
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, Some(&item.block));
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.function(&item.sig, item.default.as_ref());
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.a_type(&item.ident);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.a_type(&item.ident);
        visit::visit_item_enum(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.a_type(&item.ident);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.a_type(&item.ident);
        visit::visit_item_type(self, item);
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.found.statics.push(item.ident.to_string());
        visit::visit_item_static(self, item);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        let name = mac
            .path
            .segments
            .last()
            .map(|s| s.ident.to_string())
            .unwrap_or_default();
        if ["panic", "todo", "unimplemented", "dbg", "unreachable"].contains(&name.as_str()) {
            self.found.panics.push((format!("{name}!"), mac.span().start().line));
        }
        if name == "thread_local" {
            self.found.statics.push("thread_local!".into());
        }
        if name == "words" {
            self.declared(mac.tokens.clone());
        }
        self.tokens(&name, mac.tokens.clone());
        visit::visit_macro(self, mac);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let text = |e: Option<&Expr>| matches!(e, Some(Expr::Lit(l)) if matches!(l.lit, syn::Lit::Str(_)));
        let name = call.method.to_string();
        if (name == "unwrap" && call.args.is_empty()) || (name == "expect" && text(call.args.first())) {
            self.found.panics.push((name, call.method.span().start().line));
        }
        visit::visit_expr_method_call(self, call);
    }
}

/// How deep blocks stand within each other: those of `if`, `match`, loops and closures. The parts of an `if … else if` chain
/// stand beside each other, and an arm or closure without a block of its own is a line, no level.
fn depth(body: &Block) -> usize {
    let mut depth = Depth::default();
    depth.visit_block(body);
    depth.most
}

#[derive(Default)]
struct Depth {
    now: usize,
    most: usize,
}

impl Depth {
    fn within(&mut self, inside: impl FnOnce(&mut Self)) {
        self.now += 1;
        self.most = self.most.max(self.now);
        inside(self);
        self.now -= 1;
    }
}

impl<'ast> Visit<'ast> for Depth {
    fn visit_expr_if(&mut self, e: &'ast syn::ExprIf) {
        self.visit_expr(&e.cond);
        self.within(|d| d.visit_block(&e.then_branch));
        match e.else_branch.as_ref().map(|(_, other)| &**other) {
            Some(Expr::Block(b)) => self.within(|d| d.visit_block(&b.block)),
            Some(other) => self.visit_expr(other),
            None => {}
        }
    }

    fn visit_expr_match(&mut self, e: &'ast syn::ExprMatch) {
        self.visit_expr(&e.expr);
        self.within(|d| e.arms.iter().for_each(|a| d.visit_arm(a)));
    }

    fn visit_expr_for_loop(&mut self, e: &'ast syn::ExprForLoop) {
        self.visit_expr(&e.expr);
        self.within(|d| d.visit_block(&e.body));
    }

    fn visit_expr_while(&mut self, e: &'ast syn::ExprWhile) {
        self.visit_expr(&e.cond);
        self.within(|d| d.visit_block(&e.body));
    }

    fn visit_expr_loop(&mut self, e: &'ast syn::ExprLoop) {
        self.within(|d| d.visit_block(&e.body));
    }

    fn visit_expr_closure(&mut self, e: &'ast syn::ExprClosure) {
        match &*e.body {
            Expr::Block(b) => self.within(|d| d.visit_block(&b.block)),
            body => self.visit_expr(body),
        }
    }

    /// A function in a function is measured by itself.
    fn visit_item(&mut self, _: &'ast syn::Item) {}
}
