"""Patron: an event-driven loyalty engine."""
