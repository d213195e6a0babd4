-- What is open in a case: captures by state, those that wait for a decision, and by whom.
CREATE INDEX captures_work ON captures (case_id, state, open_question, capturer_id);

-- When what a capture shows was posted, for the timeline: a text whose order is that of time.
CREATE INDEX captures_times ON captures (case_id, json_extract(body, '$.posted_at'), item, state);
