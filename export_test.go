package legion

import "time"

// SetUpgradeSettle shortens the trial of a new process.
func SetUpgradeSettle(d time.Duration) { upgradeSettle = d }

// SetJournalSocket puts a socket in the place of journald's.
func SetJournalSocket(path string) (restore func()) {
	was := journalSocket
	journalSocket = path
	return func() { journalSocket = was }
}
