"""Why a file is no variant, or an op keeps no contract."""

from agent.core.errors import UsageError
from agent.core.reason import Reason


class VariantRefused(UsageError):
    """The file is not a variant. The reason says where and what to change."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class WrongShape(UsageError):
    """The op ran, but what it returned is not what the contract says."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason
