"""Simulated equipment: pure functions of time, seed and parameters.

Nothing here knows the database, the clock or the settings. The world is computed in whole days of
local standard time (`days.Days`), a row per day and a column per minute, and any instant has one
value, whatever window it was asked for in: what a day needs of the days before it is nothing
(equipment starts every day from a known state) or a whole number (registers, summed as integers).

A value at an instant holds until the next minute; a counter at an instant has counted everything
before it. Power is in whole watts, so balances and registers are exact.
"""
