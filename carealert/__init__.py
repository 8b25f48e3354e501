"""CareAlert: hazard warnings matched to people whose daily care must not stop."""

__version__ = "0.1.0"
