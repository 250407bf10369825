package legion

import (
	"time"

	"github.com/legion-go/legion/internal/logs"
	"github.com/legion-go/legion/internal/pool"
)

// SetUpgradeTimes shortens the trial of a new process.
func SetUpgradeTimes(timeout, settle time.Duration) { upgradeTimeout, upgradeSettle = timeout, settle }

// SetJournalSocket puts a socket in the place of journald's.
func SetJournalSocket(path string) (restore func()) {
	was := logs.JournalSocket
	logs.JournalSocket = path
	return func() { logs.JournalSocket = was }
}

// Recordings are those that are kept with the certificate of a death.
func Recordings(d *Daemon, number uint64) []pool.Recording {
	all, _ := d.succession.deaths.Recordings(number)
	return all
}
