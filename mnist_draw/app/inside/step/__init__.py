"""The section *One step*: how does it learn?"""
