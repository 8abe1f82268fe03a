"""The template as CloudFormation deploys it: SAM's transform done, parameters and conditions resolved.

A rule can then look at what will be there, and not at what an `!If` might choose. What only the account knows (ARNs,
identifiers of resources) stays an intrinsic function.
"""

import json
import logging
import os
import re
import sys

from cfnlint.decode import cfn_yaml
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "ap-northeast-2",
    "AWS::StackName": "shop",
    "AWS::URLSuffix": "amazonaws.com",
}
NOTHING = object()
# It complains that nobody asked for its metrics, or for features that are switched on for some.
logging.getLogger("samtranslator.metrics.metrics").setLevel(logging.ERROR)
logging.getLogger("samtranslator.feature_toggle.feature_toggle").setLevel(logging.ERROR)


def deployed(path, parameters):
    """The resources of the template at `path`, given these parameters over the defaults."""
    template = json.loads(json.dumps(cfn_yaml.load(path)))
    declared = template.get("Parameters", {})
    unknown = parameters.keys() - declared.keys()
    if unknown:
        sys.exit(f"{path} has no parameters {sorted(unknown)}")
    values = {name: parameters.get(name, parameter.get("Default")) for name, parameter in declared.items()}
    for name, parameter in declared.items():
        if parameter["Type"] == "CommaDelimitedList":
            values[name] = values[name].split(",")
    return Resolution(values, transformed(template)).resources()


def transformed(template):
    """What `AWS::Serverless-2016-10-31` makes of it; a package stands in for the code."""
    if "Transform" not in template:
        return template
    os.environ.setdefault("AWS_DEFAULT_REGION", PSEUDO["AWS::Region"])
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/package"
    return Translator({}, Parser()).translate(template, {})


class Resolution:
    def __init__(self, values, template):
        self.template = template
        self.known = PSEUDO | values

    def resources(self):
        kept = {}
        for name, resource in self.template["Resources"].items():
            if self.holds(resource.pop("Condition", None)):
                kept[name] = self.resolve(resource)
        return {"Resources": kept}

    def holds(self, condition):
        """A condition's name, or one of its functions."""
        if condition is None:
            return True
        if isinstance(condition, str):
            return self.holds(self.template["Conditions"][condition])
        ((function, value),) = condition.items()
        match function:
            case "Condition":
                return self.holds(value)
            case "Fn::Not":
                return not self.holds(value[0])
            case "Fn::And":
                return all(map(self.holds, value))
            case "Fn::Or":
                return any(map(self.holds, value))
            case "Fn::Equals":
                left, right = (str(self.resolve(side)) for side in value)
                return left == right
        sys.exit(f"the condition {condition} is not understood")

    def resolve(self, node):
        if isinstance(node, list):
            return [item for item in map(self.resolve, node) if item is not NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((function, value),) = node.items()
            match function:
                case "Fn::If":
                    return self.resolve(value[1] if self.holds(value[0]) else value[2])
                case "Ref" if value == "AWS::NoValue":
                    return NOTHING
                case "Ref" if value in self.known:
                    return self.known[value]
                case "Fn::Sub":
                    return self.substitute(value)
        entries = ((key, self.resolve(value)) for key, value in node.items())
        return {key: value for key, value in entries if value is not NOTHING}

    def substitute(self, value):
        text, own = value if isinstance(value, list) else (value, {})
        known = self.known | {name: self.resolve(given) for name, given in own.items()}
        filled = re.sub(r"\$\{([\w:.]+)\}", lambda name: self.filling(known.get(name[1]), name), text)
        return {"Fn::Sub": filled} if "${" in filled else filled

    @staticmethod
    def filling(given, name):
        if isinstance(given, dict) and "Ref" in given:
            return "${" + given["Ref"] + "}"
        return name[0] if given is None else str(given)
