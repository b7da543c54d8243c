CREATE SCHEMA feeds;
CREATE TABLE feeds.items (id integer PRIMARY KEY, ready boolean NOT NULL, body text);
ALTER TABLE feeds.items REPLICA IDENTITY FULL;
CREATE PUBLICATION whole FOR TABLES IN SCHEMA feeds, public;
CREATE PUBLICATION named FOR TABLE feeds.items (id, ready) WHERE (ready);
CREATE PUBLICATION mixed FOR TABLE feeds.items WHERE (ready), TABLES IN SCHEMA public;
CREATE PUBLICATION others FOR TABLE feeds.items WHERE (id BETWEEN 1 AND 3 AND ready);
