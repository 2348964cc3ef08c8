"""Real servers without Docker: a Kafka and a Postgres for demos, tests and benchmarks.

Both come from packages alone. Nothing here is meant for production: one broker, no
passwords, and ports that only this machine reaches.
"""
