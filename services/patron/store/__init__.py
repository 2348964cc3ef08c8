"""The only room that knows Postgres. No rule is applied here, and nothing is decided."""
