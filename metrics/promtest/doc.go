// Package promtest tries package metrics against Prometheus itself: its linter,
// its parsers, promtool, and a server that scrapes a daemon whose workers are
// killed. It is a module of its own, so that none of this comes with Legion.
//
// promtool and prometheus must be installed (Debian: prometheus); .ci/install
// does so.
package promtest
