//! Columns of text that stand under each other.
//!
//! Widths count characters; colours are given beside the text, so that they do not count.

use super::Paint;

/// One cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    text: String,
    color: Color,
}

/// What a cell means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// Nothing special.
    #[default]
    Plain,
    /// Done.
    Good,
    /// To be done.
    Open,
    /// Wrong.
    Bad,
    /// A name.
    Name,
    /// Can be skipped.
    Dim,
}

impl Cell {
    /// A cell with a meaning.
    pub fn new(text: impl Into<String>, color: Color) -> Cell {
        Cell { text: text.into(), color }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::new(text, Color::Plain)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::new(text, Color::Plain)
    }
}

/// The rows, each moved in by two spaces and ended by a line end; columns are two spaces apart.
pub fn aligned(rows: &[Vec<Cell>], paint: Paint) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let last = row.iter().rposition(|cell| !cell.text.is_empty()).map_or(0, |at| at + 1);
        let mut line = String::from(" ");
        let mut gap = 0;
        for (cell, width) in row[..last].iter().zip(&widths) {
            line.push_str(&" ".repeat(gap + 1));
            line.push_str(&painted(cell, paint));
            gap = width - cell.text.chars().count() + 1;
        }
        text.push_str(line.trim_end_matches(' '));
        text.push('\n');
    }
    text
}

fn painted(cell: &Cell, paint: Paint) -> String {
    let text = cell.text.as_str();
    match cell.color {
        Color::Plain => text.to_owned(),
        Color::Good => paint.good(text),
        Color::Open => paint.open(text),
        Color::Bad => paint.bad(text),
        Color::Name => paint.name(text),
        Color::Dim => paint.dim(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let rows = vec![
            vec!["é".into(), "b".into()],
            vec!["long".into(), Cell::default(), "c".into()],
            vec!["x".into(), "".into()],
        ];
        assert_eq!(aligned(&rows, Paint::default()), "  é     b\n  long     c\n  x\n");
    }
}
