package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/status"

	"github.com/legion-go/legion"
)

// answers of a daemon that has done some work.
var answers = map[string]string{
	"daemon.status": `{"name":"thumbs","pid":4711,"state":"running","healthy":false,"unhealthy":"pool a-model-with-a-very-long-name has failed: too many workers have died","version":"v1.4.2","uptime":7503.2,"user":"www","host":"web1.example.org",
		"cpu":12.5,"memory":35651584,"load":[0.5,1.25,2],"workers":3,
		"loop":{"ticks":100,"missed":2,"overruns":1,"panics":0,"pending":3,"running":1.5},
		"pools":[
			{"name":"resize","kind":"worker","state":"running","min":1,"max":4,"ready":2,"queued":17,"running":2,"calls":123456,"errors":12,"restarts":3},
			{"name":"a-model-with-a-very-long-name","kind":"worker","state":"failed","reason":"too many workers have died: pid 4713 was ended by signal killed","min":1,"max":1,"ready":0,"queued":0,"running":0,"calls":7,"errors":7,"restarts":5}],
		"control":["unix:///run/thumbs/control.sock"],"log":{"written":1000,"dropped":5,"failure":""},
		"shared":[{"name":"model","bytes":268435456,"loaded":"2026-03-01T10:11:12Z","kept":1048576}]}`,
	"daemon.ps": `[
		{"pid":4711,"parent":1,"kind":"daemon","pool":"","state":"running","call":"","for":0,"age":7503.2,"calls":0,"memory":35651584,"cpu":12.5},
		{"pid":4712,"parent":4711,"kind":"worker","pool":"resize","state":"ready","call":"resize","for":1.234,"age":61,"calls":12345,"memory":73400320,"cpu":0.0321,"sealed":true,
			"progress":{"done":3,"of":7,"note":"page 3 \u0007","at":"2026-03-01T10:11:12Z"}},
		{"pid":4799,"parent":4712,"kind":"worker","pool":"resize","state":"ready","call":"","for":0,"age":3,"calls":0,"memory":1024,"cpu":0},
		{"pid":4713,"parent":4711,"kind":"task","pool":"vacuum","state":"starting","call":"vacuum","for":0.000012,"age":200000,"calls":1,"memory":0,"cpu":0}]`,
	"pool.list": `[
		{"name":"resize","kind":"worker","state":"running","reason":"","min":1,"max":4,"ready":2,"queued":17,"running":2,"calls":123456,"ok":123444,"failed":2,"panicked":0,
		 "refused":0,"timed_out":4,"canceled":0,"crashed":6,"dropped":0,"retried":0,"started":9,"recycled":4,"restarts":3,"corrupt":0,"oldest_wait":1.5,"last_death":"","workers":[],"funcs":[]},
		{"name":"vacuum","kind":"task","state":"paused","reason":"","min":0,"max":2,"ready":0,"queued":0,"running":0,"calls":0,"ok":0,"failed":0,"panicked":0,
		 "refused":0,"timed_out":0,"canceled":0,"crashed":0,"dropped":0,"retried":0,"started":0,"recycled":0,"restarts":0,"corrupt":0,"last_death":"","workers":[],"funcs":[]}]`,
	"pool.recent": `{"calls":[
		{"pool":"resize","func":"resize","id":123456,"state":"done","outcome":"ok","pid":4712,"tries":0,"queued":"2026-03-01T10:11:12Z","started":"2026-03-01T10:11:12.5Z","ended":"2026-03-01T10:11:14Z","wait":0.5,"run":1.5,"arg_bytes":64,"result_bytes":73400},
		{"pool":"resize","func":"resize","id":123455,"state":"done","outcome":"out_of_memory","pid":4700,"tries":2,"queued":"2026-03-01T10:11:10Z","started":"2026-03-01T10:11:10.000012Z","ended":"2026-03-01T10:11:11Z","wait":0.000012,"run":0.999988,"arg_bytes":6400,"result_bytes":0},
		{"pool":"resize","func":"resize","id":123454,"state":"done","outcome":"queue_full","pid":0,"tries":0,"queued":"2026-03-01T10:11:10Z","ended":"2026-03-01T10:11:10Z","arg_bytes":64,"result_bytes":0}],
		"workers":[{"id":1,"pid":4700,"calls":12345,"started":"2026-03-01T10:10:10Z","ended":"2026-03-01T10:11:11Z","expected":false,
			"how":"pid 4700 was ended by signal killed: the kernel was out of memory","cpu":12.5,"memory":73400320}]}`,
	"pool.status": `{"name":"resize","kind":"worker","state":"running","reason":"","min":1,"max":4,"ready":2,"queued":17,"running":2,"calls":123456,"ok":123444,"failed":2,"panicked":0,
		"refused":0,"timed_out":4,"canceled":0,"crashed":6,"dropped":0,"retried":0,"started":9,"recycled":4,"restarts":3,"corrupt":0,
		"recycled_by":{"age":3,"memory":1},"deaths_by":{"out_of_memory":1,"deadline":4,"signal":2},"oldest_wait":1.5,"queue_limit":1000,"busy":4000,"cpu":3210.5,
		"memory":146800640,"worker_memory_max":73400320,"memory_limit":268435456,"bytes_in":123456000,"bytes_out":1234567,
		"forbidden":1,"sandbox":{"held":["files: Landlock 7","calls: seccomp"],"missing":["CPU needs a cpu cgroup"],"best_effort":true},
		"last_death":"pid 4700 was ended by signal killed: the kernel was out of memory",
		"workers":[{"id":1,"pid":4712,"state":"ready","retiring":"","age":61,"calls":12345,"load":1,"call":"resize","for":1.234,"memory":73400320,"cpu":0.0321},
			{"id":2,"pid":4714,"state":"leaving","retiring":"MaxCalls","age":4000,"calls":1000,"load":0,"call":"","for":0,"memory":73400320,"cpu":3}],
		"funcs":[{"name":"resize","calls":123456,"errors":12,"mean":0.0123,"p50":0.01,"p90":0.02,"p99":0.25,"max":2,
			"wait":{"mean":0.001,"p50":0.0001,"p90":0.001,"p99":0.002,"max":1},"run":{"mean":0.0123,"p50":0.01,"p90":0.02,"p99":0.25,"max":2},"cpu":3200}]}`,
	"history.get": `{"step":10,"end":"2026-03-01T10:11:10Z","folded":false,"samples":[
		{"calls":0,"errors":0,"p50":0,"p90":0,"p99":0,"oldest_wait":0,"queued":0,"running":0,"workers":0,"memory":0,"cpu":0,"deaths":0,"buckets":[],"missing":true},
		{"calls":1234.5,"errors":0.1,"p50":0.000012,"p90":0.5,"p99":2,"oldest_wait":0,"queued":17,"running":4,"workers":4,"memory":73400320,"cpu":1.5,"deaths":0,"buckets":[1,2],"missing":false},
		{"calls":617,"errors":0,"p50":0.01,"p90":0.5,"p99":2.5,"oldest_wait":1.5,"queued":0,"running":4,"workers":4,"memory":73400320,"cpu":1.5,"deaths":0,"buckets":[1,2],"missing":false}]}`,
	"worker.list": `[{"pool":"resize","id":1,"pid":4712,"state":"ready","retiring":"","age":61,"calls":12345,"load":1,"call":"resize","for":1.234,"memory":73400320,"cpu":0.0321}]`,
	"func.list":   `[{"name":"resize","pool":"resize","kind":"worker","in":"main.Photo","out":"main.Thumb"},{"name":"vacuum","pool":"vacuum","kind":"task","in":"int","out":"int"}]`,
	"task.list": `{"tasks":[{"name":"vacuum","running":1,"queued":0,"max":2,"calls":3}],
		"runs":[{"id":1,"name":"vacuum","state":"done","pid":4720,"started":"2026-03-01T10:11:12Z","took":8.5},
			{"id":2,"name":"vacuum","state":"failed","pid":4721,"started":"2026-03-01T10:12:12Z","took":0.5,"progress":{"done":3,"of":7,"note":"table 3","at":"2026-03-01T10:11:12Z"},"error":"the disk \u001b[31mis full"}]}`,
	"cron.list":   `[{"name":"cron 0 3 * * *","spec":"0 3 * * *","next":"2026-03-02T03:00:00Z","runs":12,"missed":0,"pending":false},{"name":"every 1s","spec":"1s","next":null,"runs":7503,"missed":2,"pending":true}]`,
	"event.list":  `[{"type":"Started","count":1,"handlers":2},{"type":"WorkerExited","count":12,"handlers":0}]`,
	"plugin.list": `[{"name":"systemd","type":"*systemd.Service","state":"started","stats":{"Active":true,"Sent":12,"LastErr":"a b"}},{"name":"cache","type":"*main.Cache","state":"promised"}]`,
	"lock.list":   `[{"name":"lock-file","path":"/run/thumbs/lock","pid":4711}]`,
	"config.show": `[{"key":"log_level","value":"INFO","source":"legion.Config"},{"key":"db.password","value":"******","source":"/etc/thumbs.yaml:3"}]`,
	"log.tail": `[{"time":"2026-03-01T10:11:12.345Z","level":"INFO","message":"started","attrs":{"pid":4711}},
		{"time":"2026-03-01T10:11:13Z","level":"ERROR","message":"line one\nline two \u001b[2J","attrs":{"z":1,"a":"two words","g":{"h":true},"e":""}}]`,
	"daemon.stats": `{"name":"thumbs","pid":4711,"pools":[{"name":"resize","calls":1}],"plugins":{},"load":[0.5,1,2]}`,
	"rpc.discover": `{"openrpc":"1.3.2","methods":[
		{"name":"pool.scale","summary":"Changes how many workers there are.","params":[
			{"name":"pool","description":"the name of a pool","required":true,"schema":{"type":"string"}},
			{"name":"limits","required":false,"schema":{"$ref":"#/components/schemas/Limits"}}],"result":{"name":"result","schema":{"type":"boolean"}},"x-role":"operate","x-stream":false},
		{"name":"log.follow","summary":"Records of the log as they come.","params":[],"result":{"name":"item","schema":{"type":"array","items":{"type":"string","format":"date-time"}}},"x-role":"read","x-stream":true}],
		"components":{"schemas":{"Limits":{"type":"object","properties":{"min":{"type":"integer"},"self":{"$ref":"#/components/schemas/Limits"}}}}}}`,
	"death.list": `[
		{"number":17,"time":"2026-03-01T10:11:12Z","pool":"resize","worker":12,"pid":4712,"cause":"deadline","why":"resize was killed: its call ran 2.0 s, its limit is 1.5 s; it was in main.decode (bomb.go:14)","kind":"1f2e3d4c","expected":true,"code":-1,"signal":"","frame":"main.decode (bomb.go:14)","age":61.5,"calls":812,"user":1.5,"system":0.25,"max_rss":73400320,"memory_limit":134217728,"argument":true},
		{"number":16,"time":"2026-03-01T10:11:11Z","pool":"a-model-with-a-very-long-name","worker":1,"pid":0,"cause":"boot","why":"a-model-with-a-very-long-name did not get ready: it could not be started \u0007","kind":"00112233","expected":false,"code":-1,"signal":"","frame":"","age":0,"calls":0,"user":0,"system":0,"max_rss":0,"memory_limit":0,"argument":false}]`,
	"death.kinds": `[
		{"kind":"1f2e3d4c","pool":"resize","cause":"deadline","frame":"main.decode (bomb.go:14)","why":"resize was killed","count":311,"first":"2026-02-27T10:11:12Z","last":"2026-03-01T10:11:12Z","number":17},
		{"kind":"00112233","pool":"a-model-with-a-very-long-name","cause":"boot","frame":"","why":"a-model-with-a-very-long-name did not get ready","count":1,"first":"2026-03-01T10:11:11Z","last":"2026-03-01T10:11:11Z","number":0},
		{"kind":"","pool":"","cause":"","frame":"","why":"left out: the deaths of kinds with fewer; the 128 kinds with the most are kept","count":9,"first":"2026-03-01T10:11:11Z","last":"2026-03-01T10:11:11Z","number":0}]`,
	"death.get": `{"number":17,"time":"2026-03-01T10:11:12.345Z","pool":"resize","worker":12,"pid":4712,"cause":"deadline","why":"resize was killed: its call of thumb ran 2.0 s, its limit is 1.5 s; it was in main.decode (bomb.go:14)","kind":"1f2e3d4c","expected":true,"code":2,"signal":"","frame":"main.decode (bomb.go:14)","age":61.5,"calls":812,"user":1.5,"system":0.25,"max_rss":73400320,"memory_limit":134217728,
		"stack":"SIGABRT: abort\u0007\n\ngoroutine 7 [running]:\nmain.decode()\n\t/src/bomb.go:14","stderr":["decoding\u001b[2J bomb.png"],
		"call":{"number":813,"func":"thumb","queued":"2026-03-01T10:11:10.3Z","started":"2026-03-01T10:11:10.345Z","wait":0.045,"run":2,"arg":42000,"timeout":1.5},
		"others":[{"number":811,"func":"echo","queued":"2026-03-01T10:11:10Z","started":"2026-03-01T10:11:10.1Z","wait":0.1,"run":2.2,"arg":12,"timeout":0}],
		"timeline":[{"at":"2026-03-01T10:11:10.3Z","what":"submitted"},{"at":"2026-03-01T10:11:10.345Z","what":"started"},{"at":"2026-03-01T10:11:11.8Z","what":"deadline"},{"at":"2026-03-01T10:11:12.3Z","what":"SIGABRT"},{"at":"2026-03-01T10:11:12.345Z","what":"reaped"}],
		"argument":true,"blobs":[{"name":"trace.out","bytes":70000},{"name":"cpu.pb.gz","bytes":427}]}`,
	"daemon.hello": `{"name":"thumbs","version":"v1.4.2","legion":"v0.3.0","protocol":1,"go":"go1.26.0","pid":4711,"state":"running","started":"2026-03-01T10:11:12Z","uptime":1}`,
}

func init() { time.Local = time.UTC }

// What is shown fits a wide and a narrow terminal, and says the same each time.
func TestOutput(t *testing.T) {
	f := newFake(t, answers)
	f.items["log.follow"] = []string{`{"time":"2026-03-01T10:11:12Z","level":"WARN","message":"slow","attrs":{"took":"2s"}}`}
	f.items["event.follow"] = []string{`{"time":"2026-03-01T10:11:12Z","type":"WorkerExited","data":{"pid":4712,"how":"killed \u0007"}}`, `{"time":"2026-03-01T10:11:13Z","type":"Tick","data":7}`}
	for _, line := range []string{
		"status thumbs", "ps thumbs", "pool ls thumbs", "pool status thumbs resize", "pool recent thumbs resize", "history thumbs resize", "worker ls thumbs", "func ls thumbs", "task ls thumbs", "cron ls thumbs",
		"events thumbs", "events -f thumbs", "plugin ls thumbs", "lock ls thumbs", "config show thumbs", "logs thumbs", "logs thumbs -f", "stats thumbs",
		"death ls thumbs", "death kinds thumbs", "death show thumbs 17", "rpc ls thumbs", "rpc help thumbs pool.scale", "help", "help pool",
	} {
		for _, width := range []int{80, 40} {
			code, out, errs := f.run(width, false, strings.Fields(line)...)
			want := ExitOK
			if line == "status thumbs" {
				want = StatusUnhealthy // a pool has failed
			}
			if code != want || errs != "" {
				t.Errorf("%s: code %d, %s", line, code, errs)
			}
			name := strings.NewReplacer(" thumbs", "", " ", "-").Replace(line)
			golden(t, fmt.Sprintf("%s-%d", name, width), out)
			if strings.ContainsAny(out, "\x1b\x07") {
				t.Errorf("%s: what the daemon says reaches the terminal: %q", line, out)
			}
			if strings.HasPrefix(line, "logs") || strings.HasPrefix(line, "events -f") || strings.HasPrefix(line, "stats") || strings.HasPrefix(line, "death show") {
				continue // lines as they are
			}
			for l := range strings.Lines(out) {
				if n := columns(strings.TrimRight(l, "\n")); n > width {
					t.Errorf("%s: %d columns where there are %d: %q", line, n, width, l)
				}
			}
		}
	}
}

// A type that no event has had is followed, and may be mistyped.
func TestEventsThatHaveNotCome(t *testing.T) {
	f := newFake(t, answers)
	f.items["event.follow"] = []string{`{"time":"2026-03-01T10:11:12Z","type":"Started","data":7}`}
	for line, says := range map[string]string{
		"events -f thumbs Started WorkerExited": "",
		"events -f thumbs WorkerExitd Started":  "legion: no event of type \"WorkerExitd\" has come yet; did you mean WorkerExited?\n",
		"events -f thumbs Paid":                 "legion: no event of type \"Paid\" has come yet; legion events thumbs lists those that have\n",
	} {
		if code, out, errs := f.run(80, false, strings.Fields(line)...); code != ExitOK || errs != says || !strings.Contains(out, "Started") {
			t.Errorf("%s: code %d, %q, %q, want %q", line, code, out, errs, says)
		}
	}
}

// The explanation of a verb fits a terminal.
func TestHelpIsWrapped(t *testing.T) {
	f := newFake(t, answers)
	_, names, _ := f.run(80, false, "help")
	for l := range strings.Lines(names) {
		verb := strings.Fields(l)
		if !strings.HasPrefix(l, "  ") || len(verb) == 0 || strings.HasPrefix(verb[0], "-") {
			continue
		}
		_, help, _ := f.run(80, false, "help", verb[0])
		for l := range strings.Lines(help) {
			if n := columns(strings.TrimRight(l, "\n")); n > 100 {
				t.Errorf("help %s has %d columns: %s", verb[0], n, l)
			}
		}
	}
}

// Top shows the processes until the daemon is gone.
func TestTop(t *testing.T) {
	f := newFake(t, answers)
	asked := 0
	f.ends = func() bool { asked++; return asked == 3 }
	code, out, errs := f.run(80, false, "top", "thumbs", "--every", "100ms")
	if code != StatusStopped || strings.Count(out, "4712") != 3 || !strings.Contains(out, "thumbs is stopped") {
		t.Errorf("code %d\n%s%s", code, out, errs)
	}
	if code, _, errs := f.run(80, false, "top", "thumbs", "--every", "1ms"); code != ExitUsage || !strings.Contains(errs, "--every") {
		t.Errorf("code %d: %s", code, errs)
	}
}

// Colours are used, and take no room.
func TestColour(t *testing.T) {
	f := newFake(t, answers)
	_, plain, _ := f.run(60, false, "pool", "ls", "thumbs")
	_, coloured, _ := f.run(60, true, "pool", "ls", "thumbs")
	golden(t, "pool-ls-colour", coloured)
	stripped := coloured
	for _, s := range []style{bold, dim, red, green, yellow, cyan} {
		stripped = strings.ReplaceAll(stripped, "\x1b["+string(s)+"m", "")
	}
	if stripped = strings.ReplaceAll(stripped, "\x1b[0m", ""); stripped != plain {
		t.Errorf("%q\nis not the same as\n%q", stripped, plain)
	}
}

// --json shows everything that the daemon said.
func TestJSON(t *testing.T) {
	f := newFake(t, answers)
	f.items["log.follow"] = []string{`{"a":1, "b":"\u0080"}`}
	code, out, _ := f.run(40, true, "ps", "thumbs", "--json")
	if code != 0 || !strings.Contains(out, `"for": 0.000012`) || strings.Contains(out, "\x1b") {
		t.Errorf("code %d: %s", code, out)
	}
	if _, out, _ = f.run(40, true, "--json", "logs", "-f", "thumbs"); strings.Contains(out, "\u0080") || !strings.Contains(out, `"a":1`) {
		t.Errorf("%q", out)
	}
}

// An error of the daemon is printed without its code, with the stack that a
// worker had.
func TestErrors(t *testing.T) {
	f := newFake(t, answers)
	f.errors["daemon.reload"] = `{"code":-32001,"message":"daemon.reload needs the role operate, and uid 1000 has read"}`
	f.errors["call"] = `{"code":-32400,"message":"legion: resize: timed out: after 2s","data":{"kind":"timed out","stack":"goroutine 7 [running]:\n\tmain.go:12"}}`
	f.errors["pool.pause"] = `{"code":-32602,"message":"pool: daemon thumbs has no pool \"x\u001b\""}`
	for _, c := range []struct {
		args, stderr string
		code         int
	}{
		{"reload thumbs", "legion: daemon.reload needs the role operate, and uid 1000 has read\n", ExitNotAllowed},
		{"call thumbs resize", "legion: resize: timed out: after 2s\ngoroutine 7 [running]:\n\tmain.go:12\n", ExitFailed},
		{"pool pause thumbs x", "legion: pool: daemon thumbs has no pool \"x\ufffd\"\n", ExitFailed},
		{"daemon.nope", "legion: there is no verb \"daemon.nope\": legion -h lists them\n", ExitUsage},
		{"rpc call thumbs no.such", "legion: Method not found: legion rpc ls thumbs lists the methods; the daemon may use another version of Legion\n", ExitFailed},
		{"rpc help thumbs pool.scal", "legion: there is no method \"pool.scal\"; did you mean pool.scale?\n", ExitFailed},
		{"status", "legion: an operand is missing: write legion status DAEMON\n", ExitUsage},
		{"run thumbs", "legion: there is no verb \"run\": legion -h lists them\n", ExitUsage},
		{"status thumbs --every -1s", "legion: --every is -1s: it must not be negative\n", ExitUsage},
		{"unit thumbs", "", ExitUsage},
	} {
		code, _, errs := f.run(80, false, strings.Fields(c.args)...)
		if code != c.code || !strings.HasPrefix(errs, c.stderr) {
			t.Errorf("%s: code %d, want %d; %q, want %q", c.args, code, c.code, errs, c.stderr)
		}
	}
}

// Of a worker's stacks an error shows those of its calls.
func TestStackOfCalls(t *testing.T) {
	const call = "goroutine 7 [select]:\nmain.f()\n\t/src/f.go:1\ngithub.com/legion-go/legion/internal/worker.(*server).run(0x1)\n\t/src/serve.go:2"
	for stack, want := range map[string]struct {
		kept string
		more int
	}{
		"": {}, "goroutine 1 [running]:\nmain.f()": {"goroutine 1 [running]:\nmain.f()", 0},
		"SIGABRT: abort\nPC=1\n\ngoroutine 1 [IO wait]:\nmain.main()\n\n" + call + "\n\ngoroutine 9 [idle]:\nx()": {"SIGABRT: abort\nPC=1\n\n" + call, 2},
		"panic: x\n\ngoroutine 1 [running]:\nmain.f()\n\ngoroutine 9 [idle]:\nx()":                                {"panic: x\n\ngoroutine 1 [running]:\nmain.f()", 1},
	} {
		if kept, more := calls(stack); kept != want.kept || more != want.more {
			t.Errorf("%q: %q and %d more, want %q and %d", stack, kept, more, want.kept, want.more)
		}
	}
}

func TestFindings(t *testing.T) {
	all := []status.Finding{
		{Topic: "kernel", OK: true, Found: "6.18.0", Means: "nothing"},
		{Topic: "memory cgroup", Found: "none: /sys/fs/cgroup is read-only", Means: "Pool.MemoryLimit holds for each process by itself, not for what it starts", Advice: "run the daemon as root, or under systemd with Delegate=memory"},
	}
	for _, width := range []int{80, 40} {
		var b strings.Builder
		(&printer{w: &b, width: width}).findings(all)
		golden(t, fmt.Sprintf("findings-%d", width), b.String())
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 12: "12ns", 1500: "1.50µs", 12345 * time.Microsecond: "12.3ms", 2 * time.Second: "2s", 3140 * time.Millisecond: "3.1s",
		59 * time.Second: "59s", 125 * time.Second: "2m 5s", 3*time.Hour + 12*time.Minute: "3h 12m", 97 * time.Hour: "4d 1h", -time.Second: "-1s",
	} {
		if got := span(d); got != want {
			t.Errorf("%d: %s, want %s", d, got, want)
		}
	}
	for n, want := range map[uint64]string{0: "", 5: "5 B", 1024: "1.0 KiB", 35651584: "34 MiB", 1 << 50: "1.0 PiB", 1<<64 - 1: "16 EiB"} {
		if got := size(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "plain", "漢字かな", "a\x1b[31mb", "é", "\xff\xfe", "line\nline", "👍🏽", "\u202eabc"} {
		f.Add(s, 5)
	}
	f.Fuzz(func(t *testing.T, s string, width int) {
		width %= 200
		line := oneLine(s)
		if strings.ContainsFunc(line, obeyed) || strings.ContainsAny(line, "\n\t") {
			t.Errorf("%q becomes %q", s, line)
		}
		if short := cut(line, width); width > 0 && columns(short) > width {
			t.Errorf("%q cut to %d columns is %q, %d", line, width, short, columns(short))
		}
		for _, l := range wrap(line, width) {
			if width > 0 && columns(l) > width && strings.Contains(l, " ") {
				t.Errorf("%q wrapped at %d has the line %q", line, width, l)
			}
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[1,null,"x\u001b"]},"c":1e999}`))
	f.Add([]byte(`[[[]]]`))
	f.Add([]byte(`{"a":1,`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var b strings.Builder
		p := &printer{w: &b}
		p.outline(raw, "")
		b.WriteString(oneLine(attributes(raw)) + indented(raw) + compacted(raw))
		if strings.ContainsFunc(b.String(), obeyed) {
			t.Errorf("%q becomes %q", raw, b.String())
		}
	})
}

func TestTree(t *testing.T) {
	parents := []int{-1, 0, 1, 0, -1, 6, 5} // 5 and 6 are each other's
	var b strings.Builder
	for _, one := range tree(len(parents), func(i int) int { return parents[i] }) {
		fmt.Fprintf(&b, "%s%d\n", one.lines, one.index)
	}
	want := "0\n├─ 1\n│  └─ 2\n└─ 3\n4\n5\n└─ 6\n"
	if b.String() != want {
		t.Errorf("%s\nwant\n%s", b.String(), want)
	}
}

// What explains a verb fits into 80 columns.
func TestHelpFits(t *testing.T) {
	for _, p := range []*program{newProgram(nil, nil), newProgram(legion.New(legion.Config{Name: "thumbs"}), nil)} {
		p.name = "thumbs"
		var walk func(path string, verbs []*verb)
		walk = func(path string, verbs []*verb) {
			for _, v := range verbs {
				var out bytes.Buffer
				p.stdout = &printer{w: &out, width: 80}
				p.helpOf(v, path+" "+v.Name)
				for line := range strings.Lines(out.String()) {
					if line = strings.TrimSuffix(line, "\n"); columns(line) > 80 && !strings.Contains(line, "go install") && !strings.HasPrefix(line, "  ") {
						t.Errorf("%s %s: %d columns: %s", path, v.Name, columns(line), line)
					}
				}
				walk(path+" "+v.Name, v.verbs)
			}
		}
		walk(p.name, p.verbs)
	}
}
