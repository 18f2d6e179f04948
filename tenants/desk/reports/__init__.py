"""Reports for managers, on the screen, as files and by e-mail."""
