package legion

import (
	"context"

	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/internal/worker"
	"github.com/legion-go/legion/status"
)

// Progress reports how far the running call, task, stream or loop of a worker
// has come, in any unit, with a short note, as in Progress(ctx, 3, 20, "page
// 3"). of is the whole, 0 if it is not known. ctx must be the one that the
// function got, or one made from it.
//
// [Future.Progress], ps, status.CallInfo and status.WorkerStats show the last
// report. At most ten reports a second leave the worker; of more, the last
// arrives a tenth of a second later, if the call still runs. The note is cut
// after 64 bytes, and loses what is not printable. Outside of a worker, and
// once ctx has ended, Progress does nothing. It may have to wait, like the log,
// if the daemon is slow. It may be used from any goroutine.
func Progress(ctx context.Context, done, of float64, note string) {
	worker.Progress(ctx, wire.Done{Done: done, Of: of, Note: note})
}

// Progress returns the last report of the call, made with [Progress], also
// after its end; nil if it has made none. A call that is retried begins anew.
func (f *Future[Out]) Progress() *status.Progress {
	if f.call == nil { // it ended at once
		return nil
	}
	return f.pool.Progress(f.call)
}
