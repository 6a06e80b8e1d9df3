#!/bin/bash
# keepalived runs it every 2 s: start nginx where it died, and give the address away where that does not help.
count=$(ps -C nginx --no-headers | wc -l)
if [ "$count" -eq 0 ]; then
    systemctl start nginx
    sleep 1
    count=$(ps -C nginx --no-headers | wc -l)
    if [ "$count" -eq 0 ]; then
        systemctl stop keepalived
    fi
fi
