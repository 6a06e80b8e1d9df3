"""The lab: real daemons in network namespaces, the stories that are told with them, and what really happened.

    story     what is told, as data: hosts, daemons, captures, steps, and what a report must find
    stories/  the stories themselves
    cell      the private namespaces in which one story runs, and the request that goes in and out of them
    hosts     a host as a container of its own; the bridges between them
    daemons   how each daemon is started, and what its log lines mean
    teller    runs the steps: starts, faults, waits, captures
    stalls    when the machine itself stood still
    truth     truth.json, from the daemons' own words, the kernel's and the clients'

It stands alone: nothing here reads a capture as `vrrpscope analyze` does, so that the two can be held against
each other. Linux and root only, and nothing outside the cell is touched.
"""
