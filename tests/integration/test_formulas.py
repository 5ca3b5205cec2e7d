"""`vigil query --csv`: what leaves the warehouse for a spreadsheet."""

import subprocess
import sys
from pathlib import Path

from vigil.cloud import Cloud

VIGIL = str(Path(sys.executable).with_name("vigil"))


def vigil(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a person starts it."""
    return subprocess.run([VIGIL, *arguments], capture_output=True, text=True, check=False)


def test_row_45_a_formula_in_the_warehouse_reaches_no_spreadsheet(cloud: Cloud) -> None:
    """Names of columns, text and numbers, each as it should be."""
    sql = """SELECT '=HYPERLINK("http://evil.example/","x")' AS series, -5 AS n, CAST(NULL AS INT64)
    AS gone, DATE '2021-01-30' AS day"""
    said = vigil("query", sql, "--csv")
    assert said.returncode == 0, said.stderr
    header, row = said.stdout.splitlines()
    assert header == "series,n,gone,day"
    assert row == '"\'=HYPERLINK(""http://evil.example/"",""x"")",-5,,2021-01-30'


def test_a_query_answers_in_one_format() -> None:
    """Both at once is a mistake, said before any cloud is started."""
    said = vigil("query", "SELECT 1", "--csv", "--json")
    assert said.returncode == 1
    assert "expected one of --json and --csv; found both" in said.stderr
