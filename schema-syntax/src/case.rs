//! The case of names: from Rust's to the catalog's.

/// A Rust name in snake case.
///
/// ```
/// use schema_syntax::case::snake;
/// assert_eq!(snake("HTTPServer2Log"), "http_server2_log");
/// assert_eq!(snake("already_so"), "already_so");
/// ```
pub fn snake(name: &str) -> String {
    words(name).join("_")
}

/// The rules that `rename_all` knows, by name.
pub const RULES: &[&str] = &[
    "lowercase",
    "UPPERCASE",
    "PascalCase",
    "camelCase",
    "snake_case",
    "SCREAMING_SNAKE_CASE",
    "kebab-case",
    "SCREAMING-KEBAB-CASE",
];

/// A Rust name by one of the [`RULES`]; none for another rule.
///
/// ```
/// assert_eq!(schema_syntax::case::by_rule("SoSo", "kebab-case").as_deref(), Some("so-so"));
/// ```
pub fn by_rule(name: &str, rule: &str) -> Option<String> {
    let words = words(name);
    let capital = |word: &String| {
        let mut chars = word.chars();
        chars.next().map(|first| first.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default()
    };
    Some(match rule {
        "lowercase" => words.concat(),
        "UPPERCASE" => words.concat().to_uppercase(),
        "PascalCase" => words.iter().map(capital).collect(),
        "camelCase" => words.iter().take(1).cloned().chain(words.iter().skip(1).map(capital)).collect(),
        "snake_case" => words.join("_"),
        "SCREAMING_SNAKE_CASE" => words.join("_").to_uppercase(),
        "kebab-case" => words.join("-"),
        "SCREAMING-KEBAB-CASE" => words.join("-").to_uppercase(),
        _ => return None,
    })
}

/// The words of a name in lower case: a word starts at `_`, at a capital after a small letter or digit, and at the last capital
/// of several.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let chars: Vec<char> = name.chars().collect();
    let mut start = true;
    for (at, c) in chars.iter().enumerate() {
        if *c == '_' {
            start = true;
            continue;
        }
        let after_small = 0 < at && !chars[at - 1].is_uppercase() && chars[at - 1] != '_';
        let before_small = chars.get(at + 1).is_some_and(|next| next.is_lowercase());
        start |= c.is_uppercase() && (after_small || before_small);
        if start || words.is_empty() {
            words.push(String::new());
        }
        start = false;
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words
}
