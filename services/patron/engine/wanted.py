"""What a book has to be given before it can decide: it says so before anything has changed."""


class HoldingsWanted(Exception):
    """The lots and grants of this member have to be loaded before its next fact."""

    def __init__(self, member: str) -> None:
        super().__init__("holdings are not loaded")
        self.member = member


class HistoryWanted(Exception):
    """The accepted facts of this member have to be loaded: one came late."""

    def __init__(self, member: str) -> None:
        super().__init__("the history is not loaded")
        self.member = member
