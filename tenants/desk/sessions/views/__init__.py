"""Pages of group sessions: the list, opening, the roster, seats."""
