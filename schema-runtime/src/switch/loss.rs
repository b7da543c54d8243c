//! What a text would destroy, told from the tables before it and after it. Pure.
//!
//! It does not read the text: what really happened decides, so hand-written SQL is understood as well as generated SQL.

use std::collections::BTreeSet;

use super::tables::{Column, Sequence, Table, Tables};

/// Something that is gone or may have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The table is gone with its rows.
    Table(Table),
    /// Columns of a table that stays.
    Columns(Changed),
    /// The sequence is gone with its position.
    Sequence(Sequence),
}

/// A table that stays, with what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    /// As it is.
    pub before: Table,
    /// As it will be, under the name it will have.
    pub after: Table,
    /// Columns that are gone.
    pub gone: Vec<Column>,
    /// Columns whose values may become others, with their names afterwards.
    pub watched: Vec<(Column, String)>,
    /// Whether rows may be gone.
    pub rows: bool,
    /// What tells the rows apart on both sides: pairs of column names before and after.
    pub key: Vec<(String, String)>,
    /// Whether that is the primary key.
    pub unique: bool,
}

/// Compares. `touched` are tables, by oid before, whose rows were written by statements of the text.
pub(crate) fn losses(before: &Tables, after: &Tables, touched: &BTreeSet<u32>) -> Vec<Loss> {
    let mut losses = Vec::new();
    for table in before.tables.values() {
        match successor(table, after) {
            Some(after) => losses.extend(changed(table, after, touched.contains(&table.oid)).map(Loss::Columns)),
            // The rows of a partition go with the table that it belongs to.
            None if table.parent.is_some_and(|parent| is_gone(before, after, parent)) => {}
            None => losses.push(Loss::Table(table.clone())),
        }
    }
    let gone =
        |sequence: &&Sequence| !after.sequences.contains_key(&sequence.oid) && after.sequence(&sequence.name).is_none();
    losses.extend(before.sequences.values().filter(gone).cloned().map(Loss::Sequence));
    losses
}

/// The table that holds the rows afterwards: itself, or one of its name that was made in its place.
fn successor<'a>(table: &Table, after: &'a Tables) -> Option<&'a Table> {
    after.tables.get(&table.oid).or_else(|| after.named(&table.name))
}

fn is_gone(before: &Tables, after: &Tables, oid: u32) -> bool {
    before.tables.get(&oid).is_some_and(|table| successor(table, after).is_none())
}

fn changed(before: &Table, after: &Table, touched: bool) -> Option<Changed> {
    let same = before.oid == after.oid;
    // Nobody knows what became of the rows of a table that was made anew.
    let touched = touched || !same;
    let later = |column: &Column| {
        let numbered = if same { after.numbered(column.number) } else { None };
        numbered.or_else(|| after.named(&column.name)).filter(|later| !later.generated).cloned()
    };
    let (mut gone, mut watched) = (Vec::new(), Vec::new());
    for column in before.stored() {
        match later(column) {
            None => gone.push(column.clone()),
            Some(now) => {
                let other = now.data_type != column.data_type || now.shape != column.shape;
                let retyped = other || same && now.number != column.number;
                if touched || retyped {
                    watched.push((column.clone(), now.name));
                }
            }
        }
    }
    if gone.is_empty() && watched.is_empty() && !touched {
        return None;
    }
    // A partition's rows are seen through its parent when the columns change there.
    if before.parent.is_some() && !touched {
        return None;
    }
    let pair = |column: &Column| Some((column.name.clone(), later(column)?.name));
    let primary: Option<Vec<_>> = before.key.iter().map(|number| pair(before.numbered(*number)?)).collect();
    let primary = primary.filter(|key| !key.is_empty());
    let unwatched = before.stored().filter(|column| watched.iter().all(|(other, _)| other != *column)).filter_map(pair);
    let (unique, key) = match primary {
        Some(key) => (true, key),
        None => (false, unwatched.collect::<Vec<_>>()),
    };
    let key = if key.is_empty() { before.stored().filter_map(pair).collect() } else { key };
    Some(Changed { before: before.clone(), after: after.clone(), gone, watched, rows: touched, key, unique })
}

#[cfg(test)]
mod tests {
    use super::super::tables::Name;
    use super::*;

    fn column(number: i16, name: &str, data_type: &str) -> Column {
        Column {
            number,
            name: name.to_owned(),
            data_type: data_type.to_owned(),
            shape: data_type.to_owned(),
            cast: data_type.to_owned(),
            whole: None,
            generated: false,
            always_identity: false,
            nullable: true,
        }
    }

    fn table(oid: u32, name: &str, columns: Vec<Column>) -> Table {
        let name = Name { schema: "public".to_owned(), name: name.to_owned() };
        Table { oid, name, partitioned: false, parent: None, file: oid, columns, key: vec![1] }
    }

    fn tables(list: Vec<Table>) -> Tables {
        Tables { tables: list.into_iter().map(|table| (table.oid, table)).collect(), ..Tables::default() }
    }

    fn found(before: Vec<Table>, after: Vec<Table>) -> Vec<Loss> {
        losses(&tables(before), &tables(after), &BTreeSet::new())
    }

    #[test]
    fn what_is_renamed_is_not_lost() {
        let before = table(1, "users", vec![column(1, "id", "integer"), column(2, "mail", "text")]);
        let after = table(1, "people", vec![column(1, "id", "integer"), column(2, "email", "text")]);
        assert_eq!(found(vec![before], vec![after]), []);
    }

    #[test]
    fn tables_and_columns_that_go_are_lost() {
        let id = || column(1, "id", "integer");
        let before = vec![table(1, "users", vec![id(), column(2, "bio", "text")]), table(2, "posts", vec![id()])];
        let lost = found(before, vec![table(1, "users", vec![id()])]);
        let [Loss::Columns(users), Loss::Table(posts)] = lost.as_slice() else { panic!("{lost:?}") };
        assert_eq!((users.gone[0].name.as_str(), posts.name.name.as_str()), ("bio", "posts"));
        assert_eq!((users.unique, users.key.as_slice()), (true, [("id".to_owned(), "id".to_owned())].as_slice()));
    }

    #[test]
    fn a_table_made_anew_is_watched_by_name() {
        let before = table(1, "users", vec![column(1, "id", "bigint"), column(3, "age", "bigint")]);
        let after = table(9, "users", vec![column(1, "id", "integer"), column(2, "age", "bigint")]);
        let lost = found(vec![before], vec![after]);
        let [Loss::Columns(users)] = lost.as_slice() else { panic!("{lost:?}") };
        assert!(users.rows && users.watched.len() == 2 && users.gone.is_empty());
    }

    #[test]
    fn partitions_go_with_their_table() {
        let mut partition = table(2, "log_1", vec![column(1, "id", "integer")]);
        partition.parent = Some(1);
        let parent = table(1, "log", vec![column(1, "id", "integer")]);
        assert_eq!(found(vec![parent.clone(), partition.clone()], vec![]).len(), 1);
        assert_eq!(found(vec![parent.clone(), partition], vec![parent]).len(), 1);
    }
}
