"""Words in trouble: a read that failed, a network that is gone, coupons that are gone."""

import pytest
from playwright.sync_api import expect


def test_a_failed_read_offers_to_try_again(visit):
    visitor = visit()
    visitor.page.route("**/v1/products?**", lambda route: route.fulfill(status=400, json={"message": "no"}))
    visitor.open()
    problem = visitor.problem("unknown")
    expect(problem).to_contain_text("This could not be loaded.")
    expect(problem).not_to_contain_text("never done twice")
    visitor.page.unroute("**/v1/products?**")
    problem.get_by_role("button", name="Try again").click()
    expect(visitor.page.locator(".card:not(.skeleton)").first).to_be_visible()


def test_a_reply_of_another_network_is_no_answer(visit):
    visitor = visit()
    asked = []

    def answer_with_a_page(route):
        asked.append(route)
        route.fulfill(content_type="text/html", body="<title>Wi-Fi</title>")

    visitor.page.route("**/v1/coupons?**", answer_with_a_page)
    visitor.open("coupons")
    expect(visitor.problem("unanswered")).to_contain_text("This could not be loaded.")
    assert len(asked) == 3
    visitor.page.unroute("**/v1/coupons?**")
    visitor.page.get_by_role("button", name="Try again").click()
    expect(visitor.page.locator(".coupon").first).to_be_visible()


@pytest.mark.parametrize("module_is_there", [True, False])
def test_being_offline_is_recognised_and_recovers(visit, module_is_there):
    visitor, module = visit(), "**/app/views/coupons.js"
    if not module_is_there:
        visitor.page.route(module, lambda route: route.abort("internetdisconnected"))
    visitor.open()
    expect(visitor.page.locator(".card:not(.skeleton)").first).to_be_visible()
    visitor.context.set_offline(True)
    expect(visitor.page.locator("[data-offline]")).to_be_visible()
    visitor.go("coupons")
    expect(visitor.problem("offline")).to_contain_text("You are offline.")
    visitor.page.unroute(module)
    visitor.context.set_offline(False)
    expect(visitor.page.locator("[data-offline]")).to_have_count(0)
    expect(visitor.page.locator(".coupon").first).to_be_visible()
    expect(visitor.problem("offline")).to_have_count(0)
    # The page's own module may not have been loaded yet when the network went away.
    visitor.forgive("ERR_INTERNET_DISCONNECTED|Failed to fetch dynamically imported module")


def test_a_problem_changes_its_language_with_the_page(visit, shop):
    visitor = visit().open().sign_in()
    visitor.show_balance(5_000)
    visitor.put_in_basket(shop.product()).go("basket").order_button.click()
    expect(visitor.problem("insufficient-balance")).to_contain_text("The balance does not cover the price.")
    visitor.page.get_by_role("button", name="한국어").click()
    expect(visitor.problem("insufficient-balance")).to_contain_text("잔액이 부족합니다.")


def test_coupons_that_are_gone_are_last(visit, shop):
    gone = shop.campaign({"type": "PERCENT", "percent": 5}, total=1)
    shop.call("POST", f"/v1/coupons/{gone['coupon_id']}/issues", token=shop.token("first-comer"))
    page = visit().open("coupons").page
    card = page.locator(".coupon", has_text=gone["name"])
    expect(card).to_have_attribute("data-status", "SOLD_OUT")
    expect(card.get_by_role("button")).to_have_count(0)
    states = page.locator(".coupon").evaluate_all("(cards) => cards.map((card) => card.dataset.status)")
    assert states == sorted(states, key=lambda status: status == "SOLD_OUT") and "OPEN" in states


def test_a_long_list_stays_long_after_an_order_is_cancelled(visit, shop):
    visitor = visit().open().sign_in()
    shop.deposit(visitor.name, 12_000)
    line = {"product_id": shop.product(price=1_000)["product_id"], "quantity": 1}
    for _ in range(12):
        shop.call("POST", "/v1/orders", {"lines": [line]}, shop.token(visitor.name))
    visitor.go("orders")
    page = visitor.page
    expect(page.locator(".order")).to_have_count(10)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".order")).to_have_count(12)
    page.locator(".order").last.get_by_role("link").first.click()
    page.get_by_role("button", name="Cancel order").click()
    page.get_by_role("button", name="Yes, cancel it").click()
    expect(page.locator(".order .tag")).to_have_text("Cancelled")
    page.go_back()
    expect(page.locator(".order")).to_have_count(12)
    expect(page.locator(".order").last.locator(".tag")).to_have_text("Cancelled")


def ask_for(visit, campaign):
    """A customer on the page of coupons, the card of the campaign, and the requests for coupons that the page sends."""
    visitor = visit().open("coupons").sign_in()
    asked = []
    visitor.page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/issues") else None)
    return visitor, visitor.page.locator(".coupon", has_text=campaign["name"]).first, asked


def test_customer_who_comes_too_late_is_told_and_sends_nothing(visit, shop):
    campaign = shop.campaign({"type": "PERCENT", "percent": 5}, total=1)
    visitor, card, asked = ask_for(visit, campaign)
    expect(card.get_by_role("button")).to_be_visible()
    shop.call("POST", f"/v1/coupons/{campaign['coupon_id']}/issues", token=shop.token("first-comer"))
    card.get_by_role("button").click()
    expect(card.locator('[data-problem="coupon-sold-out"]')).to_be_visible()
    assert asked == []


def test_coupon_whose_answer_was_lost_is_asked_for_again(visit, shop):
    campaign = shop.campaign({"type": "PERCENT", "percent": 5}, total=1)
    visitor, card, asked = ask_for(visit, campaign)

    def lose_the_first_answer(route):
        if len(asked) == 1:
            route.fetch()
            route.abort()
        elif len(asked) == 2:
            # The gateway says nothing about the first request.
            route.fulfill(status=429, body="{}")
        else:
            route.continue_()

    visitor.page.route("**/issues", lose_the_first_answer)
    card.get_by_role("button").click()
    expect(card.locator(".tag")).to_have_text("Collected")
    assert len(asked) == 3
    visitor.forgive("ERR_FAILED|429")


def test_order_that_was_turned_away_is_not_sent_again_when_nothing_is_left(visit, shop):
    product = shop.product(price=1_000, stock=1)
    visitor = visit().open().sign_in()
    shop.deposit(visitor.name, 5_000)
    visitor.put_in_basket(product).go("basket")
    sent = []

    def turn_away(route):
        sent.append(route.request.headers["idempotency-key"])
        shop.deposit("first-comer", 1_000)
        line = {"product_id": product["product_id"], "quantity": 1}
        shop.call("POST", "/v1/orders", {"lines": [line]}, shop.token("first-comer"))
        route.fulfill(status=429, json={"message": "Too Many Requests"})

    visitor.page.route("**/v1/orders", lambda route: turn_away(route) if route.request.method == "POST" else route.continue_())
    visitor.order_button.click()
    expect(visitor.problem("insufficient-stock")).to_be_visible()
    assert len(sent) == 1 and shop.orders(visitor.name) == []
    visitor.forgive("429")
