# make test runs every check, as before a merge; make lists the targets.

GO ?= go
# How long the tests of one package may take. It only ends those that hang: beside four busy loops on two processors,
# those of the root take ten minutes.
TIMEOUT ?= 20m
# How long each fuzz test runs.
FUZZTIME ?= 3s
# Which tests to run: a regular expression for go test -run.
RUN ?= .
# The systems that the code must fit, besides this one; and those for which a program is built.
CROSS ?= linux/arm64 darwin/arm64 freebsd/amd64 openbsd/amd64 netbsd/amd64
LINK ?= linux/arm64 darwin/arm64

# The steps of test, in this order: the fastest to fail comes first. Each is a target of its own.
STEPS = needs fmt vet staticcheck page unit norace failpoint modules cross browser fuzz

export GO TIMEOUT FUZZTIME
# Where .ci/install puts Node if the system's is too old.
export PATH := $(CURDIR)/build/node/bin:$(PATH)
STATICCHECK = $(CURDIR)/build/staticcheck

.PHONY: help test needs short ui page browser picture npm lint fmt vet staticcheck tools unit norace failpoint modules cross browser fuzz figures cost cover conformance grafana bench insight soak endurance clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

test: ## all checks, about 10 minutes on 2 cores; it stops at the first failure
	@all=$$(date +%s); for step in $(STEPS); do \
		start=$$(date +%s); \
		$(MAKE) --no-print-directory -s $$step || { echo "== $$step FAILED after $$(($$(date +%s) - start)) s" >&2; exit 1; }; \
		echo "== $$step: ok, $$(($$(date +%s) - start)) s"; \
	done; echo "== all: ok, $$(($$(date +%s) - all)) s"

# Written for any shell, and run before anything else: a fresh machine starts here.
needs: ## says what make test needs and this machine lacks
	@lacks() { echo "make test needs $$1" >&2; exit 1; }; \
	command -v $(GO) >/dev/null || lacks "Go 1.26 or later: $(GO) is not installed (https://go.dev/dl; make GO=/path/to/go names another)"; \
	command -v bash >/dev/null || lacks "bash, for the scripts in .ci"; \
	cc=$$($(GO) env CC); command -v $${cc%% *} >/dev/null || lacks "a C compiler for the race detector: $$cc is not installed (install gcc or clang); make short does without"; \
	[ "$$($(GO) env CGO_ENABLED)" = 1 ] || lacks "cgo for the race detector: set CGO_ENABLED=1; make short does without"; \
	command -v npm >/dev/null && [ "$$(node -p 'parseInt(process.versions.node)' 2>/dev/null || echo 0)" -ge 20 ] || lacks "Node 20 or later and npm, for the dashboard's page: .ci/install installs them"; \
	command -v chromium >/dev/null || lacks "chromium, for the tests of the dashboard's page: .ci/install installs it"; \
	command -v prometheus >/dev/null && command -v promtool >/dev/null || lacks "prometheus and promtool, for the tests of the metrics: .ci/install installs them"; \
	command -v tmux >/dev/null || lacks "tmux, for the tests of legion-top: .ci/install installs it"; \
	listed() { GOWORK=$$1 $(GO) -C $$2 list -deps -test $$3 >/dev/null || lacks "modules that could not be fetched, see above: it asks $$($(GO) env GOPROXY) (go env -w GOPROXY=… names another)"; }; \
	listed "$(CURDIR)/go.work" . "./... ./examples/thumbd/..." && listed off bench ./... && listed off metrics/promtest ./... && listed off top ./... && listed off tools "honnef.co/go/tools/cmd/staticcheck ./vet"

# go test would run a part of vet again. make figures prints the time this took.
short: ## formatting, vet and the root module's quick tests (slow ones say why with -v): at most 1 minute on 2 cores; needs no C compiler
	@start=$$(date +%s); $(MAKE) --no-print-directory -s fmt vet && \
	$(GO) test -short -vet=off -timeout $(TIMEOUT) -run '$(RUN)' ./... && \
	mkdir -p build && echo $$(($$(date +%s) - start)) > build/short.seconds

lint: fmt vet staticcheck ## the checks that run no code

fmt: ## fails if gofmt would change a file
	@files=$$(gofmt -l .) || exit 1; \
	[ -z "$$files" ] || { printf 'gofmt would change these (gofmt -w fixes them):\n%s\n' "$$files" >&2; exit 1; }

vet: ## go vet
	$(GO) vet ./...

staticcheck: tools ## staticcheck, in the version that tools/go.mod pins
	$(STATICCHECK) ./...

tools:
	@GOWORK=off $(GO) build -C tools -buildvcs=false -o $(CURDIR)/build/ honnef.co/go/tools/cmd/staticcheck ./vet

# With its part of vet, which sees the files that only the race detector gets.
unit: ## the tests of the root module, with the race detector
	$(GO) test -race -timeout $(TIMEOUT) -run '$(RUN)' ./...

norace: ## tests that do not work under the race detector: allocations, memory limits, faults; and those that do far more without
	$(GO) test -vet=off -timeout $(TIMEOUT) -run 'Alloc|Memory|IdleWorker' . ./internal/link ./internal/worker
	$(GO) test -vet=off -timeout $(TIMEOUT) -run 'TestHistories' ./internal/pool

failpoint: ## workers that die at every step of a call, with the fail points compiled in
	$(GO) test -race -tags failpoint -timeout $(TIMEOUT) -run FailPoint .

modules: tools ## vet, staticcheck and tests of the modules below the root
	@STATICCHECK=$(STATICCHECK) .ci/modules

# Errors of types are found without compiling: tools/vet reads sources alone, with the go of PATH. One program that links
# nearly all packages shows that no symbol is missing. -trimpath lets checkouts share the build cache.
cross: tools ## checks types, and vets, for other systems: CROSS="os/arch …"; builds a program for those in LINK
	@PATH="$$(dirname "$$(command -v $(GO))"):$$PATH"; for target in $(CROSS); do \
		GOOS=$${target%/*} GOARCH=$${target#*/} build/vet ./... || { echo "$$target: a check failed" >&2; exit 1; }; \
	done; \
	for target in $(LINK); do \
		GOOS=$${target%/*} GOARCH=$${target#*/} $(GO) build -trimpath -buildvcs=false -o /dev/null ./cmd/legion || { echo "$$target does not compile" >&2; exit 1; }; \
	done

# The built files are committed, so that go get needs no npm.
ui: npm ## checks the dashboard's page and builds web/ui/dist, which is committed
	@cd web/ui && npm run --silent check && npm run --silent build

page: npm ## fails if web/ui/dist is not what its sources give; its tests that need no browser
	@cd web/ui && npm run --silent check && npm test --silent && \
	mkdir -p ../../build/page && node build.mjs "$(CURDIR)/build/page" >/dev/null && diff -rq dist ../../build/page || \
	{ echo "web/ui: a check failed, or dist is not what its sources give: make ui, and commit it" >&2; exit 1; }

browser: npm ## the dashboard in a browser: before a fake daemon, and before thumbd under a storm of deaths, at an address of a daemon; pictures in build/browser
	@mkdir -p build/browser && $(GO) build -o build/browser ./cmd/legion ./examples/thumbd ./examples/dashboard && \
	cd web/ui && SHOTS="$(CURDIR)/build/browser" node --test --test-timeout=240000 test/*.test.mjs

# How many seconds thumbd is under a storm before its picture is taken.
STORM ?= 900

picture: npm ## docs/dashboard.png anew: the dashboard after STORM seconds of a storm of deaths
	@mkdir -p build/browser && $(GO) build -o build/browser ./cmd/legion ./examples/thumbd && \
	(cd web/ui && STORM=$(STORM) SHOTS="$(CURDIR)/build/browser" node --test --test-name-pattern 'picture of the README' test/live.test.mjs) && \
	cp build/browser/dashboard.png docs/dashboard.png

# What package-lock.json says, and no scripts of packages.
npm:
	@cd web/ui && cmp -s package-lock.json node_modules/.installed || \
	{ npm ci --silent --ignore-scripts --no-audit --no-fund && cp package-lock.json node_modules/.installed; }

fuzz: ## every fuzz test of the root module, each for FUZZTIME
	@.ci/fuzz

figures: ## how large the code is, against the ceilings in internal/floors
	@$(GO) test -count=1 -v -run '^TestFigures$$' ./internal/floors

cost: ## what a call costs in memory, page faults and sleeps, against the bounds in internal/cost
	@$(GO) test -count=1 -v ./internal/cost

cover: ## coverage of all packages by all tests; details in build/cover.out
	@mkdir -p build
	$(GO) test -timeout $(TIMEOUT) -coverpkg=./... -coverprofile=build/cover.out ./...
	@$(GO) tool cover -func=build/cover.out | tail -n 1

conformance: ## third-party clients, in other languages, against the control socket; installs them first
	@.ci/conformance

grafana: ## docs/grafana.json against the types that Grafana publishes; it compiles them, for most of a minute
	@cd metrics/promtest && GOWORK=off $(GO) test -count=1 -tags grafana -run Grafana .

bench: ## measures Legion beside its peers and prints the table; with QUICK=1 a choice of it
	cd bench && GOWORK=off $(GO) run -buildvcs=false . $(if $(QUICK),-quick)

insight: ## what figures, history and the dashboard cost, and prints the table; six minutes on a quiet machine
	@$(GO) test -run - -bench Tick ./internal/history && $(GO) test -run - -bench Watch -benchtime 30x ./internal/methods && $(GO) test -run - -bench . ./meter
	@cd bench && GOWORK=off $(GO) run -buildvcs=false ./insight

soak: ## the long tests; they take up to hours
	SOAK=1 $(GO) test -race -count=1 -timeout 4h -run '$(RUN)' ./...
	@$(MAKE) endurance

# How many seconds the page is open.
OPEN ?= 3600

endurance: npm ## the dashboard's page open for OPEN seconds under a storm of deaths: neither it nor the daemon may hold more and more
	@mkdir -p build/browser && $(GO) build -o build/browser ./cmd/legion ./examples/thumbd && \
	cd web/ui && OPEN=$(OPEN) SHOTS="$(CURDIR)/build/browser" node --test test/soak.test.mjs

clean: ## removes what the targets above made
	rm -rf build
