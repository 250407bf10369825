// Package sandbox describes how the workers of a pool are confined: a [Sandbox]
// is what Pool.Sandbox points to, and package legion has its names too. It says
// what functions may do; the system is asked to hold it elsewhere.
//
//   - sandbox.go: the description; network.go: what may be connected to;
//   - validate.go: mistakes in a description;
//   - forbidden.go: what a worker was refused, and what holds.
package sandbox
