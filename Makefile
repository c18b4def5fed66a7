# SPDX-License-Identifier: MIT
#
# One Makefile for everything; `make help` lists what can be asked of it.
#
# A program is its directories: a new file in them belongs to it without an
# edit here, and scripts/registry lists the models, handlers and workloads it
# finds there. A program whose directory is not there is not built.

PREFIX ?= /usr/local
CFLAGS ?= -O2 -g
MODEL  ?=
SAN    ?=
ifeq ($(origin CC),default)
CC = gcc
endif

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

# ---- where things go: a sanitizer's build has its own place -----------------

comma := ,
ifeq ($(SAN),)
BUILD := build
BIN   := bin
else
BUILD := build-$(subst $(comma),-,$(SAN))
BIN   := $(BUILD)/bin
endif

# ---- how to compile ---------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wvla
ifeq ($(WERROR),1)
WARNINGS += -Werror
endif
ifneq ($(SAN),)
SANITIZE := -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

# Empty, so that a file may define it too without a warning.
BASE_CPPFLAGS := -I. -D_GNU_SOURCE=
BASE_CFLAGS   := -std=gnu11 -pthread $(WARNINGS) $(SANITIZE)
COMPILE = $(CC) $(BASE_CPPFLAGS) $(CPPFLAGS) $(BASE_CFLAGS) $(CFLAGS) \
	$(PACKAGE_CFLAGS) -MMD -MP -c
# Symbols are resolved once, at the start: resolved when first used, they would
# be so in each forked child again, and each would write to pages of its own.
BASE_LDFLAGS := -Wl,-z,relro,-z,now
LINK    = $(CC) -pthread $(SANITIZE) $(CFLAGS) $(BASE_LDFLAGS) $(LDFLAGS)

ifeq ($(V),1)
Q :=
say :=
else
Q := @
say = @printf '  %-5s %s\n' $(1) $(2)
endif

# ---- which packages are there -----------------------------------------------

# $(call missing,NAMES): the pkg-config names among them that are not there.
missing = $(foreach p,$(1),$(if $(filter $(p),$(PACKAGES)),,$(p)))
debian  = $(patsubst %,lib%-dev,$(1))

PACKAGES := $(shell for p in liburing sqlite3 jansson inih gsl cmocka \
	libevent libuv; do \
	pkg-config --exists $$p 2>/dev/null && echo $$p; done)
package_cflags = $(shell pkg-config --cflags $(1) 2>/dev/null)
package_libs   = $(shell pkg-config --libs $(1) 2>/dev/null)

# ---- the sources ------------------------------------------------------------

# What needs liburing has `uring` in its file name and is left out without it.
ifneq ($(filter liburing,$(PACKAGES)),)
sources = $(sort $(wildcard $(1)))
URING_LIBS := $(call package_libs,liburing)
else
sources = $(foreach f,$(sort $(wildcard $(1))),\
	$(if $(findstring uring,$(notdir $(f))),,$(f)))
URING_NOTE = echo "note: no liburing-dev, so the uring model and engine are left out (scripts/setup installs it)"
endif

# How coroutines switch: in the machine's own language, or by makecontext(3).
MACHINE ?= $(firstword $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null)))
SWITCH  := $(firstword $(wildcard servers/core/coroutine_$(MACHINE).S) \
	servers/core/coroutine_ucontext.c)
# The processor's own counter of time.
TICKS   := $(firstword $(wildcard client/ticks_$(MACHINE).c) \
	client/ticks_none.c)
objects = $(patsubst %,$(BUILD)/%.o,$(basename $(1)))

COMMON   := $(call sources,common/*.c)
MODELS   := $(filter-out servers/main.c,$(call sources,servers/*.c))
CORE     := $(filter-out servers/core/coroutine_%,\
	$(call sources,servers/core/*.c)) $(SWITCH)
HANDLERS := $(call sources,servers/handlers/*.c)
CLIENT   := $(filter-out client/main.c client/ticks_%,\
	$(call sources,client/*.c)) $(TICKS)
WORKLOADS := $(call sources,client/workloads/*.c)
COMPARE  := $(filter-out compare/main.c,$(call sources,compare/*.c))
CLASSROOM := $(filter-out classroom/main.c,$(call sources,classroom/*.c))
# A peer in C has the name of the package that it needs, but for limit and fork.
PEER_LIBS := libevent libuv
PEERS    := $(foreach f,$(call sources,peers/*.c),$(if $(filter \
	$(call missing,$(PEER_LIBS)),$(basename $(notdir $(f)))),,$(f)))
PYTHON_PEERS := socketserver selectors asyncio uvloop gevent twisted
UNIT     := $(call sources,tests/unit/test_*.c)
UNIT_HELP := $(filter-out $(UNIT),$(call sources,tests/unit/*.c))

# The registries exist once the interface that they list does.
ifneq ($(wildcard servers/core/model.h),)
REGISTRY := $(BUILD)/registry.o
endif
ifneq ($(wildcard client/workload.h),)
REGISTRY_WORKLOADS := $(BUILD)/registry_workloads.o
endif

SOURCES := $(COMMON) $(MODELS) $(CORE) $(HANDLERS) $(CLIENT) $(WORKLOADS) \
	$(COMPARE) $(CLASSROOM) $(PEERS) $(UNIT) $(UNIT_HELP) \
	$(wildcard servers/main.c client/main.c compare/main.c classroom/main.c)

PAGE        := $(BUILD)/compare/page
COMMON_O    := $(call objects,$(COMMON))
SERVER_O    := $(call objects,$(MODELS) $(CORE) $(HANDLERS)) $(REGISTRY)
CLIENT_O    := $(call objects,$(CLIENT) $(WORKLOADS)) $(REGISTRY_WORKLOADS)
# compare reads the scoreboard of a running server.
COMPARE_O   := $(call objects,$(COMPARE)) $(PAGE)/embed.o $(BUILD)/build_info.o \
	$(BUILD)/servers/core/scoreboard.o
# jansson's functions have the names of our JSON writer, so what reads JSON by
# jansson goes without that.
COMMON_JANSSON_O := $(filter-out $(BUILD)/common/json.o,$(COMMON_O))
CLASSROOM_O := $(call objects,$(CLASSROOM))

PEER_PROGRAMS := $(patsubst $(BIN)/peer-limit,$(BIN)/limit,\
	$(patsubst peers/%.c,$(BIN)/peer-%,$(PEERS)) \
	$(patsubst %,$(BIN)/peer-%,nginx $(PYTHON_PEERS) \
		$(if $(shell command -v go),go)))
PROGRAMS := $(if $(REGISTRY),$(if $(wildcard servers/main.c),$(BIN)/server)) \
	$(if $(REGISTRY_WORKLOADS),$(if $(wildcard client/main.c),$(BIN)/client)) \
	$(if $(wildcard compare/main.c),$(BIN)/compare) \
	$(if $(wildcard classroom/main.c),$(BIN)/classroom) \
	$(PEER_PROGRAMS)
TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(UNIT))

.PHONY: all tests
all: $(PROGRAMS) ## build the programs into bin/ (the default)

tests: $(TESTS) ## build the unit tests

# ---- stamps: what is no file but must cause a rebuild when it changes -------

# $(call changed,FILE,TEXT): FORCE unless FILE holds TEXT, which
# $(call record,TEXT) writes there.
quote := '
record = @printf '%s\n' '$(subst $(quote),$(quote)\$(quote)$(quote),$(strip $(1)))' >$@
changed = $(if $(findstring x$(strip $(file <$(1)))x,x$(strip $(2))x),,FORCE)
.PHONY: FORCE

FLAGS := $(CC) | $(BASE_CPPFLAGS) $(CPPFLAGS) | $(BASE_CFLAGS) $(CFLAGS) | \
	$(BASE_LDFLAGS) $(LDFLAGS) | $(PACKAGES)
$(BUILD)/flags: $(call changed,$(BUILD)/flags,$(FLAGS))
	@mkdir -p $(@D)
	@command -v $(firstword $(CC)) >/dev/null || { \
	  echo "make: there is no compiler $(firstword $(CC)): run scripts/setup" >&2; \
	  exit 1; }
	@$(URING_NOTE)
	$(call record,$(FLAGS))

# $(call list,NAME,OBJECTS): NAME.list changes when OBJECTS does, so that a
# file that is taken away leaves the program that held it.
define list
$(BUILD)/$(1).list: $(call changed,$(BUILD)/$(1).list,$(2))
	@mkdir -p $$(@D)
	$$(call record,$(2))
endef
$(foreach l,COMMON SERVER CLIENT COMPARE CLASSROOM,\
	$(eval $(call list,$(l),$($(l)_O))))

# $(call need,WHAT,PACKAGES): a target that stops with the packages to install,
# when there are any.
define need
ifneq ($(call missing,$(2)),)
.PHONY: need-$(1)
need-$(1):
	$$(error $(1) needs $(call debian,$(call missing,$(2))): run scripts/setup)
NEED_$(1) := need-$(1)
endif
endef

# ---- compiling --------------------------------------------------------------

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(COMPILE) -o $@ $<

$(BUILD)/%.o: %.S $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,AS,$<)
	$(Q)$(COMPILE) -o $@ $<

$(BUILD)/%.o: $(BUILD)/%.c $(BUILD)/flags
	$(call say,CC,$<)
	$(Q)$(COMPILE) -o $@ $<

# The registries are written anew when a listed file changes, but keep their
# time when they come out the same, so that nothing is built for nothing.
define registry
$(BUILD)/$(1).stamp: scripts/registry $(3) \
		$(call changed,$(BUILD)/$(1).stamp,$(3))
	@mkdir -p $$(@D)
	@scripts/registry $(2) $(3) >$(BUILD)/$(1).new
	@cmp -s $(BUILD)/$(1).new $(BUILD)/$(1).c || \
		cp $(BUILD)/$(1).new $(BUILD)/$(1).c
	@rm $(BUILD)/$(1).new
	$$(call record,$(3))
$(BUILD)/$(1).c: $(BUILD)/$(1).stamp ;
endef
$(eval $(call registry,registry,server,$(MODELS) $(HANDLERS)))
$(eval $(call registry,registry_workloads,client,$(WORKLOADS)))

# ---- the report's page ------------------------------------------------------

# What is embedded into compare: our style and scripts, and uPlot where
# scripts/setup has installed it.
UPLOT   := $(wildcard node_modules/uplot/dist/uPlot.iife.min.js)
SCRIPTS := $(sort $(wildcard compare/page/*.js))
ifneq ($(UPLOT),)
UPLOT_STYLE   := node_modules/uplot/dist/uPlot.min.css
UPLOT_LICENCE := node_modules/uplot/LICENSE
endif

$(PAGE)/parts: $(call changed,$(PAGE)/parts,$(UPLOT) $(SCRIPTS))
	@mkdir -p $(@D)
	@$(if $(UPLOT),,echo "note: no uPlot, so reports have no interactive charts (scripts/setup installs it)")
	$(call record,$(UPLOT) $(SCRIPTS))
$(PAGE)/uplot.css: $(PAGE)/parts $(UPLOT_STYLE)
	@cat /dev/null $(UPLOT_STYLE) >$@
$(PAGE)/uplot.js: $(PAGE)/parts $(UPLOT_LICENCE) $(UPLOT)
	@: >$@
	$(if $(UPLOT),@{ echo '/*'; cat $(UPLOT_LICENCE); echo '*/'; \
		cat $(UPLOT); } >$@)
$(PAGE)/scripts.js: $(PAGE)/parts $(SCRIPTS)
	@{ echo '(function () {'; echo '"use strict";'; cat $(SCRIPTS); \
		echo '})();'; } >$@

EMBED = -D$(1)='"$(2)"'
$(PAGE)/embed.o: BASE_CPPFLAGS += $(call EMBED,STYLE_CSS,compare/page/page.css) \
	$(call EMBED,UPLOT_CSS,$(PAGE)/uplot.css) \
	$(call EMBED,UPLOT_JS,$(PAGE)/uplot.js) \
	$(call EMBED,SCRIPTS_JS,$(PAGE)/scripts.js)
$(PAGE)/embed.o: compare/page/page.css $(PAGE)/uplot.css $(PAGE)/uplot.js \
	$(PAGE)/scripts.js

# What a comparison says of its build. It does not change while one works on
# what git does not know yet, so that only a commit builds it anew.
COMMIT := $(shell git describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null)
BUILT  := $(COMMIT) | $(strip $(CFLAGS) $(LDFLAGS))
$(BUILD)/build_info.stamp: $(call changed,$(BUILD)/build_info.stamp,$(BUILT))
	@mkdir -p $(@D)
	$(call record,$(BUILT))
$(BUILD)/build_info.c: $(BUILD)/build_info.stamp
	@printf '%s\n' '#include "compare/build_info.h"' \
		'const char build_commit[] = "$(COMMIT)";' \
		'const char build_flags[] = "$(strip $(CFLAGS) $(LDFLAGS))";' >$@

# ---- programs ---------------------------------------------------------------

define link
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(1)
endef

# Plugins use the server's functions: hence -rdynamic.
$(BIN)/server: $(BUILD)/servers/main.o $(SERVER_O) $(COMMON_O) \
		$(BUILD)/SERVER.list $(BUILD)/COMMON.list
	$(call link,-rdynamic $(URING_LIBS) -ldl -lm)

$(BIN)/client: $(BUILD)/client/main.o $(CLIENT_O) $(COMMON_O) \
		$(BUILD)/CLIENT.list $(BUILD)/COMMON.list
	$(call link,$(URING_LIBS) -lm)

COMPARE_PACKAGES := sqlite3 jansson inih gsl
COMPARE_LIBS := $(call package_libs,$(COMPARE_PACKAGES)) -lm
$(eval $(call need,compare,$(COMPARE_PACKAGES)))
$(COMPARE_O) $(BUILD)/compare/main.o: PACKAGE_CFLAGS := \
	$(call package_cflags,$(COMPARE_PACKAGES))
$(COMPARE_O) $(BUILD)/compare/main.o: | $(NEED_compare)

$(BIN)/compare: $(BUILD)/compare/main.o $(COMPARE_O) $(COMMON_JANSSON_O) \
		$(BUILD)/COMPARE.list $(BUILD)/COMMON.list
	$(call link,$(COMPARE_LIBS))

CLASSROOM_PACKAGES := sqlite3 jansson
$(eval $(call need,classroom,$(CLASSROOM_PACKAGES)))
$(CLASSROOM_O) $(BUILD)/classroom/main.o: PACKAGE_CFLAGS := \
	$(call package_cflags,$(CLASSROOM_PACKAGES))
$(CLASSROOM_O) $(BUILD)/classroom/main.o: | $(NEED_classroom)

$(BIN)/classroom: $(BUILD)/classroom/main.o $(CLASSROOM_O) $(COMMON_JANSSON_O) \
		$(BUILD)/CLASSROOM.list $(BUILD)/COMMON.list
	$(call link,$(call package_libs,$(CLASSROOM_PACKAGES)) -lm)

# Each peer is a program of its own that uses nothing of ours.
$(BIN)/limit: $(BUILD)/peers/limit.o
	$(call link)
$(BIN)/peer-fork: $(BUILD)/peers/fork.o
	$(call link)
$(PEER_LIBS:%=$(BIN)/peer-%): $(BIN)/peer-%: $(BUILD)/peers/%.o
	$(call link,$(call package_libs,$*))
$(PYTHON_PEERS:%=$(BIN)/peer-%): peers/python.py
	$(Q)mkdir -p $(@D)
	$(Q)install -m 755 $< $@
$(BIN)/peer-nginx: peers/nginx.py
	$(Q)mkdir -p $(@D)
	$(Q)install -m 755 $< $@
$(BIN)/peer-go: peers/go.go
	$(Q)mkdir -p $(@D)
	$(call say,GO,$@)
	$(Q)GO111MODULE=off GOCACHE=$(abspath $(BUILD))/go CGO_ENABLED=0 \
		go build -o $@ $<

# ---- unit tests -------------------------------------------------------------

# Archives, so that a test takes only what it uses and may replace the rest.
# test_client_* are linked with the client, test_compare_* with compare, all
# others with the server. A line `/* link: FLAGS */` in a test adds FLAGS.
define archive
	@mkdir -p $(@D)
	@rm -f $@
	$(call say,AR,$@)
	$(Q)ar crs $@ $(filter %.o,$^)
endef
$(BUILD)/libserver.a: $(SERVER_O) $(COMMON_O) $(BUILD)/SERVER.list \
		$(BUILD)/COMMON.list
	$(archive)
$(BUILD)/libclient.a: $(CLIENT_O) $(COMMON_O) $(BUILD)/CLIENT.list \
		$(BUILD)/COMMON.list
	$(archive)
$(BUILD)/libcompare.a: $(COMPARE_O) $(COMMON_JANSSON_O) $(BUILD)/COMPARE.list \
		$(BUILD)/COMMON.list
	$(archive)

define link_test
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(filter %.a,$^) \
		$$(sed -n 's|^/\* link: \(.*\) \*/$$|\1|p' tests/unit/$*.c) \
		$(call package_libs,cmocka) $(1)
endef
$(eval $(call need,tests,cmocka))
$(patsubst $(BUILD)/tests/%,$(BUILD)/tests/unit/%.o,$(TESTS)): | $(NEED_tests)

CLIENT_TESTS  := $(filter $(BUILD)/tests/test_client_%,$(TESTS))
COMPARE_TESTS := $(filter $(BUILD)/tests/test_compare_%,$(TESTS))
SERVER_TESTS  := $(filter-out $(CLIENT_TESTS) $(COMPARE_TESTS),$(TESTS))
UNIT_HELP_O   := $(call objects,$(UNIT_HELP)) # what drives a server's parts

$(SERVER_TESTS): $(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(UNIT_HELP_O) \
		$(BUILD)/libserver.a
	$(call link_test,-rdynamic $(URING_LIBS) -ldl -lm)
$(CLIENT_TESTS): $(BUILD)/tests/%: $(BUILD)/tests/unit/%.o \
		$(BUILD)/libclient.a
	$(call link_test,$(URING_LIBS) -lm)
$(COMPARE_TESTS): $(BUILD)/tests/%: $(BUILD)/tests/unit/%.o \
		$(BUILD)/libcompare.a
	$(call link_test,$(COMPARE_LIBS))

# ---- fuzzing ----------------------------------------------------------------

# A line `/* sources: FILES */` in a target names what the fuzzer watches; what
# else it needs comes from the ordinary build.
FUZZ := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_FLAGS ?= -max_total_time=20
FUZZ_CC = clang -std=gnu11 -pthread $(BASE_CPPFLAGS) $(WARNINGS) -g -O1 \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all

$(FUZZ:%=$(BUILD)/fuzz/%): $(BUILD)/fuzz/%: tests/fuzz/%.c $(UNIT_HELP_O) \
		$(BUILD)/libserver.a FORCE
	@mkdir -p $(BUILD)/fuzz/$*.found
	$(call say,FUZZ,$@)
	$(Q)$(FUZZ_CC) -o $@ $< \
		$$(sed -n 's|^/\* sources: \(.*\) \*/$$|\1|p' $<) \
		$(filter %.o,$^) $(filter %.a,$^) $(call package_libs,cmocka) \
		$(URING_LIBS) -ldl -lm

# ---- what one asks for ------------------------------------------------------

RUN_TESTS = SERVERLAB_BIN=$(abspath $(BIN)) SERVERLAB_BUILD=$(abspath $(BUILD)) \
	SERVERLAB_SAN=$(SAN) tests/run

.PHONY: check unit conformance fuzz compare validate validate-compare bench soak format format-check \
	lint headers install install-files clean help
check: all tests ## build everything and run every test
	$(Q)$(RUN_TESTS)

unit: tests ## run the unit tests only
	$(Q)$(RUN_TESTS) $(TESTS)

conformance: all ## hold each model, or MODEL=SPEC, to the contract of all models
	$(Q)MODEL='$(MODEL)' $(RUN_TESTS) tests/conformance.t

fuzz: $(FUZZ:%=$(BUILD)/fuzz/%) ## search for inputs that break the parsers (clang; FUZZ_FLAGS=)
	$(Q)for f in $(FUZZ); do \
	  $(BUILD)/fuzz/$$f $(FUZZ_FLAGS) -print_final_stats=1 \
	    -artifact_prefix=$(BUILD)/fuzz/ \
	    $$(ls tests/fuzz/$$f.dict 2>/dev/null | sed 's/^/-dict=/') \
	    $(BUILD)/fuzz/$$f.found >$(BUILD)/fuzz/$$f.log 2>&1 || { \
	      tail -n 40 $(BUILD)/fuzz/$$f.log; exit 1; }; \
	  sed -n "s/stat::number_of_executed_units:/$$f: no failure in/p" \
	    $(BUILD)/fuzz/$$f.log; done

validate: all $(BUILD)/libclient.a ## prove the client's figures against what is known (ten minutes)
	$(Q)SERVERLAB_BIN=$(abspath $(BIN)) SERVERLAB_BUILD=$(abspath $(BUILD)) \
		CC='$(CC)' scripts/validate

validate-compare: all ## prove what compare claims of the models (ten minutes)
	$(Q)SERVERLAB_BIN=$(abspath $(BIN)) scripts/validate-compare

compare: all ## compare the server models and print the table
	$(Q)$(BIN)/compare run

soak: all ## kill pool workers under load, 20 s for each kind of pool (SOAK_SECONDS=)
	$(Q)SERVERLAB_BIN=$(abspath $(BIN)) tests/soak

bench: all ## measure the ratios that the design promises
	$(Q)scripts/bench

C_FILES = $(sort $(wildcard $(foreach d,common servers client compare \
	classroom peers tests,$(d)/*.[ch] $(d)/*/*.[ch])))

format: ## format all C files as .clang-format says
	$(Q)clang-format -i $(C_FILES)

format-check: ## fail where a C file is not so formatted
	$(Q)$(if $(C_FILES),clang-format --dry-run -Werror $(C_FILES))

LINT = $(CC) $(BASE_CPPFLAGS) $(CPPFLAGS) $(BASE_CFLAGS) $(CFLAGS)
lint: | $(patsubst %.o,%.c,$(REGISTRY) $(REGISTRY_WORKLOADS)) ## compile every source to nothing, for the warnings
	$(Q)status=0; for f in $(filter %.c,$(SOURCES)) $|; do \
		$(LINT) -c -o /dev/null $$f || status=1; \
	done; exit $$status

headers: ## compile every header alone
	$(Q)status=0; for f in $(filter %.h,$(C_FILES)); do \
		$(LINT) -x c -fsyntax-only $$f || status=1; \
	done; exit $$status

LIBEXEC = $(DESTDIR)$(PREFIX)/libexec/serverlab
INCLUDE = $(DESTDIR)$(PREFIX)/include/serverlab
MAN1    = $(DESTDIR)$(PREFIX)/share/man/man1
EXPERIMENTS = $(DESTDIR)$(PREFIX)/share/serverlab/experiments
PAGES   = $(filter-out $(PEER_PROGRAMS),$(PROGRAMS))
install: all install-files ## install under PREFIX=/usr/local, below DESTDIR

# What is built, as it is.
install-files:
	install -d $(DESTDIR)$(PREFIX)/bin $(LIBEXEC) $(INCLUDE)/common \
		$(INCLUDE)/servers/core $(MAN1) $(EXPERIMENTS)
	install -m 755 scripts/serverlab $(DESTDIR)$(PREFIX)/bin/serverlab
	install -m 755 $(PROGRAMS) scripts/new-model $(LIBEXEC)
	install -m 644 $(wildcard common/*.h) $(INCLUDE)/common
	install -m 644 $(wildcard servers/core/*.h) $(INCLUDE)/servers/core
	install -m 644 $(wildcard scripts/experiments/*.ini) $(EXPERIMENTS)
	install -m 644 docs/man/serverlab.1 $(MAN1)
	for p in $(PAGES); do scripts/man $$p $(PAGES) \
		>$(MAN1)/serverlab-$${p##*/}.1 || exit; done

clean: ## remove what was built (results stay)
	rm -rf bin build build-*/

help: ## this list
	@echo 'targets:'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | \
		awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'
	@echo 'settings: WERROR=1 (warnings are errors), SAN=address,undefined or'
	@echo '  SAN=thread (a build of its own, in build-*/), CC=clang, CFLAGS=,'
	@echo '  V=1 (show the commands), MODEL=SPEC, PREFIX=, DESTDIR='

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
