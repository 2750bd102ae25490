"""What a test started, one part after the other, and ends together."""


class Parts:
    def __init__(self):
        self._parts = []

    def _own(self, part, verb):
        self._parts.append(getattr(part, verb))
        return part

    def stop(self):
        """Ends what runs, last started first; the first failure is raised after all have been ended."""
        problems = []
        while self._parts:
            try:
                self._parts.pop()()
            except Exception as problem:  # noqa: BLE001 -- all others must still be ended
                problems.append(problem)
        if problems:
            raise problems[0]
