package metrics

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// openFiles counts the descriptors, without the one that the counting needs.
func openFiles(_ *scrape, out *sink) {
	folder, err := os.Open("/proc/self/fd")
	if err != nil {
		return
	}
	defer folder.Close()
	if names, err := folder.Readdirnames(-1); err == nil {
		out.value(float64(len(names) - 1))
	}
}

func maxFiles(_ *scrape, out *sink) {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		out.count(limit.Cur)
	}
}

// virtualMemory reads /proc/self/statm, whose first field is its size in pages.
func virtualMemory(_ *scrape, out *sink) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return
	}
	pages, _, _ := bytes.Cut(text, []byte(" "))
	if n, err := strconv.ParseUint(string(pages), 10, 64); err == nil {
		out.count(n * uint64(os.Getpagesize()))
	}
}
