"""Tables as Parquet: typed columns, UTC times to the nanosecond, read by pandas, Polars, DuckDB, Spark.

pyarrow is an extra of 170 MB and is asked for only here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from vrrpscope.errors import UsageError
from vrrpscope.report.adverts import STEADY

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as error:
    raise UsageError("Parquet needs pyarrow, which is not installed: pip install 'vrrpscope[parquet]'") from error

if TYPE_CHECKING:
    import pandas as pd

    from vrrpscope.report.adverts import Batch

_WORDS = pa.dictionary(pa.int32(), pa.string())
_LIST = pa.list_(pa.string())
_INTEGERS = {"vrid": pa.uint8(), "version": pa.uint8(), "priority": pa.uint8(), "ttl": pa.uint8(), "tos": pa.uint8()}
_TYPES = {
    "time": pa.timestamp("ns", tz="UTC"),
    "capture": _WORDS,
    "frame": pa.int64(),
    "interface": pa.uint16(),
    "destination": _WORDS,
    "ip_id": pa.int32(),
    "sequence": pa.int64(),
    **{name: _INTEGERS.get(name, _WORDS) for name in STEADY},
    "interval_s": pa.float64(),
    "virtual_addresses": _LIST,
    "flags": _LIST,
    "dont_fragment": pa.bool_(),
}
SCHEMA = pa.schema(list(_TYPES.items()))
"""The columns of adverts. `virtual_addresses` and `flags` are lists."""


class AdvertWriter:
    """Writes batches of adverts to a file as they come; use as a context."""

    def __init__(self, path: str) -> None:
        try:
            self._writer = pq.ParquetWriter(path, SCHEMA, compression="zstd")
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._writer.close()

    def write(self, batch: Batch) -> None:
        """Write a batch as a row group."""
        rows, count = batch.rows, len(batch.rows)
        if not count:
            return
        names, which = batch.destinations()
        zeros = pa.array([0] * count, pa.int32())
        ip_id, sequence = rows["ip_id"], rows["ah_seq"]
        columns = {
            "time": pa.array(rows["t"].copy(), pa.int64()).cast(_TYPES["time"]),
            "capture": pa.DictionaryArray.from_arrays(zeros, [batch.capture]),
            "frame": pa.array(rows["number"].copy()),
            "interface": pa.array(rows["interface"].copy()),
            "destination": pa.DictionaryArray.from_arrays(pa.array(which, pa.int32()), names),
            "ip_id": pa.array(ip_id.copy(), mask=ip_id < 0),
            "sequence": pa.array(sequence.copy(), mask=sequence < 0),
        }
        kind = pa.array(batch.kind, pa.int32())
        for place, name in enumerate(STEADY):
            values: list[object] = [steady.columns[place] for steady in batch.kinds]
            if _TYPES[name] == _LIST:
                values = [str(value).split() for value in values]
            known = pa.array([bool(v) for v in values] if name == "dont_fragment" else values)
            columns[name] = known.take(kind).cast(_TYPES[name])
        self._writer.write_table(pa.table(columns, SCHEMA))


def write_frame(frame: pd.DataFrame, path: str) -> None:
    """Write a DataFrame; times keep their zone and their nanoseconds."""
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, compression="zstd")
