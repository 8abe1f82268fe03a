"""One browser for a file of tests; a new visitor, with a profile of her own, for each test."""

import os

import pytest
from playwright.sync_api import sync_playwright

from shop import Shop
from visitor import Visitor

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=os.environ["SIJANG_BROWSER"], args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def shop():
    return Shop(*(os.environ[name] for name in ("SIJANG_URL", "SIJANG_ADMIN_TOKEN", "SIJANG_DEAD_LETTERS")))


@pytest.fixture
def visit(browser, shop):
    """Lets visitors in. Whatever the browser complained about to any of them fails the test."""
    visitors = []

    def come(**options):
        visitors.append(Visitor(browser, shop, **options))
        return visitors[-1]

    yield come
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    for visitor in visitors:
        visitor.leave()
    assert complaints == []
