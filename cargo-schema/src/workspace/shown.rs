//! Paths as the user would type them.
//!
//! Pure: the current folder is a parameter, and nothing is resolved on disk.

use std::path::{Component, Path};

/// The path from `current`, with `/` between its parts; absolute when they share nothing but the root.
pub fn shown_path(path: &Path, current: &Path) -> String {
    let (mut rest, mut from) = (path.components().peekable(), current.components().peekable());
    let mut shared = 0;
    while let (Some(a), Some(b)) = (rest.peek(), from.peek()) {
        if a != b {
            break;
        }
        shared += usize::from(matches!(a, Component::Normal(_)));
        rest.next();
        from.next();
    }
    if shared == 0 && path.is_absolute() {
        return path.display().to_string();
    }
    let up = from.map(|_| "..".to_owned());
    let parts: Vec<String> = up.chain(rest.map(|part| part.as_os_str().to_string_lossy().into_owned())).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_start_where_the_user_stands() {
        let shown = |path: &str, current: &str| shown_path(Path::new(path), Path::new(current));
        assert_eq!(shown("/a/b/src/lib.rs", "/a/b"), "src/lib.rs");
        assert_eq!(shown("/a/b/src/lib.rs", "/a/b/c"), "../src/lib.rs");
        assert_eq!(shown("/a/b", "/a/b"), ".");
        assert_eq!(shown("/x/y", "/a/b"), "/x/y");
        assert_eq!(shown("/x/y", "/"), "/x/y");
    }
}
