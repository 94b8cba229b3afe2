class ValidationError(Exception):
    __module__ = "pydantic_core._pydantic_core"


lines = ["11 validation errors for Row"]
for number in range(11):
    lines += [f"field_{number}", "  Field required [type=missing, input_value={}, input_type=dict]"]
    lines += ["    For further information visit https://errors.pydantic.dev/2.5/v/missing"]
raise ValidationError("\n".join(lines))
