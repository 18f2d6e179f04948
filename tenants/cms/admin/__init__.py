"""The back office: Wagtail's admin of one network, for its staff."""
