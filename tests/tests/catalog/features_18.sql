-- What the model knows and PostgreSQL 18 added.
CREATE EXTENSION btree_gist;
CREATE TABLE prices (
    product integer, valid daterange, note text,
    PRIMARY KEY (product, valid WITHOUT OVERLAPS) INCLUDE (note),
    CONSTRAINT twice UNIQUE (note, product, valid WITHOUT OVERLAPS) DEFERRABLE INITIALLY DEFERRED
);
ALTER TABLE prices CLUSTER ON prices_pkey, REPLICA IDENTITY USING INDEX prices_pkey;
COMMENT ON CONSTRAINT twice ON prices IS 'one of each';
CREATE TABLE sales (
    product integer, during daterange,
    CONSTRAINT priced FOREIGN KEY (product, PERIOD during) REFERENCES prices MATCH FULL DEFERRABLE
);
CREATE TABLE changes (area integer, at tstzmultirange, UNIQUE (area, at WITHOUT OVERLAPS)) PARTITION BY LIST (area);
CREATE TABLE changes_1 PARTITION OF changes FOR VALUES IN (1);

CREATE TABLE stated (
    a integer CONSTRAINT dear CHECK (a > 0) NOT ENFORCED, b integer REFERENCES stated (a) ON DELETE CASCADE NOT ENFORCED,
    c integer CHECK (c > 0) NO INHERIT NOT ENFORCED, UNIQUE (a)
);
CREATE TABLE stated_too () INHERITS (stated);
COMMENT ON CONSTRAINT dear ON stated IS 'some day';
CREATE TABLE split (a integer REFERENCES stated (a) DEFERRABLE NOT ENFORCED, CHECK (a > 0) NOT ENFORCED) PARTITION BY LIST (a);
CREATE TABLE split_1 PARTITION OF split FOR VALUES IN (1);

CREATE TABLE filled (a integer NOT NULL NO INHERIT, b integer, c serial, d integer GENERATED ALWAYS AS (a) VIRTUAL NOT NULL NO INHERIT);
ALTER TABLE filled ADD NOT NULL b NO INHERIT NOT VALID, ALTER c DROP NOT NULL, ADD NOT NULL c NOT VALID;
CREATE TABLE filled_too () INHERITS (filled);
