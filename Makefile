# Two commands matter: `make run` shows Casetrail with a believable agency, `make test` proves this checkout.

SHELL := /bin/bash
ROUNDS ?= 100

.PHONY: run test c2pa crash bench bench-server big verify-page check-verify-page setup lint docs deny

# A fresh folder each time: `demo` refuses one that holds anything. target/demo leads to the newest, for the README's lines.
run: setup
	@mkdir -p target
	cargo build --locked --bin casetrail
	@folder=$$(mktemp -d target/demo-XXXX) && ln -sfn "$${folder#target/}" target/demo && \
	    exec cargo run --locked --quiet -- demo --data-dir "$$folder"

# Everything, once on SQLite and once on a PostgreSQL that lives as long as this target; then what the documents promise.
test: setup
	target/tools/bin/python tests/openapi.py
	tests/problems.py
	@rm -rf target/kept && mkdir -p target/kept
	@$(call with_postgres,CASETRAIL_KEEP_PACKETS=$(CURDIR)/target/kept cargo test --locked,$$(tests/postgres.sh place))
	tests/verify_agrees.py target/kept tests/packets/*/packet.zip
	tests/quickstart.sh $${CARGO_TARGET_DIR:-target}/debug/casetrail
	tests/browser/run.sh $${CARGO_TARGET_DIR:-target}/debug/casetrail
	tests/strangers.sh $${CARGO_TARGET_DIR:-target}/debug/casetrail target/kept

# Kills a writing server ROUNDS times and audits what it left.
crash: setup
	@$(call with_postgres,CASETRAIL_CRASH_ROUNDS=$(ROUNDS) cargo test --locked --profile trial --test crash -- kill --test-threads 1)

# Rows 11 to 14 of docs/performance.md, in process.
bench: setup
	@$(call with_postgres,CASETRAIL_BENCH_POSTGRES=$$CASETRAIL_TEST_POSTGRES \
	    CASETRAIL_BENCH_SOCKET=$$(tests/postgres.sh socket "$$folder") cargo bench --locked --bench ledger)

# Rows 1 to 10, over HTTP beside peers. HARNESS: the side-by-side harness, set up and with its servers started.
bench-server:
	cargo build --locked --release --bin casetrail
	tests/bench/server.py $(HARNESS) target/release/casetrail $(SUITES)

# Two files of 8 GiB at once, and how much memory they took.
big: setup
	CASETRAIL_BIG=1 cargo test --locked --profile trial --test crash -- memory

# That verify.html holds what these sources make.
check-verify-page:
	verify-page/make --check

# The verifier as one page (docs/adr/0059). Needs Debian's rustc-web, cargo-web, rust-web-src and lld-19.
verify-page:
	verify-page/make

setup:
	@.ci/setup

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --no-default-features --lib --bin casetrail-verify -- -D warnings
	@crates=$$(cargo tree --locked --no-default-features --edges normal --prefix none --format '{p}' | sed 's/ (\*)$$//' | sort -u | wc -l); \
	    echo "the verifier is built from $$crates crates (at most 55)"; [ "$$crates" -gt 0 ] && [ "$$crates" -le 55 ]

docs: setup
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

# What examinations read of content credentials (docs/adr/0070), in a program that is built with them.
c2pa:
	cargo test --locked --features c2pa --lib -- examination::
	cargo test --locked --features c2pa --test it -- examinations::credentials

deny:
	cargo deny --locked check bans licenses sources

# $(call with_postgres,command,place): no server, no tests; and whatever happens, no server afterwards.
define with_postgres
set -euo pipefail; \
folder=$$(mktemp -d "$(or $(2),$${TMPDIR:-/tmp})/casetrail-postgres.XXXXXX"); \
trap 'tests/postgres.sh stop "$$folder"' EXIT; \
trap 'exit 130' INT; trap 'exit 143' TERM HUP; \
CASETRAIL_TEST_POSTGRES=$$(tests/postgres.sh start "$$folder"); \
export CASETRAIL_TEST_POSTGRES; \
echo "PostgreSQL for the tests: $$CASETRAIL_TEST_POSTGRES"; \
$(1)
endef
