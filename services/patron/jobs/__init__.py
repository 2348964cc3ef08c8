"""What happens without an event: time passes, partitions are made, old rows go."""
