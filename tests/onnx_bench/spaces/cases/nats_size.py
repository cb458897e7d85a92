"""What the tests of all spaces need to know of nats_size."""

SIZE: int | None = 32_768

BAD = ["", "8:8:8:8", "8:8:8:8:9", "8:8:8:8:8:8", "8:8:8:8:72", "-8:8:8:8:8"]

ODD: list[str] = ["8:8:8:8:8", "8:16:24:32:40", "64:8:8:8:64"]
