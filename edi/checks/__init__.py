"""Pure judgement: bytes or an element and a policy in, findings or verified values out."""
