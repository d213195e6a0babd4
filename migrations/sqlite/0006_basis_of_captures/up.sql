-- The authorization that a capture rests on, for queries; it stood in the record alone.
ALTER TABLE captures ADD COLUMN basis_id TEXT;
UPDATE captures SET basis_id = json_extract(body, '$.basis.id');

-- When a corrected capture was captured, as its present version says.
UPDATE captures SET captured_at = CAST(strftime('%s', substr(json_extract(body, '$.captured_at'), 1, 19)) AS INTEGER) * 1000000
    + CAST(substr(json_extract(body, '$.captured_at'), 21, 6) AS INTEGER)
WHERE version > 1;
