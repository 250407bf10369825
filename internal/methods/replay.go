package methods

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/legion-go/legion/internal/strictjson"
	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/status"
)

// replay is how the call of a death ended when it was run again.
type replay struct {
	Outcome string        `json:"outcome"` // one of status.Outcomes
	Error   string        `json:"error"`   // "" after ok
	Result  any           `json:"result"`  // null unless the function returned one
	Death   uint64        `json:"death"`   // the certificate of the process; 0 if it did not die
	PID     int           `json:"pid"`
	Took    time.Duration `json:"took"`
}

// maxReplays is how many may run at once. Each takes a process beside those of
// its pool, with the pool's MemoryLimit.
const maxReplays = 4

// replay runs the call of a death again.
func (d caller) replay(ctx context.Context, in deathIn) (out replay, err error) {
	death, argument, f, err := d.keptArgument(in.Number)
	if err != nil {
		return out, err
	}
	if f == nil {
		return out, fmt.Errorf("the function %s cannot be called by name: it has Buffers", death.Call.Func)
	}
	of, err := d.poolNamed(death.Pool)
	if err != nil {
		return out, err
	}
	runs, err := d.Machine(of)
	if err != nil {
		return out, err
	}
	select {
	case d.replays <- struct{}{}:
		defer func() { <-d.replays }()
	default:
		return out, fmt.Errorf("%d replays run already, as many as may: wait until one has ended", maxReplays)
	}
	c, err := runs.Replay(ctx, death.Call.Func, argument, death.Call.Timeout)
	if err != nil {
		return out, fmt.Errorf("running the call of death %d again: %w", in.Number, err)
	}
	out = replay{Outcome: c.Kind.String(), Error: c.Fault.Message, PID: c.Worker, Took: c.Elapsed}
	if c.Death != nil {
		out.Death, out.PID, out.Error = c.Death.Number, c.Death.PID, c.Death.String()
		if new, ok := d.Certificates().Get(out.Death); ok {
			out.Error = new.Why
		}
	}
	if out.Error == "" && out.Outcome != "ok" {
		out.Error = c.Reason
	}
	if out.Outcome == "ok" && f.Result != nil {
		out.Result = Presentable(f.Result(c.Data))
	}
	return out, nil
}

// keptArgument returns a death with the argument of its call, and its function:
// nil if that cannot be called by name.
func (d caller) keptArgument(number uint64) (status.Death, []byte, *Function, error) {
	death, argument, err := d.death(number)
	if err != nil {
		return death, nil, nil, err
	}
	if !death.Argument || death.Call == nil {
		why := "it is kept only if Pool.KeepArgument is set"
		switch {
		case death.Call == nil:
			why = "no call ran in the worker"
		case death.NoArgument != "":
			why = death.NoArgument
		}
		return death, nil, nil, fmt.Errorf("death %d has no argument: %s", number, why)
	}
	all := d.Functions()
	for i := range all {
		if f := &all[i]; f.Pool == death.Pool && f.Name == death.Call.Func {
			return death, argument, f, nil
		}
	}
	return death, argument, nil, nil
}

// export is what is known of a death, as files.
type export struct {
	Files   []exportFile `json:"files"`
	LeftOut []string     `json:"left_out"` // what is not in them, and why
}

type exportFile struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// maxFuzz bounds the file for fuzz tests, which may be four times as long as
// the argument: all must fit into one answer.
const maxFuzz = 2 << 20

// export makes files of a death.
func (d caller) export(_ context.Context, in deathIn) (out export, err error) {
	death, _, err := d.death(in.Number)
	if err != nil {
		return out, err
	}
	add := func(name string, data []byte) { out.Files = append(out.Files, exportFile{name, data}) }
	out.LeftOut = []string{}
	certificate, err := strictjson.Marshal(death)
	if err != nil {
		return out, err
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, certificate, "", "  "); err != nil {
		return out, err
	}
	add("certificate.json", append(indented.Bytes(), '\n'))
	if death.Stack != "" {
		add("stack.txt", []byte(death.Stack+"\n"))
	}
	if len(death.Stderr) > 0 {
		add("stderr.txt", []byte(strings.Join(death.Stderr, "\n")+"\n"))
	}
	room := wire.MaxCapture - 1<<20
	recordings, gone := d.Certificates().Recordings(in.Number)
	if gone != "" {
		out.LeftOut = append(out.LeftOut, "recordings: "+gone)
	}
	for _, one := range recordings {
		if room -= len(one.Bytes); room < 0 {
			out.LeftOut = append(out.LeftOut, one.Name+": it is too large beside the others; death.blob has it alone")
			continue
		}
		add(one.Name, one.Bytes)
	}
	_, argument, f, err := d.keptArgument(in.Number)
	if err != nil {
		out.LeftOut = append(out.LeftOut, "argument: "+err.Error())
		return out, nil
	}
	add("argument.bin", argument)
	if f == nil || f.Argument == nil {
		return out, nil
	}
	value := f.Argument(argument)
	fuzz, err := fuzzFile(value)
	switch {
	case err != nil:
		out.LeftOut = append(out.LeftOut, "fuzz.txt: "+err.Error())
		if b, err := strictjson.Marshal(Presentable(value)); err == nil && len(b) <= maxFuzz {
			add("argument.json", append(b, '\n'))
		}
	default:
		add("fuzz.txt", fuzz)
	}
	return out, nil
}

// fuzzFile returns a file as go test keeps them in testdata/fuzz.
func fuzzFile(value any) ([]byte, error) {
	v := reflect.ValueOf(value)
	text := ""
	switch {
	case !v.IsValid():
		return nil, errors.New("the argument cannot be decoded")
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		text = "[]byte(" + strconv.Quote(string(v.Bytes())) + ")"
	case v.Kind() == reflect.String:
		text = "string(" + strconv.Quote(v.String()) + ")"
	default:
		return nil, fmt.Errorf("go test knows only arguments of basic types, such as []byte, not %T", value)
	}
	if len(text) > maxFuzz {
		return nil, fmt.Errorf("it would have %d bytes, more than %d: make it of argument.bin", len(text), maxFuzz)
	}
	return []byte("go test fuzz v1\n" + text + "\n"), nil
}
