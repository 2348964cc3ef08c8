"""The only translator: bytes to facts, documents to programs, notices to bytes."""
