"""Making, cloning and dropping the schemas of networks."""
