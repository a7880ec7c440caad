"""What looks at the code of the project rather than being part of it."""
