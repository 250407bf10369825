package cli

import (
	"encoding/json"
	"strings"
	"testing"
)

// watch prints a line for each thing that is new or has changed, with what has.
func TestWatch(t *testing.T) {
	f := newFake(t, map[string]string{"daemon.hello": `{"name":"thumbs"}`})
	f.items["watch"] = []string{
		`{"topic":"pools","at":"2026-03-01T10:11:12Z","full":true,"set":{"resize":{"name":"resize","state":"running","queued":0,"calls":3,"reason":""}}}`,
		`{"topic":"deaths","at":"2026-03-01T10:11:12Z","full":false,"set":{"17":{"number":17,"why":"resize ran out of memory\u0007"}}}`,
		`{"topic":"pools","at":"2026-03-01T10:11:13Z","full":false,"set":{"resize":{"name":"resize","state":"paused","queued":0,"calls":0,"progress":{"done":1}}}}`,
		`{"topic":"pools","at":"2026-03-01T10:11:14Z","full":false,"set":{"resize":{"name":"resize","state":"paused","queued":2,"calls":0}},"gone":["old"]}`,
		`{"topic":"logs","at":"2026-03-01T10:11:14Z","full":false,"missed":3,"add":[{"time":"2026-03-01T10:11:12.345Z","level":"INFO","message":"started","attrs":{"pid":4711}}]}`,
		`{"topic":"events","at":"2026-03-01T10:11:14Z","full":false,"add":[{"time":"2026-03-01T10:11:12.345Z","type":"Started","data":{"PID":1}}]}`,
	}
	code, out, errs := f.run(0, false, "watch", "thumbs", "pools,deaths", "logs", "events")
	var lines []string
	for line := range strings.Lines(out) {
		lines = append(lines, strings.TrimSpace(line[len("2026-03-01 10:11:12.000 "):])) // which depends on the time zone
	}
	want := []string{
		"pools resize name=resize state=running calls=3",
		"deaths 17 resize ran out of memory\uFFFD",
		"pools resize state=paused calls=0 progress.done=1 reason=",
		"pools resize queued=2 progress.done=",
		"pools old is gone",
		"logs 3 of them are left out here",
		"INFO  started pid=4711",
		"Started PID=1",
	}
	if got := strings.Join(lines, "\n"); code != ExitOK || errs != "" || got != strings.Join(want, "\n") {
		t.Errorf("exit code %d, %s\n%s\nnot\n%s", code, errs, got, strings.Join(want, "\n"))
	}
	code, out, _ = f.run(0, false, "watch", "thumbs", "pools", "--json")
	if lines := strings.Split(strings.TrimSpace(out), "\n"); code != ExitOK || len(lines) != len(f.items["watch"]) || lines[0] != f.items["watch"][0] {
		t.Errorf("exit code %d, and as JSON\n%s", code, out)
	}
	for line := range strings.Lines(out) {
		var item any
		if err := json.Unmarshal([]byte(line), &item); err != nil {
			t.Error(err)
		}
		for _, wrong := range readPage(t).check("watch", "item of watch", item) {
			t.Error(wrong)
		}
	}
	for args, says := range map[string]string{
		"watch thumbs pool":                  `there is no topic "pool"; did you mean pools?`,
		"watch thumbs pools,x":               `there is no topic "x"; there are: daemon, pools`,
		"watch thumbs pools --every 100ms":   "give 250ms or more",
		"watch thumbs":                       "write legion watch DAEMON TOPIC",
		"watch thumbs pools --pool= --every": "needs a value",
		"watch thumbs pools --pool=":         "--pool is empty",
	} {
		if code, _, errs := f.run(0, false, strings.Fields(args)...); code != ExitUsage || !strings.Contains(errs, says) {
			t.Errorf("%s: exit code %d, %s", args, code, errs)
		}
	}
}
