"""Converts between cents and money as the server writes it: 1000.0, 100.5, 99.99."""


def text_of(minor):
    """The shortest decimal with at least one digit behind the point. `minor` is not below zero."""
    text = f"{minor // 100}.{minor % 100:02d}"
    return text[:-1] if text.endswith("0") else text


def minor_of(text):
    """The inverse of text_of."""
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int((part + "00")[:2])
