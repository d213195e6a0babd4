-- Nothing changes here; PostgreSQL's migration of this name drops a function. Both sides count alike.
SELECT 1;
