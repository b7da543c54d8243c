//! What a person does with entries of the stash: giving one back now, and destroying some.

use super::Restoration;
use super::entry::{StashKind, Stashed, entries};
use super::run::PLAIN;
use super::stash::{batch, drop_entry};
use crate::apply::ApplyError;
use crate::apply::session::Session;
use crate::apply::settings::Opened;
use crate::migrator::Migrator;
use crate::migrator::standing::History;

impl Migrator {
    pub(crate) async fn restore_one<S: Session>(
        &self,
        session: &mut S,
        id: i64,
    ) -> Result<Option<Restoration>, ApplyError> {
        let history = History::new(self)?;
        self.locked(session, async |session, opened| self.restore_locked(session, opened, &history, id).await).await
    }

    async fn restore_locked<S: Session>(
        &self,
        session: &mut S,
        opened: &Opened,
        history: &History<'_>,
        id: i64,
    ) -> Result<Option<Restoration>, ApplyError> {
        let all = entries(session, &self.options.namespace).await?;
        let Some(entry) = all.iter().find(|entry| entry.shown.id == id) else { return Ok(None) };
        let mut switching = self.waiting(session, opened, history);
        switching.begin(PLAIN).await?;
        let result = switching.rest(vec![entry.clone()]).await;
        let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
        batch(switching.run.session, end).await?;
        result.map(|done| done.into_iter().find(|one| one.entry.id == id))
    }

    pub(crate) async fn drop_all<S: Session>(&self, session: &mut S, ids: &[i64]) -> Result<Vec<Stashed>, ApplyError> {
        self.locked(session, async |session, _| self.drop_locked(session, ids).await).await
    }

    async fn drop_locked<S: Session>(&self, session: &mut S, ids: &[i64]) -> Result<Vec<Stashed>, ApplyError> {
        let all = entries(session, &self.options.namespace).await?;
        let dropped: Vec<_> = all.into_iter().filter(|entry| ids.contains(&entry.shown.id)).collect();
        batch(session, "BEGIN").await?;
        for entry in &dropped {
            let copied = entry.shown.kind != StashKind::Sequence;
            if let Err(error) = drop_entry(session, entry.shown.id, copied).await {
                let _ = session.batch("ROLLBACK").await;
                return Err(error);
            }
        }
        batch(session, "COMMIT").await?;
        Ok(dropped.into_iter().map(|entry| entry.shown).collect())
    }
}
