"""Check the machine and the models: `bunko doctor`, `models recommend`, `models check`."""
