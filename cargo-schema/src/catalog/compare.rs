//! How two observed schemas differ, as a list to read: the proof that a migration did what it says.
//!
//! Objects are compared as they are: what a rename explains is not asked here.

use std::fmt;

use schema_core::{ObjectId, Schema, diff::difference, kinds::Object};
use serde::Serialize;
use serde_json::Value;

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedDifference {
    /// The object; its name before, when it has another one after.
    pub object: ObjectId,
    /// Which part of its definition, or none when the whole object is on one side only.
    pub attribute: Option<String>,
    /// Its text before; none when it was absent.
    pub before: Option<String>,
    /// Its text after; none when it is absent.
    pub after: Option<String>,
}

impl fmt::Display for ObservedDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.object.kind.words(), self.object)?;
        let (before, after) = (self.before.as_deref(), self.after.as_deref());
        match (&self.attribute, before, after) {
            (None, Some(_), _) => f.write_str(" is there before only"),
            (None, None, _) => f.write_str(" is there after only"),
            (Some(attribute), before, after) => {
                let absent = "nothing";
                write!(f, ": {attribute} is {} before, {} after", before.unwrap_or(absent), after.unwrap_or(absent))
            }
        }
    }
}

/// Everything in which two observed schemas differ; empty when they are equal.
///
/// ```
/// use cargo_schema::catalog::compare;
/// use schema_core::{Ident, QualifiedName, Schema, kinds::Table};
/// let users: Schema = [Table::new(QualifiedName::public(Ident::of("users"))).into()].into_iter().collect();
/// let found = compare(&users, &Schema::default());
/// assert_eq!(found[0].to_string(), "table `users` is there before only");
/// ```
pub fn compare(before: &Schema, after: &Schema) -> Vec<ObservedDifference> {
    let difference = difference(before, after, &[]);
    let whole = |object: &Object, before: bool| {
        let text = definition(object).to_string();
        let (before, after) = if before { (Some(text), None) } else { (None, Some(text)) };
        ObservedDifference { object: object.id(), attribute: None, before, after }
    };
    let dropped = difference.drops.iter().map(|object| whole(object, true));
    let created = difference.creates.iter().map(|object| whole(object, false));
    let relabelled = difference.relabels.iter().map(|rename| ObservedDifference {
        object: rename.before.clone(),
        attribute: Some("name".to_owned()),
        before: Some(rename.before.name().to_string()),
        after: Some(rename.after.name().to_string()),
    });
    let altered = difference.alters.iter().flat_map(|diff| attributes(&diff.before, &diff.after));
    let mut found: Vec<ObservedDifference> = dropped.chain(created).chain(relabelled).chain(altered).collect();
    found.sort_by(|a, b| (&a.object, &a.attribute).cmp(&(&b.object, &b.attribute)));
    found
}

/// The attributes in which two definitions of one object differ.
pub fn attributes(before: &Object, after: &Object) -> Vec<ObservedDifference> {
    let (Value::Object(old), Value::Object(new)) = (definition(before), definition(after)) else {
        unreachable!("an object serialises as a map")
    };
    let mut names: Vec<&String> = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))).collect();
    names.retain(|name| old.get(*name) != new.get(*name));
    let text = |value: Option<&Value>| value.map(Value::to_string);
    let difference = |name: &String| ObservedDifference {
        object: before.id(),
        attribute: Some(name.clone()),
        before: text(old.get(name)),
        after: text(new.get(name)),
    };
    names.into_iter().map(difference).collect()
}

/// What is recorded of an object, without the word for its kind.
fn definition(object: &(impl Serialize + ?Sized)) -> Value {
    let value = serde_json::to_value(object).unwrap_or_else(|error| panic!("an object serialises: {error}"));
    match value {
        Value::Object(outer) => outer.into_iter().next().map(|(_, inner)| inner).unwrap_or_default(),
        other => other,
    }
}
