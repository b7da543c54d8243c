//! Rows through the derives, on a real server: every supported type there and back, keys, generated columns, hostile names.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use postgres::types::{Json, PgLsn};
use schema_runtime::{Domain, Enum, RowError, SqlType, Table};
use schema_tests::cluster::database;

#[derive(Enum, Clone, Debug, PartialEq)]
#[enum_type(name = "Mood", schema = "app")]
enum Mood {
    Sad,
    #[label("so-so")]
    Ok,
    VeryHappy,
}

#[derive(Domain, Clone, Debug, PartialEq)]
#[domain(name = "email")]
struct Email(String);

#[derive(Domain, Clone, Debug, PartialEq)]
#[domain(name = "score", sql = "numeric(6,2)")]
struct Score(rust_decimal::Decimal);

#[derive(Table, Clone, Debug, PartialEq)]
#[table(name = "every type", schema = "app")]
struct Every {
    #[column(primary_key, identity = "always")]
    id: i64,
    boolean: bool,
    small: i16,
    int: i32,
    real: f32,
    double: f64,
    #[column(sql = "\"char\"")]
    byte: i8,
    #[column(sql = "oid")]
    oid: u32,
    text: String,
    boxed: Box<str>,
    #[column(sql = "varchar(10)")]
    short: String,
    bytes: Vec<u8>,
    system: std::time::SystemTime,
    ip: IpAddr,
    lsn: PgLsn,
    store: HashMap<String, Option<String>>,
    uuid: uuid::Uuid,
    chrono_date: chrono::NaiveDate,
    chrono_time: chrono::NaiveTime,
    chrono_local: chrono::NaiveDateTime,
    chrono_utc: chrono::DateTime<chrono::Utc>,
    time_date: time::Date,
    time_time: time::Time,
    time_local: time::PrimitiveDateTime,
    time_utc: time::OffsetDateTime,
    jiff_date: jiff::civil::Date,
    jiff_time: jiff::civil::Time,
    jiff_local: jiff::civil::DateTime,
    jiff_utc: jiff::Timestamp,
    value: serde_json::Value,
    json: Json<Vec<i32>>,
    decimal: rust_decimal::Decimal,
    cidr: cidr::IpCidr,
    inet: cidr::IpInet,
    bits: bit_vec::BitVec,
    mood: Mood,
    email: Email,
    score: Score,
    texts: Vec<String>,
    holes: Vec<Option<i32>>,
    moods: Vec<Mood>,
    emails: Box<[Email]>,
    none: Option<i64>,
    none_mood: Option<Mood>,
    none_array: Option<Vec<uuid::Uuid>>,
    some_email: Option<Email>,
}

const TYPES: &str = "
    CREATE SCHEMA app;
    CREATE TYPE app.\"Mood\" AS ENUM ('sad', 'so-so', 'very_happy');
    CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');
    CREATE DOMAIN score AS numeric(6,2);
";

const EVERY: &str = r#"
    CREATE TABLE app."every type" (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        boolean boolean NOT NULL, small smallint NOT NULL, int integer NOT NULL, "real" real NOT NULL,
        double double precision NOT NULL, byte "char" NOT NULL, oid oid NOT NULL, text text NOT NULL, boxed text NOT NULL,
        short varchar(10) NOT NULL, bytes bytea NOT NULL, system timestamptz NOT NULL, ip inet NOT NULL, lsn pg_lsn NOT NULL,
        store hstore NOT NULL, uuid uuid NOT NULL, chrono_date date NOT NULL, chrono_time time NOT NULL,
        chrono_local timestamp NOT NULL, chrono_utc timestamptz NOT NULL, time_date date NOT NULL, time_time time NOT NULL,
        time_local timestamp NOT NULL, time_utc timestamptz NOT NULL, jiff_date date NOT NULL, jiff_time time NOT NULL,
        jiff_local timestamp NOT NULL, jiff_utc timestamptz NOT NULL, value jsonb NOT NULL, json jsonb NOT NULL,
        "decimal" numeric NOT NULL, cidr cidr NOT NULL, inet inet NOT NULL, bits varbit NOT NULL, mood app."Mood" NOT NULL,
        email email NOT NULL, score score NOT NULL, texts text[] NOT NULL, holes integer[] NOT NULL, moods app."Mood"[] NOT NULL,
        emails email[] NOT NULL, "none" bigint, none_mood app."Mood", none_array uuid[], some_email email
    )"#;

fn every() -> Every {
    let date = chrono::NaiveDate::from_ymd_opt(2026, 2, 28).unwrap();
    let time_date = time::Date::from_calendar_date(1999, time::Month::December, 31).unwrap();
    let time_time = time::Time::from_hms_micro(23, 59, 59, 999_999).unwrap();
    Every {
        id: 0,
        boolean: true,
        small: i16::MIN,
        int: i32::MAX,
        real: 1.5,
        double: -0.1,
        byte: 65,
        oid: u32::MAX,
        text: "it's \u{1F600} \\ \"quoted\"\n".into(),
        boxed: "".into(),
        short: "0123456789".into(),
        bytes: vec![0, 255, 7],
        system: std::time::SystemTime::UNIX_EPOCH + Duration::from_micros(1_700_000_000_123_456),
        ip: "2001:db8::1".parse().unwrap(),
        lsn: "16/B374D848".parse().unwrap(),
        store: HashMap::from([("a".to_owned(), None), ("b".to_owned(), Some("c".to_owned()))]),
        uuid: uuid::Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef),
        chrono_date: date,
        chrono_time: chrono::NaiveTime::from_hms_micro_opt(1, 2, 3, 4).unwrap(),
        chrono_local: date.and_hms_opt(4, 5, 6).unwrap(),
        chrono_utc: date.and_hms_opt(7, 8, 9).unwrap().and_utc(),
        time_date,
        time_time,
        time_local: time::PrimitiveDateTime::new(time_date, time_time),
        time_utc: time::PrimitiveDateTime::new(time_date, time_time).assume_utc(),
        jiff_date: jiff::civil::date(2026, 11, 22),
        jiff_time: jiff::civil::time(13, 14, 15, 16_000),
        jiff_local: jiff::civil::datetime(2026, 11, 22, 13, 14, 15, 16_000),
        jiff_utc: jiff::Timestamp::from_second(1_700_000_000).unwrap(),
        value: serde_json::json!({"a": [1, null, "x"]}),
        json: Json(vec![1, 2, 3]),
        decimal: "-12345678901234567890.123456789".parse().unwrap(),
        cidr: "10.0.0.0/8".parse().unwrap(),
        inet: "10.1.2.3/8".parse().unwrap(),
        bits: bit_vec::BitVec::from_bytes(&[0b1010_0000]),
        mood: Mood::Ok,
        email: Email("ada@example.org".into()),
        score: Score("1234.56".parse().unwrap()),
        texts: vec![String::new(), "a,b".into(), "{\"}".into()],
        holes: vec![Some(1), None],
        moods: vec![Mood::Sad, Mood::VeryHappy],
        emails: Box::new([Email("b@c".into())]),
        none: None,
        none_mood: None,
        none_array: None,
        some_email: Some(Email("c@d".into())),
    }
}

#[test]
fn every_type_comes_back_as_it_went() {
    let database = database();
    let mut client = database.client();
    client.batch_execute(TYPES).unwrap();
    client.batch_execute("CREATE EXTENSION hstore").unwrap();
    client.batch_execute(EVERY).unwrap();

    let stored = every().insert(&mut client).unwrap();
    assert_eq!(stored, Every { id: 1, ..every() });
    assert_eq!(Every::find(&mut client, 1).unwrap(), Some(stored.clone()));

    let changed =
        Every { mood: Mood::VeryHappy, none: Some(-1), none_mood: Some(Mood::Sad), some_email: None, ..stored };
    assert_eq!(changed.update(&mut client).unwrap(), changed);
    let found = Every::select(&mut client, "WHERE mood = $1 AND email = $2", &[&Mood::VeryHappy, &changed.email]);
    assert_eq!(found.unwrap(), std::slice::from_ref(&changed));
    assert!(changed.delete(&mut client).unwrap());
    assert!(!changed.delete(&mut client).unwrap());
    assert!(matches!(changed.update(&mut client), Err(RowError::NotFound { .. })));
    assert_eq!(Every::find(&mut client, 1).unwrap(), None);

    let exact = Every { id: 77, ..every() }.insert_exact(&mut client).unwrap();
    assert_eq!(exact.id, 77);
}

#[test]
fn types_are_named_as_the_front_end_names_them() {
    assert_eq!(<Vec<Mood> as SqlType>::NAME, "app.\"Mood\"");
    assert_eq!((Email::NAME, Score::NAME), ("email", "score"));
}

#[derive(Table, Debug, PartialEq)]
#[table(name = "t\"able; DROP", schema = "a.b")]
struct Hostile {
    #[column(primary_key, name = "select")]
    first: String,
    #[column(primary_key, name = "Ünï \"q\" $1")]
    r#type: i32,
    #[column(name = "order", serial)]
    order: i32,
    #[column(generated = "upper(\"select\")")]
    shout: String,
    #[column(default = "'new'")]
    state: String,
    #[column(default = "now()")]
    made: std::time::SystemTime,
    #[column(skip)]
    cached: bool,
}

const HOSTILE: &str = r#"
    CREATE SCHEMA "a.b";
    CREATE TABLE "a.b"."t""able; DROP" (
        "select" text, "Ünï ""q"" $1" integer, "order" serial, shout text GENERATED ALWAYS AS (upper("select")) STORED,
        state text NOT NULL DEFAULT 'new', made timestamptz NOT NULL DEFAULT now(), PRIMARY KEY ("select", "Ünï ""q"" $1"))"#;

fn hostile() -> Hostile {
    let (shout, state, made) = (String::new(), String::from("set"), std::time::SystemTime::UNIX_EPOCH);
    Hostile { first: "it's".into(), r#type: 3, order: 99, shout, state, made, cached: true }
}

#[test]
fn names_of_any_kind_and_keys_of_several_columns() {
    let database = database();
    let mut client = database.client();
    client.batch_execute(HOSTILE).unwrap();
    let mut transaction = client.transaction().unwrap();

    let stored = hostile().insert(&mut transaction).unwrap();
    assert_eq!((stored.order, stored.shout.as_str(), stored.cached), (1, "IT'S", false));
    assert_eq!(Hostile::find(&mut transaction, ("it's".to_owned(), 3)).unwrap(), Some(stored));

    let columns = Hostile::columns();
    let other = Hostile { first: "x".into(), ..hostile() };
    let stored = other.insert_defaults(&mut transaction, &[&columns.state, &columns.made]).unwrap();
    assert_eq!((stored.order, stored.state.as_str()), (2, "new"));
    assert!(std::time::SystemTime::UNIX_EPOCH < stored.made);
    let exact = Hostile { first: "y".into(), ..hostile() }.insert_exact(&mut transaction).unwrap();
    assert_eq!(exact.order, 99);
    assert_eq!(columns.r#type.to_string(), "\"Ünï \"\"q\"\" $1\"");
    assert_eq!(columns.r#type.of("t"), "t.\"Ünï \"\"q\"\" $1\"");
    transaction.commit().unwrap();
    assert_eq!(database.value("SELECT count(*) FROM \"a.b\".\"t\"\"able; DROP\""), "3");
}

#[derive(Table, Debug, PartialEq)]
struct Member {
    #[column(primary_key)]
    team: i64,
    #[column(primary_key)]
    person: i64,
}

#[derive(Table, Debug, PartialEq)]
struct Person {
    #[column(primary_key)]
    id: i64,
    first: String,
    last: String,
}

#[test]
fn rows_of_joins_and_of_tables_that_are_only_a_key() {
    let database = database();
    let mut client = database.client();
    let tables = "CREATE TABLE member (team bigint, person bigint, PRIMARY KEY (team, person));
                  CREATE TABLE person (id bigint PRIMARY KEY, first text NOT NULL, last text NOT NULL)";
    client.batch_execute(tables).unwrap();
    let member = Member { team: 1, person: 2 }.insert(&mut client).unwrap();
    assert_eq!(member.update(&mut client).unwrap(), member);
    let person = Person { id: 2, first: "Ada".into(), last: "Lovelace".into() }.insert(&mut client).unwrap();

    let joined = format!(
        "SELECT {}, {} FROM {} m JOIN {} p ON {} = {}",
        Member::columns_of("m"),
        Person::columns_of("p"),
        Member::TABLE,
        Person::TABLE,
        Member::columns().person.of("m"),
        Person::columns().id.of("p"),
    );
    let row = client.query_one(&joined, &[]).unwrap();
    assert_eq!((Member::from_row(&row).unwrap(), Person::from_row_at(&row, 2).unwrap()), (member, person));

    let turned = client.query_one("SELECT last, first, id FROM person", &[]).unwrap();
    assert_eq!(Person::from_row(&turned).unwrap().first, "Ada", "columns in another order are found by name");
    let less = client.query_one("SELECT id, first FROM person", &[]).unwrap();
    let problem = Person::from_row(&less).unwrap_err().to_string();
    assert_eq!(problem, "the query gives no column `last` of \"public\".\"person\"; select the table's `COLUMNS`");
}

#[test]
fn what_fails_says_why() {
    let database = database();
    let mut client = database.client();
    client.batch_execute("CREATE TABLE person (id bigint PRIMARY KEY, first text, last integer)").unwrap();
    client.batch_execute("INSERT INTO person VALUES (1, NULL, 1)").unwrap();
    let problem = Person::find(&mut client, 1).unwrap_err().to_string();
    assert_eq!(problem, "column `first` of \"public\".\"person\" does not fit its field: a Postgres value was `NULL`");
    client.batch_execute("UPDATE person SET first = 'Ada'").unwrap();
    let problem = Person::find(&mut client, 1).unwrap_err().to_string();
    assert!(
        problem.starts_with("column `last` of \"public\".\"person\" does not fit its field: cannot convert"),
        "{problem}"
    );

    client.batch_execute("ALTER TABLE person ALTER last TYPE text").unwrap();
    let again = Person { id: 1, first: String::new(), last: String::new() }.insert(&mut client).unwrap_err();
    assert_eq!(again.code(), Some(&postgres::error::SqlState::UNIQUE_VIOLATION));
    assert_eq!(
        again.to_string(),
        "\"public\".\"person\": duplicate key value violates unique constraint \"person_pkey\" (SQLSTATE 23505); \
         detail: Key (id)=(1) already exists."
    );
}

#[test]
fn a_label_that_the_program_does_not_know_is_named() {
    let database = database();
    let mut client = database.client();
    client.batch_execute(TYPES).unwrap();
    client.batch_execute("ALTER TYPE app.\"Mood\" ADD VALUE 'furious'").unwrap();
    let row = client.query_one("SELECT 'furious'::app.\"Mood\"", &[]).unwrap();
    let problem = row.try_get::<_, Mood>(0).unwrap_err();
    let cause = std::error::Error::source(&problem).unwrap().to_string();
    assert_eq!(cause, "enum `Mood` has the label `furious`, and this program knows `sad`, `so-so`, `very_happy`");
    client.execute("SELECT $1::app.\"Mood\"", &[&Mood::VeryHappy]).unwrap();
    assert!(client.execute("SELECT $1::text", &[&Mood::Sad]).is_err(), "an enum is no text");
}

#[test]
fn every_call_has_an_asynchronous_twin() {
    let database = database();
    database.client().batch_execute("CREATE TABLE person (id bigint PRIMARY KEY, first text, last text)").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let task = async {
        let (client, connection) = tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.unwrap();
        let driver = tokio::spawn(connection);
        let work = async {
            let ada = Person { id: 1, first: "Ada".into(), last: "King".into() }.insert_async(&client).await.unwrap();
            let ada = Person { last: "Lovelace".into(), ..ada }.update_async(&client).await.unwrap();
            assert_eq!(Person::find_async(&client, 1).await.unwrap().as_ref(), Some(&ada));
            assert_eq!(Person::select_async(&client, "ORDER BY id", &[]).await.unwrap().len(), 1);
            assert!(ada.delete_async(&client).await.unwrap());
            let exact = Person { id: 2, ..ada }.insert_exact_async(&client).await.unwrap();
            assert_eq!(exact.id, 2);
        };
        require_send(&work);
        work.await;
        drop(client);
        driver.await.unwrap().unwrap();
    };
    runtime.block_on(task);
}

/// Web servers spawn their handlers, which needs futures that are `Send`.
fn require_send<T: Send>(_: &T) {}
