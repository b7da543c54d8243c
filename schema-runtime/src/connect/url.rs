//! A database URL, or a list of `key=value`, split into what the driver understands and what it does not.
//!
//! Meanings are libpq's (<https://www.postgresql.org/docs/current/libpq-connect.html>). Nothing is opened here; the only thing taken
//! from the environment is the home folder, where libpq keeps its root certificate.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use postgres::config::{Host, SslMode};

use super::ConnectError;

/// What a URL asks for.
pub(crate) struct Wish {
    /// What the driver understands.
    pub config: Config,
    /// What it does not.
    pub encryption: Encryption,
}

#[cfg(feature = "tokio")]
type Config = tokio_postgres::Config;
#[cfg(not(feature = "tokio"))]
type Config = postgres::Config;

/// Whether and how to encrypt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// `sslmode=disable`, or a Unix socket.
    None,
    /// Everything else.
    Tls(TlsWish),
}

/// How to encrypt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TlsWish {
    /// The mode as it was written.
    pub sslmode: String,
    /// What is asked of the server's certificate.
    pub verify: Verify,
    /// Whose signatures are believed.
    pub roots: Roots,
    /// The client's certificate and key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// What is asked of the server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verify {
    /// Nothing.
    No,
    /// A trusted signature.
    Signature,
    /// A trusted signature, and the name of the host.
    SignatureAndName,
}

/// Whose signatures are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Roots {
    /// Those of the operating system.
    System,
    /// Those in a PEM file.
    File(PathBuf),
}

/// Parameters of libpq for TLS that are read here, and others that mean nothing to this driver.
const OWN: [&str; 5] = ["sslmode", "sslrootcert", "sslcert", "sslkey", "passfile"];
const MEANINGLESS: [&str; 8] = [
    "gssencmode",
    "krbsrvname",
    "sslcompression",
    "sslsni",
    "fallback_application_name",
    "client_encoding",
    "ssl_min_protocol_version",
    "requirepeer",
];

impl Wish {
    /// The configuration of the blocking client.
    #[cfg(feature = "tokio")]
    pub(crate) fn blocking(&self) -> postgres::Config {
        self.config.clone().into()
    }

    /// The configuration of the blocking client.
    #[cfg(not(feature = "tokio"))]
    pub(crate) fn blocking(&self) -> postgres::Config {
        self.config.clone()
    }

    pub(crate) fn read(url: &str) -> Result<Wish, ConnectError> {
        let wrong = |problem: String| ConnectError::Url { url: redacted(url), problem };
        let (rest, taken) = take_parameters(url).map_err(wrong)?;
        let mut config: Config = rest.parse().map_err(|error| wrong(causes(&error)))?;
        let sslmode = taken.get("sslmode").map_or("prefer", String::as_str);
        let only_sockets = config.get_hosts().iter().all(|host| !matches!(host, Host::Tcp(_)));
        let sockets = only_sockets && config.get_hostaddrs().is_empty() && !config.get_hosts().is_empty();
        let encryption = encryption(sslmode, &taken, sockets).map_err(wrong)?;
        config.ssl_mode(match (&encryption, sslmode) {
            (Encryption::None, _) => SslMode::Disable,
            (_, "prefer" | "allow") => SslMode::Prefer,
            _ => SslMode::Require,
        });
        Ok(Wish { config, encryption })
    }
}

fn encryption(sslmode: &str, taken: &BTreeMap<String, String>, sockets: bool) -> Result<Encryption, String> {
    let given = taken.get("sslrootcert").filter(|text| !text.is_empty());
    let verify = match (sslmode, given.map(String::as_str)) {
        ("disable", _) => return Ok(Encryption::None),
        ("verify-full", _) => Verify::SignatureAndName,
        // A root that everyone can get a certificate from proves nothing without the name.
        (weak, Some("system")) => {
            return Err(format!("sslmode={weak} is too weak for sslrootcert=system; use verify-full"));
        }
        ("verify-ca", _) => Verify::Signature,
        // libpq: with a root certificate, require means verify-ca.
        ("require", Some(_)) => Verify::Signature,
        ("require" | "prefer" | "allow", _) => Verify::No,
        (other, _) => {
            let modes = "disable, allow, prefer, require, verify-ca, verify-full";
            return Err(format!("sslmode={other} is none of {modes}"));
        }
    };
    if sockets {
        return Ok(Encryption::None);
    }
    let roots = match given.map(String::as_str) {
        Some("system") => Roots::System,
        Some(path) => Roots::File(path.into()),
        None => home_root().map_or(Roots::System, Roots::File),
    };
    let identity = match (taken.get("sslcert"), taken.get("sslkey")) {
        (Some(certificate), Some(key)) => Some((certificate.into(), key.into())),
        (None, None) => None,
        _ => return Err("sslcert and sslkey are needed together".to_owned()),
    };
    Ok(Encryption::Tls(TlsWish { sslmode: sslmode.to_owned(), verify, roots, identity }))
}

/// `~/.postgresql/root.crt`, where libpq looks by default.
fn home_root() -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os("HOME")?).join(".postgresql/root.crt");
    path.exists().then_some(path)
}

/// The text without the parameters that the driver does not know, and those that are read here.
fn take_parameters(text: &str) -> Result<(String, BTreeMap<String, String>), String> {
    let mut taken = BTreeMap::new();
    let mut keep = |key: &str, value: String| {
        let known = OWN.contains(&key);
        if known {
            taken.insert(key.to_owned(), value);
        }
        !known && !MEANINGLESS.contains(&key)
    };
    let rest = if is_url(text) {
        let (front, query) = text.split_once('?').unwrap_or((text, ""));
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let kept: Vec<_> =
            pairs.filter(|pair| pair.split_once('=').is_none_or(|(key, value)| keep(key, decoded(value)))).collect();
        if kept.is_empty() { front.to_owned() } else { format!("{front}?{}", kept.join("&")) }
    } else {
        let pairs = keywords(text)?;
        let kept = pairs.into_iter().filter(|(key, value)| keep(key, value.clone()));
        kept.map(|(key, value)| format!("{key}='{}' ", value.replace('\\', "\\\\").replace('\'', "\\'"))).collect()
    };
    Ok((rest, taken))
}

fn is_url(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

/// `key = value` pairs; values may stand in `'`, and `\` escapes.
fn keywords(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut pairs = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if chars.peek().is_none() {
            return Ok(pairs);
        }
        let mut key = String::new();
        while let Some(c) = chars.next_if(|c| *c != '=' && !c.is_whitespace()) {
            key.push(c);
        }
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if chars.next() != Some('=') {
            return Err("a parameter has no `=`".to_owned());
        }
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let quoted = chars.next_if_eq(&'\'').is_some();
        let mut value = String::new();
        loop {
            match chars.next() {
                Some('\'') if quoted => break,
                Some('\\') => value.extend(chars.next()),
                Some(c) if !quoted && c.is_whitespace() => break,
                Some(c) => value.push(c),
                None if quoted => return Err(format!("the value of `{key}` has no closing `'`")),
                None => break,
            }
        }
        pairs.push((key, value));
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => (bytes.push(byte), rest = &tail[2..]).1,
            None => (bytes.push(*first), rest = tail).1,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn causes(error: &postgres::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// The text without its password. Where it is unclear which part is the password, more is left out rather than less.
///
/// ```
/// use schema_runtime::connect::redacted;
/// assert_eq!(redacted("postgres://me:secret@db/app"), "postgres://me:***@db/app");
/// assert_eq!(redacted("host=db password='a b' user=me"), "host=db password=*** user=me");
/// ```
pub fn redacted(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return redacted_keywords(text) };
    let rest = match rest.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((name, _)) => format!("{name}:***@{host}"),
            None => rest.to_owned(),
        },
        None => rest.to_owned(),
    };
    let (front, query) = rest.split_once('?').unwrap_or((&rest, ""));
    let hidden = |pair: &str| match pair.split_once('=') {
        Some((key, _)) if decoded(key).contains("password") => format!("{key}=***"),
        _ => pair.to_owned(),
    };
    let query: Vec<_> = query.split('&').filter(|pair| !pair.is_empty()).map(hidden).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{scheme}://{front}{mark}{}", query.join("&"))
}

/// Whether the server is reached by a Unix socket or by a loopback address, every one of them when several are named. A name other
/// than `localhost` is not looked up; text that is no URL is not local.
///
/// ```
/// use schema_runtime::connect::is_local;
/// assert!(is_local("postgres://me@localhost/app") && is_local("host=/run/postgresql dbname=app"));
/// assert!(!is_local("postgres://me@db/app"));
/// ```
pub fn is_local(text: &str) -> bool {
    let Ok(Wish { config, .. }) = Wish::read(text) else { return false };
    let name = |host: &Host| match host {
        #[cfg(unix)]
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            let plain = name.trim_end_matches('.').trim_start_matches('[').trim_end_matches(']');
            plain.eq_ignore_ascii_case("localhost") || plain.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
    };
    match config.get_hostaddrs() {
        [] => config.get_hosts().iter().all(name),
        addresses => addresses.iter().all(IpAddr::is_loopback),
    }
}

fn redacted_keywords(text: &str) -> String {
    let Ok(pairs) = keywords(text) else { return "***".to_owned() };
    let shown = pairs.iter().map(|(key, value)| match key.contains("password") {
        true => format!("{key}=***"),
        false => format!("{key}={value}"),
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tls(url: &str) -> TlsWish {
        match Wish::read(url).unwrap_or_else(|error| panic!("{error}")).encryption {
            Encryption::Tls(tls) => tls,
            Encryption::None => panic!("{url} is not encrypted"),
        }
    }

    #[test]
    fn modes_are_what_libpq_means() {
        for (url, verify) in [
            ("postgres://h/d", Verify::No),
            ("postgres://h/d?sslmode=require", Verify::No),
            ("postgres://h/d?sslmode=require&sslrootcert=a.pem", Verify::Signature),
            ("postgres://h/d?application_name=x&sslmode=verify-ca&sslrootcert=%2Fa%20b", Verify::Signature),
            ("host=h sslmode = 'verify-full' sslrootcert=system", Verify::SignatureAndName),
        ] {
            assert_eq!(tls(url).verify, verify, "{url}");
        }
        assert_eq!(tls("postgres://h/d?sslmode=verify-ca&sslrootcert=%2Fa%20b").roots, Roots::File("/a b".into()));
        assert_eq!(tls("postgres://h/d?sslmode=verify-full&sslrootcert=system").roots, Roots::System);
    }

    #[test]
    fn sockets_and_disabled_are_plain() {
        for url in ["postgres:///d?host=/run&sslmode=require", "host=/run", "postgres://h/d?sslmode=disable"] {
            let wish = Wish::read(url).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!((wish.encryption, wish.config.get_ssl_mode()), (Encryption::None, SslMode::Disable), "{url}");
        }
    }

    #[test]
    fn the_driver_gets_the_rest() {
        let wish = Wish::read("postgres://me:a%40b@h:6/d?sslmode=verify-full&gssencmode=disable&connect_timeout=3")
            .ok()
            .unwrap();
        assert_eq!((wish.config.get_user(), wish.config.get_password()), (Some("me"), Some("a@b".as_bytes())));
        assert_eq!((wish.config.get_dbname(), wish.config.get_ssl_mode()), (Some("d"), SslMode::Require));
        let wish = Wish::read("host=h user='m e' password='a\\'b\\\\'").ok().unwrap();
        assert_eq!((wish.config.get_user(), wish.config.get_password()), (Some("m e"), Some("a'b\\".as_bytes())));
    }

    #[test]
    fn sockets_and_loopback_addresses_are_local() {
        for url in
            ["postgres:///d?host=/run", "postgres://127.0.0.1/d", "postgres://[::1]:6/d", "host=localhost,127.0.0.2"]
        {
            assert!(is_local(url), "{url}");
        }
        for url in
            ["postgres://db/d", "postgres://10.0.0.1/d", "host=localhost,db", "host=localhost hostaddr=10.0.0.1", "x"]
        {
            assert!(!is_local(url), "{url}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for (url, said) in [
            ("postgres://u:secret@h/d?sslmode=tls", "sslmode=tls is none of"),
            ("postgres://u:secret@h/d?sslmode=require&sslrootcert=system", "too weak"),
            ("postgres://u:secret@h/d?sslcert=a", "needed together"),
            ("postgres://u:secret@h/d?nix=1", "nix"),
            ("u:secret@h", "no `=`"),
            ("password='secret", "closing"),
        ] {
            let text = Wish::read(url).err().unwrap().to_string();
            assert!(text.contains(said) && !text.contains("secret"), "{url}: {text}");
        }
    }

    #[test]
    fn passwords_are_left_out() {
        for (text, shown) in [
            ("postgres://u@h/d", "postgres://u@h/d"),
            ("postgres://u:p@ss:w/o?rd@h/d", "postgres://u:***@h/d"),
            ("postgres://h/d?user=u&password=p&x=1", "postgres://h/d?user=u&password=***&x=1"),
            ("postgres://h/d?sslpassword=p", "postgres://h/d?sslpassword=***"),
            ("password=p host=h", "password=*** host=h"),
            ("nonsense secret", "***"),
        ] {
            assert_eq!(redacted(text), shown);
        }
    }
}
