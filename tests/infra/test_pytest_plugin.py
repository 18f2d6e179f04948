import pytest

from infra.local.pytest_plugin import redis_url_of


@pytest.mark.unit
@pytest.mark.parametrize(
    ("worker", "url", "expected"),
    [
        ("gw0", "redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/1"),
        ("gw1", "redis://127.0.0.1:6379", "redis://127.0.0.1:6379/2"),
        ("gw3", "redis://:secret@host:6379/7", "redis://:secret@host:6379/11"),
    ],
)
def test_redis_url_of_worker_counts_from_the_runs_own(worker: str, url: str, expected: str) -> None:
    assert redis_url_of(worker, url) == expected
