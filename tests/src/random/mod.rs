//! Random pairs of schemas, and PostgreSQL as the judge of the plan between them.
//!
//! `rng`, `pools`, `parts`, `keys`, `draft`, `heirs`, `statements`, `types` and `privileges` make valid schemas; `mutate` and `alter` change them; `modern` puts in what only
//! the newest PostgreSQL has; `trial` runs a plan there and back; `merge` makes two branches of one schema and runs them in both orders; `state` reads what PostgreSQL then has; `rows` puts rows in and looks after them.

mod alter;
mod draft;
mod heirs;
mod keys;
mod marks;
mod merge;
mod modern;
mod mutate;
mod parts;
mod pools;
mod privileges;
mod rng;
mod rows;
mod state;
mod statements;
mod trial;
mod types;

use schema_core::{Schema, rename::Rename};

pub use merge::{Fate, Fork, fork};
pub use rng::Rng;
pub use state::state;
pub use trial::{Bench, Outcome, wipe};

/// Two schemas, and what is told about names.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The start.
    pub before: Schema,
    /// The end.
    pub after: Schema,
    /// The renames that are told.
    pub renames: Vec<Rename>,
    /// Objects of `before` that are still there, under their later names: later name, first name.
    pub kept: Vec<(schema_core::ObjectId, schema_core::ObjectId)>,
}

/// The pair of a seed.
pub fn pair(seed: u64) -> Pair {
    let mut rng = Rng::new(seed);
    let before = mutate::schema(&mut rng).schema;
    let mut draft = draft::Draft::from(&before);
    for _ in 0..rng.between(1, 12) {
        mutate::change(&mut rng, &mut draft);
    }
    let renames = draft.renames(&before);
    let mut pair = Pair { before, after: draft.schema, renames, kept: draft.origins.into_iter().collect() };
    if rng.percent(35) && heirs::fit(&pair.before) && heirs::fit(&pair.after) {
        heirs::add(&mut rng, &mut pair);
    }
    statements::add(&mut rng, &mut pair);
    if rng.percent(40) {
        privileges::add(&mut rng, &mut pair);
    }
    if rng.percent(8) {
        modern::add(&mut rng, &mut pair);
    }
    pair
}
