// SPDX-License-Identifier: GPL-2.0-only
/*
 * timeouts.c - after how long idle connections are closed, by default.
 */
#include "diagnose/timeouts.h"

#include <stddef.h>

/* By length. Each was looked up in this document, or in the code that it describes. */
static const struct idle_timeout defaults[] = {
	{ "gunicorn --keep-alive", 2000, "docs.gunicorn.org/en/stable/settings.html#keepalive" },
	{ "Apache KeepAliveTimeout", 5000,
	  "httpd.apache.org/docs/2.4/mod/core.html#keepalivetimeout" },
	{ "Node.js server.keepAliveTimeout, until release 25", 5000,
	  "nodejs.org/api/http.html#serverkeepalivetimeout" },
	{ "uvicorn --timeout-keep-alive", 5000, "github.com/encode/uvicorn: docs/settings.md" },
	{ "Tomcat connectionTimeout and keepAliveTimeout, with its own server.xml", 20000,
	  "tomcat.apache.org/tomcat-10.1-doc/config/http.html" },
	{ "Jetty idleTimeout", 30000, "github.com/jetty/jetty.project: AbstractConnector.java" },
	{ "nginx upstream keepalive_timeout", 60000,
	  "nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive_timeout" },
	{ "Tomcat connectionTimeout and keepAliveTimeout, not configured", 60000,
	  "tomcat.apache.org/tomcat-10.1-doc/config/http.html" },
	{ "AWS Application or Classic Load Balancer idle timeout", 60000,
	  "docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html" },
	{ "Node.js server.keepAliveTimeout, newer than release 25", 65000,
	  "github.com/nodejs/node: commit e470c74a6c" },
	{ "Oracle Cloud load balancer, to clients", 65000,
	  "docs.oracle.com/iaas/Content/Balance/Reference/connectionreuse.htm" },
	{ "nginx keepalive_timeout", 75000,
	  "nginx.org/en/docs/http/ngx_http_core_module.html#keepalive_timeout" },
	{ "Go http.Transport IdleConnTimeout", 90000, "pkg.go.dev/net/http#DefaultTransport" },
	{ "Kestrel KeepAliveTimeout", 130000,
	  "learn.microsoft.com/dotnet/api/microsoft.aspnetcore.server.kestrel.core.kestrelserverlimits.keepalivetimeout" },
	{ "Azure Load Balancer idle timeout", 240000,
	  "learn.microsoft.com/azure/load-balancer/load-balancer-tcp-idle-timeout" },
	{ "Oracle Cloud load balancer, to backends", 300000,
	  "docs.oracle.com/iaas/Content/Balance/Reference/connectionreuse.htm" },
	{ "AWS Network Load Balancer idle timeout", 350000,
	  "docs.aws.amazon.com/elasticloadbalancing/latest/network/update-idle-timeout.html" },
	{ "Google Cloud HTTP load balancer, to backends", 600000,
	  "docs.cloud.google.com/load-balancing/docs/https/request-distribution" },
	{ "Google Cloud HTTP load balancer, to clients", 610000,
	  "docs.cloud.google.com/load-balancing/docs/https/request-distribution" },
	{ "Envoy idle_timeout", 3600000,
	  "www.envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts" },
};

const struct idle_timeout *timeout_fit(uint64_t idle_ns, unsigned int i)
{
	size_t at;

	for (at = 0; at < sizeof(defaults) / sizeof(defaults[0]); at++) {
		uint64_t from = defaults[at].ms * 1000000ull, late = from / 10;

		if (late > 1000000000u)
			late = 1000000000u;
		/* What is measured begins a little before or after the timer does. */
		if (idle_ns + from / 100 >= from && idle_ns <= from + late && !i--)
			return &defaults[at];
	}
	return NULL;
}
