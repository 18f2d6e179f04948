"""Views of the front office."""
