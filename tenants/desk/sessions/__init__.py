"""Group sessions at the desk: what is to come, who takes part, opening, changing and cancelling."""
