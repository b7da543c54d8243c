//! The file of a hook: a block is put in, replaced and taken out, and the rest stays as it is.
//!
//! A file that is no shell script, is a link or is switched off cannot take lines; it gets another name and is called by a script in
//! its place.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::repository::HookError;
use super::script::{Hook, Project};

/// How a project stands in a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its block is there as this version writes it.
    Installed,
    /// Its block is there and says something else.
    Outdated,
    /// It is not there.
    Missing,
}

/// What was done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It was made.
    Made,
    /// Lines were put into what was there, or replaced.
    Changed,
    /// What was there has another name now and is called.
    Chained,
    /// It was removed, or what was there has its name again.
    Removed,
    /// Nothing.
    Kept,
}

/// A hook of a repository, on disk.
#[derive(Clone, Debug)]
pub struct HookFile {
    /// Which one.
    pub hook: Hook,
    /// Where.
    pub path: PathBuf,
}

const START: &str = "#!/bin/sh\n";
const SHELLS: [&str; 8] = ["sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "busybox"];

/// Calls the file that stood here, in this file's place.
const CHAIN: &str = "# >>> cargo schema: what was here before >>>\n\
    [ ! -x \"$0.chained\" ] || exec \"$0.chained\" \"$@\"\n\
    # <<< cargo schema: what was here before <<<\n";

impl HookFile {
    /// The file of a hook in the folder of the hooks.
    pub fn new(hooks: &Path, hook: Hook) -> HookFile {
        HookFile { hook, path: hooks.join(hook.name()) }
    }

    /// Where a file goes that cannot take lines.
    pub fn chained(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".chained");
        name.into()
    }

    /// How a project stands in it.
    pub fn state(&self, project: &Project) -> Result<State, HookError> {
        let text = self.read()?.unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        Ok(match found(&text, project) {
            None => State::Missing,
            Some((start, end)) if text[start..end] == project.block(self.hook) => State::Installed,
            Some(_) => State::Outdated,
        })
    }

    /// Puts the block of a project in.
    pub fn install(&self, project: &Project) -> Result<Action, HookError> {
        let block = project.block(self.hook);
        let there = self.read()?;
        let plain =
            there.as_ref().filter(|bytes| self.takes_lines(bytes)).and_then(|bytes| std::str::from_utf8(bytes).ok());
        let (text, action) = match (&there, plain) {
            (None, _) => (format!("{START}{block}"), Action::Made),
            (Some(_), Some(text)) => (with(text, project, &block), Action::Changed),
            (Some(_), None) => {
                let aside = self.chained();
                at(&self.path, fs::rename(&self.path, aside))?;
                (format!("{START}{block}{CHAIN}"), Action::Chained)
            }
        };
        if plain == Some(text.as_str()) {
            return Ok(Action::Kept);
        }
        self.write(&text)?;
        Ok(action)
    }

    /// Takes the block of a project out; a file that has nothing else goes too.
    pub fn uninstall(&self, project: &Project) -> Result<Action, HookError> {
        let Some(bytes) = self.read()? else { return Ok(Action::Kept) };
        let Ok(text) = String::from_utf8(bytes) else { return Ok(Action::Kept) };
        let Some((start, end)) = found(&text, project) else { return Ok(Action::Kept) };
        let rest = format!("{}{}", &text[..start], &text[end..]);
        if rest == format!("{START}{CHAIN}") && self.chained().symlink_metadata().is_ok() {
            at(&self.path, fs::rename(self.chained(), &self.path))?;
            return Ok(Action::Removed);
        }
        if rest == START || rest.is_empty() {
            at(&self.path, fs::remove_file(&self.path))?;
            return Ok(Action::Removed);
        }
        self.write(&rest)?;
        Ok(Action::Changed)
    }

    fn read(&self) -> Result<Option<Vec<u8>>, HookError> {
        match fs::read(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound && self.path.symlink_metadata().is_err() => Ok(None),
            // A link that leads nowhere is still in the way.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Some(Vec::new())),
            other => at(&self.path, other).map(Some),
        }
    }

    /// Lines can be put into a script of a shell that git would run.
    fn takes_lines(&self, bytes: &[u8]) -> bool {
        let Ok(data) = self.path.symlink_metadata() else { return false };
        data.is_file() && data.permissions().mode() & 0o111 != 0 && is_shell(bytes)
    }

    /// In one step, so that git never runs half a hook.
    fn write(&self, text: &str) -> Result<(), HookError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        at(folder, fs::create_dir_all(folder))?;
        let draft = folder.join(format!(".{}.{}", self.hook.name(), std::process::id()));
        let mode = fs::metadata(&self.path).map_or(0o755, |data| data.permissions().mode() & 0o7777);
        let written = || {
            let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&draft)?;
            std::io::Write::write_all(&mut file, text.as_bytes())?;
            fs::set_permissions(&draft, fs::Permissions::from_mode(mode))?;
            fs::rename(&draft, &self.path)
        };
        let result = written();
        if result.is_err() {
            let _ = fs::remove_file(&draft);
        }
        at(&self.path, result)
    }
}

/// Without a first line that names a program, git lets `sh` run it.
fn is_shell(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Some(line) = text.strip_prefix("#!").map(|rest| rest.lines().next().unwrap_or_default()) else {
        return !text.contains('\0');
    };
    let mut words = line.split_ascii_whitespace().map(|word| word.rsplit('/').next().unwrap_or(word));
    let program = match words.next() {
        Some("env") => words.find(|word| !word.starts_with('-') && !word.contains('=')),
        other => other,
    };
    program.is_some_and(|program| SHELLS.contains(&program))
}

/// The place of a project's block, with its last line end.
fn found(text: &str, project: &Project) -> Option<(usize, usize)> {
    let line = |wanted: &str, from: usize| {
        let mut at = from;
        text[from..].split_inclusive('\n').find_map(|line| {
            let start = at;
            at += line.len();
            (line.trim_end() == wanted).then_some((start, at))
        })
    };
    let (start, after) = line(&project.first_line(), 0)?;
    let (_, end) = line(&project.last_line(), after)?;
    Some((start, end))
}

/// The text with the block, in the place of an older one or after the first line.
fn with(text: &str, project: &Project, block: &str) -> String {
    if let Some((start, end)) = found(text, project) {
        return format!("{}{block}{}", &text[..start], &text[end..]);
    }
    match text.strip_prefix("#!").and_then(|_| text.split_once('\n')) {
        Some((first, rest)) => format!("{first}\n{block}{rest}"),
        None if text.starts_with("#!") => format!("{text}\n{block}"),
        None => format!("{block}{text}"),
    }
}

fn at<T>(path: &Path, result: std::io::Result<T>) -> Result<T, HookError> {
    result.map_err(|source| HookError::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_of_shells_are_told_from_others() {
        for text in ["#!/bin/sh\n", "#! /usr/bin/env -S bash -e\n", "#!/usr/bin/zsh", "echo no first line\n", ""] {
            assert!(is_shell(text.as_bytes()), "{text:?}");
        }
        for text in ["#!/usr/bin/env python3\n", "#!/usr/bin/fish\n", "\u{7f}ELF\0\0"] {
            assert!(!is_shell(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn a_block_stands_at_the_top_and_is_replaced_in_place() {
        let project = Project { folder: String::new(), migrations: "migrations".to_owned(), database: None };
        let (first, last) = (project.first_line(), project.last_line());
        let text = with("#!/bin/bash\nexec other\n", &project, &format!("{first}\none\n{last}\n"));
        assert_eq!(text, format!("#!/bin/bash\n{first}\none\n{last}\nexec other\n"));
        let again = with(&text, &project, &format!("{first}\ntwo\n{last}\n"));
        assert_eq!(again, format!("#!/bin/bash\n{first}\ntwo\n{last}\nexec other\n"));
    }
}
