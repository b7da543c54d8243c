-- What the model knows and PostgreSQL 15 added.
CREATE TABLE t (a integer UNIQUE NULLS NOT DISTINCT, b integer, c integer, UNIQUE (b, c));
CREATE UNIQUE INDEX i ON t (b) NULLS NOT DISTINCT;
CREATE TABLE u (
    b integer, c integer DEFAULT 4,
    FOREIGN KEY (b, c) REFERENCES t (b, c) ON DELETE SET NULL (b),
    CONSTRAINT k FOREIGN KEY (b, c) REFERENCES t (b, c) ON DELETE SET DEFAULT (c)
);
