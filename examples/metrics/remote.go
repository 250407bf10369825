package main

import (
	"net/http"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/controltls"
	"github.com/legion-go/legion/metrics"
)

// remote is for a daemon that a Prometheus on another machine scrapes.
func remote() legion.Config {
	return legion.Config{
		Name:       "thumbs",
		Control:    "unix: tcp://0.0.0.0:7070",
		ControlTLS: controltls.Files("/etc/thumbs/server.pem", "/etc/thumbs/server.key", ""),
		Access:     map[string]legion.Role{"token-file:/etc/thumbs/prometheus.token": legion.RoleRead},
	}
}

// handler is for a server of the program's own.
func handler(endpoint *metrics.Endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := metrics.FormatFor(r.Header.Get("Accept"))
		w.Header().Set("Content-Type", f.ContentType())
		_ = endpoint.Write(w, f)
	})
}
