"""Registers and areas as files: CSV, XLSX and GeoJSON, whole or not at all."""
