module github.com/legion-go/legion

go 1.26.0

require golang.org/x/sys v0.49.0

require github.com/netresearch/go-cron v0.9.1

require go.yaml.in/yaml/v3 v3.0.6

require github.com/go-json-experiment/json v0.0.0-20260820222146-c27c302e5fc3

ignore ./web/ui/node_modules
