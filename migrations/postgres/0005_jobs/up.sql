-- What the server does by itself: one row a job. A server that works on a job holds its lease and renews it; when the
-- lease has ended, any server may take the job up again. `object` is what the job works on, or '' for a job that comes
-- again and again. `lease` is a new id each time a job is taken, '' while nobody holds it.
CREATE TABLE jobs (
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    state TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease TEXT NOT NULL,
    leased_until BIGINT NOT NULL,
    cancel BOOLEAN NOT NULL,
    step TEXT NOT NULL,
    done BIGINT NOT NULL,
    total BIGINT NOT NULL,
    error TEXT,
    PRIMARY KEY (kind, object)
);
CREATE INDEX jobs_due ON jobs (kind, state, due_at);

-- Packets that wait or were being built get the job that builds them; the others keep how their build ended.
INSERT INTO jobs (kind, object, state, due_at, attempts, lease, leased_until, cancel, step, done, total, error)
SELECT 'packet-builder', id,
    CASE state WHEN 'ready' THEN 'done' WHEN 'failed' THEN 'failed' ELSE 'waiting' END,
    requested_at, 0, '', 0, FALSE, step, done, total, error
FROM packets;
ALTER TABLE packets DROP COLUMN step;
ALTER TABLE packets DROP COLUMN done;
ALTER TABLE packets DROP COLUMN total;
ALTER TABLE packets DROP COLUMN error;
