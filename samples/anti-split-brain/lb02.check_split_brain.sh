#!/bin/bash
# On the backup: the peer's nginx answers and the virtual address is here, so both hold it. This one gives it up.
vip=10.0.0.3
peer=10.0.0.5
while true; do
    if ip address show dev eth0 | grep -q "inet $vip/" && curl -s -o /dev/null -m 2 "http://$peer/"; then
        echo "split brain: $peer serves and $vip is here too"
        systemctl stop nginx
        systemctl stop keepalived
    fi
    sleep 6
done
