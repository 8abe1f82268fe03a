"""The pictures of the README, made anew with SIJANG_SCREENSHOTS=write."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

FOLDER = Path(__file__).parents[2] / "web" / "screenshots"
LARGEST = 200_000

pytestmark = pytest.mark.skipif(os.environ.get("SIJANG_SCREENSHOTS") != "write", reason="the pictures stay as they are")


@pytest.fixture
def picture():
    def take(visitor, name):
        visitor.page.wait_for_load_state("networkidle")
        FOLDER.mkdir(exist_ok=True)
        file = FOLDER / f"{name}.png"
        visitor.page.screenshot(path=file, animations="disabled", caret="hide")
        assert file.stat().st_size < LARGEST, name
    return take


def test_pictures(visit, shop, picture):
    """A day at the market: some customers buy, the crowd comes, the day is counted, and a customer looks around."""
    products = shop.call("GET", "/v1/products?limit=60")["data"]
    for at, name in enumerate(["minjun", "seoyeon", "haeun", "jiho", "yuna"]):
        shop.deposit(name, 900_000)
        for step in range(at + 1):
            line = {"product_id": products[7 * step + 4]["product_id"], "quantity": 1 + (at + step) % 3}
            shop.call("POST", "/v1/orders", {"lines": [line]}, shop.token(name))

    admin = visit(width=1100, height=1330).open("flash").sign_in_as_admin()
    admin.page.get_by_label("Opens in (seconds)").fill("1")
    admin.page.get_by_role("button", name="Put it on sale").click()
    expect(admin.page.locator(".countdown")).to_have_text("Open")
    admin.page.get_by_role("button", name="I want one").first.click()
    expect(admin.page.locator(".window").first.get_by_role("status")).to_be_visible()
    admin.page.get_by_role("button", name="Send 300 customers").click()
    expect(admin.page.locator("[data-books]")).to_be_visible()
    picture(admin, "flash-sale")

    admin.go("operations")
    expect(admin.page.locator('[data-stop="facts"]')).to_contain_text("every order is counted")
    admin.page.get_by_role("button", name="Count today now").click()
    expect(admin.page.locator(".best")).to_be_visible()
    picture(admin, "operations")

    customer = visit(locale="ko-KR", width=1100, height=1000).open().sign_in("alice")
    shop.deposit("alice", 120_000)
    expect(customer.page.locator(".popular li").first).to_be_visible()
    picture(customer, "market")

    phone = visit(locale="ko-KR", width=390, height=844, color_scheme="dark").open().sign_in("bob")
    shop.deposit("bob", 20_000)
    for at in (11, 18):
        phone.put_in_basket(products[at])
    phone.go("basket")
    phone.order_button.click()
    expect(phone.problem("insufficient-balance")).to_be_visible()
    phone.problem("insufficient-balance").scroll_into_view_if_needed()
    picture(phone, "phone")
