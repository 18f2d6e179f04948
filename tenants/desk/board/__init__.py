"""The waiting-room board."""
