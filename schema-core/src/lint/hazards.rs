//! Hazards as findings: each names what would be lost or fail, and what to type when that is meant.

use super::PlaceOf;
use crate::{
    Hazard, HazardClass, KindName,
    diagnostic::{Code, Diagnostic},
};

/// A column goes, and its values.
pub const COLUMN_DROPPED: Code = Code::new("column-dropped");
/// A table goes, and its rows.
pub const TABLE_DROPPED: Code = Code::new("table-dropped");
/// A table is made anew, with its rows.
pub const TABLE_REMADE: Code = Code::new("table-remade");
/// Another object goes, and what it holds.
pub const OBJECT_DROPPED: Code = Code::new("object-dropped");
/// Values may not fit the new type.
pub const TYPE_NARROWED: Code = Code::new("type-narrowed");
/// Rows may hold a value that the enum loses.
pub const ENUM_VALUE_REMOVED: Code = Code::new("enum-value-removed");
/// Rows get no value for a NOT NULL column.
pub const NOT_NULL_WITHOUT_DEFAULT: Code = Code::new("not-null-without-default");
/// Rows may break a new constraint.
pub const CONSTRAINT_MAY_FAIL: Code = Code::new("constraint-may-fail");

fn code(hazard: &Hazard) -> Code {
    match (hazard.class, hazard.object.kind) {
        (HazardClass::Loss, KindName::Column) => COLUMN_DROPPED,
        (HazardClass::Loss, KindName::Table) => TABLE_DROPPED,
        (HazardClass::Loss, _) => OBJECT_DROPPED,
        (HazardClass::Remade, _) => TABLE_REMADE,
        (HazardClass::Narrowing, KindName::Enum) => ENUM_VALUE_REMOVED,
        (HazardClass::Narrowing, _) => TYPE_NARROWED,
        (HazardClass::MayFail, _) if hazard.fillable => NOT_NULL_WITHOUT_DEFAULT,
        (HazardClass::MayFail, _) => CONSTRAINT_MAY_FAIL,
    }
}

/// One finding a hazard.
pub fn hazard_findings(hazards: &[Hazard], place_of: PlaceOf<'_>) -> Vec<Diagnostic> {
    hazards.iter().map(|hazard| finding(hazard, place_of)).collect()
}

fn finding(hazard: &Hazard, place_of: PlaceOf<'_>) -> Diagnostic {
    let label = match hazard.class {
        HazardClass::Loss => "what is dropped stood here",
        HazardClass::Remade => "cannot be changed in place",
        HazardClass::Narrowing => "asks for the narrower type",
        HazardClass::MayFail if hazard.fillable => "existing rows have no value for it",
        HazardClass::MayFail => "existing rows may break it",
    };
    let mut finding = Diagnostic::error(code(hazard), hazard.message.clone()).primary(place_of(&hazard.object), label);
    if let Some(probe) = &hazard.probe {
        finding = finding.note(format!("what is there now shows: {probe}"));
    }
    if hazard.fillable {
        finding = finding.help("give rows a value: #[column(default = \"...\")] or #[column(backfill = \"...\")]");
    }
    if hazard.class == HazardClass::Narrowing && hazard.object.kind == KindName::Column {
        finding = finding.help("say how values get there: #[column(using = \"...\")]");
    }
    let accept = if hazard.class == HazardClass::MayFail { "to write it all the same" } else { "to accept the loss" };
    finding.help(format!("{accept}: cargo schema generate --allow-data-loss"))
}
