"""Views of the calendar: the page and its feed, changes by hand, panels beside it."""
