package control

import (
	"errors"
	"fmt"
	"strings"

	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/internal/rpc"
)

// ParseRules makes rules of the access keys in a configuration: user:NAME,
// uid:NUMBER, group:NAME, gid:NUMBER, workers, cert:NAME, token:VALUE or
// token-file:PATH, each with its role. See [NewRule]. No error repeats a token.
func ParseRules(access map[string]rpc.Role) (rules []Rule, err error) {
	for key, role := range access {
		rule, err := parseRule(key, role)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", Shown(key), err)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

func parseRule(key string, role rpc.Role) (Rule, error) {
	if key == "workers" {
		return NewRule(key, "", role)
	}
	kind, value, found := strings.Cut(key, ":")
	if !found || value == "" {
		return Rule{}, errors.New("write it as user:NAME, uid:NUMBER, group:NAME, gid:NUMBER, workers, cert:NAME, token:VALUE or token-file:PATH")
	}
	if kind == "token-file" {
		text, err := host.ReadSecret(value)
		if err != nil {
			return Rule{}, err
		}
		kind, value = "token", strings.TrimSpace(string(text))
	}
	return NewRule(kind, value, role)
}

// Shown is such a key without its secret.
func Shown(key string) string {
	if strings.HasPrefix(key, "token:") {
		return "token:…"
	}
	return key
}
