//! Connections by URL on real servers: every sslmode means what it means to libpq.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use schema_runtime::connect::{connect, connect_async};
use schema_tests::cluster::{Cluster, database};

fn fixture(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "fixtures", "tls", name].iter().collect();
    path.to_str().unwrap().to_owned()
}

/// A server on a TCP port of localhost, with a certificate when one is named.
fn server(certificate: Option<&str>) -> (Cluster, u16) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut settings = vec!["listen_addresses=127.0.0.1".to_owned(), "password_encryption=scram-sha-256".to_owned()];
    settings.push(format!("port={port}"));
    if let Some(name) = certificate {
        // The server wants its key to belong to its own user.
        let copy = |folder: &Path| {
            for kind in ["crt", "key"] {
                fs::copy(fixture(&format!("{name}.{kind}")), folder.join(kind)).unwrap();
            }
        };
        settings.extend(["ssl=on", "ssl_cert_file=../crt", "ssl_key_file=../key"].map(str::to_owned));
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        return (Cluster::start_with(&settings, copy), port);
    }
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    (Cluster::start(&settings), port)
}

/// Whether the connection is encrypted, or why there is none.
fn encrypted(url: &str) -> Result<bool, String> {
    let mut client = connect(url).map_err(|error| error.to_string())?;
    let row = client.query_one("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[]);
    Ok(row.map_err(|error| error.to_string())?.get(0))
}

fn check(port: u16, parameters: &str, expected: Result<bool, &str>) {
    let (host, parameters) = parameters.split_once(' ').unwrap();
    let found = encrypted(&format!("postgres://postgres:geheim@{host}:{port}/postgres?{parameters}"));
    match (&found, expected) {
        (Ok(found), Ok(expected)) if *found == expected => {}
        (Err(found), Err(expected)) if found.contains(expected) && !found.contains("geheim") => {}
        _ => panic!("{host} {parameters}: {found:?} instead of {expected:?}"),
    }
}

#[test]
fn a_server_with_a_signed_certificate() {
    let (_server, port) = server(Some("server"));
    let root = |name| format!("sslrootcert={}", fixture(name));
    check(port, "localhost sslmode=disable", Ok(false));
    check(port, "localhost application_name=x", Ok(true));
    check(port, "127.0.0.1 sslmode=require", Ok(true));
    check(port, &format!("localhost sslmode=verify-full&{}", root("ca.crt")), Ok(true));
    check(port, &format!("127.0.0.1 sslmode=verify-ca&{}", root("ca.crt")), Ok(true));
    check(port, &format!("127.0.0.1 sslmode=verify-full&{}", root("ca.crt")), Err("not valid for name"));
    check(port, &format!("localhost sslmode=verify-ca&{}", root("other.crt")), Err("UnknownIssuer"));
    check(port, &format!("localhost sslmode=require&{}", root("other.crt")), Err("UnknownIssuer"));
    check(port, "localhost sslmode=verify-full&sslrootcert=system", Err("certificate"));
    check(port, "localhost sslmode=verify-full&sslrootcert=/nowhere.crt", Err("/nowhere.crt"));
}

#[test]
fn a_server_with_a_certificate_of_its_own() {
    let (_server, port) = server(Some("alone"));
    let root = format!("sslrootcert={}", fixture("alone.crt"));
    check(port, &format!("localhost sslmode=verify-full&{root}"), Ok(true));
    check(port, &format!("127.0.0.1 sslmode=verify-ca&{root}"), Ok(true));
    check(port, &format!("127.0.0.1 sslmode=verify-full&{root}"), Err("not valid for name"));
    check(
        port,
        &format!("localhost sslmode=verify-ca&sslrootcert={}", fixture("ca.crt")),
        Err("invalid peer certificate"),
    );
}

#[test]
fn logins_are_bound_to_the_certificate() {
    let (server, port) = server(Some("server"));
    let mut admin = connect(&server.url("postgres")).unwrap();
    admin.batch_execute("CREATE ROLE bound LOGIN PASSWORD 'geheim'").unwrap();
    let file = server.folder().join("data/pg_hba.conf");
    fs::write(&file, "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n").unwrap();
    admin.batch_execute("SELECT pg_reload_conf(); SELECT pg_sleep(0.3)").unwrap();
    let url = |password: &str| {
        format!("postgres://bound:{password}@localhost:{port}/postgres?sslmode=require&channel_binding=require")
    };
    assert_eq!(encrypted(&url("geheim")), Ok(true));
    let error = encrypted(&url("falsch")).unwrap_err();
    assert!(error.contains("28P01") && !error.contains("falsch"), "{error}");
}

#[test]
fn a_server_without_tls() {
    let (_server, port) = server(None);
    check(port, "localhost application_name=x", Ok(false));
    check(port, "localhost sslmode=require", Err("server does not support TLS"));
    check(
        port,
        &format!("localhost sslmode=verify-full&sslrootcert={}", fixture("ca.crt")),
        Err("does not support TLS"),
    );
}

#[test]
fn sockets_and_the_asynchronous_client() {
    let (_server, port) = server(Some("server"));
    let database = database();
    assert_eq!(encrypted(&format!("{}&sslmode=require", database.url)), Ok(false));
    let url =
        format!("host=localhost port={port} user=postgres sslmode=verify-full sslrootcert='{}'", fixture("ca.crt"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let found = runtime.block_on(async {
        let client = connect_async(&url).await.unwrap();
        client
            .query_one("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[])
            .await
            .unwrap()
            .get::<_, bool>(0)
    });
    assert!(found);
}
