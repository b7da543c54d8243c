//! Reading the package's sources, module by module. Which file a module may be in is the scan's to say.

use std::collections::BTreeSet;
use std::fs;

use schema_syntax::{
    conditions::Conditions,
    decl::Reading,
    scan::{Role, SourceFile, parse_source},
};

use super::{Report, package::Package};

/// The files of all lib and bin targets, each once.
pub(super) fn read(package: &Package, report: &mut Report) -> Vec<SourceFile> {
    let conditions = Conditions::features(package.features.iter().map(String::as_str));
    let reading = Reading { conditions: &conditions, types: &package.types };
    let text_of = |path: &std::path::Path| path.to_string_lossy().into_owned();
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
        for module in file.modules.iter().rev() {
            let found = module
                .candidates
                .iter()
                .find(|candidate| fs::metadata(&candidate.path).is_ok_and(|data| data.is_file()));
            open.extend(found.map(|candidate| (candidate.path.clone(), candidate.role)));
        }
        files.push(file);
    }
    files
}
