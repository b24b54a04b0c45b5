"""How results go out: each file appears whole under a name that was free, or not at all."""
