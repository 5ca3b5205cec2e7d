"""Google's clients for data, without pandas: it is a third of a second of every start."""

from vigil.absent import absent

with absent("pandas"):
    from google.cloud import bigquery, bigquery_storage, storage
    from google.cloud.bigquery import _pandas_helpers as arrow_helpers

__all__ = ["arrow_helpers", "bigquery", "bigquery_storage", "storage"]
