package takeover

import (
	"os"
	"strconv"
)

// upgradesName is the environment variable with the number of upgrades that
// have led to a process. An older program ignores it.
const upgradesName = "_LEGION_UPGRADES"

var upgrades = func() uint64 {
	n, err := strconv.ParseUint(os.Getenv(upgradesName), 10, 64)
	os.Unsetenv(upgradesName)
	if err != nil {
		return 0
	}
	return n
}()

// Upgrades returns how many upgrades have led to this program, one after the
// other, those in place included. A restart in place goes on counting; a new
// start begins at 0.
func Upgrades() uint64 { return upgrades }

// withUpgrades adds the number to the environment of a next process.
func withUpgrades(env []string, n uint64) []string {
	return append(env, upgradesName+"="+strconv.FormatUint(n, 10))
}
