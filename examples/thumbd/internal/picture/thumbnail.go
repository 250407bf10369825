package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	"image/png"
	"io"

	_ "golang.org/x/image/bmp"
	"golang.org/x/image/draw"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"

	_ "github.com/legion-go/legion/examples/thumbd/internal/evil" // a decoder that tries to get out
)

// Errors of Thumbnail. Everything else it returns comes from a reader or an
// encoder.
var (
	// ErrNotPicture means that the first bytes are of no known format.
	ErrNotPicture = errors.New("not a picture")
	// ErrCorrupt means that the first bytes are those of a picture, but later ones
	// are wrong.
	ErrCorrupt = errors.New("corrupt picture")
)

// Result is a thumbnail, with the format and size of its picture.
type Result struct {
	Format        string // of the picture: "bmp", "gif", "jpeg", "png", "tiff" or "webp"
	Width, Height int    // of the picture, in pixels

	PNG                     []byte // the thumbnail
	ThumbWidth, ThumbHeight int    // of the thumbnail, in pixels
}

// Thumbnail decodes the picture in r (of an animation: its first frame) and
// scales it to fit into a square of max pixels. A picture that is smaller keeps
// its size.
func Thumbnail(r io.Reader, max int) (Result, error) {
	source := &reader{from: r}
	img, format, err := image.Decode(source)
	switch {
	case source.failed != nil: // the disk's fault, not the picture's
		return Result{}, source.failed
	case errors.Is(err, image.ErrFormat):
		return Result{}, fmt.Errorf("%w: its first bytes are of no format known here", ErrNotPicture)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return Result{}, fmt.Errorf("%w: the %s file ends before its picture does", ErrCorrupt, format)
	case err != nil:
		return Result{}, fmt.Errorf("%w: %w", ErrCorrupt, err)
	case img.Bounds().Empty():
		return Result{}, fmt.Errorf("%w: the %s file holds no pixels", ErrCorrupt, format)
	}

	from := img.Bounds()
	width, height := Fit(from.Dx(), from.Dy(), max)
	thumb := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.CatmullRom.Scale(thumb, thumb.Bounds(), img, from, draw.Src, nil)

	var out bytes.Buffer
	if err := png.Encode(&out, thumb); err != nil {
		return Result{}, fmt.Errorf("encode the thumbnail: %w", err)
	}
	return Result{
		Format: format, Width: from.Dx(), Height: from.Dy(),
		PNG: out.Bytes(), ThumbWidth: width, ThumbHeight: height,
	}, nil
}

// Fit returns the largest size of the proportions of width:height that fits
// into a square of max pixels and is not larger than width×height. Neither side
// becomes less than 1.
func Fit(width, height, max int) (int, int) {
	if width <= max && height <= max {
		return width, height
	}
	if width >= height {
		return max, scaled(height, max, width)
	}
	return scaled(width, max, height), max
}

// scaled is side·to/from, rounded, and at least 1.
func scaled(side, to, from int) int {
	return max(1, (side*to+from/2)/from)
}

// reader remembers a failure of the reader below it, so that a bad disk is not
// taken for a bad picture: decoders pass such errors on without saying where
// they come from.
type reader struct {
	from   io.Reader
	failed error
}

func (r *reader) Read(b []byte) (int, error) {
	n, err := r.from.Read(b)
	if err != nil && err != io.EOF {
		r.failed = err
	}
	return n, err
}
