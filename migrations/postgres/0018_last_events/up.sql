-- The events that make a version of a user, whose last one decides who somebody is. Refused sign-ins are about a user too,
-- and there may be many.
CREATE INDEX user_versions ON events (object, seq) WHERE action IN (
    'user.created', 'user.changed', 'user.disabled', 'user.enabled', 'user.locked', 'user.unlocked', 'password.reset');
