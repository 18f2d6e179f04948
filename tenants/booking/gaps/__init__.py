"""Free time of doctors as stored rows: what searches over many doctors begin with. A hint; bookings decide anew."""
