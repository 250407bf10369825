// Package legiontest helps to test daemons made with legion.
//
// # With real processes
//
// A worker is the same binary started again; under go test that is the test
// binary. One line makes it a worker instead of running the tests again:
//
//	func TestMain(m *testing.M) { legiontest.Main(m, newDaemon) }
//
// where newDaemon declares the daemon, as main does, and returns it. Then a
// test starts it with [Start], and calls, kills and breaks real processes.
// Without that line Start fails with a message that says so.
//
// # Data races
//
// go test -race watches the code of the workers, too: a worker process ends at
// its first data race, with exit code 66 and the detector's report as
// WorkerError.Stack, its call ends with ErrCrashed, and the test that started
// the daemon with [Start] fails. If a test needs a worker to go on after a
// race, it sets GORACE to halt_on_error=0 before Start; the race still fails
// the test when that worker exits with the detector's code.
//
// # Memory that is only lent
//
// With [Main], memory that a call only lends is overwritten as soon as it is
// taken back, in every process of the test, so a function that keeps a part of
// its payload.Lent finds the byte 0xDB there; go test -race also reports the
// access.
//
// # Without processes
//
// Call InProcess on the daemon before [Start]: workers are goroutines then.
// Arguments and results still travel through the codec. It needs no TestMain,
// and breakpoints work. Nothing confines such workers: test with processes what
// a Pool.Sandbox must allow.
//
// # Leaks
//
// [CheckLeaks] fails a test that leaves goroutines, descriptors, child
// processes or shared memory behind.
package legiontest
