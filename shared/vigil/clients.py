"""Google's clients for data, without pandas: they load it where it is, and nobody asks for frames.

It would be a third of a second of every start. What comes later may load it as always.
"""

import sys

_absent = "pandas" not in sys.modules
if _absent:
    sys.modules["pandas"] = None  # type: ignore[assignment]
try:
    from google.cloud import bigquery, bigquery_storage, storage
    from google.cloud.bigquery import _pandas_helpers as arrow_helpers
finally:
    if _absent:
        del sys.modules["pandas"]

__all__ = ["arrow_helpers", "bigquery", "bigquery_storage", "storage"]
