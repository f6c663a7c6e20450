"""Tests that kill the program and count."""
