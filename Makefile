# Everything is set up by the targets themselves: they need Rust, Python 3.11 or later with pip, and make.
# Tools go into target/venv, servers run on free ports of the loopback interface and are stopped at the end.

export PYTHONPATH := $(CURDIR)/tests
export PYTHONDONTWRITEBYTECODE := 1
LOCAL := python3 -m local

.PHONY: help demo test bench soak smoke-aws up down build lint fmt unit explore e2e sbom arm64 setup clean
help:
	@echo "make demo    set everything up and tell the whole story, from the one-time code to revoke"
	@echo "make test    set everything up and pass every test"
	@echo "make bench   measure: cold starts, sizes, speed, memory, credits, and the peer (BENCHMARKS.md); ARGS='speed row' picks parts"
	@echo "make soak    a storm of everything that goes wrong for MINUTES=20, what each role may do, then orders of steps and"
	@echo "             hostile input for as long; SEED=... repeats the random choices"
	@echo "make smoke-aws STACK_NAME=... AWS_REGION=...: the story against a stack of yours and your Bigin (asks first; one contact)"
	@echo "make up      the local stack, left running to explore (writes target/local/env); make down stops it"
	@echo "make build   the functions (sam build) and the sandbox"
	@echo "make lint    format, clippy and template checks    make fmt   format the code"
	@echo "make unit    the Rust tests                        make e2e   the deployed stack; ARGS='-k poison' picks tests"
	@echo "make explore the tests of orders and of hostile input for MINUTES=60; SEED=... as above"
	@echo "make sbom    what each function is made of, as CycloneDX, into target/sbom"
	@echo "make arm64   the functions for arm64, where the target can be had"

demo:
	@$(LOCAL) demo
test:
	@$(LOCAL) test
bench:
	@python3 -m bench $(ARGS)
soak:
	@MINUTES=$(MINUTES) SEED=$(SEED) $(LOCAL) soak
smoke-aws:
	@$(if $(STACK_NAME),STACK_NAME=$(STACK_NAME)) $(LOCAL) smoke-aws
up:
	@$(LOCAL) up
down:
	@$(LOCAL) down
build:
	@$(LOCAL) build
lint:
	@$(LOCAL) lint
unit:
	@$(LOCAL) unit
explore:
	@MINUTES=$(MINUTES) SEED=$(SEED) $(LOCAL) explore
e2e:
	@$(LOCAL) e2e $(if $(ARGS),tests/e2e $(ARGS))
sbom:
	@$(LOCAL) sbom
arm64:
	@$(LOCAL) arm64
setup:
	@$(LOCAL) setup
fmt: setup
	@cargo fmt --all
	@target/venv/local/bin/ruff format --quiet tests
	@target/venv/local/bin/ruff check --quiet --fix tests
clean: down
	@rm -rf target
