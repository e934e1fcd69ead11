"""The file that is read, the project around it, and where its values come from."""
