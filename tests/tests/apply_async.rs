//! The engine over tokio-postgres does what it does over the blocking client.

use std::sync::{Arc, Mutex};

use schema_runtime::{ApplyError, Event, Migrator};
use schema_tests::cluster::{Database, database};
use schema_tests::revisions::{id, revision, thirty_outside};
use tokio_postgres::{Client, NoTls};

async fn client(database: &Database) -> Client {
    let (client, connection) = tokio_postgres::connect(&database.url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn in_tokio(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future);
}

#[test]
fn up_and_down() {
    let database = database();
    let seen = Arc::new(Mutex::new(0));
    let counted = seen.clone();
    let migrator = Migrator::new(thirty_outside()).observer(move |event: &Event<'_>| {
        *counted.lock().unwrap() += i32::from(matches!(event, Event::StatementFinished { .. }));
    });
    in_tokio(async {
        let mut client = client(&database).await;
        assert_eq!(migrator.status_async(&mut client).await.unwrap().pending.len(), 2);
        assert_eq!(migrator.upgrade_async(&mut client).await.unwrap().revisions.len(), 2);
        assert!(migrator.status_async(&mut client).await.unwrap().is_current());
        migrator.downgrade_to_async(&mut client, &"base".parse().unwrap()).await.unwrap();
        assert!(migrator.status_async(&mut client).await.unwrap().applied.is_empty());
    });
    assert_eq!(*seen.lock().unwrap(), 62);
}

#[test]
fn a_failing_statement_is_told_alike() {
    let database = database();
    let migrator = Migrator::new(vec![revision("1_a", "", "SELECT 1;\nSELECT nix;", "")]);
    let blocking = migrator.upgrade(&mut database.client()).unwrap_err();
    in_tokio(async {
        let error = migrator.upgrade_async(&mut client(&database).await).await.unwrap_err();
        assert_eq!(error.to_string(), blocking.to_string());
        let ApplyError::Statement(failure) = error else { panic!() };
        assert_eq!((failure.id, failure.place.unwrap().line), (id("1_a"), 2));
    });
}

#[test]
fn deployers_wait_for_each_other_within_one_runtime() {
    let database = database();
    let migrator = Arc::new(Migrator::new(thirty_outside()));
    in_tokio(async {
        let mut deploys = Vec::new();
        for _ in 0..5 {
            let (migrator, mut client) = (migrator.clone(), client(&database).await);
            deploys
                .push(tokio::spawn(async move { migrator.upgrade_async(&mut client).await.unwrap().revisions.len() }));
        }
        let mut done = 0;
        for deploy in deploys {
            done += deploy.await.unwrap();
        }
        assert_eq!(done, 2);
    });
}
