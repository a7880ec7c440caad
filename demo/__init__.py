"""The demo: simulated equipment, a fleet of Sites with it, and the people who look at it."""
