"""Patron's public language: what it reads, what it says, and what a program is.

Pydantic and the standard library only; nothing here knows the engine.
"""
