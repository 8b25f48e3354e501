"""The store on SQLite and PostgreSQL alike: one file for each noun."""
