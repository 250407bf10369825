package sample

import (
	"bytes"
	"compress/zlib"
	"errors"
	"image"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/examples/thumbd/internal/picture"
)

func TestGoodOnesAreGood(t *testing.T) {
	files := Good()
	if len(files) < 40 {
		t.Errorf("%d good samples, want at least 40", len(files))
	}
	formats := map[string]int{}
	for _, f := range files {
		got, err := picture.Thumbnail(bytes.NewReader(f.Bytes()), 128)
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		formats[got.Format]++
		named := strings.NewReplacer("jpg", "jpeg").Replace(strings.TrimPrefix(filepath.Ext(f.Name), "."))
		if named != got.Format && !strings.Contains(f.Name, "wrong name") {
			t.Errorf("%s is a %s", f.Name, got.Format)
		}
	}
	for _, format := range []string{"bmp", "gif", "jpeg", "png", "tiff", "webp"} {
		if formats[format] < 2 {
			t.Errorf("%d samples are %s, want several", formats[format], format)
		}
	}
}

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range append(Good(), Hostile()...) {
		if name := strings.ToLower(f.Name); seen[name] {
			t.Errorf("two files are called %s", f.Name)
		} else {
			seen[name] = true
		}
	}
}

func TestSameBytesEveryTime(t *testing.T) {
	for _, f := range append(Good()[:2], Hostile()...) {
		if !bytes.Equal(f.Bytes(), f.Bytes()) {
			t.Errorf("%s differs between two runs", f.Name)
		}
	}
}

// hostile finds the samples whose names begin so.
func hostile(t *testing.T, prefix string) []File {
	t.Helper()
	var found []File
	for _, f := range Hostile() {
		if strings.HasPrefix(f.Name, prefix) {
			found = append(found, f)
		}
	}
	if len(found) == 0 {
		t.Fatalf("no sample's name begins with %q", prefix)
	}
	return found
}

func TestBombsAreSmallAndClaimMuch(t *testing.T) {
	for _, f := range hostile(t, "bomb") {
		file := f.Bytes()
		config, format, err := image.DecodeConfig(bytes.NewReader(file))
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		perPixel := 4
		if format == "gif" {
			perPixel = 1
		}
		if memory := config.Width * config.Height * perPixel; memory < 1<<30 {
			t.Errorf("%s takes %d bytes, want a GiB or more", f.Name, memory)
		}
		if len(file) > 128<<10 {
			t.Errorf("%s is a file of %d bytes, want a small one", f.Name, len(file))
		}
		if _, told, ok := strings.Cut(f.Name, "("); ok && !strings.HasPrefix(told, "complete") {
			if told, _, _ = strings.Cut(told, " "); told != strconv.Itoa(len(file)) {
				t.Errorf("%s has %d bytes", f.Name, len(file))
			}
		}
	}
}

// The complete bombs are pictures of their kind: smaller ones, made the same
// way, decode, and in the large one every row is there.
func TestCompleteBombsAreComplete(t *testing.T) {
	for format, file := range map[string][]byte{"png": solidPNG(3000, 2000), "webp": solidWebP(300, 200, 9, 8, 7)} {
		if _, got, err := image.Decode(bytes.NewReader(file)); err != nil || got != format {
			t.Errorf("%s: decoded as %q, %v", format, got, err)
		}
	}

	for _, n := range []int{0, 1, 1<<20 - 1, 1 << 20, 5<<20 + 17} {
		r, err := zlib.NewReader(bytes.NewReader(zeros(n)))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.Copy(io.Discard, r); got != int64(n) || err != nil { // checks the sum, too
			t.Errorf("zeros(%d) holds %d bytes, %v", n, got, err)
		}
	}
}

func TestPanicsPanic(t *testing.T) {
	for _, f := range hostile(t, "panic") {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: the decoder did not panic: has the issue been fixed? Then look for another one", f.Name)
				}
			}()
			picture.Thumbnail(bytes.NewReader(f.Bytes()), 128)
		}()
	}
}

func TestDamagedOnesAreRefused(t *testing.T) {
	for prefix, want := range map[string]error{
		"truncated": picture.ErrCorrupt, "flipped": picture.ErrCorrupt, "static": picture.ErrCorrupt,
		"diary": picture.ErrNotPicture, "empty": picture.ErrNotPicture,
	} {
		for _, f := range hostile(t, prefix) {
			if _, err := picture.Thumbnail(bytes.NewReader(f.Bytes()), 128); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", f.Name, err, want)
			}
		}
	}
}

// expiring fails once its time is over: the only way to stop a decoder from
// outside.
type expiring struct {
	from io.Reader
	end  time.Time
}

var errExpired = errors.New("time is over")

func (r expiring) Read(b []byte) (int, error) {
	if time.Now().After(r.end) {
		return 0, errExpired
	}
	return r.from.Read(b[:min(len(b), 512)])
}

func TestEndlessScansOutliveADeadline(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 3 seconds")
	}
	for _, f := range hostile(t, "endless") {
		r := expiring{bytes.NewReader(f.Bytes()), time.Now().Add(3 * time.Second)}
		if _, err := picture.Thumbnail(r, 128); !errors.Is(err, errExpired) {
			t.Errorf("%s: %v before 3 seconds were over", f.Name, err)
		}
	}
	// It is a picture like any other: with less of the same it decodes.
	if _, err := picture.Thumbnail(bytes.NewReader(slowJPEG(640, 480, 5)), 128); err != nil {
		t.Errorf("with 5 scans: %v", err)
	}
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "below", "samples")
	files := append(Good()[:3], hostile(t, "bomb (")...)
	if err := fill(dir, files); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		got, err := os.ReadFile(filepath.Join(dir, f.Name))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, f.Bytes()) {
			t.Errorf("%s was not written as it is", f.Name)
		}
	}
	if found, _ := os.ReadDir(dir); len(found) != len(files) {
		t.Errorf("%d files, want %d", len(found), len(files))
	}
	if left, _ := os.ReadDir(filepath.Dir(dir)); len(left) != 1 {
		t.Errorf("something was left behind: %v", left)
	}

	// A folder that is there is not touched.
	gone := filepath.Join(dir, files[0].Name)
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	if err := Folder(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(gone); err == nil {
		t.Error("an existing folder was written into")
	}
}

func TestFolderThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Folder(filepath.Join(file, "samples")); err == nil {
		t.Error("no error below something that is no folder")
	}
}
