"""A whole incident on one machine: real places and facts, synthetic people, simulated phones."""
