-- Nothing changes here; PostgreSQL's migration of this name changes its outbox. Both sides count alike.
SELECT 1;
