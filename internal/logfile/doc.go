// Package logfile writes lines to a file that others rotate, truncate, delete
// and replace as they like.
//
// [Open] makes a [Sink] for package outbox, which keeps lines while the file
// takes none, tries again, and never makes the writer of a line wait for the
// disk.
//
// # What becomes of a line
//
// A line that Put has returned as written is in exactly one file, whole, and in
// the order in which lines were put. This is how it holds against what can
// happen to a log file:
//
//   - renamed: Put looks whether the path still leads to the file that is open,
//     and opens the path anew if not. Lines that are on their way during the
//     renaming are in the renamed file. A program that compresses the renamed
//     file should therefore do it a moment after the renaming (logrotate:
//     delaycompress, or postrotate).
//   - deleted, or another file moved over it: the same; and if after the write
//     the file turns out to have been deleted, the lines are taken back and
//     written again, to the new file.
//   - truncated (logrotate: copytruncate): the next lines begin at the new end.
//     Lines that came between the copy and the truncation are lost.
//   - its folder removed, the disk full, an I/O error: Put fails. A line of
//     which only a part could be written is taken back, and later written
//     whole.
//   - the path leads to nothing that can be opened, yet the file that is open
//     still has a name somewhere: lines go on to the open file, and Put returns
//     the failure with them.
//
// A line is what ends with a newline. A record of several lines may end up in
// two files, between two of its lines.
//
// # Whose file
//
// The file is created with mode 0640, less the umask. A symbolic link, anything
// but a regular file, and a file that belongs neither to this process's user
// nor to root are refused and not touched.
//
// # Rotation of its own
//
// With [Options.MaxSize] or [Options.MaxAge] the sink renames the file to
// path.1, what was path.1 to path.2, and so on up to path.Keep. Several
// processes may write to and rotate one file.
//
// # Reading order
//
// options.go: what can be configured, and Open. sink.go: how lines get into the
// file to which the path leads. file.go: one open file, and what keeps lines
// whole, with birth_linux.go (how old it is) and lock_flock.go (its lock).
// rotate.go: rotation.
//
// # Concurrency
//
// A Sink is for one goroutine at a time.
package logfile
