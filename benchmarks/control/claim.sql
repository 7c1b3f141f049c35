-- One claim as pgbench would do it (-M prepared): the rows that a hold must write, and nothing to decide them. The limit of V1.
\set unit random(1, 1000000)
BEGIN;
SELECT id FROM control_unit WHERE id = :unit % 20000 + 1 FOR NO KEY UPDATE;
UPDATE control_unit SET status = 'HELD', event_seq = event_seq + 1, claim_ends_at = clock_timestamp() + interval '24 hours' WHERE id = :unit % 20000 + 1;
INSERT INTO control_event (unit_id, seq, op_id, action, from_status, to_status, actor_id, claim, at, business_date) SELECT id, event_seq, gen_random_uuid(), 'claim.hold', 'AVAILABLE', 'HELD', 1, substr(gen_random_uuid()::text, 1, 8), clock_timestamp(), current_date FROM control_unit WHERE id = :unit % 20000 + 1;
INSERT INTO control_claim (number, unit_id, customer_id, salesperson_id, reason, stage, placed_at, expires_at) VALUES (gen_random_uuid()::text, :unit, 1, 1, 'Decides tonight', 'HOLD', clock_timestamp(), clock_timestamp() + interval '24 hours');
INSERT INTO control_operation (op_id, action, fingerprint, by_id, at) VALUES (gen_random_uuid(), 'claim.hold', repeat('a', 64), 1, clock_timestamp());
INSERT INTO control_interest (unit_id, user_id, kind) VALUES (:unit, 1, 'hold');
COMMIT;
