"""Working time: from wall-clock rules, exceptions and holidays to stored windows."""
