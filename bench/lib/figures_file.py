"""The file that holds the figures of a run: JSON that is small and that a diff shows by runs."""

import json


def rounded(value):
    """Floats to six significant digits: more than any of them repeats."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, list):
        return [rounded(one) for one in value]
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return value


def text_of(figures):
    """One line for each member, and for each element of a list."""
    members = []
    for key, value in rounded(figures).items():
        if isinstance(value, list) and value:
            lines = ",\n".join(f"  {json.dumps(one)}" for one in value)
            members.append(f"{json.dumps(key)}: [\n{lines}\n]")
        else:
            members.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(members) + "\n}\n"


def write(file, figures):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text_of(figures))


def read(file):
    return json.loads(file.read_text())
