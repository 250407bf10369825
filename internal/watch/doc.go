// Package watch shows viewers the state of a daemon, and then what changes in
// it.
//
// A [Hub] takes one snapshot for all its viewers, at the rate of the fastest,
// and only of topics that one of them views. It encodes each value once,
// compares it with the bytes before, and numbers the changes; a viewer gets
// what has changed since its last item, which is encoded once for all who have
// seen as much. So a slow viewer holds up no other, and nothing is queued for
// it: it gets the newest state later.
//
//   - hub.go: Hub, the snapshots
//   - topic.go: the values of a topic, and their changes
//   - viewer.go: Hub.View, the life of a viewer
//   - list.go: topics that are lists, such as events: bounded, with what was
//     left out counted
//
// A Hub may be used from any goroutine. It has no goroutine of its own: the
// viewer whose turn it is takes the snapshot, in its own.
package watch
