"""How a delivery can end other than well."""


class NotNeeded(Exception):
    """The message is of no use any more: its subject moved on, or there is nobody to tell."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class DeliveryFailed(Exception):
    """The provider refused or did not answer. `text` must hold nothing personal: staff and operators read it.

    `permanent`: no use trying again. `outcome_unknown`: it may have been accepted, and the answer was lost.
    """

    def __init__(
        self,
        code: str,
        text: str = "",
        *,
        permanent: bool = False,
        outcome_unknown: bool = False,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.text = text
        self.permanent = permanent
        self.outcome_unknown = outcome_unknown
        self.retry_after_seconds = retry_after_seconds
