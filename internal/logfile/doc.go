// Package logfile writes lines to a file that others rotate, truncate, delete and replace as they like, and never makes
// the writer of a line wait for the disk.
//
// [Open] makes a [Writer]. [Writer.Write] copies a line into a buffer of fixed size and returns; one goroutine writes
// what has gathered there, many lines at once. What does not fit is dropped, counted, and reported by one line of its
// own as soon as lines can be written again.
//
// # What becomes of a line
//
// A line that was not counted as dropped is in exactly one file, whole, and the lines of one goroutine are in the order
// in which it wrote them. This is how it holds against what can happen to a log file:
//
//   - renamed: before each batch the writer looks whether the path still leads to the file that it has open, and opens
//     the path anew if not. A batch that is on its way during the renaming is in the renamed file. Whoever compresses
//     the renamed file should therefore do it a moment after the renaming (logrotate: delaycompress, or postrotate).
//   - deleted, or another file moved over it: the same; and if after the write the file turns out to have been deleted,
//     the batch is taken back and written again, to the new file.
//   - truncated (logrotate: copytruncate): the next batch begins at the new end. Lines that came between the copy and
//     the truncation are lost to whoever does this.
//   - its folder removed, the disk full, an I/O error: lines gather in the buffer, and the writer tries again, at first
//     after 10 ms, then less and less often down to once a second. A line of which only a part could be written is taken
//     back, and later written whole.
//   - the path leads to nothing that can be opened, yet the file that is open still has a name somewhere: lines go on to
//     the open file, and the failure is reported.
//
// A line is what ends with a newline. A text of several lines that was written at once may end up in two files, between
// two of its lines.
//
// # Whose file
//
// The file is created with mode 0640, less the umask. A symbolic link, anything but a regular file, and a file that
// belongs neither to this process's user nor to root are refused and not touched.
//
// # Rotation of its own
//
// With [Options.MaxSize] or [Options.MaxAge] the writer renames the file to path.1, what was path.1 to path.2, and so on
// up to path.Keep. Several processes may write to and rotate one file.
//
// # Reading order
//
// options.go: what can be configured, and Open. writer.go: what any goroutine calls. buffer.go: the lines that wait.
// drain.go: the goroutine that writes them. file.go: one open file, and what keeps lines whole. rotate.go: rotation.
//
// # Concurrency
//
// Every method of Writer may be called from any goroutine.
package logfile
