// Package deaths keeps the certificates of workers that died: the last ones
// whole, and for each kind of death how many there were. All of it is bounded,
// in number and in bytes, so that a worker that dies a hundred times a second
// costs little.
//
//   - registry.go: the certificates
//   - kinds.go: deaths that are alike
//   - keep.go: the hook by which pools add certificates
//   - passing.go: what the next process of the daemon gets
//
// A [Registry] may be used from any goroutine.
package deaths
