"""The report: one file of HTML a dataset, with everything in it, that opens without a network."""

from vigil.report.filled import classes, page
from vigil.report.shown import Classified, Shown

__all__ = ["Classified", "Shown", "classes", "page"]
