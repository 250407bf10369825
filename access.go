package legion

import (
	"fmt"
	"strings"

	"github.com/legion-go/legion/internal/control"
	"github.com/legion-go/legion/internal/host"
)

// accessRules makes rules of Config.Access.
func (d *Daemon) accessRules() ([]control.Rule, error) {
	var rules []control.Rule
	if d.drops() { // the server takes whom the process runs as now for the daemon's own user
		rules = append(rules, control.Rule{Kind: "uid", ID: d.identity.UID, Role: RoleAdmin})
	}
	for key, role := range d.config.Access {
		rule, err := accessRule(key, role)
		if err != nil {
			return nil, fmt.Errorf("Config.Access: %q: %w", shown(key), err)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

func accessRule(key string, role Role) (control.Rule, error) {
	if key == "workers" {
		return control.NewRule(key, "", role)
	}
	kind, value, found := strings.Cut(key, ":")
	if !found || value == "" {
		return control.Rule{}, fmt.Errorf("write it as user:NAME, uid:NUMBER, group:NAME, gid:NUMBER, workers, cert:NAME, token:VALUE or token-file:PATH")
	}
	if kind == "token-file" {
		text, err := host.ReadSecret(value)
		if err != nil {
			return control.Rule{}, err
		}
		kind, value = "token", strings.TrimSpace(string(text))
	}
	return control.NewRule(kind, value, role)
}

// shown is a key of Config.Access without what is secret in it.
func shown(key string) string {
	if strings.HasPrefix(key, "token:") {
		return "token:…"
	}
	return key
}
