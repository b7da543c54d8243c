//! The items of a file, from its top into its inline modules.
//!
//! Bodies of functions are passed over. A derive in one is told, because its table would be missing.

use std::collections::BTreeSet;

use super::module::Place;
use super::{Declaration, Role, SourceFile};
use crate::conditions::Truth;
use crate::decl::{
    Header, Item, Reading, domain, enum_type, header, inner_truth, item, objects, skip_visibility, table,
};
use crate::finding::{CFG_UNKNOWN, SyntaxFinding, TABLE_HIDDEN};
use crate::token::{Cursor, string_value};
use schema_core::diagnostic::Severity;

/// Our derives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Derive {
    Table,
    Enum,
    Domain,
}

struct Walk<'r, 'f> {
    reading: &'r Reading<'r>,
    file: &'f mut SourceFile,
    /// Derives of these names that a `use` of this file takes from another crate, such as `enum_map::Enum`.
    foreign: BTreeSet<Derive>,
}

/// Reads all items of a file.
pub(super) fn walk(mut tokens: Cursor<'_>, path: &str, role: Role, reading: &Reading<'_>, file: &mut SourceFile) {
    if inner_truth(&mut tokens, reading.conditions) == Truth::No {
        return;
    }
    let mut walk = Walk { reading, file, foreign: BTreeSet::new() };
    walk.uses(tokens);
    walk.items(tokens, &Place::top(path, role));
}

impl Walk<'_, '_> {
    /// Looks at the `use` items at the top, which may stand behind the items that they concern.
    fn uses(&mut self, mut tokens: Cursor<'_>) {
        while let Some(piece) = tokens.next() {
            if piece.text != "use" {
                continue;
            }
            while tokens.take(":") {}
            let Some((root, _)) = tokens.take_ident() else { continue };
            if matches!(root, "schema_runtime" | "crate" | "self" | "super") {
                continue;
            }
            self.foreign.extend(leaves(&mut tokens));
        }
    }

    fn items(&mut self, mut tokens: Cursor<'_>, place: &Place<'_>) {
        while !tokens.is_empty() {
            let of = header(&mut tokens, self.reading.conditions);
            skip_visibility(&mut tokens);
            match tokens.peek().and_then(|piece| piece.ident()) {
                Some("struct" | "enum" | "union") => self.type_item(&of, &mut tokens),
                Some("mod") => self.module(&of, &mut tokens, place),
                Some("macro_rules") => tokens.skip_past(|piece| matches!(piece.text, "{" | ";")),
                Some("use" | "static" | "type") => tokens.skip_past(|piece| piece.is(";")),
                Some("const") if !function_follows(&tokens) => tokens.skip_past(|piece| piece.is(";")),
                Some("fn" | "impl" | "trait" | "unsafe" | "async" | "const" | "extern" | "auto" | "default") => {
                    self.function(&of, &mut tokens);
                }
                Some(_) => self.macro_call(&of, &mut tokens, place),
                None => {
                    tokens.next();
                }
            }
        }
    }

    fn type_item(&mut self, of: &Header<'_>, tokens: &mut Cursor<'_>) {
        let Some(item) = item(tokens) else { return };
        let derive = if of.truth == Truth::No { None } else { self.derive_of(of) };
        let Some(derive) = derive else { return };
        self.undecided(of, &item);
        let (reading, findings) = (self.reading, &mut self.file.findings);
        let found = match derive {
            Derive::Table => table::read(of, &item, reading, findings).map(Declaration::Table),
            Derive::Enum => enum_type::read(of, &item, reading, findings).map(Declaration::Enum),
            Derive::Domain => domain::read(of, &item, reading, findings).map(Declaration::Domain),
        };
        self.file.declarations.extend(found);
    }

    fn undecided(&mut self, of: &Header<'_>, item: &Item<'_>) {
        if of.truth == Truth::Unknown {
            let message = format!(
                "`{}` stands under a condition that only the compiler knows; it is taken to be there",
                item.name
            );
            let finding = SyntaxFinding::warning(CFG_UNKNOWN, item.span, message)
                .help("decide it with a cargo feature: `#[cfg(feature = \"..\")]`");
            self.file.findings.push(SyntaxFinding { severity: Severity::Note, ..finding });
        }
    }

    /// Which of our derives an item has.
    fn derive_of(&self, of: &Header<'_>) -> Option<Derive> {
        let derives = of.attributes.iter().filter(|attribute| attribute.name == "derive");
        derives.filter_map(|attribute| attribute.rest.clone().take_group("(")).find_map(|(list, _)| self.ours(list))
    }

    fn ours(&self, mut list: Cursor<'_>) -> Option<Derive> {
        while !list.is_empty() {
            let mut path = list.take_to_comma();
            let (mut before, mut last, mut segments) = ("", "", 0);
            while let Some((segment, _)) = path.take_ident().or_else(|| {
                while path.take(":") {}
                path.take_ident()
            }) {
                (before, last, segments) = (last, segment, segments + 1);
            }
            let found = derive_named(last).filter(|derive| match segments {
                1 => !self.foreign.contains(derive),
                _ => before == "schema_runtime",
            });
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// `mod name;` or `mod name { .. }`.
    fn module(&mut self, of: &Header<'_>, tokens: &mut Cursor<'_>, place: &Place<'_>) {
        tokens.next();
        let Some((name, span)) = tokens.take_ident() else { return };
        let path = of.attributes.iter().find(|attribute| attribute.name == "path").and_then(|attribute| {
            let mut rest = attribute.rest;
            rest.take("=");
            rest.next().and_then(|piece| string_value(piece.text))
        });
        let there = of.truth != Truth::No;
        if let Some((mut inner, _)) = tokens.take_group("{") {
            if there && inner_truth(&mut inner, self.reading.conditions) != Truth::No {
                self.items(inner, &place.inside(name, path.as_deref()));
            }
        } else if tokens.take(";") && there {
            self.file.modules.push(place.file(name, path.as_deref(), span));
        }
    }

    /// `tables! { .. }`, `objects! { .. }`, or a macro that is none of ours.
    fn macro_call(&mut self, of: &Header<'_>, tokens: &mut Cursor<'_>, place: &Place<'_>) {
        let mut name = "";
        while let Some((segment, _)) = tokens.take_ident() {
            name = segment;
            while tokens.take(":") {}
        }
        if !tokens.take("!") {
            tokens.skip_past(|piece| matches!(piece.text, "{" | ";"));
            return;
        }
        let Some(inner) = ["{", "(", "["].iter().find_map(|open| tokens.take_group(open)) else { return };
        tokens.take(";");
        match name {
            _ if of.truth == Truth::No => {}
            "tables" => self.items(inner.0, place),
            "objects" => {
                let found = objects(inner.0, &mut self.file.findings);
                self.file.declarations.extend(found.into_iter().map(Declaration::Object));
            }
            _ => {}
        }
    }

    /// Anything with a body that is not looked into.
    fn function(&mut self, of: &Header<'_>, tokens: &mut Cursor<'_>) {
        loop {
            if let Some((body, _)) = tokens.take_group("{") {
                if of.truth != Truth::No && !of.attributes.iter().any(|attribute| attribute.name == "test") {
                    self.hidden(body);
                }
                return;
            }
            match tokens.next() {
                Some(piece) if !piece.is(";") => {}
                _ => return,
            }
        }
    }

    fn hidden(&mut self, body: Cursor<'_>) {
        if !body.rest_text().contains("derive") {
            return;
        }
        let mut flat = body;
        while !flat.is_empty() {
            if let Some((inner, _)) = ["{", "(", "["].iter().find_map(|open| flat.take_group(open)) {
                self.hidden(inner);
            } else if flat.take("derive") {
                let Some((list, span)) = flat.take_group("(") else { continue };
                if self.ours(list) == Some(Derive::Table) {
                    let message = "a table inside a function is not seen, so no migration would create it";
                    let help = "move the struct out of the function, to any module of the crate";
                    self.file.findings.push(SyntaxFinding::warning(TABLE_HIDDEN, span, message).help(help));
                }
            } else {
                flat.next();
            }
        }
    }
}

fn derive_named(name: &str) -> Option<Derive> {
    match name {
        "Table" => Some(Derive::Table),
        "Enum" => Some(Derive::Enum),
        "Domain" => Some(Derive::Domain),
        _ => None,
    }
}

/// The names of ours that a `use` brings in, up to its end.
fn leaves(tokens: &mut Cursor<'_>) -> Vec<Derive> {
    let mut found = Vec::new();
    while !tokens.is_empty() && !tokens.take(";") {
        if let Some((mut inner, _)) = tokens.take_group("{") {
            found.extend(leaves(&mut inner));
        } else if let Some((name, _)) = tokens.take_ident() {
            // A path goes on behind `::`, and `Table as Other` brings in another name.
            let leaf = !tokens.sees(":") && !tokens.sees("as");
            found.extend(derive_named(name).filter(|_| leaf));
        } else {
            tokens.next();
        }
    }
    found
}

/// Whether `const` starts a function.
fn function_follows(tokens: &Cursor<'_>) -> bool {
    tokens.peek_at(1).is_some_and(|piece| matches!(piece.text, "fn" | "unsafe" | "async" | "extern"))
}
