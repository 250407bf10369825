package methods

import (
	"context"
	"fmt"
	"strings"

	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/status"
)

type cronIn struct {
	Name string `json:"name" usage:"the name as in cron.list, or without the first word"`
}

// cronMethods are the methods about Cron and Every.
func (d caller) cronMethods() []rpc.Method {
	return []rpc.Method{
		Look("cron.list", "The functions that the loop calls at times and intervals.", func(context.Context, None) ([]status.Cron, error) { return d.cronList(), nil }),
		Operate("cron.run", "Calls a function of Cron or Every now, on the loop, and waits for its end.", func(ctx context.Context, in cronIn) (bool, error) {
			e, err := d.cronNamed(in.Name)
			if err != nil {
				return false, err
			}
			return true, d.OnLoop(ctx, func() error {
				e.Run()
				return nil
			})
		}),
	}
}

// Scheduled is a function of Cron or Every. Run calls it, on the loop.
type Scheduled struct {
	status.Cron
	Run func()
}

// named gives each entry of the schedule a name of its own.
func (d caller) named() []Scheduled {
	all := d.Schedule()
	seen := map[string]int{}
	for i := range all {
		e := &all[i]
		if seen[e.Spec]++; seen[e.Spec] > 1 {
			again := fmt.Sprintf(" #%d", seen[e.Spec])
			e.Name, e.Spec = e.Name+again, e.Spec+again
		}
	}
	return all
}

func (d caller) cronList() []status.Cron {
	all := []status.Cron{}
	for _, e := range d.named() {
		e.Spec, _, _ = strings.Cut(e.Spec, " #")
		all = append(all, e.Cron)
	}
	return all
}

// cronNamed finds an entry by its name, with or without "cron" or "every"
// before it.
func (d caller) cronNamed(name string) (Scheduled, error) {
	names := []string{}
	for _, e := range d.named() {
		if e.Name == name || e.Spec == name {
			return e, nil
		}
		names = append(names, e.Name)
	}
	return Scheduled{}, Wrong("name", "there is no entry %q; there are: %s", name, strings.Join(names, ", "))
}
