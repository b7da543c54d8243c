-- One of each thing that a single statement defines, each standing on another where it can.
SET check_function_bodies = off;
CREATE EXTENSION pg_trgm;
CREATE SCHEMA app;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (a integer, b text COLLATE "C", m mood[]);
COMMENT ON TYPE pair IS 'two and a half';
COMMENT ON COLUMN pair.a IS 'the first';
CREATE TYPE app."Outer" AS (inside pair, rest pair[]);
CREATE COLLATION numeric_order FROM "C";
CREATE FUNCTION span_distance(double precision, b double precision) RETURNS double precision LANGUAGE sql IMMUTABLE AS 'SELECT $1 - b';
CREATE TYPE span AS RANGE (subtype = float8, subtype_diff = span_distance);
CREATE FUNCTION answer() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 42';
CREATE FUNCTION answer(m mood, VARIADIC more text[] DEFAULT '{}') RETURNS SETOF pair LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 7 ROWS 3
    SECURITY DEFINER SET search_path = public, pg_temp AS $body$ SELECT NULL::pair WHERE 'it''s $1' <> 'x' $body$;
COMMENT ON FUNCTION answer(mood, text[]) IS 'it''s \ long';
CREATE FUNCTION answer(numeric(10, 2), OUT x timestamptz, OUT y "char") LANGUAGE sql AS 'SELECT now(), ''a''::"char"';
CREATE TABLE plain (
    id integer PRIMARY KEY DEFAULT answer(),
    note text CHECK (length(note) < answer()),
    twice integer GENERATED ALWAYS AS (answer() * 2) STORED,
    p pair, s span, r int4range
);
CREATE INDEX plain_answer ON plain ((answer() + id));
CREATE FUNCTION rows_of() RETURNS SETOF plain LANGUAGE sql AS 'SELECT * FROM plain';
CREATE FUNCTION later() RETURNS integer LANGUAGE sql AS 'SELECT later_still()';
CREATE FUNCTION later_still() RETURNS integer LANGUAGE sql AS 'SELECT later()';
CREATE FUNCTION atomic(n integer) RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM plain WHERE id < n; END;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE PROCEDURE nothing(INOUT a integer, b text DEFAULT ',') LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
CREATE AGGREGATE app.middle(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final,
    FINALFUNC_EXTRA);
CREATE OPERATOR <#> (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4mi);
CREATE OPERATOR app.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq, COMMUTATOR = OPERATOR(app.===), HASHES, MERGES, RESTRICT = eqsel);
COMMENT ON OPERATOR app.=== (text, text) IS 'very equal';
CREATE CAST (pair AS text) WITH INOUT;
CREATE CAST (timestamptz AS interval) WITH FUNCTION age(timestamptz) AS ASSIGNMENT;
CREATE FUNCTION pair_of(integer) RETURNS pair LANGUAGE sql AS 'SELECT ROW($1, NULL, NULL)::pair';
CREATE CAST (integer AS pair) WITH FUNCTION pair_of(integer) AS ASSIGNMENT;
CREATE DEFAULT CONVERSION app.narrow FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE VIEW app.later WITH (security_barrier = true) AS SELECT id, note, answer() AS answer, similarity(note, 'a') AS near FROM plain;
CREATE VIEW a_first AS SELECT l.*, id <#> 1 AS less FROM app.later AS l;
COMMENT ON VIEW a_first IS 'first by name';
COMMENT ON COLUMN a_first.less IS 'one less';
CREATE VIEW writable AS SELECT id, note FROM plain WHERE id > 0 WITH CASCADED CHECK OPTION;
ALTER VIEW writable ALTER COLUMN note SET DEFAULT 'none';
CREATE RECURSIVE VIEW numbers (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < 10;
CREATE MATERIALIZED VIEW counted WITH (fillfactor = 70) AS SELECT count(*) AS many, total(id) AS id FROM a_first;
CREATE UNIQUE INDEX counted_id ON counted (id);
COMMENT ON MATERIALIZED VIEW counted IS 'counted';
ALTER MATERIALIZED VIEW counted ALTER COLUMN many SET STATISTICS 50, ALTER COLUMN many SET (n_distinct = 4);
CREATE VIEW over_counted AS SELECT many FROM counted;
CREATE VIEW grouped AS SELECT id, note, count(*) FROM plain GROUP BY id;
CREATE TRIGGER touched BEFORE UPDATE OF note, id ON plain FOR EACH ROW WHEN (OLD.note IS DISTINCT FROM NEW.note) EXECUTE FUNCTION touch('a', 'b''');
COMMENT ON TRIGGER touched ON plain IS 'touched';
CREATE TRIGGER quiet AFTER INSERT ON plain REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION touch();
ALTER TABLE plain DISABLE TRIGGER quiet;
CREATE CONSTRAINT TRIGGER later AFTER UPDATE ON plain DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER instead INSTEAD OF INSERT ON a_first FOR EACH ROW EXECUTE FUNCTION touch();
CREATE RULE quiet AS ON DELETE TO plain DO INSTEAD NOTHING;
CREATE RULE noted AS ON UPDATE TO a_first DO INSTEAD UPDATE plain SET note = NEW.note WHERE id = OLD.id;
CREATE POLICY own ON plain USING (id > answer());
CREATE POLICY "Read" ON plain AS RESTRICTIVE FOR SELECT TO PUBLIC USING (note <> ')');
CREATE POLICY written ON plain FOR INSERT WITH CHECK (id <#> 1 > 0);
CREATE STATISTICS related (ndistinct, dependencies) ON id, note FROM plain;
ALTER STATISTICS related SET STATISTICS 50;
CREATE TEXT SEARCH DICTIONARY app.short (TEMPLATE = pg_catalog.simple, stopwords = 'english', accept = false);
CREATE TEXT SEARCH CONFIGURATION plain_words (COPY = pg_catalog.simple);
ALTER TEXT SEARCH CONFIGURATION plain_words ALTER MAPPING FOR asciiword WITH app.short, pg_catalog.simple;
CREATE FOREIGN DATA WRAPPER nothing OPTIONS (a 'it''s');
CREATE SERVER nowhere TYPE 'none' VERSION '1' FOREIGN DATA WRAPPER nothing OPTIONS (host 'a');
COMMENT ON SERVER nowhere IS 'nowhere';
CREATE FOREIGN TABLE far (id integer OPTIONS (b 'c') NOT NULL, name text COLLATE "C" DEFAULT 'x', CONSTRAINT above CHECK (id > 0)) SERVER nowhere OPTIONS (d 'e');
CREATE PUBLICATION news FOR TABLE plain WITH (publish = 'insert, update');
CREATE PUBLICATION everything FOR ALL TABLES WITH (publish_via_partition_root);
CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('DROP TABLE', 'CREATE TABLE') EXECUTE FUNCTION watch();
ALTER EVENT TRIGGER watch DISABLE;
CREATE FUNCTION by_length(text, text) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT length($1) - length($2)';
CREATE FUNCTION shorter(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT length($1) < length($2)';
CREATE FUNCTION as_long(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT length($1) = length($2)';
CREATE FUNCTION shorter(text, integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT length($1) < $2';
CREATE OPERATOR <<< (LEFTARG = text, RIGHTARG = text, FUNCTION = shorter);
CREATE OPERATOR <<< (LEFTARG = text, RIGHTARG = integer, FUNCTION = shorter);
CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = as_long);
CREATE OPERATOR FAMILY app.lengths USING btree;
COMMENT ON OPERATOR FAMILY app.lengths USING btree IS 'by length';
CREATE OPERATOR CLASS app.lengths FOR TYPE text USING btree FAMILY app.lengths AS OPERATOR 1 <<<, OPERATOR 3 ===, FUNCTION 1 by_length(text, text);
COMMENT ON OPERATOR CLASS app.lengths USING btree IS 'as well';
ALTER OPERATOR FAMILY app.lengths USING btree ADD OPERATOR 1 <<< (text, integer);
CREATE OPERATOR CLASS pairs DEFAULT FOR TYPE pair USING btree AS STORAGE pair;
CREATE OPERATOR CLASS near FOR TYPE point USING gist AS OPERATOR 1 <-> (point, point) FOR ORDER BY float_ops, STORAGE box,
    FUNCTION 1 gist_point_consistent(internal, point, smallint, oid, internal), FUNCTION 2 gist_box_union(internal, internal),
    FUNCTION 3 gist_point_compress(internal), FUNCTION 5 gist_box_penalty(internal, internal, internal),
    FUNCTION 6 gist_box_picksplit(internal, internal), FUNCTION 7 gist_box_same(box, box, internal),
    FUNCTION 8 (point, point) gist_point_distance(internal, point, smallint, oid, internal);
CREATE INDEX plain_lengths ON plain (note app.lengths);
CREATE TABLE split (note text) PARTITION BY RANGE (note app.lengths);
CREATE TYPE lengths AS RANGE (subtype = text, subtype_opclass = app.lengths);
