# tamis. Plain GNU make; V=1 shows commands; SAN=address or SAN=thread builds apart with a sanitizer.
CC     ?= cc
Q      := $(if $(V),,@)
PKGS   := libpcre2-8 libcrypto yaml-0.1 jansson zlib libuv libcurl libisal
WARN   := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wvla -Wstrict-prototypes -Wpointer-arith -Wformat=2 -Wno-psabi -Werror
HARDEN := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection
ifneq ($(SAN),)
HARDEN := -O1 -fsanitize=$(SAN),undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
B      := build$(addprefix -,$(SAN))
LIB    := $(wildcard filters/*.c filters/detect/*.c conf/*.c $(patsubst %,proxy/%/*.c,util wire queue store ship pipeline input))
SRC    := $(LIB) $(wildcard proxy/*.c proxy/cmd/*.c)
LIBOBJ := $(LIB:%.c=$(B)/%.o)
OBJ    := $(SRC:%.c=$(B)/%.o)
UNIT   := $(patsubst test/unit/%.c,$(B)/test/unit/%,$(wildcard test/unit/test_*.c))
ORACLE := $(B)/test/oracle
FUZZ   := $(patsubst test/fuzz/%.c,build-fuzz/%,$(wildcard test/fuzz/fuzz_*.c))
LIBS    = $(shell pkg-config --libs $(PKGS)) -lhttp_parser -lpthread
CODE   := $(wildcard filters/*.[ch] filters/detect/*.[ch] conf/*.[ch] proxy/*.c proxy/*/*.[ch] test/unit/*.[ch] test/fuzz/*.c test/bench/*.c test/oracle/*)
SCRIPT := .ci/run test/run test/packages test/demo $(wildcard test/e2e/* test/bench/run)
NEEDED := gcc make pkg-config libpcre2-dev libssl-dev libyaml-dev libjansson-dev zlib1g-dev libuv1-dev libcurl4-openssl-dev \
          libisal-dev libhttp-parser-dev
NEEDED_TEST := libcmocka-dev python3 curl bsdutils netcat-openbsd rsyslog awscli valgrind procps nftables faketime \
          swift-proxy swift-account swift-container swift-object swift-object-expirer memcached util-linux \
          g++ libphonenumber-dev
NEEDED_LINT := clang-format-14 cppcheck shellcheck clang
PREFIX ?= /usr

all: deps $(B)/tamis

help:
	@sed -n 's/^\([a-z]*\):.*## /\1: /p' Makefile

deps:
	$(Q)test/packages $(NEEDED)

$(B)/tamis: $(OBJ)
	$(Q)$(CC) -pie -Wl,-z,relro,-z,now $(HARDEN) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/%.o: %.c
	$(Q)mkdir -p $(@D) && $(CC) -std=c11 -D_GNU_SOURCE -g -fPIE $(WARN) $(HARDEN) $(CFLAGS) -I. -MMD -MP -c -o $@ $<

$(B)/conf/packs.o: conf/tamis.yaml $(wildcard conf/rules/*.yaml) # embedded

$(B)/test/unit/%: $(B)/test/unit/%.o $(LIBOBJ)
	$(Q)$(CC) -pie -Wl,-z,relro,-z,now $(HARDEN) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

$(B)/test/bench/engine: $(B)/test/bench/engine.o $(LIBOBJ)
	$(Q)$(CC) -pie -Wl,-z,relro,-z,now $(HARDEN) $(LDFLAGS) -o $@ $^ $(LIBS)

run: all ## builds and starts the proxy with conf/tamis.yaml; state under var/
	$(Q)build/tamis run -c conf/tamis.yaml

demo: all ## a captured Kamailio log through the proxy, raw beside filtered
	$(Q)test/packages python3
	$(Q)test/demo

test: ## everything, with what it must install and start
	$(Q)test/packages $(NEEDED) $(NEEDED_TEST)
	$(Q)$(MAKE) --no-print-directory build/tamis build/test/oracle/phone_oracle
	$(Q)$(MAKE) --no-print-directory SAN=address unit
	$(Q)$(MAKE) --no-print-directory SAN=thread build-thread/test/unit/test_queue
	$(Q)test/run $(patsubst build/%,build-address/%,$(UNIT)) build-thread/test/unit/test_queue \
	  build/test/oracle/phone_oracle $(wildcard test/e2e/test_*)

unit: $(UNIT) ## builds the unit tests

check: unit walls ## unit tests alone: no network
	$(Q)test/run $(UNIT)

# libphonenumber is the oracle of the phone detector, in tests only. A second fold, with a table made from that library's own metadata,
# tells faults of the fold from what plans have changed since that library was released.
$(ORACLE)/metadata: test/oracle/metadata.cc
	$(Q)mkdir -p $(@D) && g++ -std=c++17 -O1 -o $@ $< -lphonenumber -lprotobuf

$(ORACLE)/phone_table.inc: $(ORACLE)/metadata filters/detect/phone_table_make.py
	$(Q)$< >$(ORACLE)/metadata.json && python3 filters/detect/phone_table_make.py $(ORACLE)/metadata.json >$@.new && mv $@.new $@

$(ORACLE)/then.o: $(ORACLE)/phone_table.inc
$(ORACLE)/then.o: CFLAGS += -DPHONE_TABLE='"$(ORACLE)/phone_table.inc"'

$(ORACLE)/phone_oracle: test/oracle/phone_oracle.cc $(ORACLE)/then.o $(LIBOBJ)
	$(Q)g++ -std=c++17 -O2 -I. -o $@ $^ -lphonenumber -lprotobuf $(LIBS)

phone: $(B)/tamis ## SPELLINGS (1000000) of telephone numbers against libphonenumber
	$(Q)test/packages $(NEEDED) python3 g++ libphonenumber-dev
	$(Q)$(MAKE) --no-print-directory $(ORACLE)/phone_oracle
	$(Q)$(ORACLE)/phone_oracle $(or $(SPELLINGS),1000000)

phone-table: # filters/detect/phone_table.inc anew, from the version that it names
	$(Q)rm -rf $(B)/metadata && mkdir -p $(B)/metadata && cd $(B)/metadata && \
	  npm pack --silent $$(sed -n 's/^#define PHONE_TABLE_SOURCE "\(.*\) \(.*\)"/\1@\2/p' $(CURDIR)/filters/detect/phone_table.inc) >/dev/null && tar xzf *.tgz
	$(Q)python3 filters/detect/phone_table_make.py $(B)/metadata/package/metadata.full.json >$(B)/metadata/phone_table.inc
	$(Q)mv $(B)/metadata/phone_table.inc filters/detect/phone_table.inc

fuzz: ## each fuzz target for SECONDS (60); a crash is kept in test/fuzz/
	$(Q)test/packages $(NEEDED) clang libclang-rt-14-dev python3
	$(Q)$(MAKE) --no-print-directory build/tamis
	$(Q)d=$$(mktemp -d) && cp -r conf $$d && test/fuzz/respell.py --conf $$d/conf/tamis.yaml --seconds $(or $(SECONDS),60); s=$$?; rm -rf "$$d"; exit $$s
	$(Q)$(MAKE) --no-print-directory $(FUZZ)
	$(Q)for f in $(FUZZ); do mkdir -p build-fuzz/corpus/$${f##*/}; \
	  $$f -max_total_time=$(or $(SECONDS),60) -max_len=4096 -artifact_prefix=test/fuzz/ build-fuzz/corpus/$${f##*/} >$$f.log 2>&1 || \
	    { tail -n 40 $$f.log; exit 1; }; echo "$${f##*/}: $$(grep -c NEW $$f.log) new, $$(tail -n 1 $$f.log)"; done

build-fuzz/%: test/fuzz/%.c $(LIB)
	$(Q)mkdir -p build-fuzz && clang -std=c11 -D_GNU_SOURCE -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I. -o $@ $^ $(LIBS)

bench: all ## speed against PCRE2 alone, rsyslog and syslog-ng, in one run
	$(Q)$(MAKE) --no-print-directory $(B)/test/bench/engine
	$(Q)test/packages rsyslog python3 libpcre2-dev
	$(Q)test/bench/run

walls: # includes point one way; filters/ is pure; files stay readable; the repository stands alone
	$(Q)! grep -rnE '#include [<"](uv|curl|sys/socket|openssl/ssl|fcntl|unistd|conf/|proxy/)' filters
	$(Q)! grep -rnE '#include [<"](uv|curl|sys/socket|proxy/)' conf
	$(Q)! grep -rnE '#include [<"](uv|curl|sys/|fcntl|unistd|time\.h|stdio|stdlib)' proxy/wire
	$(Q)! grep -rnE '#include "proxy/(cmd|input|pipeline|ship)' proxy/wire proxy/queue proxy/store proxy/util
	$(Q)! git grep -nE '\.\./shared|/work/' -- . ':!Makefile'
	$(Q)wc -l $(CODE) | awk '$$2 != "total" && $$1 > 800 { print $$2 ": " $$1 " lines"; bad = 1 } END { exit bad }'

lint: walls ## format, static analysis, both compilers, scripts
	$(Q)test/packages $(NEEDED) $(NEEDED_LINT) libcmocka-dev
	$(Q)clang-format-14 -n -Werror $(CODE)
	$(Q)cppcheck -q --std=c11 -I. --enable=warning,performance,portability --inline-suppr --error-exitcode=1 --suppress=missingIncludeSystem -j2 filters conf proxy
	$(Q)$(MAKE) --no-print-directory CC=clang B=build-clang build-clang/tamis
	$(Q)shellcheck -S warning $(SCRIPT)
	$(Q)shellcheck -S warning -e SC1010,SC2046,SC2125,SC2154,SC2034,SC1090 test/servers/swift test/servers/fault test/servers/tlsca

format: ## rewrites the code in its format
	$(Q)clang-format-14 -i $(CODE)

install: $(B)/tamis ## to $(DESTDIR)$(PREFIX)
	install -D -m 755 build/tamis $(DESTDIR)$(PREFIX)/bin/tamis
	install -D -m 644 conf/tamis.yaml $(DESTDIR)/etc/tamis/tamis.yaml
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/tamis/rules conf/rules/*.yaml

clean:
	rm -rf build build-*

-include $(OBJ:.o=.d) $(UNIT:%=%.d) $(ORACLE)/then.d
.PHONY: all help deps run demo test unit check phone phone-table fuzz bench walls lint format install clean
.SECONDARY:
