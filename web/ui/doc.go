// Package ui holds the built files of the dashboard's page, so that programs
// need neither npm nor files beside them, and what both of its servers must say
// with them: package web/front and package web. README.md says how the files
// are built.
package ui
