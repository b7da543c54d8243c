-- What needs something that needs its own table, and what PostgreSQL prints otherwise than it reads it.
CREATE TABLE accounts (id integer PRIMARY KEY, owner text, balance integer, low integer, high integer);
CREATE FUNCTION sound(accounts) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1.balance > 0; END';
ALTER TABLE accounts ADD CONSTRAINT sound CHECK (sound(accounts));
CREATE FUNCTION fair(integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
ALTER TABLE accounts ADD CONSTRAINT fair CHECK (fair(balance));

CREATE TABLE teams (id integer PRIMARY KEY, lead text);
CREATE VIEW my_accounts AS SELECT * FROM accounts;
CREATE VIEW my_teams AS SELECT * FROM teams;
CREATE POLICY seen ON accounts USING (EXISTS (SELECT FROM my_teams));
CREATE POLICY seen ON teams USING (EXISTS (SELECT FROM my_accounts));

CREATE TABLE events (id integer, parent integer, at integer, PRIMARY KEY (id), FOREIGN KEY (parent) REFERENCES events) PARTITION BY RANGE (id);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);
CREATE RULE divert AS ON INSERT TO events WHERE new.at < 0 DO INSTEAD INSERT INTO events_1 VALUES (new.*);
CREATE TABLE of_first (event integer REFERENCES events_1 (id));

CREATE VIEW versions AS SELECT xmin::text AS version, ctid AS place FROM accounts;
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER moved AFTER UPDATE ON accounts FOR EACH ROW WHEN (new.tableoid = old.tableoid) EXECUTE FUNCTION noted();

CREATE TABLE pg_notes (id integer PRIMARY KEY, body text);
CREATE INDEX ON pg_notes (body);
COMMENT ON TABLE pg_notes IS 'a name that PostgreSQL could have';

CREATE AGGREGATE ranked(VARIADIC "any" ORDER BY VARIADIC "any") (
    SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);
COMMENT ON AGGREGATE ranked(VARIADIC "any" ORDER BY VARIADIC "any") IS 'as rank';

CREATE VIEW between AS SELECT id, owner FROM accounts WHERE balance BETWEEN 1 AND 3 AND low > 2 AND (high, low) = (3, 4);
CREATE VIEW not_between AS SELECT (balance NOT BETWEEN 1 AND 3 OR low > 2 OR (high > 1 AND low < 2 AND true)) AS far FROM accounts;
CREATE VIEW nested AS SELECT 1 AS one FROM accounts WHERE low > 2 AND (high > 3 AND balance > 4) AND (id IN (1, 2) OR (id > 9 OR id < 0));
CREATE VIEW crossed AS SELECT a.one, b.lead FROM (SELECT 1 AS one) AS a NATURAL LEFT JOIN (SELECT lead FROM teams) AS b;
ALTER TABLE accounts ADD CONSTRAINT inside CHECK (balance BETWEEN low AND high AND low > 0);
CREATE INDEX inside ON accounts ((balance BETWEEN 1 AND 3 AND low > 2)) WHERE balance BETWEEN 1 AND 3 AND low > 2;
CREATE DOMAIN small AS integer CHECK (VALUE BETWEEN 1 AND 9 AND VALUE <> 5);
CREATE POLICY inside ON accounts AS RESTRICTIVE FOR UPDATE USING (balance BETWEEN 1 AND 3 AND low > 2) WITH CHECK (balance BETWEEN 1 AND 3 AND low > 2);

CREATE TABLE family (id integer PRIMARY KEY, alive boolean NOT NULL);
CREATE TABLE grown () INHERITS (family);
CREATE PUBLICATION parents_only FOR TABLE ONLY family;
CREATE PUBLICATION all_of_them FOR TABLE family;
