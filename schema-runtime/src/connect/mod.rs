//! Connections by URL, with TLS as libpq means it.
//!
//! The driver knows `sslmode` as disable, prefer and require; common URLs also say `verify-full` and `sslrootcert`. Those are taken
//! out of the URL here and done with rustls (feature `tls`). Applications that connect in their own way do not need this module.
//! Passwords never appear in what it says.

#[cfg(feature = "tls")]
mod binding;
#[cfg(feature = "tls")]
mod certificates;
#[cfg(feature = "tls")]
mod stream;
mod url;

use std::fmt;
use std::time::Duration;

use url::{Encryption, Wish};
pub use url::{is_local, redacted};

use crate::apply::SqlFailure;

/// Why there is no connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// The text is no URL and no list of `key=value`.
    Url {
        /// The text, without password.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A certificate or key cannot be used.
    Certificate {
        /// The file, or `system`.
        source: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The URL asks for TLS, and this program was built without it.
    NoTls {
        /// The `sslmode` asked for.
        sslmode: String,
    },
    /// The server could not be reached, or refused.
    Server {
        /// The URL, without password.
        url: String,
        /// What the server or the system said.
        failure: Box<SqlFailure>,
    },
}

impl std::error::Error for ConnectError {}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectError::Url { url, problem } => write!(
                f,
                "`{url}` cannot be read as a database URL: {problem}; write it like postgres://user:password@host:5432/database"
            ),
            ConnectError::Certificate { source, problem } => write!(
                f,
                "the certificates of `{source}` cannot be used: {problem}; give a PEM file in sslrootcert, or sslrootcert=system"
            ),
            ConnectError::NoTls { sslmode } => write!(
                f,
                "sslmode={sslmode} needs TLS, which this program was built without; turn on the feature `tls` of `schema-runtime`"
            ),
            ConnectError::Server { url, failure } => write!(f, "no connection to `{url}`: {failure}"),
        }
    }
}

/// Connects the blocking client.
pub fn connect(url: &str) -> Result<postgres::Client, ConnectError> {
    connect_by(url, None)
}

/// The same for those that only look: a host that does not answer in time is given up, unless the URL says how long.
pub fn connect_within(url: &str, longest: Duration) -> Result<postgres::Client, ConnectError> {
    connect_by(url, Some(longest))
}

fn connect_by(url: &str, longest: Option<Duration>) -> Result<postgres::Client, ConnectError> {
    let wish = Wish::read(url)?;
    let mut config = wish.blocking();
    if let Some(longest) = longest.filter(|_| config.get_connect_timeout().is_none()) {
        config.connect_timeout(longest);
    }
    let failed = |error: postgres::Error| server(url, &error);
    match encryption(&wish)? {
        Connector::Plain => config.connect(postgres::NoTls).map_err(failed),
        #[cfg(feature = "tls")]
        Connector::Tls(tls) => config.connect(tls).map_err(failed),
    }
}

/// Connects the asynchronous client; its connection runs as a task of the current tokio runtime.
#[cfg(feature = "tokio")]
pub async fn connect_async(url: &str) -> Result<tokio_postgres::Client, ConnectError> {
    let wish = Wish::read(url)?;
    let failed = |error: tokio_postgres::Error| server(url, &error);
    // The end of the connection is also told to the client, so the task has nothing to report.
    match encryption(&wish)? {
        Connector::Plain => {
            let (client, connection) = wish.config.connect(tokio_postgres::NoTls).await.map_err(failed)?;
            tokio::spawn(async move { connection.await.unwrap_or_default() });
            Ok(client)
        }
        #[cfg(feature = "tls")]
        Connector::Tls(tls) => {
            let (client, connection) = wish.config.connect(tls).await.map_err(failed)?;
            tokio::spawn(async move { connection.await.unwrap_or_default() });
            Ok(client)
        }
    }
}

enum Connector {
    Plain,
    #[cfg(feature = "tls")]
    Tls(stream::MakeTls),
}

#[cfg(feature = "tls")]
fn encryption(wish: &Wish) -> Result<Connector, ConnectError> {
    match &wish.encryption {
        Encryption::None => Ok(Connector::Plain),
        Encryption::Tls(tls) => Ok(Connector::Tls(stream::MakeTls::new(tls)?)),
    }
}

#[cfg(not(feature = "tls"))]
fn encryption(wish: &Wish) -> Result<Connector, ConnectError> {
    match &wish.encryption {
        Encryption::Tls(tls) if !matches!(&*tls.sslmode, "prefer" | "allow") => {
            Err(ConnectError::NoTls { sslmode: tls.sslmode.clone() })
        }
        _ => Ok(Connector::Plain),
    }
}

fn server(url: &str, error: &postgres::Error) -> ConnectError {
    ConnectError::Server { url: redacted(url), failure: Box::new(SqlFailure::new(error)) }
}
