package cli

import (
	"context"
	"errors"
	"reflect"
	"slices"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/plugin"
	"github.com/legion-go/legion/status"
)

func configVerb(p *program) *verb {
	var here bool
	verbs := []*verb{
		{needs: aServer, Command: Command{
			Name: "show", Short: "show every key with its value and where that comes from",
			Long: "Those of the running daemon; if none runs and this is its program, those of one that\n" +
				"would be started with this command line. A number that is 0, and what is empty,\n" +
				"stands for its default. Secrets are masked.",
			Run: func(ctx context.Context, in *Invocation) error { return showConfig(ctx, in, here) },
		}},
	}
	if p.daemon != nil {
		verbs[0].Flags = boolFlag(&here, "here", "of one that would be started, even if one runs")
		verbs = append(verbs, &verb{needs: aDaemon, Command: Command{
			Name: "check", Short: "say whether the configuration is good",
			Long: "It needs no daemon, opens and changes nothing, and ends with code 6 if something\n" +
				"is wrong. Do it before a restart; the unit that " + p.name + " unit writes does.",
			Run: func(ctx context.Context, in *Invocation) error {
				if err := p.checkConfig(); err != nil {
					return err
				}
				if in.JSON {
					return in.print(true)
				}
				in.say("the configuration of %s is good", p.daemon.Name())
				return nil
			},
		}})
	}
	return &verb{group: moreGroup, needs: aServer, verbs: verbs, Command: Command{Name: "config", Short: "show and check the configuration"}}
}

// checkConfig returns what would keep a daemon of this command line from
// starting, as far as that is known beforehand.
func (p *program) checkConfig() error {
	err := p.daemon.Check()
	if checker, none := legion.Find[Checker](p.daemon); none == nil {
		if _, asked := checker.(plugin.Checker); !asked {
			err = errors.Join(err, checker.Load())
		}
	}
	if err != nil {
		return &ExitError{ExitNotConfigured, err}
	}
	return nil
}

func showConfig(ctx context.Context, in *Invocation, here bool) error {
	if !here {
		all, shown, err := get[[]status.Setting](ctx, in, "config.show", nil)
		absent := (*client.NotRunningError)(nil)
		switch {
		case err == nil && !shown:
			in.out().settings(all)
			return nil
		case err == nil, in.program.daemon == nil, !errors.As(err, &absent) && !errors.Is(err, errNoControl):
			return err
		}
	}
	if err := in.program.checkConfig(); err != nil {
		return &ExitError{ExitNotConfigured, err}
	}
	all := in.program.settings()
	if in.JSON {
		return in.print(all)
	}
	in.out().settings(all)
	return nil
}

// settings are those of a daemon that would be started.
func (p *program) settings() (all []status.Setting) {
	config := p.daemon.Config()
	for _, name := range configFields(reflect.TypeFor[legion.Config](), "") {
		source := "default or program"
		if slices.ContainsFunc(p.flags.set, func(a assignment) bool { return a.name == name }) {
			source = "flag -o"
		}
		all = append(all, status.Setting{Key: name, Value: valueText(configField(&config, name)), Source: source})
	}
	if reporter, err := legion.Find[plugin.SettingsReporter](p.daemon); err == nil {
		all = append(all, reporter.Show()...)
	}
	return all
}

func (p *printer) settings(all []status.Setting) {
	t := &table{none: "there is nothing to configure", columns: []column{
		{title: "KEY", flexible: true}, {title: "VALUE", flexible: true}, {title: "FROM", flexible: true, spare: 1},
	}}
	for _, s := range all {
		t.add(s.Key, s.Value, s.Source)
	}
	p.table(t)
}
