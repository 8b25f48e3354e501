"""What CareAlert means, without a clock, files, network, database or randomness."""
