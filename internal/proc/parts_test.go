package proc

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/legion-go/legion/sandbox"
)

// childParts are the parts that children of Start play. Purpose.Daemon is a
// part's argument.
var childParts = map[string]func(*Child){
	"hold": func(*Child) {
		fmt.Printf("ready=%d\n", os.Getpid())
		forever()
	},
	"return": func(*Child) {},
	"exit": func(c *Child) {
		n, _ := strconv.Atoi(c.Purpose.Daemon)
		os.Exit(n)
	},
	"print": func(c *Child) {
		fmt.Fprint(os.Stdout, c.Purpose.Daemon)
		fmt.Fprint(os.Stderr, c.Purpose.Daemon)
	},
	"state": func(c *Child) { printState(c) },
	"files": copyFiles,
	"panic": func(*Child) { println("a last word"); panic("first line\nfatal error: out of memory\ngoroutine 1") },
	//lint:ignore SA5000 this is what it is for
	"nilmap": func(*Child) { var m map[string]int; m["a"] = 1 },
	"mapwrites": func(*Child) {
		runtime.GOMAXPROCS(2)
		m := map[int]int{}
		for range 2 {
			go func() {
				for i := 0; ; i++ {
					m[i%8] = i
				}
			}()
		}
		forever()
	},
	"overflow": func(*Child) {
		debug.SetMaxStack(1 << 20)
		var deeper func(n int) int
		deeper = func(n int) int { return deeper(n+1) + 1 }
		fmt.Println(deeper(0))
	},
	"segfault": func(*Child) {
		debug.SetPanicOnFault(false)
		mem, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_READ, syscall.MAP_PRIVATE|syscall.MAP_ANON)
		check(err)
		*(*int)(unsafe.Pointer(&mem[0])) = 1
	},
	"busy": func(*Child) {
		runtime.LockOSThread()       // the loop must run on another thread than the first
		spin(200 * time.Millisecond) // more than the loop's thread has when Quit comes
		var looping atomic.Bool
		go busyLooping(&looping)
		for !looping.Load() {
			time.Sleep(time.Millisecond)
		}
		// It may still be in the race detector, which shows no stack.
		for enough := userTime() + 20*time.Millisecond; userTime() < enough; {
			time.Sleep(time.Millisecond)
		}
		fmt.Printf("ready=%d\n", os.Getpid())
		for { // it runs now and then
			spin(time.Millisecond)
			time.Sleep(3 * time.Millisecond)
		}
	},
	"hoard": func(c *Child) { // private memory
		n, _ := strconv.Atoi(c.Purpose.Daemon)
		hoard(n)
		fmt.Println("hoarded=yes")
		forever()
	},
	"hoardshared": func(c *Child) { // memory that RLIMIT_DATA does not count
		n, _ := strconv.Atoi(c.Purpose.Daemon)
		mem, err := syscall.Mmap(-1, 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED|syscall.MAP_ANON)
		check(err)
		for i := 0; i < len(mem); i += 4096 {
			mem[i] = 1
		}
		fmt.Println("hoarded=yes")
		forever()
	},
	"grandchild": func(c *Child) { // Purpose.Daemon says how to start it
		g := exec.Command("sleep", "1000")
		g.Stdout = os.Stdout // it holds stdout open
		switch c.Purpose.Daemon {
		case "escape", "escaped":
			g.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		case "return":
		}
		check(g.Start())
		fmt.Printf("grandchild=%d\n", g.Process.Pid)
		if c.Purpose.Daemon != "return" && c.Purpose.Daemon != "escape" {
			forever()
		}
	},
	"exec": func(*Child) { // executes another program
		fmt.Printf("ready=%d\n", os.Getpid())
		check(syscall.Exec("/bin/sleep", []string{"sleep", "120"}, os.Environ()))
	},
	"ignore": func(*Child) {
		signal.Ignore(stackSignal)
		fmt.Printf("ready=%d\n", os.Getpid())
		forever()
	},
	"deaf": func(*Child) { // until SIGUSR2
		last := make(chan os.Signal, 1)
		signal.Notify(last, syscall.SIGUSR2)
		fmt.Printf("ready=%d\n", os.Getpid())
		fmt.Printf("%v=yes\n", <-last)
		var ends []string
		for _, s := range []string{"TERM", "INT", "HUP", "QUIT"} {
			ends = append(ends, fmt.Sprint(exec.Command("sh", "-c", "ulimit -c 0; kill -"+s+" $$").Run()))
		}
		fmt.Printf("executed=%s\n", strings.Join(ends, ", "))
		forever()
	},
	"flood": func(c *Child) {
		n, _ := strconv.Atoi(c.Purpose.Daemon)
		line := []byte(strings.Repeat("x", 99) + "\n")
		block := []byte(strings.Repeat(string(line), 600))
		for range n / len(block) {
			if _, err := os.Stdout.Write(block); err != nil {
				os.Exit(7)
			}
		}
	},
	"daemon": func(c *Child) { // a worker that is a daemon itself
		runDaemon(c.Purpose.Daemon)
	},
	"tell": func(c *Child) { c.Files[0].WriteString("x"); forever() },
	"work": func(*Child) { spin(50 * time.Millisecond); os.Exit(0) },
}

// helperParts are parts of processes that Start did not start.
var helperParts = map[string]func(*Child){
	"daemon": func(*Child) { runDaemon(os.Getenv("PROC_TEST_CHILD")) },
	"self": func(*Child) {
		fmt.Printf("self=%v marker=%q\n", Self(), os.Getenv(markerName))
	},
}

// runDaemon starts a child that plays part, passes on its output, and waits.
func runDaemon(part string) {
	part, argument, _ := strings.Cut(part, ":")
	var l Limits
	if part == "limited" {
		part = "hold"
		l.Memory, _ = strconv.ParseUint(argument, 10, 64)
	}
	switch os.Getenv("PROC_TEST_LIMIT") {
	case "Memory":
		l.Memory = 64 << 20
	case "CPU":
		l.CPU = 1
	case "Threads":
		l.Threads = 100
	}
	var b *sandbox.Sandbox
	if os.Getenv("PROC_TEST_SANDBOX") != "" {
		b = new(sandbox.Sandbox)
	}
	EndLeftovers(argument)
	_, err := Start(Spec{
		Name: "test: " + part, Purpose: Purpose{Pool: part, Daemon: argument}, Limits: l, User: os.Getenv("PROC_TEST_USER"), Sandbox: b,
		Output: func(_ Stream, line []byte) { os.Stdout.Write(append(line, '\n')) },
	})
	check(err)
	fmt.Printf("daemon=%d\n", os.Getpid())
	forever()
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "part:", err)
		os.Exit(98)
	}
}

// forever is long enough for any test, but a process that a broken test forgets
// still ends.
func forever() {
	time.Sleep(2 * time.Minute)
	os.Exit(97)
}

//go:noinline
func busyLooping(started *atomic.Bool) {
	runtime.LockOSThread()
	started.Store(true)
	for { // no call here lets the runtime interrupt
		//lint:ignore SA4017 the loop is the point
		spinOnce()
	}
}

//go:noinline
func spinOnce() int {
	n := 0
	for i := range 1000 {
		n += i * i
	}
	return n
}

// spin has the process use d of processor time outside the kernel.
func spin(d time.Duration) {
	for enough := userTime() + d; userTime() < enough; {
		//lint:ignore SA4017 the loop is the point
		spinOnce()
	}
}

// userTime is the processor time of this process outside the kernel.
func userTime() time.Duration { return used().User }

func used() Usage {
	var r syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &r))
	return usage(&r)
}

var hoarded [][]byte

func hoard(n int) {
	for got := 0; got < n; got += 1 << 20 {
		b := make([]byte, 1<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		hoarded = append(hoarded, b)
	}
}

// printState prints everything that a child's user code can see, and that its
// own child can.
func printState(c *Child) {
	cwd, err := os.Getwd()
	check(err)
	fmt.Printf("args=%q\n", os.Args)
	fmt.Printf("environ=%q\n", os.Environ())
	fmt.Printf("cwd=%s\n", cwd)
	fmt.Printf("procs=%d\n", runtime.GOMAXPROCS(0))
	fmt.Printf("memlimit=%d\n", debug.SetMemoryLimit(-1))
	fmt.Printf("parent=%v\n", c.Parent == os.Getppid())
	fmt.Printf("purpose=%+v\n", c.Purpose)
	var l syscall.Rlimit
	check(syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l))
	fmt.Printf("nofile=%d/%d\n", l.Cur, l.Max)
	for _, command := range []string{"ulimit -Sn; ulimit -Hn", "env", "ls /proc/self/fd"} {
		out, err := exec.Command("sh", "-c", command).Output()
		check(err)
		fmt.Printf("%s=%q\n", strings.Fields(command)[0], out)
	}
	fmt.Printf("state=%d\n", os.Getpid())
	forever()
}

// copyFiles copies the first inherited file to the second.
func copyFiles(c *Child) {
	b := make([]byte, 100)
	n, err := c.Files[0].Read(b)
	check(err)
	_, err = c.Files[1].Write(b[:n])
	check(err)
	fmt.Printf("files=%d\n", len(c.Files))
}
