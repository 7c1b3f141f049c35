-- The tables of claim.sql: as many columns, keys and indexes as a claim cannot do without.
CREATE TABLE control_unit (id bigint PRIMARY KEY, status text, event_seq int NOT NULL DEFAULT 0, claim_ends_at timestamptz);
INSERT INTO control_unit (id, status) SELECT number, 'AVAILABLE' FROM generate_series(1, 20000) number;
CREATE TABLE control_event (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, unit_id bigint REFERENCES control_unit, seq int, op_id uuid UNIQUE, action text, from_status text, to_status text, actor_id bigint, claim text, at timestamptz, business_date date, UNIQUE (unit_id, seq));
CREATE TABLE control_claim (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, number text UNIQUE, unit_id bigint, customer_id bigint, salesperson_id bigint, reason text, stage text, placed_at timestamptz, expires_at timestamptz);
CREATE INDEX ON control_claim (unit_id);
CREATE TABLE control_operation (op_id uuid PRIMARY KEY, action text, fingerprint text, by_id bigint, at timestamptz);
CREATE TABLE control_interest (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, unit_id bigint, user_id bigint, kind text);
