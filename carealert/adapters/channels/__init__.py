"""Ways out: one file a gateway, all in the CHANNELS table."""
