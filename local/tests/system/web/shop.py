"""The shop past the browser: what an administrator sets up, and what is true whatever a page shows."""

import json
import urllib.error
import urllib.parse
import urllib.request
import uuid


def won(amount):
    return {"amount": amount, "currency": "KRW"}


class Shop:
    def __init__(self, url, admin, dead_letters):
        self.url = url
        self.admin = admin
        self.dead_letters = dead_letters
        # Straight to this machine, whatever proxy the environment has.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, method, path, body=None, token=None):
        headers = {"content-type": "application/json", "idempotency-key": str(uuid.uuid4())}
        if token:
            headers["authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with self.opener.open(request, timeout=60) as answer:
            return json.load(answer)

    def headers(self, path):
        with self.opener.open(self.url + path, timeout=60) as answer:
            return answer.headers

    def status(self, method, path, token=None):
        try:
            self.call(method, path, None if method == "GET" else {}, token)
        except urllib.error.HTTPError as rejected:
            return rejected.code
        return 200

    def product(self, price=1_000, stock=100, **details):
        """A new product, with a name that nothing else has. A search finds it half a minute later."""
        body = {"name": f"시험 상품 {uuid.uuid4().hex[:8]}", "price": won(price), "stock": stock, **details}
        return self.call("POST", "/v1/admin/products", body, self.admin)

    def campaign(self, discount, total=100):
        """A new campaign that is open now, with a name that nothing else has."""
        body = {
            "name": f"시험 쿠폰 {uuid.uuid4().hex[:8]}", "discount": discount, "total": total, "valid_days": 30,
            "opens_at": "2020-01-01T00:00:00Z", "closes_at": "2039-12-31T15:00:00Z",
        }
        return self.call("POST", "/v1/admin/coupons", body, self.admin)

    def reprice(self, product, price):
        self.call("PATCH", f"/v1/admin/products/{product['product_id']}", {"price": won(price)}, self.admin)

    def stock(self, product):
        return self.call("GET", f"/v1/products/{product['product_id']}")["stock"]

    def token(self, name):
        return self.call("POST", "/_local/tokens", [name], self.admin)[0]

    def orders(self, name):
        return self.call("GET", "/v1/orders?limit=100", token=self.token(name))["data"]

    def balance(self, name):
        return self.call("GET", "/v1/me/balance", token=self.token(name))["balance"]["amount"]

    def deposit(self, name, amount):
        self.call("POST", "/v1/me/balance/deposits", won(amount), self.token(name))

    def dead_letter(self, customer, order):
        """The event of a paid order, as it would lie among the DLQ messages."""
        event = {
            "specversion": "1.0", "id": f"{order['order_id']}.paid", "source": "/sijang/orders", "type": "order.paid.v1",
            "subject": order["order_id"], "time": order["paid_at"], "datacontenttype": "application/json",
            "data": {"user_id": customer, **order},
        }
        cloud = "http://{0.netloc}/".format(urllib.parse.urlsplit(self.dead_letters))
        body = {"QueueUrl": self.dead_letters, "MessageBody": json.dumps(event)}
        headers = {
            "x-amz-target": "AmazonSQS.SendMessage", "content-type": "application/x-amz-json-1.0",
            "authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/ap-northeast-2/sqs/aws4_request, "
                             "SignedHeaders=host, Signature=0",
        }
        self.opener.open(urllib.request.Request(cloud, json.dumps(body).encode(), headers), timeout=60).close()
