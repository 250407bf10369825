// Package promtest tries package metrics against Prometheus itself: its linter,
// its parsers, promtool, and a server that scrapes a daemon whose workers are
// killed. It is a module of its own, so that none of this comes with Legion.
//
// promtool and prometheus must be installed (Debian: prometheus); .ci/install
// does so.
//
// # Reading order
//
//   - daemon_test.go: the daemon that is scraped; server_test.go: a Prometheus
//     that scrapes it
//   - format_test.go: both formats; document_test.go: docs/metrics.md
//   - rules_test.go, shown_test.go: docs/alerts.yml and docs/grafana.json;
//     grafana_test.go, with the tag grafana, reads the latter as Grafana does
package promtest
