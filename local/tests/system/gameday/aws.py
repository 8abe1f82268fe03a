"""The AWS CLI, as much of it as the runbooks use: so that their commands run as they stand, against a local stack."""

import json
import sys

import botocore.exceptions
import botocore.session
import jmespath
from botocore import xform_name


def value(shape, words):
    """What the words behind an option mean, by the shape that the service expects."""
    kind, text = shape.type_name, " ".join(words)
    if kind == "list":
        return json.loads(text) if text.startswith("[") else [value(shape.member, [word]) for word in words]
    if kind in ("structure", "map"):
        if text.startswith("{"):
            return json.loads(text)
        pairs = (pair.split("=", 1) for pair in text.split(","))
        return {name: value(shape.members[name], [word]) for name, word in pairs}
    if kind in ("integer", "long"):
        return int(text)
    return text.encode() if kind == "blob" else text


def parameters(members, words):
    """Options and what stands behind them; the words that belong to none."""
    names = {xform_name(name, "-"): name for name in members}
    found, own, rest = {}, {"query": None, "output": "json", "cli-binary-format": None, "cli-read-timeout": None}, []
    while words:
        option = words.pop(0)
        if not option.startswith("--"):
            rest.append(option)
            continue
        option = option[2:]
        behind = []
        while words and not words[0].startswith("--"):
            behind.append(words.pop(0))
            if option in own or members.get(names.get(option, ""), None) is not None and members[names[option]].type_name != "list":
                break
        if option in own:
            own[option] = behind[0]
        elif option.startswith("no-") and option[3:] in names:
            found[names[option[3:]]] = False
            rest += behind
        elif members[names[option]].type_name == "boolean":
            found[names[option]] = True
            rest += behind
        else:
            found[names[option]] = value(members[names[option]], behind)
    return found, own, rest


def rows(answer):
    """The output format `text`: a row for each list of a list, fields between tabs."""
    if isinstance(answer, list):
        if any(isinstance(row, list) for row in answer):
            for row in answer:
                yield from rows(row)
        elif answer:
            yield "\t".join(str(field) for field in answer)
    else:
        yield str(answer)


def main():
    service, operation, *words = sys.argv[1:]
    client = botocore.session.get_session().create_client(service)
    method = operation.replace("-", "_")
    members = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method]).input_shape.members
    given, own, rest = parameters(members, words)
    answer = getattr(client, method)(**given)
    answer.pop("ResponseMetadata", None)
    if rest:
        with open(rest[0], "wb", buffering=0) as file:
            file.write(answer.pop("Payload").read() + b"\n")
    if own["query"]:
        answer = jmespath.search(own["query"], answer)
    if own["output"] == "text":
        print(*rows(answer), sep="\n")
    else:
        print(json.dumps(answer, default=str))


try:
    main()
except botocore.exceptions.ClientError as error:
    sys.exit(f"An error occurred: {error}")
