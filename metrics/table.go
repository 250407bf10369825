package metrics

import "github.com/legion-go/legion/status"

// scrape is what the metrics of one answer are taken from.
type scrape struct {
	status.Stats
	runSeconds bool // legion_call_run_seconds, too
	folded     bool // the functions of a pool are one

	funcs map[string][]status.FuncStats // of funcsOf
}

// Labels, as the metrics have them in common.
var (
	none       = []string{}
	byPool     = []string{"pool"}
	byFunction = []string{"pool", "func"}
)

// table has all metrics but the program's own. docs/metrics.md has the same
// list, in the same order.
var table = []metric{
	{"legion_calls_total", counter, "Calls that have ended, by how they ended.", []string{"pool", "func", "outcome"}, callsTotal},
	{"legion_call_duration_seconds", histogram, "Time from a call to its answer, as its caller sees it.", byFunction, eachFunc(func(f *status.FuncStats) status.Histogram { return f.Duration })},
	{"legion_call_wait_seconds", histogram, "Time that a call waited until a worker began it, or until its end if none did.", byFunction, eachFunc(func(f *status.FuncStats) status.Histogram { return f.Waiting })},
	{"legion_call_run_seconds", histogram, "Time that a call ran in workers, in all its tries.", byFunction, runSeconds},
	{"legion_call_retries_total", counter, "Calls that were tried again, once for each try.", byPool, eachPool(func(p *status.PoolStats) float64 { return float64(p.Retried) })},
	{"legion_call_payload_bytes_total", counter, "Encoded bytes: in is arguments, given to workers, out is results.", []string{"pool", "direction"}, payload},
	{"legion_calls_queued", gauge, "Calls that wait in the daemon.", byPool, eachPool(func(p *status.PoolStats) float64 { return float64(p.Queued) })},
	{"legion_calls_running", gauge, "Calls in workers.", byPool, eachPool(func(p *status.PoolStats) float64 { return float64(p.Running) })},
	{"legion_calls_queue_limit", gauge, "How many calls may wait in the daemon.", byPool, eachPool(func(p *status.PoolStats) float64 { return float64(p.QueueLimit) })},
	{"legion_calls_oldest_wait_seconds", gauge, "How long the oldest call that no worker has begun has been waiting; 0 if none waits.", byPool, eachPool(func(p *status.PoolStats) float64 { return p.OldestWait.Seconds() })},
	{"legion_pool_state", gauge, "1 for the state that the pool is in, 0 for the others.", []string{"pool", "state"}, poolState},
	{"legion_pool_workers", gauge, "Worker processes, by their state.", []string{"pool", "state"}, poolWorkers},
	{"legion_pool_workers_min", gauge, "The least workers of the pool.", byPool, eachPool(func(p *status.PoolStats) float64 { return float64(p.Min) })},
	{"legion_pool_workers_max", gauge, "The most workers of the pool.", byPool, eachPool(func(p *status.PoolStats) float64 { return float64(p.Max) })},
	{"legion_pool_busy_seconds_total", counter, "Time that calls have run, all of them together.", byPool, eachPool(func(p *status.PoolStats) float64 { return p.Busy.Seconds() })},
	{"legion_pool_cpu_seconds_total", counter, "Processor time of all workers, those that have ended included.", byPool, eachPool(func(p *status.PoolStats) float64 { return p.CPU.Seconds() })},
	{"legion_pool_memory_bytes", gauge, "Private resident memory of all workers.", byPool, eachPool(func(p *status.PoolStats) float64 { return float64(p.Memory) })},
	{"legion_pool_worker_memory_max_bytes", gauge, "Private resident memory of the largest worker.", byPool, eachPool(func(p *status.PoolStats) float64 { return float64(p.WorkerMemoryMax) })},
	{"legion_pool_memory_limit_bytes", gauge, "Memory limit of each worker; missing if there is none.", byPool, memoryLimit},
	{"legion_workers_started_total", counter, "Worker processes started.", byPool, eachPool(func(p *status.PoolStats) float64 { return float64(p.Started) })},
	{"legion_workers_recycled_total", counter, "Workers that left in good order, by why.", []string{"pool", "reason"}, recycled},
	{"legion_worker_deaths_total", counter, "Workers that ended otherwise, by cause.", []string{"pool", "cause"}, deaths},
	{"legion_worker_start_seconds", histogram, "Time from a worker's start until it was ready.", byPool, startSeconds},

	{"legion_loop_ticks_total", counter, "Functions of Every and Cron that the loop has called.", none, once(func(s *scrape) float64 { return float64(s.Loop.Ticks) })},
	{"legion_loop_missed_total", counter, "Calls of such functions that were left out because the loop was late.", none, once(func(s *scrape) float64 { return float64(s.Loop.Missed) })},
	{"legion_loop_overruns_total", counter, "Calls of such functions that took longer than their interval.", none, once(func(s *scrape) float64 { return float64(s.Loop.Overruns) })},
	{"legion_loop_panics_total", counter, "Functions of the loop that panicked.", none, once(func(s *scrape) float64 { return float64(s.Loop.Panics) })},
	{"legion_loop_pending", gauge, "Functions that wait for the loop.", none, once(func(s *scrape) float64 { return float64(s.Loop.Pending) })},
	{"legion_loop_busy_seconds", gauge, "How long the function that the loop runs has been running; 0 if it runs none.", none, once(func(s *scrape) float64 { return s.Loop.Running.Seconds() })},

	{"legion_cron_runs_total", counter, "Runs of functions of Cron that have ended, by how they ended.", []string{"cron", "outcome"}, cronRuns},
	{"legion_cron_last_success_timestamp_seconds", gauge, "When the last run that was ok ended; missing until then.", []string{"cron"}, cronLastSuccess},
	{"legion_cron_next_run_timestamp_seconds", gauge, "When the next run is due.", []string{"cron"}, cronNextRun},
	{"legion_task_runs_total", counter, "Runs of tasks that have ended, by how they ended.", []string{"task", "outcome"}, taskRuns},
	{"legion_events_total", counter, "Events emitted.", []string{"type"}, events},
	{"legion_log_records_total", counter, "Records given to the log.", []string{"level"}, logRecords},
	{"legion_log_dropped_total", counter, "Records that are missing from the log.", none, once(func(s *scrape) float64 { return float64(s.Log.Dropped) })},
	{"legion_control_requests_total", counter, "Requests of clients, by method and code of the answer: 0, that of the error, or the status of HTTP.", []string{"method", "code"}, controlRequests},
	{"legion_control_refused_total", counter, "Connections and requests of clients that nothing has answered, by why.", []string{"reason"}, controlRefused},
	{"legion_control_connections", gauge, "Clients that are connected.", none, once(func(s *scrape) float64 { return float64(s.Control.Connections) })},
	{"legion_upgrades_total", counter, "Upgrades, those that have led to this process included, by how they ended.", []string{"outcome"}, changes("upgrade")},
	{"legion_reloads_total", counter, "Reloads, by how they ended.", []string{"outcome"}, changes("reload")},
	{"legion_ready", gauge, "1 if the daemon is healthy, as for GET /readyz, else 0.", none, func(s *scrape, out *sink) { out.is(s.Healthy) }},
	{"legion_build_info", gauge, "Always 1; the labels name the daemon, and the versions of the program, of Legion and of Go.", []string{"daemon", "version", "legion", "go"}, buildInfo},

	{"process_cpu_seconds_total", counter, "Processor time of the daemon's process.", none, once(func(s *scrape) float64 { return s.CPU.Seconds() })},
	{"process_open_fds", gauge, "Open file descriptors of the daemon's process.", none, openFiles},
	{"process_max_fds", gauge, "The most file descriptors that it may open.", none, maxFiles},
	{"process_virtual_memory_bytes", gauge, "Virtual memory of the daemon's process.", none, virtualMemory},
	{"process_resident_memory_bytes", gauge, "Resident memory of the daemon's process.", none, once(func(s *scrape) float64 { return float64(s.Memory.Now) })},
	{"process_start_time_seconds", gauge, "When the daemon's program started, in this process.", none, startTime},

	{"go_info", gauge, "Always 1; the label names the version of Go.", []string{"version"}, goInfo},
	{"go_goroutines", gauge, "Goroutines of the daemon's process.", none, goMetric("/sched/goroutines:goroutines")},
	{"go_sched_gomaxprocs_threads", gauge, "GOMAXPROCS.", none, goMetric("/sched/gomaxprocs:threads")},
	{"go_gc_gogc_percent", gauge, "GOGC.", none, goMetric("/gc/gogc:percent")},
	{"go_gc_gomemlimit_bytes", gauge, "GOMEMLIMIT.", none, goMetric("/gc/gomemlimit:bytes")},
	{"go_gc_duration_seconds", summary, "Pauses of garbage collection.", none, gcPauses},
	{"go_memstats_alloc_bytes_total", counter, "Bytes allocated in the heap, those freed included.", none, goMetric("/gc/heap/allocs:bytes")},
	{"go_memstats_mallocs_total", counter, "Objects allocated in the heap, those freed included.", none, goMetric("/gc/heap/allocs:objects", "/gc/heap/tiny/allocs:objects")},
	{"go_memstats_heap_objects", gauge, "Objects in the heap.", none, goMetric("/gc/heap/objects:objects")},
	{"go_memstats_heap_alloc_bytes", gauge, "Bytes of the objects in the heap.", none, goMetric("/memory/classes/heap/objects:bytes")},
	{"go_memstats_heap_inuse_bytes", gauge, "Bytes of the heap's spans that are in use.", none, goMetric("/memory/classes/heap/objects:bytes", "/memory/classes/heap/unused:bytes")},
	{"go_memstats_heap_idle_bytes", gauge, "Bytes of the heap's spans that are not in use.", none, goMetric("/memory/classes/heap/free:bytes", "/memory/classes/heap/released:bytes")},
	{"go_memstats_next_gc_bytes", gauge, "Size of the heap at which the next garbage collection ends.", none, goMetric("/gc/heap/goal:bytes")},
	{"go_memstats_sys_bytes", gauge, "Bytes taken from the system.", none, goMetric("/memory/classes/total:bytes")},
}
