"""How outsiders name what they measure, and what can be guessed from that. Pure.

A gateway, a broker or a file names its series in its own way. An alias says which Metric such a
name stands for; a name that nothing maps waits until somebody says it.
"""

from typing import NamedTuple

MAX_NAME = 500  # characters, so that the longest name still fits into an index


class Guess(NamedTuple):
    """What an external name and its message tell of the series; each is "" where they do not.

    `unit` and `type` are a Metric's, `name` is what people call the series, and `device_name` what
    they call the equipment, by which the names of one Device are offered together.
    """

    unit: str = ""
    type: str = ""
    name: str = ""
    device_name: str = ""


class ExternalName(NamedTuple):
    """A series as its source names it, such as `sensor.solar_power/value` or a topic and a path.

    `slugs` name its Metric by Site, Device and key where the source says these as well: they count
    where no alias maps the name.
    """

    name: str
    slugs: tuple[str, str, str] | None = None
    guess: Guess = Guess()

    @property
    def is_valid(self) -> bool:
        """Whether a name can be kept and shown: not empty, not too long, nothing unprintable."""
        return 0 < len(self.name) <= MAX_NAME and self.name.isprintable()
