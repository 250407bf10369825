// Longpoll is the example LongPoll of shaneharter/PHP-Daemon: a worker asks an
// API that takes its time, all the time; the loop logs the latest answer.
//
//	go run ./examples/ported/longpoll
package main

import (
	"context"
	"flag"
	"log"
	"math/rand/v2"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/config"
	"github.com/legion-go/legion/lock"
)

type settings struct {
	API struct {
		URI   string `usage:"where the API is"`
		Token string `config:"token,secret"`
	} `config:"api"`
	Latency time.Duration `usage:"how long an answer may take"`
	Every   time.Duration `usage:"the interval of the loop"`
}

var conf = config.New(&settings{Latency: 20 * time.Second, Every: 3 * time.Second}, config.Options{
	File: "longpoll.yaml", Optional: true, Env: "LONGPOLL", Flags: flag.CommandLine, // the ini plugin
})

type sales struct{ Customers, Amount int }

// poll runs in a worker. It plays an API: it makes up an answer, after a while.
// A worker may be replaced at any time, so the state comes with the call.
func poll(ctx context.Context, s sales) (sales, error) {
	legion.Logger(ctx).Info("calling the API", "uri", conf.Get().API.URI)
	select {
	case <-time.After(rand.N(conf.Get().Latency)):
	case <-ctx.Done():
		return s, ctx.Err()
	}
	return sales{s.Customers + rand.IntN(100) + 1, s.Amount + rand.IntN(1000) + 1}, nil
}

func main() {
	flag.Parse()
	if err := conf.Load(); err != nil {
		log.Fatal(err)
	}
	d := legion.New(legion.Config{Name: "longpoll"})
	d.Use(lock.File(""))
	d.Use(conf)
	api := legion.Worker(d, "poll", poll, legion.Pool{Max: 1, Timeout: 2 * time.Minute})

	var latest sales
	polling := false // is_idle
	d.Every(conf.Get().Every, func(ctx context.Context) error {
		if polling {
			d.Logger().Info("a call is running in the worker")
			return nil
		}
		polling = true
		if latest.Customers > 0 {
			d.Logger().Info("current sales", "customers", latest.Customers, "amount", latest.Amount)
		}
		api.Go(ctx, latest).Then(func(s sales, err error) {
			polling = false
			if err != nil {
				d.Logger().Warn("no answer", "err", err)
				return
			}
			latest = s
		})
		return nil
	})
	if err := d.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
}
