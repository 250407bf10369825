// Package vanish tells that a file may have been removed, renamed or replaced,
// so that its owner can put it back.
//
// A [Watch] looks at folders, not at files: the folder of a socket tells when
// its name goes, the descriptor of the socket never does. On Linux the kernel
// tells at once (inotify); elsewhere, and where the kernel has no watch left, a
// Watch tells again and again after a pause, and its owner looks. In both cases
// it says "look now", never what happened.
package vanish
