# Every target runs on a fresh machine with git, make, npm and some Node.js (20 or later): what is missing is fetched.
SHELL := /bin/sh
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

NODE := ./scripts/node
SYSTEM_TESTS ?= 1
export SYSTEM_TESTS

.PHONY: help setup demo test test-quick torture crash-points power-cut hostile fuzz-crashes compare-sdks check corpus examples schema fix build bench bench-scale bench-scheduling bench-smoke install uninstall deb deb-test deb-lint clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The runtime first: the packages are installed with any npm, and run with it.
runtime/node_modules/.done: runtime/package-lock.json
	@./scripts/fetch-runtime
	@touch $@

# Not npm ci: it refuses a lockfile without the packages of platforms that Booty does not run on. This one installs what
# is locked, with its checksums, and leaves the lockfile as it is.
node_modules/.done: package-lock.json .npmrc
	@echo 'installing the packages that are pinned in package-lock.json …'
	@npm install --no-save --no-audit --no-fund
	@touch $@

test/peers/node_modules/.done: test/peers/package-lock.json
	@npm install --no-save --no-audit --no-fund --prefix test/peers
	@touch $@

setup: runtime/node_modules/.done node_modules/.done ## fetch the runtime and the packages

demo: setup ## see it at work: five jobs, a crash, its Sentry event
	@$(NODE) demo/main.ts

test: setup build test/peers/node_modules/.done ## everything, real systemd included (root on Debian; elsewhere that part is skipped, and said)
	@./scripts/test all

test-quick: setup ## what needs no root, in under a minute
	@./scripts/test quick

torture: setup ## a thousand kills and stops at random moments: BOOTY_KILLS=N BOOTY_SEED=S; half an hour
	@$(NODE) test/torture/main.ts

crash-points: setup ## killed at every write, fsync and rename in turn, and recovered; needs gcc
	@$(NODE) test/faults/main.ts

power-cut: setup build ## a virtual machine whose power is cut under load: BOOTY_CUTS=N BOOTY_SEED=S; root on Debian
	@$(NODE) test/power/main.ts

hostile: setup ## a thousand rounds of jobs that want what they must not get: BOOTY_ROUNDS=N; root, cgroup v2; half an hour
	@$(NODE) test/hostile/main.ts

fuzz-crashes: setup ## what programs print as they die, damaged in every way and read: BOOTY_FUZZ=N times as often; minutes
	@BOOTY_FUZZ=$${BOOTY_FUZZ:-50} $(NODE) --test test/crash/fuzz-bounds.test.ts

compare-sdks: setup ## every program of the corpus dies beside Sentry's own SDKs in it: Python, Ruby, Node.js; root on Debian 12; minutes
	@BOOTY_SDK=all $(NODE) --test test/crash/sdk-live.test.ts

check: setup ## types, lint, format, dead code
	@./scripts/test static

corpus: setup ## let real programs of each installed language die again, for test/corpus; root: LANGUAGES='ruby go'
	@./scripts/make-corpus $(LANGUAGES)

examples: setup ## write the examples of docs/CRASHES.md anew
	@$(NODE) scripts/document-crashes.ts

schema: setup ## write schema/*.json anew, for editors
	@$(NODE) scripts/make-schema.ts

fix: setup ## format, and mend what can be mended
	biome check --write --log-level=warn .
	oxlint --type-aware --fix

build: setup ## the bundled program, in build/
	@$(NODE) scripts/build.ts

bench: setup build ## the whole table of docs/PERFORMANCE.md, beside xargs, task-spooler, nq, GNU parallel and systemd-run; half an hour
	@$(NODE) bench/main.ts

bench-scale: setup build ## only what is large: a million waiting, a million ended, 100,000 dropped, 100,000 run
	@BENCH_PARTS=intake,backlog,history,growth $(NODE) bench/main.ts

bench-scheduling: setup ## what a decision costs while up to 100,000 jobs wait
	@$(NODE) bench/scheduling.ts

bench-smoke: setup build ## both, small: fails only where something is far off
	@BENCH_SMOKE=1 $(NODE) bench/main.ts

install: build ## install below DESTDIR (PREFIX=/usr)
	@./scripts/install.sh

uninstall: ## remove what install put there; /etc/booty and the data stay
	@./scripts/install.sh --uninstall

deb: setup ## the Debian package for this machine's architecture, in build/deb; ARCHITECTURES='amd64 arm64' for both
	@$(NODE) scripts/make-deb.ts $(ARCHITECTURES)

deb-test: setup ## both architectures, built twice in different places: the same bytes; minutes
	@BOOTY_DEB=full $(NODE) --test test/system/package-built.test.ts

deb-lint: deb ## what lintian says of the package; needs lintian
	@lintian --allow-root --tag-display-limit 0 --fail-on error,warning build/deb/*.deb

clean: ## remove what was built
	rm -rf build
