"""Feeds of warnings: fetching, and one file for each format."""
