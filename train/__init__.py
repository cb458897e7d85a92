"""Recipes that make the shipped weights, and the published evaluation protocols with their result tables."""
