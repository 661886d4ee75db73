"""Shared by several scripts. The scripts themselves say nothing that is written here."""
