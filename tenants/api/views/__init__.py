"""Views of the API. They translate a request into one call of a selector or action, and its result into JSON."""
