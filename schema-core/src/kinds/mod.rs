//! Every kind of database object, one file each: its definition, its comparison, its SQL and its dependencies.
//!
//! The difference and the plan know no kind: they go through [`Object`] and the [`Kind`] trait. A new kind is a new file
//! here and a line in the registry below.

mod check;
mod column;
mod column_add;
mod column_alter;
mod column_moves;
mod column_settings;
mod column_type;
mod comment;
mod composite;
mod default_privileges;
mod domain;
mod enum_type;
mod exclusion;
mod extension;
mod foreign_key;
mod index;
mod index_element;
mod index_mark;
mod inherited_column;
mod key_index;
mod namespace;
mod not_null;
mod parameters;
mod partition;
mod primary_key;
mod privileges;
mod retype;
mod rights;
mod sequence;
mod sql_object;
mod table;
mod unique;

use serde::{Deserialize, Serialize};

use crate::{
    Diff, Expr, Hazard, Ident, KindName, ObjectId, QualifiedName, Schema, Statement, plan::Context, rename::Rename,
};

pub use check::Check;
pub use column::{Column, ColumnValue, Identity, IdentityMode};
pub(crate) use column_moves::{given_to_parent, left_by_parents};
pub use column_settings::{ColumnSettings, Storage};
pub(crate) use column_type::using as conversion;
pub(crate) use default_privileges::corrections;
pub use default_privileges::{DefaultPrivileges, grantees, implied, targets};
pub use domain::{Domain, DomainCheck};
pub use enum_type::EnumType;
pub use exclusion::{Exclusion, ExclusionElement};
pub use extension::Extension;
pub use foreign_key::{ForeignKey, ForeignKeyAction, ForeignKeyMatch};
pub use index::{Index, IndexMethod};
pub use index_element::{IndexElement, IndexElementError, IndexKey};
pub use index_mark::{IndexMark, IndexPurpose};
pub use inherited_column::InheritedColumn;
pub use key_index::KeyIndex;
pub use namespace::Namespace;
pub use not_null::NotNull;
use parameters::{parameter_changes, parameter_list};
pub use partition::{PartitionBound, PartitionKey, PartitionOf, PartitionStrategy};
pub use primary_key::PrimaryKey;
pub use privileges::Privileges;
pub(crate) use retype::left_behind;
pub use rights::{Grantee, ObjectClass, Privilege, Rights};
pub use sequence::{Sequence, SequenceOptions};
pub use sql_object::SqlObject;
pub use table::{ReplicaIdentity, Table};
pub use unique::Unique;

/// How an object gets from one definition to another of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alteration {
    /// By these statements; none when the difference has no SQL.
    Statements(Vec<Statement>),
    /// Only by dropping and creating it, together with what depends on it.
    Recreate,
}

/// A namespace of PostgreSQL in which two objects cannot have one name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameClaim {
    /// `pg_class`: tables, indexes, sequences, and the indexes of constraints.
    Relation(QualifiedName),
    /// `pg_type`: enums, domains, and the row types of tables.
    Type(QualifiedName),
    /// `pg_constraint` of one table.
    Constraint(QualifiedName, Ident),
    /// The one primary key of a table.
    PrimaryKey(QualifiedName),
    /// `pg_proc`: routines, told apart by the types of their arguments.
    Routine(QualifiedName, String),
}

impl NameClaim {
    /// A sequence is no type, but PostgreSQL refuses to make one that has the name of a type (42710).
    fn sequence(name: &QualifiedName) -> Vec<NameClaim> {
        vec![NameClaim::Relation(name.clone()), NameClaim::Type(name.clone())]
    }
}

/// What the difference and the plan need to know of a kind.
pub trait Kind: Clone + PartialEq {
    /// What names it.
    fn id(&self) -> ObjectId;

    /// The objects of `schema` that its definition says must exist before it does. Names that `schema` does not hold may be among
    /// them; what only PostgreSQL can tell is not ([`Schema::found`]).
    fn requires(&self, schema: &Schema) -> Vec<ObjectId>;

    /// The table that it is dropped with.
    fn table(&self) -> Option<&QualifiedName> {
        None
    }

    /// The object that it is dropped with.
    fn owner(&self) -> Option<ObjectId> {
        self.table().map(ObjectId::table)
    }

    /// What stands for it between the parentheses of `CREATE TABLE`, when it can stand there.
    fn clause(&self) -> Option<String> {
        None
    }

    /// What makes PostgreSQL take two constraints of one CREATE TABLE for one, and silently leave out the second.
    fn twin_of(&self) -> Option<String> {
        None
    }

    /// The statements that follow its clause.
    fn after_clause(&self) -> Vec<Statement> {
        Vec::new()
    }

    /// The expressions it holds, as the user wrote them.
    fn expressions(&self) -> Vec<&Expr> {
        Vec::new()
    }

    /// The same without the expressions that can be taken off and put on again; none when it holds none of these.
    fn without_expressions(&self) -> Option<Self> {
        None
    }

    /// The statements that make it. `context` tells what the rows of an existing table get.
    fn create(&self, context: &Context) -> Vec<Statement>;

    /// Statements that can only run when other objects exist too, and those objects.
    fn finish(&self) -> Option<(Vec<ObjectId>, Vec<Statement>)> {
        None
    }

    /// The statements that remove it, never with CASCADE.
    fn drop(&self, context: &Context) -> Vec<Statement>;

    /// How `before` becomes `after`; both have the same name.
    fn alter(diff: &Diff<&Self>, context: &Context) -> Alteration;

    /// Statements that make room before any other object takes its new form.
    fn release(_diff: &Diff<&Self>) -> Vec<Statement> {
        Vec::new()
    }

    /// The columns whose values get another type by the change: what is written over them is built again around it.
    fn retypes(_diff: &Diff<&Self>, _context: &Context) -> Vec<Retyped> {
        Vec::new()
    }

    /// The other objects that are made anew by the same statements.
    fn takes_along(_diff: &Diff<&Self>, _context: &Context) -> Vec<ObjectId> {
        Vec::new()
    }

    /// Whether its rules are looked at only when the transaction ends, if nobody asks earlier.
    fn is_deferred(&self) -> bool {
        false
    }

    /// Whether an unchanged object must be dropped and created around the change of a column.
    fn rebuilt_by(&self, _column: &ColumnRef<'_>) -> bool {
        false
    }

    /// The names it takes.
    fn claims(&self) -> Vec<NameClaim>;

    /// Rewrites the names it holds after another object (or itself) was renamed.
    fn follow(&mut self, rename: &Rename);

    /// The same definition under another name: what tells a rename that needs no human word.
    fn with_name(&self, name: &Ident) -> Self;

    /// What may be lost or fail when it is created while its table has rows.
    fn create_hazards(&self, _context: &Context) -> Vec<Hazard> {
        Vec::new()
    }

    /// Whether rows that met the rule before may break it after.
    fn tightens(_diff: &Diff<&Self>) -> bool {
        true
    }

    /// What is lost when it is dropped.
    fn drop_hazards(&self) -> Vec<Hazard> {
        Vec::new()
    }

    /// What may be lost or fail when it is altered.
    fn alter_hazards(_diff: &Diff<&Self>, _context: &Context) -> Vec<Hazard> {
        Vec::new()
    }
}

/// A column that gets another type, modifier or collation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retyped {
    /// The column.
    pub id: ObjectId,
    /// Whether it is another type and not only another modifier or collation of the same.
    pub rebased: bool,
}

/// A column that gets another type, for the question which objects that touches.
#[derive(Clone, Copy, Debug)]
pub struct ColumnRef<'a> {
    /// The table.
    pub table: &'a QualifiedName,
    /// The column.
    pub name: &'a Ident,
    /// See [`Retyped::rebased`].
    pub rebased: bool,
}

macro_rules! registry {
    (@kind $of:ident Own) => { $of.kind };
    (@kind $of:ident $name:ident) => {{ let _ = $of; KindName::$name }};
    ($($variant:ident($kind:ty) = $name:ident),* $(,)?) => {
        /// An object of any kind.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Object {
            $(#[doc = concat!("See [`", stringify!($kind), "`].")] $variant($kind),)*
        }

        impl Object {
            /// Its kind.
            pub fn kind(&self) -> KindName {
                match self { $(Object::$variant(of) => registry!(@kind of $name),)* }
            }
            /// What names it.
            pub fn id(&self) -> ObjectId {
                match self { $(Object::$variant(of) => of.id(),)* }
            }
            /// What must exist before it does: what its definition says ([`Kind::requires`]), and what PostgreSQL found.
            pub fn requires(&self, schema: &Schema) -> Vec<ObjectId> {
                let mut ids = match self { $(Object::$variant(of) => of.requires(schema),)* };
                if schema.has_found() {
                    ids.extend(schema.found(&self.id()).into_iter().flat_map(|found| found.needs.iter().cloned()));
                }
                ids
            }
            /// See [`Kind::table`].
            pub fn table(&self) -> Option<&QualifiedName> {
                match self { $(Object::$variant(of) => of.table(),)* }
            }
            /// See [`Kind::owner`].
            pub fn owner(&self) -> Option<ObjectId> {
                match self { $(Object::$variant(of) => of.owner(),)* }
            }
            /// See [`Kind::clause`].
            pub fn clause(&self) -> Option<String> {
                match self { $(Object::$variant(of) => of.clause(),)* }
            }
            /// See [`Kind::twin_of`].
            pub fn twin_of(&self) -> Option<String> {
                match self { $(Object::$variant(of) => of.twin_of(),)* }
            }
            /// See [`Kind::after_clause`].
            pub fn after_clause(&self) -> Vec<Statement> {
                match self { $(Object::$variant(of) => of.after_clause(),)* }
            }
            /// See [`Kind::create`].
            pub fn create(&self, context: &Context) -> Vec<Statement> {
                match self { $(Object::$variant(of) => of.create(context),)* }
            }
            /// See [`Kind::finish`].
            pub fn finish(&self) -> Option<(Vec<ObjectId>, Vec<Statement>)> {
                match self { $(Object::$variant(of) => of.finish(),)* }
            }
            /// See [`Kind::drop`].
            pub fn drop(&self, context: &Context) -> Vec<Statement> {
                match self { $(Object::$variant(of) => of.drop(context),)* }
            }
            /// See [`Kind::alter`].
            ///
            /// # Panics
            /// When the sides are of two kinds: their names would differ.
            pub fn alter(diff: &Diff<&Object>, context: &Context) -> Alteration {
                match (diff.before, diff.after) {
                    $((Object::$variant(before), Object::$variant(after)) => Kind::alter(&Diff { before, after }, context),)*
                    _ => unreachable!("one name has one kind"),
                }
            }
            /// See [`Kind::expressions`].
            pub fn expressions(&self) -> Vec<&Expr> {
                match self { $(Object::$variant(of) => of.expressions(),)* }
            }
            /// See [`Kind::without_expressions`].
            pub fn without_expressions(&self) -> Option<Object> {
                match self { $(Object::$variant(of) => of.without_expressions().map(Object::from),)* }
            }
            /// See [`Kind::release`].
            pub fn release(diff: &Diff<&Object>) -> Vec<Statement> {
                match (diff.before, diff.after) {
                    $((Object::$variant(before), Object::$variant(after)) => Kind::release(&Diff { before, after }),)*
                    _ => unreachable!("one name has one kind"),
                }
            }
            /// See [`Kind::retypes`].
            pub fn retypes(diff: &Diff<&Object>, context: &Context) -> Vec<Retyped> {
                match (diff.before, diff.after) {
                    $((Object::$variant(before), Object::$variant(after)) => Kind::retypes(&Diff { before, after }, context),)*
                    _ => unreachable!("one name has one kind"),
                }
            }
            /// See [`Kind::takes_along`].
            pub fn takes_along(diff: &Diff<&Object>, context: &Context) -> Vec<ObjectId> {
                match (diff.before, diff.after) {
                    $((Object::$variant(before), Object::$variant(after)) => Kind::takes_along(&Diff { before, after }, context),)*
                    _ => unreachable!("one name has one kind"),
                }
            }
            /// See [`Kind::is_deferred`].
            pub fn is_deferred(&self) -> bool {
                match self { $(Object::$variant(of) => of.is_deferred(),)* }
            }
            /// See [`Kind::rebuilt_by`].
            pub fn rebuilt_by(&self, column: &ColumnRef<'_>) -> bool {
                match self { $(Object::$variant(of) => of.rebuilt_by(column),)* }
            }
            /// See [`Kind::claims`].
            pub fn claims(&self) -> Vec<NameClaim> {
                match self { $(Object::$variant(of) => of.claims(),)* }
            }
            /// See [`Kind::follow`].
            pub fn follow(&mut self, rename: &Rename) {
                match self { $(Object::$variant(of) => of.follow(rename),)* }
            }
            /// See [`Kind::with_name`].
            pub fn with_name(&self, name: &Ident) -> Object {
                match self { $(Object::$variant(of) => Object::$variant(of.with_name(name)),)* }
            }
            /// See [`Kind::create_hazards`].
            pub fn create_hazards(&self, context: &Context) -> Vec<Hazard> {
                match self { $(Object::$variant(of) => of.create_hazards(context),)* }
            }
            /// See [`Kind::tightens`].
            pub fn tightens(diff: &Diff<&Object>) -> bool {
                match (diff.before, diff.after) {
                    $((Object::$variant(before), Object::$variant(after)) => Kind::tightens(&Diff { before, after }),)*
                    _ => unreachable!("one name has one kind"),
                }
            }
            /// See [`Kind::drop_hazards`].
            pub fn drop_hazards(&self) -> Vec<Hazard> {
                match self { $(Object::$variant(of) => of.drop_hazards(),)* }
            }
            /// See [`Kind::alter_hazards`].
            pub fn alter_hazards(diff: &Diff<&Object>, context: &Context) -> Vec<Hazard> {
                match (diff.before, diff.after) {
                    $((Object::$variant(before), Object::$variant(after)) => Kind::alter_hazards(&Diff { before, after }, context),)*
                    _ => unreachable!("one name has one kind"),
                }
            }
        }

        $(impl From<$kind> for Object {
            fn from(of: $kind) -> Object {
                Object::$variant(of)
            }
        })*
    };
}

registry! {
    Schema(Namespace) = Schema,
    Extension(Extension) = Extension,
    Enum(EnumType) = Enum,
    Domain(Domain) = Domain,
    Sequence(Sequence) = Sequence,
    Table(Table) = Table,
    Column(Column) = Column,
    InheritedColumn(InheritedColumn) = InheritedColumn,
    PrimaryKey(PrimaryKey) = PrimaryKey,
    Unique(Unique) = Unique,
    Check(Check) = Check,
    Exclusion(Exclusion) = Exclusion,
    Index(Index) = Index,
    IndexMark(IndexMark) = IndexMark,
    ForeignKey(ForeignKey) = ForeignKey,
    Sql(SqlObject) = Own,
    Privileges(Privileges) = Privileges,
    DefaultPrivileges(DefaultPrivileges) = DefaultPrivileges,
}

/// Serde: leaves a `false` out of the record.
fn is_false(value: &bool) -> bool {
    !*value
}

/// The PostgreSQL schema that holds an object, when it is one that the schema declares.
fn namespace_of(name: &QualifiedName) -> ObjectId {
    ObjectId::global(KindName::Schema, &name.schema)
}

/// A list of names in SQL, between parentheses.
fn name_list(names: &[Ident]) -> String {
    format!("({})", names.iter().map(Ident::quoted).collect::<Vec<_>>().join(", "))
}
