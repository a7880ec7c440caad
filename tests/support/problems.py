"""Answers that refuse something."""

import json
from typing import Any


def refused(response: Any, pk: int) -> str:
    """What a 400 says, with the id that it may name left open: the same for one and another."""
    problem = response.json()
    assert problem.pop("status") == response.status_code == 400
    return json.dumps(problem).replace(str(pk), "ID")
