"""The one way in: facts become entries here, in one database transaction."""
