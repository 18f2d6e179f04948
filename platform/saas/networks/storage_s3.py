"""The same rule as `storage.NetworkFileStorage`, for S3-compatible object stores."""

from storages.backends.s3 import S3Storage

from saas.networks.context import current_schema


class NetworkS3Storage(S3Storage):
    """Keys are `<schema>/...`; addresses are signed and short-lived."""

    querystring_auth = True

    @property
    def location(self) -> str:
        return current_schema()

    @location.setter
    def location(self, value: str) -> None:
        """The base class assigns its setting on construction; the schema of the moment wins."""
