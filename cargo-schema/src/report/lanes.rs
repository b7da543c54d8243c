//! The graph of the revisions as lines of descent, drawn beside a list of them, parents above.
//!
//! `*` is a revision, `|` a line that passes by; between two revisions `\` opens a line and `/` closes one, and `-` leads over lines that stand between.

use schema_core::history::{Graph, RevisionId};

/// What is drawn for one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lane {
    /// Lines that close into it, above it.
    pub closing: Option<String>,
    /// Beside it.
    pub row: String,
    /// Lines that open from it, below it.
    pub opening: Option<String>,
}

/// One entry for each revision, in the order of the graph.
pub fn lanes(graph: &Graph) -> Vec<Lane> {
    // Each line leads to a revision that is still to come; a line that has ended leaves its place to the next one.
    let mut open: Vec<Option<RevisionId>> = Vec::new();
    graph.order().iter().map(|id| lane(graph, &mut open, id)).collect()
}

fn lane(graph: &Graph, open: &mut Vec<Option<RevisionId>>, id: &RevisionId) -> Lane {
    let leading: Vec<usize> = (0..open.len()).filter(|at| open[*at].as_ref() == Some(id)).collect();
    let own = leading.first().copied().unwrap_or_else(|| free(open, 0));
    open[own] = Some(id.clone());
    for at in leading.iter().skip(1) {
        open[*at] = None;
    }
    let closing = connection(open, own, leading.get(1..).unwrap_or_default(), '/');
    let row = text((0..open.len()).map(|at| match open[at] {
        _ if at == own => '*',
        Some(_) => '|',
        None => ' ',
    }));
    let mut children = graph.children(id).into_iter().collect::<Vec<_>>();
    children.sort_by_key(|child| graph.order().iter().position(|other| other == child));
    let mut children = children.into_iter();
    open[own] = children.next();
    let mut opened = Vec::new();
    for child in children {
        let at = free(open, own);
        open[at] = Some(child);
        opened.push(at);
    }
    let before: Vec<Option<RevisionId>> =
        open.iter().enumerate().map(|(at, line)| line.clone().filter(|_| !opened.contains(&at))).collect();
    let opening = connection(&before, own, &opened, '\\');
    while open.last().is_some_and(Option::is_none) {
        open.pop();
    }
    Lane { closing, row, opening }
}

/// The nearest free place, counted from a line to its right.
fn free(open: &mut Vec<Option<RevisionId>>, from: usize) -> usize {
    let right = (from..open.len()).find(|at| open[*at].is_none());
    right.unwrap_or_else(|| {
        open.push(None);
        open.len() - 1
    })
}

/// A row where the lines `ends`, all of them to the right of `own`, begin or end at it.
fn connection(open: &[Option<RevisionId>], own: usize, ends: &[usize], mark: char) -> Option<String> {
    let last = *ends.iter().max()?;
    let is_line = |at: usize| at == own || open.get(at).is_some_and(Option::is_some);
    let width = (last * 2).max(open.len() * 2);
    let mut cells: Vec<char> = (0..width).map(|at| if at % 2 == 0 && is_line(at / 2) { '|' } else { ' ' }).collect();
    for end in ends {
        cells[end * 2 - 1] = mark;
    }
    // What is between leads over the lines that pass by.
    cells[own * 2 + 1..last * 2 - 1].iter_mut().filter(|cell| **cell == ' ').for_each(|cell| *cell = '-');
    Some(cells.into_iter().collect::<String>().trim_end().to_owned())
}

fn text(lanes: impl Iterator<Item = char>) -> String {
    let drawn: Vec<String> = lanes.map(String::from).collect();
    drawn.join(" ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `"b:a c:a"`: a is the parent of b and c.
    #[track_caller]
    fn check(revisions: &str, drawn: &str) {
        let id = |text: &str| RevisionId::new(text).unwrap();
        let revision = |word: &str| {
            let (name, parents) = word.split_once(':').unwrap();
            (id(name), parents.split(',').filter(|parent| !parent.is_empty()).map(id).collect())
        };
        let graph = Graph::new(revisions.split_whitespace().map(revision)).unwrap();
        let mut text = String::new();
        for (id, lane) in graph.order().iter().zip(lanes(&graph)) {
            lane.closing.iter().for_each(|line| text.push_str(&format!("{line}\n")));
            text.push_str(&format!("{}  {id}\n", lane.row));
            lane.opening.iter().for_each(|line| text.push_str(&format!("{line}\n")));
        }
        assert_eq!(text.trim_end(), drawn.trim(), "\n{text}");
    }

    #[test]
    fn one_line() {
        check("1: 2:1 3:2", "*  1\n*  2\n*  3");
    }

    #[test]
    fn two_lines_meet() {
        check(
            "1: 2:1 3:1 4:2 5:3,4 6:5",
            r"
*  1
|\
* |  2
| *  3
* |  4
|/
*  5
*  6
",
        );
    }

    #[test]
    fn two_heads_stay_open() {
        check("1: 2:1 3:1", "*  1\n|\\\n* |  2\n  *  3");
    }

    #[test]
    fn three_lines_meet_two_by_two() {
        check(
            "1: 2:1 3:1 4:1 5:2,4 6:3,5 7:6",
            r"
*  1
|\-\
* | |  2
| * |  3
| | *  4
|-|/
* |  5
|/
*  6
*  7
",
        );
    }

    #[test]
    fn three_lines_meet_at_once() {
        check("1: 2:1 3:1 4:1 5:2,3,4", "*  1\n|\\-\\\n* | |  2\n| * |  3\n| | *  4\n|/-/\n*  5");
    }

    #[test]
    fn a_line_that_opens_later_goes_around_what_stands_there() {
        check(
            "1: 2:1 3:1 4:2 5:2 6:3,5 7:4,6",
            r"
*  1
|\
* |  2
|-|\
| * |  3
* | |  4
| | *  5
| |/
| *  6
|/
*  7
",
        );
    }

    #[test]
    fn two_histories_stand_beside_each_other() {
        check("1: 2: 3:1 4:2", "*  1\n| *  2\n* |  3\n  *  4");
    }

    #[test]
    fn a_place_that_is_free_is_taken_again() {
        check("1: 2:1 3:1 4:3 5:3", "*  1\n|\\\n* |  2\n  *  3\n  |\\\n  * |  4\n    *  5");
    }
}
