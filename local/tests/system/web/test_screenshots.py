"""The pictures of the storefront's README and the front page's, made anew with UPDATE_EXPECT=1 from a fresh shop."""

import base64
import os
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

FOLDER = Path(__file__).parents[3] / "portal" / "web" / "screenshots"
LARGEST = 90_000
ALL = 1_500_000

pytestmark = pytest.mark.skipif("UPDATE_EXPECT" not in os.environ, reason="the pictures stay as they are")


def take(visitor, name):
    """Stores what the visitor sees, as WebP: Chromium's own driver can write it."""
    page = visitor.page
    page.wait_for_load_state("networkidle")
    session = visitor.context.new_cdp_session(page)
    picture = session.send("Page.captureScreenshot", {"format": "webp", "quality": 80})
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / f"{name}.webp"
    file.write_bytes(base64.b64decode(picture["data"]))
    assert file.stat().st_size < LARGEST, name


@pytest.fixture(scope="module")
def counted_day(shop):
    """Some customers have bought, and the day is counted: there are popular products."""
    names = ["설향 딸기", "노지 감귤", "햅쌀", "삼겹살", "원두"]
    products = [shop.call("GET", f"/v1/products?q={quote(name)}&sort=price")["data"][0] for name in names]
    for at, name in enumerate(["minjun", "seoyeon", "haeun", "jiho", "yuna"]):
        shop.deposit(name, 900_000)
        for step in range(at + 1):
            line = {"product_id": products[step]["product_id"], "quantity": 1 + (at + step) % 3}
            shop.call("POST", "/v1/orders", {"lines": [line]}, shop.token(name))
    for _ in range(60):
        shop.call("POST", "/_local/daily-runs", token=shop.admin)
        if len(shop.call("GET", "/v1/products/popular")["data"]) == len(products):
            return
    raise AssertionError("not every product became popular")


def test_picture_of_the_market(visit, shop, counted_day):
    shop.deposit("alice", 120_000)
    customer = visit(locale="ko-KR", height=1000).open().sign_in("alice")
    expect(customer.page.locator(".popular li").nth(4)).to_be_visible()
    take(customer, "market")
    shop.deposit("haneul", 30_000)
    dark = visit(locale="ko-KR", width=390, height=844, color_scheme="dark").open().sign_in("haneul")
    expect(dark.page.locator(".popular li").nth(4)).to_be_visible()
    take(dark, "market-dark")


WAYS = {
    "phone": {"locale": "ko-KR", "width": 390, "height": 844},
    "desktop": {"locale": "en-US", "width": 1280, "height": 800},
}


@pytest.mark.parametrize("screen", WAYS)
def test_ten_pictures_of_a_purchase(visit, shop, counted_day, screen):
    """From the front page to the paid order. The customer has no money at first."""
    visitor = visit(reduced_motion="reduce", **WAYS[screen]).open()
    page = visitor.page
    words = {"phone": ("딸기", "seoyun"), "desktop": ("strawberries", "grace")}[screen]
    expect(page.locator(".popular li").nth(4)).to_be_visible()
    take(visitor, f"{screen}-01")
    page.locator("#search").fill(words[0])
    expect(page.locator("section[aria-busy=false] .card")).to_have_count(1)
    take(visitor, f"{screen}-02")
    page.locator(".card .chip").nth(1).click()
    page.locator(".card a").click()
    expect(page.locator(".related .card").nth(5)).to_be_visible()
    take(visitor, f"{screen}-03")
    page.locator(".product .button.primary").click()
    expect(page.locator(".toast a")).to_be_visible()
    take(visitor, f"{screen}-04")
    page.locator("header .who").click()
    page.locator("input[name=name]").fill(words[1])
    take(visitor, f"{screen}-05")
    page.locator("form.row button").click()
    visitor.go("coupons")
    page.locator(".coupon button").first.click()
    expect(page.locator(".coupon .note.good")).to_be_visible()
    take(visitor, f"{screen}-06")
    visitor.go("basket")
    page.locator("select[name=coupon]").select_option(index=1)
    expect(page.locator("[data-notice=balance]")).to_be_visible()
    take(visitor, f"{screen}-07")
    page.locator(".pay a").click()
    page.locator("form.deposit .button.primary").click()
    expect(page.locator("[data-for-order].good")).to_be_visible()
    expect(page.locator(".ledger li")).to_have_count(1)
    take(visitor, f"{screen}-08")
    page.locator("[data-for-order] a").click()
    expect(visitor.order_button).to_be_enabled()
    take(visitor, f"{screen}-09")
    visitor.order_button.click()
    expect(page.locator(".order")).to_be_visible()
    expect(page.locator(".who .balance")).to_have_text(re.compile(r"\b0"))
    take(visitor, f"{screen}-10")
    assert sum(file.stat().st_size for file in FOLDER.glob("*.webp")) < ALL
