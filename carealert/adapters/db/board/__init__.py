"""What the console reads: counts and refs, set by set, and never a sealed column."""
