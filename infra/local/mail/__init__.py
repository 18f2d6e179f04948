"""A mail catcher for development: takes every message over SMTP, delivers none, shows them on a web page."""
