"""Settling: payment runs with their checks, papers and files, and a provider's money afterwards."""
