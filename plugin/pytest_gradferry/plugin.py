"""What pytest loads: options and fixtures. Imports no framework."""
