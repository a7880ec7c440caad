"""A request to try a new token with, as a command that can be copied."""

import json
from datetime import datetime
from typing import Any

from accounts.models import ApiToken

# In the place of the number, so that nothing is stored before somebody has filled it in.
PLACEHOLDER = "VALUE"


def example_request(token: ApiToken, secret: str, api: str, names: Any, now: datetime) -> str:
    """What to type to use the token at the address `api`.

    `names` are members that name a Metric, such as {"metric": 12}, for a token that sends readings.
    """
    head = f"curl -H 'Authorization: Token {secret}'"
    if token.scope != ApiToken.Scope.INGEST:
        return f"{head} {api}sites/"
    reading = json.dumps({**names, "timestamp": f"{now:%Y-%m-%dT%H:%M:%SZ}", "value": PLACEHOLDER})
    body = f'{{"readings": [{reading}]}}'.replace(f'"{PLACEHOLDER}"', PLACEHOLDER)
    return f"{head} -H 'Content-Type: application/json' \\\n  -d '{body}' \\\n  {api}readings/"
