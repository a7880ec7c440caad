"""Simulated devices: pure functions of time, seed and parameters.

Nothing here knows the database, the clock or the settings. Everything is computed in whole days of
local standard time (`days.Days`), a row per day and a column per minute. An instant has the same
value in every window: a day depends on earlier days not at all (each device begins it in a known
state) or by a whole number alone (registers, which are summed as integers).

A value is valid until the next minute; a counter's value has counted everything before its
instant. Power is in whole watts, so balances and registers are exact.
"""
