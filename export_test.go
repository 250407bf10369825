package legion

import "time"

// SetUpgradeTimes shortens the trial of a new process.
func SetUpgradeTimes(timeout, settle time.Duration) { upgradeTimeout, upgradeSettle = timeout, settle }

// SetJournalSocket puts a socket in the place of journald's.
func SetJournalSocket(path string) (restore func()) {
	was := journalSocket
	journalSocket = path
	return func() { journalSocket = was }
}
