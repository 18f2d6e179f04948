"""Filling the catalogue from CSV files: first a dry run that names every problem, then one transaction."""
