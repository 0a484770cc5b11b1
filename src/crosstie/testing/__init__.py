"""Shipped with the package: suites and stand-ins for testing connectors, stores and syncs."""
