"""The figures of Sites: power now, energy of a period, its flows, and the shares."""
