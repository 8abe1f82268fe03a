"""Someone with a browser. What it complains about is collected: errors, and everything that a policy forbade."""

import gzip
import re
import uuid
from pathlib import Path

from playwright.sync_api import expect

# axe-core 4.14.1, from its npm package.
AXE = gzip.decompress((Path(__file__).parent / "axe-core" / "axe.min.js.gz").read_bytes()).decode()
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)

# Chromium reports every rejection of the API as an error of the console. Rejections are what some tests are about.
REJECTION = re.compile(r"Failed to load resource: the server responded with a status of 4(09|22|00)")


class Visitor:
    def __init__(self, browser, shop, locale="en-US", width=1100, height=900, **options):
        self.shop = shop
        self.name = f"visitor-{uuid.uuid4().hex[:12]}"
        self.complaints = []
        self.context = browser.new_context(locale=locale, viewport={"width": width, "height": height}, **options)
        self.context.set_default_timeout(PATIENCE_MS)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("console", self._hear)

    def _hear(self, message):
        if message.type in ("error", "warning") and not REJECTION.match(message.text):
            self.complaints.append(f"{message.type}: {message.text}")

    def leave(self):
        self.context.close()

    def forgive(self, pattern):
        """Takes back the complaints that the test itself provoked. There must have been some."""
        kept = [complaint for complaint in self.complaints if not re.search(pattern, complaint)]
        assert len(kept) < len(self.complaints), f"nothing like {pattern}"
        self.complaints = kept

    def open(self, page=""):
        """Opens a page, and waits until all of it is there: the front page's content is there before what is around it."""
        self.page.goto(f"{self.shop.url}/#/{page}")
        expect(self.page.locator("h1")).to_be_visible()
        expect(self.page.locator("footer")).to_be_visible()
        return self

    def sign_in(self, name=None):
        """Signs in by the issuer's page, and is back where she was."""
        self.name = name or self.name
        self.page.locator("header .who").click()
        self.page.locator("input[name=name]").fill(self.name)
        self.page.locator("form.row button").click()
        expect(self.page.locator(".who .name")).to_have_text(self.name)
        return self

    def sign_in_as_admin(self):
        self.page.locator("main .button.primary").click()
        self.page.locator("button.account", has_text="admin").click()
        expect(self.page.locator(".who .name")).to_have_text("admin")
        return self

    def go(self, page):
        """By the navigation."""
        self.page.locator(f'nav a[href="#/{page}"]').click()
        expect(self.page.locator(f'nav a[href="#/{page}"]')).to_have_attribute("aria-current", "page")
        return self

    def see_product(self, product):
        self.page.evaluate("(id) => { location.hash = `#/product/${id}` }", product["product_id"])
        expect(self.page.locator("h1")).to_have_text(product["name"])
        return self

    def put_in_basket(self, product, units=1):
        self.see_product(product)
        for _ in range(units):
            self.page.locator(".product .button.primary").click()
        return self

    @property
    def order_button(self):
        return self.page.locator(".pay button.primary")

    def another_tab(self, page=""):
        """A second tab of the same browser, where nobody has signed in yet."""
        tab = Visitor.__new__(Visitor)
        tab.__dict__.update(self.__dict__)
        tab.page = self.context.new_page()
        tab.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        tab.page.on("console", self._hear)
        return tab.open(page)

    def show_balance(self, amount):
        """From now on the page is told this balance, whatever it is: as if another device had paid meanwhile."""
        balance = {"balance": {"amount": amount, "currency": "KRW"}}
        self.page.route("**/v1/me/balance", lambda route: route.fulfill(json=balance))

    def problem(self, code):
        return self.page.locator(f'main [role=alert][data-problem="{code}"]')

    def look_for_barriers(self, where):
        """axe-core on the page as it is, once its colors have changed: a button that was disabled a moment ago is half gray."""
        self.page.evaluate(AXE)
        self.page.evaluate("Promise.allSettled(document.getAnimations().map((animation) => animation.finished))")
        # The one rule of WCAG 2.2 AA that has to be asked for.
        rules = "{ 'target-size': { enabled: true } }"
        found = self.page.evaluate(f"axe.run(document, {{ resultTypes: ['violations'], rules: {rules} }})")
        violations = found["violations"]
        barriers = [(violation["id"], [node["html"][:160] for node in violation["nodes"]]) for violation in violations]
        assert barriers == [], f"{where}: {barriers}"
        assert len(found["passes"]) > 5, "it did look"
