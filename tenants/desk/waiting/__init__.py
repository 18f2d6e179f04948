"""Who waits for an earlier time, and what was offered to them."""
