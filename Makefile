# Two commands do all the set-up: `make up` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
export CARGO_TARGET_DIR ?= $(HOME)/.cache/kedge-target
TOOLS := $(CARGO_TARGET_DIR)/tools
CARGO := cargo
PREFIX ?= /usr/local
# What `install` takes: the directory that a build left.
BUILT ?= $(CARGO_TARGET_DIR)/release

.PHONY: help up build install test pictures lint bench bench-scale clean-state packages test-packages

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

up: build ## Build Kedge and run it on this machine, with the demo; Ctrl-C ends it, pods stay
	$(CARGO_TARGET_DIR)/release/kedge up

build: packages ## Build the release binary and the demo's programs
	$(CARGO) build --release --workspace --locked
	scripts/static-programs.sh release

install: ## Install what was built below PREFIX (/usr/local): program, images, man pages, completions
	scripts/install.sh $(BUILT) $(DESTDIR)$(PREFIX)

test: packages test-packages ## Format check, lints, unit, integration and end-to-end tests
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(TOOLS)/bin/cargo-deny --log-level error check bans licenses sources
	$(CARGO) build --workspace --locked
	scripts/static-programs.sh debug
	KEDGE_KUBECTLS=$(TOOLS)/kubectl KEDGE_AXE=$(TOOLS)/axe/axe.min.js KEDGE_PROVIDER=$(TOOLS)/provider $(CARGO) nextest run --workspace --locked --no-fail-fast

pictures: packages test-packages ## Take the pictures of the README again, from the demo
	$(CARGO) build --workspace --locked
	scripts/static-programs.sh debug
	KEDGE_AXE=$(TOOLS)/axe/axe.min.js $(CARGO) nextest run --workspace --locked -E 'test(the_pages_tell_the_demo_s_story)'
	for page in applications rollout owners; do for scheme in light dark; do \
	  cp $(CARGO_TARGET_DIR)/tmp/pages/$$page-$$scheme-desk.png docs/pictures/$$page-$$scheme.png; done; done
	for scheme in light dark; do \
	  cp $(CARGO_TARGET_DIR)/tmp/pages/why-chain-$$scheme-desk.png docs/pictures/why-$$scheme.png; \
	  cp $(CARGO_TARGET_DIR)/tmp/pages/application-$$scheme-phone.png docs/pictures/phone-$$scheme.png; done

lint: packages ## Format and lint
	$(CARGO) fmt --all
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

bench: build ## Print figures: API, pods, push to converged, memory, start
	$(CARGO_TARGET_DIR)/release/bench

bench-scale: build ## Print figures of 1,000 and 10,000 Applications, beside published ones (SCALE=C: 50,000)
	$(CARGO_TARGET_DIR)/release/bench scale $(SCALE)

clean-state: ## Remove pods, networks, mounts and state of the instance in this directory
	@if [ -x $(CARGO_TARGET_DIR)/release/kedge ]; then $(CARGO_TARGET_DIR)/release/kedge down --purge; fi

packages:
	@scripts/packages.sh run

test-packages:
	@scripts/packages.sh test
	@scripts/test-tools.sh $(TOOLS)
