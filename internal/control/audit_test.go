package control

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/rpc"
)

// auditOf returns an audit log, and what it has logged.
func auditOf() (*Audit, func() string) {
	var said journal[string]
	log := slog.New(slog.NewTextHandler(writer(func(p []byte) { said.add(string(p)) }), &slog.HandlerOptions{Level: slog.LevelError}))
	return NewAudit(log), func() string { return strings.Join(said.list(), "") }
}

// A record says who has done what over which address, and how it went.
func TestAuditRecords(t *testing.T) {
	a, said := auditOf()
	r := rpc.Record{Caller: rpc.Caller{Name: "uid 7", Role: rpc.Operate, Via: "here"}, Method: "scale", Params: []byte("[1]"), Changes: true, Took: 1500}
	a.Tell(r)
	r.Caller.As = "ana"
	a.Tell(r)
	if want := `who="uid 7" as=ana role=operate`; !strings.Contains(said(), want) {
		t.Errorf("without %s\n%s", want, said())
	}
	r.Caller.As = ""
	r.Code, r.Message = -32500, "unlucky"
	a.Tell(r)
	r.Refused = true
	a.Tell(r)
	const common = `who="uid 7" role=operate via=here method=scale params=[1] took=2µs`
	for _, want := range []string{
		`level=INFO msg="audit: done" ` + common + "\n",
		`level=INFO msg="audit: failed" ` + common + " code=-32500 err=unlucky\n",
		`level=WARN msg="audit: refused" ` + common + " why=unlucky\n",
	} {
		if !strings.Contains(said(), want) {
			t.Errorf("without %s\n%s", want, said())
		}
	}
}

// A caller who may only look cannot fill the log with refusals.
func TestRefusalsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, said := auditOf()
		for range 1000 {
			a.Tell(rpc.Record{Method: "stop", Refused: true, Message: "no"})
		}
		a.Tell(rpc.Record{Method: "scale", Changes: true})
		if n := strings.Count(said(), "audit: refused"); n != refusalMost {
			t.Errorf("%d refusals are in the log", n)
		}
		if !strings.Contains(said(), "audit: done") {
			t.Error("they have kept out what was done")
		}
		time.Sleep(refusalSpan)
		synctest.Wait()
		if !strings.Contains(said(), "left_out=940") {
			t.Error(said())
		}
	})
}

// The log's own level does not count, whatever is made of it.
func TestEveryLevel(t *testing.T) {
	var said journal[string]
	log := slog.New(slog.NewTextHandler(writer(func(p []byte) { said.add(string(p)) }), &slog.HandlerOptions{Level: slog.LevelError}))
	everyLevel(log).With("a", 1).WithGroup("g").DebugContext(context.Background(), "seen", "b", 2)
	if all := said.list(); len(all) != 1 || !strings.Contains(all[0], "a=1 g.b=2") {
		t.Error(all)
	}
}
