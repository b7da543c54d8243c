//! Connection URLs: of a database behind a kept server's socket, and of a sibling of a given database.
//!
//! Pure text; connects to nothing. The socket form is understood by libpq and psql, the `postgres` crates and sqlx.

use super::cluster::{PORT, SUPERUSER};
use postgres::Config;
use postgres::config::Host;
use std::path::Path;

/// `postgresql://postgres@/name?host=%2Fsocket%2Ffolder&port=5432`
pub fn socket_url(socket: &Path, database: &str) -> String {
    let socket = escape(&socket.to_string_lossy());
    format!("postgresql://{SUPERUSER}@/{}?host={socket}&port={PORT}", escape(database))
}

/// The same server, user and settings, another database. Takes both of libpq's forms.
pub fn with_database(given: &str, database: &str) -> String {
    let Some((scheme, rest)) = given.split_once("://") else {
        return format!("{given} dbname='{}'", database.replace('\\', r"\\").replace('\'', r"\'"));
    };
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = before.split('/').next().unwrap_or_default();
    let kept: Vec<&str> = query.split('&').filter(|p| !p.is_empty() && !p.starts_with("dbname=")).collect();
    let mark = if kept.is_empty() { "" } else { "?" };
    format!("{scheme}://{authority}/{}{mark}{}", escape(database), kept.join("&"))
}

/// Where a connection goes, without user's secrets: `host:port/database`.
pub fn shown(config: &Config) -> String {
    let hosts = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    });
    let ports: Vec<String> = config.get_ports().iter().map(u16::to_string).collect();
    let port = if ports.is_empty() { "5432".to_owned() } else { ports.join(",") };
    let database = config.get_dbname().or(config.get_user()).unwrap_or("postgres");
    format!("`{}:{port}/{database}`", hosts.collect::<Vec<_>>().join(","))
}

/// Percent-encodes all but letters, digits and `-._~`.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_url_is_read_back_by_the_driver() {
        let url = socket_url(Path::new("/tmp/a b/ü"), "shop 1");
        let config: Config = url.parse().expect("a valid url");
        assert_eq!(config.get_hosts(), &[Host::Unix("/tmp/a b/ü".into())]);
        assert_eq!((config.get_dbname(), config.get_user()), (Some("shop 1"), Some("postgres")));
    }

    #[test]
    fn the_database_of_a_url_is_replaced() {
        let same = |given: &str, expected: &str| assert_eq!(with_database(given, "job"), expected);
        same("postgres://u:p@h:1/app?sslmode=require", "postgres://u:p@h:1/job?sslmode=require");
        same("postgres://u:p@h:1", "postgres://u:p@h:1/job");
        same("postgresql:///?host=%2Frun&dbname=x", "postgresql:///job?host=%2Frun");
        same("host=h user=u dbname=app", "host=h user=u dbname=app dbname='job'");
        let config: Config = with_database("host=h user=u dbname=app", "job").parse().expect("a valid string");
        assert_eq!(config.get_dbname(), Some("job"));
    }

    #[test]
    fn an_address_is_shown_without_the_password() {
        let config: Config = "postgres://ann:secret@db.example:6000/app".parse().expect("a valid url");
        assert_eq!(shown(&config), "`db.example:6000/app`");
    }
}
