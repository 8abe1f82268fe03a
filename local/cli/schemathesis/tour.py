"""A storefront's morning, written against the client that is generated from the OpenAPI document.

Whatever the client cannot express, or reads otherwise than the API says it, fails here. The README's tour says the same
with curl. Arguments: folder of the client, URL of the shop, token of a new customer.
"""

import sys

folder, url, token = sys.argv[1:]
sys.path.insert(0, folder)

from client import AuthenticatedClient, Client, models  # noqa: E402
from client.api.balance import deposit_balance, get_balance, list_balance_transactions  # noqa: E402
from client.api.catalogue import get_product, list_products  # noqa: E402
from client.api.coupons import get_coupon, issue_coupon, list_coupons, list_my_coupons  # noqa: E402
from client.api.orders import cancel_order, get_order, list_orders, place_order  # noqa: E402

shop = AuthenticatedClient(base_url=url, token=token)
visitor = Client(base_url=url)


def answer(response, status, kind):
    assert response.status_code == status, f"{response.status_code}: {response.content.decode()}"
    assert isinstance(response.parsed, kind), type(response.parsed)
    return response.parsed


def balance():
    return answer(get_balance.sync_detailed(client=shop), 200, models.Balance).balance.amount


def say(line):
    print(f"client: {line}")


assert balance() == 0
say("a new customer has nothing")

deposit = models.DepositRequest(amount=500_000, currency=models.DepositRequestCurrency.KRW)
entry = deposit_balance.sync_detailed(client=shop, body=deposit, idempotency_key="deposit-1")
assert answer(entry, 201, models.LedgerEntry).type_ == models.EntryType.DEPOSIT
assert balance() == 500_000
say("deposited 500,000 won")

page = answer(list_products.sync_detailed(client=visitor, limit=50), 200, models.ProductList)
cheap = next(product for product in page.data if product.stock >= 4 and 5_000 <= product.price.amount <= 100_000)
product = answer(get_product.sync_detailed(cheap.product_id, client=visitor), 200, models.Product)
assert product.status == models.ProductStatus.ACTIVE and product.name == cheap.name
say(f"listed {len(page.data)} products, chose {product.name}")

campaigns = answer(list_coupons.sync_detailed(client=visitor), 200, models.CampaignListingPage).data
campaign = next(campaign for campaign in campaigns if campaign.minimum_order.amount <= 2 * cheap.price.amount)
shown = answer(get_coupon.sync_detailed(campaign.coupon_id, client=visitor), 200, models.CampaignListing)
assert shown.name == campaign.name and shown.remaining <= campaign.total
coupon = answer(issue_coupon.sync_detailed(campaign.coupon_id, client=shop), 201, models.IssuedCoupon)
again = answer(issue_coupon.sync_detailed(campaign.coupon_id, client=shop), 409, models.CouponAlreadyIssuedProblem)
assert again.coupon.coupon_id == coupon.coupon_id
say(f"got the coupon {coupon.name}, once")

order = models.PlaceOrderRequest(
    lines=[models.PlaceOrderLine(product_id=cheap.product_id, quantity=2)], coupon_id=coupon.coupon_id
)
first = place_order.sync_detailed(client=shop, body=order, idempotency_key="order-1")
placed = answer(first, 201, models.Order)
assert placed.status == models.OrderStatus.PAID and placed.list_price.amount == 2 * cheap.price.amount
assert balance() == 500_000 - placed.paid_price.amount
say(f"ordered for {placed.paid_price.amount} won")

replay = place_order.sync_detailed(client=shop, body=order, idempotency_key="order-1")
assert replay.content == first.content and replay.headers["idempotent-replayed"] == "true"
say("the same order again is the same answer")

dear = models.PlaceOrderRequest(
    lines=[models.PlaceOrderLine(product_id=item.product_id, quantity=99) for item in page.data if item.price.amount > 9_000]
)
rejected = place_order.sync_detailed(client=shop, body=dear, idempotency_key="order-2")
assert rejected.status_code == 409 and rejected.parsed.code in ("insufficient-stock", "insufficient-balance")
say(f"an order too large: {rejected.parsed.code}")

cancelled = cancel_order.sync_detailed(placed.order_id, client=shop, idempotency_key="cancel-1")
assert answer(cancelled, 200, models.Order).status == models.OrderStatus.CANCELLED
assert balance() == 500_000
usable = answer(list_my_coupons.sync_detailed(client=shop, status=models.CouponStatus.USABLE), 200, models.IssuedCouponPage)
assert [held.coupon_id for held in usable.data] == [coupon.coupon_id]
say("cancelled it: money and coupon are back")

orders = answer(list_orders.sync_detailed(client=shop), 200, models.OrderPage)
assert [each.status for each in orders.data] == [models.OrderStatus.CANCELLED] and orders.next_cursor is None
assert answer(get_order.sync_detailed(placed.order_id, client=shop), 200, models.Order) == orders.data[0]
ledger = answer(list_balance_transactions.sync_detailed(client=shop), 200, models.LedgerEntryPage)
assert [each.type_.value for each in ledger.data] == ["REFUND", "PAYMENT", "DEPOSIT"]
say("one order in the list, three entries in the ledger")
