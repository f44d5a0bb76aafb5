"""The section *Network*: how does it come to its answer?"""
