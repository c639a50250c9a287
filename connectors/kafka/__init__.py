"""Everything about Kafka itself: its jars, the embedded broker, client settings, topics as a cluster has them, health.

What a message says or where it goes may not enter: this room reads the registry of topics and the envelope from
`contracts` and knows neither rules nor stages. Settings are arguments; the environment is read elsewhere.
"""
