# Every target sets itself up.  What can be set is told by `make help` and in README.md.

PYTHON ?= python3
LANGS ?= en-fr
# The built-in corpus is learned sooner than others.
RECIPE ?= $(if $(filter-out phrasebook phrasebook:%,$(CORPUS)),small,quick)
# Further options for pip, such as PIP="--extra-index-url https://download.pytorch.org/whl/cpu".
PIP ?=
# How often faults kills, and how long soak lasts.
KILLS ?= 200
SOAK_MINUTES ?= 3

# Taken as they are: make would read `$5` of a text as a variable of its own.
$(foreach name,CORPUS RUN TEXT IN OUT BASELINE,$(eval override $(name) := $$(value $(name))))
export CORPUS RUN TEXT IN OUT BASELINE
# Of a recipe that is given the same; the default is not exported, or another make would take it for one that is.
GIVEN := $(filter-out file,$(origin RECIPE))
$(if $(GIVEN),$(eval override RECIPE := $$(value RECIPE))$(eval export RECIPE))
THE_RECIPE = $(if $(GIVEN),"$$RECIPE",$(RECIPE))
# Unit tests whose numbers depend on the processor.
NUMERIC := attention cells checkpoint decoder dropout encoder ensemble gradients inference lesson_gradients loss model \
	optimisers products reach recurrence reverse search threads training training_again training_results translator \
	updates weights

VENV := .venv
SEQ2SEQ := $(VENV)/bin/seq2seq
# For the shell, not for make, which would cut names with spaces in pieces.
NAME := $$(basename "$${CORPUS:-phrasebook}")-$(LANGS)
PREPARED := "data/$(NAME)"
RUN_FOLDER = "$${RUN:-runs/$(NAME)-$$(basename $(THE_RECIPE) .toml)}"
SETTINGS = $(foreach setting,$(SET),--set '$(setting)')
# Without any of these, evaluate and translate take the run trained last.
NAMED = $(strip $(CORPUS)$(RUN)$(filter-out file,$(origin LANGS))$(GIVEN))
OF_RUN = $(if $(NAMED),--run $(RUN_FOLDER))

.DEFAULT_GOAL := help
# Standard output is for results, also where another make calls this one.
MAKEFLAGS += --no-print-directory
.PHONY: help setup preprocess train evaluate translate gradients lesson bench check test numeric faults fuzz soak audit clean

help: ## list the targets
	@echo "make TARGET [VARIABLE=value …]"; echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  CORPUS       phrasebook (built in) unless set; a name in the registry (tatoeba, multi30k, …), Hub id, folder or file"
	@echo "  LANGS        source-target, en-fr unless set"
	@echo "  RECIPE       quick for the built-in corpus, else small; tiny, few, base, large, plain, or a path to a .toml"
	@echo "  RUN          folder of the run, runs/CORPUS-LANGS-RECIPE unless set"
	@echo "  RESUME       last-good: train from the newest checkpoint that is not damaged"
	@echo "  SET          settings, such as SET=\"model.cell=gru training.minutes=5\""
	@echo "  TEXT IN OUT  what translate takes and where it writes; the folder for gradients"
	@echo "  CHECKPOINTS  runs or checkpoints for evaluate to compare"
	@echo "  SPLIT        test unless set: what evaluate translates"
	@echo "  BASELINE     an earlier bench.json for bench to compare with"
	@echo "  PEERS        toolkits for bench to compare with: 1 for Joey NMT, marian"

setup: $(VENV)/.installed ## install into .venv
preprocess: setup ## read, clean, split and tokenise CORPUS
	@$(SEQ2SEQ) preprocess "$${CORPUS:-phrasebook}" --langs '$(LANGS)' --out $(PREPARED) --recipe $(THE_RECIPE) $(SETTINGS)

train: preprocess ## train on CORPUS, or go on where training stopped, and evaluate
	@$(SEQ2SEQ) train $(PREPARED) --recipe $(THE_RECIPE) --run $(RUN_FOLDER) $(if $(RESUME),--resume '$(RESUME)') $(SETTINGS)
	@$(SEQ2SEQ) evaluate --run $(RUN_FOLDER)
	@printf 'Now translate: make translate %sTEXT="…"\n' $(if $(NAMED),"RUN=\""$(RUN_FOLDER)"\" ") >&2

evaluate: setup ## BLEU, chrF and TER on the test split, of one run or of CHECKPOINTS side by side
	@$(SEQ2SEQ) evaluate $(CHECKPOINTS) $(OF_RUN) $(if $(SPLIT),--split '$(SPLIT)')

translate: setup ## translate TEXT, the file IN, standard input, or what you type
	@$(SEQ2SEQ) translate $(OF_RUN) $(if $(IN),--in "$$IN") $(if $(OUT),--out "$$OUT") $(if $(TEXT),-- "$$TEXT")

gradients: $(if $(RUN),setup,preprocess) ## how far back gradients reach, of RUN or of a fresh network of each cell; pictures into OUT
	@$(SEQ2SEQ) gradients $(if $(RUN),"$$RUN",--prepared $(PREPARED) --recipe $(THE_RECIPE) $(SETTINGS)) \
		$(if $(OUT),--out "$$OUT")

lesson: $(VENV)/.teaching ## the lecture on recurrent networks, measured: docs/lesson.md; FULL=1 runs it whole, in an hour and a quarter
	@$(SEQ2SEQ) lesson $(if $(FULL),--full)

bench: setup ## how fast training, translation and preparation are here, on CORPUS; into OUT, bench.json unless set
	@$(VENV)/bin/python -m tests.benchmarks --corpus "$${CORPUS:-phrasebook}" --langs '$(LANGS)' \
		$(if $(GIVEN),--recipes $(THE_RECIPE)) $(SETTINGS) $(if $(RUN),--run "$$RUN") \
		$(if $(PEERS),--peers $(PEERS)) $(if $(BASELINE),--baseline "$$BASELINE") $(if $(OUT),--out "$$OUT")

check: $(VENV)/.developing ## lint and types
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy

test: $(VENV)/.developing ## all tests, or those of TESTS
	@$(VENV)/bin/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(TESTS)

numeric: $(VENV)/.developing ## the tests that compute, as on a processor with AVX2 alone
	@ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 $(MAKE) test \
		TESTS="tests/pipeline/test_learning.py $(NUMERIC:%=tests/unit/test_%.py)"

faults: $(VENV)/.developing ## kill training and preparation KILLS times, damage files, fill the disk: nothing may be lost
	@$(VENV)/bin/python -m tests.faults --kills $(KILLS)

fuzz: $(VENV)/.fuzzing ## a million inputs for cleaning and reading, 20,000 for translating; or 500 odd lines with RUN
	@$(VENV)/bin/python -m tests.fuzz $(if $(RUN),--run "$$RUN") $(if $(INPUTS),--inputs $(INPUTS) --translated $(INPUTS))

soak: $(VENV)/.developing ## feed translate of RUN for SOAK_MINUTES: every line answered in order, memory flat
	@$(VENV)/bin/python -m tests.soak --minutes $(SOAK_MINUTES) $(if $(RUN),--run "$$RUN")

audit: $(VENV)/.auditing ## ask PyPI for known flaws of the pinned versions: needs a network
	@$(VENV)/bin/pip-audit --strict --progress-spinner off --disable-pip --require-hashes \
		--requirement requirements-hashes.txt 2>$(VENV)/audit.txt || { \
		if grep -qE 'ConnectionError|could not be audited' $(VENV)/audit.txt; \
		then echo "error: not audited: PyPI's list of flaws does not answer; make audit needs a network" >&2; \
		else cat $(VENV)/audit.txt >&2; fi; exit 2; }

clean: ## remove .venv and caches; data and runs stay
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find data_prep seq2seq tests -name __pycache__ -type d -exec rm -rf {} +

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "error: Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	@echo "installing into $(VENV) (once, a few minutes)" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check $(PIP) --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.teaching: $(VENV)/.installed
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check $(PIP) --constraint constraints.txt --editable '.[lesson]'
	@touch $@

$(VENV)/.fuzzing: $(VENV)/.developing
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check $(PIP) --constraint constraints.txt 'atheris>=3,<4' || { \
		echo "error: make fuzz needs atheris, which is not made for every system and Python" >&2; exit 2; }
	@touch $@

$(VENV)/.auditing: $(VENV)/.installed
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check $(PIP) --constraint constraints.txt 'pip-audit>=2.9,<3'
	@touch $@

$(VENV)/.developing: $(VENV)/.installed
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check $(PIP) --constraint constraints.txt --editable '.[dev]'
	@touch $@
