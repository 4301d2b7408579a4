"""Machines and processes: what runs where, with which credentials."""
