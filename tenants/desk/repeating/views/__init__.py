"""Pages of visits that are booked together."""
