package main

import "testing"

func TestCulprit(t *testing.T) {
	for name, c := range map[string]struct{ stack, want string }{
		"out of memory": {`fatal error: runtime: out of memory

runtime stack:
runtime.throw({0x5335bb?, 0xd8000000?})
	/usr/local/go/src/runtime/panic.go:1229 +0x48

goroutine 7 gp=0x17c004f46380 m=0 mp=0x63bb40 [running]:
runtime.mallocgc(0xd693a400, 0x515d20, 0x1)
	/usr/local/go/src/runtime/malloc.go:1101 +0x34
image.NewNRGBA({{0x3b9d7d1b9868?, 0x479153?}, {0x6545d8?, 0x505120?}})
	/usr/local/go/src/image/image.go:475 +0x65
image/png.(*decoder).readImagePass(0x62d8d0?, {0x7fcf3ab47800, 0x3b9d7d1b2000}, 0x0?, 0x0)
	/usr/local/go/src/image/png/reader.go:466 +0x505
image/png.Decode({0x53d348, 0x3b9d7d18a1e0})
	/usr/local/go/src/image/png/reader.go:1012 +0x105
`, "png.(*decoder).readImagePass"},
		"of another module": {"golang.org/x/image/bmp.decodeNRGBA({0x53d348, 0x3a6c849621e0}, {{0x53d4e8?, 0x62c8e0?}, 0x1?})\n", "bmp.decodeNRGBA"},
		"taken over":        {"syscall.Socket(0x2, 0x1, 0x0)\n\t/usr/local/go/src/syscall/syscall_unix.go:505\ngithub.com/legion-go/legion/examples/thumbd/internal/evil.(*decoder).init(0x1)\n", "evil.(*decoder).init"},
		"inlined":           {"image/gif.newImageFromDescriptor(...)\n", "gif.newImageFromDescriptor"},
		"elsewhere":         {"main.makeThumb(0x1)\n\t/home/me/image/png.go:1\nimage.Decode(0x1)\n", ""},
		"cut":               {"image/png", ""},
		"none":              {"", ""},
	} {
		if got := culprit(c.stack); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"plain.png":        "plain.png",
		"two\nlines\r":     "two·lines",
		"\x1b[2Jclear.png": "·[2Jclear.png",
		"bad \xff byte":    "bad · byte",
		"größe 😀":          "größe 😀",
		"0123456789abcdef": "0123456789abcd…",
	} {
		if got := oneLine(text, 15); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
