"""nginx in the stories: two load balancers before two web servers, and the scripts that watch over it.

    client ──► 10.0.0.3 = lb01 or lb02 ──► web1 172.16.1.7 or web2 172.16.1.8

An answer names the web server and, by its address on the back segment, the load balancer that asked it. The
scripts are written as administrators paste them: what they get wrong is part of the story.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.lab.stories.cast import CLIENT, VI, VIP, host, keepalived
from vrrpscope.lab.story import Step, Unit

if TYPE_CHECKING:
    from vrrpscope.lab.story import Host

# Every file that nginx writes lies below /run, all else being read-only.
_NGINX = """user www-data;
worker_processes 1;
pid /run/nginx.pid;
error_log stderr;

events {
    worker_connections 1024;
}

http {
    access_log off;
    server_tokens off;
    client_body_temp_path /run/lab/client_body;
    proxy_temp_path /run/lab/proxy;
    fastcgi_temp_path /run/lab/fastcgi;
    uwsgi_temp_path /run/lab/uwsgi;
    scgi_temp_path /run/lab/scgi;
"""

_PROXY = """
    upstream web_pools {
        server 172.16.1.7:80 weight=1 max_fails=1 fail_timeout=10s;
        server 172.16.1.8:80 weight=1 max_fails=1 fail_timeout=10s;
    }

    server {
        listen 80;
        server_name www.example.org;

        location / {
            proxy_pass http://web_pools;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_connect_timeout 1s;
        }
    }
}
"""

_WEB = """
    server {
        listen 80;
        server_name www.example.org;

        location / {
            default_type text/plain;
            return 200 "$hostname for $remote_addr\\n";
        }
    }
}
"""

CHECK_NGINX = """#!/bin/bash
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
"""

CHECK_SPLIT_BRAIN = f"""#!/bin/bash
# On the backup: the peer's nginx answers and the virtual address is here, so both hold it. This one gives it up.
vip={VIP}
peer=10.0.0.5
while true; do
    if ip address show dev eth0 | grep -q "inet $vip/" && curl -s -o /dev/null -m 2 "http://$peer/"; then
        echo "split brain: $peer serves and $vip is here too"
        systemctl stop nginx
        systemctl stop keepalived
    fi
    sleep 6
done
"""

SECURITY = ("script_user root", "enable_script_security")
RUN_SCRIPT = """
vrrp_script check_nginx {
    script "/run/lab/check_nginx.sh"
    interval 2
    timeout 5
}
"""
WEIGH_NGINX = """
vrrp_script check_nginx {
    script "/usr/bin/killall -0 nginx"
    interval 1
    weight -60
    fall 2
    rise 2
}
"""
TRACK = ("track_script {", "    check_nginx", "}")


def nginx(server: str) -> Unit:
    """An nginx with these blocks in its `http`."""
    return Unit("nginx", _NGINX + server)


def balancers(check: str = "", files: tuple[tuple[str, str], ...] = ()) -> tuple[Host, ...]:
    """lb01 (150) and lb02 (100) with keepalived and nginx, two web servers behind them, and a client.

    Args:
        check: the `vrrp_script` block that keepalived tracks, if any.
        files: executable files of both load balancers.
    """
    track, security = (TRACK, SECURITY) if check else ((), ())
    units = [
        (keepalived(VI(priority, more=track), global_defs=security, blocks=check), nginx(_PROXY))
        for priority in (150, 100)
    ]
    return (
        host("lb01", 5, *units[0], files=files, back=5),
        host("lb02", 6, *units[1], files=files, back=6),
        host("web1", 7, nginx(_WEB), back=7),
        host("web2", 8, nginx(_WEB), back=8),
        CLIENT,
    )


# Every nginx is up before a keepalived asks for it.
WEB_SERVES = tuple(Step("start", name, "nginx") for name in ("web1", "web2", "lb01", "lb02")) + tuple(
    Step("until", name, "[ -s /run/nginx.pid ]") for name in ("web1", "web2", "lb01", "lb02")
)
ASKS = Step(
    "background",
    "client",
    f'"$PYTHON" -m vrrpscope.lab.client http://{VIP}/ --every 0.1 --timeout 0.5',
    note=f"a client asks http://{VIP}/ ten times a second",
)
