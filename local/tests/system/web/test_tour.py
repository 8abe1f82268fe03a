"""The tour of the README, by clicking."""

from playwright.sync_api import expect


def test_from_the_first_deposit_to_the_refund(visit, shop):
    visitor = visit().open("wallet").sign_in()
    page = visitor.page
    balance = page.locator("[data-balance]")
    expect(balance).to_have_text("₩0")

    page.get_by_label("Amount in won").fill("50,000")
    page.get_by_role("button", name="Top up").click()
    expect(balance).to_have_text("₩50,000")
    expect(page.get_by_role("status").filter(has_text="₩50,000 added")).to_be_visible()

    visitor.go("coupons")
    page.get_by_role("button", name="Collect the coupon First order: ₩3,000 off").click()
    expect(page.get_by_role("status").filter(has_text="Collected.")).to_be_visible()

    product = shop.product(price=18_900, stock=179)
    visitor.put_in_basket(product, units=2).go("basket")
    page.get_by_label("Coupon").select_option(index=1)
    expect(visitor.order_button).to_have_text("Pay ₩34,800")
    visitor.order_button.click()
    expect(page.get_by_role("status").filter(has_text="Thank you!")).to_be_visible()
    order = page.locator(".order")
    expect(order).to_have_count(1)
    expect(order).to_contain_text("₩34,800")
    expect(order).to_contain_text(product["name"])
    assert (shop.stock(product), shop.balance(visitor.name)) == (177, 15_200)

    # More than she can pay for: that is said before she pays, with the way to pay in what is missing.
    visitor.put_in_basket(product).go("basket")
    page.get_by_label("Quantity", exact=True).fill("9")
    page.get_by_label("Quantity", exact=True).press("Enter")
    expect(page.locator("[data-notice=balance]")).to_have_text("Your balance is ₩154,900 short of this order.")
    expect(page.locator(".pay").get_by_role("link")).to_have_text("Top up ₩154,900")
    assert shop.stock(product) == 177

    visitor.go("wallet")
    expect(page.locator(".ledger li")).to_have_count(2)
    expect(page.locator(".ledger li").first).to_contain_text("−₩34,800")

    page.locator(".ledger li").first.get_by_role("link").click()
    page.get_by_role("button", name="Cancel order").click()
    page.get_by_role("button", name="Yes, cancel it").click()
    expect(page.locator(".order .tag")).to_have_text("Cancelled")
    expect(page.locator(".who .balance")).to_contain_text("₩50,000")
    assert (shop.stock(product), shop.balance(visitor.name)) == (179, 50_000)
