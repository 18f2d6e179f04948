"""A doctor's own day."""
