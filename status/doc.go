// Package status holds what a daemon of Legion tells about itself: the values
// that Daemon.Stats and other methods return, and that the control socket
// encodes. Its clients, such as the command line, decode them. Durations travel
// as seconds.
//
//   - daemon.go: Hello, Daemon, Process
//   - stats.go: Stats and its parts MemoryStats, LoopStats, LogStats,
//     ControlStats
//   - pool.go: Pool, PoolStats, Sandbox, FuncStats, Recent
//   - worker.go: Worker, WorkerStats, WorkerEnd, Usage
//   - call.go: CallInfo, CallState, Func
//   - figures.go: Times, Histogram, Bounds, Progress, Running
//   - death.go: Death, DeathCall, DeathKind, Moment, Blob
//   - task.go: Tasks, Task, TaskRun
//   - fault.go: Fault
//   - upgrade.go: Upgrade
//   - cron.go: Cron
//   - event.go: Event, EventType
//   - log.go: LogRecord, LogAttrs
//   - parts.go: Plugin, Lock, Setting
//   - page.go: Page
//   - machine.go: Finding
package status
