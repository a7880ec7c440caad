"""How often somebody may try to sign in, by page, API and admin together.

Everything is counted in the database, where all processes count together, and by *source*: the
browser, where it has signed in to this very account before, else the network address.

- A source may try LOGIN_RATE times, right or wrong.
- A source that failed FREE_FAILURES times for an account waits before each further try, one second
  at first and then twice as long each time, up to LONGEST_PAUSE.
- While many strangers fail for an account, every stranger waits before each try for it, the longer
  the more they are, up to LONGEST_PAUSE_OF_STRANGERS.

Nobody can lock somebody else out: how long a pause is may follow from what others did, but each
source waits by a clock of its own, which only its own tries set. After its pause the right password
always gets in, and a browser that is known for the account shares nothing with strangers at all.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac

from accounts.models import SignInCount
from energy.errors import TooManyRequests
from energy.rates import Rate

FREE_FAILURES = 5  # of one source for one account
LONGEST_PAUSE = timedelta(minutes=15)
FREE_FAILURES_OF_STRANGERS = 20  # for one account, from at least four sources
LONGEST_PAUSE_OF_STRANGERS = timedelta(minutes=1)
_FAILURES_A_DOUBLING = 5  # of strangers, who come in numbers


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in: for which account, by which source, when.

    `is_known`: the source is a browser that has signed in to the account before.
    """

    account: str
    source: str
    is_known: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class _Counted:
    """Something that is counted: by which name, and for how long after the last time."""

    name: str
    remembered: timedelta
    by_account: bool = True
    by_source: bool = True

    def key(self, attempt: Attempt) -> str:
        """The key of its row: names of accounts and addresses are not kept."""
        account = attempt.account if self.by_account else ""
        source = attempt.source if self.by_source else ""
        named = f"{len(account)}:{account}{source}"
        return salted_hmac(f"accounts.{self.name}", named, algorithm="sha256").hexdigest()

    def is_remembered(self, row: SignInCount, now: datetime) -> bool:
        """Whether the count still holds; one made by a clock that was far ahead does not."""
        return now < row.forget_at <= now + 2 * self.remembered


OWN_FAILURES = _Counted("failures", timedelta(days=1))
FAILURES_OF_STRANGERS = _Counted("strangers", timedelta(hours=1), by_source=False)


def admit(attempt: Attempt) -> None:
    """Count the attempt, or raise TooManyRequests, which says for how long to wait.

    What is refused is not counted: asking too early makes nobody wait longer.
    """
    if wait := _wait_for_rate(attempt) or _wait_after_failures(attempt):
        raise TooManyRequests(
            f"Too many attempts to sign in. Try again in {wait} seconds.",
            code="too_many_attempts",
            retry_after=wait,
        )


def note_failure(attempt: Attempt) -> None:
    """The password, or the code, was wrong."""
    strangers = _strangers_failures(attempt)
    with _locked(attempt, OWN_FAILURES) as own:
        is_free = own.count < FREE_FAILURES
        own.count += 1
        if pause := _pause(own.count, strangers):
            own.not_before = attempt.now + pause
        own.forget_at = attempt.now + OWN_FAILURES.remembered
    # Beyond its free failures a source is slowed down by itself, and one source is not many.
    if is_free and not attempt.is_known:
        with _locked(attempt, FAILURES_OF_STRANGERS) as all_strangers:
            all_strangers.count += 1
            all_strangers.forget_at = attempt.now + FAILURES_OF_STRANGERS.remembered


def expect_code(attempt: Attempt) -> None:
    """The password was right, and the code that belongs to it is let in without another pause.

    The failures still count: they are forgotten only when the code is right, too.
    """
    SignInCount.objects.filter(key=OWN_FAILURES.key(attempt)).update(not_before=attempt.now)


def forget_failures(attempt: Attempt) -> None:
    """Everything that was asked for was right."""
    SignInCount.objects.filter(key=OWN_FAILURES.key(attempt)).delete()


def forget_what_is_past(now: datetime) -> int:
    """Delete the counts that mean nothing any longer; returns how many."""
    deleted, _ = SignInCount.objects.filter(forget_at__lte=now).delete()
    return deleted


def _wait_for_rate(attempt: Attempt) -> int:
    """Seconds until the source may try anything again; 0, and counted, where it may now."""
    limit, period = Rate.of(settings.LOGIN_RATE)
    with _locked(attempt, _Counted("tries", period, by_account=False)) as tries:
        if tries.count >= limit:
            return _seconds(tries.forget_at - attempt.now)
        if tries.count == 0:
            tries.forget_at = attempt.now + period
        tries.count += 1
    return 0


def _wait_after_failures(attempt: Attempt) -> int:
    """Seconds until the source may try this account again; 0 where it may now.

    Of several tries at the end of a pause one is let through: with it the next pause begins.
    """
    now, strangers = attempt.now, _strangers_failures(attempt)
    if not _pause(_count(attempt, OWN_FAILURES), strangers):
        return 0
    with _locked(attempt, OWN_FAILURES) as own:
        if own.not_before and now < own.not_before:
            return _seconds(own.not_before - now)
        has_waited = own.not_before is not None
        pause = _pause(own.count, strangers)
        own.not_before = now + pause
        own.forget_at = now + OWN_FAILURES.remembered
    return 0 if has_waited else _seconds(pause)


@contextmanager
def _locked(attempt: Attempt, counted: _Counted) -> Iterator[SignInCount]:
    """The count, as new where it is past, held until the block ends, and then saved."""
    with transaction.atomic():
        row, _ = SignInCount.objects.select_for_update().get_or_create(
            key=counted.key(attempt), defaults={"forget_at": attempt.now}
        )
        if not counted.is_remembered(row, attempt.now):
            row.count, row.not_before, row.forget_at = 0, None, attempt.now
        yield row
        row.save()


def _strangers_failures(attempt: Attempt) -> int:
    """How many failures of strangers for the account hold this attempt up."""
    return 0 if attempt.is_known else _count(attempt, FAILURES_OF_STRANGERS)


def _count(attempt: Attempt, counted: _Counted) -> int:
    row = SignInCount.objects.filter(key=counted.key(attempt)).first()
    return row.count if row and counted.is_remembered(row, attempt.now) else 0


def _pause(own: int, strangers: int) -> timedelta:
    """How long a source waits that failed `own` times, while strangers failed so often."""
    doublings = (strangers - FREE_FAILURES_OF_STRANGERS) // _FAILURES_A_DOUBLING
    return max(
        _doubled(own - FREE_FAILURES, LONGEST_PAUSE),
        _doubled(doublings, LONGEST_PAUSE_OF_STRANGERS),
    )


def _doubled(times: int, longest: timedelta) -> timedelta:
    """A second, doubled so many times; nothing for fewer than none."""
    enough = longest.seconds.bit_length()
    return min(timedelta(seconds=2 ** min(times, enough)), longest) if times >= 0 else timedelta()


def _seconds(wait: timedelta) -> int:
    return math.ceil(wait.total_seconds())
