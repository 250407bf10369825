package screen

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/legion-go/legion/top/internal/draw"
)

// logs is the daemon's log.
func logs(v *View) Page {
	p := Page{Empty: "the log is empty; the daemon remembers its last thousand records"}
	p.Table = &draw.Table{Columns: []draw.Column{{Title: "TIME"}, {Title: "LEVEL"}, {Title: "POOL", Least: 6, Spare: 1}, {Title: "MESSAGE", Least: 20}}}
	p.Top = v.missed(v.Logs.Missed)
	for i, r := range v.Logs.All {
		style := draw.Plain
		switch strings.ToLower(r.Level) {
		case "error":
			style = draw.Red
		case "warn":
			style = draw.Yellow
		case "debug":
			style = draw.Dim
		}
		attrs, pool := attributes(r.Attrs)
		p.add(v, Subject{Key: strconv.FormatUint(v.Logs.Begun+uint64(i), 10), Pool: pool},
			v.clock(r.Time), draw.Cell{Text: r.Level, Style: style}, pool, r.Message+attrs)
	}
	return p
}

// events are those of the daemon, as they come.
func events(v *View) Page {
	p := Page{Empty: "no event came since this program was started"}
	p.Table = &draw.Table{Columns: []draw.Column{{Title: "TIME"}, {Title: "EVENT"}, {Title: "", Least: 20}}}
	p.Top = v.missed(v.Events.Missed)
	for i, e := range v.Events.All {
		data, _ := json.Marshal(e.Data)
		p.add(v, Subject{Key: strconv.FormatUint(v.Events.Begun+uint64(i), 10)}, v.clock(e.Time), e.Type, string(data))
	}
	return p
}

// missed says that entries were left out.
func (v *View) missed(n uint64) []string {
	if n == 0 {
		return nil
	}
	return []string{draw.Yellow.Paint(fmt.Sprintf("%d left out: they came faster than they can be shown", n))}
}

// attributes are those of a record, as key=value, without those that have
// columns of their own.
func attributes(raw json.RawMessage) (text, pool string) {
	var b strings.Builder
	d := json.NewDecoder(strings.NewReader(string(raw)))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return "", ""
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			break
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			break
		}
		shown := string(value)
		var s string
		if json.Unmarshal(value, &s) == nil {
			shown = s
		}
		switch name {
		case "pool":
			pool = shown
		case "daemon":
		default:
			fmt.Fprintf(&b, " %v=%s", name, shown)
		}
	}
	return b.String(), pool
}
