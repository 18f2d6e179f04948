"""Visits that are booked together: repeated ones, and several services in one."""
