//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/pprof/profile"
)

// profile begins a CPU profile of the daemon. end ends it, and returns how long
// the daemon served pages meanwhile.
func (s *setup) profile() (end func() (serving time.Duration, err error), err error) {
	path := filepath.Join(s.dir, "cpu.pprof")
	if err := s.daemon.ask(path); err != nil {
		return nil, err
	}
	return func() (time.Duration, error) {
		if err := s.daemon.ask(""); err != nil {
			return 0, err
		}
		f, err := os.Open(path)
		if err != nil {
			return 0, err
		}
		defer func() { _ = f.Close() }()
		p, err := profile.Parse(f)
		if err != nil {
			return 0, fmt.Errorf("the profile of the daemon: %w", err)
		}
		return serving(p)
	}, nil
}

// ask has a process do what a line says. The answer is an empty line, or what
// went wrong.
func (p *process) ask(line string) error {
	if _, err := fmt.Fprintln(p.in, line); err != nil {
		return err
	}
	if !p.lines.Scan() {
		return errors.Join(errors.New("the daemon does not answer"), p.lines.Err())
	}
	if wrong := p.lines.Text(); wrong != "" {
		return fmt.Errorf("the daemon: %s", wrong)
	}
	return nil
}

// serves are the packages that work for the front: nobody else connects.
var serves = []string{"control", "rpc", "methods", "watch"}

// serving adds up the samples in which a function of these packages was on the
// stack.
func serving(p *profile.Profile) (total time.Duration, err error) {
	at := slices.IndexFunc(p.SampleType, func(t *profile.ValueType) bool { return t.Type == "cpu" && t.Unit == "nanoseconds" })
	if at < 0 {
		return 0, errors.New("the profile of the daemon has no processor time")
	}
	for _, s := range p.Sample {
		if slices.ContainsFunc(s.Location, func(l *profile.Location) bool { return slices.ContainsFunc(l.Line, ofServing) }) {
			total += time.Duration(s.Value[at])
		}
	}
	return total, nil
}

func ofServing(l profile.Line) bool {
	name, ok := strings.CutPrefix(l.Function.Name, "github.com/legion-go/legion/internal/")
	folder, _, _ := strings.Cut(name, ".")
	return ok && slices.Contains(serves, folder)
}
