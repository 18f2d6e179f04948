"""The desk's calendar: a clinic's day by doctor or room, changed by hand, shared by every desk that shows it."""
