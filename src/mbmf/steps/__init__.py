"""Steps of the workflow: each reads files, calls the method, and writes files.

Each step is one module, so that its code digest covers only what it depends on.
"""
