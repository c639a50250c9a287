"""What an operator sees of a running process: metrics, health, logs.

The registry of metrics is `contracts.telemetry`; here they are kept and shown. What is counted, and when, is decided
where it happens; nothing here may read a report.
"""
