"""Where doors differ today: "act / case" → (what differs, why). Each goes when it is mended."""

DRIFTS: dict[str, tuple[str, str]] = {}
