"""The report: one file of HTML a dataset, with everything in it, that opens without a network."""

from vigil.report.filled import page
from vigil.report.shown import Shown

__all__ = ["Shown", "page"]
