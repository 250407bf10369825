package legion_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/legion-go/legion"
)

// These examples call InProcess, so that each can be read and run by itself: the
// functions run in goroutines then. Without that call they run in processes, as
// in the example of the package.

func ExampleWorker() {
	d := legion.New(legion.Config{Name: "words", Logger: slog.New(slog.DiscardHandler)})
	upper := legion.Worker(d, "upper", func(_ context.Context, s string) (string, error) {
		return strings.ToUpper(s), nil
	}, legion.Pool{Max: 2, Timeout: time.Second, MaxCalls: 1000, MemoryLimit: 256 << 20})
	d.InProcess()

	ctx := context.Background()
	if err := d.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer d.Stop(ctx)
	s, err := upper.Call(ctx, "hello")
	fmt.Println(s, err)
	// Output: HELLO <nil>
}

// The dictionary is in memory once, for all workers. Here it comes from memory;
// a large one would come from a file.
func ExampleShare() {
	d := legion.New(legion.Config{Name: "dictionary", Logger: slog.New(slog.DiscardHandler)})
	words := legion.Share(d, "words", func(_ context.Context, w io.Writer) error {
		file := strings.NewReader("\napple\nbanana\ncherry\n")
		_, err := io.Copy(w, file)
		return err
	})
	known := legion.Worker(d, "known", func(_ context.Context, word string) (bool, error) {
		return bytes.Contains(words.Bytes(), []byte("\n"+word+"\n")), nil
	}, legion.Pool{Max: 8})
	d.InProcess()

	ctx := context.Background()
	if err := d.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer d.Stop(ctx)
	for _, word := range []string{"banana", "bandana"} {
		fmt.Println(known.Call(ctx, word))
	}
	// Output:
	// true <nil>
	// false <nil>
}

// model is what each worker process of ExampleNewWorkers holds.
type model struct {
	weights map[string]int
}

func load(context.Context) (*model, error) {
	return &model{weights: map[string]int{"cat": 3, "dog": 4}}, nil
}

func (m *model) Predict(_ context.Context, label string) (int, error) {
	w, ok := m.weights[label]
	if !ok {
		return 0, fmt.Errorf("no label %q", label)
	}
	return w, nil
}

func (m *model) Close() error { return nil }

// Each worker process loads the model once, before it serves.
func ExampleNewWorkers() {
	d := legion.New(legion.Config{Name: "animals", Logger: slog.New(slog.DiscardHandler)})
	models := legion.NewWorkers(d, "model", load, legion.Pool{Min: 1, Max: 2})
	predict := legion.Handle(models, "predict", (*model).Predict)
	d.InProcess()

	ctx := context.Background()
	if err := d.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer d.Stop(ctx)
	fmt.Println(predict.Call(ctx, "cat"))
	fmt.Println(predict.Call(ctx, "cow"))
	// Output:
	// 3 <nil>
	// 0 no label "cow"
}

// Every call of a task has a process of its own.
func ExampleTask() {
	d := legion.New(legion.Config{Name: "office", Logger: slog.New(slog.DiscardHandler)})
	report := legion.Task(d, "report", func(_ context.Context, month int) (string, error) {
		return fmt.Sprintf("report of month %d", month), nil
	}, legion.TaskOptions{MaxRunning: 1, Timeout: time.Hour})
	d.InProcess()

	ctx := context.Background()
	if err := d.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer d.Stop(ctx)
	call := report.Go(ctx, 7) // returns at once
	fmt.Println(call.Result())
	fmt.Println(call.State(), call.PID() > 0)
	// Output:
	// report of month 7 <nil>
	// done true
}

// lines gives one line after the other. The worker is never far ahead of the
// reader.
func lines(_ context.Context, text string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for line := range strings.Lines(text) {
			if !yield(strings.TrimSpace(line), nil) {
				return
			}
		}
	}
}

func ExampleStreamWorker() {
	d := legion.New(legion.Config{Name: "reader", Logger: slog.New(slog.DiscardHandler)})
	read := legion.StreamWorker(d, "lines", lines, legion.Pool{Max: 1})
	d.InProcess()

	ctx := context.Background()
	if err := d.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer d.Stop(ctx)
	for line, err := range read.All(ctx, "one\ntwo\nstop\nfour\n") {
		if err != nil {
			log.Fatal(err)
		}
		if line == "stop" {
			break // cancels the call
		}
		fmt.Println(line)
	}
	// Output:
	// one
	// two
}

// Calls made with Go run at the same time, as far as there are workers.
func ExampleFunc_Go() {
	d := legion.New(legion.Config{Name: "squares", Logger: slog.New(slog.DiscardHandler)})
	square := legion.Worker(d, "square", func(_ context.Context, n int) (int, error) {
		return n * n, nil
	}, legion.Pool{Max: 4})
	d.InProcess()

	ctx := context.Background()
	if err := d.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer d.Stop(ctx)
	var calls []*legion.Future[int]
	for n := range 5 {
		calls = append(calls, square.Go(ctx, n))
	}
	for _, call := range calls {
		n, err := call.Result()
		fmt.Println(n, err)
	}
	// Output:
	// 0 <nil>
	// 1 <nil>
	// 4 <nil>
	// 9 <nil>
	// 16 <nil>
}

// What is given to Every and Then runs on the daemon's one loop, one function at
// a time: made needs no lock.
func ExampleFuture_Then() {
	d := legion.New(legion.Config{Name: "ticker", Logger: slog.New(slog.DiscardHandler)})
	double := legion.Worker(d, "double", func(_ context.Context, n int) (int, error) {
		return 2 * n, nil
	}, legion.Pool{Max: 1})
	d.InProcess()

	made := 0
	d.Every(time.Millisecond, func(ctx context.Context) error {
		double.Go(ctx, made).Then(func(n int, err error) {
			if err != nil {
				return // the daemon is stopping, for instance
			}
			if made++; made == 3 {
				d.Stop(ctx) // only begins to stop: this is the loop
			}
		})
		return nil
	})
	err := d.Run(context.Background())
	fmt.Println(made >= 3, err)
	// Output: true <nil>
}

// errNoMoney is declared and registered where every process comes by.
var errNoMoney = errors.New("not enough money")

func init() { legion.RegisterError("bank.no_money", errNoMoney) }

// An error of a function arrives as its text and its code. The code brings the
// sentinel back.
func ExampleRegisterError() {
	d := legion.New(legion.Config{Name: "bank", Logger: slog.New(slog.DiscardHandler)})
	pay := legion.Worker(d, "pay", func(_ context.Context, cents int) (int, error) {
		return 0, fmt.Errorf("paying %d: %w", cents, errNoMoney)
	}, legion.Pool{Max: 1})
	d.InProcess()

	ctx := context.Background()
	if err := d.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer d.Stop(ctx)
	_, err := pay.Call(ctx, 500)
	fmt.Println(err)
	fmt.Println(errors.Is(err, errNoMoney))
	// Output:
	// paying 500: not enough money
	// true
}

// A program that exists already starts the daemon and goes on: functions may be
// called from any goroutine.
func ExampleDaemon_Start() {
	d := legion.New(legion.Config{Name: "shop", Logger: slog.New(slog.DiscardHandler)})
	price := legion.Worker(d, "price", func(_ context.Context, id int) (int, error) {
		return 100 + id, nil
	}, legion.Pool{Max: 2, Timeout: time.Second})
	d.InProcess()

	ctx := context.Background()
	if err := d.Start(ctx); err != nil { // what comes after this is the daemon's alone
		log.Fatal(err)
	}
	defer d.Stop(ctx)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := strconv.Atoi(r.FormValue("id"))
		cents, err := price.Call(r.Context(), id) // a client that hangs up cancels the call
		switch {
		case errors.Is(err, legion.ErrQueueFull):
			http.Error(w, "busy, try later", http.StatusServiceUnavailable)
		case err != nil:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		default:
			fmt.Fprintln(w, cents)
		}
	}))
	defer server.Close()

	response, err := http.Get(server.URL + "?id=7")
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	io.Copy(os.Stdout, response.Body)
	// Output: 107
}

// What a function logs arrives in the daemon's log.
func ExampleLogger() {
	plain := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == "time" || a.Key == "pid" || a.Key == "call" {
			return slog.Attr{} // they differ each time
		}
		return a
	}
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: plain}))
	d := legion.New(legion.Config{Name: "talker", Logger: logger})
	talk := legion.Worker(d, "talk", func(ctx context.Context, n int) (int, error) {
		legion.Logger(ctx).Info("counting", "n", n)
		return n, nil
	}, legion.Pool{Max: 1})
	d.InProcess()

	ctx := context.Background()
	if err := d.Start(ctx); err != nil {
		log.Fatal(err)
	}
	if _, err := talk.Call(ctx, 3); err != nil {
		log.Fatal(err)
	}
	d.Stop(ctx)
	// Output:
	// level=INFO msg=started daemon=talker
	// level=INFO msg=counting daemon=talker pool=talk n=3
	// level=INFO msg=stopped daemon=talker
}

func ExampleDaemon_Stats() {
	d := legion.New(legion.Config{Name: "counter", Logger: slog.New(slog.DiscardHandler)})
	half := legion.Worker(d, "half", func(_ context.Context, n int) (int, error) {
		if n%2 != 0 {
			return 0, errors.New("odd")
		}
		return n / 2, nil
	}, legion.Pool{Max: 1})
	d.InProcess()

	ctx := context.Background()
	if err := d.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer d.Stop(ctx)
	for n := range 5 {
		half.Call(ctx, n)
	}
	p := d.Stats().Pools[0]
	fmt.Println(p.Name, p.State, p.Calls, p.OK, p.Failed)
	// Output: half running 5 3 2
}
