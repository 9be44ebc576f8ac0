"""Figures: functions from tidy tables to matplotlib figures. They compute no results."""
