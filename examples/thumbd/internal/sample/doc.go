// Package sample makes thumbd's sample pictures: some good, some that no
// program should open without limits.
//
// In reading order:
//
//   - set.go lists every file: its name, and how its bytes are made.
//   - scene.go, noise.go and fractal.go paint the good ones, each a function
//     from a point to a colour.
//   - encode.go and webp.go put a painted picture into a file format.
//   - hostile.go, bomb.go and slowjpeg.go make the others.
//   - folder.go writes them all.
//
// Nothing is random and nothing is read from anywhere: the files are the same
// on every run. Functions are safe for use from any goroutine.
package sample
