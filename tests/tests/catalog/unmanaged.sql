-- One of each thing that the model does not know yet, beside two tables that it does.
CREATE EXTENSION hstore;
CREATE TABLE plain (id integer PRIMARY KEY, note text);
CREATE TABLE parent (id integer);
CREATE TABLE child (more integer) INHERITS (parent);
CREATE TABLE measured (id serial, year integer NOT NULL, PRIMARY KEY (id, year)) PARTITION BY RANGE (year);
CREATE TABLE measured_2026 PARTITION OF measured FOR VALUES FROM (2026) TO (2027);
CREATE UNLOGGED TABLE fast (id integer);
CREATE TYPE blank AS ENUM ('', 'a');
ALTER TABLE plain ENABLE ROW LEVEL SECURITY;
ALTER TABLE plain ALTER note SET STORAGE EXTERNAL;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touched BEFORE UPDATE ON fast FOR EACH ROW EXECUTE FUNCTION touch();
CREATE VIEW over_child AS SELECT more FROM child;
CREATE VIEW over_that AS SELECT more FROM over_child;
CREATE FUNCTION of_child() RETURNS SETOF child LANGUAGE sql AS 'SELECT * FROM child';
CREATE OPERATOR FAMILY own USING btree;
