"""Rule files: read strictly, checked, tested, and turned into the domain's rules."""
