// Package status holds what a daemon of Legion tells about itself: the values
// that Daemon.Stats and other methods return, and that the control socket
// encodes. Its clients, such as the command line, decode them. Durations travel
// as seconds.
//
//   - daemon.go: Hello, Daemon, Process
//   - stats.go: Stats and its parts MemoryStats, LoopStats, LogStats,
//     LogLevels, ControlStats, ChangeCount, Shared
//   - pool.go: Pool, PoolStats, Sandbox, FuncStats, Recent
//   - worker.go: Worker, WorkerStats, WorkerEnd, Usage
//   - call.go: CallInfo, CallState, Calls, Func
//   - figures.go: Times, Histogram, Bounds, Outcomes, RecycleReasons, Progress,
//     Running
//   - death.go: Death, DeathCauses, DeathCall, DeathKind, Moment, Blob
//   - history.go: History, Sample
//   - capture.go: Capture, Captured
//   - watch.go: Change, WatchTopics
//   - task.go: Tasks, Task, TaskRun
//   - fault.go: Fault
//   - upgrade.go: Upgrade, Release
//   - cron.go: Cron
//   - event.go: Event, EventType
//   - log.go: LogRecord, LogAttrs
//   - parts.go: Plugin, Lock, Setting
//   - page.go: Page
//   - machine.go: Finding
package status
