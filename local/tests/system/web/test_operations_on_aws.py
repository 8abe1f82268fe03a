"""The operations page as it is deployed: staff have an issuer of their own, and there is no dev API."""


import pytest
from playwright.sync_api import expect

from test_import import choose, new_rows, products, report, start
from test_operations import act, await_fact, order_of


@pytest.fixture
def office(visit, shop):
    """A member of staff at the page, whose requests are kept."""
    visitor = visit(height=1400)
    config = shop.call("GET", "/config.json")
    # Customers could not sign in: what staff do needs nothing of it.
    deployed = {"api": "", "client_id": "storefront", "scopes": config["scopes"], "staff": config["staff"]}
    visitor.page.route("**/config.json", lambda route: route.fulfill(json=deployed))
    visitor.asked = []
    visitor.page.on("request", lambda request: visitor.asked.append(request))
    return visitor.open("operations").sign_in_as_admin()


def test_staff_work_without_a_dev_api_and_with_a_token_of_staff_only(office, shop):
    _, order = order_of(shop, "aws-office", quantity=3)
    found = await_fact(office.page, order)
    act(office.page, f"cancel-{order['order_id']}", "Cancel order", "damaged")
    expect(found).to_have_attribute("data-status", "CANCELLED")
    assert shop.balance("aws-office") == 3_000
    expect(office.page.locator("section[aria-labelledby=sales] .chart")).to_be_visible()
    expect(office.page.locator("section[aria-labelledby=pipeline]")).to_have_count(0)
    expect(office.page.locator("header .balance")).to_have_count(0)
    assert not [request.url for request in office.asked if "/_local/" in request.url]
    authorized = [request.url for request in office.asked if "authorization" in request.headers]
    assert authorized and all("/v1/admin/" in url for url in authorized)


def test_a_file_is_imported_without_a_dev_api(office, shop):
    choose(office.page, new_rows(office.name, 1))
    start(office.page)
    expect(report(office.page)).to_contain_text("Created 1, changed 0")
    assert products(shop, office.name, 1) == [f"{office.name} 00"]
    assert not [request.url for request in office.asked if "/_local/" in request.url]


def test_staff_are_guests_of_the_shop(office):
    office.page.goto(f"{office.shop.url}/#/orders")
    expect(office.page.locator("main .button.primary")).to_be_visible()
    expect(office.page.locator(".who .name")).to_have_text("admin")


def test_a_shop_without_an_issuer_of_staff_has_no_operations_page(visit, shop):
    visitor = visit()
    config = shop.call("GET", "/config.json")
    del config["local"], config["staff"]
    visitor.page.route("**/config.json", lambda route: route.fulfill(json=config))
    visitor.open("operations")
    expect(visitor.page.locator("h1")).not_to_have_text("Back office")
