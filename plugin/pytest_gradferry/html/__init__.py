"""The report page: one HTML file with all it needs inside."""
