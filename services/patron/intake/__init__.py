"""From topics to the engine: batches of records, each applied in one transaction."""
