package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/status"
)

func metricsVerb() *verb {
	var open *bool
	var path *string
	return &verb{
		group: lookGroup, needs: aServer,
		Command: Command{
			Name: "metrics", Short: "print the metrics for Prometheus",
			Long: "The daemon's program must use package metrics.",
			Flags: func(fs *flag.FlagSet) {
				open = fs.Bool("openmetrics", false, "as OpenMetrics, not in the text format")
				path = fs.String("path", "/metrics", "the HTTP path, if the program has chosen another `PATH`")
			},
			Run: func(ctx context.Context, in *Invocation) error {
				accept := "text/plain"
				if *open {
					accept = "application/openmetrics-text"
				}
				p, shown, err := get[status.Page](ctx, in, "path.get", map[string]string{"path": *path, "accept": accept})
				if refused := (*client.Error)(nil); errors.As(err, &refused) && refused.Code == client.CodeParams {
					return fmt.Errorf("the daemon has no metrics at %s: its program does not use package metrics, or another path: d.Use(&metrics.Endpoint{})", *path)
				}
				if err != nil || shown {
					return err
				}
				if in.out().terminal { // the values of labels are a worker's
					p.Body = clean(p.Body)
				}
				_, err = io.WriteString(in.Stdout, p.Body)
				return err
			},
		},
	}
}
