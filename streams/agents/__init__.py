"""Faust's bindings: thin. What is decided of a record is a processor's; here stand agents, timers and sends."""
