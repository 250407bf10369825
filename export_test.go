package legion

import "time"

// SetUpgradeSettle shortens the trial of a new process.
func SetUpgradeSettle(d time.Duration) { upgradeSettle = d }
