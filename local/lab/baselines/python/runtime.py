"""Lambda's runtime, as little of it as there can be: one connection to the runtime API, one event after the other.

Leaner than the runtime client that AWS ships for Python, so that what is measured is the handler and the SDK.
"""

import http.client
import importlib
import json
import os

API = "/2018-06-01/runtime/invocation"


def main():
    handle = importlib.import_module(os.environ["_HANDLER"]).handle
    host, _, prefix = os.environ["AWS_LAMBDA_RUNTIME_API"].removeprefix("http://").partition("/")
    prefix = f"/{prefix}" if prefix else ""
    connection = http.client.HTTPConnection(host)
    while True:
        connection.request("GET", f"{prefix}{API}/next")
        response = connection.getresponse()
        request = response.headers["lambda-runtime-aws-request-id"]
        answer = json.dumps(handle(json.loads(response.read())))
        connection.request("POST", f"{prefix}{API}/{request}/response", answer)
        connection.getresponse().read()


main()
