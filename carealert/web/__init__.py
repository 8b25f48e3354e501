"""The web edge: the officers' console, the read API, health, and whatever hooks are mounted."""
