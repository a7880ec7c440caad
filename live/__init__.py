"""Readings as they arrive: Server-Sent Events, and the process that sends them."""
