"""What need not be read with every sample: about once a second, and when something has changed."""

from __future__ import annotations

from collections.abc import Callable

from cpost.errors import MeasureError
from cpost.meter.counter_file import CounterFile, VanishedError

Facts = dict[str, int | None]
Take = Callable[[CounterFile, bytes], Facts]
"""Returns what a file says, each figure under a name; MeasureError where it is nonsense."""

_Sources = list[tuple[CounterFile, Take]]


class SeldomFacts:
    """Files and what takes their text; ``known`` keeps the last values of those that are gone.

    A file that the kernel refuses or that holds nonsense is left out from then on, and ``notes``
    say so: none of these is worth losing a run for.
    """

    def __init__(self, beside: SeldomFacts | None = None) -> None:
        """Tell what is known in the same place as ``beside``, if given."""
        self.known: Facts = {} if beside is None else beside.known
        self.notes: list[str] = [] if beside is None else beside.notes
        self._urgent: _Sources = []
        self._others: _Sources = []

    def add(self, file: CounterFile | None, take: Take, *, urgent: bool = False) -> None:
        """Read ``file`` from now on, if there is such a file here.

        ``urgent`` are those that ``read_urgent`` reads, too: they go with the container, and what
        they tell decides how its end is judged.
        """
        if file is not None:
            (self._urgent if urgent else self._others).append((file, take))

    def read(self) -> None:
        """Read all files now."""
        self.read_urgent()
        self._read(self._others)

    def read_urgent(self) -> None:
        """Read the urgent ones now."""
        self._read(self._urgent)

    def keep_highest(self, name: str, value: int | None) -> None:
        """Note the highest value seen of what has no high-water mark of its own."""
        if value is not None:
            self.known[name] = max(value, self.known.get(name) or 0)

    def _read(self, sources: _Sources) -> None:
        for source in tuple(sources):
            file, take = source
            try:
                self.known.update(take(file, file.read()))
            except VanishedError:  # with its container: what was known stays known
                sources.remove(source)
            except MeasureError as error:
                sources.remove(source)
                self.notes.append(f"left out: {error}")
