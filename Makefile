# hydrinit: `make` leaves build/hydrinit, one static binary without any library but libc.
#
# CXXFLAGS, CPPFLAGS and LDFLAGS are yours: they are added to the project's own.
# LIBC=glibc or LIBC=musl insists on one; by default musl is taken where it can be had.
VERSION := 0.1.0
COMMIT := $(shell git rev-parse --short=7 HEAD 2>/dev/null || echo release)

BUILD ?= build
PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
BASHDIR ?= $(DATADIR)/bash-completion/completions
FISHDIR ?= $(DATADIR)/fish/vendor_completions.d
# Debian's zsh looks into the latter below /usr/local only.
ZSHDIR ?= $(DATADIR)/zsh/$(if $(and $(filter /usr,$(PREFIX)),$(wildcard \
  /etc/debian_version)),vendor-completions,site-functions)
INSTALL ?= install
DIALECTS ?=

# make V=1 shows whole commands.
QUIET = $(if $(V),,@echo "  $@"; )

.DELETE_ON_ERROR:
.SUFFIXES:

SOURCES := $(wildcard src/*.cc src/*/*.cc)
HEADERS := $(wildcard src/*.h src/*/*.h)

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2 -Wundef \
  -Wvla -Wcast-align -Wcast-qual -Wold-style-cast -Wnull-dereference -Wimplicit-fallthrough \
  -Wswitch-enum -Wmissing-declarations -Wredundant-decls -Wextra-semi -Woverloaded-virtual \
  $(if $(CI),-Werror)
LANGUAGE := -std=c++20 -fno-exceptions -fno-rtti -fno-threadsafe-statics
DEFINES := -D_GNU_SOURCE -Isrc -I$(BUILD)/generated -DHYDRINIT_VERSION='"$(VERSION)"'

include $(BUILD)/toolchain.mk

# ---- the product -------------------------------------------------------------------------------

# On x86: no tables aligned to 32 bytes, no vector registers to save.
X86 := $(shell $(CXX) -malign-data=abi -mgeneral-regs-only -fsyntax-only -x c++ /dev/null \
  2>/dev/null && echo -malign-data=abi -mgeneral-regs-only)
# What only some versions of g++ know.
SMALLER := $(foreach flag,-fira-region=all -fno-ipa-strict-aliasing -fno-tree-dce,$(shell \
  $(CXX) $(flag) -fsyntax-only -x c++ /dev/null 2>/dev/null && echo $(flag)))
PRODUCT_CXXFLAGS := $(LANGUAGE) -Oz $(X86) -fno-expensive-optimizations -fno-thread-jumps \
  -fno-move-loop-invariants -fno-ipa-cp -fno-shrink-wrap \
  -fno-tree-dominator-opts -fno-optimize-sibling-calls -fno-if-conversion -fno-partial-inlining \
  $(SMALLER) -flto -flto-partition=one -fPIE -fno-asynchronous-unwind-tables -fno-unwind-tables \
  -ffunction-sections -fdata-sections -fvisibility=hidden \
  -fstack-protector \
  $(WARNINGS) -Wframe-larger-than=16384 $(DEFINES) -DHYDRINIT_LIBC='"$(LIBC)"' $(LIBC_CPPFLAGS)
PRODUCT_LDFLAGS := $(LIBC_LDFLAGS) -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,norelro \
  -Wl,-z,noseparate-code -Wl,-z,common-page-size=4096 -Wl,-z,noexecstack -Wl,--hash-style=sysv \
  -Wl,--sort-section=alignment -s

PRODUCT_OBJECTS := $(SOURCES:src/%.cc=$(BUILD)/product/%.o)

all: $(BUILD)/hydrinit

$(BUILD)/hydrinit: $(PRODUCT_OBJECTS)
	$(QUIET)$(CXX) $(PRODUCT_CXXFLAGS) $(CXXFLAGS) $(PRODUCT_LDFLAGS) $(LDFLAGS) $^ $(LIBC_LIBS) -o $@
	@scripts/strip-sections $@

$(BUILD)/product/%.o: src/%.cc $(BUILD)/flags
	@mkdir -p $(@D)
	$(QUIET)$(CXX) $(PRODUCT_CXXFLAGS) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/toolchain.mk: scripts/toolchain Makefile
	@mkdir -p $(@D)
	$(QUIET)scripts/toolchain '$(CXX)' $(if $(filter command line environment,$(origin LIBC)),$(LIBC)) >$@

# Rewritten only when the flags change, so that everything is then built anew.
FLAGS = $(CXX) $(PRODUCT_CXXFLAGS) $(CPPFLAGS) $(CXXFLAGS) $(LDFLAGS) $(TEST_CXXFLAGS) $(SANITIZE)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' "$(subst ",\",$(FLAGS))" | cmp -s - $@ || printf '%s\n' "$(subst ",\",$(FLAGS))" >$@
FORCE:

# The licence's text as string literals, what is in capitals apart and in small letters.
LICENCE := $(BUILD)/generated/license.inc $(BUILD)/generated/disclaimer.inc
QUOTE := sed 's/\\/\\\\/g; s/"/\\"/g; s/.*/"&\\n"/'
$(BUILD)/generated/license.inc: LICENSE Makefile
	@mkdir -p $(@D)
	$(QUIET)sed '/^THE SOFTWARE/,$$d' $< | $(QUOTE) >$@
$(BUILD)/generated/disclaimer.inc: LICENSE Makefile
	@mkdir -p $(@D)
	$(QUIET)sed -n '/^THE SOFTWARE/,$$p' $< | tr A-Z a-z | $(QUOTE) >$@

# Rewritten only for another commit, as what is built with it must be built anew.
$(BUILD)/generated/commit.inc: FORCE
	@mkdir -p $(@D)
	@echo '"$(COMMIT)"' | cmp -s - $@ || echo '"$(COMMIT)"' >$@

GENERATED := $(LICENCE) $(BUILD)/generated/commit.inc
$(BUILD)/product/core/help.o $(BUILD)/hosted/core/help.o $(BUILD)/tests/unit/dialects_test.o: $(GENERATED)

# ---- man page and completions, from the options that the binary tells ----------------------------

# A binary that is built for another machine tells nothing here; then HOST_BINARY is one that runs.
HOST_BINARY ?= $(BUILD)/hydrinit
COMPLETIONS := $(addprefix $(BUILD)/completions/,bash zsh fish)

man: $(BUILD)/hydrinit.1
completions: $(COMPLETIONS)

$(BUILD)/hydrinit.1: docs/hydrinit.1.in scripts/make-man scripts/option-table $(HOST_BINARY)
	$(QUIET)scripts/make-man $(HOST_BINARY) >$@

$(COMPLETIONS): $(BUILD)/completions/%: scripts/completions.d/% scripts/make-completions \
  scripts/option-table $(HOST_BINARY)
	@mkdir -p $(@D)
	$(QUIET)scripts/make-completions $(HOST_BINARY) $* >$@

# ---- tests: the same sources, hosted, with sanitizers ------------------------------------------

TEST_CXXFLAGS := -std=c++20 -O1 -g $(WARNINGS) $(DEFINES) -DHYDRINIT_LIBC='"hosted"'
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LIBRARY_OBJECTS := $(filter-out %/main.o,$(SOURCES:src/%.cc=$(BUILD)/hosted/%.o))
UNIT_OBJECTS := $(patsubst tests/%.cc,$(BUILD)/tests/%.o,$(wildcard tests/unit/*.cc))
INTEGRATION_OBJECTS := $(patsubst tests/%.cc,$(BUILD)/tests/%.o,$(wildcard tests/integration/*.cc))

tests: $(BUILD)/unit-tests $(BUILD)/integration-tests $(BUILD)/probe $(BUILD)/hydrinit-sanitized

$(BUILD)/hosted/%.o: src/%.cc $(BUILD)/flags
	@mkdir -p $(@D)
	$(QUIET)$(CXX) $(TEST_CXXFLAGS) $(SANITIZE) -MMD -MP -c $< -o $@

$(BUILD)/tests/unit/%.o: tests/unit/%.cc $(BUILD)/flags
	@mkdir -p $(@D)
	$(QUIET)$(CXX) $(TEST_CXXFLAGS) $(SANITIZE) -MMD -MP -c $< -o $@

$(BUILD)/tests/integration/%.o: tests/integration/%.cc $(BUILD)/flags
	@mkdir -p $(@D)
	$(QUIET)$(CXX) $(TEST_CXXFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/unit-tests: $(UNIT_OBJECTS) $(LIBRARY_OBJECTS)
	$(QUIET)$(CXX) $(SANITIZE) $^ -lgtest_main -lgtest -pthread -o $@

$(BUILD)/integration-tests: $(INTEGRATION_OBJECTS)
	$(QUIET)$(CXX) $^ -lgtest -pthread -lutil -o $@

$(BUILD)/hydrinit-sanitized: $(BUILD)/hosted/main.o $(LIBRARY_OBJECTS)
	$(QUIET)$(CXX) $(SANITIZE) $^ -o $@

# What the tests run under hydrinit; static, so that it also runs in an empty root.
$(BUILD)/probe: tests/probe/probe.cc $(BUILD)/flags
	$(QUIET)$(CXX) $(TEST_CXXFLAGS) -static $< -o $@

# What the measurements compare with: linked like the product.
$(BUILD)/launcher: tests/probe/launcher.cc $(BUILD)/flags
	$(QUIET)$(CXX) $(PRODUCT_CXXFLAGS) $(CXXFLAGS) $(PRODUCT_LDFLAGS) $(LDFLAGS) $< $(LIBC_LIBS) -o $@
	@scripts/strip-sections $@

# Fuzz targets need clang: make fuzz, then scripts/fuzz SECONDS.
FUZZ_CXX ?= clang++
FUZZ_CXXFLAGS := -std=c++20 -O1 -g -Wall -Wextra $(DEFINES) -DHYDRINIT_LIBC='"hosted"' \
  -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_CORE := $(patsubst src/%.cc,$(BUILD)/fuzz/%.o,$(wildcard src/core/*.cc))
FUZZ_TARGETS := $(patsubst tests/fuzz/%_fuzz.cc,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*_fuzz.cc))

fuzz: $(FUZZ_TARGETS)

$(BUILD)/fuzz/core/%.o: src/core/%.cc $(BUILD)/flags
	@mkdir -p $(@D)
	$(QUIET)$(FUZZ_CXX) $(FUZZ_CXXFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/fuzz/core/help.o: $(GENERATED)

$(BUILD)/fuzz/%: tests/fuzz/%_fuzz.cc $(FUZZ_CORE)
	$(QUIET)$(FUZZ_CXX) $(FUZZ_CXXFLAGS) -fsanitize=fuzzer $^ -lgtest -pthread -o $@

test: all tests
	scripts/run-tests $(BUILD)

# Another build, in a folder of its own.
coverage:
	scripts/coverage $(BUILD)/coverage

bench: all $(BUILD)/probe $(BUILD)/launcher
	scripts/bench $(BUILD)

demo: all
	scripts/run-demo $(BUILD)/hydrinit

faults: all $(BUILD)/probe
	BUILD=$(BUILD) scripts/faults all

containers: all
	scripts/containers $(BUILD)/hydrinit

# ---- releases: docs/releasing.md -----------------------------------------------------------------

release:
	scripts/release

check-release:
	scripts/check-release

cross-tests: $(BUILD)/integration-tests $(BUILD)/probe
	scripts/cross-tests

deb:
	scripts/make-deb

# What takes too long for each change; some hours.
nightly: all tests release
	scripts/check-release
	scripts/cross-tests
	scripts/check-packages
	scripts/fuzz 3600
	if [ -x scripts/soak ]; then scripts/soak; fi

# ---- checks --------------------------------------------------------------------------------------

CXX_FILES := $(SOURCES) $(HEADERS) $(wildcard tests/*/*.cc tests/*/*.h)

format:
	clang-format -i $(CXX_FILES)

check-format:
	clang-format --dry-run --Werror $(CXX_FILES)

# make -j: several files at a time.
TIDY := $(SOURCES:%=tidy-%)
tidy: $(TIDY)
$(TIDY): tidy-%: % $(GENERATED)
	$(QUIET)clang-tidy --quiet --warnings-as-errors='*' $< -- $(TEST_CXXFLAGS)

# Core objects without link-time optimisation, so that nm sees what they import.
CORE_PLAIN := $(patsubst src/core/%.cc,$(BUILD)/layers/%.o,$(wildcard src/core/*.cc))
$(BUILD)/layers/%.o: src/core/%.cc $(BUILD)/flags $(GENERATED)
	@mkdir -p $(@D)
	$(QUIET)$(CXX) $(PRODUCT_CXXFLAGS) -fno-lto -c $< -o $@

check-layers: $(CORE_PLAIN)
	scripts/check-layers $(CORE_PLAIN)

# By their first line.
SHELL_SCRIPTS = $(shell awk 'FNR == 1 && /^\#.*(bin.|env |shell=)(ba)?sh( |$$)/ { print FILENAME }' \
  $$(git ls-files scripts docs/examples .ci))
check-scripts:
	shellcheck -x $(SHELL_SCRIPTS) scripts/completions.d/bash

size: all
	scripts/check-size $(BUILD)/hydrinit

# ---- install -------------------------------------------------------------------------------------

# DIALECTS="tini dumb-init catatonit" also links hydrinit under these names.
install: all man completions
	$(INSTALL) -d $(addprefix $(DESTDIR),$(SBINDIR) $(DATADIR)/licenses/hydrinit $(MANDIR)/man1 \
	  $(BASHDIR) $(ZSHDIR) $(FISHDIR))
	$(INSTALL) -m 755 $(BUILD)/hydrinit $(DESTDIR)$(SBINDIR)/hydrinit
	$(INSTALL) -m 644 LICENSE $(DESTDIR)$(DATADIR)/licenses/hydrinit/LICENSE
	$(INSTALL) -m 644 $(BUILD)/hydrinit.1 $(DESTDIR)$(MANDIR)/man1/hydrinit.1
	$(INSTALL) -m 644 $(BUILD)/completions/bash $(DESTDIR)$(BASHDIR)/hydrinit
	$(INSTALL) -m 644 $(BUILD)/completions/zsh $(DESTDIR)$(ZSHDIR)/_hydrinit
	$(INSTALL) -m 644 $(BUILD)/completions/fish $(DESTDIR)$(FISHDIR)/hydrinit.fish
	for name in $(DIALECTS); do ln -sf hydrinit $(DESTDIR)$(SBINDIR)/$$name || exit 1; done

clean:
	rm -rf $(BUILD)

.PHONY: all man completions tests fuzz test coverage bench demo faults containers release check-release \
  cross-tests deb nightly format check-format tidy $(TIDY) check-layers \
  check-scripts size install clean FORCE
.DEFAULT_GOAL := all

-include $(shell find $(addprefix $(BUILD)/,product hosted tests fuzz) -name '*.d' 2>/dev/null)
