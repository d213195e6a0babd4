-- The authorization that a capture rests on, for queries; it stood in the record alone.
ALTER TABLE captures ADD COLUMN basis_id TEXT;
UPDATE captures SET basis_id = body::jsonb #>> '{basis,id}';

-- When a corrected capture was captured, as its present version says.
UPDATE captures SET captured_at = (extract(epoch FROM (body::jsonb ->> 'captured_at')::timestamptz) * 1000000)::bigint
WHERE version > 1;
