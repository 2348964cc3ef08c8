"""The only room that knows Kafka's client; every other sees our records and our errors."""
