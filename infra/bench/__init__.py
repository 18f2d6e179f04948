"""`make bench`: how fast the product is, as ratios to a bare JSON view and to a plain `SELECT 1` of the same run."""
