"""Runs the checks of every rendered project, cheaply: see ``README.md`` beside this file."""
