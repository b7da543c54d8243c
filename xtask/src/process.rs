//! Starting other programs, and where the workspace is.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// `cargo` in the workspace's folder, without what `cargo xtask` says about its own package: build scripts that look at it would run
/// anew, and all that stands on them would be compiled a second time.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    let of_own = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(of_own)) {
        command.env_remove(name);
    }
    command
}

/// Runs a program to its end, having said what it is.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    eprintln!("$ {}", shown(command));
    let status = command.status().map_err(|error| format!("{} could not be started: {error}", shown(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{} failed ({status})", shown(command))) }
}

/// Runs a program to its end; each line that it prints is shown to `see` when it comes. The inner result is what the program thought.
pub(crate) fn run_seeing(command: &mut Command, mut see: impl FnMut(&str)) -> Result<Result<(), String>, String> {
    eprintln!("$ {}", shown(command));
    let shown = shown(command);
    let broken = |error: std::io::Error| format!("{shown} could not be run: {error}");
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(broken)?;
    for line in child.stdout.take().into_iter().flat_map(|output| BufReader::new(output).lines()) {
        see(&line.map_err(broken)?);
    }
    let status = child.wait().map_err(broken)?;
    Ok(if status.success() { Ok(()) } else { Err(format!("{shown} failed ({status})")) })
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(program.to_string_lossy().into_owned()).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// Every file that git tracks or would track, relative to the workspace's folder.
pub(crate) fn tracked_files() -> Result<Vec<String>, String> {
    let mut git = Command::new("git");
    git.args(["ls-files", "--cached", "--others", "--exclude-standard"]).current_dir(root());
    let output = git.output().map_err(|error| format!("git could not be started: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.lines().map(str::to_owned).filter(|file| root().join(file).exists()).collect())
}
