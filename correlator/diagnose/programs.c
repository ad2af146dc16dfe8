// SPDX-License-Identifier: GPL-2.0-only
/*
 * programs.c - advice that fits the program: one row for each program and what it does.
 */
#include "diagnose/programs.h"

#define ENDED_EARLY "unread-data,data-after-close"

static const struct program_advice rows[] = {
	{
		.program = "nginx",
		.names = "nginx",
		.causes = "linger-zero",
		.advice = { .action =
				    "nginx resets connections that timed out, and those that it ends by "
				    "`return 444`, while `reset_timedout_connection` is on: raise the "
				    "timeout that expired (client_header_timeout, client_body_timeout, "
				    "send_timeout), or set `reset_timedout_connection off`",
			    .price =
				    "without it, a connection that timed out keeps its memory until "
				    "FIN_WAIT1 ends",
			    .undo = "restore the previous setting" },
		.source = "nginx, ngx_http_core_module: reset_timedout_connection",
	},
	{
		.program = "nginx",
		.names = "nginx",
		.causes = ENDED_EARLY,
		.advice = { .action =
				    "in nginx, keep `lingering_close on`, raise lingering_time and "
				    "lingering_timeout, and look in its error log for what ended the "
				    "request early (client_max_body_size, a timeout, a worker that "
				    "reached worker_shutdown_timeout); towards an upstream, the client "
				    "left first, or proxy_read_timeout expired",
			    .price = "connections stay open longer",
			    .undo = "restore the previous settings" },
		.source = "nginx, ngx_http_core_module: lingering_close; ngx_core_module: "
			  "worker_shutdown_timeout",
	},
	{
		.program = "nginx",
		.names = "nginx",
		.advice = { .action =
				    "in nginx, raise `keepalive_timeout` (75 s by default) above the idle "
				    "timeout of {rst.dst}, and `keepalive_requests`",
			    .price = "more idle connections stay open",
			    .undo = "restore the previous settings" },
		.source = "nginx, ngx_http_core_module: keepalive_timeout",
	},
	{
		.program = "HAProxy",
		.names = "haproxy",
		.causes = "linger-zero",
		.advice = { .action =
				    "HAProxy ends its TCP health checks by a reset on purpose, and "
				    "connections to servers that it gives up; all of a proxy with `option "
				    "nolinger`: remove that, and look for the termination state in its "
				    "log (sD and cD are timeouts, CD is a client that left)",
			    .price =
				    "without `option nolinger`, closed connections that still have data "
				    "to send stay longer",
			    .undo = "set it again" },
		.source =
			"HAProxy configuration manual: option nolinger, session state at disconnection",
	},
	{
		.program = "HAProxy",
		.names = "haproxy",
		.causes = ENDED_EARLY,
		.advice = { .action =
				    "look in HAProxy's log for the termination state of the session: CD is "
				    "a client that left, SD a server that did, cD and sD are `timeout "
				    "client` and `timeout server`; after a reload, `hard-stop-after` cuts "
				    "what is still open",
			    .price = "none",
			    .undo = "none needed" },
		.source =
			"HAProxy configuration manual: session state at disconnection, hard-stop-after",
	},
	{
		.program = "HAProxy",
		.names = "haproxy",
		.advice = { .action =
				    "in HAProxy, raise `timeout http-keep-alive` (or `timeout client`) above "
				    "the idle timeout of {rst.dst}",
			    .price = "more idle connections stay open",
			    .undo = "restore the previous settings" },
		.source = "HAProxy configuration manual: timeout http-keep-alive",
	},
	{
		.program = "Envoy",
		.names = "envoy",
		.causes = "linger-zero",
		.advice = { .action =
				    "Envoy passes a reset of one side on to the other: look in its access log "
				    "for the response flag (UC: the upstream ended it, DC: the client did)",
			    .price = "none",
			    .undo = "none needed" },
		.source = "Envoy, access logging: response flags",
	},
	{
		.program = "Envoy",
		.names = "envoy",
		.causes = ENDED_EARLY,
		.advice = { .action =
				    "in Envoy, raise `delayed_close_timeout` (1 s by default), and look in its "
				    "access log for the response flag (DPE, DC, UC) that says what ended "
				    "the request early",
			    .price = "connections stay open longer",
			    .undo = "restore the previous setting" },
		.source = "Envoy, HTTP connection manager: delayed_close_timeout",
	},
	{
		.program = "Envoy",
		.names = "envoy",
		.advice = { .action =
				    "in Envoy, raise `common_http_protocol_options.idle_timeout` of the "
				    "listener (1 h by default) above the idle timeout of {rst.dst}, and "
				    "check `max_connection_duration`",
			    .price = "more idle connections stay open",
			    .undo = "restore the previous settings" },
		.source = "Envoy, FAQ: How do I configure timeouts?",
	},
	{
		.program = "Apache httpd",
		.names = "apache2,httpd",
		.causes = ENDED_EARLY,
		.advice = { .action = "look in Apache's error log for what ended the request early "
				      "(LimitRequestBody, RequestReadTimeout, Timeout)",
			    .price = "none",
			    .undo = "none needed" },
		.source = "Apache HTTP Server, core and mod_reqtimeout",
	},
	{
		.program = "Apache httpd",
		.names = "apache2,httpd",
		.advice = { .action =
				    "in Apache, raise `KeepAliveTimeout` (5 s by default) above the idle "
				    "timeout of {rst.dst}, and `MaxKeepAliveRequests`",
			    .price =
				    "more idle connections stay open; with the prefork module each takes a "
				    "process",
			    .undo = "restore the previous settings" },
		.source = "Apache HTTP Server, core: KeepAliveTimeout",
	},
	{
		.program = "PostgreSQL",
		.names = "postgres",
		.causes = "unread-data,data-after-close,linger-zero",
		.advice = { .action =
				    "look in PostgreSQL's log for the FATAL line of that process: "
				    "idle_session_timeout, idle_in_transaction_session_timeout, "
				    "pg_terminate_backend(), a shutdown or a recovery conflict ends a "
				    "session while its client still sends",
			    .price = "none",
			    .undo = "none needed" },
		.source = "PostgreSQL, Client Connection Defaults; Server Signaling Functions",
	},
	{
		.program = "MySQL or MariaDB",
		.names = "mysqld,mariadbd",
		.causes = ENDED_EARLY,
		.advice = { .action =
				    "look in the server's error log for \"Aborted connection\" (log_warnings or "
				    "log_error_verbosity must be high enough): wait_timeout, "
				    "net_read_timeout, max_allowed_packet or a KILL ended the session",
			    .price = "none",
			    .undo = "none needed" },
		.source = "MySQL, Communication Errors and Aborted Connections",
	},
	{
		.program = "Redis or Valkey",
		.names = "redis-server,valkey-server",
		.causes = ENDED_EARLY,
		.advice = { .action =
				    "look in the server's log for \"output buffer limits\" and \"max query "
				    "buffer\" (client-output-buffer-limit, client-query-buffer-limit); "
				    "otherwise `timeout` expired, or CLIENT KILL was used",
			    .price = "none",
			    .undo = "none needed" },
		.source = "Redis, client handling",
	},
	{
		.program = "Redis or Valkey",
		.names = "redis-server,valkey-server",
		.advice = { .action =
				    "set `timeout 0` (idle clients are never closed), or above the idle "
				    "timeout of {rst.dst}",
			    .price =
				    "clients that are gone keep their connections until tcp-keepalive finds "
				    "out",
			    .undo = "restore the previous setting" },
		.source = "Redis, client handling: client timeouts",
	},
	{
		.program = "Java",
		.names = "java",
		.causes = "linger-zero",
		.advice = { .action =
				    "search the Java application and its configuration for "
				    "Socket.setSoLinger(true, 0), Netty's ChannelOption.SO_LINGER and "
				    "Tomcat's connectionLinger and socket.soLingerTime",
			    .price = "without it, closed connections stay in TIME_WAIT",
			    .undo = "set it again" },
		.source = "java.net.Socket: setSoLinger(); Apache Tomcat, HTTP connector",
	},
	{
		.program = "Java",
		.names = "java",
		.causes = "unread-data",
		.advice = { .action =
				    "in the Java application, read a response (with HttpURLConnection, its "
				    "error stream too) to the end before close(); Tomcat ends an upload "
				    "early beyond maxSwallowSize",
			    .price = "reads data that nobody wants",
			    .undo = "restore the previous code or setting" },
		.source =
			"Java, HTTP persistent connections; Apache Tomcat, HTTP connector: maxSwallowSize",
	},
	{
		.program = "Node.js",
		.names = "node",
		.advice = { .action =
				    "in Node.js, raise `server.keepAliveTimeout` above the "
				    "idle timeout of {rst.dst}, and `server.headersTimeout` above that",
			    .price = "more idle connections stay open",
			    .undo = "restore the previous settings" },
		.source = "Node.js, http.Server: keepAliveTimeout",
	},
	{
		.program = "Gunicorn",
		.names = "gunicorn",
		.advice = { .action =
				    "in Gunicorn, raise `keepalive` (2 s by default) above the idle timeout of "
				    "{rst.dst}",
			    .price = "more idle connections stay open",
			    .undo = "restore the previous setting" },
		.source = "Gunicorn, settings: keepalive",
	},
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

const struct program_advice *program_advice_next(const struct program_advice *before,
						 const char *cause)
{
	const struct program_advice *row = before ? before + 1 : rows;

	while (row < rows + N_ROWS && !(row->causes && cause_is_listed(row->causes, cause)))
		row++;
	return row < rows + N_ROWS ? row : NULL;
}

static bool fits(const struct program_advice *row, const struct reset_case *c)
{
	if (!cause_is_listed(row->names, c->asked.owner.comm))
		return false;
	if (c->diagnosis.impact.race)
		return !row->causes;
	return row->causes && cause_is_listed(row->causes, c->diagnosis.cause->id);
}

/* What ends a program does not lie in its settings. */
const struct program_advice *program_advice_of(const struct reset_case *c)
{
	size_t i;

	if (!c->asked.owner.known || c->diagnosis.origin != ORIGIN_LOCAL ||
	    (c->diagnosis.facts_yes & FACT(IN_EXIT)))
		return NULL;
	for (i = 0; i < N_ROWS; i++)
		if (fits(&rows[i], c))
			return &rows[i];
	return NULL;
}
