"""What a program means: pure Python, no IO, no clock, no randomness."""
