//! The SQL types of fields, once every enum and domain is known.

use schema_core::{Ident, QualifiedName, SqlType};

use super::Lowering;
use crate::decl::ObjectDecl;
use crate::finding::{SyntaxFinding, TYPE_AMBIGUOUS, TYPE_UNKNOWN};
use crate::suggest::hint;
use crate::types::{BUILT_IN, How, Inferred};

impl Lowering<'_> {
    /// The type of a column or domain; none when there is a finding.
    pub(super) fn resolve(&mut self, of: &Inferred, file: usize) -> Option<SqlType> {
        match &of.how {
            How::Unknown => None,
            How::Config | How::Sql => of.sql_type.clone().map(|sql| self.in_default_schema(sql)),
            How::BuiltIn(name) => {
                if self.collected.rust_types.contains_key(name.as_str()) {
                    self.ambiguous(name, of, file);
                    return None;
                }
                of.sql_type.clone().map(|sql| self.in_default_schema(sql))
            }
            How::Named { name, array } => {
                let found = self.named_type(name, of, file)?;
                let sql_type = SqlType::user(found);
                Some(if *array { sql_type.array_of() } else { sql_type })
            }
        }
    }

    fn named_type(&mut self, name: &str, of: &Inferred, file: usize) -> Option<QualifiedName> {
        match self.collected.rust_types.get(name).map(Vec::as_slice) {
            Some([(found, _)]) => Some(found.clone()),
            Some(_) => {
                self.ambiguous(name, of, file);
                None
            }
            None => {
                let known = self.collected.rust_types.keys().copied().chain(BUILT_IN.iter().copied());
                let message = format!("the SQL type of `{name}` is not known{}", hint(name, known));
                let finding = SyntaxFinding::error(TYPE_UNKNOWN, of.span, message)
                    .label("no built-in type, and no enum or domain of this name derives here")
                    .help("say which type the column has: `#[column(sql = \"..\")]`")
                    .help(format!("or derive it: `#[derive(schema_runtime::Enum)] enum {name}`, `#[derive(schema_runtime::Domain)] struct {name}`"));
                self.find(file, finding);
                None
            }
        }
    }

    /// Several types have the name, or a type of ours has the name of a built-in one.
    fn ambiguous(&mut self, name: &str, of: &Inferred, file: usize) {
        let types = self.collected.rust_types.get(name).cloned().unwrap_or_default();
        let shown = types.iter().map(|(sql, _)| format!("`sql = \"{sql}\"`"));
        let built_in = of.sql_type.iter().map(|sql| format!("`sql = \"{sql}\"`"));
        let choices = shown.chain(built_in).collect::<Vec<_>>().join(" or ");
        let message = format!("`{name}` may be several types, and only the compiler knows which one is meant");
        let finding =
            SyntaxFinding::error(TYPE_AMBIGUOUS, of.span, message).help(format!("add {choices} to `#[column(...)]`"));
        match types.first() {
            Some((_, at)) => self.find_with(file, finding, *at, "one of them"),
            None => self.find(file, finding),
        }
    }

    /// An unqualified type name is looked up in the database's own PostgreSQL schema too.
    fn in_default_schema(&self, sql: SqlType) -> SqlType {
        let Some(written) = sql.user_type().cloned() else { return sql };
        let here = self.qualified(None, &written.name);
        let public = written.schema.as_str() == schema_core::DEFAULT_SCHEMA;
        if !public || self.collected.declares_type(&written) {
            return sql;
        }
        if self.collected.declares_type(&here) {
            return sql.renamed(&written, &here);
        }
        match self.extension_schema(&written.name) {
            Some(schema) => sql.renamed(&written, &QualifiedName { schema, name: written.name.clone() }),
            None => sql,
        }
    }

    /// Where the extension of this name puts its objects: the type `citext` of the extension `citext` is found there.
    fn extension_schema(&self, name: &Ident) -> Option<Ident> {
        self.collected.others.iter().find_map(|(_, decl)| match decl {
            ObjectDecl::Extension { name: extension, schema: Some(schema) } if extension.value == *name => {
                Some(schema.value.clone())
            }
            _ => None,
        })
    }
}
