//! What a table has of its own in the columns that it takes over: said by the field of a struct that inherits, or by `column(..)` of a
//! partition. What its parent says already is no difference.

use schema_core::kinds::{ColumnSettings, InheritedColumn};
use schema_core::{Expr, Ident, ObjectId};

use super::collect::Named;
use super::table::column_of;
use super::{At, Lowering, comment};
use crate::decl::{FieldDecl, PartitionColumnDecl, TableDecl, ValueDecl};
use crate::finding::{COLUMN_DUPLICATE, INHERITED_COLUMN, SyntaxFinding};
use crate::token::Span;

/// Further up PostgreSQL finds a circle first.
const DEEPEST: usize = 64;

/// What an heir takes over when it says nothing.
#[derive(Clone, Debug, Default)]
struct Inherited {
    not_null: bool,
    default: Option<Expr>,
    settings: ColumnSettings,
}

impl Inherited {
    fn of_field(decl: &TableDecl, field: &FieldDecl) -> Inherited {
        Inherited {
            not_null: (!field.inferred.nullable || field.not_null.not_valid || in_key(decl, &field.name.value))
                && !field.not_null.no_inherit,
            default: default_of(field).or_else(|| counts(field).then(|| Expr::new("serial"))),
            settings: plain(&field.settings),
        }
    }

    /// The same when a word of the heir is put over it.
    fn under(self, own: &InheritedColumn) -> Inherited {
        let InheritedColumn { not_null, default, settings, .. } = own.clone();
        let compression = settings.compression.or(self.settings.compression);
        Inherited {
            not_null: self.not_null || not_null,
            default: default.or(self.default),
            settings: ColumnSettings {
                storage: settings.storage.or(self.settings.storage),
                compression: compression.filter(|word| word != "default"),
                ..ColumnSettings::default()
            },
        }
    }
}

fn default_of(field: &FieldDecl) -> Option<Expr> {
    match &field.value.as_ref()?.value {
        ValueDecl::Default(expr) => Some(expr.clone()),
        _ => None,
    }
}

fn counts(field: &FieldDecl) -> bool {
    matches!(field.value.as_ref().map(|value| &value.value), Some(ValueDecl::Serial { .. }))
}

/// What a column that takes nothing over is told: `default` says as much as nothing.
pub(super) fn plain(of: &ColumnSettings) -> ColumnSettings {
    let compression = of.compression.clone().filter(|word| word != "default");
    ColumnSettings { compression, ..of.clone() }
}

/// Whether the table's primary key holds the column, which makes it NOT NULL.
pub(super) fn in_key(decl: &TableDecl, name: &Ident) -> bool {
    decl.primary_key.as_ref().is_some_and(|key| key.columns.iter().any(|column| column.value == *name))
}

impl<'a> Lowering<'a> {
    /// What the field of an inherited column says beyond the parent's.
    pub(super) fn own_of_field(&mut self, of: &Named<'a, TableDecl>, field: &'a FieldDecl) {
        if field.inferred.nullable && in_key(of.decl, &field.name.value) {
            self.nullable_key(of, field);
        }
        let own = said_by_field(of, field);
        self.own_column(of, own, field.ident.span, field.backfill.as_ref().map(|expr| &expr.value));
    }

    /// What a partition says of columns, and what its own key does to them.
    pub(super) fn own_of_partition(&mut self, of: &Named<'a, TableDecl>) {
        let Some(partition) = &of.decl.partition else { return };
        let mut seen: Vec<&Ident> = Vec::new();
        for decl in &partition.columns {
            if !self.knows_columns(of, std::slice::from_ref(&decl.name)) {
                continue;
            }
            let name = &decl.name.value;
            if seen.contains(&name) {
                let message = format!("partition `{}` says of column `{name}` twice what it has of its own", of.name);
                let finding = SyntaxFinding::error(COLUMN_DUPLICATE, decl.name.span, message);
                self.find(of.file, finding.help("put the words into one `column(..)`"));
                continue;
            }
            seen.push(name);
            if decl.default.is_some() && column_of(of.decl, name).is_some_and(fills_by_itself) {
                let message =
                    format!("column `{name}` of `{}` gets its values as the field says, and has no default", of.name);
                let finding = SyntaxFinding::error(INHERITED_COLUMN, decl.name.span, message);
                self.find(of.file, finding.help("leave `default` out"));
                continue;
            }
            let own = said_by_partition(of, decl);
            self.own_column(of, own, decl.name.span, decl.backfill.as_ref().map(|expr| &expr.value));
        }
        let keyed = of.decl.primary_key.iter().flat_map(|key| &key.columns);
        for column in keyed.filter(|column| !seen.contains(&&column.value)) {
            if column_of(of.decl, &column.value).is_some() {
                let own =
                    InheritedColumn { not_null: true, ..InheritedColumn::new(of.name.clone(), column.value.clone()) };
                self.own_column(of, own, column.span, None);
            }
        }
    }

    fn own_column(&mut self, of: &Named<'a, TableDecl>, own: InheritedColumn, span: Span, backfill: Option<&Expr>) {
        if let Some(expr) = backfill {
            self.out.hints.backfill.insert(ObjectId::column(&own.table, &own.name), expr.clone());
        }
        let above = self.inherited(of, &own.name, 0).unwrap_or_default();
        let is_null = |expr: &Expr| expr.as_str().eq_ignore_ascii_case("null");
        let above_compression = above.settings.compression.clone().unwrap_or_else(|| "default".to_owned());
        let own = InheritedColumn {
            not_null: own.not_null && !above.not_null,
            default: own.default.filter(|expr| match &above.default {
                Some(above) => above != expr,
                None => !is_null(expr),
            }),
            settings: ColumnSettings {
                storage: own.settings.storage.filter(|of| above.settings.storage != Some(*of)),
                compression: own.settings.compression.filter(|of| *of != above_compression),
                ..own.settings
            },
            ..own
        };
        if !own.is_empty() {
            self.insert(own, At { file: of.file, span });
        }
    }

    /// What the table takes over in a column; none when it is its own.
    fn inherited(&self, of: &Named<'a, TableDecl>, name: &Ident, depth: usize) -> Option<Inherited> {
        let paths: Vec<_> = match &of.decl.partition {
            Some(partition) => vec![&partition.of],
            None => of.decl.settings.inherits.iter().collect(),
        };
        let names = paths.into_iter().map(|path| path.value.within(self.default_schema));
        let parents = names.filter_map(|name| self.collected.tables.get(&name)).filter(|_| depth < DEEPEST);
        let mut found = parents.filter_map(|parent| self.seen_through(parent, name, depth + 1));
        let mut first = found.next()?;
        for other in found {
            first.not_null |= other.not_null;
            first.default = first.default.or(other.default);
        }
        Some(first)
    }

    /// The column as a table has it for its heirs.
    fn seen_through(&self, of: &Named<'a, TableDecl>, name: &Ident, depth: usize) -> Option<Inherited> {
        let field = column_of(of.decl, name)?;
        let Some(above) = self.inherited(of, name, depth) else { return Some(Inherited::of_field(of.decl, field)) };
        let own = match &of.decl.partition {
            Some(partition) => {
                let said = partition.columns.iter().find(|decl| decl.name.value == *name);
                let plain = || InheritedColumn {
                    not_null: in_key(of.decl, name),
                    ..InheritedColumn::new(of.name.clone(), name.clone())
                };
                said.map_or_else(plain, |decl| said_by_partition(of, decl))
            }
            None => said_by_field(of, field),
        };
        Some(above.under(&own))
    }
}

/// Whether the field says where values come from in a way that leaves no default to choose.
fn fills_by_itself(field: &FieldDecl) -> bool {
    let value = field.value.as_ref().map(|value| &value.value);
    value.is_some_and(|value| !matches!(value, ValueDecl::Default(_) | ValueDecl::Serial { .. }))
}

fn said_by_field(of: &Named<'_, TableDecl>, field: &FieldDecl) -> InheritedColumn {
    InheritedColumn {
        table: of.name.clone(),
        name: field.name.value.clone(),
        default: default_of(field),
        not_null: !field.inferred.nullable || in_key(of.decl, &field.name.value),
        settings: field.settings.clone(),
        comment: comment(&field.comment),
    }
}

fn said_by_partition(of: &Named<'_, TableDecl>, decl: &PartitionColumnDecl) -> InheritedColumn {
    InheritedColumn {
        table: of.name.clone(),
        name: decl.name.value.clone(),
        default: decl.default.as_ref().map(|expr| expr.value.clone()),
        not_null: decl.not_null || in_key(of.decl, &decl.name.value),
        settings: decl.settings.clone(),
        comment: comment(&decl.comment),
    }
}
