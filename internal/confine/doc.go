// Package confine makes the system hold a [sandbox.Sandbox], in the process
// that is to be confined. It has two moments: [Birth], before any code of the
// program has run, and [Seal], after the worker's setup and before its first
// call.
package confine
