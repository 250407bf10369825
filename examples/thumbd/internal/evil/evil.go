// Package evil stands for a decoder with a hole, which a picture has taken
// over: it does not decode, it looks for a way out. It is registered for a
// format that does not exist, in a container like that of WebP.
//
// It is harmless: it opens a file and a socket, and does nothing with them. A
// worker without a sandbox lets it, and the error says what it could have done.
package evil

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"os"
	"syscall"
)

// Magic begins each picture of the format.
const Magic = "RIFF\x04\x00\x00\x00EVIL"

func init() { image.RegisterFormat("evil", Magic, decode, decodeConfig) }

// decoder is one that does what its picture wants.
type decoder struct {
	loot int // bytes of a file that no picture needs
}

func decode(io.Reader) (image.Image, error) { return nil, new(decoder).init() }

func decodeConfig(io.Reader) (image.Config, error) {
	return image.Config{ColorModel: color.NRGBAModel, Width: 1, Height: 1}, nil
}

// init looks for passwords, and for somebody to tell them to.
func (d *decoder) init() error {
	for _, path := range []string{"/etc/shadow", "/etc/passwd"} {
		secret, err := os.ReadFile(path)
		if err == nil {
			d.loot += len(secret)
		}
	}
	s, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return fmt.Errorf("the picture had %d bytes of passwords, and nobody to send them to: %w", d.loot, err)
	}
	return errors.Join(fmt.Errorf("the picture had %d bytes of passwords, and a socket to send them", d.loot), syscall.Close(s))
}
