package cli

import (
	"context"
	"encoding/json"
	"flag"
	"time"

	"github.com/legion-go/legion/status"
)

func callVerb() *verb {
	var timeout time.Duration
	return &verb{
		group: partsGroup, needs: aServer,
		Command: Command{
			Name: "call", Args: "FUNCTION [JSON]", Short: "call a function in a worker and print its result",
			Long: "JSON is the argument, or - to read it from the standard input; without it the zero\n" +
				"value is passed. A function that streams prints a line for each of its results.\n\n" +
				"    call resize '{\"path\": \"a.jpg\", \"width\": 80}'",
			Flags: func(fs *flag.FlagSet) { fs.DurationVar(&timeout, "timeout", 0, "how long it may take") },
			Run: func(ctx context.Context, in *Invocation) error {
				params := map[string]any{"name": in.Args[0]}
				arg, err := in.jsonOperand(1)
				if err != nil {
					return err
				}
				if arg != nil {
					params["arg"] = arg
				}
				if timeout > 0 {
					params["timeout"] = timeout.Seconds()
				}
				c, err := in.Client(ctx)
				if err != nil {
					return err
				}
				var all []status.Func
				if err := c.Call(ctx, "func.list", nil, &all); err != nil {
					return err
				}
				for _, f := range all {
					if f.Kind == "stream" && (f.Name == in.Args[0] || f.Pool+"."+f.Name == in.Args[0]) {
						return stream(ctx, in, c, "call.stream", params, func(item json.RawMessage) {
							in.out().printf("%s\n", compacted(item))
						})
					}
				}
				var result json.RawMessage
				if err := c.Call(ctx, "call", params, &result); err != nil {
					return err
				}
				in.out().printf("%s\n", indented(result))
				return nil
			},
		},
	}
}

func funcVerb() *verb {
	return &verb{
		group: partsGroup, needs: aServer,
		Command: Command{Name: "func", Short: "list the functions that call and task run take"},
		verbs: []*verb{{needs: aServer, Command: Command{
			Name: "ls", Short: "list the functions",
			Run: func(ctx context.Context, in *Invocation) error {
				all, shown, err := get[[]status.Func](ctx, in, "func.list", nil)
				if err != nil || shown {
					return err
				}
				t := &table{none: "there are no functions", columns: []column{
					{title: "FUNCTION", flexible: true}, {title: "POOL", flexible: true, spare: 2}, {title: "KIND", spare: 1},
					{title: "ARGUMENT", flexible: true}, {title: "RESULT", flexible: true},
				}}
				for _, f := range all {
					t.add(f.Name, f.Pool, f.Kind, f.In, f.Out)
				}
				in.out().table(t)
				return nil
			},
		}}},
	}
}
