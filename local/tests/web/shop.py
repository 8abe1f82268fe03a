"""The shop past the browser: what an administrator sets up, and what is true whatever a page shows."""

import json
import urllib.error
import urllib.request
import uuid


def won(amount):
    return {"amount": amount, "currency": "KRW"}


class Shop:
    def __init__(self, url, admin):
        self.url = url
        self.admin = admin
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
        except urllib.error.HTTPError as refused:
            return refused.code
        return 200

    def product(self, price=1_000, stock=100):
        """A new product, with a name that nothing else has."""
        body = {"name": f"시험 상품 {uuid.uuid4().hex[:8]}", "price": won(price), "stock": stock}
        return self.call("POST", "/v1/admin/products", body, self.admin)

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
