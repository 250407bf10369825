package app

import "strings"

// stacks is the result of worker.stack.
type stacks struct {
	Stack string `json:"stack"`
}

func stackLines(s stacks) []string {
	return strings.Split(strings.ReplaceAll(strings.TrimRight(s.Stack, "\n"), "\t", "    "), "\n")
}
