//! The migrator for tokio-postgres: the same engine, awaited.
//!
//! A future that is dropped half-way leaves its transaction and the lock with the connection; close that connection, and the next
//! run takes up what was interrupted.

use schema_core::history::{RevisionId, Target};
use tokio_postgres::Client;

use super::engine::Way;
use super::{Migrator, Report, Resolution, Stamped, Status};
use crate::apply::{ApplyError, Direction};

impl Migrator {
    /// Applies everything that is pending.
    pub async fn upgrade_async(&self, client: &mut Client) -> Result<Report, ApplyError> {
        self.upgrade_to_async(client, &Target::Heads).await
    }

    /// Applies what is pending up to a target.
    pub async fn upgrade_to_async(&self, client: &mut Client, target: &Target) -> Result<Report, ApplyError> {
        self.go(client, Way { direction: Direction::Up, target }).await
    }

    /// Undoes applied revisions down to a target.
    pub async fn downgrade_to_async(&self, client: &mut Client, target: &Target) -> Result<Report, ApplyError> {
        self.go(client, Way { direction: Direction::Down, target }).await
    }

    /// How the database stands. It only reads, and a role without any rights of its own can call it.
    pub async fn status_async(&self, client: &mut Client) -> Result<Status, ApplyError> {
        self.look_settled(client).await
    }

    /// Writes the ledger so that the database counts as being at a target, and runs nothing. Whether it is there is not looked at.
    pub async fn stamp_async(&self, client: &mut Client, target: &Target) -> Result<Stamped, ApplyError> {
        self.stamp_settled(client, target).await
    }

    /// Records what a person found out about an interrupted revision.
    pub async fn resolve_async(
        &self,
        client: &mut Client,
        id: &RevisionId,
        resolution: Resolution,
    ) -> Result<(), ApplyError> {
        self.settle_by_hand(client, id, resolution).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Servers spawn the upgrade as a task, which takes futures that are `Send`.
    #[test]
    fn futures_can_be_spawned() {
        fn sendable<F: Future + Send>(make: impl Fn(Migrator, Client) -> F) {
            let _ = make;
        }
        sendable(|migrator, mut client| async move { migrator.upgrade_async(&mut client).await });
        sendable(|migrator, mut client| async move { migrator.status_async(&mut client).await });
    }
}
