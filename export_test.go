package legion

import (
	"time"

	"github.com/legion-go/legion/internal/logs"
)

// SetUpgradeTimes shortens the trial of a new process.
func SetUpgradeTimes(timeout, settle time.Duration) { upgradeTimeout, upgradeSettle = timeout, settle }

// SetJournalSocket puts a socket in the place of journald's.
func SetJournalSocket(path string) (restore func()) {
	was := logs.JournalSocket
	logs.JournalSocket = path
	return func() { logs.JournalSocket = was }
}
