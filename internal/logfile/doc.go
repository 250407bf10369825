// Package logfile writes lines to a file that other programs may rotate,
// truncate, delete and replace.
//
// [Open] makes a [Sink] for package outbox, which keeps lines while the file
// takes none, tries again, and never makes the writer of a line wait for the
// disk.
//
// # What happens to a line
//
// A line that Put returned as written is in exactly one file, whole, and in the
// order in which lines were put. This is what happens when the log file is:
//
//   - renamed: Put checks whether the path still leads to the open file, and
//     reopens the path if not. Lines that are being written during the renaming
//     are in the renamed file. A program that compresses the renamed file
//     should therefore do it a moment after the renaming (logrotate:
//     delaycompress, or postrotate).
//   - deleted, or replaced by another file: the same; and if Put finds after
//     the write that the file was deleted, it takes the lines back and writes
//     them again, to the new file.
//   - truncated (logrotate: copytruncate): the next lines begin at the new end.
//     Lines that came between the copy and the truncation are lost.
//   - without its folder, on a full disk, or subject to an I/O error: Put
//     fails. A partly written line is taken back, and later written whole.
//   - impossible to open at the path, while the open file still has a name
//     somewhere: lines go on to the open file, and Put also returns the
//     failure.
//
// A line ends with a newline. A record of several lines may be split over two
// files, between two of its lines.
//
// # The file's owner
//
// The file is created with mode 0640, less the umask. A symbolic link, anything
// but a regular file, and a file that belongs neither to this process's user
// nor to root are refused and not touched.
//
// # Built-in rotation
//
// With [Options.MaxSize] or [Options.MaxAge] the sink renames the file to
// path.1, what was path.1 to path.2, and so on up to path.Keep. Several
// processes may write to and rotate one file.
//
// # Reading order
//
// options.go: the configuration, and Open. sink.go: writing lines to the file
// at the path. file.go: one open file, and how lines stay whole, with
// birth_linux.go (its age) and lock_flock.go (its lock). rotate.go: rotation.
//
// # Concurrency
//
// A Sink is for one goroutine at a time.
package logfile
