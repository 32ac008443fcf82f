# The commands of the project. Each does its own set-up on a fresh machine, and is quick when there is nothing to do.

CARGO ?= cargo
VENV := target/venv
NODE := target/node
REGISTRY := target/registry
DICTIONARIES := target/dictionaries
# The plugins are a workspace of their own; natively they are built into a folder beside that of the host.
PLUGINS := --manifest-path plugins/Cargo.toml --target-dir target/plugins
# A plugin as others write it.
EXAMPLE := --manifest-path examples/plugins/warranty/Cargo.toml --target-dir target/plugins
# The docs are for those who work on sayso: they may lead to what is private.
DOCFLAGS := -D warnings -A rustdoc::private_intra_doc_links

.PHONY: demo test check bench dictionaries setup setup-tests

demo: setup ## See the whole of it work: a server, a receiver that verifies, sample feedback in four languages.
	$(CARGO) build --locked --package sayso
	@host/dictionaries.sh target/debug/sayso $(DICTIONARIES) --optional
	target/debug/sayso demo

test: setup setup-tests ## Every test: units, the plugins natively, and end to end against the real binary.
	$(CARGO) build --locked
	@host/dictionaries.sh target/debug/sayso $(DICTIONARIES)
	$(CARGO) test --locked
	$(CARGO) test --locked $(PLUGINS)
	$(CARGO) test --locked $(EXAMPLE)

check: setup ## Format, lints as errors, docs.
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path plugins/Cargo.toml --all --check
	$(CARGO) fmt --manifest-path examples/plugins/warranty/Cargo.toml --check
	$(CARGO) fmt --manifest-path tests/guests/Cargo.toml --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) clippy --locked $(PLUGINS) --workspace --all-targets -- -D warnings
	$(CARGO) clippy --locked $(EXAMPLE) --all-targets -- -D warnings
	RUSTDOCFLAGS="$(DOCFLAGS)" $(CARGO) doc --locked --no-deps --document-private-items --quiet
	RUSTDOCFLAGS="$(DOCFLAGS)" $(CARGO) doc --locked $(PLUGINS) --no-deps --document-private-items --quiet

bench: setup ## The figures: the chain against native code, intake and the whole flow against a bare server; VADER's numbers.
	tests/parity/run.sh
	$(CARGO) build --locked --release --package sayso --package sayso-bench
	@host/dictionaries.sh target/release/sayso $(DICTIONARIES)
	target/release/sayso-bench

dictionaries: setup ## The dictionaries for Japanese, Korean and Chinese, from the packages that publish their data.
	$(CARGO) build --locked --package sayso
	@host/dictionaries.sh target/debug/sayso $(DICTIONARIES)

setup: ## What building needs: a C compiler, Rust's WebAssembly target.
	@plugins/toolchain.sh

setup-tests: ## What the tests need beyond that: a browser, an OCI registry, Python packages, what makes plugins of JavaScript and Python.
	@tests/setup.sh $(VENV) $(NODE) $(REGISTRY)
