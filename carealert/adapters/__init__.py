"""The edge: files, feeds, channels and databases behind the ports of the services."""
