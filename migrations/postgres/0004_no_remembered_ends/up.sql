-- Every append holds its stream and reads where it ends (`hold_stream`); none builds on an end that is remembered.
DROP FUNCTION place_is_lost();
