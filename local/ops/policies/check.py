"""Holds templates against the rules: `check.py CFN_GUARD`. With `--print` it prints what is deployed, for other checkers.

Each rule must have something to say of `template.yaml` and find it in order, in every way in which it is deployed; and
each rule must find fault with `weak.yaml`, so that no rule is there that guards nothing.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from deployed import deployed

HERE = Path(__file__).parent
TEMPLATE = HERE / "../../../template.yaml"
KEY = "arn:aws:kms:ap-northeast-2:123456789012:key/00000000-0000-0000-0000-000000000000"
DEFAULTS = {}
MAIL = {
    "SesIdentityArn": "arn:aws:ses:ap-northeast-2:123456789012:identity/shop.example",
    "EmailSender": "Shop <no-reply@shop.example>",
}
# Everything that is off by default.
EVERYTHING = {
    "DataKeyArn": KEY,
    "ExecuteApiEndpoint": "disabled",
    "FlashSaleConcurrency": 50,
    "WorkerConcurrency": "5",
    "JwtIssuer": "https://issuer.example",
    "JwtAudience": "shop",
    "StaffAudience": "shop-staff",
    "AlarmEmail": "operator@shop.example",
}


def results(guard, rules, document):
    """The rules by what became of them: `compliant`, `not_compliant`, `not_applicable`."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as data:
        json.dump(document, data)
        data.flush()
        command = [guard, "validate", "--data", data.name, "--rules", *map(str, rules)]
        command += ["--structured", "--output-format", "json", "--show-summary", "none"]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
    # 0: all in order; 19: something is not. It also goes on without a file of rules that it cannot read.
    if ran.returncode not in (0, 19) or ran.stderr:
        sys.exit(f"cfn-guard ended with {ran.returncode}:\n{ran.stderr}")
    (report,) = json.loads(ran.stdout)
    return {
        "compliant": set(report["compliant"]),
        "not_compliant": {found["Rule"]["name"]: found["Rule"] for found in report["not_compliant"]},
        "not_applicable": set(report["not_applicable"]),
    }


def messages(checks):
    """What cfn-guard says of each place that it does not like."""
    if isinstance(checks, list):
        return [message for check in checks for message in messages(check)]
    if not isinstance(checks, dict):
        return []
    own = checks.get("error_message")
    return ([own] if own else []) + messages(list(checks.values()))


def main(guard):
    usual, own_key = sorted((HERE / "rules").glob("*.guard")), sorted((HERE / "own-key").glob("*.guard"))
    faults, heeded, names = [], set(), set()
    for label, rules, parameters in [
        ("by default", usual, DEFAULTS),
        ("with pools and mail", usual, MAIL),
        ("with everything", usual + own_key, EVERYTHING),
    ]:
        found = results(guard, rules, deployed(TEMPLATE, parameters))
        for name, rule in found["not_compliant"].items():
            faults.append(f"template.yaml, {label}: {name}\n  " + "\n  ".join(messages(rule["checks"])[:5]))
        heeded |= found["compliant"]
        names |= found["compliant"] | found["not_applicable"] | found["not_compliant"].keys()
    faults += [f"template.yaml: {name} finds nothing to look at" for name in sorted(names - heeded)]
    weak = results(guard, usual + own_key, deployed(HERE / "weak.yaml", {}))["not_compliant"].keys()
    faults += [f"weak.yaml: {name} finds no fault with it" for name in sorted(names - weak)]
    if faults:
        sys.exit("\n".join(faults))
    print(f"{len(names)} rules: template.yaml is in order, weak.yaml breaks each of them")


if __name__ == "__main__":
    if sys.argv[1:] == ["--print"]:
        json.dump(deployed(TEMPLATE, EVERYTHING), sys.stdout, indent=1)
    else:
        main(sys.argv[1])
