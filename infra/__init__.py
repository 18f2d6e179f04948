"""Everything around the product: local start-up, containers, monitoring. The product never imports it."""
