# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# lib_servers.sh - Debian's nginx and haproxy for a test: configured, run and ended by it, in a
# namespace of its own. The machine's own services are not touched.

# lib.sh sets and uses the variables.
# shellcheck disable=SC2154

need_servers()
{
	local p

	for p in nginx haproxy curl openssl; do
		command -v "$p" > /dev/null || skip_all "$p is not installed"
	done
}

make_certificate()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
		-subj /CN=rstscope.test -keyout "$work/key.pem" -out "$work/cert.pem" 2> /dev/null
	cat "$work/cert.pem" "$work/key.pem" > "$work/both.pem"
}

# Answers on 8080 and, with TLS, on 8443; forgets idle connections after a second.
start_nginx()	# NS
{
	mkdir -p "$work/www"
	printf 'it works\n' > "$work/www/index.html"
	head -c 30000 /dev/zero > "$work/www/page"
	head -c 20000000 /dev/zero > "$work/www/big"
	cat > "$work/nginx.conf" <<-END
		daemon off;
		user root;
		worker_processes 2;
		pid $work/nginx.pid;
		error_log $work/nginx.log;
		events { worker_connections 512; }
		http {
			access_log off;
			keepalive_timeout 1s;
			keepalive_requests 100;
			client_body_temp_path $work/nginx.body;
			proxy_temp_path $work/nginx.proxy;
			fastcgi_temp_path $work/nginx.fastcgi;
			uwsgi_temp_path $work/nginx.uwsgi;
			scgi_temp_path $work/nginx.scgi;
			server {
				listen 8080;
				listen 8443 ssl;
				ssl_certificate $work/cert.pem;
				ssl_certificate_key $work/key.pem;
				root $work/www;
			}
		}
	END
	ip netns exec "$1" nginx -c "$work/nginx.conf" -p "$work" -e "$work/nginx.log" >> "$work/nginx.out" 2>&1 &
	nginx_pid=$!
	at_exit "end_server $nginx_pid"
}

# Balances 80 and, with TLS, 443 to nginx, in plain text and by TLS; with health checks that look at
# the connection, at TLS, and at the answer.
start_haproxy()	# NS SERVER
{
	cat > "$work/haproxy.cfg" <<-END
		global
			maxconn 1000
		defaults
			mode http
			timeout connect 10s
			timeout client 30s
			timeout server 30s
			timeout http-keep-alive 1s
		frontend plain
			bind :80
			default_backend plain
		frontend tls
			bind :443 ssl crt $work/both.pem
			default_backend tls
		backend plain
			option httpchk GET /
			server a $2:8080 check inter 500ms
			server b $2:8080 check inter 500ms
		backend tls
			server a $2:8443 ssl verify none check inter 500ms
		backend checked
			server tcp $2:8080 check inter 500ms
	END
	ip netns exec "$1" haproxy -W -db -f "$work/haproxy.cfg" >> "$work/haproxy.out" 2>&1 &
	haproxy_pid=$!
	at_exit "end_server $haproxy_pid"
}

# A master takes its workers along when it is asked to end.
end_server()	# PID
{
	kill -TERM "$1"
	wait_for 5 gone "$1" || kill -KILL "$1"
}

answers()	# NS URL
{
	[ "$(in_ns "$1" curl -sk --max-time 5 -o /dev/null -w '%{http_code}' "$2")" = 200 ]
}
