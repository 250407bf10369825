module github.com/legion-go/legion/examples/thumbd

go 1.26.0

require (
	github.com/legion-go/legion v0.0.0
	golang.org/x/image v0.47.0
)

require (
	github.com/go-json-experiment/json v0.0.0-20260820222146-c27c302e5fc3 // indirect
	github.com/netresearch/go-cron v0.9.1 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/legion-go/legion => ../..
