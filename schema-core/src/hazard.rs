//! What a change may cost when tables have rows.
//!
//! A hazard is a fact about the change; which finding it becomes, and which flag accepts it, is decided by `lint`.

use crate::ObjectId;

/// One thing that may be lost or fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hazard {
    /// The object in the user's text.
    pub object: ObjectId,
    /// Which consequence.
    pub class: HazardClass,
    /// The consequence in words: lower case, naming the object in backticks.
    pub message: String,
    /// A query that shows beforehand whether it will happen.
    pub probe: Option<String>,
    /// Whether `#[column(backfill = "...")]` or a default takes the hazard away.
    pub fillable: bool,
}

/// The consequence of a change on rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HazardClass {
    /// Rows or values are gone after it, whatever they are.
    Loss,
    /// Rows are carried over to a new table, but what belongs to the old one and is not declared is gone.
    Remade,
    /// Values that do not fit make the migration fail, or are cut.
    Narrowing,
    /// Rows that break the new rule make the migration fail; nothing is lost.
    MayFail,
}

impl Hazard {
    /// Rows or values will be lost.
    pub fn loss(object: &ObjectId, message: String) -> Hazard {
        Hazard { object: object.clone(), class: HazardClass::Loss, message, probe: None, fillable: false }
    }

    /// A table is made anew with its rows.
    pub(crate) fn remade(table: &ObjectId, why: &str, partitioned: bool) -> Hazard {
        let fit = if partitioned { " into the partitions, which all must fit" } else { "" };
        let message = format!(
            "table `{table}` is made anew, because {why}: its rows are carried over{fit}, \
             but privileges and what the schema does not know of it are lost"
        );
        Hazard { class: HazardClass::Remade, ..Hazard::loss(table, message) }
    }

    /// Values may not fit.
    pub fn narrowing(object: &ObjectId, message: String) -> Hazard {
        Hazard { class: HazardClass::Narrowing, ..Hazard::loss(object, message) }
    }

    /// Rows may break the new rule; `probe` finds them.
    pub fn may_fail(object: &ObjectId, message: String, probe: impl Into<Option<String>>) -> Hazard {
        Hazard { class: HazardClass::MayFail, probe: probe.into(), ..Hazard::loss(object, message) }
    }

    /// Whether rows or values are gone.
    pub fn is_loss(&self) -> bool {
        self.class == HazardClass::Loss
    }

    /// A backfill or a default takes it away.
    pub fn fillable(mut self) -> Hazard {
        self.fillable = true;
        self
    }
}
