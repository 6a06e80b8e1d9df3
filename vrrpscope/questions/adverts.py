"""The adverts of captures, read again batch by batch; memory does not grow with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vrrpscope.capture.files import open_source
from vrrpscope.wire.decoder import Decoder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from vrrpscope.capture.frames import CaptureInfo
    from vrrpscope.questions.again import Again
    from vrrpscope.wire.columns import Tables


class Part(NamedTuple):
    """Adverts of one capture."""

    capture: str
    rows: NDArray[np.void]  # dtype ADVERT, malformed ones too, times as the analysis has them


class Adverts:
    """The adverts of several captures, one capture after the other; ids mean the same in all.

    Args:
        captures: which; standard input can be read if nobody has read it before.
        done: called with what is known of each capture when it has been read.
    """

    def __init__(self, captures: Iterable[Again], done: Callable[[CaptureInfo], None] | None = None) -> None:
        self._captures, self._done, self._decoder = captures, done, Decoder()

    @property
    def tables(self) -> Tables:
        """What the ids in the rows stand for."""
        return self._decoder.tables

    def __iter__(self) -> Iterator[Part]:
        """Yield the adverts in batches, empty ones too.

        Raises:
            CaptureError: a capture cannot be read.
        """
        for capture in self._captures:
            with open_source(capture.spec.path, name=capture.name) as source:
                for frames in source:
                    rows = self._decoder.decode(frames).adverts
                    rows["t"] = capture.correct(rows["t"])
                    yield Part(capture.name, rows)
                if self._done is not None:
                    self._done(source.info)
