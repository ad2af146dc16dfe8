// SPDX-License-Identifier: GPL-2.0-only
/*
 * timeouts.c - after how long idle connections are closed, by default.
 */
#include "diagnose/timeouts.h"

#include <stddef.h>

/* By length. */
static const struct idle_timeout defaults[] = {
	{ "gunicorn --keep-alive", 2000, "docs.gunicorn.org/en/stable/settings.html#keepalive" },
	{ "Apache KeepAliveTimeout", 5000, "httpd.apache.org/docs/2.4/mod/core.html" },
	{ "Node.js server.keepAliveTimeout", 5000, "nodejs.org/api/http.html" },
	{ "uvicorn --timeout-keep-alive", 5000, "www.uvicorn.org/settings" },
	{ "Tomcat connectionTimeout and keepAliveTimeout", 20000,
	  "tomcat.apache.org/tomcat-10.1-doc/config/http.html" },
	{ "Jetty idleTimeout", 30000, "jetty.org/docs" },
	{ "nginx upstream keepalive_timeout", 60000,
	  "nginx.org/en/docs/http/ngx_http_upstream_module.html" },
	{ "AWS Application Load Balancer idle timeout", 60000,
	  "docs.aws.amazon.com/elasticloadbalancing/latest/application" },
	{ "nginx keepalive_timeout", 75000, "nginx.org/en/docs/http/ngx_http_core_module.html" },
	{ "Go http.Transport IdleConnTimeout", 90000, "pkg.go.dev/net/http#DefaultTransport" },
	{ "IIS connectionTimeout", 120000, "learn.microsoft.com/iis" },
	{ "Kestrel KeepAliveTimeout", 130000, "learn.microsoft.com/aspnet/core" },
	{ "Azure Load Balancer idle timeout", 240000, "learn.microsoft.com/azure/load-balancer" },
	{ "AWS Network Load Balancer idle timeout", 350000,
	  "docs.aws.amazon.com/elasticloadbalancing/latest/network" },
	{ "Google Cloud connection tracking, or its HTTP load balancer", 600000,
	  "cloud.google.com/load-balancing/docs/https" },
	{ "Envoy idle_timeout", 3600000, "www.envoyproxy.io/docs/envoy/latest/faq" },
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
