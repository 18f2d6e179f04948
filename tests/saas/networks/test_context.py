"""Entering and leaving schemas: fail closed, per thread, per task."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from saas.networks.context import (
    NetworkRef,
    NoNetworkContext,
    NoSchemaEntered,
    current_network,
    current_schema,
    is_public,
    network_context,
    no_schema,
    public_context,
    schema_or_none,
)

pytestmark = pytest.mark.unit

ONE = NetworkRef(
    id=1, schema_name="t_1", slug="one", name="One", state="active", primary_host="one.localhost"
)
TWO = NetworkRef(
    id=2, schema_name="t_2", slug="two", name="Two", state="active", primary_host="two.localhost"
)


T = TypeVar("T")


def _in_thread(function: Callable[[], T]) -> T:
    result: list[T] = []
    thread = threading.Thread(target=lambda: result.append(function()))
    thread.start()
    thread.join()
    return result[0]


def test_nothing_is_entered_at_first() -> None:
    assert schema_or_none() is None
    with pytest.raises(NoSchemaEntered):
        current_schema()
    with pytest.raises(NoNetworkContext):
        current_network()


def test_contexts_nest_and_restore_even_after_an_error() -> None:
    with network_context(ONE):
        with pytest.raises(ZeroDivisionError), network_context(TWO):
            1 / 0  # noqa: B018 - any error
        assert current_network() == ONE
        with public_context():
            assert is_public()
            with pytest.raises(NoNetworkContext):
                current_network()
        with no_schema():
            assert schema_or_none() is None
        assert current_schema() == "t_1"
    assert schema_or_none() is None


def test_schema_name_alone_names_no_network() -> None:
    with network_context("t_1"):
        assert current_schema() == "t_1"
        with pytest.raises(NoNetworkContext):
            current_network()


def test_public_is_not_entered_as_a_network() -> None:
    with pytest.raises(ValueError, match="public_context"), network_context("public"):
        pass


def test_new_thread_starts_with_nothing() -> None:
    with network_context(ONE):
        assert _in_thread(schema_or_none) is None
        assert current_schema() == "t_1"


def test_threads_do_not_see_each_other() -> None:
    inside, leave = threading.Barrier(2), threading.Barrier(2)
    seen: dict[str, str | None] = {}

    def work(ref: NetworkRef) -> None:
        with network_context(ref):
            inside.wait()
            seen[ref.slug] = current_schema()
            leave.wait()
        seen[f"{ref.slug} after"] = schema_or_none()

    threads = [threading.Thread(target=work, args=(ref,)) for ref in (ONE, TWO)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {"one": "t_1", "two": "t_2", "one after": None, "two after": None}


def test_asyncio_tasks_keep_their_own() -> None:
    async def work(ref: NetworkRef) -> str:
        with network_context(ref):
            await asyncio.sleep(0)
            return current_schema()

    async def both() -> list[str]:
        return list(await asyncio.gather(work(ONE), work(TWO)))

    # In a thread of its own: the browser of other tests keeps a loop running in this one.
    with ThreadPoolExecutor(max_workers=1) as thread:
        assert thread.submit(lambda: asyncio.run(both())).result() == ["t_1", "t_2"]
