"""Patients: finding them, their cards, notes and files."""
