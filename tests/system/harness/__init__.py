"""Real servers for the system tests and the demonstration: each started privately, on ports that the system picks, and waited for.

chain.py is the place to start reading: it joins a sink, OpenDKIM, exota and Postfix into one working mail path.
"""
