-- Names and texts that SQL needs quotes for, or that look like something else.
CREATE SCHEMA "a.b";
CREATE SCHEMA "Select";
CREATE TYPE "a.b"."enum "" '' \" AS ENUM ('it''s', 'back\slash', ' blank ', 'ünï', 'a,b', '{}', 'NULL', '"q"');
CREATE TYPE "integer" AS ENUM ('not a number');
CREATE DOMAIN "Domain With ""Quotes""" AS text CONSTRAINT "a""b" CHECK (VALUE <> ')''');
CREATE SEQUENCE "it's a sequence";
CREATE TABLE "user" (
    "select" integer PRIMARY KEY,
    "order by" "a.b"."enum "" '' \" DEFAULT 'it''s',
    "a.b" "integer" DEFAULT 'not a number',
    "c" "integer"[],
    "Größe""" "Domain With ""Quotes""" DEFAULT ');--',
    "it's" integer DEFAULT nextval('"it''s a sequence"'),
    "back\slash" serial,
    "id""x" bigserial,
    "UPPER" text,
    CONSTRAINT "check (a > 0)" CHECK ("UPPER" <> E'\\ '' " ( ' AND "it's" > 0)
);
CREATE TABLE "Select"."from" (
    "user" integer REFERENCES "user" ON DELETE SET NULL,
    "this name is exactly sixty-three bytes long, which is the limit" serial,
    "0" integer GENERATED ALWAYS AS IDENTITY,
    CONSTRAINT "fk ""quoted"" (x)" FOREIGN KEY ("0") REFERENCES "user" ("select"),
    UNIQUE ("user", "0")
);
CREATE INDEX "using ( btree" ON "user" ("UPPER" DESC, ("order by" = 'a,b'), lower("UPPER") COLLATE "C", (("UPPER" || ',)'))) WHERE "a.b" = 'not a number';
CREATE INDEX "i.j" ON "Select"."from" ("0" NULLS FIRST);
COMMENT ON TABLE "user" IS '$$ -- /* '' \ ";';
COMMENT ON INDEX "Select"."i.j" IS '';
COMMENT ON COLUMN "user"."order by" IS 'a
b	c';
CREATE TABLE "a.b"."c.d" ("e.f" integer PRIMARY KEY, value integer, columns integer CHECK (columns > value));
CREATE TABLE "a.b"."weiß nicht" (id serial REFERENCES "a.b"."c.d", "nextval('x')" text DEFAULT 'nextval(''public.plain'')');
