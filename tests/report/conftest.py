"""One browser for all pages."""

from collections.abc import Iterator

import pytest
from chromium import Browser, needed


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    needed()
    one = Browser()
    yield one
    one.driver.quit()
