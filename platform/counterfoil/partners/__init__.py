"""Partners' programs: their clients, secrets and tokens (AC-11)."""
