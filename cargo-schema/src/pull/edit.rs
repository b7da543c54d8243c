//! Edits of a text: what they replace, and nothing beside it.

use super::source::{Bytes, Head, ItemPlace, MemberPlace};
use super::text::{Body, FieldText, ItemText};

/// Edits of one text, which must not overlap.
#[derive(Clone, Debug, Default)]
pub(super) struct Edits {
    list: Vec<(Bytes, String)>,
}

impl Edits {
    /// Puts a text in the place of another.
    pub fn replace(&mut self, range: Bytes, text: impl Into<String>) {
        self.list.push((range, text.into()));
    }

    /// Puts a text between two bytes.
    pub fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.list.push((at..at, text.into()));
    }

    /// Takes a text away, with its line when nothing else is on it but a comment behind it.
    pub fn remove(&mut self, text: &str, range: Bytes) {
        let start = text[..range.start].trim_end_matches([' ', '\t']).len();
        let rest = text[range.end..].trim_start_matches([' ', '\t']);
        let comment = if rest.starts_with("//") { rest.find('\n').unwrap_or(rest.len()) } else { 0 };
        let end = text.len() - rest.len() + comment;
        let alone =
            (start == 0 || text[..start].ends_with('\n')) && (text[end..].starts_with('\n') || end == text.len());
        match alone {
            true => self.list.push((start..(end + 1).min(text.len()), String::new())),
            false => self.list.push((range, String::new())),
        }
    }

    /// The edited text.
    pub fn apply(mut self, text: &str) -> String {
        // Insertions at one place stay in their order, and come before what is replaced there.
        self.list.sort_by_key(|(range, _)| (range.start, range.end));
        let (mut out, mut done) = (String::with_capacity(text.len()), 0);
        for (range, new) in self.list {
            out.push_str(&text[done..range.start.max(done)]);
            out.push_str(&new);
            done = range.end.max(done);
        }
        out + &text[done..]
    }

    /// What takes an item from one state to another, where it stands in the text. `docs`: whether doc comments say comments.
    pub fn item(&mut self, text: &str, place: &ItemPlace, before: &ItemText, after: &ItemText, docs: bool) {
        let name = match &after.body {
            Body::Fields(_) => "table",
            Body::Variants(_) => "enum_type",
            Body::Newtype(_) => "domain",
        };
        self.attribute(text, &place.head, name, &before.attribute, &after.attribute);
        if docs {
            self.doc(text, &place.head, &before.doc, &after.doc);
        }
        match (&before.body, &after.body) {
            (Body::Fields(before), Body::Fields(after)) => self.fields(text, place, before, after, docs),
            (Body::Variants(before), Body::Variants(after)) => self.variants(text, place, before, after),
            (Body::Newtype(before), Body::Newtype(after)) => {
                if let Some(member) = place.members.first().filter(|_| before != after) {
                    self.replace(member.ty.clone(), after);
                }
            }
            _ => {}
        }
    }

    fn attribute(&mut self, text: &str, head: &Head, name: &str, before: &Option<String>, after: &Option<String>) {
        if before == after {
            return;
        }
        let mut there = head.attributes.iter().filter(|(found, _)| found == name).map(|(_, range)| range.clone());
        match (there.next(), after) {
            (Some(first), Some(new)) => self.replace(first, new),
            (Some(first), None) => self.remove(text, first),
            (None, Some(new)) => {
                let start = head.start + (text[head.start..].len() - text[head.start..].trim_start().len());
                self.insert(start, format!("{new}\n{}", indent(text, start)));
            }
            (None, None) => {}
        }
        there.for_each(|range| self.remove(text, range));
    }

    fn doc(&mut self, text: &str, head: &Head, before: &[String], after: &[String]) {
        if before == after {
            return;
        }
        let first = head.attributes.iter().find(|(name, _)| name == "doc").map(|(_, range)| range.clone());
        match (first.filter(|_| !before.is_empty()), after.first()) {
            (Some(range), Some(line)) => self.replace(range, format!("/// {line}")),
            (Some(range), None) => self.remove(text, range),
            (None, Some(line)) => {
                self.insert(head.whole.start, format!("/// {line}\n{}", indent(text, head.whole.start)));
            }
            (None, None) => {}
        }
    }

    fn fields(&mut self, text: &str, place: &ItemPlace, before: &[FieldText], after: &[FieldText], docs: bool) {
        let member = |field: &FieldText| place.members.iter().find(|of| text[of.ident.clone()] == field.ident);
        for old in before.iter().filter(|old| !after.iter().any(|new| new.column == old.column)) {
            if let Some(member) = member(old) {
                self.remove(text, member.head.whole.clone());
            }
        }
        let mut last: Option<&MemberPlace> = None;
        for new in after {
            match before.iter().find(|old| old.column == new.column).and_then(|old| Some((old, member(old)?))) {
                Some((old, member)) => {
                    self.attribute(text, &member.head, "column", &old.attribute, &new.attribute);
                    if docs {
                        self.doc(text, &member.head, &old.doc, &new.doc);
                    }
                    if old.ty != new.ty {
                        self.replace(member.ty.clone(), &new.ty);
                    }
                    last = Some(member);
                }
                None => self.member(text, place, last, &new.text()),
            }
        }
    }

    fn variants(&mut self, text: &str, place: &ItemPlace, before: &[Variant], after: &[Variant]) {
        let member = |name: &str| place.members.iter().find(|of| text[of.ident.clone()] == *name);
        let position = |(_, name): &Variant| before.iter().position(|(_, old)| old == name);
        if !after.iter().filter_map(position).is_sorted() {
            return self.reordered(text, place, after);
        }
        for (_, name) in before.iter().filter(|(_, old)| !after.iter().any(|(_, new)| new == old)) {
            if let Some(member) = member(name) {
                self.remove(text, member.head.whole.clone());
            }
        }
        let mut last: Option<&MemberPlace> = None;
        for (attribute, name) in after {
            match before.iter().find(|(_, old)| old == name).and_then(|old| Some((old, member(name)?))) {
                Some(((old, _), member)) => {
                    self.attribute(text, &member.head, "label", old, attribute);
                    last = Some(member);
                }
                None => {
                    let attribute = attribute.iter().map(|attribute| format!("    {attribute}\n")).collect::<String>();
                    self.member(text, place, last, &format!("{attribute}    {name},\n"));
                }
            }
        }
    }

    /// The variants in another order, each as it was written.
    fn reordered(&mut self, text: &str, place: &ItemPlace, after: &[Variant]) {
        let line = |(attribute, name): &Variant| {
            let there = place.members.iter().find(|of| text[of.ident.clone()] == *name);
            let new = || attribute.iter().map(|attribute| format!("{attribute}\n    ")).collect::<String>() + name;
            let written = there.map_or_else(new, |of| text[of.head.whole.clone()].trim_end_matches(',').to_owned());
            format!("    {written},\n")
        };
        self.replace(place.body.clone(), format!("\n{}", after.iter().map(line).collect::<String>()));
    }

    /// A new member behind another one, or before all.
    fn member(&mut self, text: &str, place: &ItemPlace, last: Option<&MemberPlace>, new: &str) {
        let Some(last) = last else {
            let rest = &text[place.body.start..];
            let line =
                rest.find('\n').filter(|end| rest[..*end].trim().is_empty() && place.body.start + end < place.body.end);
            return match line {
                Some(end) => self.insert(place.body.start + end + 1, new),
                None => self.insert(place.body.start, format!("\n{new}")),
            };
        };
        let end = last.head.whole.end;
        let rest = &text[end..];
        let line = rest.find('\n').filter(|_| last.comma && end < place.body.end);
        match line {
            // A comment behind the member stays on its line.
            Some(at) if end + at < place.body.end => self.insert(end + at + 1, new),
            _ => self.insert(end, format!("{}\n{}", if last.comma { "" } else { "," }, new.trim_end_matches('\n'))),
        }
    }
}

/// Attribute and name.
type Variant = (Option<String>, String);

/// The white space before a place on its line.
fn indent(text: &str, at: usize) -> &str {
    let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let before = &text[line..at];
    &before[..before.len() - before.trim_start().len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_with_what_is_alone_on_them() {
        let removed = |text: &str, range: Bytes| {
            let mut edits = Edits::default();
            edits.remove(text, range);
            edits.apply(text)
        };
        assert_eq!(removed("a\n  b,\nc\n", 4..6), "a\nc\n");
        assert_eq!(removed("a b, c\n", 2..4), "a  c\n");
        assert_eq!(removed("b, // why\nc\n", 0..2), "c\n");
    }
}
