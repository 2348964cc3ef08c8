"""The second opinion: every account computed again by a model that shares no code."""
