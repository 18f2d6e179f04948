"""The demo networks: people, prices and weeks of visits that never were."""
