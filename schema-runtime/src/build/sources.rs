//! Reading the package's sources, module by module. Which file a module may be in is the scan's to say.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use schema_syntax::{
    conditions::Conditions,
    decl::Reading,
    scan::{Role, SourceFile, parse_source, parse_sql},
};

use super::{Report, package::Package};

/// The files of all lib and bin targets, each once.
pub(super) fn read(package: &Package, report: &mut Report) -> Vec<SourceFile> {
    let conditions = Conditions::features(package.features.iter().map(String::as_str));
    let reading = Reading { conditions: &conditions, types: &package.types };
    let text_of = |path: &Path| path.to_string_lossy().into_owned();
    let mut open: Vec<(String, Role)> = package.roots.iter().rev().map(|root| (text_of(root), Role::Folder)).collect();
    let (mut files, mut seen) = (Vec::new(), BTreeSet::new());
    while let Some((path, role)) = open.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        // A file that cannot be read is the compiler's to complain about.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        report.depends_on((&path).into());
        let file = parse_source(&path, &text, role, &reading);
        // Only a file without tables that names modules may have to be read in the other role: few do.
        let in_role = role == Role::Folder || file.modules.is_empty() || !file.declarations.is_empty();
        let told = match in_role {
            true => only_modules(&file),
            false => only_modules(&parse_source(&path, &text, Role::Folder, &reading)),
        };
        told.into_iter().for_each(|modules| report.only_modules(modules));
        for module in file.modules.iter().rev() {
            let found = module
                .candidates
                .iter()
                .find(|candidate| fs::metadata(&candidate.path).is_ok_and(|data| data.is_file()));
            open.extend(found.map(|candidate| (candidate.path.clone(), candidate.role)));
        }
        files.push(file);
    }
    read_statements(&package.statements, &mut files, report);
    files
}

/// The `.sql` files of a folder and those below it. A missing folder is not watched: cargo would build anew each time.
fn read_statements(folder: &Path, files: &mut Vec<SourceFile>, report: &mut Report) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    report.depends_on(folder.into());
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read_statements(&path, files, report);
        } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("sql")) {
            let Ok(text) = fs::read_to_string(&path) else { continue };
            report.depends_on(path.clone());
            files.push(parse_sql(&path.to_string_lossy(), &text));
        }
    }
}

/// What [`Read::modules`](super::stamp::Read) says of a source as it is now.
pub(super) fn modules(package: &Package, path: &Path) -> Option<String> {
    let conditions = Conditions::features(package.features.iter().map(String::as_str));
    let reading = Reading { conditions: &conditions, types: &package.types };
    let (path, text) = (path.to_string_lossy(), fs::read_to_string(path).ok()?);
    only_modules(&parse_source(&path, &text, Role::Folder, &reading))
}

/// The modules of a file that declares nothing, as it was read in the role of [`Role::Folder`]: one role for all, because that of a
/// file does not change without a change of another one.
fn only_modules(file: &SourceFile) -> Option<String> {
    let candidates = file.modules.iter().flat_map(|module| &module.candidates);
    let told = candidates.map(|candidate| format!("{:?}", candidate.path)).collect::<Vec<_>>().join(" ");
    (file.declarations.is_empty() && file.findings.is_empty()).then_some(told)
}

#[cfg(test)]
mod tests {
    use schema_syntax::TypeContext;

    use super::*;

    fn told(text: &str) -> Option<String> {
        let (conditions, types) = (Conditions::default(), TypeContext::default());
        only_modules(&parse_source("src/a.rs", text, Role::Folder, &Reading { conditions: &conditions, types: &types }))
    }

    #[test]
    fn other_code_is_nothing_and_modules_and_tables_are_something() {
        assert_eq!(told("fn a() {}"), told("fn b() {} mod tests { fn c() {} }"));
        assert_ne!(told("mod b;"), told("mod c;"));
        assert_ne!(told("mod b;"), told("#[path = \"other.rs\"] mod b;"));
        assert_eq!(told("#[derive(Table)] struct A { id: i64 }"), None);
    }
}
