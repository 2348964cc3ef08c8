"""The demo: a grocer's year of real baskets, and what a person sees of it.

It makes input and shows outcomes. It knows neither Kafka nor Postgres, and decides
nothing about points: whoever runs the demo sends what it yields.
"""
