// Package ui holds the built files of the dashboard's page, so that programs
// need neither npm nor files beside them. README.md says how they are built.
package ui

import (
	"embed"
	"io/fs"
)

//go:embed dist
var dist embed.FS

// Files has index.html, app.js, app.css and icon.svg.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the name is fixed
	}
	return files
}
