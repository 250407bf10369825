// Package fail puts named failpoints into the code of a worker: a test can kill
// the worker exactly there, to see what its death does to other processes.
//
// Without the build tag failpoint a [Point] is an empty function that the
// compiler leaves out. With it (make failpoint), a point kills its process with
// SIGKILL if there is a file of its name in the folder that the environment
// variable LEGION_FAILPOINTS names, and removes that file: so one file kills
// one process, however many reach the point. The variable is read when the
// process starts, so a test that sets it hits the workers it starts from then
// on, and never itself.
package fail
