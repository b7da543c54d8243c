//! "did you mean": the nearest of the names that would have been right.

/// The nearest name, when it is near enough to be a slip of the fingers.
///
/// ```
/// use schema_syntax::suggest::nearest;
/// assert_eq!(nearest("uniqe", ["unique", "index"]), Some("unique"));
/// assert_eq!(nearest("primary", ["primary_key", "index"]), Some("primary_key"));
/// assert_eq!(nearest("colour", ["unique", "index"]), None);
/// assert_eq!(nearest("without_overlaps", ["with", "index"]), None);
/// ```
pub fn nearest<'a>(wrong: &str, right: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = wrong.to_lowercase().replace('-', "_");
    let most = 1 + folded.chars().count() / 4;
    let rank = |name: &'a str| {
        let distance = distance(&folded, &name.to_lowercase());
        // A name of which only a part was typed is near, but less so than a slip.
        let part = 3 <= folded.len()
            && (name.starts_with(&folded) || folded.starts_with(name) && folded.len() <= 2 * name.len());
        let near = if part { distance.min(most) } else { distance };
        (near <= most).then_some((near, distance, name))
    };
    right.into_iter().filter_map(rank).min().map(|(_, _, name)| name)
}

/// `; did you mean ...?` as it ends a message, or nothing.
pub fn hint<'a>(wrong: &str, right: impl IntoIterator<Item = &'a str>) -> String {
    nearest(wrong, right).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// How many characters must be changed, added, taken out or swapped with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, a) in from.iter().enumerate() {
        let mut this = vec![row + 1];
        for (column, b) in to.iter().enumerate() {
            let changed = last[column] + usize::from(a != b);
            let mut best = changed.min(last[column + 1] + 1).min(this[column] + 1);
            if 0 < row && 0 < column && *a == to[column - 1] && from[row - 1] == *b {
                best = best.min(before_last[column - 1] + 1);
            }
            this.push(best);
        }
        before_last = std::mem::replace(&mut last, this);
    }
    last[to.len()]
}
