"""Fitting the predictor to a user's own measurements."""
