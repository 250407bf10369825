package methods

import (
	"github.com/legion-go/legion/internal/concurrent"
	"github.com/legion-go/legion/internal/takeover"
	"github.com/legion-go/legion/status"
)

// Changes counts the reloads, upgrades and restarts that went through a gate,
// and the upgrades that led to this process.
func Changes(g *concurrent.Gate) map[string]status.ChangeCount {
	upgrades := status.ChangeCount(g.Ended("an upgrade"))
	upgrades.OK += takeover.Upgrades()
	return map[string]status.ChangeCount{
		"reload": status.ChangeCount(g.Ended("a reload")), "upgrade": upgrades, "restart": status.ChangeCount(g.Ended("a restart")),
	}
}
