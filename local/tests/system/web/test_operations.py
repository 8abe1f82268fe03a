"""The operations page: what it shows is what happened."""

import pytest
from playwright.sync_api import expect


def figure(page, stop):
    return page.locator(f'[data-stop="{stop}"] strong')


def test_an_order_is_followed_to_its_fact_and_counted_today(visit, shop):
    customer = "operations-customer"
    product = shop.product(price=1_000)
    shop.deposit(customer, 9_000)
    order = {"lines": [{"product_id": product["product_id"], "quantity": 9}]}
    visitor = visit(height=1400).open("operations").sign_in_as_admin()
    page = visitor.page
    expect(figure(page, "orders")).to_be_visible()
    before = int(figure(page, "orders").text_content().replace(",", ""))
    shop.call("POST", "/v1/orders", order, shop.token(customer))
    expect(figure(page, "orders")).to_have_text(f"{before + 1:,}")
    expect(page.locator('[data-stop="facts"]')).to_contain_text("every order is counted")
    expect(figure(page, "order-events-dlq")).to_have_text("0")

    page.get_by_role("button", name="Count today now").click()
    expect(page.get_by_role("status").filter(has_text="The nightly run has counted")).to_be_visible()
    today = page.get_by_role("row").filter(has_text=product["name"])
    expect(today).to_contain_text("₩9,000")

    # And what was counted is what the front page shows.
    visitor.go("")
    expect(page.locator(".popular li").first).to_be_visible()


def test_the_bill_grows_by_the_budget_of_what_is_done(visit, shop):
    page = visit(height=1400).open("operations").sign_in_as_admin().page
    expect(page.locator('[data-stop="facts"]')).to_contain_text("every order is counted")
    expect(figure(page, "facts")).to_have_text(figure(page, "events").text_content())

    def units(command):
        return page.locator(f'[data-command="{command}"] td').nth(1)

    def bill():
        rows = page.locator("[data-command]").all()
        return {row.get_attribute("data-command"): int(row.locator("td").nth(1).text_content().replace(",", "")) for row in rows}

    before = bill()
    customer = "cost-customer"
    product = shop.product(price=1_000)
    shop.deposit(customer, 1_000)
    expect(units("all")).to_have_text(f"{before['all'] + 7 + 6:,}")
    lines = {"lines": [{"product_id": product["product_id"], "quantity": 1}]}
    order = shop.call("POST", "/v1/orders", lines, shop.token(customer))
    expect(units("all")).to_have_text(f"{before['all'] + 7 + 6 + 10 + 1:,}")
    shop.call("POST", f"/v1/orders/{order['order_id']}/cancel", token=shop.token(customer))
    expect(units("all")).to_have_text(f"{before['all'] + 7 + 6 + 2 * (10 + 1):,}")

    after = bill()
    grown = {command: units - before.get(command, 0) for command, units in after.items() if units != before.get(command)}
    assert grown == {
        "create-product": 7, "deposit-balance": 6, "place-order": 10, "cancel-order": 10, "record-sales": 2, "all": 35,
    }
    assert sum(after.values()) == 2 * after["all"], "the total is the sum"
    dollars = float(page.locator('[data-command="all"] td').last.text_content().removeprefix("$"))
    assert dollars == pytest.approx(after["all"] * 0.625e-6, rel=0.001)
    expect(page.get_by_text("1,000 orders like those so far")).to_be_visible()


def test_every_rule_is_checked_live(visit, shop):
    visitor = visit(height=1400).open("operations").sign_in_as_admin()
    rules = visitor.page.locator("[data-rule]")
    expect(rules).to_have_count(5)
    for rule in rules.all():
        expect(rule).to_have_attribute("data-holds", "true")
    visitor.look_for_barriers("operations")
    visitor.page.set_viewport_size({"width": 320, "height": 640})
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_broken_rule_is_shown(visit, shop):
    visitor = visit(height=1400).open("operations")

    def spoil(route):
        seen = route.fetch().json()
        seen["rules"][0]["broken"] = ["somebody"]
        route.fulfill(json=seen)

    visitor.page.route("**/_local/operations", spoil)
    visitor.sign_in_as_admin()
    broken = visitor.page.locator('[data-holds="false"]')
    expect(broken).to_have_count(1)
    expect(broken).to_contain_text("somebody")


def test_dead_letters_go_back_to_their_queue_and_count_once(visit, shop):
    """The letter is the event of an order that was counted: brought back, it changes nothing."""
    customer = "redrive-customer"
    product = shop.product(price=1_000)
    shop.deposit(customer, 1_000)
    lines = {"lines": [{"product_id": product["product_id"], "quantity": 1}]}
    order = shop.call("POST", "/v1/orders", lines, shop.token(customer))
    visitor = visit(height=1400).open("operations").sign_in_as_admin()
    page = visitor.page
    bring_back = page.get_by_role("button", name="Bring the DLQ messages back")
    expect(page.locator('[data-stop="facts"]')).to_contain_text("every order is counted")
    expect(bring_back).to_be_disabled()
    counted = figure(page, "facts").text_content()

    shop.dead_letter(customer, order)
    expect(figure(page, "order-events-dlq")).to_have_text("1")
    bring_back.click()
    expect(page.get_by_role("status").filter(has_text="1 are back in the queue")).to_be_visible()
    expect(figure(page, "order-events-dlq")).to_have_text("0")
    expect(figure(page, "order-events")).to_have_text("0")
    expect(figure(page, "facts")).to_have_text(counted)
