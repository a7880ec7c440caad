"""Databases of past releases, and what has to be found in each after every later `migrate`."""
