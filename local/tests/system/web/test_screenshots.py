"""The pictures of the README, made anew with UPDATE_EXPECT=1."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

FOLDER = Path(__file__).parents[3] / "portal" / "web" / "screenshots"
LARGEST = 200_000

pytestmark = pytest.mark.skipif("UPDATE_EXPECT" not in os.environ, reason="the pictures stay as they are")


@pytest.fixture
def picture():
    def take(visitor, name, whole=False):
        visitor.page.wait_for_load_state("networkidle")
        FOLDER.mkdir(exist_ok=True)
        file = FOLDER / f"{name}.png"
        visitor.page.screenshot(path=file, full_page=whole, animations="disabled", caret="hide")
        assert file.stat().st_size < LARGEST, name
    return take


def test_pictures(visit, shop, picture):
    """A day at the market: some customers buy, many customers race, the day is counted, and a customer looks around."""
    products = shop.call("GET", "/v1/products?limit=60")["data"]
    for at, name in enumerate(["minjun", "seoyeon", "haeun", "jiho", "yuna"]):
        shop.deposit(name, 900_000)
        for step in range(at + 1):
            line = {"product_id": products[7 * step + 4]["product_id"], "quantity": 1 + (at + step) % 3}
            shop.call("POST", "/v1/orders", {"lines": [line]}, shop.token(name))

    admin = visit().open("flash").sign_in_as_admin()
    admin.page.get_by_label("Opens in (seconds)").fill("1")
    admin.page.get_by_role("button", name="Put it on sale").click()
    expect(admin.page.locator(".countdown")).to_have_text("Open")
    admin.page.get_by_role("button", name="I want one").first.click()
    expect(admin.page.locator(".window").first.get_by_role("status")).to_be_visible()
    admin.page.get_by_role("button", name="Send 300 customers").click()
    expect(admin.page.locator("[data-held]")).to_be_visible()
    picture(admin, "flash-sale", whole=True)

    admin.go("operations")
    expect(admin.page.locator('[data-queue="order-events"] strong')).to_have_text("0")
    admin.page.get_by_role("button", name="Aggregate and reconcile today").click()
    expect(admin.page.locator(".best")).to_be_visible()
    admin.page.evaluate("scrollTo(0, 0)")
    picture(admin, "operations")

    shop.deposit("alice", 120_000)
    customer = visit(locale="ko-KR", height=1000).open().sign_in("alice")
    expect(customer.page.locator(".popular li").first).to_be_visible()
    picture(customer, "market")

    shop.deposit("bob", 20_000)
    phone = visit(locale="ko-KR", width=390, height=844, color_scheme="dark").open().sign_in("bob")
    phone.put_in_basket(products[11]).go("basket")
    top_up = phone.page.locator(".pay a")
    expect(top_up).to_be_visible()
    top_up.focus()
    picture(phone, "phone")
