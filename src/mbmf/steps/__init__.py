"""Steps of the workflow: each reads files, calls the mathematics, and writes files.

One module a step, so that a step's code digest covers what it depends on and no more.
"""
