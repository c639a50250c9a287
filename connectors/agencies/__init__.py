"""What faces agencies' own systems: how a 单位 takes its assignments and tells the bus what it did.

Rules, stages and channels may not enter: an agency knows its topics, the words of `contracts` and a way to the brokers.
"""
