package cli

import (
	"context"
	"encoding/json"
	"maps"
	"path"
	"slices"
)

func rpcVerb() *verb {
	return &verb{
		group: moreGroup, needs: aServer,
		Command: Command{Name: "rpc", Short: "list, describe and call the methods of the control socket"},
		verbs: []*verb{
			{needs: aServer, Command: Command{Name: "ls", Short: "list the methods", Run: listMethods}},
			{needs: aServer, Command: Command{Name: "help", Args: "METHOD", Short: "describe a method", Run: describeMethod}},
			callMethodVerb(),
		},
	}
}

// discovery is the part of an OpenRPC document that is shown.
type discovery struct {
	Methods    []method `json:"methods"`
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

type method struct {
	Name        string      `json:"name"`
	Summary     string      `json:"summary"`
	Description string      `json:"description"`
	Params      []parameter `json:"params"`
	Result      parameter   `json:"result"`
	Role        string      `json:"x-role"`
	Stream      bool        `json:"x-stream"`
}

type parameter struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Required    bool   `json:"required"`
	Schema      schema `json:"schema"`
}

// schema is the part of a JSON Schema that is shown.
type schema struct {
	Type        string            `json:"type"`
	Format      string            `json:"format"`
	Description string            `json:"description"`
	Ref         string            `json:"$ref"`
	Items       *schema           `json:"items"`
	Properties  map[string]schema `json:"properties"`
	Additional  json.RawMessage   `json:"additionalProperties"`
}

// shape describes a schema in words. It adds types that have a name to named.
func (s *schema) shape(named map[string]bool) string {
	switch {
	case s.Ref != "":
		name := path.Base(s.Ref)
		named[name] = true
		return name
	case s.Type == "array" && s.Items != nil:
		return "list of " + s.Items.shape(named)
	case s.Type == "object" && len(s.Properties) == 0:
		var values schema
		if json.Unmarshal(s.Additional, &values) == nil && (values.Type != "" || values.Ref != "") {
			return "table of " + values.shape(named)
		}
	case s.Type == "":
		return "anything"
	case s.Format == "date-time":
		return "time"
	}
	return s.Type
}

func listMethods(ctx context.Context, in *Invocation) error {
	d, shown, err := get[discovery](ctx, in, "rpc.discover", nil)
	if err != nil || shown {
		return err
	}
	t := &table{none: "there are no methods", columns: []column{{title: "METHOD"}, {title: "ROLE", spare: 1}, {title: "WHAT IT DOES", flexible: true}}}
	for _, m := range d.Methods {
		t.add(m.Name, m.Role, m.Summary)
	}
	in.out().table(t)
	return nil
}

func describeMethod(ctx context.Context, in *Invocation) error {
	var d discovery
	if err := in.Call(ctx, "rpc.discover", nil, &d); err != nil {
		return err
	}
	var names []string
	for _, m := range d.Methods {
		if m.Name == in.Args[0] {
			if in.JSON {
				return in.print(m)
			}
			in.out().method(&m, d.Components.Schemas)
			return nil
		}
		names = append(names, m.Name)
	}
	if meant := nearest(in.Args[0], names); meant != "" {
		return exit(ExitFailed, "there is no method %q; did you mean %s?", in.Args[0], meant)
	}
	return exit(ExitFailed, "there is no method %q: %s lists them", in.Args[0], in.verbLine("rpc ls"))
}

// method describes one.
func (p *printer) method(m *method, types map[string]schema) {
	p.printf("%s\n", p.paint(bold, oneLine(m.Name)))
	for _, text := range []string{m.Summary, m.Description} {
		for _, line := range wrap(oneLine(text), p.width) {
			if line != "" {
				p.printf("%s\n", line)
			}
		}
	}
	named := map[string]bool{}
	gives := "Returns"
	if m.Stream {
		gives = "Streams"
	}
	p.printf("\nRole: %s. %s: %s.\n", oneLine(m.Role), gives, oneLine(m.Result.Schema.shape(named)))
	if len(m.Params) > 0 {
		p.printf("\nParameters:\n")
		var list []string
		for _, one := range m.Params {
			what := one.Schema.shape(named)
			if !one.Required {
				what += ", optional"
			}
			if one.Description != "" {
				what += ": " + one.Description
			}
			list = append(list, oneLine(one.Name), oneLine(what))
		}
		p.definitions(widestTerm(list), list)
	}
	for shown := map[string]bool{}; len(named) > 0; {
		name := slices.Min(slices.Collect(maps.Keys(named)))
		delete(named, name)
		if shown[name] {
			continue
		}
		shown[name] = true
		s := types[name]
		p.printf("\n%s:\n", oneLine(name))
		var list []string
		for _, field := range slices.Sorted(maps.Keys(s.Properties)) {
			one := s.Properties[field]
			what := one.shape(named)
			if one.Description != "" {
				what += ": " + one.Description
			}
			list = append(list, oneLine(field), oneLine(what))
		}
		p.definitions(widestTerm(list), list)
	}
}

func callMethodVerb() *verb {
	return &verb{needs: aServer, Command: Command{
		Name: "call", Args: "METHOD [JSON]", Short: "call a method",
		Long: "JSON are its parameters: an object with their names, a list in their order, or, if there\n" +
			"is only one, its value; - reads them from the standard input. A method that streams\n" +
			"prints a line for each item.\n\n" +
			"    rpc call pool.scale '{\"pool\": \"resize\", \"min\": 2, \"max\": 8}'",
		Run: func(ctx context.Context, in *Invocation) error {
			var params any
			if given, err := in.jsonOperand(1); err != nil {
				return err
			} else if given != nil {
				params = given
			}
			c, err := in.Client(ctx)
			if err != nil {
				return err
			}
			var d discovery
			if err := c.Call(ctx, "rpc.discover", nil, &d); err != nil {
				return err
			}
			for _, m := range d.Methods {
				if m.Stream && m.Name == in.Args[0] {
					return stream(ctx, in, c, m.Name, params, func(item json.RawMessage) {
						in.out().printf("%s\n", compacted(item))
					})
				}
			}
			var result json.RawMessage
			if err := c.Call(ctx, in.Args[0], params, &result); err != nil {
				return err
			}
			in.out().printf("%s\n", indented(result))
			return nil
		},
	}}
}
