package takeover

import (
	"os"
	"strings"
)

// Environ returns the environment of this process for the next one, without the
// variables that package config hands to workers: a new process reads the
// configuration itself.
func Environ() (env []string) {
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "_LEGION_") {
			env = append(env, e)
		}
	}
	return env
}
