package methods

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/legion-go/legion/internal/deaths"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/status"
)

// What the method watch shows: values that have no Go type of their own.
type (
	watchedDaemon struct {
		status.Daemon
		Pools *struct{} `json:"pools,omitempty"` // instead of Daemon's: a topic of their own
	}
	watchedPool struct {
		status.PoolStats
		Workers *struct{} `json:"workers,omitempty"`
		Replays *struct{} `json:"replays,omitempty"`
		Funcs   *struct{} `json:"funcs,omitempty"`
	}
	watchedFunc struct {
		Pool string `json:"pool"`
		status.FuncStats
	}
	watchedWorker struct {
		Pool string `json:"pool"`
		status.WorkerStats
		Started time.Time `json:"started"` // Age is that of a moment ago: see coarse
	}
	watchedClient struct {
		ID       uint64    `json:"id"`
		Name     string    `json:"name"`
		As       string    `json:"as"`
		Role     rpc.Role  `json:"role"`
		Protocol string    `json:"protocol"`
		Address  string    `json:"address"`
		UID      int       `json:"uid"`
		PID      int       `json:"pid"`
		Since    time.Time `json:"since"`
	}
)

// looker looks at the daemon for the method watch.
type looker struct {
	caller
	measured time.Time            // when memory and processor times were read last
	begun    map[string]time.Time // when the workers that were seen last began, by their keys
}

// Memory and processor times of all workers are read at each look while workers
// are watched and there are few, else every measuredEvery: it takes two files
// for each.
const (
	measuredEvery = 5 * time.Second
	fewWorkers    = 100
)

// coarse is how exact a worker's Age is: an exact one would be news each
// second, from every worker.
const coarse = 10 * time.Second

// look is the watch.Source of the daemon.
func (d *looker) look(wanted func(string) bool, put func(topic, key, pool string, value any)) {
	if wanted("daemon") {
		put("daemon", "daemon", "", watchedDaemon{Daemon: d.Status()})
	}
	d.lookAtPools(wanted, put)
	if wanted("calls") {
		calls, _ := d.listCalls(context.Background(), poolsIn{})
		for _, c := range append(calls.Running, calls.Waiting...) {
			put("calls", c.Pool+"/"+strconv.FormatUint(c.Call, 10), c.Pool, c)
		}
	}
	if wanted("slow") {
		for _, m := range d.machines() {
			for _, c := range m.Slowest() {
				put("slow", fmt.Sprintf("%s/%s/%d", m.Name(), c.Func, c.Number), m.Name(), c.Status(m.Name()))
			}
		}
	}
	if wanted("history") {
		d.History().Last(func(pool, fn string, s status.Sample) {
			key := pool
			if fn != "" {
				key += "/" + fn
			}
			put("history", key, pool, s)
		})
	}
	if wanted("crons") {
		for _, c := range d.cronList() {
			put("crons", c.Name, "", c)
		}
	}
	if wanted("clients") {
		for _, c := range d.Clients() {
			put("clients", strconv.FormatUint(c.ID, 10), "", watchedClient{
				c.ID, c.Name, c.As, c.Role, c.Proto, c.Address, c.UID, c.PID, c.Since.UTC(),
			})
		}
	}
	if wanted("deaths") {
		for _, one := range d.Certificates().List(deaths.Filter{}) {
			put("deaths", strconv.FormatUint(one.Number, 10), one.Pool, one)
		}
	}
	if wanted("kinds") {
		for _, kind := range d.Certificates().Kinds() {
			put("kinds", kind.Kind, kind.Pool, kind)
		}
	}
	if wanted("plugins") {
		for _, p := range d.pluginList() {
			put("plugins", p.Name, "", p)
		}
	}
}

func (d *looker) lookAtPools(wanted func(string) bool, put func(topic, key, pool string, value any)) {
	pools, funcs, workers, tasks := wanted("pools"), wanted("funcs"), wanted("workers"), wanted("tasks")
	if !pools && !funcs && !workers && !tasks {
		return
	}
	now := time.Now()
	var all []status.PoolStats
	if workers && len(d.begun) <= fewWorkers || now.Sub(d.measured) >= measuredEvery {
		all, d.measured = d.Figures().Pools, now
	} else {
		all = d.Glance()
	}
	begun := map[string]time.Time{}
	for _, p := range all {
		if tasks && p.Kind == "task" {
			put("tasks", p.Name, p.Name, taskOf(p))
		}
		if funcs {
			for _, f := range p.Funcs {
				put("funcs", p.Name+"/"+f.Name, p.Name, watchedFunc{p.Name, f})
			}
		}
		if workers {
			for _, w := range slices.Concat(p.Workers, p.Replays) {
				key := p.Name + "/" + strconv.FormatUint(w.ID, 10)
				at, known := d.begun[key]
				if !known { // found out once: each time it would differ a little
					at = now.Add(-w.Age).Round(time.Second).UTC()
				}
				begun[key], w.Age = at, w.Age.Truncate(coarse)
				put("workers", key, p.Name, watchedWorker{p.Name, w, at})
			}
		}
		if pools {
			put("pools", p.Name, "", watchedPool{PoolStats: p}) // also for who follows one pool: another may fail
		}
	}
	d.begun = begun
}
