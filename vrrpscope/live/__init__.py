"""What only a running capture needs: the watch, its screen, its lines, its recorder, and whom it tells.

    capture/live ─► Watch ─► Session ─► Listeners: screen or lines, recorder, metrics, notify

One thread reads, analyses and tells; a listener that could take time (a command, a web server) has a bounded queue and
a thread of its own.
"""
