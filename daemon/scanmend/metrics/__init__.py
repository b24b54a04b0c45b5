"""Metrics for Prometheus: counted from the daemon's log events, and looked up in its status when somebody asks.

1. ``events`` is the table of which log event counts what, and ``catalogue`` names every metric; both are data.
2. ``counting.Counting`` hears each event, before it is rendered, and adds to plain numbers; it never raises.
3. ``gauges`` turns the daemon's status and the ledger's numbers into metrics, at the time of a scrape; it is pure.
4. ``exposition`` puts both into Prometheus' text format, and alone imports prometheus_client, on the first scrape.
5. ``metrics.Metrics`` does 2 to 4 for a daemon; ``textfile`` writes the same to a file for node_exporter.

Labels are names of folders and models in the configuration, or words of this program: never files, ids or texts.
Others use ``Metrics.render``, ``exposition.CONTENT_TYPE``, ``Counting`` and ``Textfile``. May import: config, errors,
fs, ledger.
"""
