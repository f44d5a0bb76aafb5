"""Ink from picture files: drawings, scans and photographs."""
