-- One of each thing that the model does not know yet, beside a table that it does.
CREATE EXTENSION hstore;
CREATE TABLE plain (id integer PRIMARY KEY, note text);
CREATE TYPE pair AS (more integer, less text);
CREATE TABLE typed OF pair;
CREATE TYPE blank AS ENUM ('', 'a');
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touched BEFORE UPDATE ON typed FOR EACH ROW EXECUTE FUNCTION touch();
CREATE VIEW over_typed AS SELECT more FROM typed;
CREATE VIEW over_that AS SELECT more FROM over_typed;
CREATE FUNCTION of_typed() RETURNS SETOF typed LANGUAGE sql AS 'SELECT * FROM typed';
CREATE TYPE own;
CREATE FUNCTION more(text, integer) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR >>>> (LEFTARG = text, RIGHTARG = integer, FUNCTION = more);
ALTER OPERATOR FAMILY pg_catalog.text_ops USING btree ADD OPERATOR 1 >>>> (text, integer);

CREATE FUNCTION noticed() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE parts (a int) PARTITION BY LIST (a);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2);
CREATE TRIGGER noticed AFTER INSERT ON parts FOR EACH ROW EXECUTE FUNCTION noticed();
ALTER TABLE parts_2 DISABLE TRIGGER noticed;

CREATE TABLE keyed (a int, b int) PARTITION BY LIST (a);
CREATE TABLE keyed_1 PARTITION OF keyed FOR VALUES IN (1);
CREATE UNIQUE INDEX keyed_a_b ON ONLY keyed (a, b);
ALTER TABLE keyed_1 ADD PRIMARY KEY (a, b);
ALTER INDEX keyed_a_b ATTACH PARTITION keyed_1_pkey;

COMMENT ON SCHEMA public IS 'ours';

CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER far FOREIGN DATA WRAPPER nowhere;
CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (password 'secret');
