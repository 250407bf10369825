// Package vanish tells that a file may have been removed, renamed or replaced,
// so that its owner can put it back.
//
// A [Watch] watches folders, not files: the folder of a socket shows that its
// name is removed, the descriptor of the socket does not. On Linux the kernel
// reports it at once (inotify); elsewhere, and where the kernel has no watches
// left, a Watch fires again and again after a pause. In both cases it tells its
// owner to look now, never what happened.
package vanish
