# tamis. Plain GNU make; V=1 shows commands; SAN=address or SAN=thread builds apart with a sanitizer.
CC     ?= cc
Q      := $(if $(V),,@)
PKGS   := libpcre2-8 libcrypto yaml-0.1 jansson zlib libuv libcurl libisal
WARN   := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wvla -Wstrict-prototypes -Wpointer-arith -Wformat=2 -Werror
HARDEN := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection
ifneq ($(SAN),)
HARDEN := -O1 -fsanitize=$(SAN),undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
B      := build$(addprefix -,$(SAN))
LIB    := $(wildcard filters/*.c filters/detect/*.c conf/*.c proxy/util/*.c proxy/wire/*.c proxy/queue/*.c proxy/store/*.c proxy/ship/*.c proxy/pipeline/*.c proxy/input/*.c)
SRC    := $(LIB) $(wildcard proxy/*.c proxy/cmd/*.c)
LIBOBJ := $(LIB:%.c=$(B)/%.o)
OBJ    := $(SRC:%.c=$(B)/%.o)
UNIT   := $(patsubst test/unit/%.c,$(B)/test/unit/%,$(wildcard test/unit/test_*.c))
LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lhttp_parser
NEEDED := gcc make pkg-config libpcre2-dev libssl-dev libyaml-dev libjansson-dev zlib1g-dev libuv1-dev libcurl4-openssl-dev \
          libisal-dev libhttp-parser-dev
NEEDED_TEST := libcmocka-dev python3

all: deps $(B)/tamis

$(B)/tamis: $(OBJ)
	$(Q)$(CC) -pie -Wl,-z,relro,-z,now $(HARDEN) $(LDFLAGS) -o $@ $^ $(LIBS) -lpthread

deps:
	$(Q)test/packages $(NEEDED)

$(B)/%.o: %.c
	$(Q)mkdir -p $(@D) && $(CC) -std=c11 -D_GNU_SOURCE -g -fPIE $(WARN) $(HARDEN) $(CFLAGS) -I. -MMD -MP -c -o $@ $<

$(B)/test/unit/%: $(B)/test/unit/%.o $(LIBOBJ)
	$(Q)$(CC) -pie -Wl,-z,relro,-z,now $(HARDEN) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka -lpthread

test:
	$(Q)test/packages $(NEEDED) $(NEEDED_TEST)
	$(Q)$(MAKE) --no-print-directory build/tamis
	$(Q)$(MAKE) --no-print-directory SAN=address unit
	$(Q)test/run $(patsubst build/%,build-address/%,$(UNIT)) $(wildcard test/e2e/test_*)

unit: $(UNIT)

check: unit
	$(Q)test/run $(UNIT)

walls:
	! grep -rnE '#include [<"](uv|curl|sys/socket|openssl/ssl|fcntl|conf/|proxy/)' filters
	! grep -rnE '#include [<"](uv|curl|sys/socket|proxy/)' conf

lint: walls

clean:
	rm -rf build build-*

-include $(OBJ:.o=.d)
.PHONY: all deps test unit check walls lint clean
.SECONDARY:
