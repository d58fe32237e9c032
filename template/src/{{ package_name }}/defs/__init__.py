"""Component instances (one folder with a ``defs.yaml`` each) and Python definitions that ``dg scaffold`` adds."""
