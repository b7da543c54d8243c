//! One connection as the engine sees it: SQL goes out in the simple protocol, rows of text come back, and time can pass.
//!
//! The engine is written once, as async functions over [`Session`]. The blocking client answers at once, so its futures are never
//! pending and [`ready`] polls them a single time without any runtime. Deliberately no prepared statements and no parameters:
//! they cost round trips and break behind poolers, and every value here is quoted by `quote_literal`.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use postgres::{Error, SimpleQueryMessage};

/// What the engine needs of a client.
pub(crate) trait Session: Send {
    /// Runs statements in one message and drops their rows.
    fn batch(&mut self, sql: &str) -> impl Future<Output = Result<(), Error>> + Send;

    /// Runs statements in one message and keeps what they answer.
    fn ask(&mut self, sql: &str) -> impl Future<Output = Result<Answer, Error>> + Send;

    /// Lets time pass without an open statement.
    fn pause(&mut self, time: Duration) -> impl Future<Output = ()> + Send;
}

/// What the statements of one message answered.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// The rows of all statements, in order.
    pub rows: Vec<Vec<Option<String>>>,
    /// How many rows each statement returned or changed.
    pub counts: Vec<u64>,
}

impl Answer {
    pub(crate) fn new(messages: Vec<SimpleQueryMessage>) -> Answer {
        let mut answer = Answer::default();
        for message in messages {
            match message {
                SimpleQueryMessage::Row(row) => {
                    answer.rows.push((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect());
                }
                SimpleQueryMessage::CommandComplete(count) => answer.counts.push(count),
                _ => {}
            }
        }
        answer
    }

    /// A value of the first row; empty when there is none.
    pub(crate) fn text(&self, column: usize) -> &str {
        self.rows.first().and_then(|row| row.get(column)).and_then(Option::as_deref).unwrap_or_default()
    }

    /// Whether a value of the first row is true.
    pub(crate) fn is_true(&self, column: usize) -> bool {
        self.text(column) == "t"
    }
}

impl Session for postgres::Client {
    async fn batch(&mut self, sql: &str) -> Result<(), Error> {
        self.batch_execute(sql)
    }

    async fn ask(&mut self, sql: &str) -> Result<Answer, Error> {
        self.simple_query(sql).map(Answer::new)
    }

    async fn pause(&mut self, time: Duration) {
        std::thread::sleep(time);
    }
}

#[cfg(feature = "tokio")]
impl Session for tokio_postgres::Client {
    async fn batch(&mut self, sql: &str) -> Result<(), Error> {
        self.batch_execute(sql).await
    }

    async fn ask(&mut self, sql: &str) -> Result<Answer, Error> {
        self.simple_query(sql).await.map(Answer::new)
    }

    async fn pause(&mut self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// Runs a future that never waits, which is what every future over the blocking client is.
///
/// # Panics
/// When the future is pending: something other than the session was awaited.
pub(crate) fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("the engine awaits only its session, and the blocking client answers at once"),
    }
}
