"""Messages between arrival and acknowledgement, also of a connection that was lost."""

from ingest.mqtt.inbox import BATCH, MOST_UNSECURED, Delivery, Inbox
from ingest.mqtt.messages import Message


def delivered(mid: int, connection: int = 1, text: str = "1", at: int = 10) -> Delivery:
    return Delivery(Message("a", text.encode(), at), mid, connection)


def waiting(inbox: Inbox) -> list[Delivery]:
    inbox.hurry()
    return inbox.next_batch()


def test_what_is_stored_on_the_connection_it_came_by_is_acknowledged_once() -> None:
    inbox, delivery = Inbox(), delivered(7)
    assert inbox.add(delivery, again=False) is None
    inbox.take(waiting(inbox))
    assert inbox.settle(delivery, connection=1)
    assert not inbox.settle(delivery, connection=1)
    assert inbox.waiting == []


def test_what_comes_again_before_it_is_stored_is_stored_once_and_dated_when_it_first_came() -> None:
    inbox, first = Inbox(), delivered(7, at=10)
    inbox.add(first, again=False)
    assert inbox.add(delivered(7, connection=2, at=99), again=True) is None
    assert waiting(inbox) == [first]
    assert first.message.received_at == 10
    inbox.take([first])
    assert inbox.settle(first, connection=2)


def test_what_comes_again_after_it_was_stored_is_acknowledged_at_once() -> None:
    inbox, first = Inbox(), delivered(7)
    inbox.add(first, again=False)
    inbox.take(waiting(inbox))
    assert not inbox.settle(first, connection=2)
    assert inbox.add(delivered(7, connection=2), again=True) is first
    inbox.acknowledged(first)
    assert inbox.add(delivered(7, connection=2), again=False) is None


def test_another_message_of_the_same_number_is_another_message() -> None:
    inbox = Inbox()
    inbox.add(delivered(7, text="1"), again=False)
    inbox.add(delivered(7, connection=2, text="2"), again=True)
    inbox.add(delivered(7, connection=2, text="1"), again=False)
    assert [each.message.payload for each in waiting(inbox)] == [b"1", b"2", b"1"]


def test_numbers_of_a_session_that_is_gone_mean_nothing() -> None:
    inbox, old = Inbox(), delivered(7)
    inbox.add(old, again=False)
    inbox.forget_numbers()
    assert not inbox.settle(old, connection=2)


def test_a_batch_waits_for_more_but_not_for_long() -> None:
    inbox = Inbox()
    inbox.add(delivered(1), again=False)
    assert inbox.next_batch() == []
    for mid in range(2, BATCH + 3):
        inbox.add(delivered(mid), again=False)
    assert len(inbox.next_batch()) == BATCH


def test_messages_that_nobody_sends_again_do_not_fill_the_memory() -> None:
    inbox = Inbox()
    for _ in range(MOST_UNSECURED + 5):
        inbox.add(delivered(0), again=False)
    assert len(inbox.waiting) == MOST_UNSECURED
    assert inbox.is_full
    inbox.take(waiting(inbox))
    assert not inbox.is_full
