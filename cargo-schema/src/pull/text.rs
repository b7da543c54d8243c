//! The pieces of Rust text that structs are made of, and the whole texts.
//!
//! Pulling again compares pieces; which piece says what is decided by the writers of tables and types.

use schema_core::{Ident, ObjectId};

/// A struct or enum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ItemText {
    /// The table, enum or domain.
    pub id: ObjectId,
    /// Its Rust name.
    pub ident: String,
    /// Lines of its doc comment.
    pub doc: Vec<String>,
    /// What it derives.
    pub derives: &'static str,
    /// Our attribute.
    pub attribute: Option<String>,
    /// What it holds.
    pub body: Body,
}

/// What an item holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// The fields of a table.
    Fields(Vec<FieldText>),
    /// The variants of an enum: attribute and name.
    Variants(Vec<(Option<String>, String)>),
    /// The type of a newtype.
    Newtype(String),
}

/// A field of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldText {
    /// The column.
    pub column: Ident,
    /// Its Rust name, perhaps with `r#`.
    pub ident: String,
    /// Lines of its doc comment.
    pub doc: Vec<String>,
    /// Our attribute.
    pub attribute: Option<String>,
    /// Its type.
    pub ty: String,
}

impl ItemText {
    /// The item.
    pub fn text(&self) -> String {
        let mut text = doc(&self.doc, 0);
        text.push_str(&format!("#[derive({})]\n", self.derives));
        text.extend(self.attribute.iter().map(|attribute| format!("{attribute}\n")));
        match &self.body {
            Body::Fields(fields) => {
                text.push_str(&format!("pub struct {} {{", self.ident));
                let fields: String = fields.iter().map(FieldText::text).collect();
                text.push_str(&if fields.is_empty() { "}\n".to_owned() } else { format!("\n{fields}}}\n") });
            }
            Body::Variants(variants) => {
                text.push_str(&format!("pub enum {} {{\n", self.ident));
                for (attribute, name) in variants {
                    text.extend(attribute.iter().map(|attribute| format!("    {attribute}\n")));
                    text.push_str(&format!("    {name},\n"));
                }
                text.push_str("}\n");
            }
            Body::Newtype(ty) => text.push_str(&format!("pub struct {}(pub {ty});\n", self.ident)),
        }
        text
    }
}

impl FieldText {
    /// The field with its line ends.
    pub fn text(&self) -> String {
        let attribute = self.attribute.iter().map(|attribute| format!("    {attribute}\n")).collect::<String>();
        format!("{}{attribute}    pub {}: {},\n", doc(&self.doc, 4), self.ident, self.ty)
    }
}

fn doc(lines: &[String], indent: usize) -> String {
    let indent = " ".repeat(indent);
    lines.iter().map(|line| format!("{indent}///{}{line}\n", if line.is_empty() { "" } else { " " })).collect()
}

/// A comment as lines of a doc comment; rustdoc would read other control characters as an end.
pub(super) fn doc_lines(comment: &Option<String>) -> Vec<String> {
    let lines = comment.iter().flat_map(|text| text.lines());
    lines.map(|line| line.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()).collect()
}

/// Whether the first line of a doc comment gives the comment back.
pub(super) fn is_doc_line(comment: &str) -> bool {
    doc_lines(&Some(comment.to_owned())) == [comment] && !comment.starts_with("* ") && !comment.is_empty()
}
