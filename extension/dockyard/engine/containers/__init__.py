"""Containers: what was asked for, what state each is in, and what is done to them."""
