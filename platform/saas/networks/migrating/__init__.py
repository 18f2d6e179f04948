"""Migrating many networks: find the outdated ones in one query, migrate them in waves, report each."""
