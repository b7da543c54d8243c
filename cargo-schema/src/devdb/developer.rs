//! The developer's own database, for a workspace without a `DATABASE_URL`: made on first use, kept until it is reset.
//!
//! One database a workspace, in a cluster that is written safely and stays up until `cargo schema dev stop`. Applies no migration.
//! The major version that made a database is noted, because another one cannot read its data.

use super::error::DevError;
use super::places::{Layout, Places, make_folder};
use super::{DevServer, Options, Purpose, cluster, short_hash};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The database of one workspace.
pub struct DeveloperDatabase {
    /// Its name: the workspace's folder and a hash of the whole path.
    pub name: String,
    /// For the application, psql and any other client of this machine.
    pub url: String,
    /// Whether this call made it.
    pub created: bool,
    server: DevServer,
}

/// The database of the workspace, made and started if need be. A `dev_url` in the options is for jobs and not looked at.
pub fn open(options: &Options, workspace_root: &Path) -> Result<DeveloperDatabase, DevError> {
    let name = database_name(workspace_root);
    let note = note_path(&options.places()?, &name);
    let noted = read_note(&note);
    let server = open_server(options, noted)?;
    if let Some(major) = noted.filter(|major| *major != server.major()) {
        return Err(DevError::MajorGone { database: name, major });
    }
    let created = create_if_missing(&server, &name)?;
    if noted.is_none() {
        write_note(&note, server.major())?;
    }
    let url = server.url_for(&name);
    Ok(DeveloperDatabase { name, url, created, server })
}

/// Drops the workspace's database with all that is in it and makes an empty one, with the version that is asked for or the newest.
/// Data of a version that is gone stays where it is; nothing could read it to drop it.
pub fn reset(options: &Options, workspace_root: &Path) -> Result<DeveloperDatabase, DevError> {
    let name = database_name(workspace_root);
    let note = note_path(&options.places()?, &name);
    let server = open_server(options, read_note(&note))?;
    let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    server.run_on_admin("cannot drop the workspace's database", &sql)?;
    match std::fs::remove_file(&note) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(DevError::folder("cannot remove", &note, error));
        }
        _ => {}
    }
    drop(server);
    open(options, workspace_root)
}

/// For data that no longer starts: stops every developer's cluster and moves its data folder aside, so that the next command starts
/// empty. Returns where the data is now; nothing is removed.
pub fn set_aside(options: &Options) -> Result<Vec<PathBuf>, DevError> {
    let clusters = options.places()?.clusters().into_iter();
    let own = clusters.filter(|(purpose, _)| *purpose == Purpose::Developer);
    let moved = own.map(|(purpose, folder)| cluster::set_aside(&Layout { purpose, folder }));
    Ok(moved.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

impl DeveloperDatabase {
    /// The server it is on.
    pub fn server(&self) -> &DevServer {
        &self.server
    }

    /// `psql` on this database, ready to be run in the caller's place: the one beside the server, else the one on PATH.
    pub fn psql(&self) -> Result<Command, DevError> {
        let beside = self.server.binaries().map(|server| server.bin.join("psql"));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let on_path = std::env::split_paths(&path).map(|folder| folder.join("psql"));
        let found = beside.into_iter().chain(on_path).find(|program| program.is_file());
        let program = found.ok_or_else(|| DevError::NoPsql { url: self.url.clone() })?;
        let mut command = Command::new(program);
        command.arg(&self.url);
        Ok(command)
    }
}

fn open_server(options: &Options, noted: Option<u32>) -> Result<DevServer, DevError> {
    let options = Options { want_major: noted.or(options.want_major), ..options.clone() };
    DevServer::kept(&options, Purpose::Developer)
}

/// Two commands may come at once; the second finds it made.
fn create_if_missing(server: &DevServer, name: &str) -> Result<bool, DevError> {
    let doing = "cannot create the workspace's database";
    let asked = server.admin().query("SELECT FROM pg_database WHERE datname::text = $1", &[&name]);
    if !asked.map_err(|e| DevError::statement(doing, e))?.is_empty() {
        return Ok(false);
    }
    let made = server.admin().batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0"));
    match made {
        Ok(()) => Ok(true),
        Err(error) if error.code() == Some(&postgres::error::SqlState::DUPLICATE_DATABASE) => Ok(false),
        Err(error) => Err(DevError::statement(doing, error)),
    }
}

/// Readable in a list of databases, and different for two checkouts of one name.
fn database_name(workspace_root: &Path) -> String {
    let root = workspace_root.canonicalize().unwrap_or_else(|_| workspace_root.to_owned());
    let folder = root.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let plain = folder.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
    let plain: String = plain.take(40).collect();
    let start = if plain.starts_with(|c: char| c.is_ascii_lowercase()) { "" } else { "w_" };
    format!("{start}{plain}_{}", short_hash(&root.to_string_lossy()))
}

fn note_path(places: &Places, name: &str) -> PathBuf {
    places.data.join("workspaces").join(name)
}

fn read_note(note: &Path) -> Option<u32> {
    std::fs::read_to_string(note).ok()?.trim().parse().ok()
}

fn write_note(note: &Path, major: u32) -> Result<(), DevError> {
    let folder = note.parent().unwrap_or(note);
    make_folder(folder, 0o700)?;
    std::fs::write(note, format!("{major}\n")).map_err(|e| DevError::folder("cannot write", note, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_has_a_name_that_needs_no_quotes() {
        let name = database_name(Path::new("/nowhere/My Shop.2"));
        assert!(name.starts_with("my_shop_2_"), "{name}");
        assert!(database_name(Path::new("/nowhere/2fast")).starts_with("w_2fast_"));
        assert!(database_name(Path::new(&format!("/nowhere/{}", "x".repeat(200)))).len() <= 63);
    }

    #[test]
    fn two_checkouts_of_one_name_have_two_databases() {
        assert_ne!(database_name(Path::new("/nowhere/a/shop")), database_name(Path::new("/nowhere/b/shop")));
    }
}
