"""Dynamics models, a file each. `dynamics.model` of the configuration names one of them."""
