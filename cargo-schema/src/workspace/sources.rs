//! Reading the sources of the packages, module by module, from the root files of their targets.
//!
//! Which files a module may be in is the scan's to say; here they are looked for and read. A file that several targets share is read
//! once, because its tables exist once.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use schema_syntax::TypeContext;
use schema_syntax::conditions::Conditions;
use schema_syntax::decl::Reading;
use schema_syntax::scan::{ModuleFile, Role, SourceFile, missing_module, parse_source, parse_sql};

use super::statements::statements;
use super::{Package, Workspace, WorkspaceError, shown_path};

/// The files that declare something or name modules, package by package, in the order of their modules.
///
/// Their paths are as the user in `current` would type them.
pub fn read_sources(
    workspace: &Workspace,
    types: &TypeContext,
    current: &Path,
) -> Result<Vec<SourceFile>, WorkspaceError> {
    read_sources_with(workspace, types, current, &Overlay::new())
}

/// Texts that stand for those on the disk, by their paths; none for a file that is taken to be absent.
pub type Overlay = BTreeMap<PathBuf, Option<String>>;

/// The same, as if some files had other texts.
pub fn read_sources_with(
    workspace: &Workspace,
    types: &TypeContext,
    current: &Path,
    overlay: &Overlay,
) -> Result<Vec<SourceFile>, WorkspaceError> {
    let mut files = Vec::new();
    let mut seen = BTreeSet::new();
    for package in &workspace.packages {
        read_package(package, types, (current, overlay), &mut seen, &mut files)?;
    }
    Ok(files)
}

fn read_package(
    package: &Package,
    types: &TypeContext,
    (current, overlay): (&Path, &Overlay),
    seen: &mut BTreeSet<PathBuf>,
    files: &mut Vec<SourceFile>,
) -> Result<(), WorkspaceError> {
    let conditions = Conditions::features(package.features.iter().map(String::as_str));
    let reading = Reading { conditions: &conditions, types };
    // The last one is the next one, and a file's modules go before what was waiting.
    let mut open: Vec<(String, Role)> =
        package.targets.iter().rev().map(|target| (shown_path(&target.file, current), Role::Folder)).collect();
    while let Some((path, role)) = open.pop() {
        let real = current.join(&path);
        if !seen.insert(real.canonicalize().unwrap_or_else(|_| real.clone())) {
            continue;
        }
        let text = match overlay.get(&real) {
            Some(text) => text.clone().unwrap_or_default(),
            None => {
                std::fs::read_to_string(&real).map_err(|source| WorkspaceError::Unreadable { path: real, source })?
            }
        };
        let mut file = parse_source(&path, &text, role, &reading);
        let modules = std::mem::take(&mut file.modules);
        for module in modules.iter().rev() {
            match existing(module, current, overlay)? {
                Some(found) => open.push(found),
                None => file.findings.push(missing_module(module)),
            }
        }
        files.push(SourceFile { modules, ..file });
    }
    // The same form of paths as in the overlay.
    let plain = |path: &Path| current.join(shown_path(path, current));
    let found = statements(&package.manifest)?;
    let mut paths: BTreeSet<PathBuf> = found.files.iter().map(|path| plain(path)).collect();
    let folders: Vec<PathBuf> = found.folders.iter().map(|path| plain(path)).collect();
    let is_new = |path: &&PathBuf| {
        path.extension().is_some_and(|end| end == "sql") && folders.iter().any(|folder| path.starts_with(folder))
    };
    paths.extend(overlay.keys().filter(is_new).cloned());
    for path in paths {
        let text = match overlay.get(&path) {
            Some(None) => continue,
            Some(Some(text)) => text.clone(),
            None => std::fs::read_to_string(&path)
                .map_err(|source| WorkspaceError::Unreadable { path: path.clone(), source })?,
        };
        files.push(parse_sql(&shown_path(&path, current), &text));
    }
    Ok(())
}

/// The folders whose files of SQL are read; a missing one may come.
pub fn statement_folders(workspace: &Workspace) -> Result<Vec<PathBuf>, WorkspaceError> {
    let mut folders = Vec::new();
    for package in &workspace.packages {
        folders.extend(statements(&package.manifest)?.folders);
    }
    Ok(folders)
}

fn existing(module: &ModuleFile, current: &Path, overlay: &Overlay) -> Result<Option<(String, Role)>, WorkspaceError> {
    for candidate in &module.candidates {
        let path = current.join(&candidate.path);
        match overlay.get(&path) {
            Some(Some(_)) => return Ok(Some((candidate.path.clone(), candidate.role))),
            Some(None) => continue,
            None => {}
        }
        match std::fs::metadata(&path) {
            Ok(found) if found.is_file() => return Ok(Some((candidate.path.clone(), candidate.role))),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(source) => return Err(WorkspaceError::Unreadable { path, source }),
        }
    }
    Ok(None)
}
